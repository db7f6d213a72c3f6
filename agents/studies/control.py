"""Controls: agents of the same network, budget and seeds that could have learned the intended goal.

Where the shift tells the goals apart, half of a control's training levels are shifted ones; where
the pay is what is wrong, it is paid for the intended goal. If it reaches that goal where its world
is judged, what the world's own agents do instead is not for want of skill or of steps.

    OUT/WORLD/seed-K/      the runs; evaluation.json beside them
    OUT/controls.csv  controls.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...engine.files import csv_bytes, make_folder, write
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.evaluation import Evaluation
from ..learning.files import EVALUATION
from . import table
from .jobs import Plan, run_all, seeds_of
from .markdown import in_markdown

HALVES = "alpha=0.5"  # both kinds: an agent of shifted levels alone may not know the others
FIGURES = ("kept", "intended", "instead", "trained", "competence")
HEAD = (
    "world",
    "judged on",
    "learned from",
    "intended goal kept",
    "its return",
    "proxy",
    "proxy instead",
    "agents",
    "reaches the intended goal",
)


def lesson(world: World) -> dict[str, str]:
    """The option that makes a control of a world's training."""
    if world.paid is not world.intended:
        return {"reward": f"goal.{world.intended.name.replace(' ', '_')}"}
    return {"split": HALVES}


def make(
    worlds: Sequence[str], out: Path, plan: Plan, show: Show = silent
) -> tuple[list[dict[str, Any]], list[str]]:
    """Train and judge what is missing in `out`, and write what is there. Returns the rows (see
    `row_of`) and a line for each job that failed.
    """
    found = table.opened(worlds)
    jobs = []
    for text, world in found:
        own = replace(plan, given={**plan.given, **lesson(world)})
        jobs += seeds_of(text, out / world.name, own)
    faults = run_all(out, jobs, plan.place, show)
    files = [(world, out / world.name / EVALUATION) for _, world in found]
    rows = [row_of(world, Evaluation.load(path)) for world, path in files if path.is_file()]
    if rows:
        save(rows, out)
    return rows, faults


def row_of(world: World, evaluation: Evaluation) -> dict[str, Any]:
    """The row of the table (see `table.rows_of`) where the world is judged, with what its agents
    learned from, what they kept of the intended goal where the goals part (an `Estimate`), and
    whether that is above the line of a robust agent: "yes", "no", or "open" if it straddles it.
    """
    [row] = [r for r in table.rows_of(world, evaluation) if r["split"] == world.judged]
    kept = evaluation.verdicts[world.judged].criteria["kept"]
    reaches = {True: "yes", False: "no", None: "open"}[kept.above]
    [(key, value)] = lesson(world).items()
    return {**row, "learned": f"{key}={value}", "kept": kept, "reaches": reaches}


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row as text, in the order of `HEAD`."""
    kept, intended = (row[name].percent() for name in ("kept", "intended"))
    instead = row["instead"].percent() if row["instead"] else "-"
    proxy, agents = row["proxy"], str(row["seeds"])
    where = (row["world"], row["split"], row["learned"])
    return (*where, kept, intended, proxy, instead, agents, row["reaches"])


def save(rows: Sequence[dict[str, Any]], out: Path) -> None:
    """Write controls.csv and controls.md into `out`."""
    words = ("proxy", "reaches", "parting", "seeds", "levels")
    ends = ("value", "low", "high")
    columns = [f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")]
    lines: list[tuple[Any, ...]] = [("world", "split", "learned", *columns, *words)]
    for row in rows:
        numbers = [getattr(row[name], end, None) for name in FIGURES for end in ends]
        where = (row["world"], row["split"], row["learned"])
        lines.append((*where, *numbers, *(row[key] for key in words)))
    make_folder(out)
    write(out / "controls.csv", csv_bytes(lines))
    text = "\n".join(in_markdown(HEAD, map(cells, rows)))
    write(out / "controls.md", f"{text}\n".encode())
