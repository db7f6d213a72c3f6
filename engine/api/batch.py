"""What all adapters share: environments of one world, their options, infos and pictures.

An adapter is a value: `copy.deepcopy`, `pickle` and `cloudpickle` of one, running or not, go on
exactly and apart from the original. `snapshot` and `restore` do the same within one adapter.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack

import numpy as np

from ..catalogue import load
from ..errors import Reader, UserError, did_you_mean, natural, need, whole
from ..levels import ids, level
from ..levels.splits import split_of
from ..rng import narrow
from ..vector import apart
from ..world import Split, World
from .moves import Moves
from .observe import Lens

if TYPE_CHECKING:
    from .window import Window

RENDER_MODES = ("human", "rgb_array", "ansi")
OPTIONS = ("level", "split")  # what `reset(options=...)` understands
INFOS = ("flat", "full")
FPS = 8  # steps a second, in the window and in films that others make of an environment


class Options(TypedDict, total=False):
    """What every adapter may be told; the defaults are in `DEFAULTS`."""

    obs: str  # "symbols", "planes", "floats", "rgb", "eyes", "text", "text-short": see `observe`
    pixels: int  # a tile's side in pictures
    size: int | tuple[int, int] | None  # or height and width of pictures
    readonly: bool  # obs="rgb" without a size: pictures cannot be written to, and are drawn faster
    infos: str  # "flat": numbers alone, which every client takes; "full": see `Batch.info`
    masks: bool  # infos hold "action_mask", int8[actions]: see `moves`
    max_cycles: int | None  # when to cut an episode off; None: the world's horizon
    render_mode: str | None  # "human", "rgb_array", "ansi"
    pool: str  # "train", "test" or "all" levels
    params: Mapping[str, Any] | None  # changes to the world's parameters


DEFAULTS: dict[str, Any] = {
    "obs": "symbols",
    "pixels": 8,
    "size": None,
    "readonly": False,
    "infos": "flat",
    "masks": False,
    "max_cycles": None,
    "render_mode": None,
    "pool": "train",  # whoever is measured on the test levels must not have trained on them
    "params": None,
}


class Seed(int):
    """A level's seed in an info: a plain int of up to 64 bits.

    Gymnasium's vectors make an int64 of what is an `int` itself, in which not every seed fits.
    """


class Batch:
    """What all adapters share: a `Vec` of one world, options, infos and pictures."""

    def __init__(
        self,
        world: str | World,
        n: int = 1,
        split: str | Split = "train",
        autoreset: str = "off",
        threads: int = 1,
        **options: Unpack[Options],
    ) -> None:
        for name in options:
            hint = did_you_mean(name, ("split", *DEFAULTS))
            need(name in DEFAULTS, f"there is no option {name!r}.{hint}")
        given = {**DEFAULTS, **options}
        mode, params = given["render_mode"], given["params"]
        known = mode is None or mode in RENDER_MODES
        need(known, f"render_mode {mode!r} is not known.{did_you_mean(str(mode), RENDER_MODES)}")
        n, world = whole(n, "num_envs"), load(world)
        if params:
            world = world.with_params(**params)
        self.world = apart(world)  # its horizons may be changed here without touching the world
        self.max_cycles = given["max_cycles"]
        self.render_mode = mode
        need(given["infos"] in INFOS, f"infos {given['infos']!r} is neither 'flat' nor 'full'")
        self.full, self.masks = given["infos"] == "full", bool(given["masks"])
        self.lens = Lens(
            self.world, given["obs"], given["pixels"], given["size"], bool(given["readonly"])
        )
        self.legal = Moves(self.world)
        self.vec = self.lens.vec(
            n,
            self._split(split, "split"),
            pool=given["pool"],
            autoreset=autoreset,
            threads=threads,
        )
        self.window: Window | None = None
        self.running = False
        # of the level that each environment is on
        self.marks, self.seeds = np.full(n, "", object), np.full(n, Seed(0), object)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "window": None}

    @property
    def max_cycles(self) -> int:
        """Steps after which an episode is cut off."""
        return int(self.world.table.horizon.max())

    @max_cycles.setter
    def max_cycles(self, steps: int | None) -> None:
        if steps is not None:
            steps = whole(steps, "max_cycles")
            need(steps >= 1, f"max_cycles must be at least 1, not {steps}")
            self.world.table.horizon = steps

    def begin(
        self,
        seeds: Sequence[int] | None,
        options: Mapping[str, Any] | None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Start episodes where `mask` is set (None: everywhere): on new streams of levels, if
        `seeds` are given.
        """
        vec = self.vec
        mask = np.ones(vec.n, np.bool_) if mask is None else mask
        options = checked(options)
        if "split" in options:
            vec.choose(self._split(options["split"], "options['split']"))
        chosen = self._levels(options["level"]) if "level" in options else None
        if seeds is not None:
            vec.restart(mask, np.array([narrow(seed) for seed in seeds], np.uint64))
        if chosen is not None or seeds is None:
            vec.reset_where(mask, chosen)
        self.running = True
        self.mark(mask)

    def _split(self, split: str | Split, name: str) -> Split:
        need(isinstance(split, str | Split), f"{name} must be a split's name, not {split!r}")
        return split_of(self.world, split)

    def _levels(self, chosen: Any) -> np.ndarray:
        """The level to start on in each environment, as `Vec.assign` takes it."""
        each = chosen if isinstance(chosen, list | tuple | np.ndarray) else [chosen]
        if np.shape(each) != (self.vec.n,):
            each = [chosen] * self.vec.n
        return np.array([self._level(one) for one in each], np.uint64)

    def _level(self, chosen: Any) -> int:
        """A level's seed, or its number where the levels are a set; also found by a fingerprint."""
        split = self.vec.split
        starts = split.starts
        if ids.is_name(chosen):
            return self._named(chosen)
        if isinstance(chosen, str):
            raise UserError(
                "options['level'] must be a level's seed, or the fingerprint of a known level"
                f" (its first 8 to 16 hexadecimal digits), not {chosen!r}"
            )
        number = natural(chosen, "options['level']")
        if starts is not None:
            last = len(starts) - 1
            need(number <= last, f"options['level']: '{split.name}' has the levels 0 to {last}")
        need(number < 2**64, "options['level']: a level's seed is below 2**64")
        return number

    def _named(self, name: str) -> int:
        """The seed, or number, of the level so named: one that runs here, or that `ids.find`
        knows.
        """
        split = self.vec.split
        with Reader("options['level']").at():
            prints = np.array([int(mark or "0", 16) for mark in self.marks], np.uint64)
            at = ids.among(prints, name) if split.starts is None else None
            if at is not None:
                return int(self.seeds[at])
            found = ids.find(self.world, name, split)
            need(
                found.split == split.name,
                f"level {name} is of the split '{found.split}': give options['split'] too",
            )
        return found.seed

    def mark(self, mask: np.ndarray) -> None:
        """Note which level has begun where `mask` is set."""
        where = np.flatnonzero(mask)
        begun = self.vec.states[where].view(np.recarray)
        self.marks[where] = [f"{mark:016x}" for mark in self.world.fingerprints(begun)]
        self.seeds[where] = [Seed(seed) for seed in begun.seed]

    def step(self, actions: np.ndarray) -> None:
        """One step with actions int64[n, L]; what happened is in `vec`."""
        need(self.running, "call reset() before step()")
        self.vec.step(actions)

    def info(self, i: int, a: int) -> dict[str, Any]:
        """What `infos` say about agent `a` of environment `i`, in plain Python.

        "goal/NAME": what each goal scores so far; "met/NAME": 1.0 once that is above 0. With
        infos="full" also "goals" (the scores by name), "level" (a text, the fingerprint of the
        start state) and "seed" (the level's, a whole number below 2**64, which not every client
        holds).
        """
        totals = self.vec.states["totals"][i, a]
        found: dict[str, Any] = self.flat(totals)
        if self.full:
            found |= {"goals": self.goals(totals), "level": self.marks[i], "seed": self.seeds[i]}
        if self.masks:
            found["action_mask"] = self.action_masks(i)[a]
        return found

    def flat(self, totals: np.ndarray) -> dict[str, float]:
        """Scores of all goals for these events (int64[E]) under "goal/NAME", and "met/NAME"."""
        goals = self.goals(totals)
        scores = {f"goal/{name}": score for name, score in goals.items()}
        return scores | {f"met/{name}": float(score > 0) for name, score in goals.items()}

    def goals(self, totals: np.ndarray) -> dict[str, float]:
        """What every goal scores for these events (int64[E])."""
        scores = self.world.scores(totals).tolist()
        return dict(zip((g.name for g in self.world.goals), scores, strict=True))

    def action_masks(self, i: int | None = None) -> np.ndarray:
        """Which actions do anything now, in environment `i` int8[L, A], or in all int8[n, L, A]."""
        states = self.vec.states
        if i is None:
            return self.legal(states)
        return self.legal(states[i : i + 1].view(np.recarray))[0]

    def see(self, i: int | None = None) -> Any:
        """New observations of the learners of environment `i` [L, ...], or of all [n * L, ...]."""
        planes = self.vec.obs if i is None else self.vec.obs[i : i + 1]
        moves = None
        if self.lens.words is not None:
            masks = self.action_masks() if i is None else self.action_masks(i)
            moves = masks.reshape(-1, masks.shape[-1])
        return self.lens(planes.reshape(-1, *self.lens.shape), moves)

    def picture(self, i: int = 0, mode: str | None = None) -> np.ndarray | str | None:
        """What `render` returns: a new uint8[h, w, 3], a text, or None where a window shows it."""
        mode = mode or self.render_mode
        if mode is None:
            return None
        need(self.running, "call reset() before render()")
        if mode == "ansi":
            return level.sketch(self.world, self.vec.states, i)
        return None if mode == "human" else self._draw(i)

    def show(self) -> None:
        """Draw into the window of render_mode "human", after `reset` and `step`; one that has been
        closed closes the environment.
        """
        if self.render_mode == "human":
            from .window import Window

            frame = self._draw(0)
            title = f"goalshift: {self.world.title}"
            self.window = self.window or Window(title, frame.shape, FPS)
            goes_on = False
            try:
                goes_on = self.window.show(frame)
            finally:  # Ctrl-C closes it too
                if not goes_on:
                    self.close()

    def _draw(self, i: int) -> np.ndarray:
        from ..view.camera import shot, top

        s = self.vec.states[i]
        cell = 32 if max(s.h, s.w) <= 32 else 16  # both give sizes that video encoders take
        return top.draw(shot.Shot(self.world, s, (int(s.h) * cell, int(s.w) * cell)))

    def close(self) -> None:
        """Close the window; what is closed cannot be stepped before the next reset."""
        self.running = False
        if self.window is not None:
            self.window.close()
            self.window = None

    def snapshot(self) -> dict[str, Any]:
        """Everything the future depends on, apart from this batch."""
        return {
            "world": self._stamp(),
            "vec": self.vec.snapshot(),
            "split": self.vec.split,
            "horizons": self.world.table.horizon.copy(),
            "running": self.running,
            "marks": self.marks.copy(),
            "seeds": self.seeds.copy(),
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on where `snapshot` was taken. Raises UserError if that was elsewhere."""
        theirs, ours = snapshot["world"], self._stamp()
        need(theirs == ours, f"the snapshot is of {theirs}, and this is {ours}")
        self.vec.choose(snapshot["split"])
        self.vec.restore(snapshot["vec"], trusted=True)
        self.world.table.horizon = snapshot["horizons"]
        self.running = snapshot["running"]
        self.marks[:], self.seeds[:] = snapshot["marks"], snapshot["seeds"]

    def _stamp(self) -> str:
        world = self.world
        rules = self.vec.kernels.mark
        return f"{self.vec.n} of world '{world.name}', version {world.version}, rules {rules}"


class Adapter:
    """What every adapter can: be kept and put back."""

    _batch: Batch
    _kept: ClassVar[tuple[str, ...]]  # the attributes, beside the batch, that the future depends on

    def snapshot(self) -> dict[str, Any]:
        """Everything the future depends on, for `restore`: a value that can be pickled."""
        kept = {name: copy.deepcopy(getattr(self, name)) for name in self._kept}
        return {"batch": self._batch.snapshot(), **kept}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on exactly where `snapshot` was taken, here or in another one made alike.

        Raises UserError if it is a snapshot of another kind of environment.
        """
        sound = isinstance(snapshot, Mapping) and set(snapshot) == {"batch", *self._kept}
        need(sound, f"this is no snapshot of a {type(self).__name__}")
        self._batch.restore(snapshot["batch"])
        for name in self._kept:
            setattr(self, name, copy.deepcopy(snapshot[name]))


def checked(options: Mapping[str, Any] | None, known: Sequence[str] = OPTIONS) -> dict[str, Any]:
    """The options of a `reset`; UserError for what it does not understand."""
    if options is None:
        return {}
    need(isinstance(options, Mapping), f"options must be a dictionary, not {options!r}")
    for key in options:
        hint = did_you_mean(str(key), known)
        need(key in known, f"reset does not know the option {key!r}.{hint}")
    return dict(options)


def fresh_seed() -> int:
    """A seed nobody chose."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])


def action_of(action: Any, name: str) -> int:
    """The action as an int of 64 bits; UserError for what no number of an action is."""
    number = whole(action, f"the action of '{name}'")
    need(-(2**63) <= number < 2**63, f"the action of '{name}' is out of range")
    return number
