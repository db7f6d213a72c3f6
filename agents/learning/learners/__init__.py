"""What learns: one short file each, found by its name."""
