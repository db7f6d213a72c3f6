"""Turns of peers: each file is run by the interpreter that the peer lives in."""
