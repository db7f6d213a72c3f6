"""Levels to order: drawn, measured, kept or dropped, described."""
