"""Peers, measured beside us: the rows of `goalshift bench --only peers`.

A ratio is true of one machine in one hour. So ours and the peer take turns, each in a process of
its own with one thread, and a row holds the ratio of every turn. A peer that is not installed is
named, and nothing is claimed about it. No figure from another machine is used.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ...engine import child
from ...engine.errors import RunError, UserError, did_you_mean
from ...engine.files import PACKAGE
from .bench_engine import BOARDS, Row
from .bench_levels import MAZES, SIDES, SOLVED

BATCH = 256  # environments side by side
LONGEST = 1800  # seconds for one turn
SCRIPTS = Path(__file__).parent / "peer_scripts"


@dataclass(frozen=True)
class Place:
    """Where a peer lives: its interpreter, and the folder of its source if it is not installed."""

    python: str = sys.executable
    folder: str = ""


@dataclass(frozen=True)
class Peer:
    """Another program that does some work which we do too.

    `theirs(place, turn)` and `ours(turn)` are the words of one turn's process, which prints
    {what: figure} as its last line. We are to be `target` times as fast.
    """

    name: str
    work: str
    unit: str
    target: float
    theirs: Callable[[Place, int], list[str]]
    ours: Callable[[int], list[str]]
    library: str
    lower_is_better: bool = False

    def absent(self, place: Place) -> str:
        """Why it cannot be measured there, in a few words; "" if it can."""
        words = [place.python, "-c", f"import {self.library}"]
        try:
            asked = subprocess.run(words, capture_output=True, env=alone(place), timeout=LONGEST)
        except OSError as fault:
            return f"{place.python}: {fault.strerror}"
        except subprocess.TimeoutExpired:
            return f"{place.python} does not answer"
        if not asked.returncode:
            return ""
        why = asked.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return f"{place.python} cannot import {self.library} ({' '.join(why)[:200]})"


def alone(place: Place = Place()) -> dict[str, str]:
    """The environment of a turn: one thread for every library, and this goalshift to be found."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    found = child.environment(
        **one,
        XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
        JAX_PLATFORMS="cpu",
    )
    if place.folder:
        found["PYTHONPATH"] = f"{place.folder}:{found.get('PYTHONPATH', '')}"
    return found


# Another interpreter finds this goalshift by its folder, whatever that folder is called.
FIND = """
import runpy, sys
from importlib.util import module_from_spec, spec_from_file_location as at
sys.argv[:2], place = sys.argv[1:2], sys.argv[1]
found = at("goalshift", place + "/__init__.py", submodule_search_locations=[place])
sys.modules["goalshift"] = module_from_spec(found)
found.loader.exec_module(sys.modules["goalshift"])
runpy.run_module("goalshift.agents.care.turn", run_name="__main__")
"""


def _turn(work: str, *words: object, python: str = sys.executable) -> list[str]:
    return [python, "-P", "-c", FIND, str(PACKAGE), work, *map(str, words)]


def _jaxgmg(work: str, pieces: Iterable[tuple[str, int]], target: float, what: str) -> Peer:
    """A work that jaxgmg does too, in pieces that have a name and a board's side."""
    script, which = str(SCRIPTS / "turn_of_jaxgmg.py"), [f"{name}:{side}" for name, side in pieces]

    def theirs(place: Place, turn: int) -> list[str]:
        return [place.python, script, place.folder or ".", str(BATCH), work, *which]

    return Peer(
        name="jaxgmg",
        work=what,
        unit="levels/s" if "levels" in what else "steps/s",
        target=target,
        theirs=theirs,
        ours=lambda turn: _turn(work),
        library="jaxgmg.environments.base",
    )


SIX = [(name, side) for name, _, _, side in BOARDS]
PEERS = (
    _jaxgmg("steps", SIX, 5.0, f"step from Python, whole boards, batch {BATCH}"),
    _jaxgmg("many", SIX, 1.5, f"64 steps in one call, whole boards, batch {BATCH}, levels kept"),
    _jaxgmg("mazes", product(MAZES, SIDES), 10.0, "levels: walls"),
    _jaxgmg("solved", SOLVED, 10.0, "levels: made and solved"),
    Peer(
        name="sb3",
        work="train until 0.9, equal network",
        unit="s",
        target=5.0,
        theirs=lambda place, turn: _turn("train_sb3", turn, python=place.python),
        ours=lambda turn: _turn("train", turn),
        library="stable_baselines3",
        lower_is_better=True,
    ),
)


def places(pythons: list[str], jaxgmg: str | None, clients: Iterable[str] = ()) -> dict[str, Place]:
    """Where each peer, or client, lives, from `--peer-python NAME=PATH` and `--jaxgmg FOLDER`."""
    names = list(dict.fromkeys([*(peer.name for peer in PEERS), *clients]))
    found = {}
    for text in pythons:
        name, _, path = text.partition("=")
        if name not in names or not path:
            raise UserError(
                f"--peer-python '{text}' is not NAME=PATH with a peer's name"
                f" ({', '.join(names)}).{did_you_mean(name, names)}"
            )
        found[name] = Place(path)
    if jaxgmg is not None:
        if not (Path(jaxgmg) / "jaxgmg").is_dir():
            raise UserError(f"--jaxgmg '{jaxgmg}': there is no folder 'jaxgmg' in it")
        python = found.get("jaxgmg", Place()).python
        found["jaxgmg"] = Place(python, str(Path(jaxgmg).resolve()))
    return found


def here(where: Mapping[str, Place]) -> tuple[list[tuple[Peer, Place]], dict[str, str]]:
    """The peers that can be measured, and why the others cannot."""
    able, missing = [], {}
    for peer in PEERS:
        place = where.get(peer.name, Place())
        if why := peer.absent(place):
            missing[peer.name] = why
        else:
            able.append((peer, place))
    return able, missing


def contest(peer: Peer, place: Place, turns: int) -> Iterator[Row]:
    """Ours and the peer's in turn, in both orders; for each work the ratio, and both figures."""
    mine: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for turn in range(turns):
        sides = [
            (mine, lambda turn=turn: run(peer.ours(turn), alone())),
            (theirs, lambda turn=turn: run(peer.theirs(place, turn), alone(place))),
        ]
        for kept, side in sides if turn % 2 else reversed(sides):
            for what, figure in json.loads(side()).items():
                kept.setdefault(what, []).append(figure)
    for what in mine:
        pairs = list(zip(mine[what], theirs[what], strict=True))
        ratios = tuple(b / a if peer.lower_is_better else a / b for a, b in pairs)
        label = f"{peer.work}, {what}"
        yield Row(f"{label}: times as fast as {peer.name}", "x", ratios, peer.target)
        for who, figures in (("goalshift", mine), (peer.name, theirs)):
            yield Row(
                f"{label}, {who}",
                peer.unit,
                tuple(figures[what]),
                lower_is_better=peer.lower_is_better,
            )


def run(words: list[str], environment: dict[str, str], longest: float = LONGEST) -> str:
    """The last line that one turn printed; RunError, with its last word, if it failed."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, env=environment, timeout=longest
        )
    except subprocess.TimeoutExpired:
        raise RunError(f"a turn took more than {longest:g} s: {' '.join(words[:2])}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise RunError(f"a turn failed: {' '.join(words[:4])}: {last[:200]}")
    return done.stdout.strip().splitlines()[-1]


def rows(turns: int, able: list[tuple[Peer, Place]]) -> Iterator[Row]:
    """The rows of all peers that can be measured."""
    for peer, place in able:
        yield from contest(peer, place, turns)
