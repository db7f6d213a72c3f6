"""An evaluation for people: a table for each split, then what it shows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .evaluation import Evaluation

if TYPE_CHECKING:
    from rich.console import Group

MARKS = {"intended": "★", "proxy": "◇", "paid": "$"}


def table(evaluation: Evaluation) -> Group:
    """A table for each split, and the verdicts, for a terminal."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    n = len(evaluation.agents)
    parts: list[Any] = []
    for name, split in evaluation.splits.items():
        held = split.held_out
        title = f"{evaluation.world.name} · {name}"
        title += " · trained on" if name == evaluation.home else ""
        title += f" · {split.levels} held-out levels"
        title += f" ({held.shared} of them among {held.trained:,} trained on)"
        rows = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        rows.add_column("% of expert")
        for goal in evaluation.goals:
            rows.add_column(f"{MARKS[goal.role]} {goal.name}", justify="right", no_wrap=True)
        for column in ("competence", "astray", "steps"):
            rows.add_column(column, justify="right", no_wrap=True)
        for who, policy in split.policies.items():
            label = f"{n} agents" if who == "agent" and n > 1 else who
            figures = [policy.goals[goal.name].normalised for goal in evaluation.goals]
            figures += [policy.competence, policy.astray]
            shown = [figure.percent(interval=who == "agent") for figure in figures]
            steps = f"{policy.length.value:.0f}"
            rows.add_row(label, *shown, steps, style="bold" if who == "agent" else "")
        parts += [rows, Text(str(split)), Text()]
    parts += [Text(line) for line in str(evaluation).splitlines()]
    return Group(*parts)


def as_text(evaluation: Evaluation, width: int = 110) -> str:
    """`table` as plain text."""
    from rich.console import Console

    text = io.StringIO()
    Console(file=text, width=width, color_system=None, force_terminal=False).print(
        table(evaluation)
    )
    return text.getvalue()
