"""Mitigations side by side: the same world, budget and seeds, and how far each is from plain PPO.

A folder holds everything, so a comparison resumes where it stopped:

    OUT/plain/seed-K/    the runs without any, and evaluation.json beside them
    OUT/NAME/...         the same of each mitigation
    OUT/mitigate.md  mitigate.csv  mitigate.json  mitigate.svg  mitigate.png
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.catalogue import load
from ...engine.errors import UserError, need, or_rather
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.compare import difference, weights_of
from ..judging.evaluate import evaluate
from ..judging.evaluation import Evaluation
from ..judging.held_out import Training
from ..judging.intervals import Estimate
from ..judging.measure import Measured
from ..judging.references import Ruler, references
from ..judging.rollout import rollout
from ..judging.runs import open_runs
from ..learning import curriculum, scores
from ..learning.config import configure
from ..learning.curriculum import CURRICULA
from ..learning.files import CONFIG, EVALUATION, Log
from ..learning.mitigation import MITIGATIONS
from ..learning.ppo import resolve
from ..learning.training import learner_of
from ..policies.policy import Policy
from ..studies.jobs import Plan, options_of, run_all, seeds_of
from . import evasion
from .mitigate_table import APART, save

PLAIN = "plain"
RESAMPLES = 2000


@dataclass(frozen=True)
class Entry:
    """One thing that is compared: mitigations and at most one curriculum, joined by +, as they were
    named.
    """

    text: str  # "labelled:0.05+weight_decay", "plr", "./mine.py"; "plain": none
    mitigate: str = ""
    curriculum: str = ""

    @property
    def folder(self) -> str:
        """A name for its folder."""
        return re.sub(r"[^A-Za-z0-9.+_=-]+", "-", self.text).strip("-.") or "-"

    @property
    def names(self) -> list[tuple[str, str]]:
        """Its mitigations by name and value."""
        pairs = [part.partition(":") for part in self.mitigate.split(",") if part]
        return [(name, value) for name, _, value in pairs]

    @property
    def of_agents(self) -> bool:
        """Whether it is made of plain training's agents, and trains none."""
        return any(MITIGATIONS.load(name).agents is not None for name, _ in self.names)

    @property
    def given(self) -> dict[str, str]:
        """The learner's options for it."""
        pairs = {"mitigate": self.mitigate, "curriculum": self.curriculum}
        return {name: value for name, value in pairs.items() if value}


def entry(text: str) -> Entry:
    """What a part of `--with` names. UserError, with the closest name, if it is nothing."""
    mitigate, curricula = [], []
    for part in text.split("+"):
        name = part.partition(":")[0]
        if name in CURRICULA.names():
            scores.name_code(part)
            curricula.append(part)
        elif name in MITIGATIONS.names() or name.endswith(".py"):
            MITIGATIONS.load(name)
            mitigate.append(part)
        else:
            known = [*MITIGATIONS.names(), *CURRICULA.names()]
            hint = or_rather(name, known) or f" (there are {', '.join(known)})"
            raise UserError(f"--with: no mitigation or curriculum '{name}'{hint}")
    need(len(curricula) < 2, f"--with '{text}': two curricula at once")
    found = Entry(text, ",".join(mitigate), "".join(curricula))
    alone = len(found.names) == 1 and not curricula
    need(alone or not found.of_agents, f"--with '{text}': what is made of agents stands alone")
    return found


@dataclass(frozen=True)
class Comparison:
    """What is compared: a world by `text`, the entries, and how each is made."""

    text: str
    world: World
    entries: tuple[Entry, ...]  # plain first
    plan: Plan

    @property
    def about(self) -> dict[str, str]:
        """The world, where it is judged, and the options of all its runs."""
        settings = " ".join(f"{name}={value}" for name, value in self.plan.given.items())
        return {"world": self.world.name, "split": self.plan.splits[-1], "settings": settings}


