"""Agents put to the test: attacked, watched, looked into, and kept from the wrong goal."""
