"""The table of a comparison of mitigations: as text, in Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ...engine.counts import counted
from ...engine.files import csv_bytes, json_bytes, make_folder, write
from ...engine.version import __version__
from ..judging.intervals import Estimate
from ..judging.plain import to_plain
from ..studies.markdown import in_markdown
from . import evasion

FORMAT = "goalshift-mitigate/1"
FIGURES = ("intended", "met", "instead", "competence", "paid")  # each an `Estimate`
APART = ("intended_apart", "instead_apart")  # from plain, each an `Estimate` or None
HEAD = (
    "mitigation",
    "intended after the shift",
    "minus plain",
    "proxy instead",
    "minus plain's",
    "competence",
    "paid goal in training",
    "trained reward",
    "verdict",
    "steps",
    "labelled levels",
)


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A row as text, in the order of `HEAD`."""

    def apart(name: str) -> str:
        found: Estimate | None = row[name]
        if found is None or found.value is None:
            return "-"
        return ("+" if found.value >= 0 else "") + found.percent()

    trained = row["learned_from"]
    return (
        row["entry"],
        row["intended"].percent(),
        apart("intended_apart"),
        row["instead"].percent(),
        apart("instead_apart"),
        row["competence"].percent(),
        row["paid"].percent(),
        "as paid" if trained is None else f"{trained:.2f}",
        row["label"] + " (illustration)" * row["illustration"],
        f"{row['steps']:,}",
        f"{row['labelled']:,}",
    )


def save(
    rows: Sequence[dict[str, Any]],
    about: Mapping[str, str],
    out: Path,
    monitored: Sequence[evasion.Evasion] = (),
) -> None:
    """Write mitigate.md, .csv and .json into `out`; and monitor.csv, if there were monitors. `about`:
    the world, split and settings, by these names.
    """
    lines = in_markdown(HEAD, map(cells, rows))
    lines += ["", *(f"- `{row['entry']}`: {row['about']}." for row in rows)]
    lines.append(f"\n{made_of(rows)}. Steps and labelled levels are those of one seed.")
    ends = [field.name for field in fields(Estimate)][:3]
    columns = [f"{name}_{end}" for name in (*FIGURES, *APART) for end in ends]
    words = ("learned_from", "label", "steps", "labelled", "seeds", "levels")
    table: list[tuple[Any, ...]] = [(*about, "entry", *columns, *words)]
    for row in rows:
        figures = [getattr(row[n], end, None) for n in (*FIGURES, *APART) for end in ends]
        table.append((*about.values(), row["entry"], *figures, *(row[word] for word in words)))
    make_folder(out)
    if monitored:
        lines += ["", evasion.markdown(monitored)]
        write(out / "monitor.csv", evasion.as_csv(monitored))
    write(out / "mitigate.md", ("\n".join(lines) + "\n").encode())
    write(out / "mitigate.csv", csv_bytes(table))
    told = {"format": FORMAT, "goalshift": __version__, **about, "rows": to_plain(rows)}
    write(out / "mitigate.json", json_bytes(told))


def made_of(rows: Sequence[dict[str, Any]]) -> str:
    """What stands behind the figures, in a line."""
    seeds, levels = rows[0]["seeds"], rows[0]["levels"]
    return (
        f"{counted(seeds, 'seed')} each, {counted(rows[0]['steps'], 'step')} where nothing else is said,"
        f" {counted(levels, 'held-out level')}; 95 % intervals"
    )
