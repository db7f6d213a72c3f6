"""The figures of a report: learning curves, where ways part, what an agent expects, a curve over a
knob.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import UserError
from ....engine.files import read_csv
from ....engine.levels.splits import split_of
from ....engine.vector import Vec
from ....engine.view.camera import top
from ....engine.view.camera.shot import Shot, Window
from ....engine.view.draw import charts, overlays
from ....engine.view.draw.marks import goal_marks
from ....engine.world import World
from ....engine.worth import met
from ...judging.rollout import Episodes, rollout
from ...live.thoughts import fields
from ...policies.expert import Expert
from ...policies.policy import Policy
from ...studies.curve import INSTEAD, MEASURES, MOST_POINTS

# of goals: the intended one first
COLOURS = ("#b7791f", "#b83280", "#2b6fc4", "#2f855a", "#7d5bb5", "#c2410c")
# of the measures of a curve
DASHES = {"trained": "2 4", "intended": "", INSTEAD: "10 3 2 3", "competence": "7 4"}
CELL = 28  # pixels of a cell in pictures of levels
WIDEST = 1200  # pixels of such a picture
CURVE_BYTES = 4 << 20  # of a file of curves


def learning_curves(
    world: World, logs: Sequence[Sequence[Mapping[str, Any]]], begun: Sequence[int]
) -> dict[str, str]:
    """A figure for every goal, paid for or not: its return over training, a thin line a run and a
    bold middle.

    Nothing is shown before step `begun` of a run, when every environment has had the time for a
    longest episode: until then the episodes that have ended are not a fair sample.
    """
    figures = {}
    for g, goal in enumerate(world.goals):
        colour, lines = COLOURS[g % len(COLOURS)], []
        for rows, first in zip(logs, begun, strict=True):
            found = [
                (row["step"], row.get(f"return/{goal.name}"))
                for row in rows
                if row["step"] >= first
            ]
            found = [(step, value) for step, value in found if value is not None]
            if found:
                lines.append(
                    charts.Curve(*_thinned(*np.array(found, float).T), colour, bold=len(logs) == 1)
                )
        if not lines:
            continue
        if len(lines) > 1:
            grid = max((line.x for line in lines), key=len)
            middle = np.median([np.interp(grid, line.x, line.y) for line in lines], 0)
            lines.append(charts.Curve(grid, middle, colour))
        kind = (
            "intended" if goal is world.intended else "proxy" if goal in world.proxies else "paid"
        )
        paid = ", paid" if goal is world.paid and kind != "paid" else ""
        figures[goal.name] = charts.curves(f"{goal.name} ({kind}{paid})", lines, "steps", "return")
    return figures


def _thinned(x: np.ndarray, y: np.ndarray, most: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points, each the mean of those it stands for."""
    n = -(-len(x) // most)
    ends = range(0, len(x), n)
    return np.array([x[k : k + n].mean() for k in ends]), np.array(
        [y[k : k + n].mean() for k in ends]
    )


def expert_ways(world: World, split: str, levels: int, seed: int) -> Episodes:
    """The episodes of the expert of the intended goal with what it did."""
    return rollout(world, Expert(world, world.intended.name), split, levels, seed, record=True)


def partings(
    world: World, played: Sequence[Episodes], expert: Episodes, split: str, seed: int
) -> tuple[np.ndarray, float | None]:
    """Where agents leave the expert's way, counted by cell (int[h, w]), and the median step at
    which they do.

    Only of episodes in which the expert meets the intended goal and the agent does not.
    """
    counts, steps = np.zeros(world.size, int), []
    best = np.stack([expert.scores[:, 0]], -1)
    theirs = _ways(world, expert, split, seed)
    for episodes in played:
        mine = _ways(world, episodes, split, seed)
        n = max(len(mine), len(theirs))
        a, b = (
            np.concatenate([way, np.repeat(way[-1:], n - len(way), 0)]) for way in (mine, theirs)
        )
        apart = (a != b).any((2, 3))
        missed = ~met(episodes.scores[:, :1], best)[:, 0] & (best[:, 0] > 0) & apart.any(0)
        for level in np.flatnonzero(missed):
            step = max(int(apart[:, level].argmax()) - 1, 0)
            y, x = a[step, level, 0]
            counts[y, x] += 1
            steps.append(step)
    return counts, float(np.median(steps)) if steps else None


def _ways(world: World, episodes: Episodes, split: str, seed: int) -> np.ndarray:
    """Where the learners are on every step of every level: int16[T + 1, n, L, 2]."""
    assert episodes.actions is not None
    n = len(episodes.seeds)
    vec = Vec(world, n, split_of(world, split), seed, pool="test", autoreset="off")
    vec.assign(np.ones(n, np.bool_), episodes.seeds)
    vec.reset()
    ways = np.zeros((len(episodes.actions) + 1, n, world.learners, 2), np.int16)
    for t in range(len(ways)):
        ways[t, ..., 0] = vec.states["y"][:, : world.learners]
        ways[t, ..., 1] = vec.states["x"][:, : world.learners]
        if t < len(episodes.actions):
            vec.step(episodes.actions[t])
    return ways


# -- what an agent expects and would do


def mind_picture(
    world: World, agent: Policy, states: np.recarray
) -> tuple[np.ndarray, tuple[float, float] | None]:
    """A start state with what the agent expects from each cell, if it has a value, and what it
    would do there.

    Returns the picture, and the least and the most it expects.
    """
    s = states[0]
    p = max(min(CELL, WIDEST // int(s.w)), 8)
    value, arrows = fields(world, agent, states, 0)
    lying = overlays.values(value, p) if value is not None else []
    lying += overlays.arrows(arrows, p)
    size = int(s.h) * p, int(s.w) * p
    marks, at = goal_marks(world, states), Window(p, s.h / 2, s.w / 2)
    picture = top.draw(Shot(world, s, size, at=at, marks=marks, under=lying))
    if value is None or np.isnan(value).all():
        return picture, None
    return picture, (float(np.nanmin(value)), float(np.nanmax(value)))


# -- a curve over a knob


def read_curve(path: Path, world: World) -> list[dict[str, Any]]:
    """The points of a curve.csv that `goalshift curve` wrote. Raises UserError, in one line, if it
    is none.

    So it does if it is of another world than this; files that do not say of which are taken as they
    are.
    """
    try:
        head, rows = read_csv(path, CURVE_BYTES)
    except UserError as fault:
        raise UserError(f"--curve {fault}") from None
    if "astray" in head:  # as 0.1.0 called it
        now = {name: re.sub("^astray", INSTEAD, name) for name in head}
        head, rows = [*now.values()], [{now[k]: cell for k, cell in row.items()} for row in rows]
    wanted = {"over", "value", "by", "by_value", "verdict", "seeds"}
    wanted |= {f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")}
    missing = sorted(wanted - set(head if rows else ()))
    if missing or len(rows) > MOST_POINTS:
        why = (
            f"it lacks {', '.join(missing[:4])}"
            if missing
            else f"it has more than {MOST_POINTS} points"
        )
        raise UserError(f"--curve '{path}' is no curve.csv of goalshift curve: {why}")
    foreign = sorted({row.get("world", world.name)[:100] for row in rows} - {world.name})
    if foreign:
        raise UserError(
            f"--curve '{path}' is of the world '{foreign[0]}', and the runs are of '{world.name}'"
        )
    points = []
    for k, row in enumerate(rows, 2):
        point: dict[str, Any] = {
            key: row[key][:100] for key in ("over", "value", "by", "by_value", "verdict")
        }
        point["seeds"] = _number(path, k, row["seeds"])
        for name in MEASURES:
            point[name] = {end or "value": _number(path, k, row[f"{name}{'_' * bool(end)}{end}"])
                           for end in ("", "low", "high")}  # fmt: skip
        points.append(point)
    if len({(point["over"], point["by"]) for point in points}) > 1:
        raise UserError(f"--curve '{path}' mixes several knobs")
    return points


def _number(path: Path, line: int, text: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"--curve '{path}', line {line}: '{text[:40]}' is no number")
    return number


def knob_curves(points: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Two figures for each value of the second knob, equal steps between the values of the first:
    what is normalised, and how often a proxy is met instead.
    """
    figures = {}
    for panel in dict.fromkeys(point["by_value"] for point in points):
        mine = [point for point in points if point["by_value"] == panel]
        by = f", {mine[0]['by']} {panel}" if panel else ""
        normalised = [name for name in MEASURES if name != INSTEAD]
        for names, axis, aside in (
            (normalised, "random policy 0, expert 1", ""),
            ([INSTEAD], "share of levels: proxy instead", "-instead"),
        ):
            figures[f"{panel or 'all'}{aside}"] = charts.curves(
                f"over {mine[0]['over']}{by}",
                [curve for name in names for curve in _knob_curve(mine, name)],
                mine[0]["over"],
                axis,
                (260, 480),
                [point["value"] for point in mine],
            )
    return figures


def _knob_curve(points: Sequence[Mapping[str, Any]], name: str) -> list[charts.Curve]:
    """One measure with both ends of its interval."""
    x, curves = np.arange(len(points), dtype=float), []
    for end in ("low", "high", "value"):
        y = np.array([np.nan if p[name][end] is None else p[name][end] for p in points])
        dash = DASHES[name] if end == "value" else ""
        curves.append(charts.Curve(x, y, MEASURES[name][1], end == "value", dash))
    return curves
