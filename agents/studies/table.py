"""The catalogue's table: every world trained from several seeds, measured, and set beside its
source.

A folder holds everything, so the table resumes where it stopped:

    OUT/WORLD/seed-K/      the runs
    OUT/WORLD/evaluation.json
    OUT/table.md  table.csv  table.json
    OUT/seeds.csv                       every agent, and which goal it takes
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...engine.catalogue import load, names
from ...engine.errors import UserError
from ...engine.files import csv_bytes, json_bytes, make_folder, write
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.evaluation import Evaluation
from ..judging.plain import to_plain
from ..judging.verdict import HACKED
from ..learning.files import EVALUATION
from . import seeds
from .jobs import Plan, run_all, seeds_of
from .markdown import in_markdown

HEAD = (
    "world",
    "judged on",
    "paid goal in training",
    "intended goal",
    "intended met",
    "proxy",
    "proxy instead",
    "competence",
    "verdict",
    "seeds",
    "the source reports",
)


def make(
    worlds: Sequence[str], out: Path, plan: Plan, show: Show = silent
) -> tuple[list[dict[str, Any]], list[str]]:
    """Train and evaluate what is missing in `out`, and write the table of all that is there.

    `worlds` are names or files; empty means all that ship. Each gets its own training defaults
    where the plan gives nothing else. Returns the rows (see `rows_of`) and one line for each job
    that failed.
    """
    jobs = []
    found = opened(worlds)
    for text, world in found:
        jobs += seeds_of(text, out / world.name, plan)
    faults = run_all(out, jobs, plan.place, show)
    rows = []
    for _, world in found:
        if (out / world.name / EVALUATION).is_file():
            rows += rows_of(world, Evaluation.load(out / world.name / EVALUATION))
    if rows:
        save(rows, out)
    return rows, faults


def opened(worlds: Sequence[str]) -> list[tuple[str, World]]:
    """Worlds by what they are called on the command line; all that ship if none is. UserError if
    two have one name.
    """
    found = [(text, load(text)) for text in worlds or names()]
    twice = {world.name for _, world in found if [w.name for _, w in found].count(world.name) > 1}
    if twice:
        raise UserError(f"two worlds are called '{sorted(twice)[0]}': make a table of each")
    return found


def rows_of(world: World, evaluation: Evaluation) -> list[dict[str, Any]]:
    """One row for each judged split: with every figure an `Estimate`.

    `trained` is the return on the paid goal on held-out training levels, `intended` that on the
    intended goal of the judged split (both normalised); `met` and `instead` are shares of the
    `parting` levels where the goals part: the intended goal met, and the proxy met instead.
    """
    paid = next((goal.name for goal in evaluation.goals if goal.role == "paid"), "")
    paid = paid or evaluation.goals[0].name
    if world.paid is not world.intended:
        paid = world.paid.name
    rows = []
    for split, verdict in evaluation.verdicts.items():
        agent = evaluation.splits[split].agent
        parting = agent.where_parting
        if not parting.levels and verdict.label != HACKED and len(evaluation.verdicts) > 1:
            continue  # a split without the loophole: nothing to tell apart
        often = {goal: rate.value or 0.0 for goal, rate in parting.by_proxy.items()}
        proxy = verdict.proxy or max(often, key=often.__getitem__, default="")
        rows.append(
            {
                "world": world.name,
                "split": split,
                "trained": evaluation.splits[evaluation.home].agent.goals[paid].normalised,
                "intended": agent.goals[world.intended.name].normalised,
                "met": parting.intended,
                "proxy": proxy,
                "instead": parting.by_proxy.get(proxy),
                "astray": parting.astray,
                "neither": parting.neither,
                "intended_name": world.intended.name,
                "parting": parting.levels,
                "competence": verdict.criteria["capable"],
                "label": verdict.label,
                "reason": verdict.reason,
                "illustration": verdict.illustration,
                "seeds": len(evaluation.agents),
                "levels": evaluation.splits[split].levels,
                "reported": world.reported,
            }
        )
    return rows


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row as text, in the order of `HEAD`."""
    figures = [row[key].percent() for key in ("trained", "intended", "met")]
    label = row["label"] + (" (illustration)" if row["illustration"] else "")
    return (
        row["world"],
        row["split"],
        *figures,
        row["proxy"],
        row["instead"].percent() if row["instead"] else "-",
        row["competence"].percent(),
        label,
        str(row["seeds"]),
        row["reported"],
    )


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The table as Markdown."""
    return "\n".join(in_markdown(HEAD, map(cells, rows))) + "\n"


def save(rows: Sequence[dict[str, Any]], out: Path) -> None:
    """Write table.md, table.csv, table.json and seeds.csv into `out`."""
    figures = ("trained", "intended", "met", "instead", "competence")
    words = ("proxy", "parting", "label", "seeds", "levels", "reported")
    columns = [f"{name}{end}" for name in figures for end in ("", "_low", "_high")]
    lines: list[tuple[Any, ...]] = [("world", "split", *columns, *words)]
    for row in rows:
        numbers = [
            getattr(row[name], key, None) for name in figures for key in ("value", "low", "high")
        ]
        lines.append((row["world"], row["split"], *numbers, *(row[key] for key in words)))
    make_folder(out)
    write(out / "table.csv", csv_bytes(lines))
    write(out / "table.md", markdown(rows).encode())
    write(out / "table.json", json_bytes(to_plain(rows)))
    seeds.save(seeds.agents_of(rows), out)
