"""Looking inside an agent: where a goal is read, and what writing it does, each with its nulls."""
