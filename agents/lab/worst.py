"""The levels on which agents do worst, without a search: what is missed on the worst share of them.

That is the conditional value at risk (CVaR) by which curricula are compared (Rutherford et al.
2024, arXiv 2408.15099). Levels are ranked, for each agent, by some episodes on each and told by
others: whoever ranks and tells by the same takes bad luck for bad levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.artist import Artist

from ...engine.counts import counted
from ...engine.errors import need
from ...engine.files import csv_bytes, make_folder, write
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.vector import Vec
from ...engine.world import World
from ...engine.worth import met
from ..designing import survey
from ..judging.intervals import Estimate, Weights
from ..judging.runs import open_runs
from ..policies.policy import Policy
from ..studies.picture_files import COLOURS, begin, lettered
from ..studies.picture_files import save as save_picture
from .hunting.arena import episode, play

SHARES = (0.01, 0.05, 0.1, 0.25, 1.0)
TRIES = 4  # episodes on each level to rank it by, and as many to tell of it
RESAMPLES = 2000
MEASURES = {"missed": "intended goal missed", "instead": "a proxy met instead"}


@dataclass(frozen=True)
class Group:
    """Agents of one recipe, and by measure what they come to on the worst of each of `SHARES`."""

    name: str
    agents: int
    levels: int  # held out, and solvable
    figures: Mapping[str, Sequence[Estimate]]


def groups(
    folders: Sequence[Path], split: str, levels: int, show: Show = silent
) -> tuple[World, list[Group]]:
    """One for each folder: a run, or a folder of the seeds of a recipe. UserError if one is neither,
    or two are of different worlds or called alike.
    """
    names = [folder.resolve().name for folder in folders]
    need(len(set(names)) == len(names), "two of these folders are called alike")
    opened = [open_runs(seeds_in(folder) or [folder])[:2] for folder in folders]
    worlds = [world for world, _ in opened]
    for world, folder in zip(worlds, folders, strict=True):
        need(
            world.name == worlds[0].name,
            f"'{folder}' is of '{world.name}', not '{worlds[0].name}': tell of them apart",
        )
    found = []
    for k, (name, (world, agents)) in enumerate(zip(names, opened, strict=True)):
        show(k, len(names), name)
        found.append(measured(name, world, agents, split or world.judged, levels))
    show(len(names), len(names), "")
    return worlds[0], found


def seeds_in(folder: Path) -> list[Path]:
    """The runs of a recipe, as studies lay them into a folder."""
    return sorted(folder.glob("seed-*")) if folder.is_dir() else []


def measured(name: str, world: World, agents: Sequence[Policy], split: str, levels: int) -> Group:
    """These agents on the first `levels` held-out levels of a split that can be solved.

    missed: the share of what the intended goal's expert earns that the agent does not.
    """
    vec = Vec(world, levels, split_of(world, split), 0, pool="test", autoreset="off")
    states = vec.reset_states()
    best = np.stack(
        [
            survey.ways(world, goal.name, states, what=survey.PLAY, effort=False).score
            for goal in world.goals
        ],
        1,
    )
    solvable = best[:, 0] > 0
    need(solvable.any(), f"none of these levels of '{split}' can be solved")
    states, best = states[solvable].view(np.recarray), best[solvable]
    weights = Weights(len(agents), len(states), RESAMPLES)
    rows = {(m, share): np.zeros(len(weights.by_level)) for m in MEASURES for share in SHARES}
    for k, agent in enumerate(agents):
        ranked = lived(world, agent, states, best, 1)["missed"]
        for measure, told in lived(world, agent, states, best, 1 + TRIES).items():
            for share in SHARES:
                mean = worst_mean(ranked, told, weights.by_level, share)
                rows[measure, share] += weights.by_seed[:, k] * mean
    figures = {
        measure: [
            weights.estimate(rows[measure, share], max(1, round(share * len(states))))
            for share in SHARES
        ]
        for measure in MEASURES
    }
    return Group(name, len(agents), len(states), figures)


def lived(
    world: World, agent: Policy, states: np.recarray, best: np.ndarray, first: int
) -> dict[str, np.ndarray]:
    """The means over `TRIES` episodes on each level, from the one numbered `first` on, by measure:
    float64[n] from 0 to 1.
    """
    found = {measure: np.zeros(len(states)) for measure in MEASURES}
    for number in range(first, first + TRIES):
        scores, _ = play(world, agent, episode(states, np.full(len(states), number)))
        goals = met(scores, best)
        missed = np.clip(1 - scores[:, 0] / best[:, 0], 0, 1)
        found["missed"] += missed / TRIES
        found["instead"] += (goals[:, 1:].any(1) & ~goals[:, 0]) / TRIES
    return found


def worst_mean(
    ranked: np.ndarray, told: np.ndarray, weights: np.ndarray, share: float
) -> np.ndarray:
    """float64[rows]: the mean of `told` over the worst `share` of the levels by `ranked` (the higher,
    the worse), under each row of `weights` [rows, n]. Of equals, all count alike.
    """
    order = np.argsort(-ranked, kind="stable")
    starts = np.flatnonzero(np.diff(-ranked[order], prepend=-np.inf))
    mass = np.add.reduceat(weights[:, order], starts, axis=1)
    total = np.add.reduceat((weights * told)[:, order], starts, axis=1)
    wanted = share * mass.sum(1, keepdims=True)
    taken = np.clip(wanted - (np.cumsum(mass, 1) - mass), 0, mass)
    mean = np.divide(total, mass, out=np.zeros_like(mass), where=mass > 0)
    return (taken * mean).sum(1) / wanted[:, 0]


# -- what is written -------------------------------------------------------------------------------


def table(found: Sequence[Group]) -> list[tuple[str, ...]]:
    """A head and a row for each group, in per cent: what is missed on the worst of each share."""
    head = ("AGENTS", *(f"WORST {share:.0%}".replace("%", " %") for share in SHARES))
    return [head, *((g.name, *(e.percent() for e in g.figures["missed"])) for g in found)]


def save(found: Sequence[Group], world: World, split: str, out: Path) -> list[Path]:
    """Write worst.csv, .svg and .png into `out`; returns their paths."""
    ends = ("", "_low", "_high", "_by_seed")
    columns = [f"{measure}{end}" for measure in MEASURES for end in ends]
    lines: list[tuple[object, ...]] = [
        ("world", "split", "agents", "share", *columns, "seeds", "levels")
    ]
    for group in found:
        for k, share in enumerate(SHARES):
            cells: list[object] = []
            for measure in MEASURES:
                one = group.figures[measure][k]
                singles = " ".join("" if x is None else f"{x:g}" for x in one.by_seed)
                cells += [one.value, one.low, one.high, singles]
            lines.append((world.name, split, group.name, share, *cells, group.agents, group.levels))
    make_folder(out)
    write(out / "worst.csv", csv_bytes(lines))
    return [out / "worst.csv", *_picture(found, world, split, out)]


def _picture(found: Sequence[Group], world: World, split: str, out: Path) -> list[Path]:
    """A panel for each first knob in the groups' names ("alpha=0" of "alpha=0,curriculum=dr")."""
    begin(titles=12)
    panels: dict[str, list[tuple[str, Group]]] = {}
    for group in found:
        panel, comma, rest = group.name.partition(",")
        panels.setdefault(panel if comma else "", []).append((rest or group.name, group))
    lines = list(dict.fromkeys(line for mine in panels.values() for line, _ in mine))
    colour = {line: COLOURS[k % len(COLOURS)] for k, line in enumerate(lines)}
    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(1.6 + 3.8 * len(panels), 4.4), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    x = range(len(SHARES))
    handles: dict[str, Artist] = {}
    for at, (panel, mine) in zip(axes[0], panels.items(), strict=True):
        for line, group in mine:
            told = group.figures["missed"]
            low, value, high = ([getattr(e, n) for e in told] for n in ("low", "value", "high"))
            at.fill_between(x, low, high, color=colour[line], alpha=0.12, lw=0)
            (handles[line],) = at.plot(x, value, color=colour[line], marker="o", ms=4.5)
        at.set_title(lettered(panel.replace("=", " = ")))
        at.set_xticks(x, [f"{share:.0%}".replace("%", " %") for share in SHARES])
        at.set_xlabel("the worst share of the levels")
        at.set_ylim(-0.03, 1.03)
        at.grid(axis="y", color="#20233f", alpha=0.12)
        at.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("share of the intended goal missed")
    figure.legend(
        handles.values(), [lettered(line.partition("=")[2] or line) for line in handles],
        loc="outside lower center", ncols=4, frameon=False,
    )  # fmt: skip
    title = f"{world.title}, '{split}': {made_of(found)}"
    figure.suptitle(lettered(title), fontsize=11)
    paths = save_picture(figure, out / "worst")
    pyplot.close(figure)
    return paths


def made_of(found: Sequence[Group]) -> str:
    """What stands behind the figures, in a line."""
    agents, levels = ({getattr(g, n) for g in found} for n in ("agents", "levels"))
    each = counted(agents.pop(), "agent") if len(agents) == 1 else f"up to {max(agents)} agents"
    held = f"{max(levels):,} held-out levels"
    return f"{each} a line, {held}, ranked and told by {TRIES} episodes each; 95 % intervals"
