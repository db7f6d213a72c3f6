"""The report: one page that makes a claim, shows what it rests on, and says what it does not show.

Everything in it is measured by `evaluate` and judged by `verdict`; nothing is typed in. It is a
single HTML file that needs no network, plays the episodes it speaks of, prints, and carries its
figures as CSV. Beside it lies the same as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ....engine import files, machine
from ....engine.counts import counted
from ....engine.errors import UserError
from ....engine.levels.splits import split_of
from ....engine.view.draw import charts
from ....engine.view.film import page, player_data
from ....engine.view.html import render
from ....engine.world import World
from ...judging.choose import Pick, choose
from ...judging.evaluation import Evaluation
from ...judging.plain import to_plain
from ...judging.references import references
from ...judging.rollout import Episodes, rollout
from ...judging.runs import open_agents
from ...judging.verdict import THRESHOLDS
from ...learning.files import CONFIG, Log, read_config
from ...policies.policy import Policy
from ..contrast import versions
from . import parts
from .claims import headline, limits
from .figures import expert_ways, knob_curves, learning_curves, partings, read_curve

SHOWN = ("median", "best", "worst", "random")  # levels whose replays are in the report
FORMAT = "goalshift-report/1"
TEMPLATE = "agents/showing/report/report.html.j2"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class ReportPlan:
    """What a report says beside its figures, and where else they go.

    command: what makes the report again; title: default the world's, and the split; figures: a
    folder into which every figure is written, too, as SVG or PNG; curve: a curve.csv that is shown
    too.
    """

    command: str = ""
    title: str = ""
    figures: Path | None = None
    curve: Path | None = None

    def keep(self, drawn: Mapping[str, str], minds: Sequence[Mapping[str, Any]]) -> None:
        """Write the figures into the folder for them, if there is one: SVG by name, and PNG."""
        if self.figures is None:
            return
        files.make_folder(self.figures)
        for name, svg in drawn.items():
            files.write(self.figures / f"{name}.svg", svg.encode())
        for mind in minds:
            files.write(self.figures / f"{mind['name']}.png", mind["png"])


def report(
    runs: Sequence[str | Path],
    out: Path,
    evaluation: Evaluation,
    plan: ReportPlan | None = None,
    tell: Tell = lambda line: None,
    home: str | World | None = None,
) -> dict[str, Any]:
    """Write the report on these runs to `out` (.html), and its data beside it (the same name,
    .json).

    `evaluation` is of exactly these runs (`evaluate_runs`), or of agents from elsewhere in the world
    `home`. Returns {report, data, claim,
    verdicts, replays}. Raises UserError if runs and evaluation do not belong together, RunError if
    a file cannot be written.
    """
    plan = plan or ReportPlan()
    told = Subject.of(runs, evaluation, home)
    world, split, seed = told.world, told.splits[0], evaluation.seed
    points = read_curve(plan.curve, world) if plan.curve is not None else []
    over = {f"over-{name}": svg for name, svg in knob_curves(points).items()}
    curves = {f"curve-{name}": svg for name, svg in told.learning_curves().items()}
    tell("where the paths part")
    played = [rollout(world, agent, split, told.levels, seed, record=True) for agent in told.agents]
    parting, cells = _parting(told, played)
    told.name_agents()
    stamps = player_data.Stamps()
    episodes, minds = _shown(told, _picks(told, played[0]), stamps, tell)
    data = {
        **told.data(plan),
        "partings": cells,
        "replays": {pick: one["codes"] for pick, one in zip(SHOWN, episodes, strict=True)},
        "curve": points,
        "command": plan.command,
        "machine": machine.describe(),
        "versions": versions(),
    }
    text = render(
        TEMPLATE,
        **page.document(stamps, Path(__file__).with_name("report.css")),
        **told.tables(),
        title=data["title"],
        data=data,
        curves=[Markup(svg) for svg in curves.values()],
        parting=Markup(parting),
        over=parts.over(points, over, plan.curve) if points else None,
        minds=minds,
        episodes=episodes,
        made=parts.made(data, evaluation),
    )
    files.write(out, text.encode())
    files.write(out.with_suffix(".json"), files.json_bytes(data))
    plan.keep({**curves, "parting": parting, **over}, minds)
    return {
        "report": str(out),
        "data": str(out.with_suffix(".json")),
        "claim": data["claim"],
        "verdicts": to_plain(evaluation.verdicts),
        "replays": data["replays"],
    }


def _shown(
    told: Subject, picks: Mapping[str, Pick], stamps: player_data.Stamps, tell: Tell
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The first agent's episodes on the levels picked, their pictures put into `stamps`, and what it
    thinks at the start of the median one, at home and after the shift.
    """
    first, split, episodes = told.agents[0], told.splits[0], []
    for name, pick in picks.items():
        tell(f"the {name} level")
        episodes.append(parts.episode(stamps, told.world, first, split, name, pick))
    splits, median = dict.fromkeys((told.evaluation.home, split)), picks[SHOWN[0]].seed
    return episodes, [parts.mind(told.world, first, name, median) for name in splits]


