"""Where rows of a training go beside its own log: one file each, found by name.

A new one is one file here that ends in `LOG = ...`, a `Callback` class.
"""
