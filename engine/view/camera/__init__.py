"""The cameras: pictures of states from above, as a model on a table, and in first person."""
