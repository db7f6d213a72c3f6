"""What an agent's behaviour shows: scores of every goal, intervals, and a verdict."""
