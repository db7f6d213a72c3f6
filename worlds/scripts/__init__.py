"""Level scripts, one a file, found by file name; each imports the engine and the world that it is
for.
"""
