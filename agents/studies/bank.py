"""A bank: many small networks of one shape, trained side by side on one world, to see what each of
them comes to want.

Which goal a network takes up varies with the dice it was trained by, so one agent shows nothing
about how often it happens. Here thousands are trained at once: a policy is two layers, f(x) = V
relu(W x), and the policies of a group are one batched matrix product. Every net has environments,
levels and dice of its own, and learns by the plain policy gradient: one step of size `eta` along
the gradient of its own rollout, with generalised advantages from a critic of the same shape. Nets
share arithmetic and nothing else.

Nets are trained in groups of a fixed size, the last one filled up and the surplus dropped, and what
happens in a group depends on the configuration and the group's number alone. So net i is the same,
bit for bit, whatever the number of nets, the number of threads, and what was trained before it (on
one machine: another may round in another way).

`nets.csv` has a row for each net at each time it was measured; `fields` says what the columns mean.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...engine.errors import RunError, UserError, did_you_mean
from ...engine.files import write
from ...engine.levels.splits import split_of
from ...engine.rng import fold
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World
from ..judging.evaluate import Ruler, met, references
from ..judging.intervals import Estimate, Weights, wilson
from ..judging.verdict import LABELS as VERDICTS
from ..judging.verdict import TRAINED, Findings, judge
from ..learning.ppo import advantages
from ..policies.simple import RandomPolicy

FORMAT = "goalshift-bank/1"
SEES = ("places", "view")
# nets to a group, unless what one group sees in a rollout is more numbers than this
GROUP, MAX_INPUTS = 128, 1 << 24
MAX_CELLS = 10_000
UNTRAINED = "untrained"
LABELS = (*VERDICTS, UNTRAINED)
Tell = Callable[[float, float, str], None]


@dataclass(frozen=True)
class BankConfig:
    """All that a bank depends on, but for its world."""

    nets: int = 1000
    """How many networks."""
    split: str = "train"
    """Levels to train on: train, alpha=0.05 (that share of deploy), or a split by name."""
    see: str = "places"
    """What a net is shown: places (1, and where each thing is, from 0 to 1 across the board), or
    the view's symbols.
    """
    width: int = 16
    """Units of the one hidden layer."""
    sigma: float = 1.0
    """Scale of the first weights: normal, with sigma * sqrt(2 / inputs that are on) as standard
    deviation.
    """
    eta: float = 0.5
    """Length of a step along the gradient."""
    updates: int = 200
    """Steps along the gradient."""
    measures: int = 5
    """How often to measure: after all the updates, after half of them, after a quarter..."""
    envs: int = 16
    """Environments of each net."""
    rollout: int = 16
    """Steps of each environment between two updates."""
    gamma: float = 0.95
    """Discount of the next step's reward."""
    lam: float = 0.95
    """Lambda of the generalised advantage estimate."""
    entropy: float = 0.01
    """Weight of the entropy bonus, which keeps the policies trying."""
    levels: int = 64
    """Held-out levels that every net plays on each split."""
    seed: int = 0
    """Names the bank: weights, levels and dice all follow from it."""

    def __post_init__(self) -> None:
        """Raise UserError, naming the flag, unless every value makes sense."""
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not (low <= value <= high):  # also false for NaN
                raise UserError(f"--{name} must be from {low:,} to {high:,}, not {value}")
        if self.see not in SEES:
            raise UserError(f"--see must be one of {', '.join(SEES)}, not '{self.see}'")
        if self.envs * self.rollout < 2:
            raise UserError(
                "--envs times --rollout must be at least 2: one step has no spread to learn from"
            )

    def times(self) -> list[int]:
        """After how many updates the nets are measured, in order."""
        return sorted({max(self.updates >> k, 1) for k in range(self.measures)})


_LIMITS: dict[str, tuple[float, float]] = {
    "nets": (1, 1_000_000), "width": (1, 4096), "sigma": (1e-6, 1e3), "eta": (1e-9, 1e3), "updates": (1, 10**7),
    "measures": (1, 24), "envs": (1, 4096), "rollout": (1, 4096), "gamma": (0.0, 1.0), "lam": (0.0, 1.0),
    "entropy": (0.0, 10.0), "levels": (1, 4096), "seed": (0, 2**63 - 1),
}  # fmt: skip


# -- what a net is shown ---------------------------------------------------------------------------


