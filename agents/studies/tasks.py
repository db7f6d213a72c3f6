"""Tasks by number: of a world that draws whole tasks, which shortcuts are taken?

Every task is checked by experts first (see `judging.premise`), then agents are trained in it from
several seeds and judged. A folder holds everything, so it resumes where it stopped:

    OUT/task-17/evaluation.json      its agents, judged; the runs themselves are not kept
    OUT/tasks.csv                    a row for every task: its parts, and every figure
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.catalogue import load
from ...engine.errors import need
from ...engine.files import csv_bytes, json_bytes, make_folder, read_csv, read_json, write
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.evaluate import evaluate
from ..judging.evaluation import Evaluation
from ..judging.intervals import Estimate, Weights
from ..judging.premise import refusals
from ..judging.runs import open_runs
from ..judging.verdict import CAPABLE, TRAINED
from ..learning.config import configure
from ..learning.files import EVALUATION
from .jobs import Plan, options_of

TASK = "task"  # the parameter that names one
ABREAST = 12  # trainings at a time, as far as there are processors
MOST = 100_000  # tasks
RECIPE = "recipe.json"
FIGURES = ("trained", "intended", "competence", "instead")


@dataclass(frozen=True)
class Row:
    """One task: what it is made of, and the figures of its agents, seed by seed.

    `refused`: why it shows nothing, or empty. An agent is *able* if it is trained and competent by
    the lines of a verdict (see `judging.verdict`); only of those is asked what they want.
    """

    task: int
    parts: Mapping[str, str]
    refused: str = ""
    trained: tuple[float, ...] = ()
    intended: tuple[float, ...] = ()  # the share of the levels where goals part with it met
    competence: tuple[float, ...] = ()
    instead: tuple[float, ...] = ()  # and with a proxy met instead

    @property
    def able(self) -> tuple[int, ...]:
        """The seeds of the agents that are able."""
        pairs = enumerate(zip(self.trained, self.competence, strict=True))
        return tuple(k for k, (t, c) in pairs if t >= TRAINED.value and c >= CAPABLE.value)


def numbered(text: str) -> list[int]:
    """The numbers of tasks that A..B, or A,B,..., names. UserError for anything else."""
    span = re.fullmatch(r"(\d{1,9})\.\.(\d{1,9})", text.strip())
    if span:
        low, high = int(span[1]), int(span[2])
        need(low <= high < low + MOST, f"--tasks {text}: write 0..199, at most {MOST:,} tasks")
        return list(range(low, high + 1))
    words = text.split(",")
    known = all(re.fullmatch(r"\s*\d{1,9}\s*", word) for word in words)
    need(known, f"--tasks '{text}': write it like 0..199 or 3,17")
    numbers = [int(word) for word in words]
    need(len(set(numbers)) == len(numbers), f"--tasks '{text}': a task stands there twice")
    return numbers


def parts_of(world: World, task: int) -> dict[str, str]:
    """What the task is made of, in words, by part."""
    need(
        TASK in world.params._fields and world.tells is not None,
        f"world '{world.name}' draws no tasks: it has no parameter '{TASK}'",
    )
    assert world.tells is not None
    return dict(world.tells(world.with_params(task=task).train))


def check(world: World, numbers: Sequence[int], show: Show = silent) -> dict[int, list[str]]:
    """The tasks that experts refuse, with the reasons."""
    found = {}
    for k, task in enumerate(numbers):
        parts_of(world, task)
        if why := refusals(world.with_params(task=task)):
            found[task] = why
        show(k + 1, len(numbers), f"{len(found)} refused")
    return found


def make(
    text: str, numbers: Sequence[int], out: Path, plan: Plan, show: Show = silent
) -> list[Row]:
    """Train and judge what is missing in `out`, and write tasks.csv of all these tasks.

    `plan.given` is what all runs share. UserError if `out` holds tasks of another recipe.
    """
    options, params = options_of(plan.given)
    world = load(text).with_params(**params)
    asked = {"world": world.name, "version": world.version, "seeds": plan.seeds}
    asked |= {"levels": plan.levels, **{k: plan.given[k] for k in sorted(plan.given)}}
    make_folder(out)
    if (out / RECIPE).is_file():
        need(
            read_json(out / RECIPE) == asked,
            f"'{out}' holds tasks of another recipe: name another --out",
        )
    write(out / RECIPE, json_bytes(asked))
    params = {name: float(value) for name, value in world.numbers(params).items()}
    missing = [task for task in numbers if not (_home(out, task) / EVALUATION).is_file()]
    refused = {}
    for task in numbers:
        if why := refusals(world.with_params(task=task)):
            refused[task] = "; ".join(why)
    missing = [task for task in missing if task not in refused]
    width = max(ABREAST // plan.seeds, 1)
    for first in range(0, len(missing), width):
        some = missing[first : first + width]
        _train(text, some, out, plan, options, params)
        for task in some:
            _judge(_home(out, task), world.with_params(task=task), plan)
        done = len(numbers) - len(missing) + first + len(some)
        show(done, len(numbers), f"tasks {', '.join(map(str, some))}")
    rows = [
        Row(task, parts_of(world, task), refused[task])
        if task in refused
        else _row(world, task, Evaluation.load(_home(out, task) / EVALUATION))
        for task in numbers
    ]
    save(rows, out)
    return rows


def _home(out: Path, task: int) -> Path:
    return out / f"task-{task}"


def _train(
    text: str,
    some: Sequence[int],
    out: Path,
    plan: Plan,
    options: Mapping[str, Any],
    params: Mapping[str, float],
) -> None:
    """All seeds of these tasks side by side, each as it would be alone on one thread."""
    from ..learning.batch import train

    configs, folders = [], []
    for task in some:
        shutil.rmtree(_home(out, task), ignore_errors=True)  # begun and not finished
        for seed in range(plan.seeds):
            given = {**params, TASK: float(task)}
            configs.append(
                configure(text, **{**options, "seed": seed, "threads": 1, "params": given})
            )
            folders.append(_home(out, task) / f"seed-{seed}")
    train(configs, folders)


def _judge(home: Path, world: World, plan: Plan) -> None:
    """Judge the agents of a task, and drop them."""
    folders = sorted(home.glob("seed-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    _, agents, training = open_runs(folders)
    found = evaluate(agents, world, ("train", "deploy"), plan.levels, 0, training, resamples=200)
    for folder in folders:
        shutil.rmtree(folder)
    found.save(home / EVALUATION)


def _row(world: World, task: int, found: Evaluation) -> Row:
    agent = found.splits["deploy"].agent
    figures = {
        "trained": found.splits[found.home].agent.goals[world.paid.name].normalised,
        "intended": agent.where_parting.intended,
        "competence": found.verdicts["deploy"].criteria["capable"],
        "instead": agent.where_parting.astray,
    }
    singles = {name: tuple(x or 0.0 for x in figure.by_seed) for name, figure in figures.items()}
    return Row(task, parts_of(world, task), "", **singles)


def save(rows: Sequence[Row], out: Path) -> None:
    """Write tasks.csv into `out`."""
    head = ["task", *rows[0].parts, "refused", "able", *FIGURES]
    lines: list[list[Any]] = [head]
    for row in rows:
        singles = (" ".join(f"{x:.4g}" for x in getattr(row, name)) for name in FIGURES)
        able = " ".join(map(str, row.able))
        lines.append([row.task, *row.parts.values(), row.refused, able, *singles])
    write(make_folder(out) / "tasks.csv", csv_bytes(lines))


def read(path: Path) -> list[Row]:
    """The rows of a tasks.csv. Raises UserError."""
    head, rows = read_csv(path)
    words = {"task", "refused", "able", *FIGURES}
    need(words <= set(head), f"{path}: no table of tasks")
    found = []
    for row in rows:
        parts = {name: row[name] for name in head if name not in words}
        singles = {name: tuple(map(float, row[name].split())) for name in FIGURES}
        found.append(Row(int(row["task"]), parts, row["refused"], **singles))
    return found


# -- summing up ------------------------------------------------------------------------------------


def wanted(rows: Sequence[Row]) -> Estimate:
    """The share of the levels where goals part on which able agents meet a proxy instead: the mean
    over tasks of the means over their able agents, and what 95 % of resampled tasks say.
    """
    means = [sum(row.instead[k] for k in row.able) / len(row.able) for row in rows if row.able]
    return mean_of(means)


def mean_of(values: Sequence[float]) -> Estimate:
    """A mean over tasks with its interval; unknown of none, and without an interval of one."""
    if not values:
        return Estimate(None, None, None, ())
    if len(values) == 1:
        return Estimate(values[0], 0.0, 1.0, ())
    weights = Weights(len(values), 1, 1000)
    return weights.estimate(weights.mean(np.array(values)[:, None]))


def groups(rows: Sequence[Row], part: str) -> dict[str, list[Row]]:
    """The tasks by what they have of a part; one that has several, as in "region and guide", is in
    each of their groups.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        for word in row.parts[part].split(" and "):
            found.setdefault(word, []).append(row)
    return found


def told(rows: Sequence[Row], parts: Sequence[str]) -> list[tuple[str, ...]]:
    """For every value of every part: how many tasks and agents, how many of those are able, and
    how often these meet a proxy instead.
    """
    lines = []
    for part in parts:
        for word, here in sorted(groups(rows, part).items()):
            agents = sum(len(row.trained) for row in here)
            able = sum(len(row.able) for row in here)
            told = (str(len(here)), f"{able} of {agents}", wanted(here).percent())
            lines.append((part, word, *told))
    return lines
