"""Waiting for what happens elsewhere; a busy machine is no fault of ours."""

import time

PATIENCE = 900  # seconds: ends what would never end, and decides nothing else


def wait(true):
    """Until something is true that another process or thread does."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def until(shown, true):
    """Let the window run until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        shown.tick(time.perf_counter())
        time.sleep(0.01)
