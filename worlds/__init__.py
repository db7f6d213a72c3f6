"""One file per world, found by file name; each imports goalshift's engine and nothing else."""
