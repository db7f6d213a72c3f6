"""Whoever acts: random, experts, learners; and how their acting is judged and filmed."""

import os

# Threads that wait for each other asleep rather than spinning. Where anything else wants the same
# processors, spinning costs training most of its speed. Read once, when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
