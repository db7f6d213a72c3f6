"""The kinds of files that hold levels, one file each, found by name: each ends in `FORMAT = Format(...)`."""
