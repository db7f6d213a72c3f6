"""Tasks by number: of a world that draws whole tasks, which shortcuts are taken?

Every task is checked by experts first (see `judging.premise`), then agents are trained in it from
several seeds and judged. A folder holds everything, so it resumes where it stopped:

    OUT/task-17/evaluation.json      its agents, judged; the runs themselves are not kept
    OUT/task-17/refused.json         or why experts refuse it
    OUT/tasks.csv                    a row for every task: its parts, and every figure
    OUT/sums.csv                     a row for every value of every part
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.catalogue import load
from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.files import csv_bytes, json_bytes, make_folder, read_csv, read_json, write
from ...engine.progress import Show, silent
from ...engine.world import World
from ..judging.evaluate import evaluate
from ..judging.evaluation import Evaluation
from ..judging.intervals import Estimate, student, tidy
from ..judging.premise import refusals
from ..judging.runs import open_runs
from ..judging.verdict import CAPABLE, TRAINED
from ..learning.config import configure
from ..learning.files import EVALUATION
from .jobs import Plan, only_sweep, options_of

TASK = "task"  # the parameter that names one
ABREAST = 12  # trainings at a time, as far as there are processors
MOST = 100_000  # tasks
RECIPE, REFUSED = "recipe.json", "refused.json"
ALL, CUES, ALONE = "all", "cues", "one cue"
PARTS = (ALONE, CUES, "redundancy", "delay", "goal", "shift", "layout", "things")
ENDS = ("value", "low", "high")
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
    """The numbers of tasks that "0..9,17" names. UserError for anything else."""
    numbers: list[int] = []
    for part in text.split(","):
        span = re.fullmatch(r"\s*([0-9]{1,9})(?:\.\.([0-9]{1,9}))?\s*", part)
        if span is None:
            raise UserError(f"--tasks '{text}': write it like 0..199 or 3,17,40..59")
        low, high = int(span[1]), int(span[2] or span[1])
        need(low <= high, f"--tasks {text}: in A..B, A comes first, as in {high}..{low}")
        need(high < low + MOST, f"--tasks {text}: A..B are at most {MOST:,} tasks")
        numbers += range(low, high + 1)
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

    `plan.given` is what all runs share. UserError if `out` holds tasks of another recipe, or another
    process is at work there.
    """
    options, params = options_of(plan.given)
    world = load(text).with_params(**params)
    params = {name: float(value) for name, value in world.numbers(params).items()}
    configure(text, **{**options, "params": params})  # a mistake is told before anything is written
    parts_of(world, numbers[0])
    shared = {**options, **{f"world.{name}": value for name, value in params.items()}}
    asked = {"world": world.name, "version": world.version, "seeds": plan.seeds}
    asked |= {"levels": plan.levels, **{k: shared[k] for k in sorted(shared)}}
    with only_sweep(out):
        if (out / RECIPE).is_file():
            need(
                _written(read_json(out / RECIPE)) == _written(asked),
                f"'{out}' holds tasks of another recipe: name another --out",
            )
        write(out / RECIPE, json_bytes(asked))
        _fill(text, world, numbers, out, plan, (options, params), show)
        rows = [_row(world, task, _home(out, task), plan) for task in numbers]
        save(rows, out)
    return rows


def _written(recipe: Any) -> Any:
    """A recipe as text, where 16 and "16" are alike."""
    return {k: str(v) for k, v in recipe.items()} if isinstance(recipe, dict) else recipe


