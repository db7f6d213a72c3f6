"""Whoever acts: random, experts, and what every policy must offer."""
