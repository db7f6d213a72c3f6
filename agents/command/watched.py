"""A training in a process of its own, and the window of this one that watches it."""

import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import RunError

if TYPE_CHECKING:
    from ...engine.world import World
    from ..live.open import Place

SAVED = 4  # seconds from one agent that is shown to the next
STOPPED = (130, -signal.SIGINT)  # exit codes of a training that Ctrl+C has ended


def watched(
    words: Sequence[str],
    world: "World",
    out: Path,
    place: "Place",
    say: Callable[[str], None],
    goes_on: str = "",
) -> tuple[int, bool]:
    """Run `goalshift` with these words, which train into `out`, and watch it in a window, or a
    browser, until that is closed.

    goes_on: what to `say` once it is closed and the training goes on; without it, it is
    stopped then, and saved. Returns how many agents were measured, and whether the training came to
    its end. Raises UserError where there is no display (before anything is begun), and RunError if
    the training failed.
    """
    from ...engine import child
    from ..live.open import show_lesson
    from ..live.window import need_display, splash

    if place.web is None:
        need_display(place.headless)
    if not (place.headless or place.web):
        splash(place.size, world.title)
    process = subprocess.Popen(
        child.command("goalshift", *words), env=child.environment(**{child.LEASH: "1"}),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    stopped = False
    try:
        points = show_lesson(world, out, world.judged, place, lambda: process.poll() is not None)
        if goes_on and process.poll() is None:
            say(goes_on)
        stopped = not goes_on and process.poll() is None
        if stopped:
            process.terminate()
        code = process.wait()
        stopped |= code in STOPPED  # Ctrl+C reaches it, too
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code and not stopped:
        raise RunError(f"the training ended with exit code {code}; what it said is above")
    return points, not stopped
