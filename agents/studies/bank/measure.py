"""What the nets of a bank come to want: a row for each net at each time it was measured.

Nets are trained in groups of a fixed size, the last one filled up and the surplus dropped, and what
happens in a group depends on the configuration and the group's number alone. So net i is the same,
bit for bit, whatever the number of nets, the number of threads, and what was trained before it (on
one machine: another may round in another way).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from ....engine.counts import counted
from ....engine.errors import RunError, UserError
from ....engine.levels.splits import split_of
from ....engine.progress import Show, silent
from ....engine.world import World
from ....engine.worth import met
from ...judging.intervals import Estimate, Weights, wilson
from ...judging.references import Ruler, references
from ...judging.verdict import LABELS as VERDICTS
from ...judging.verdict import TRAINED, Findings, judge
from .config import BankConfig
from .nets import Group, Places, View

# nets to a group, unless what one group sees in a rollout is more numbers than this
GROUP, MAX_INPUTS = 128, 1 << 24
UNTRAINED = "untrained"
LABELS = (*VERDICTS, UNTRAINED)


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
        return judge(found).label


def _exact(x: float) -> Estimate:
    """A figure that is taken as it is."""
    value = float(x) if np.isfinite(x) else None
    return Estimate(value, value, value, (value,))


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
    show: Show = silent,
    after: Callable[[int, Group], None] = lambda number, group: None,
    on_the_way: Callable[[int, int, Group], None] = lambda number, update, group: None,
) -> list[dict[str, Any]]:
    """Train and measure a bank; returns a row (see `fields`) for each net at each of
    `config.times()`.

    `after` hears of every group of nets once it is trained, with its number; `on_the_way` of every
    group with its number and how many updates it has made, from 0.
    Raises UserError for a world with several learners, or one that gives a net nothing to see.
    """
    see = eyes(world, config)
    home = config.split
    yardsticks = {name: Yardstick(world, name, config) for name in dict.fromkeys([home, *splits])}
    size = GROUP
    while size > 1 and size * config.envs * config.rollout * see.width > MAX_INPUTS:
        size //= 2
    numbers, times = range(-(-config.nets // size)), config.times()
    total, done = len(numbers) * config.updates, itertools.count(1)

    def one(number: int) -> list[dict[str, Any]]:
        group, rows = Group(world, config, see, number, size), []
        on_the_way(number, 0, group)
        for update in range(1, config.updates + 1):
            group.update()
            on_the_way(number, update, group)
            if update in times:
                columns = _measure(group, yardsticks, update)
                for k in range(min(size, config.nets - number * size)):
                    place = {"net": number * size + k, "updates": update}
                    rows.append(place | {name: column[k] for name, column in columns.items()})
            at = next(done)
            if at % 20 == 0:
                show(at, total, counted(config.nets, "net"))
        after(number, group)
        return rows

    torch.set_num_threads(1)  # the groups are what runs side by side
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        found = [row for rows in pool.map(one, numbers) for row in rows]
    if not all(math.isfinite(row["trained"]) for row in found):
        raise RunError(
            f"on split '{home}' the expert earns no more than chance: nothing tells what was learned"
        )
    return sorted(found, key=lambda row: (row["updates"], row["net"]))


def eyes(world: World, config: BankConfig) -> Places | View:
    """What the nets of a bank are shown. Raises UserError, as `train` does."""
    if world.learners != 1:
        raise UserError(
            f"a bank needs a world with one learner; '{world.name}' has {world.learners}"
        )
    see = Places(world) if config.see == "places" else View(world)
    if see.width < 2:
        raise UserError(
            f"nothing that can be told apart moves in world '{world.name}': use --see view"
        )
    return see


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
    return {"value": found.value, "low": found.low, "high": found.high}
