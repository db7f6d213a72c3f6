"""Levels as values: files of every kind, scripts and recipes that make them, and edits."""
