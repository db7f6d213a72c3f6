"""The window and the terminal: agents watched live, levels edited under them."""