def _fill(
    text: str,
    world: World,
    numbers: Sequence[int],
    out: Path,
    plan: Plan,
    given: tuple[Mapping[str, Any], Mapping[str, float]],
    show: Show,
) -> None:
    """Check, train and judge the tasks that are missing; `given`: the learner's options, and the
    world's parameters.
    """
    missing = [task for task in numbers if not _is_done(out, task)]
    width = max(ABREAST // plan.seeds, 1)
    for first in range(0, len(missing), width):
        some = missing[first : first + width]
        able = [task for task in some if _is_sound(world.with_params(task=task), _home(out, task))]
        _train(text, able, out, plan, *given)
        for task in able:
            _judge(_home(out, task), world.with_params(task=task), plan)
        done = len(numbers) - len(missing) + first + len(some)
        show(done, len(numbers), f"tasks {', '.join(map(str, some))}")


def _is_done(out: Path, task: int) -> bool:
    return any((_home(out, task) / name).is_file() for name in (EVALUATION, REFUSED))


def _is_sound(world: World, home: Path) -> bool:
    """Do experts have nothing against it? What they have is written down."""
    if why := refusals(world):
        write(make_folder(home) / REFUSED, json_bytes(why))
    return not why


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

    if not some:
        return
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
    found.save(home / EVALUATION)
    for folder in folders:
        shutil.rmtree(folder)


def _row(world: World, task: int, home: Path, plan: Plan) -> Row:
    """The row of a task that is done. UserError, naming the file, if that is of something else."""
    if (home / REFUSED).is_file():
        why = read_json(home / REFUSED)
        fine = isinstance(why, list) and all(isinstance(line, str) for line in why)
        need(fine, f"{home / REFUSED}: no list of reasons")
        return Row(task, parts_of(world, task), "; ".join(why))
    found = Evaluation.load(home / EVALUATION)
    named = {goal.name for goal in world.goals} == {goal.name for goal in found.goals}
    own = found.world.name == world.name and named and "deploy" in found.verdicts
    need(own, f"{home / EVALUATION}: it judges no agents of '{world.name}' after the shift")
    agent = found.splits["deploy"].agent
    figures = {
        "trained": found.splits[found.home].agent.goals[world.paid.name].normalised,
        "intended": agent.where_parting.intended,
        "competence": found.verdicts["deploy"].criteria["capable"],
        "instead": agent.where_parting.astray,
    }
    singles = {name: tuple(x or 0.0 for x in figure.by_seed) for name, figure in figures.items()}
    sizes = {len(found.agents), *map(len, singles.values())}
    need(sizes == {plan.seeds}, f"{home / EVALUATION}: it is not of {counted(plan.seeds, 'agent')}")
    return Row(task, parts_of(world, task), "", **singles)


def save(rows: Sequence[Row], out: Path) -> None:
    """Write tasks.csv and sums.csv into `out`."""
    head = ["task", *rows[0].parts, "refused", "able", *FIGURES]
    lines: list[list[Any]] = [head]
    for row in rows:
        singles = (" ".join(f"{x:.4g}" for x in getattr(row, name)) for name in FIGURES)
        able = " ".join(map(str, row.able))
        lines.append([row.task, *row.parts.values(), row.refused, able, *singles])
    write(make_folder(out) / "tasks.csv", csv_bytes(lines))
    ends = [f"{name}{end}" for name in ("instead", "intended") for end in ("", "_low", "_high")]
    lines = [["part", "value", "tasks", "agents", "able", *ends]]
    for one in sums(rows):
        figures = [getattr(e, key) for e in (one.instead, one.intended) for key in ENDS]
        lines.append([one.part, one.value, one.tasks, one.agents, one.able, *figures])
    write(out / "sums.csv", csv_bytes(lines))


def read(path: Path) -> list[Row]:
    """The rows of a tasks.csv. Raises UserError."""
    head, rows = read_csv(path)
    words = {"task", "refused", "able", *FIGURES}
    need({*words, CUES} <= set(head), f"{path}: no table of tasks")
    found = []
    for row in rows:
        parts = {name: row[name] for name in head if name not in words}
        where = f"{path}, row {len(found) + 1}"
        try:
            singles = {name: tuple(map(float, row[name].split())) for name in FIGURES}
            found.append(Row(int(row["task"][:10]), parts, row["refused"], **singles))
        except ValueError:
            raise UserError(f"{where}: what should be a number is none") from None
        need(len({*map(len, singles.values())}) == 1, f"{where}: not as many agents everywhere")
        finite = all(math.isfinite(x) for figures in singles.values() for x in figures)
        need(finite, f"{where}: a figure is not finite")
    return found


# -- summing up ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sum:
    """Tasks that have something in common: how many, and what their able agents do where the goals
    part. Figures are means over tasks of means over agents; intervals are over tasks.
    """

    part: str
    value: str
    tasks: int
    agents: int
    able: int
    instead: Estimate  # a proxy met instead
    intended: Estimate  # the intended goal met


def sum_of(rows: Sequence[Row], part: str = ALL, value: str = "") -> Sum:
    """Sum up these tasks."""
    agents, able = sum(len(row.trained) for row in rows), sum(len(row.able) for row in rows)
    told = [row for row in rows if row.able]
    figures = [
        mean_of([float(np.mean([getattr(row, name)[k] for k in row.able])) for row in told])
        for name in ("instead", "intended")
    ]
    return Sum(part, value, len(rows), agents, able, *figures)


def mean_of(shares: Sequence[float]) -> Estimate:
    """The mean of shares of several tasks, with Student's interval over tasks: a few say little, and
    one says nothing of the next.
    """
    n = len(shares)
    if not n:
        return Estimate(None, None, None, ())
    mean = float(np.mean(shares))
    if n == 1:
        return Estimate(tidy(mean), 0.0, 1.0, ())
    spread = float(np.std(shares, ddof=1)) / n**0.5 * student(n)
    ends = (tidy(max(mean - spread, 0.0)), tidy(min(mean + spread, 1.0)))
    return Estimate(tidy(mean), *ends, ())


def groups(rows: Sequence[Row], part: str) -> dict[str, list[Row]]:
    """The tasks by what they have of a part; one that has several, as in "region and guide", is in
    each of their groups. Part `ALONE`: tasks with one cue, by that cue.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        words = row.parts[CUES if part == ALONE else part].split(" and ")
        for word in words if part != ALONE or len(words) == 1 else ():
            found.setdefault(word, []).append(row)
    return found


def sums(rows: Sequence[Row]) -> list[Sum]:
    """All tasks, then those of every value of every part."""
    known = [part for part in PARTS if rows and (part == ALONE or part in rows[0].parts)]
    found = [sum_of(rows)]
    for part in known:
        found += [sum_of(here, part, value) for value, here in sorted(groups(rows, part).items())]
    return found
