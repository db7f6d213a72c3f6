"""The report: one page on the agents of one recipe."""
