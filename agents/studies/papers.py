"""Row by row: what a source reports, and what is measured here of the same.

`recordings/papers.toml` names claims of the ledger, so every figure of ours is read out of its
evidence, with its interval and its budget; what sources report is told in words, each with where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.files import read_text
from ...engine.levels.text import parse_toml
from ..judging.plain import from_plain
from .claims import MOST, UNITS, Found
from .markdown import in_markdown

STANDS = ("agrees", "agrees in part", "differs", "cannot be compared", "not measured here")


@dataclass(frozen=True)
class Row:
    """One finding of a source.

    `world` is the one it is set in here, `reports` what the source says, with `budget` its steps and
    agents; `claims` are ours of it, `stands` is one of STANDS, and `why` says what that rests on.
    """

    source: str
    world: str
    reports: str
    budget: str
    stands: str
    why: str
    claims: tuple[str, ...] = ()


def read(path: Path) -> tuple[Row, ...]:
    """The rows of a file. Raises UserError, with the row at fault."""
    data = parse_toml(read_text(path, MOST), str(path))
    rows, listed = [], data.get("row", [])
    need(isinstance(listed, list), f"{path}: rows are tables [[row]]")
    for number, entry in enumerate(listed, 1):
        try:
            rows.append(from_plain(Row, entry))
        except ValueError as fault:
            raise UserError(f"{path}: row {number}: {fault}") from None
        stands = rows[-1].stands
        need(stands in STANDS, f"{path}: row {number}: '{stands}' is none of {', '.join(STANDS)}")
        told = bool(rows[-1].claims) or stands in STANDS[3:]
        need(told, f"{path}: row {number}: it {stands} with what? name claims")
    return tuple(rows)


def markdown(rows: Sequence[Row], found: Mapping[str, Found]) -> str:
    """papers.md. Raises UserError for a claim that the ledger lacks."""
    counts = ", ".join(f"{sum(row.stands == s for row in rows)} {s}" for s in STANDS)
    lines = [
        "# Against the papers, row by row",
        "",
        "What sources report, and what is measured here of the same. Written from [papers.toml](papers.toml)",
        "by `goalshift reproduce --write`; our figures are those of [claims](CLAIMS.md), by name. Other engines,",
        "other networks, and a hundredth of the steps: *agrees* means that the same happens in the same direction",
        f"beyond our interval, and never that curves are equal. Of {len(rows)} rows: {counts}.",
        "",
    ]
    cells = []
    for row in rows:
        ours = "<br>".join(_ours(found, name) for name in row.claims) or "-"
        cells.append(
            (row.source, f"`{row.world}`", row.reports, row.budget, ours, row.stands, row.why)
        )
    head = ("source", "world", "it reports", "its budget", "here", "stands", "why")
    return "\n".join([*lines, *in_markdown(head, cells)]) + "\n"


def _ours(found: Mapping[str, Found], name: str) -> str:
    """A claim of ours in a cell."""
    need(name in found, f"papers.toml names a claim '{name}', and the ledger has none such")
    one = found[name]
    claim = one.claim
    many = counted(claim.agents, "agent")
    return f"{claim.says}: **{one.figure}{UNITS[claim.unit]}** ({many}, {claim.budget}; `{name}`)"