@dataclass(frozen=True, eq=False)
class Subject:
    """Whom a report is about: the agents of some runs in their world, how each was trained, what it
    logged, and what was found of them.

    splits: those that there are verdicts on, the one that the report is about first.
    """

    runs: Sequence[str | Path]
    world: World
    agents: Sequence[Policy]
    abouts: Sequence[Mapping[str, Any]]
    logs: Sequence[Sequence[Mapping[str, Any]]]
    configs: Sequence[Mapping[str, Any]]
    evaluation: Evaluation
    splits: Sequence[str]

    @staticmethod
    def of(runs: Sequence[str | Path], evaluation: Evaluation, home: str | World | None) -> Subject:
        """Raises UserError if the evaluation is of other runs, or of another world."""
        cast = open_agents(runs, world=home)
        known = tuple(agent.name for agent in cast.agents) == evaluation.agents
        if not known or evaluation.world.name != cast.world.name:
            raise UserError("the evaluation is not of these runs: evaluate them again")
        logs = [Log(Path(run)).thinned() if Path(run).is_dir() else [] for run in runs]
        configs = [_config(about, run) for about, run in zip(cast.abouts, runs, strict=True)]
        splits = _in_order(evaluation, cast.world.judged)
        return Subject(
            runs, cast.world, cast.agents, cast.abouts, logs, configs, evaluation, splits
        )

    @property
    def levels(self) -> int:
        """Levels of the split that the report is about."""
        return self.evaluation.splits[self.splits[0]].levels

    def learning_curves(self) -> dict[str, str]:
        """A figure for every goal; see `figures.learning_curves`."""
        begun = [self.world.horizon * config.get("envs", 0) for config in self.configs]
        return learning_curves(self.world, self.logs, begun)

    def name_agents(self) -> None:
        """Have the agents' names say how each came to be, as films and pages show them."""
        for agent, about in zip(self.agents, self.abouts, strict=True):
            how = about.get("kind") or f"learned by PPO on {self.evaluation.training[0].split}"
            agent.name = f"{how} ({agent.name})"

    def data(self, plan: ReportPlan) -> dict[str, Any]:
        """What the JSON beside the page says of them."""
        return {
            "format": FORMAT,
            "title": plan.title or f"{self.world.title}: {self.splits[0]}",
            "claim": headline(self.evaluation, self.splits[0])[0],
            "evaluation": self.evaluation.to_json(),
            "runs": [str(run) for run in self.runs],
            "configs": self.configs,
            "seconds": [rows[-1].get("seconds") if rows else None for rows in self.logs],
        }

    def tables(self) -> dict[str, Any]:
        """What the page says of them that needs no episode played again."""
        return {
            "evaluation": self.evaluation,
            "world": self.world,
            "split": self.splits[0],
            "verdicts": [parts.verdict_of(self.evaluation, name) for name in self.splits],
            "results": parts.results(self.evaluation),
            "unlogged": sum(not rows for rows in self.logs),
            "held_out": parts.held_out(self.evaluation),
            "files": parts.downloads(self.evaluation, self.logs),
            "limits": limits(len(self.agents)),
            "thresholds": THRESHOLDS,
        }


def _parting(told: Subject, played: Sequence[Episodes]) -> tuple[str, dict[str, Any]]:
    """Where the agents leave the expert's way, as SVG and as data."""
    world, split, seed = told.world, told.splits[0], told.evaluation.seed
    ideal = expert_ways(world, split, told.levels, seed)
    apart, step = partings(world, played, ideal, split, seed)
    words = (
        f"{counted(int(apart.sum()), 'episode')} of {split}; the first step apart from the expert"
    )
    drawn = charts.cells("Where the paths part", apart, words)
    return drawn, {"split": split, "cells": apart.tolist(), "median_step": step}


def _picks(told: Subject, played: Episodes) -> dict[str, Pick]:
    """The levels whose replays are shown, of those that the first agent played."""
    world, split, seed = told.world, told.splits[0], told.evaluation.seed
    experts = references(world, split_of(world, split), told.levels, seed).experts
    verdict = told.evaluation.verdicts.get(split)
    return {name: choose(name, world, played, experts, seed, verdict) for name in SHOWN}


def _in_order(evaluation: Evaluation, judged: str) -> list[str]:
    """The splits that there are verdicts on, the one the report is about first."""
    told = list(evaluation.verdicts) or [evaluation.home]
    shifted = [name for name in told if name != evaluation.home]
    first = judged if judged in told else (shifted or told)[0]
    return [first, *(name for name in told if name != first)]


def _config(about: Mapping[str, Any], run: str | Path) -> dict[str, Any]:
    """How a run was configured: its own file, or what the checkpoint says; of an agent from
    elsewhere, what it is.
    """
    path = Path(run) / CONFIG
    if path.is_file():
        return read_config(path)[0].to_json()
    return dict(about.get("config", about))