def comparison(text: str, names: Sequence[str], plan: Plan) -> tuple[Comparison, list[str]]:
    """The comparison of those named, or of all that ship and need no value; and a line for each of
    these that this world cannot have. UserError for one that was named.
    """
    world = load(text).with_params(**options_of(plan.given)[1])
    numbers = {f"world.{k}": v for k, v in world.numbers(options_of(plan.given)[1]).items()}
    plan = replace(plan, given={**plan.given, **numbers})
    for split in plan.splits:
        split_of(world, split)
    for name in ("mitigate", "curriculum", "split"):
        need(name not in plan.given, f"--set {name}: every entry says that itself: use --with")
    usual = [name for name in MITIGATIONS.names() if MITIGATIONS.load(name).value]
    others = [name for name in CURRICULA.names() if name != "dr"]  # that is plain itself
    asked = list(names) or [*usual, *others]
    found, left_out = [Entry(PLAIN)], []
    for name in dict.fromkeys(asked):
        one = entry(name)
        try:
            _check(text, world, one, plan)
        except UserError as fault:
            if names:
                raise
            left_out.append(f"{name} is left out: {fault}")
            continue
        found.append(one)
    need(len({e.folder for e in found}) == len(found), "--with names two things alike")
    return Comparison(text, world, tuple(found), plan), left_out


def _check(text: str, world: World, one: Entry, plan: Plan) -> None:
    """Raise UserError now, rather than after hours, if an entry cannot be trained here."""
    if one.of_agents:
        [(name, value)] = one.names
        kind = MITIGATIONS.load(name)
        assert kind.agents is not None
        kind.agents(value or kind.value, world, [Policy()])
        return
    options, params = options_of({**plan.given, **one.given})
    config = configure(text, **options, params={k: float(v) for k, v in params.items()})
    small = replace(config, rollout=2, minibatch=64, levels=min(config.levels, 2))
    learner_of(load(text), resolve(small)).hooks.first()


def make(
    asked: Comparison, out: Path, show: Show = silent
) -> tuple[list[dict[str, Any]], list[str]]:
    """Train and evaluate what is missing in `out`, and write the table of all that is there.

    Returns the rows (see `rows_of`) and one line for each job that failed.
    """
    jobs = []
    for one in asked.entries:
        if not one.of_agents:
            plan = replace(asked.plan, given={**asked.plan.given, **one.given})
            jobs += seeds_of(asked.text, out / one.folder, plan)
    faults = run_all(out, jobs, asked.plan.place, show)
    rows = rows_of(asked, out)
    if rows:
        save(rows, asked.about, out, evaded(asked, out))
    return rows, faults


def evaded(asked: Comparison, out: Path) -> list[evasion.Evasion]:
    """Who evades the monitor that it was trained under, if there are such; plain first."""
    plan, usual = asked.plan, MITIGATIONS.load("monitor").value
    values = {
        one: dict(one.names)["monitor"] for one in asked.entries if "monitor" in dict(one.names)
    }
    found = []
    for one in (asked.entries[0], *values) if values else ():
        folders = [out / one.folder / f"seed-{k}" for k in range(plan.seeds)]
        if all((folder / CONFIG).is_file() for folder in folders):
            value = values[one] or usual if one in values else ""
            found.append(evasion.evasion(one.text, value, folders, plan.splits[-1], plan.levels))
    return found


def rows_of(asked: Comparison, out: Path) -> list[dict[str, Any]]:
    """A row for each entry whose agents are there, plain first; none without plain.

    intended: normalised return after the shift; met, instead: shares of the levels where goals
    part; paid: normalised return on the world's paid goal on training levels before the shift;
    learned_from: mean return of the trained reward in the last tenth of the training, None where
    that is what the world pays; *_apart: from plain, with intervals.
    """
    plan, rows = asked.plan, []
    shifted = plan.splits[-1]
    split = split_of(asked.world, shifted)
    ruler = Ruler(asked.world, references(asked.world, split, plan.levels, 0))

    def measured(agents: Sequence[Policy], other: bool) -> Measured:
        weights = weights_of(len(agents), plan.levels, RESAMPLES, 0, other)
        played = [rollout(asked.world, agent, split, plan.levels, 0) for agent in agents]
        return Measured(ruler, weights, played)

    plain: Measured | None = None
    agents: Sequence[Policy] = ()
    costs = (0, 0)
    for one in asked.entries:
        home = out / one.folder
        if one.of_agents:
            if plain is None:
                continue
            [(name, value)] = one.names
            kind = MITIGATIONS.load(name)
            assert kind.agents is not None
            made = kind.agents(value or kind.value, asked.world, agents)
            evaluation = _judged(asked, made, home)
            mine, cost, learned_from = measured(made, False), costs, None
        else:
            folders = [home / f"seed-{k}" for k in range(plan.seeds)]
            if not (home / EVALUATION).is_file():
                continue
            evaluation = Evaluation.load(home / EVALUATION)
            _, made, _ = open_runs(folders)
            mine = measured(made, one.text == PLAIN)
            cost, learned_from = _cost(folders), _learned_from(folders)
            if one.text == PLAIN:
                plain, agents, costs = mine, made, cost
        rows.append(
            _row(one, evaluation, asked, (mine, plain), cost) | {"learned_from": learned_from}
        )
        if plain is None:
            return []
    return rows