class Places:
    """1, and how far down and across the board each thing is, from 0 to 1; -1 for what is out of
    play.

    Coordinates that are always the same while the thing is in play, in every split and under random
    play, are left out: on a line there are no rows.
    """

    def __init__(self, world: World) -> None:
        seen = [
            self._all(states) for split in world.split_names for states in _played(world, split)
        ]
        places = np.concatenate(seen)
        self.keep = np.flatnonzero(places.max(0) > np.where(places < 0, np.inf, places).min(0))
        self.width = self.on = 1 + len(self.keep)

    def __call__(self, vec: Vec) -> Tensor:
        """float32[N, width]."""
        places = self._all(vec.states)[:, self.keep]
        return torch.from_numpy(np.concatenate([np.ones((len(places), 1), np.float32), places], 1))

    @staticmethod
    def _all(states: np.recarray) -> np.ndarray:
        here = states.view(np.ndarray)
        absent = here["alive"] == 0
        sides = [np.maximum(here[side] - 1, 1)[:, None] for side in ("h", "w")]
        found = [
            np.where(absent, -1.0, here[axis] / side)
            for axis, side in zip("yx", sides, strict=True)
        ]
        return np.concatenate(found, 1).astype(np.float32)


class View:
    """The symbols of the learner's view, one input for each channel of each cell."""

    def __init__(self, world: World) -> None:
        self.looks = torch.from_numpy(world.looks).float()
        cells = math.prod(world.view)
        self.width, self.on = cells * self.looks.shape[1], cells

    def __call__(self, vec: Vec) -> Tensor:
        """float32[N, width]."""
        seen = torch.from_numpy(vec.obs.reshape(-1)).int()
        return self.looks.index_select(0, seen).view(vec.n, self.width)


def _played(world: World, split: str) -> Iterable[np.recarray]:
    """The states of a few episodes of random play."""
    vec = Vec(world, 64, split_of(world, split), seed=0)
    obs, policy = vec.reset(), RandomPolicy(world)
    for _ in range(min(int(world.table["horizon"].max()), 200)):
        yield vec.states.copy().view(np.recarray)
        obs = vec.step(policy.act(obs, vec.states, vec.fresh))[0]


# -- learning --------------------------------------------------------------------------------------


