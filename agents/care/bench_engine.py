"""Speed of the engine: the rows of `goalshift bench` that need no network.

Every figure is the median of several passes, with the slowest and fastest beside it, on one thread
unless it says otherwise. What is timed is what a user calls: `Vec.step` with fresh random actions
from Python, observations written, ends noticed, finished environments begun anew on a newly
generated level.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, product
from statistics import median

import numpy as np

from ...engine.api.observe import Lens
from ...engine.catalogue import load, names
from ...engine.errors import UserError, did_you_mean
from ...engine.vector import Vec
from ...engine.view.camera.eyes import Eyes
from ...engine.view.camera.frames import Frames
from ...engine.view.film import story
from ...engine.view.film.beats import beats
from ...engine.view.film.options import FPS, SIZE
from ...engine.view.film.stage import Stage
from ...engine.world import World
from ..live.compose import compose
from ..live.look import Look
from ..live.session import Session
from ..live.source import Source


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: what was done, how fast (median, lowest, highest), and the target if
    there is one.
    """

    name: str
    unit: str
    figures: tuple[float, ...]
    target: float | None = None
    lower_is_better: bool = False
    remarks: tuple[str, ...] = ()  # what was said on the way

    @property
    def middle(self) -> float:
        """The median of the passes."""
        return median(self.figures)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target; None without one."""
        if self.target is None:
            return None
        return self.middle <= self.target if self.lower_is_better else self.middle >= self.target


def rate(
    work: Callable[[], int], passes: int = 7, seconds: float = 0.4, warm: bool = True
) -> tuple[float, ...]:
    """Items a second of `work` (which returns how many items one call does), for each pass, after
    one call to `warm` up.
    """
    if warm:
        work()
    figures = []
    for _ in range(passes):
        done, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            done += work()
        figures.append(done / spent)
    return tuple(figures)


def stepper(world: World, n: int, steps: int = 64, **options) -> Callable[[], int]:
    """Work for `rate`: `steps` of `n` environments under random actions drawn beforehand."""
    vec = Vec(world, n, **options)
    vec.reset()
    rng = np.random.default_rng(0)
    actions = [rng.integers(0, len(world.actions), (n, world.learners)) for _ in range(steps)]

    def work() -> int:
        for act in actions:
            vec.step(act)
        return steps * n

    return work


# Whole boards, as jaxgmg measures its own: (world, split, parameters, side). How many times as fast
# we are is for `peers` to say, beside it; a figure of ours alone has no target.
BOARDS: tuple[tuple[str, str, dict[str, float], int], ...] = (
    ("corner", "train", {}, 13),
    ("dish", "train", {}, 13),
    ("follow", "train", {"smallest": 11}, 11),
    ("keys", "train", {"horizon": 128}, 13),
    ("lava", "train", {}, 13),
    ("monsters", "softmax", {}, 13),
)


def boards() -> Iterator[tuple[World, str]]:
    """Those worlds, and their splits."""
    for name, split, changes, side in BOARDS:
        yield load(name).with_params(**changes).but(size=(side, side), view=None), split


def many(world: World, n: int, observe: bool, **options) -> Callable[[], int]:
    """The same work in one call."""
    vec = Vec(world, n, **options)
    vec.reset()
    shape = 64, n, world.learners
    actions = np.random.default_rng(0).integers(0, len(world.actions), shape)

    def work() -> int:
        vec.step_many(actions, observe)
        return 64 * n

    return work


CROPS = {"corner": 9e6, "coinrun": 12e6, "follow": 12e6}  # what learners see if nothing is said
SIDES = (49, 101)  # one and two words of cells to a row
CLIFF = 4.0  # times as long as a cell of the smaller board one of the larger may take, at most
BANK = 4096  # start states that are kept where levels are not made anew


def steps(passes: int = 7) -> Iterator[Row]:
    """Step + symbolic observation + a new level at every end: whole boards, and each world as it
    is; called at every step, and many steps in one call.
    """
    for world, split in boards():
        for observe, levels in ((True, {}), (False, {}), (False, {"levels": BANK, "bank": True})):
            what = "each seen" if observe else "the last seen"
            kept = f", {BANK} levels kept" if levels else ""
            name = f"64 steps in one call, {world.name} board {world.view[0]}x{world.view[1]}, {what}{kept}"
            work = many(world, 256, observe, split=split, **levels)
            yield Row(f"{name}, batch 256", "steps/s", rate(work, passes))
    yield from sides(passes)
    crops = ((load(name), "train", CROPS.get(name)) for name in names())
    for world, split, target in (*((*board, None) for board in boards()), *crops):
        what = f"step, {world.name}, {'crop' if world.centred else 'board'} {world.view[0]}x{world.view[1]}"
        yield Row(
            f"{what}, batch 256", "steps/s", rate(stepper(world, 256, split=split), passes), target
        )
        yield Row(f"{what}, batch 1024", "steps/s", rate(stepper(world, 1024, split=split), passes))


def sides(passes: int = 7) -> Iterator[Row]:
    """Boards of one and of two words to a row, in turn, and what a cell of the larger costs beside
    one of the smaller.
    """
    found: dict[int, list[float]] = {side: [] for side in SIDES}
    works = {
        side: stepper(load("corner").but(size=(side, side), view=None, horizon=side * side), 256)
        for side in SIDES
    }
    for _ in range(passes):
        for side, work in works.items():
            found[side] += rate(work, 1)
    for side, figures in found.items():
        yield Row(f"step, corner board {side}x{side}, batch 256", "steps/s", tuple(figures))
    small, large = SIDES
    pairs = zip(found[small], found[large], strict=True)
    ratios = tuple(a * small**2 / (b * large**2) for a, b in pairs)
    what = f"step, corner, a cell of {large}x{large} beside one of {small}x{small}"
    yield Row(what, "times as long", ratios, CLIFF, lower_is_better=True)


def pixels(passes: int = 7) -> Iterator[Row]:
    """64x64 RGB observations: step and draw, and drawing alone."""
    world = load("coinrun").but(view=(8, 8))
    rng = np.random.default_rng(0)
    for n in (256, 1024):
        vec = Vec(world, n)
        vec.reset()
        frames = Frames(world, n)
        actions = [rng.integers(0, len(world.actions), (n, 1)) for _ in range(64)]
        planes = [vec.step(act)[0].copy() for act in actions]

        def draw(planes=planes, frames=frames, n=n) -> int:
            for ids in planes:
                frames.draw(ids)
            return 64 * n

        def step_and_draw(vec=vec, actions=actions, frames=frames, n=n) -> int:
            for act in actions:
                frames.draw(vec.step(act)[0])
            return 64 * n

        yield Row(
            f"draw 64x64 RGB, coinrun, batch {n}",
            "frames/s",
            rate(draw, passes),
            1e6 if n == 256 else None,
        )
        yield Row(
            f"step and draw 64x64 RGB, coinrun, batch {n}", "frames/s", rate(step_and_draw, passes)
        )
    for name, n, readonly in product(("corner", "coinrun"), (256, 1024), (False, True)):
        world = load(name)
        lens = Lens(world, "rgb", readonly=readonly)
        vec = Vec(world, n)
        vec.reset()
        actions = [rng.integers(0, len(world.actions), (n, 1)) for _ in range(8)]

        def seen_by_agents(vec=vec, lens=lens, actions=actions, n=n) -> int:
            for act in actions:
                lens(vec.step(act)[0][:, 0])
            return 8 * n

        rows, columns, _ = lens.space().shape or (0, 0, 0)
        yield Row(
            f'step and obs="rgb" {rows}x{columns}, {name}, batch {n}{", readonly" * readonly}',
            "frames/s",
            rate(seen_by_agents, passes),
        )
    for name in names():
        world = load(name)
        vec = Vec(world, 256)
        vec.reset()
        for _ in range(20):
            vec.step(rng.integers(0, len(world.actions), (256, world.learners)))
        seen = Eyes(world, 256)

        def look(seen=seen, states=vec.states, world=world) -> int:
            seen.draw(states)
            return 256 * world.learners

        yield Row(f"draw 64x64 RGB, eyes, {name}, batch 256", "frames/s", rate(look, passes), 150e3)


def start(passes: int = 5) -> Iterator[Row]:
    """What a user waits for, in fresh interpreters with a warm cache."""
    first_frame = (
        "from goalshift.engine.catalogue import load; from goalshift.engine.view.camera.top import Shot, draw\n"
        "world = load('corner'); from goalshift.engine.vector import level_of; draw(Shot(world, level_of(world, 0)[0]))"
    )
    for label, command, target in (
        ("start: --help", ["-m", "goalshift", "--help"], 0.2),
        ("start: first frame, warm cache", ["-c", first_frame], 1.0),
    ):
        figures = []
        for _ in range(passes + 1):
            began = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            figures.append(time.perf_counter() - began)
        yield Row(label, "s", tuple(figures[1:]), target, lower_is_better=True)


def fingerprints(passes: int = 5) -> Iterator[Row]:
    """Hashing states, for splits and tests."""
    world = load("corner")
    states = Vec(world, 1024).reset_states()

    def work() -> int:
        world.fingerprints(states)
        return len(states)

    yield Row("fingerprint, corner", "states/s", rate(work, passes))


def films(passes: int = 5) -> Iterator[Row]:
    """Frames, composed and not yet encoded or shown: of contrast films with all there is on them,
    and of the window.
    """
    rng = np.random.default_rng(0)
    for name in ("corner", "coinrun", "follow"):
        world = load(name)
        takes = []
        for role in ("INTENDED", "LEARNED"):
            vec = Vec(world, 1, "deploy", levels=np.array([1], np.uint64), autoreset="off")
            vec.reset()
            states = [vec.states.copy()]
            for act in rng.integers(0, len(world.actions), (60, 1, world.learners)):
                vec.step(act)
                states.append(vec.states.copy())
            takes.append(story.Take(role, "at random", np.concatenate(states).view(np.recarray)))
        stage = Stage(takes, story.Card(world))
        moments = list(dict.fromkeys(beats(stage.story, FPS, "step")))

        def work(stage=stage, moments=moments) -> int:
            for moment in moments:
                stage.play(moment)
            return len(moments)

        yield Row(f"compose 1280x720 contrast, {name}", "frames/s", rate(work, passes), 60)
    world = load("corner")
    session = Session(Source(world, 1), [f"expert:{goal.name}" for goal in world.goals])
    for _ in range(8):
        session.clock.step()
    seen = Look()

    def window() -> int:
        compose(session, seen, SIZE)
        return 1

    yield Row("compose 1280x720 window, corner", "frames/s", rate(window, passes), 30)


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "steps": steps,
    "pixels": pixels,
    "films": films,
    "start": start,
    "fingerprints": fingerprints,
}


def rows(
    passes: int = 7,
    only: Iterable[str] = tuple(PARTS),
    parts: Mapping[str, Callable[[int], Iterator[Row]]] = PARTS,
) -> Iterator[Row]:
    """The rows of `only` these `parts`, one at a time. Raises UserError for an unknown part."""
    for name in only:
        if name not in parts:
            raise UserError(f"the bench has no part '{name}'.{did_you_mean(name, parts)}")
    return chain.from_iterable(parts[name](passes) for name in only)
