"""What may keep the intended goal: one file each, found by name; see `agents/learning/mitigations/README.md`."""
