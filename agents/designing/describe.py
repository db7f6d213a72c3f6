"""Sets of levels opened, checked and described: what `goalshift level` says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.counts import counted
from ...engine.errors import UserError, printable
from ...engine.files import read_text
from ...engine.levels import edit, folder, formats, ids, sets
from ...engine.levels.kind import Levels
from ...engine.levels.kinds.plain import MAX_FILE
from ...engine.levels.turned import turned
from ...engine.world import World
from . import parting, survey

WIDTH = 40  # characters of the longest bar
REMARKS = 5  # on a file, at most
SURVEYED = 4096  # levels that statistics look at, at most, and that are looked at at once


def open_levels(path: str | Path, world: World | None = None, most: int = 0) -> Levels:
    """The levels of a file, of a set that ships, or of a folder that `level gen` made; of a folder at
    most `most`, if that is given.

    Raises UserError in one line.
    """
    source = sets.path_of(path)
    return folder.read(source, world, most) if source.is_dir() else formats.read(source, world)


def excerpt(fault: str, path: Path) -> str:
    """The line that a fault names, with a caret below its column; nothing if it names none."""
    found = re.match(re.escape(str(path)) + r":(\d+):(\d+): ", fault)
    if not found:
        return ""
    number, column = int(found[1]), int(found[2])
    try:
        lines = read_text(path, MAX_FILE).split("\n")
    except UserError:
        return ""
    if number > len(lines):
        return ""
    line = lines[number - 1]
    start = max(0, column - 60)
    return f"  {line[start : start + 100]}\n  {' ' * (column - 1 - start)}^"


def examine(path: Path, world: World | None = None) -> dict[str, Any]:
    """Is the file sound, and can its levels be solved? Plain data: file, levels, solvable, doubles,
    or a fault.
    """
    try:
        found = open_levels(path, world)
    except UserError as fault:
        text = str(fault)
        return {"file": str(path), "sound": False, "fault": text, "excerpt": excerpt(text, path)}
    looked = survey.ways(
        found.world, "intended", found.states[:SURVEYED].view(np.recarray), effort=False
    )
    prints = found.world.fingerprints(found.states)
    _, first = np.unique(prints, return_index=True)
    unsolved = np.flatnonzero(looked.score <= 0)
    return {
        "file": str(path),
        "sound": True,
        "world": found.world.name,
        "levels": len(found.states),
        "solved": int((looked.score > 0).sum()),
        "looked_at": len(looked.score),
        "unsolved": [title(found, int(i)) for i in unsolved[:5]],
        "doubles": len(prints) - len(first),
        "remarks": list(dict.fromkeys(found.remarks))[:REMARKS],
    }


def report(found: dict[str, Any]) -> str:
    """What `examine` found, for people."""
    if not found["sound"]:
        return printable("\n".join(filter(None, (found["fault"], found["excerpt"]))))
    line = f"{found['file']}: {counted(found['levels'], 'level')} of {found['world']}, sound"
    if found["looked_at"] < found["levels"]:
        line += f"; of the first {found['looked_at']:,}"
    line += f"; {found['solved']:,} can be solved"
    if found["unsolved"]:
        line += f", not: {', '.join(found['unsolved'])}"
    line += f"; {found['doubles']:,} doubles" if found["doubles"] else ""
    return printable("\n".join((line, *(f"  note: {remark}" for remark in found["remarks"]))))


def title(found: Levels, i: int) -> str:
    """What to call level i: its name, else its number."""
    return found.names[i] or f"#{i + 1}"


def captions(found: Levels, chosen: Sequence[int]) -> list[str]:
    """A line for each of the chosen levels: name, steps of the intended goal's expert, the level's
    name by its fingerprint.
    """
    states = found.states[list(chosen)].view(np.recarray)
    looked = survey.ways(found.world, "intended", states, effort=False)
    lines, prints = [], ids.names(found.world, states)
    for k, i in enumerate(chosen):
        steps = counted(looked.steps[k], "step") if looked.score[k] > 0 else "no way"
        lines.append(f"{title(found, i)}  {steps}  {prints[k]}")
    return lines


def statistics(found: Levels, goal: str = "intended", proxy: str = "") -> dict[str, Any]:
    """Counts, shares of tiles, measures and how often the goals part; of at most 4,096 levels,
    spread over the set.
    """
    chosen = np.unique(
        np.linspace(0, len(found.states) - 1, min(len(found.states), SURVEYED)).astype(int)
    )
    world, states = found.world, found.states[chosen].view(np.recarray)
    looked = survey.ways(world, goal, states)
    solved = looked.score > 0
    live = [states.tiles[i, : states.h[i], : states.w[i]].ravel() for i in range(len(states))]
    counts = np.bincount(np.concatenate(live), minlength=len(world.tiles))
    told = {
        "world": world.name,
        "levels": len(found.states),
        "looked_at": len(states),
        "goal": world.goal(goal).name,
        "solved": float(solved.mean()),
        "distinct": len(np.unique(world.fingerprints(found.states))),
        "distinct_turned": len(np.unique(turned(world, found.states))),
        "training": float((world.fingerprints(found.states) & np.uint64(3) != 0).mean()),
        "tiles": {
            tile.name: float(share)
            for tile, share in zip(world.tiles, counts / counts.sum(), strict=True)
        },
    }
    for name in ("distance", "steps", "effort"):
        values = getattr(looked, name)[solved]
        told[name] = histogram(values) if len(values) else None
    if proxy or world.proxies:
        rival = survey.first_proxy(world, proxy)
        parts, decision = parting.both(world, rival, goal, states, looked)
        told |= {"proxy": rival, "parts": float(parts.mean()), "decision": float(decision.mean())}
    return told


COLUMNS = (
    "level",
    "fingerprint",
    "seed",
    "split",
    "height",
    "width",
    "score",
    "distance",
    "steps",
    "effort",
)


def rows(found: Levels, goal: str = "intended", proxy: str = "", progress: Any = None) -> str:
    """A line of CSV for each level: what it is, what the goal's expert does on it, and whether a
    proxy's does that too.

    parts and decision (0 or 1): see `Require`.
    """
    world, total = found.world, len(found.states)
    rival = survey.first_proxy(world, proxy) if proxy or world.proxies else ""
    splits = {world.split(name).weights.index(1.0): name for name in reversed(world.split_names)}
    lines = [",".join((*COLUMNS, *("parts", "decision") * bool(rival)))]
    for first in range(0, total, SURVEYED):
        states = found.states[first : first + SURVEYED].view(np.recarray)
        looked, prints = survey.ways(world, goal, states), world.fingerprints(states)
        columns: list[Any] = [
            [title(found, first + i) for i in range(len(states))],
            [f"{value:016x}" for value in prints.tolist()],
            states.seed.tolist(),
            [splits[row] for row in states.row.tolist()],
            *(getattr(states, name).tolist() for name in ("h", "w")),
            [f"{value:g}" for value in looked.score.tolist()],
            *(getattr(looked, name).tolist() for name in ("distance", "steps", "effort")),
        ]
        if rival:
            columns += [
                column.astype(int).tolist()
                for column in parting.both(world, rival, goal, states, looked)
            ]
        lines += [",".join(map(str, row)) for row in zip(*columns, strict=True)]
        if progress:
            progress(min(first + SURVEYED, total), total)
    return "\n".join(lines) + "\n"


def histogram(values: np.ndarray, bins: int = 10) -> dict[str, Any]:
    """Least, median, most, and counts over equal ranges of whole numbers."""
    low, high = int(values.min()), int(values.max())
    step = max(1, -(-(high - low + 1) // bins))
    counts = np.bincount((values - low) // step)
    ranges = [[low + k * step, low + (k + 1) * step - 1] for k in range(len(counts))]
    return {
        "least": low,
        "median": float(np.median(values)),
        "most": high,
        "ranges": ranges,
        "counts": counts.tolist(),
    }


def table(told: dict[str, Any]) -> str:
    """`statistics` for people, with bars."""
    lines = [f"{counted(told['levels'], 'level')} of {told['world']}"]
    if told["looked_at"] < told["levels"]:
        lines[0] += f", {told['looked_at']:,} of them looked at"
    lines.append(f"'{told['goal']}' can be had on {told['solved']:.1%}")
    if "proxy" in told:
        lines.append(
            f"it parts from '{told['proxy']}' on {told['parts']:.1%}; at the first step on {told['decision']:.1%}"
        )
    lines.append(
        f"{told['distinct']:,} distinct, {told['distinct_turned']:,} up to turns and mirrors"
    )
    lines.append(f"{told['training']:.1%} belong to the training pool")
    lines.append(
        "tiles: "
        + ", ".join(f"{name} {share:.1%}" for name, share in told["tiles"].items() if share)
    )
    for name in ("distance", "steps", "effort"):
        if told[name]:
            lines += [
                "",
                f"{name}: {told[name]['least']} to {told[name]['most']}, median {told[name]['median']:g}",
            ]
            most = max(told[name]["counts"])
            labels = [
                f"{low}-{high}" if high > low else f"{low}" for low, high in told[name]["ranges"]
            ]
            wide = max(map(len, labels))
            for label, count in zip(labels, told[name]["counts"], strict=True):
                lines.append(f"  {label:>{wide}} {'#' * round(WIDTH * count / most)} {count}")
    return "\n".join(lines)


def difference(one: Levels, other: Levels, at: int = 1) -> tuple[dict[str, Any], str]:
    """How two sets differ: what they share by fingerprint, and how the `at`-th level of each
    differs; data and text.
    """
    prints = [set(levels.world.fingerprints(levels.states).tolist()) for levels in (one, other)]
    both, mine, theirs = (
        len(prints[0] & prints[1]),
        len(prints[0] - prints[1]),
        len(prints[1] - prints[0]),
    )
    for levels in (one, other):
        if at > len(levels.states):
            raise UserError(f"there is no level {at}: one of the sets has {len(levels.states)}")
    pair = [levels.states[at - 1 : at].view(np.recarray) for levels in (one, other)]
    found = edit.diff(one.world, *pair)
    lines = []
    if max(len(one.states), len(other.states)) > 1:
        lines = [
            f"{counted(both, 'level')} in both, {mine:,} in the first only, {theirs:,} in the second only",
            f"level {at}:",
        ]
    lines += [f"{change.what}: {change.one} -> {change.other}" for change in found] or [
        "no difference"
    ]
    told = {"both": both, "first_only": mine, "second_only": theirs, "at": at}
    return told | {"changes": [change._asdict() for change in found]}, "\n".join(lines)
