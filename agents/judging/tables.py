"""An evaluation for people: a table for each split, then what it shows."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from ...engine.counts import counted
from .evaluation import Evaluation
from .verdict import CRITERIA

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

MARKS = {"intended": "★", "proxy": "◇", "paid": "$"}
RETURN = "return of each goal in per cent: random policy 0, the goal's expert 100"
PARTING = "met, instead, neither: per cent of the {n} levels where the goals part"
SHARES = ("★ met", "other instead", "neither")


def table(evaluation: Evaluation) -> Group:
    """For a terminal: a table for each split, the verdicts, and what they turn on."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = []
    for name in evaluation.splits:
        parts += [_split(evaluation, name), Text()]
    parts += [Text(line) for line in str(evaluation).splitlines()]
    if evaluation.verdicts:
        parts += [Text(), _criteria(evaluation)]
    return Group(*parts)


def _split(evaluation: Evaluation, name: str) -> Table:
    """What every policy did on one split: its return on every goal, and what it met where the goals
    part.
    """
    from rich import box
    from rich.table import Table

    split, n = evaluation.splits[name], len(evaluation.agents)
    held, parting = split.held_out, split.agent.where_parting.levels
    title = f"{evaluation.world.name} · {name}"
    title += " · trained on" if name == evaluation.home else ""
    title += f" · {counted(split.levels, 'held-out level')}"
    told = f"{held.shared} of them among {held.trained:,} trained on"
    title += f" ({told if held.trained else 'which were trained on is not known'})"
    caption = (
        f"{RETURN}; {PARTING.format(n=parting)}" if parting else f"{RETURN}; the goals part nowhere"
    )
    rows = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption=caption,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
    )
    rows.add_column("return")
    columns = [f"{MARKS[goal.role]} {goal.name}" for goal in evaluation.goals]
    for column in (*columns, *(SHARES if parting else ()), "steps"):
        rows.add_column(column, justify="right", no_wrap=True)
    for who, policy in split.policies.items():
        label = f"{n} agents" if who == "agent" and n > 1 else who
        figures = [policy.goals[goal.name].normalised for goal in evaluation.goals]
        where = policy.where_parting
        figures += [where.intended, where.astray, where.neither] if parting else []
        shown = [figure.percent(interval=who == "agent") for figure in figures]
        rows.add_row(label, *shown, policy.length.whole(), style="bold" if who == "agent" else "")
    return rows


def _criteria(evaluation: Evaluation) -> Table:
    """What every verdict turns on: the figure, and on which side of its line it lies."""
    from rich import box
    from rich.table import Table

    rows = Table(title="what it turns on (random policy 0, expert 1)", title_justify="left")
    rows.box, rows.title_style = box.SIMPLE_HEAD, "bold"
    for column in ("split", "criterion", "figure", "line", "it lies"):
        rows.add_column(column, no_wrap=column != "criterion")
    side = {True: "above", False: "below", None: "on both sides"}
    for name, verdict in evaluation.verdicts.items():
        for criterion, found in verdict.criteria.items():
            line = f"{found.threshold:g}"
            rows.add_row(name, CRITERIA[criterion], str(found), line, side[found.above])
    return rows


def as_text(evaluation: Evaluation, width: int = 110) -> str:
    """`table` as plain text."""
    from rich.console import Console

    text = io.StringIO()
    Console(file=text, width=width, color_system=None, force_terminal=False).print(
        table(evaluation)
    )
    return text.getvalue()


def as_html(evaluation: Evaluation) -> str:
    """The same for a notebook."""
    return f'<pre style="line-height:1.2">{html.escape(as_text(evaluation))}</pre>'
