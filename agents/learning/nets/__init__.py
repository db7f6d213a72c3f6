"""Networks: an encoder a file, found by its name (see `encoder`)."""
