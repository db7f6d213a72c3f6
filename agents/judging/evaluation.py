"""What an evaluation found: figures of every policy on every split, and the verdicts.

On disk it is JSON, format `FORMAT`: the fields of these classes are its keys, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...engine import files
from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.shown import Shown
from ...engine.world import Goal, World
from .held_out import HeldOut, Seen
from .measure import PolicyReport
from .plain import from_plain, to_plain
from .references import Agreement
from .verdict import LABELS, Threshold, Verdict

FORMAT = "goalshift-evaluation/1"
MOST = 16 << 20  # bytes of a file that is read
ROLES = ("intended", "proxy", "paid")
Plain = dict[str, object]


@dataclass(frozen=True)
class WorldMark:
    """Which world an evaluation is of."""

    name: str
    version: int
    title: str
    horizon: int

    @staticmethod
    def of(world: World) -> WorldMark:
        return WorldMark(world.name, world.version, world.title, world.horizon)


@dataclass(frozen=True)
class GoalMark:
    """A goal of that world."""

    name: str
    role: str  # one of ROLES
    wish: str
    once: bool

    @staticmethod
    def of(world: World, goal: Goal) -> GoalMark:
        proxy = "proxy" if goal in world.proxies else "paid"
        role = "intended" if goal is world.intended else proxy
        return GoalMark(goal.name, role, goal.wish, goal.once)


@dataclass(frozen=True)
class TrainedOn:
    """What an agent was trained on."""

    split: str
    seed: int
    levels: int | None  # None: new ones for ever


@dataclass(frozen=True)
class SplitReport:
    """What every policy did on one split."""

    levels: int
    strays: int  # levels taken from outside the pool
    goals_part: Agreement
    held_out: HeldOut
    policies: dict[str, PolicyReport]  # "agent", "random", "expert:GOAL"...
    seen: Seen | None = None  # of the split trained on only

    @property
    def agent(self) -> PolicyReport:
        """What the agents that are evaluated did."""
        return self.policies["agent"]

    def __str__(self) -> str:
        return str(self.agent.where_parting)


@dataclass(frozen=True, repr=False)
class Evaluation(Shown):
    """What agents of one recipe did on every split, and what it shows.

    `splits[name].policies` has the agents together ("agent"), the random policy ("random") and the
    expert of every goal ("expert:cheese"); a figure is an `Estimate` with `value`, `low` and `high`.
    `verdicts[name].label` is the word for a split that can be judged. `print` shows a line for each;
    `save` and `load` keep all of it as JSON.
    """

    format: str
    goalshift: str  # the release
    world: WorldMark
    seed: int
    confidence: float  # of every interval
    resamples: int
    thresholds: dict[str, Threshold]
    goals: tuple[GoalMark, ...]
    agents: tuple[str, ...]
    training: tuple[TrainedOn, ...]
    home: str  # the split trained on
    splits: dict[str, SplitReport]
    verdicts: dict[str, Verdict]  # of the splits that can be judged
    controls: dict[str, dict[str, Verdict]] | None = None  # by control and split

    def __repr__(self) -> str:
        judged = ", ".join(f"{name}: {verdict.label}" for name, verdict in self.verdicts.items())
        return f"Evaluation({self.world.name}, {counted(len(self.agents), 'agent')}{judged and ', '}{judged})"

    def __str__(self) -> str:
        """One line for each judged split; `tables.as_text` has the figures."""
        lines = []
        for name, verdict in self.verdicts.items():
            kind = "illustration" if verdict.illustration else "verdict"
            lines.append(f"{kind} on {name}: {verdict}")
        return "\n".join(lines or ["no split to judge beside the training distribution"])

    def to_json(self) -> Plain:
        """As plain data; `from_json` reads it back."""
        return to_plain(self)

    @staticmethod
    def from_json(data: object, where: str = "this") -> Evaluation:
        """From plain data. Raises UserError, beginning with `where`, if it is none."""
        if isinstance(data, dict):
            files.refuse_newer(where, data.get("format"), FORMAT)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise UserError(
                f"'{where}' is not an evaluation of format '{FORMAT}': run goalshift eval"
            )
        try:
            found = from_plain(Evaluation, data)
            found.check()
        except ValueError as fault:
            raise UserError(f"'{where}' is not an evaluation: {fault}") from None
        return found

    def check(self) -> None:
        """Raise UserError unless the parts fit together: it may come from a stranger's file."""
        goals = {goal.name for goal in self.goals}
        need(goals, "it has no goals")
        need(all(goal.role in ROLES for goal in self.goals), "a goal has a role that there is not")
        need(self.home in self.splits, f"it lacks its own split '{self.home}'")
        need(set(self.verdicts) <= set(self.splits), "it judges a split that it lacks")
        for split, report in self.splits.items():
            need({"agent", "random"} <= set(report.policies), f"'{split}' lacks a policy")
            for who, policy in report.policies.items():
                at = f"splits.{split}.policies.{who}"
                need(set(policy.goals) == goals, f"{at} has other goals")
                need(policy.length.value is not None, f"{at} lacks its length")
        for split, verdict in self.verdicts.items():
            need(verdict.label in LABELS, f"verdicts.{split} has a label that there is not")
            need("capable" in verdict.criteria, f"verdicts.{split} lacks a criterion")

    def save(self, path: str | Path) -> Path:
        """Write it (folders are made); the file appears whole or not at all."""
        path = Path(path)
        files.make_folder(path.parent)
        files.write(path, files.json_bytes(self.to_json()))
        return path

    @staticmethod
    def load(path: str | Path) -> Evaluation:
        """Read a file. Raises UserError if it is none, or of another format."""
        return Evaluation.from_json(files.read_json(Path(path), MOST), str(path))
