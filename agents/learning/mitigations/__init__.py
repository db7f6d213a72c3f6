"""What may keep the intended goal: one file each, found by name; see `agents/learning/README.md`."""
