"""Searches for the levels on which an agent does worst, one file each, found by name: each ends in
`ATTACK = Attack(...)`.
"""
