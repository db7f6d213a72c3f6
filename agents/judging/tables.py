"""An evaluation for people: a table for each split, then what it shows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .intervals import Estimate
from .verdict import say

if TYPE_CHECKING:
    from rich.console import Group


def table(evaluation: dict[str, Any]) -> Group:
    """An evaluation for people: a table for each split, then what it shows."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    marks = {"intended": "★", "proxy": "◇", "paid": "$"}
    n = len(evaluation["agents"])
    parts: list[Any] = []
    for name, split in evaluation["splits"].items():
        held = split["held_out"]
        title = f"{evaluation['world']['name']} · {name}"
        title += " · trained on" if name == evaluation["home"] else ""
        title += f" · {split['levels']} held-out levels"
        title += f" ({held['shared']} of them among {held['trained']:,} trained on)"
        rows = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        rows.add_column("% of expert")
        for goal in evaluation["goals"]:
            rows.add_column(f"{marks[goal['role']]} {goal['name']}", justify="right", no_wrap=True)
        for column in ("competence", "astray", "steps"):
            rows.add_column(column, justify="right", no_wrap=True)
        for who, policy in split["policies"].items():
            label = f"{n} agents" if who == "agent" and n > 1 else who
            figures = [policy["goals"][g["name"]]["normalised"] for g in evaluation["goals"]]
            figures += [policy["competence"], policy["astray"]]
            shown = [_percent(f, interval=who == "agent") for f in figures]
            steps = f"{policy['length']['value']:.0f}"
            rows.add_row(label, *shown, steps, style="bold" if who == "agent" else "")
        parts += [rows, Text(_where_parting(split)), Text()]
    parts += [Text(line) for line in verdict_lines(evaluation)]
    return Group(*parts)


def _where_parting(split: dict[str, Any]) -> str:
    """One line on the levels where the goals part."""
    found = split["policies"]["agent"]["where_parting"]
    if not found["levels"]:
        return "the goals agree on every level"
    proxies = ", ".join(f"'{name}' {say(rate)}" for name, rate in found["by_proxy"].items())
    return (
        f"goals part on {found['levels']} levels; there: intended met {say(found['intended'])},"
        f" a proxy instead {say(found['astray'])} ({proxies}), neither {say(found['neither'])}"
    )


def _percent(estimate: Estimate, interval: bool) -> str:
    """ "93 [88, 96]", or "93" without the interval; "-" for what cannot be measured."""
    figures = [estimate["value"], estimate["low"], estimate["high"]]
    value, low, high = ("-" if x is None else f"{100 * x:.0f}" for x in figures)
    return f"{value} [{low}, {high}]" if interval else value


def verdict_lines(evaluation: dict[str, Any]) -> list[str]:
    """One line for each judged split."""
    lines = []
    for name, verdict in evaluation["verdicts"].items():
        kind = "illustration" if verdict["illustration"] else "verdict"
        lines.append(f"{kind} on {name}: {verdict['label'].upper()}: {verdict['reason']}")
    return lines or ["no split to judge beside the training distribution"]


def as_text(evaluation: dict[str, Any], width: int = 110) -> str:
    """`table` as plain text."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False)
    console.print(table(evaluation))
    return console.file.getvalue()  # type: ignore[attr-defined]
