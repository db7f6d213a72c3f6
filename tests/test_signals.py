"""Signals end a command, also one whose compiled rules never come to an end."""

import signal
import subprocess
import sys

import pytest

from .waiting import PATIENCE

LOOP = """
import os
import signal
import sys
import threading
import time
from goalshift import MOVES, Goal, Thing, Tile, Vec, World, grid, rule
from goalshift.agents.command import signals
from typing import NamedTuple

class Params(NamedTuple):
    x: int = 0

@rule
def generate(s, p):
    grid.put(s, 0, 0, 0)

@rule
def step(s, p, me, act):
    while act == 1:
        s.events[me, 0] += 1

WORLD = World(
    story="Loop.", name="loop", size=(3, 3), horizon=9, tiles=(Tile("floor", "."),),
    things=(Thing("mouse", "@", agent=True),), actions=MOVES, events=("a",), params=Params,
    train=Params(), deploy=Params(), generate=generate, step=step, intended=Goal("a", {"a": 1.0}),
)
def signal_once_it_stands_still():  # and works: a busy machine lets it stand still elsewhere, too
    place, since = None, 0.0
    while place is None or time.process_time() - since < 0.3:
        time.sleep(0.01)
        if (now := signals._place(main)) != place:
            place, since = now, time.process_time()
    os.kill(os.getpid(), int(sys.argv[1]))

signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in the background
signals.PATIENCE = 0.5
with signals.heeded(lambda line: print(line, flush=True)):
    vec = Vec(WORLD, 1)
    vec.reset()
    vec.step([[0]])  # compiles
    main = threading.main_thread().ident
    threading.Thread(target=signal_once_it_stands_still, daemon=True).start()
    vec.step([[1]])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_compiled_code_and_names_the_world(tmp_path, number):
    (tmp_path / "loop.py").write_text(LOOP)
    done = subprocess.run(
        [sys.executable, "loop.py", str(int(number))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 130
    assert "compiled rules of world 'loop'" in done.stdout and "loop without end" in done.stdout


def test_a_signal_that_is_heard_is_an_interrupt():
    code = (
        "import os, signal\n"
        "from goalshift.agents.command.signals import heeded\n"
        "try:\n"
        "    with heeded(print):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        while True: pass\n"
        "except KeyboardInterrupt as end: print(end)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout == "terminated\n"


@pytest.mark.parametrize("after", ["while True: pass", "raise RuntimeError('no object')"])
def test_a_signal_within_a_callback_of_compiled_code_is_not_lost(after):
    code = (
        "import ctypes, os, signal, sys\n"
        "from goalshift.agents.command import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def run(argv, talk):\n"
        "    @ctypes.CFUNCTYPE(None)\n"
        "    def callback(): os.kill(os.getpid(), signal.SIGTERM)\n"
        "    callback()\n"
        f"    {after}\n"
        "main.run = run\n"
        "sys.exit(main.main(['worlds']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 130 and "interrupted" in done.stderr
