"""A replay: everything needed to live an episode again, in a few hundred bytes.

A replay holds the world's name and parameters, the level (a seed, or a start state made by hand),
the actions, and a hash of the states every 64 steps. Playing it runs the world's own compiled rules
and compares the hashes, so a replay shows what happened or says at which step it no longer does; it
never shows something else.

    replay = Replay.record(world, seed, actions, split="deploy")
    replay.save("chase.gmr")
    states = Replay.load("chase.gmr").states()     # recarray[T + 1]

Both a file and a `code()` may come from strangers: `replay_file` checks them whole, nothing in them
is run, worlds are found by name only, and start states are checked before a rule sees them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import check, rng, state
from .catalogue import load, names
from .counts import counted
from .errors import MismatchError, UserError, need, printable
from .files import read, write
from .kernels import kernels
from .replay_file import (
    MAX_ACTIONS,
    MAX_FILE,
    MAX_LABEL,
    checked_steps,
    deflate,
    in_code,
    in_file,
    of_code,
    of_file,
    parts,
)
from .shown import Shown
from .vector import Vec, level_of
from .version import __version__
from .world import Split, World
from .worth import Known

MAX_STATES = 1 << 30  # bytes of the states of one replay


@dataclass(frozen=True, eq=False, repr=False)
class Replay(Shown):
    """One recorded episode (or a part of one). Make it with `record`, `load` or `from_code`.

    Attributes
    ----------
    world, version: name and version of the world. params: its row of parameters.
    seed, episode: name the level and its dynamics.
    start: None, or the bytes of an explicit start state (then `seed` is -1).
    actions: int64[T, L].
    checks: a hash of the states up to steps 0, 64, 128, ... and T, each from where the last ends.
    totals: event totals [A][E] at the end.
    engine: release and fingerprint of the code that recorded it. label: who acted, in words.
    known: what was known of it then, such as the references of each goal; None: nothing.
    size: of the board (height, width), if that is not the world's own.
    written: how the world wrote its states then; see `World.record`.
    """

    world: str
    version: int
    params: dict[str, int | float]
    seed: int
    episode: int
    start: bytes | None
    actions: np.ndarray
    checks: tuple[int, ...]
    totals: tuple[tuple[int, ...], ...]
    engine: str = ""
    label: str = ""
    known: Known | None = None
    size: tuple[int, int] | None = None
    written: int = 0

    def __repr__(self) -> str:
        who = f", {self.label}" if self.label else ""
        return f"Replay({self.world}, seed {self.seed}, {counted(len(self.actions), 'step')}{who})"

    # -- making

    @classmethod
    def record(
        cls,
        world: World,
        start: int | np.ndarray,
        actions: np.ndarray,
        split: str = "train",
        episode: int = 0,
        label: str = "",
        known: Known | None = None,
    ) -> Replay:
        """Live the episode that `actions` (integers [T, L]) make from `start`, and keep it.

        `start` is a level seed (of `split`, with the dynamics of `episode`), or a batch of one
        state: any state of `world`, such as `vec.states[i : i + 1].copy()` right after a reset.
        Steps after the end are dropped. Raises UserError if the actions do not fit the world.
        """
        actions = np.asarray(actions)
        if actions.ndim != 2 or actions.dtype.kind not in "iu":
            raise UserError(f"actions must be integers [T, {world.learners}], not {actions.shape}")
        if not label.isprintable():  # as the name of a folder may be
            label = printable(label).replace("\n", "\\n")[:MAX_LABEL]
        blob = None
        if isinstance(start, np.ndarray):
            if start.dtype != world.dtype or start.shape != (1,):
                raise UserError(f"a start state is a batch of one record of world '{world.name}'")
            row, seed, episode = (int(start[name][0]) for name in ("row", "seed", "episode"))
            if not _generated(world, start):
                blob, seed = start.tobytes(), -1
        else:
            seed, row = int(start) % 2**64, int(level_of(world, start, split).row[0])
        draft = cls(
            world=world.name,
            version=world.version,
            params=world.rows[row]._asdict(),
            seed=seed,
            episode=episode,
            start=blob,
            actions=np.ascontiguousarray(actions, np.int64),
            checks=(),
            totals=(),
            engine=engine_mark(world),
            label=label,
            known=known,
            size=world.size if world.size != _own_size(world) else None,
            written=world.record,
        )
        states = draft._simulate(world)
        ended = np.flatnonzero(states["ended"])
        length = min(int(ended[0]), len(actions)) if len(ended) else len(actions)
        marks = _marks(states, checked_steps(length))
        totals = tuple(tuple(int(n) for n in row) for row in states["totals"][length])
        done = replace(draft, actions=draft.actions[:length], checks=marks, totals=totals)
        done._check()
        return done

    # -- playing

    def find_world(self) -> World:
        """The world it was recorded in; UserError if goalshift ships none of that name."""
        if self.world not in names():
            raise UserError(
                f"this replay needs the world '{self.world}', which goalshift does not have;"
                " if it is a file of yours, name the file"
            )
        return self.fitted(load(self.world))

    def fitted(self, world: World) -> World:
        """`world` with as many learners as were recorded, if it takes as many, and the board."""
        learners = self.actions.shape[1]
        if self.size and self.size != world.size:
            world = world.with_params(size=self.size)
        return world.with_params(learners=learners) if learners <= world.most_learners else world

    def tuned(self, world: World) -> World:
        """The world with the parameters that this was recorded under as a row of its table."""
        return _tuned(world, self.params)[0]

    def states(self, world: World | None = None) -> np.recarray:
        """The episode again: recarray [T + 1] from the start state to the last.

        `world` is needed only for worlds that do not ship with goalshift. Raises UserError if the
        world is missing or of another version, MismatchError (exit code 3) if the states differ
        from what was recorded.
        """
        world = world or self.find_world()
        states = self._simulate(world)
        steps = checked_steps(len(self.actions)) if self.written == world.record else []
        for step, now, then in zip(steps, _marks(states, steps), self.checks, strict=False):
            if now != then:
                here = engine_mark(world)
                who = f"recorded by {self.engine or 'an unknown engine'}, played by {here}"
                raise MismatchError(f"replay differs at step {step} ({who})")
        if states["totals"][-1].tolist() != [list(row) for row in self.totals]:
            raise MismatchError(
                f"replay differs at step {len(self.actions)}: its event totals are wrong"
            )
        return states

    def _simulate(self, world: World) -> np.recarray:
        if self.world != world.name:
            raise UserError(f"this is a replay of the world '{self.world}', not of '{world.name}'")
        if self.version != world.version:
            newer = self.version > world.version
            raise UserError(
                f"this replay is of version {self.version} of the world '{self.world}', and"
                f" version {world.version} is installed:"
                f" {'update goalshift' if newer else 'record it again'}"
            )
        world, split = _tuned(self.fitted(world), self.params)
        actions, legal = self.actions, len(world.actions)
        if actions.shape[1] != world.learners:
            raise UserError(
                f"this replay acts for {counted(actions.shape[1], 'agent')}, and '{world.name}' has"
                f" {world.learners}"
            )
        if actions.size and not (actions.min() >= 0 and actions.max() < legal):
            raise UserError(f"this replay has an action that '{world.name}' lacks (0..{legal - 1})")
        most = int(world.table["horizon"].max())
        if self.checks and len(actions) > most:  # a finished replay holds no step after the end
            raise UserError(
                f"this replay has {len(actions):,} steps, and an episode of '{world.name}' has at"
                f" most {most:,}"
            )
        needed = (len(actions) + 1) * world.dtype.itemsize
        if needed > MAX_STATES:
            raise UserError(
                f"the states of this replay would take {needed >> 20} MiB;"
                f" at most {MAX_STATES >> 20} are made"
            )
        start = self._first(world, split)
        vec = Vec(world, 1, autoreset="off")
        vec.start_from(start)
        states = np.zeros(len(actions) + 1, world.dtype).view(np.recarray)
        states[0] = start[0]
        for t in range(len(actions)):
            vec.step(actions[t : t + 1])
            states[t + 1] = vec.states[0]
        return states

    def _first(self, world: World, split: Split) -> np.recarray:
        """The start state as a batch of one."""
        if self.start is None:
            return _generate(world, split, self.seed, self.episode)
        if len(self.start) != world.dtype.itemsize or self.written != world.record:
            raise UserError(f"this replay's start state does not fit the world '{world.name}'")
        start = np.frombuffer(self.start, world.dtype).copy().view(np.recarray)
        start.row = split.weights.index(1.0)
        try:
            check.states(world, start)
        except UserError as fault:
            raise UserError(f"this replay's start state is not sound: {fault}") from None
        return start

    # -- storing

    def save(self, path: str | Path) -> None:
        """Write the replay to `path`, in one go: no reader ever sees half a file.

        Raises RunError if it cannot be written.
        """
        write(Path(path), in_file(self._header(), self._packed()))

    @classmethod
    def load(cls, path: str | Path) -> Replay:
        """Read a replay; nothing is simulated yet.

        Raises UserError, naming the file, if it is missing or unsound.
        """
        path = Path(path)
        data = read(path, MAX_FILE)
        try:
            return cls._of(*of_file(data))
        except UserError as fault:
            raise UserError(f"{path}: {fault}") from None

    def code(self) -> str:
        """The replay as a text of letters, digits, '-', '_' and '.', safe in a link: "GM1...."."""
        return in_code(self._header(), self._packed())

    @classmethod
    def from_code(cls, text: str) -> Replay:
        """The replay that `code` made the text of. Raises UserError if it is not one."""
        try:
            return cls._of(*of_code(text))
        except UserError as fault:
            raise UserError(f"replay code: {fault}") from None

    @classmethod
    def _of(cls, header: bytes, packed: bytes) -> Replay:
        replay = cls(**parts(header, packed))
        replay._check()
        return replay

    def _packed(self) -> bytes:
        return self.actions.astype(np.uint8).tobytes()

    def _header(self) -> bytes:
        values = {
            "format": 3 if self.written else 1 if self.known is None else 2,
            "world": self.world,
            "version": self.version,
            "params": self.params,
            "seed": self.seed,
            "episode": self.episode,
            "start": None if self.start is None else deflate(self.start),
            "learners": self.actions.shape[1],
            "steps": self.actions.shape[0],
            "checks": [f"{mark:016x}" for mark in self.checks],
            "totals": self.totals,
            "engine": self.engine,
            "label": self.label,
        }
        if self.known is not None:
            values["known"] = self.known.plain()
        if self.written:
            values["record"] = self.written
        if self.size:
            values["size"] = self.size
        return json.dumps(values, separators=(",", ":"), allow_nan=False).encode()

    def _check(self) -> None:
        need(
            re.fullmatch(r"[A-Za-z]\w{0,63}", self.world) is not None,
            "the world's name is not a name",
        )
        need(len(self.label) <= MAX_LABEL, f"a label has at most {MAX_LABEL} characters")
        need(self.label.isprintable() and self.engine.isprintable(), "a label must be plain text")
        need(self.actions.size <= MAX_ACTIONS, f"more than {MAX_ACTIONS} actions")


def engine_mark(world: World) -> str:
    """The release of goalshift, and 8 hex digits over the rules of the engine and the world."""
    return f"{__version__}/{kernels(world).mark}"


def _own_size(world: World) -> tuple[int, int]:
    """The size of the board that the world has by itself, as `fitted` finds it."""
    return load(world.name).size if world.name in names() else world.size


def _marks(states: np.recarray, steps: Sequence[int]) -> tuple[int, ...]:
    """A hash for each of `steps`, over all states since the one before.

    Their row is left out: it is only a place in a table of parameters.
    """
    marks, begun = [], 0
    for step in steps:
        stretch = state.copy(states[begun : step + 1].view(np.recarray))
        stretch.row = 0
        digests = state.digest(stretch).astype("<u8").tobytes()
        marks.append(int.from_bytes(hashlib.blake2b(digests, digest_size=8).digest(), "big"))
        begun = step + 1
    return tuple(marks)


def _tuned(world: World, params: dict[str, int | float]) -> tuple[World, Split]:
    """The world with `params` as a row of its table, and the split that always takes that row.

    A parameter that the world was given later, its version unchanged, is at its default.
    """
    later = world.params._field_defaults if params else {}
    params = {n: later[n] for n in world.params._fields if n in later} | params
    for name in world.params._fields:
        if name not in params:
            raise UserError(f"this replay lacks the parameter '{name}' of the world '{world.name}'")
    rows = [row._asdict() for row in world.rows]
    if params not in rows:
        world = world.with_params(**params)
        rows = [row._asdict() for row in world.rows]
    return world, Split("replay", tuple(float(row == params) for row in rows))


def _generate(world: World, split: Split, seed: int, episode: int) -> np.recarray:
    start = level_of(world, seed, split)
    start.episode = episode
    start.key = rng.folded(seed, int(rng.DYNAMICS), episode)
    return start


def _generated(world: World, start: np.ndarray) -> bool:
    """Do the seed and the episode of this start state alone give all of it?"""
    row, seed, episode = (int(start[name][0]) for name in ("row", "seed", "episode"))
    split = Split("replay", tuple(float(k == row) for k in range(len(world.rows))))
    return _generate(world, split, seed, episode).tobytes() == start.tobytes()
