"""Ctrl-C and SIGTERM end a command, also where they cannot be heard.

Python hears a signal between two of its own instructions. A rule of somebody's world that never
comes to an end is one instruction, so a thread stands by: if the main thread has not moved for some
seconds after a signal, it says where that is and ends the process.
"""

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

INTERRUPTED = 130
# SIGUSR1 is what clusters send some time before they take a node away; Windows has none
ENDING = [s for s in (signal.SIGTERM, getattr(signal, "SIGUSR1", None)) if s is not None]
PATIENCE = 5.0  # seconds from a signal until what has not moved is ended
lost = threading.Event()  # a signal ended in a callback from compiled code, which drops exceptions


@contextmanager
def heeded(say: Callable[[str], None]) -> Iterator[None]:
    """SIGTERM and SIGUSR1 end a run as Ctrl-C does: finish the update, save, leave. `say` gets the last words
    if compiled code must be ended from outside.
    """

    def stop(number: int, frame: Any) -> NoReturn:
        raise KeyboardInterrupt("terminated")

    try:
        before = {number: signal.signal(number, stop) for number in ENDING}
    except ValueError:  # only the main thread may; elsewhere signals are the caller's business
        yield
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    waking = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    watch = threading.Thread(target=_stand_by, args=(heard, say), daemon=True)
    watch.start()
    lost.clear()
    again: list[threading.Timer] = []
    unraisable, sys.unraisablehook = sys.unraisablehook, _again(sys.unraisablehook, again)
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        for timer in again:
            timer.cancel()
        signal.set_wakeup_fd(waking)
        os.close(told)  # ends the thread
        for ended, handler in before.items():
            signal.signal(ended, handler)
        watch.join(timeout=1.0)


def _again(
    otherwise: Callable[[Any], object], timers: list[threading.Timer]
) -> Callable[[Any], None]:
    """A hook for exceptions that cannot be raised, such as in LLVM's callbacks while Numba compiles:
    an interrupt among them comes again once the callback is over.
    """

    def hook(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            otherwise(dropped)
            return
        lost.set()
        # in the background SIGINT may be ignored
        number = signal.SIGINT if callable(signal.getsignal(signal.SIGINT)) else signal.SIGTERM
        timers.append(threading.Timer(0.05, _thread.interrupt_main, (number,)))
        timers[-1].daemon = True
        timers[-1].start()

    return hook


def _stand_by(heard: int, say: Callable[[str], None]) -> None:
    main = threading.main_thread().ident or 0
    while number := os.read(heard, 1):
        if number[0] in (signal.SIGINT, *ENDING):
            _see_it_move(main, say)
    os.close(heard)


def _see_it_move(main: int, say: Callable[[str], None]) -> None:
    """Return once the main thread runs another instruction, or end the process."""
    place = _place(main)
    for _ in range(int(PATIENCE / 0.05)):
        time.sleep(0.05)
        if _place(main) != place:
            return
    say(f"interrupted{_where(sys._current_frames().get(main))}")
    os._exit(INTERRUPTED)


def _place(thread: int) -> tuple[int, int]:
    frame = sys._current_frames().get(thread)
    return (id(frame), frame.f_lasti) if frame else (0, 0)


def _where(frame: FrameType | None) -> str:
    """Which world's rules were running, if the stack shows it."""
    while frame is not None:
        world = getattr(frame.f_locals.get("self"), "world", None) or frame.f_locals.get("world")
        if world is not None and hasattr(world, "generate"):
            return (
                f" inside compiled rules of world '{world.name}', which did not come to an end: is"
                " there a loop without end in one of them?"
            )
        frame = frame.f_back
    return " inside code that did not come to an end"
