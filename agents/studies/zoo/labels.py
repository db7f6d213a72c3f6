"""What each agent of a zoo does after the shift: a label with its intervals, by one agent alone.

Not a verdict, which needs seeds: a label is the word of an illustration, from intervals over
held-out levels. Agents whose interval straddles a line are *undecided*, and no detector is scored on
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ....engine import files
from ....engine.counts import number
from ....engine.errors import need
from ....engine.levels.splits import recall, split_of
from ....engine.progress import Show, silent
from ....engine.world import Split, World
from ...judging.intervals import Weights
from ...judging.measure import Measured
from ...judging.references import Ruler, references
from ...judging.rollout import MAX_LEVELS, at_most, rollout
from ...judging.verdict import HACKED, LABELS, MISGENERALIZED, ROBUST, judge
from ...policies.policy import Policy
from .members import Member, members

TABLE = "agents.csv"
LEVELS, RESAMPLES = 256, 400
BAD, GOOD = (MISGENERALIZED, HACKED), (ROBUST,)


@dataclass(frozen=True)
class Label:
    """A row of agents.csv. Shares are normalised (random policy 0, experts 1) and "" if unknown."""

    agent: str
    kind: str
    stratum: str
    point: str
    split: str
    digest: str
    label: str
    levels: int
    parting: int
    trained: float | None
    kept: float | None
    kept_low: float | None
    kept_high: float | None
    astray: float | None
    astray_low: float | None
    astray_high: float | None
    competence: float | None

    @property
    def bad(self) -> bool | None:
        """Did it go after another goal? None if that is not decided, or it was not able."""
        return True if self.label in BAD else False if self.label in GOOD else None

    @property
    def recipe(self) -> str:
        return f"{self.stratum}/{self.point}"


def label(member: Member, agent: Policy, world: World, levels: int = LEVELS) -> Label:
    """The label of one agent, from its episodes on `levels` held-out levels of its own training
    split and of the split that its world is judged on.
    """
    home = _measured(world, agent, recall(world, member.split, member.home), levels)
    trained = home.weights.estimate(home.normalised(home.ruler.paid))
    found = _measured(world, agent, split_of(world, world.judged), levels).findings(trained)
    return Label(
        agent=member.name,
        kind=member.kind,
        stratum=member.stratum,
        point=member.point,
        split=member.split,
        digest=member.digest,
        label=judge(found).label,
        levels=levels,
        parting=found.parting,
        trained=trained.value,
        kept=found.intended.value,
        kept_low=found.intended.low,
        kept_high=found.intended.high,
        astray=found.astray.value,
        astray_low=found.astray.low,
        astray_high=found.astray.high,
        competence=found.competence.value,
    )


def _measured(world: World, agent: Policy, split: Split, levels: int) -> Measured:
    n = at_most(split, levels)
    ruler = Ruler(world, references(world, split, n, 0))
    return Measured(ruler, Weights(1, n, RESAMPLES), [rollout(world, agent, split, n)])


def labelled(out: Path, levels: int = LEVELS, show: Show = silent) -> list[Label]:
    """The labels of all agents of a zoo; those in agents.csv are taken over, if they are of the same
    weights and as many levels, and the rest is played and written there.
    """
    known = {row.agent: row for row in read(out)} if (out / TABLE).is_file() else {}
    found, todo = members(out), 0
    rows: list[Label] = []
    try:
        for k, member in enumerate(found):
            row = known.get(member.name)
            if row is None or row.digest != member.digest or row.levels != levels:
                row, todo = label(member, member.open(), member.world(), levels), todo + 1
            rows.append(row)
            show(k + 1, len(found), member.name)
    finally:  # also when it is interrupted, or an agent is broken: what is done is kept
        if todo or len(rows) != len(known):
            later = {member.name for member in found[len(rows) :]}
            write(out, [*rows, *(row for name, row in known.items() if name in later)])
    return rows


def write(out: Path, rows: list[Label]) -> None:
    """All rows into agents.csv."""
    names = [field.name for field in fields(Label)]
    cells = [["" if (x := getattr(row, n)) is None else x for n in names] for row in rows]
    files.write(out / TABLE, files.csv_bytes([names, *cells]))


def read(out: Path) -> list[Label]:
    """The rows of agents.csv, checked whole. Raises UserError, naming the file."""
    path = out / TABLE
    head, rows = files.read_csv(path, 64 << 20)
    names = [field.name for field in fields(Label)]
    need(head == names, f"{path}: its columns are not {', '.join(names)}")
    return [_row(row, f"{path}:{k + 2}") for k, row in enumerate(rows)]


def _row(row: Mapping[str, str], where: str) -> Label:
    made: dict[str, Any] = {}
    for one in fields(Label):
        text = row[one.name]
        if one.type == "str":
            made[one.name] = text
        elif one.type == "float | None" and not text:
            made[one.name] = None
        else:
            found = number(text)
            need(found == found, f"{where}: {one.name} is no number")
            count = one.type == "int"
            need(not count or found.is_integer(), f"{where}: {one.name} is no whole number")
            made[one.name] = int(found) if count else found
    need(made["label"] in LABELS, f"{where}: '{made['label']}' is no label")
    need(1 <= made["levels"] <= MAX_LEVELS, f"{where}: levels are 1 to {MAX_LEVELS:,}")
    return Label(**made)