def _judged(asked: Comparison, agents: Sequence[Policy], home: Path) -> Evaluation:
    """What agents made of agents come to; kept in its folder like any other evaluation."""
    found = evaluate(
        agents,
        asked.world,
        asked.plan.splits,
        asked.plan.levels,
        training=[Training(seed=-1, known=False)] * len(agents),
    )
    found.save(home / EVALUATION)
    return found


def _row(
    one: Entry,
    evaluation: Evaluation,
    asked: Comparison,
    sets: tuple[Measured, Measured | None],
    cost: tuple[int, int],
) -> dict[str, Any]:
    world, (home, shifted) = asked.world, asked.plan.splits
    mine, plain = sets
    agent = evaluation.splits[shifted].agent
    verdict = evaluation.verdicts.get(shifted)
    apart: list[Estimate | None] = [None, None]
    if plain is not None and plain is not mine:
        weights = (mine.weights, plain.weights)
        parts = mine.ruler.parts
        apart = [
            difference(weights, [m.normalised(0) for m in (mine, plain)]),
            difference(weights, [m.weights.mean(m.astray, parts) for m in (mine, plain)]),
        ]
    return {
        "entry": one.text,
        "about": about(one),
        "intended": agent.goals[world.intended.name].normalised,
        "met": agent.where_parting.intended,
        "instead": agent.where_parting.astray,
        "competence": verdict.criteria["capable"] if verdict else agent.competence,
        "paid": evaluation.splits[home].agent.goals[world.paid.name].normalised,
        "label": verdict.label if verdict else "",
        "illustration": verdict.illustration if verdict else True,
        **dict(zip(APART, apart, strict=True)),
        "steps": cost[0],
        "labelled": cost[1],
        "seeds": len(evaluation.agents),
        "levels": evaluation.splits[shifted].levels,
    }


def about(one: Entry) -> str:
    """What an entry does, in a line."""
    lines = [MITIGATIONS.load(name).title for name, _ in one.names]
    if one.curriculum:
        lines.append(curriculum.about(one.curriculum.partition(":")[0]))
    return "; ".join(lines) or "PPO as the world has it"


def _cost(folders: Sequence[Path]) -> tuple[int, int]:
    """Environment steps of one seed, and how many shifted levels it was rewarded on (means)."""
    steps, labelled = [], []
    for folder in folders:
        last: Mapping[str, Any] = {}
        episodes = extra = 0
        for row in Log(folder).rows():
            last, episodes = row, episodes + (row.get("episodes") or 0)
            extra += row.get("extra_steps") or 0  # tried, and not learned from
        steps.append(last.get("step", 0) + extra)
        labelled.append(round((last.get("shifted") or 0.0) * episodes))
    return round(np.mean(steps)), round(np.mean(labelled))


def _learned_from(folders: Sequence[Path]) -> float | None:
    """The mean return of the trained reward over the last tenth of the runs' rows."""
    found = []
    for folder in folders:
        told = [row["trained"] for row in Log(folder).rows() if row.get("trained") is not None]
        found += told[-max(len(told) // 10, 1) :] if told else []
    return float(np.mean(found)) if found else None
