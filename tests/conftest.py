"""What every test runs under: no display, no colour, no run folder of the user's."""

import os

# Before anything imports pygame: drawing works without a screen, and no sound device is opened.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.pop("FORCE_COLOR", None)
# The suite runs in several processes: one thread each, or they fight for the processors.
os.environ.setdefault("OMP_NUM_THREADS", "1")
