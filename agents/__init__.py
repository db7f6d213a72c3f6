"""Whoever acts: random, experts, learners; and how their acting is judged and filmed."""
