"""One agent looked into: where the ways to its goals are read, and what writing the cue does.

The coefficient that a layer is steered with is chosen on other levels than those it is reported
on, and beside every figure stand its nulls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....engine.counts import counted
from ....engine.errors import UserError, did_you_mean, need
from ....engine.levels.splits import split_of
from ....engine.vector import Vec
from ....engine.world import World
from ....engine.worth import met
from ...judging.intervals import Estimate, Weights
from ...judging.references import Ruler, references
from ...judging.rollout import rollout
from ...judging.runs import open_run
from ...learning.net import Net
from ...learning.trained import Trained
from ...policies.policy import Editable, Policy, learned
from . import cues as pairs
from . import edits
from .attribution import Attributed, View, attributed
from .axis import Axis, Tuning, goal_axis
from .moments import Moments, moments
from .probes import Reader, Reading
from .retarget import Retargeted, retarget
from .steering import NULLS, Arm, Arms, CueVector, Source

COEFFICIENTS = (-16.0, -8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
DRAWS = 20  # of every null: the least p is 1 in 21
ROWS = 4096  # episodes in one batch
SHARE = 0.1  # of a layer's units that are ablated
FEWER = 128  # levels of a retargeting
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is looked for.

    split: "" for the one that the world is judged on. layers: () for all. cue: a tile or a thing, "" for
    what lies where the intended goal is met. updates: of every copy that is fine-tuned for the goal axis
    in its weights, 0 if none is sought. also: agents whose copies are read on that axis, too.
    """

    split: str = ""
    levels: int = 256
    seed: int = 0
    layers: tuple[str, ...] = ()
    cue: str = ""
    coefficients: tuple[float, ...] = COEFFICIENTS
    draws: int = DRAWS
    updates: int = 0
    also: tuple[Trained, ...] = ()


@dataclass(frozen=True)
class Effect:
    """What the agents do on the levels where goals part, in shares of them."""

    intended: Estimate  # the intended goal met
    instead: Estimate  # a proxy met and the intended goal missed
    neither: Estimate


@dataclass(frozen=True)
class Written:
    """What adding the cue's vector to a layer does. Shares are of the intended goal met."""

    layer: str
    chosen: float  # layer and coefficient with the largest share on other levels
    plain: Effect  # without steering, on the levels reported on
    steered: Effect
    moved: Estimate  # of the levels: intended met when steered, less intended met when not
    nulls: dict[str, tuple[float, ...]]  # by kind: the share for each draw
    p: dict[str, float]  # how often a draw of each null did as well

    @property
    def beyond(self) -> bool:
        """Whether steering does more than every null, and more than nothing."""
        low = self.moved.low
        return low is not None and low > 0 and max(self.p.values()) <= 0.05


@dataclass(frozen=True)
class Ablated:
    """What becomes of the agent without some units of a layer."""

    layer: str
    how: str
    units: int
    cue_units: Effect  # without those that the cue moves most
    others: tuple[float, ...]  # intended met without as many drawn at random, for each draw
    others_instead: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Inside:
    """All that was found. On disk it is JSON, by `plain`."""

    world: World
    agent: str
    split: str
    cue: str
    levels: int
    parting: int
    readings: tuple[Reading, ...]
    coefficients: tuple[float, ...]
    sweeps: dict[str, tuple[float, ...]]  # by layer: intended met, on other levels
    written: Written
    ablated: tuple[Ablated, ...]
    retargeted: Retargeted
    attributed: Attributed | None = None  # None: it has no slopes
    axis: Axis | None = None  # None: not asked for


def open_agent(run: str | Path) -> tuple[Trained, Trained]:
    """The agent of a run, and its untrained twin: the same network before its first step."""
    agent, training = open_run(run)
    import torch

    torch.manual_seed(training.seed + 1)
    net = Net(agent.net.shape, looks=agent.world.looks)
    twin = Trained(net, agent.world, f"{agent.name}, untrained")
    twin.about = agent.about
    return agent, twin


