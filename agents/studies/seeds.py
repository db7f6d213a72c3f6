"""Seeds as a distribution: which goal each agent of a table takes.

An agent *takes* the goal that it meets on more than half of the levels where the goals part; one
that does so with none is torn, and one that mostly meets nothing takes neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.files import csv_bytes, make_folder, read_csv, write
from ...engine.world import World
from ..judging.intervals import wilson

if TYPE_CHECKING:
    from .map import Spot

MOST = 0.5
TORN, NEITHER = "torn", "neither"
SHARES = ("met", "instead", "neither")


@dataclass(frozen=True)
class Agent:
    """One agent of a world: shares of the levels of a split on which its goals part."""

    world: str
    split: str
    seed: int
    met: float
    instead: float
    neither: float
    takes: str  # a goal's name, TORN or NEITHER


def agents_of(rows: Sequence[dict[str, Any]]) -> list[Agent]:
    """Every agent of a table's rows (see `table.rows_of`) that can be told."""
    found = []
    for row in rows:
        columns = (row[name].by_seed for name in ("met", "astray", "neither"))
        for seed, shares in enumerate(zip(*columns, strict=True)):
            if None in shares:
                continue
            met, instead, neither = shares
            takes = _takes((row["intended_name"], row["proxy"], NEITHER), shares)
            found.append(Agent(row["world"], row["split"], seed, met, instead, neither, takes))
    return found


def of_map(spots: Sequence[Spot], world: World, split: str) -> list[Agent]:
    """The agents of a map that have met no shifted level, at the end of their training."""
    apart = [spot for spot in spots if spot.alpha == 0]
    last = max((spot.steps for spot in apart), default=0)
    rivals = [goal.name for goal in world.goals[1:]]
    goals = (world.intended.name, rivals[0] if len(rivals) == 1 else "a proxy", NEITHER)
    return [
        Agent(world.name, split, one.seed, *shares, _takes(goals, shares))
        for one in apart
        if one.steps == last
        for shares in ((one.met, one.instead, one.neither),)
    ]


def _takes(goals: Sequence[str], shares: Sequence[float]) -> str:
    most = [goal for goal, share in zip(goals, shares, strict=True) if share > MOST]
    return most[0] if most else TORN


def save(agents: Sequence[Agent], out: Path) -> None:
    """Write seeds.csv into `out`."""
    names = [field.name for field in fields(Agent)]
    rows = [[getattr(agent, name) for name in names] for agent in agents]
    write(make_folder(out) / "seeds.csv", csv_bytes([names, *rows]))


def read(path: Path) -> list[Agent]:
    """The agents of a seeds.csv. Raises UserError."""
    head, rows = read_csv(path)
    need({field.name for field in fields(Agent)} <= set(head), f"{path}: no seeds.csv of a study")
    found = []
    for number, row in enumerate(rows, 1):
        try:
            met, instead, neither = shares = [float(row[name]) for name in SHARES]
            seed = int(row["seed"])
        except (TypeError, ValueError):
            raise UserError(f"{path}, row {number}: it must hold numbers") from None
        sound = all(0 <= share <= 1 for share in shares)
        need(sound, f"{path}, row {number}: shares must be from 0 to 1")
        found.append(Agent(row["world"], row["split"], seed, met, instead, neither, row["takes"]))
    need(bool(found), f"{path}: it has no rows")
    return found


def is_of_seeds(path: Path) -> bool:
    """Whether a CSV is such a file."""
    return "takes" in read_csv(path)[0]


def groups(agents: Sequence[Agent]) -> dict[tuple[str, str], list[Agent]]:
    """The agents by world and split, in their order."""
    found: dict[tuple[str, str], list[Agent]] = {}
    for agent in agents:
        found.setdefault((agent.world, agent.split), []).append(agent)
    return found


def told(agents: Sequence[Agent]) -> list[str]:
    """A line for each world and split: how many take which goal, with a 95 % interval (Wilson) of the
    share of seeds that would, and how often they meet it.
    """
    lines = []
    for (world, split), here in groups(agents).items():
        counts = Counter(agent.takes for agent in here).most_common()
        takes = ", ".join(f"{n} ({_rate(n, len(here))}) {_verb(goal, n > 1)}" for goal, n in counts)
        ends = [_ends([a.met for a in here]), _ends([a.instead for a in here])]
        lines.append(
            f"{world}, {split}: of {counted(len(here), 'agent')} {takes}; intended goal met on {ends[0]},"
            f" a proxy instead on {ends[1]}"
        )
    return lines


def _rate(n: int, agents: int) -> str:
    """ "84 to 100 % of seeds"."""
    return f"{_ends(wilson(n, agents))} of seeds"


def _verb(takes: str, several: bool) -> str:
    """What agents do, such as "take 'end'" or "is torn"."""
    if takes == TORN:
        return f"{'are' if several else 'is'} {TORN}"
    goal = takes if takes == NEITHER else f"'{takes}'"
    return f"{'take' if several else 'takes'} {goal}"


def _ends(shares: Sequence[float]) -> str:
    """The least and the most, in per cent."""
    low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low} to {high} %"
