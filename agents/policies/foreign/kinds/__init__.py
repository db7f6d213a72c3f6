"""One file for each kind of agent from elsewhere, found by name."""
