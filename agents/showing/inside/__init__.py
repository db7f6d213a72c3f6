"""A page on what was found inside an agent."""
