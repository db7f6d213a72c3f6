"""Which levels come next: one file each, found by name; see `agents/learning/curricula/README.md`."""
