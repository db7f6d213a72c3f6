"""What others are shown: films, demos, reports."""
