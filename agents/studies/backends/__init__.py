"""Where jobs run: one file for each kind of place, found by name.

A new one is one file here that ends in `OPEN = ...`, which makes a `Backend` of a `Place`.
"""
