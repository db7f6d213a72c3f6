"""Sheets: many levels or worlds on one picture."""
