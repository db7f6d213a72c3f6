"""Whoever acts: random, experts, learners; and how their acting is judged and filmed."""

import os

# Threads that wait for each other spin for some 50 us, then sleep. Spinning for as long as they do
# by default costs training most of its speed where anything else wants the same processors; never
# spinning costs 40 % where nothing does. Read once, when torch is first imported.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")