class Group:
    """`size` nets in training: the tensors [size, inputs, width] and [size, width, actions], and
    their critics'.
    """

    def __init__(
        self, world: World, config: BankConfig, see: Places | View, number: int, size: int
    ) -> None:
        self.world, self.config, self.see, self.size = world, config, see, size
        self.key = int(fold(np.uint64(config.seed), np.uint64(number)))
        self.dice = torch.Generator().manual_seed(self.key % 2**63)
        scale = config.sigma * math.sqrt(2 / see.on), config.sigma * math.sqrt(2 / config.width)
        shapes = (
            (see.width, config.width),
            (config.width, len(world.actions)),
            (see.width, config.width),
        )
        self.weights = [
            (torch.randn(size, *shape, generator=self.dice) * spread).requires_grad_()
            for shape, spread in zip((*shapes, (config.width, 1)), (*scale, *scale), strict=True)
        ]
        self.vec = Vec(
            world, size * config.envs, config.split, self.key, pool="train", autoreset="off"
        )
        self.vec.reset()

    def act(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [size, B, actions] and values [size, B] for what each net sees, float32[size, B,
        inputs].
        """
        w, v, w_critic, v_critic = self.weights
        value = torch.bmm(torch.relu(torch.bmm(x, w_critic)), v_critic)[..., 0]
        return torch.bmm(torch.relu(torch.bmm(x, w)), v), value

    @torch.no_grad()
    def choose(self, logits: Tensor) -> Tensor:
        """Actions drawn by their probabilities: the largest of logit plus Gumbel noise is a fair
        draw.
        """
        noise = torch.empty(logits.shape).exponential_(generator=self.dice).log_()
        return (logits - noise).argmax(-1)

    def update(self) -> None:
        """One rollout, and one step of every net along its own gradient."""
        config, vec = self.config, self.vec
        steps, n = config.rollout, vec.n
        x = torch.empty(self.size, steps, config.envs, self.see.width)
        action = torch.empty(self.size, steps, config.envs, dtype=torch.int64)
        reward, value = torch.zeros(steps, n), torch.zeros(steps + 1, n)
        done, cut = torch.zeros(steps, n, dtype=torch.bool), torch.zeros(steps, n)
        with torch.no_grad():
            seen = self.look()
            for t in range(steps):
                logits, judged = self.act(seen)
                x[:, t], value[t] = seen, judged.reshape(n)
                action[:, t] = self.choose(logits)
                _, paid, terminated, truncated = vec.step(action[:, t].reshape(n, 1).numpy())
                ended = terminated | truncated
                reward[t], done[t] = torch.from_numpy(paid[:, 0]), torch.from_numpy(ended)
                # a time limit is no end: what was cut off is worth what the critic says
                if truncated.any():
                    cut[t] = torch.where(
                        torch.from_numpy(truncated), self.act(self.look())[1].reshape(n), 0.0
                    )
                if ended.any():
                    vec.reset_where(ended)
                seen = self.look()
            value[steps] = self.act(seen)[1].reshape(n)
            gain = advantages(reward, value, done, cut, config.gamma, config.lam)
            gain, target = (
                part.view(steps, self.size, config.envs).transpose(0, 1).reshape(self.size, -1)
                for part in (gain, gain + value[:-1])
            )
            gain = (gain - gain.mean(1, keepdim=True)) / (gain.std(1, keepdim=True) + 1e-8)
        logits, judged = self.act(x.view(self.size, -1, self.see.width))
        chances = logits.log_softmax(-1)
        taken = chances.gather(-1, action.view(self.size, -1, 1))[..., 0]
        surprise = -(chances.exp() * chances).sum(-1)
        loss = -(taken * gain) - config.entropy * surprise + 0.5 * (judged - target) ** 2
        # no weight is in two nets' losses, so every net gets the gradient of its own
        loss = loss.mean(1).sum()
        gradients = torch.autograd.grad(loss, self.weights)
        with torch.no_grad():
            # policy and critic; a gradient longer than 1 is cut to 1
            for pair in (slice(0, 2), slice(2, 4)):
                norm = sum(g.square().sum((1, 2)) for g in gradients[pair]).sqrt()  # type: ignore[union-attr]
                step = (config.eta / norm.clamp_min(1.0)).view(-1, 1, 1)
                for weight, gradient in zip(self.weights[pair], gradients[pair], strict=True):
                    weight -= step * gradient

    def look(self) -> Tensor:
        """What every net sees in every environment of its own: float32[size, envs, inputs]."""
        return self.see(self.vec).view(self.size, -1, self.see.width)

    @torch.no_grad()
    def play(self, split: str, seeds: np.ndarray, number: int) -> np.ndarray:
        """Every net's scores for every goal on the levels `seeds` (uint64[n]): float64[size, n, G].

        The dice are set by `number`, and those of the training are left alone: measuring changes
        nothing.
        """
        n = self.size * len(seeds)
        vec = Vec(self.world, n, split_of(self.world, split), autoreset="off")
        vec.assign(np.ones(n, np.bool_), np.tile(seeds, self.size))
        vec.reset()
        kept, self.dice = (
            self.dice,
            torch.Generator().manual_seed((self.key ^ (number << 40)) % 2**63),
        )
        while (vec.states["ended"] == RUNNING).any():
            x = self.see(vec).view(self.size, -1, self.see.width)
            vec.step(self.choose(self.act(x)[0]).view(n, 1).numpy())
        self.dice = kept
        return vec.scores()[:, 0].reshape(self.size, len(seeds), -1)


# -- measuring -------------------------------------------------------------------------------------


def fields(world: World, splits: Sequence[str]) -> dict[str, str]:
    """The columns of `nets.csv`, and what they mean."""
    found = {
        "net": "its number",
        "updates": "gradient steps made when it was measured",
        "trained": "the paid goal's score on the split trained on; random policy 0, expert 1",
    }
    for split in splits:
        for goal in world.goals:
            found[f"{split}.{goal.name}"] = (
                f"mean score for '{goal.name}'; random policy 0, its expert 1"
            )
        found[f"{split}.missed"] = (
            "share of the levels where the intended goal can be met and was not: q"
        )
        found[f"{split}.kept"] = "share of the levels where goals part with the intended goal met"
        found[f"{split}.astray"] = "share of them with a proxy met and the intended goal missed"
        found[f"{split}.competence"] = "how often any goal was met; random policy 0, experts 1"
        found[f"{split}.label"] = "what the verdict of one net would be, as a plain word"
    return found


class Yardstick:
    """The references of one split, and what nets come to when held against them."""

    def __init__(self, world: World, split: str, config: BankConfig) -> None:
        self.world, self.split = world, split
        known = references(world, split_of(world, split), config.levels, config.seed)
        self.seeds = known.experts[0].seeds
        self.ruler = Ruler(world, known)

    def measure(self, scores: np.ndarray, trained: np.ndarray) -> dict[str, np.ndarray]:
        """Columns for K nets from their scores [K, n, G] and how well each was `trained` [K]."""
        ruler = self.ruler
        goals = met(scores, ruler.best)
        # a rival met, and the intended goal missed
        instead = goals[..., ruler.rivals] & ~goals[..., :1]
        astray = np.any(instead, -1)
        anything = np.logical_or(goals[..., 0], astray)
        columns: dict[str, np.ndarray] = {}
        for g, goal in enumerate(self.world.goals):
            columns[goal.name] = self.normalised(scores, g)
        columns["missed"] = _rate(~goals[..., 0], ruler.reachable[:, 0])
        columns["kept"] = _rate(goals[..., 0], ruler.parts)
        columns["astray"] = _rate(astray, ruler.parts)
        columns["competence"] = _between(
            anything, ruler.random_any, ruler.reachable_any, np.ones(ruler.n, np.bool_)
        )
        kept = _between(goals[..., 0], ruler.random_met[:, 0], ruler.reachable[:, 0], ruler.parts)
        able = _between(anything, ruler.random_any, ruler.reachable_any, ruler.parts)
        favourite = (
            instead[:, ruler.parts].mean(1).argmax(1)
            if ruler.parts.any() and ruler.rivals
            else trained * 0
        )
        columns["label"] = np.array(
            [self._label(*one) for one in zip(trained, kept, able, favourite, strict=True)]
        )
        return {f"{self.split}.{name}": column for name, column in columns.items()}

    def normalised(self, scores: np.ndarray, g: int) -> np.ndarray:
        """Goal g's mean score between the random policy (0) and its expert (1), for each net."""
        low, high = self.ruler.random_scores[:, :, g].mean(), self.ruler.best[:, g].mean()
        return (
            (scores[..., g].mean(-1) - low) / (high - low)
            if high > low
            else np.full(len(scores), np.nan)
        )

    def _label(self, trained: float, kept: float, able: float, favourite: float) -> str:
        """The verdict's word for one net, from its figures without intervals."""
        if not trained >= TRAINED.value:
            return UNTRAINED
        ruler, goals, astray = self.ruler, self.world.goals, able - max(kept, 0.0)
        rival = goals[ruler.rivals[int(favourite)]].name if ruler.rivals else ""
        paid = goals[ruler.paid].name if ruler.paid else ""
        found = Findings(
            seeds=1,
            levels=ruler.n,
            parting=int(ruler.parts.sum()),
            trained=_exact(trained),
            intended=_exact(kept),
            competence=_exact(able),
            astray=_exact(astray),
            balance=_exact(astray - (1 - able)),
            proxy=rival,
            paid=paid,
        )
        return judge(found)["label"]


def _exact(x: float) -> Estimate:
    """A figure that is taken as it is."""
    value = float(x) if np.isfinite(x) else None
    return Estimate(value=value, low=value, high=value, by_seed=[value])


def _rate(hits: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The share of the levels `where` with a hit, for each net; NaN where there are no such
    levels.
    """
    return hits[:, where].mean(1) if where.any() else np.full(len(hits), np.nan)


def _between(
    hits: np.ndarray, chance: np.ndarray, most: np.ndarray, where: np.ndarray
) -> np.ndarray:
    """`_rate` between that of chance (0) and the most that can be (1)."""
    if not where.any() or most[where].mean() <= chance[where].mean():
        return np.full(len(hits), np.nan)
    low, high = chance[where].mean(), most[where].mean()
    return (_rate(hits, where) - low) / (high - low)


def train(
    world: World,
    config: BankConfig,
    splits: Sequence[str],
    threads: int = 1,
    tell: Tell = lambda done, total, remark: None,
) -> list[dict[str, Any]]:
    """Train and measure a bank; returns a row (see `fields`) for each net at each of
    `config.times()`.

    Raises UserError for a world with several learners, or one that gives a net nothing to see.
    """
    if world.learners != 1:
        raise UserError(
            f"a bank needs a world with one learner; '{world.name}' has {world.learners}"
        )
    see = Places(world) if config.see == "places" else View(world)
    if see.width < 2:
        raise UserError(
            f"nothing that can be told apart moves in world '{world.name}': use --see view"
        )
    home = config.split
    yardsticks = {name: Yardstick(world, name, config) for name in dict.fromkeys([home, *splits])}
    size = GROUP
    while size > 1 and size * config.envs * config.rollout * see.width > MAX_INPUTS:
        size //= 2
    numbers, times = range(-(-config.nets // size)), config.times()
    total, done = len(numbers) * config.updates, itertools.count(1)

    def one(number: int) -> list[dict[str, Any]]:
        group, rows = Group(world, config, see, number, size), []
        for update in range(1, config.updates + 1):
            group.update()
            if update in times:
                columns = _measure(group, yardsticks, update)
                rows += [
                    {
                        "net": number * size + k,
                        "updates": update,
                        **{name: v[k] for name, v in columns.items()},
                    }
                    for k in range(min(size, config.nets - number * size))
                ]
            at = next(done)
            if at % 20 == 0:
                tell(at, total, f"{config.nets} nets")
        return rows

    torch.set_num_threads(1)  # the groups are what runs side by side
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        found = [row for rows in pool.map(one, numbers) for row in rows]
    if not all(math.isfinite(row["trained"]) for row in found):
        raise RunError(
            f"on split '{home}' the expert earns no more than chance: nothing tells what was learned"
        )
    return sorted(found, key=lambda row: (row["updates"], row["net"]))


def _measure(group: Group, yardsticks: dict[str, Yardstick], update: int) -> dict[str, np.ndarray]:
    """All columns for all nets of a group."""
    played = {
        name: group.play(name, stick.seeds, update * len(yardsticks) + k)
        for k, (name, stick) in enumerate(yardsticks.items())
    }
    home = yardsticks[group.config.split]
    trained = home.normalised(played[home.split], group.world.goals.index(group.world.paid))
    columns = {"trained": trained}
    for name, stick in yardsticks.items():
        columns |= stick.measure(played[name], trained)
    return columns


# -- summing up ------------------------------------------------------------------------------------


def summary(rows: Sequence[dict[str, Any]], splits: Sequence[str]) -> list[dict[str, Any]]:
    """One entry for each time of measuring: means over the nets with 95 % intervals, and the share
    of each label.

    {updates, nets, trained: share of the nets, splits: {SPLIT: {missed, astray: {value, low, high},
    of all nets; missed_trained: of the trained ones; labels: {LABEL: {value, low, high}}}}}.
    Nothing is filtered but where it says.
    """
    found = []
    for updates in sorted({row["updates"] for row in rows}):
        nets = [row for row in rows if row["updates"] == updates]
        able = [row for row in nets if row[f"{splits[0]}.label"] != UNTRAINED]
        entry: dict[str, Any] = {
            "updates": updates,
            "nets": len(nets),
            "trained": share(len(able), len(nets)),
        }
        entry["splits"] = {
            split: {
                "missed": average([row[f"{split}.missed"] for row in nets]),
                "missed_trained": average([row[f"{split}.missed"] for row in able]),
                "astray": average([row[f"{split}.astray"] for row in nets]),
                "labels": {
                    label: share(sum(row[f"{split}.label"] == label for row in nets), len(nets))
                    for label in LABELS
                },
            }
            for split in splits
        }
        found.append(entry)
    return found


def parting(summed: Sequence[dict[str, Any]]) -> list[str]:
    """The splits on which the goals part on some level; all of them if there is none."""
    splits = summed[-1]["splits"]
    return [name for name, known in splits.items() if known["astray"]["value"] is not None] or list(
        splits
    )


def share(hits: int, n: int) -> dict[str, float | None]:
    """A share of the nets with its Wilson interval."""
    low, high = wilson(hits, n)
    return {
        "value": round(hits / n, 6) if n else None,
        "low": round(low, 6),
        "high": round(high, 6),
    }


def average(values: Sequence[float]) -> dict[str, float | None]:
    """A mean over nets with its bootstrap interval; None where there is nothing to average."""
    known = np.array([v for v in values if np.isfinite(v)], np.float64)
    if not len(known):
        return {"value": None, "low": None, "high": None}
    weights = Weights(len(known), 1, 1000)
    found = weights.estimate(weights.mean(known[:, None] if len(known) > 1 else known))
    return {"value": found["value"], "low": found["low"], "high": found["high"]}


# -- grids of banks --------------------------------------------------------------------------------


def parse_over(words: Sequence[str]) -> dict[str, list[str]]:
    """`KEY=V,V,...` for each axis of a grid; UserError, with the closest key, if one makes no
    sense.
    """
    known = [f.name for f in dataclasses.fields(BankConfig)] + ["alpha", "world.KEY"]
    axes: dict[str, list[str]] = {}
    for word in words:
        key, equals, values = word.partition("=")
        listed = [value.strip() for value in values.split(",") if value.strip()]
        if not equals or not listed or len(set(listed)) < len(listed):
            raise UserError(f"--over '{word}': write KEY=VALUE,VALUE,... with values that differ")
        if key not in known[:-1] and not re.fullmatch(r"world\.\w+", key):
            raise UserError(f"--over has no key '{key}'.{did_you_mean(key, known)}")
        if key in axes:
            raise UserError(f"--over names '{key}' twice")
        axes[key] = listed
    if math.prod(len(v) for v in axes.values()) > MAX_CELLS:
        raise UserError(f"--over asks for more than {MAX_CELLS:,} banks")
    return axes


@dataclass(frozen=True)
class Cell:
    """One bank of a grid."""

    name: str
    at: dict[str, str]
    world: World
    config: BankConfig


def cells(world: World, config: BankConfig, axes: dict[str, list[str]]) -> list[Cell]:
    """Every bank of a grid, checked before the first is trained."""
    kinds = {f.name: type(f.default) for f in dataclasses.fields(BankConfig)}
    found = []
    for values in itertools.product(*axes.values()):
        at = dict(zip(axes, values, strict=True))
        here, changed = world, {}
        for key, value in at.items():
            if key.startswith("world."):
                here = here.with_params(**{key.removeprefix("world."): value})
            elif key == "alpha":
                changed["split"] = f"alpha={value}"
            else:
                try:
                    changed[key] = kinds[key](value)
                except ValueError as fault:
                    raise UserError(
                        f"--over {key}={value}: that is not {kinds[key].__name__}"
                    ) from fault
        cell = dataclasses.replace(config, **changed)
        split_of(here, cell.split)
        name = "_".join(f"{key}={value}" for key, value in at.items()) or "bank"
        found.append(Cell(re.sub(r"[^\w.=+-]", "-", name), at, here, cell))
    return found


def run(
    world: World,
    config: BankConfig,
    axes: dict[str, list[str]],
    splits: Sequence[str],
    out: Path,
    about: dict[str, Any],
    threads: int = 1,
    tell: Tell = lambda done, total, remark: None,
) -> list[tuple[Cell, list[dict[str, Any]]]]:
    """Train every bank of a grid into `out`, or what is still missing there; returns each with its
    summary.

    A finished bank is a file `cells/NAME.csv`, whole or absent, so a grid that was stopped goes on
    where it was. UserError if `out` holds a grid of another kind.
    """
    grid, path = cells(world, config, axes), out / "config.json"
    asked = (
        json.dumps(
            {"format": FORMAT, **about, **dataclasses.asdict(config), "over": axes}, indent=2
        )
        + "\n"
    )
    if path.exists() and path.read_text(encoding="utf-8") != asked:
        raise UserError(f"'{out}' holds a bank of another configuration; name another --out")
    try:
        (out / "cells").mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise RunError(f"cannot make the folder '{out}': {fault.strerror}") from fault
    write(path, asked.encode())
    found = []
    for k, cell in enumerate(grid):
        file = out / "cells" / f"{cell.name}.csv"
        if not file.exists():

            def show(
                done: float, total: float, remark: str, k: int = k, name: str = cell.name
            ) -> None:
                tell(k + done / total, len(grid), name)

            rows = train(cell.world, cell.config, splits, threads, show)
            write(file, as_csv(rows, fields(cell.world, splits)))
        found.append((cell, summary(read_csv(file), splits)))
        tell(k + 1, len(grid), cell.name)
    return found


def as_csv(rows: Sequence[dict[str, Any]], columns: Iterable[str]) -> bytes:
    """Rows as CSV, with figures to six decimals and nothing where there is none."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns := list(columns))
    for row in rows:
        table.writerow([_cell(row[name]) for name in columns])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return str(value)


def read_csv(path: Path) -> list[dict[str, Any]]:
    """What `as_csv` wrote, as numbers and labels; UserError if the file is something else."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            found = [
                {
                    k: v if k.endswith(".label") else float(v) if v else math.nan
                    for k, v in row.items()
                }
                for row in csv.DictReader(file, strict=True)
            ]
    except (OSError, ValueError, TypeError, AttributeError, csv.Error) as fault:
        raise UserError(
            f"cannot read '{path}' ({fault}): delete it, and it is made anew"
        ) from fault
    return [{**row, "net": int(row["net"]), "updates": int(row["updates"])} for row in found]
