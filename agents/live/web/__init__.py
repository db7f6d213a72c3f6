"""A session served to browsers: the same picture, keys and mouse as in the window."""
