"""Agents of many worlds, each attacked by itself in a folder of its own, and one table of what was
found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....engine import files
from ....engine.errors import UserError, need
from ....engine.progress import Bar, no_bar
from ...judging.runs import open_agents
from ...studies.markdown import in_markdown
from . import campaign
from .campaign import CONTROL, SPEED, Plan

SLOWER = 8  # a planner that searches gets so many times fewer levels
HEAD = (
    "world", "split", "measure", "budget", "worst", "worst by chance", "share failing",
    "by chance", "missed on found", "on by chance", "steps of an episode", "levels/s",
)  # fmt: skip


def attack_each(
    runs: Sequence[str], plan: Plan, out: Path, bar: Bar = no_bar
) -> tuple[list[dict[str, Any]], list[str]]:
    """Attack every run by `plan`, in `out`/NAME, and write attacks.csv and attacks.md. Nothing is
    explained: for that attack one of them by itself.

    Where experts search rather than walk, an eighth of the budget is spent. Returns a row for each
    attack and a line for each that was refused. What is done already goes on.
    """
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    names = [re.sub(r"\.safetensors$", "", Path(run).name) for run in runs]
    need(len(set(names)) == len(names), "--each: two of these runs are called alike")
    for run, name in zip(runs, names, strict=True):
        try:
            cast = open_agents([run])
            slow = cast.world.planner == "search"
            mine = replace(plan, budget=max(1, plan.budget // SLOWER)) if slow else plan
            asked = cast.world, [(run, cast.agents[0])], mine, out / name
            told = campaign.finished(*asked) or campaign.run(*asked, bar, reasons=False)
        except UserError as fault:
            faults.append(f"{name}: {fault}")
            continue
        rows.append(_row(told, out / name))
        _save(rows, out)
    return rows, faults


def _save(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """The table as CSV and for a page."""
    table = [HEAD, *(tuple(row.values()) for row in rows)]
    files.write(files.make_folder(out) / "attacks.csv", files.csv_bytes(table))
    lines = in_markdown(HEAD, map(cells, rows))
    files.write(out / "attacks.md", ("\n".join(lines) + "\n").encode())


def _row(told: Mapping[str, Any], home: Path) -> dict[str, Any]:
    """What one attack came to, by `HEAD`."""
    mine, chance = told["searches"][Path(told["method"]).name], told["searches"][CONTROL]
    speed = files.read_json(home / SPEED) if (home / SPEED).is_file() else {}
    regret = told["expert"]["word"] if told["objective"] == "regret" else told["objective"]
    values = (
        told["world"], told["split"], regret, told["budget"], mine["worst"], chance["worst"],
        _failing(mine), _failing(chance), mine["missed"], chance["missed"],
        chance["length"], speed.get(CONTROL),
    )  # fmt: skip
    return dict(zip(HEAD, values, strict=True))


def _failing(one: Mapping[str, Any]) -> float:
    return one["failed"] / max(1, one["evaluated"] - one["refused"])


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A row as text, in the order of `HEAD`."""
    shares = HEAD[6:10]
    found = []
    for name, value in row.items():
        if value is None:
            found.append("-")
        elif name in shares:
            found.append(f"{value:.0%}")
        elif isinstance(value, float):
            found.append(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}")
        else:
            found.append(f"{value:,}" if isinstance(value, int) else value)
    return tuple(found)
