"""Waiting for what a window does in the background."""

import time


def until(shown, true):
    """Let the window run until something is true."""
    end = time.perf_counter() + 60
    while not true() and time.perf_counter() < end:
        shown.tick(time.perf_counter())
        time.sleep(0.01)
    assert true()
