"""Waiting for what happens elsewhere; a busy machine is no fault of ours."""

import time


def wait(true, seconds=120):
    """Until something is true that another process or thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def until(shown, true):
    """Let the window run until something is true."""
    end = time.perf_counter() + 60
    while not true() and time.perf_counter() < end:
        shown.tick(time.perf_counter())
        time.sleep(0.01)
    assert true()