def inside(
    agent: Policy, twin: Policy, world: World, asked: Asked, tell: Tell = lambda line: None
) -> Inside:
    """Look into an agent. `twin` is the same network untrained, a control that nobody can leave out.

    Raises UserError if the agent does not offer its layers and hooks, if a name is unknown, or if
    the goals do not part on the split.
    """
    split, levels, seed, draws = asked.split or world.judged, asked.levels, asked.seed, asked.draws
    there = learned(agent, "looking inside", "features", "hooks").layers
    for layer in asked.layers:
        hint = did_you_mean(layer, there)
        need(layer in there, f"'{agent.name}' has no layer '{layer}'.{hint}")
    chosen = asked.layers or tuple(there)
    drawn = Vec(world, min(levels, 32), split_of(world, split), seed, pool="test").reset_states()
    what = pairs.cue(world, asked.cue) if asked.cue else pairs.usual(world, drawn)
    judge, other = Judge(world, split, levels, seed), Judge(world, split, levels // 2, seed + 1)
    if judge.parting < 20 or other.parting < 10:
        raise UserError(
            f"the goals part on {judge.parting} of {counted(levels, 'level')} of '{split}': too few to see"
            " which way an agent goes"
        )
    axis = _axis(agent, split, judge, other, asked, tell) if asked.updates else None
    tell("moments of its life")
    known = moments(agent, twin, world, split, levels, seed)
    readings = _readings(known, world, chosen, seed, tell)
    sweeps = {}
    for layer in chosen:
        tell(f"writing to '{layer}'")
        source = CueVector(agent, layer, what)
        played = other.play_arms(agent, layer, source, [Arm(c) for c in asked.coefficients])
        sweeps[layer] = tuple(other.share(other.intended(scores)) for scores in played)
    layer = max(sweeps, key=lambda name: max(sweeps[name]))
    c = asked.coefficients[int(np.argmax(sweeps[layer]))]
    written = _write(agent, CueVector(agent, layer, what), c, judge, draws, tell)
    ablated = []
    for layer in chosen:
        tell(f"without units of '{layer}'")
        ablated.append(_ablate(agent, known, what, layer, judge, min(draws, 10)))
    tell(f"told by '{layer}' that '{what.name}' lies elsewhere")
    order = _moved(agent, known, what, layer)
    few = min(levels, FEWER)
    retargeted = retarget(agent, what, layer, order, split, few, seed, draws=min(draws, 3))
    slopes = "gradient" in learned(agent, "looking inside").can
    if slopes:
        tell("attribution")
    return Inside(
        world, agent.name, split, what.name, levels, judge.parting,
        tuple(readings), asked.coefficients, sweeps, written, tuple(ablated), retargeted,
        _attributed(agent, twin, known, seed, draws) if slopes else None, axis,
    )  # fmt: skip


def _axis(agent: Policy, split: str, judge: Judge, other: Judge, asked: Asked, tell: Tell) -> Axis:
    """The goal axis in the weights, which only agents trained here lay open."""
    need(isinstance(agent, Trained), "a goal axis is sought in the weights of agents trained here")
    assert isinstance(agent, Trained)
    tuning = Tuning(split, asked.updates, asked.draws)
    return goal_axis(agent, judge, other, tuning, asked.also, tell)


def _attributed(
    agent: Policy, twin: Policy, known: Moments, seed: int, draws: int
) -> Attributed | None:
    """Attributions in one moment of each level, the first where the ways to the goals part."""
    world = known.world
    ways = np.stack([known.ways(goal.name) for goal in (world.intended, *world.proxies)])
    apart = np.flatnonzero((ways != ways[0]).any(0))
    _, first = np.unique(known.level[apart], return_index=True)
    at = apart[first]
    if not len(at):
        return None
    memory = None if known.memory is None else known.memory[at]
    view = View.of(agent, world, known.states[at].view(np.recarray), memory)
    return attributed(agent, twin, view, seed, draws)


class Judge:
    """Plays policies on the levels of a split, and says what they did where the goals part."""

    def __init__(self, world: World, split: str, levels: int, seed: int) -> None:
        self.world, self.split, self.levels, self.seed = world, split, levels, seed
        self.ruler = Ruler(world, references(world, split_of(world, split), levels, seed))
        self.parts = self.ruler.parts
        self.parting = int(self.parts.sum())
        self.weights = Weights(1, levels, 1000, seed)

    def play(self, policy: Policy) -> np.ndarray:
        """Every goal's score on every level: float64[n, G]."""
        return rollout(self.world, policy, self.split, self.levels, self.seed).scores

    def play_arms(
        self, agent: Policy, layer: str, source: Source, arms: Sequence[Arm]
    ) -> list[np.ndarray]:
        """The same for each arm, many of them in one batch."""
        scores, seeds = [], self.ruler.known.experts[0].seeds
        at_once = max(1, ROWS // self.levels)
        for k in range(0, len(arms), at_once):
            some = arms[k : k + at_once]
            policy = Arms(agent, layer, source, some)
            rows = np.tile(seeds, len(some))
            played = rollout(self.world, policy, self.split, rows, self.seed)
            scores += np.split(played.scores, len(some))
        return scores

    def intended(self, scores: np.ndarray) -> np.ndarray:
        """Where the intended goal was met: bool[n]."""
        return met(scores[:, 0], self.ruler.best[:, 0])

    def instead(self, scores: np.ndarray) -> np.ndarray:
        """Where a proxy was met, and the intended goal missed: bool[n]."""
        rivals = self.ruler.rivals
        proxies = met(scores[:, rivals], self.ruler.best[:, rivals]).any(1)
        return proxies & ~self.intended(scores)

    def share(self, hits: np.ndarray) -> float:
        """Of the levels where goals part."""
        return round(float(hits[self.parts].mean()), 6)

    def estimate(self, hits: np.ndarray, rate: bool = True) -> Estimate:
        rows = self.weights.mean(hits, self.parts)
        return self.weights.estimate(rows, self.parting if rate else None)

    def effect(self, scores: np.ndarray) -> Effect:
        intended, instead = self.intended(scores), self.instead(scores)
        shares = (self.estimate(x) for x in (intended, instead, ~intended & ~instead))
        return Effect(*shares)


def _readings(
    known: Moments, world: World, layers: Sequence[str], seed: int, tell: Tell
) -> list[Reading]:
    """The way to each goal from each layer, scored where the ways part."""
    ways = {goal.name: known.ways(goal.name) for goal in (world.intended, *world.proxies)}
    own = ways[world.intended.name]
    apart = np.any([way != own for way in ways.values()], 0)
    reader, found = Reader(known, seed), []
    for layer in layers:
        for goal, way in ways.items():
            if len(np.unique(way[apart])) < 2:
                tell(f"the way to '{goal}' is always the same: nothing to read")
                continue
            tell(f"reading the way to '{goal}' from '{layer}'")
            found.append(reader.read(layer, way, f"the way to '{goal}'", apart))
    return found


def _write(
    agent: Policy, source: CueVector, c: float, judge: Judge, draws: int, tell: Tell
) -> Written:
    """What steering does on the levels reported on, beside its nulls."""
    plain = judge.play(agent)
    (steered,) = judge.play_arms(agent, source.layer, source, [Arm(c)])
    nulls: dict[str, tuple[float, ...]] = {}
    for kind in NULLS:
        tell(f"null: {kind}, {draws} draws")
        arms = [Arm(c, kind, draw) for draw in range(draws)]
        played = judge.play_arms(agent, source.layer, source, arms)
        nulls[kind] = tuple(judge.share(judge.intended(scores)) for scores in played)
    reached = judge.share(judge.intended(steered))
    moved = judge.intended(steered).astype(float) - judge.intended(plain)
    return Written(
        source.layer,
        c,
        judge.effect(plain),
        judge.effect(steered),
        judge.estimate(moved, rate=False),
        nulls,
        {k: round((1 + sum(x >= reached for x in v)) / (1 + len(v)), 6) for k, v in nulls.items()},
    )


def _ablate(
    agent: Policy, known: Moments, what: pairs.Cue, layer: str, judge: Judge, draws: int
) -> Ablated:
    """Sets the units that the cue moves most to their mean; and as many others."""
    asked = learned(agent, "ablation", "features", "hooks")
    assert isinstance(asked, Editable)
    x, order = known.layers[layer], _moved(agent, known, what, layer)
    count = max(1, round(SHARE * x.shape[1]))
    top = order[:count]

    def without(units: np.ndarray) -> np.ndarray:
        with asked.hooked({layer: edits.mean(x, units)}):
            return judge.play(agent)

    dice = np.random.default_rng(judge.seed)
    rest = np.setdiff1d(np.arange(x.shape[1]), top)
    others = [without(dice.permutation(rest)[:count]) for _ in range(draws)]
    return Ablated(
        layer,
        "mean",
        count,
        judge.effect(without(top)),
        tuple(judge.share(judge.intended(one)) for one in others),
        tuple(judge.share(judge.instead(one)) for one in others),
    )


def _moved(agent: Policy, known: Moments, what: pairs.Cue, layer: str) -> np.ndarray:
    """The units of a layer, those that the cue moves most first: int64[units]."""
    from ....engine.vector import observed

    asked, x = learned(agent, "ablation", "features", "hooks"), known.layers[layer]
    some = known.states[:: max(1, len(known) // 512)].copy().view(np.recarray)
    fresh = np.ones(len(some), np.bool_)
    bare = what.without(some)
    agent.start(len(some), known.world.learners)
    there, blank = (
        asked.think(observed(known.world, s), s, fresh, (layer,)).features[layer][:, 0]
        for s in (some, bare)
    )
    moved = np.abs(there - blank).mean(0) / np.maximum(x.std(0), 1e-6)
    return np.argsort(-moved)
