"""The report: one page that makes a claim, shows what it rests on, and says what it does not show.

Everything in it is measured by `evaluate` and judged by `verdict`; nothing is typed in. It is a
single HTML file that needs no network, plays the episodes it speaks of, prints, and carries its
figures as CSV. Beside it lies the same as JSON.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ....engine import files, machine, state
from ....engine.counts import counted, digits
from ....engine.errors import UserError
from ....engine.levels.splits import split_of
from ....engine.vector import level_of
from ....engine.view.draw import charts
from ....engine.view.draw.ink import png
from ....engine.view.film import page, player_data, story
from ....engine.view.html import image, render
from ....engine.world import World
from ...judging.choose import choose
from ...judging.evaluation import Evaluation
from ...judging.plain import to_plain
from ...judging.references import references
from ...judging.rollout import rollout
from ...judging.runs import open_agents
from ...judging.verdict import MIN_SEEDS, THRESHOLDS
from ...learning.files import CONFIG, Log, read_config
from ...policies.policy import Policy
from ...studies.curve import MEASURES
from ..contrast import cut, live_both, take_of, versions
from .claims import headline, limits
from .figures import (
    DASHES,
    expert_ways,
    knob_curves,
    learning_curves,
    mind_picture,
    partings,
    read_curve,
)
from .sheets import curves_csv, figures_csv

SHOWN = ("median", "best", "worst", "random")  # levels whose replays are in the report
FORMAT = "goalshift-report/1"
TEMPLATE = "agents/showing/report/report.html.j2"
SIGNS = {"intended": "★", "proxy": "◆", "paid": "$"}
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
    cast = open_agents(runs, world=home)
    world, agents = cast.world, cast.agents
    known = tuple(agent.name for agent in agents) == evaluation.agents
    if not known or evaluation.world.name != world.name:
        raise UserError("the evaluation is not of these runs: evaluate them again")
    points = read_curve(plan.curve, world) if plan.curve is not None else []
    trained_on = evaluation.home
    splits = _in_order(evaluation, world.judged)
    split = splits[0]
    levels, seed = evaluation.splits[split].levels, evaluation.seed
    logs = [Log(Path(run)).thinned() if Path(run).is_dir() else [] for run in runs]
    configs = [_config(about, run) for about, run in zip(cast.abouts, runs, strict=True)]
    begun = [world.horizon * config.get("envs", 0) for config in configs]
    curves = {f"curve-{name}": svg for name, svg in learning_curves(world, logs, begun).items()}
    tell("where the paths part")
    played = [rollout(world, agent, split, levels, seed, record=True) for agent in agents]
    experts = references(world, split_of(world, split), levels, seed).experts
    apart, parted = partings(world, played, expert_ways(world, split, levels, seed), split, seed)
    words = (
        f"{counted(int(apart.sum()), 'episode')} of {split}; the first step apart from the expert"
    )
    parting = charts.cells("Where the paths part", apart, words)
    over = {f"over-{name}": svg for name, svg in knob_curves(points).items()}
    for agent, about in zip(agents, cast.abouts, strict=True):
        how = about.get("kind") or f"learned by PPO on {evaluation.training[0].split}"
        agent.name = f"{how} ({agent.name})"
    stamps, episodes, median = player_data.Stamps(), [], 0
    for pick in SHOWN:
        tell(f"the {pick} level")
        chosen = choose(pick, world, played[0], experts, seed, evaluation.verdicts.get(split))
        median = chosen.seed if pick == SHOWN[0] else median
        episodes.append(_episode(stamps, world, agents[0], split, (pick, chosen.seed, chosen.how)))
    minds = [_mind(world, agents[0], name, median) for name in dict.fromkeys((trained_on, split))]
    data = {
        "format": FORMAT,
        "title": plan.title or f"{world.title}: {split}",
        "claim": headline(evaluation, split)[0],
        "evaluation": evaluation.to_json(),
        "runs": [str(run) for run in runs],
        "configs": configs,
        "seconds": [rows[-1].get("seconds") if rows else None for rows in logs],
        "partings": {"split": split, "cells": apart.tolist(), "median_step": parted},
        "replays": {pick: one["codes"] for pick, one in zip(SHOWN, episodes, strict=True)},
        "curve": points,
        "command": plan.command,
        "machine": machine.describe(),
        "versions": versions(),
    }
    text = render(
        TEMPLATE,
        **page.document(stamps, Path(__file__).with_name("report.css")),
        title=data["title"],
        data=data,
        evaluation=evaluation,
        world=world,
        split=split,
        verdicts=[_verdict(evaluation, name) for name in splits],
        results=_results(evaluation),
        curves=[Markup(svg) for svg in curves.values()],
        unlogged=sum(not rows for rows in logs),
        parting=Markup(parting),
        over=_over(points, over, plan.curve) if points else None,
        minds=minds,
        episodes=episodes,
        held_out=_held_out(evaluation),
        made=_made(data, evaluation),
        files=_downloads(evaluation, logs),
        limits=limits(len(agents)),
        thresholds=THRESHOLDS,
    )
    files.write(out, text.encode())
    files.write(out.with_suffix(".json"), files.json_bytes(data))
    if plan.figures is not None:
        files.make_folder(plan.figures)
        for name, svg in {**curves, "parting": parting, **over}.items():
            files.write(plan.figures / f"{name}.svg", svg.encode())
        for mind in minds:
            files.write(plan.figures / f"{mind['name']}.png", mind["png"])
    return {
        "report": str(out),
        "data": str(out.with_suffix(".json")),
        "claim": data["claim"],
        "verdicts": to_plain(evaluation.verdicts),
        "replays": data["replays"],
    }


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


# -- parts of the page, as data of its template. Cells of tables are words or estimates.


def _table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str, own: int = -1
) -> dict[str, Any]:
    """A table; `own` is the row that stands out."""
    return {"head": head, "rows": rows, "caption": caption, "own": own}


def _verdict(evaluation: Evaluation, split: str) -> dict[str, Any]:
    """The claim on one split, why, and the lines it turns on."""
    claim, tone = headline(evaluation, split)
    verdict = evaluation.verdicts.get(split)
    if verdict is None:
        return {"claim": claim, "tone": "open", "reason": "", "table": None}
    above = {True: "above", False: "below", None: "open"}
    rows = [
        (name, found, f"{found.threshold:g}", above[found.above])
        for name, found in verdict.criteria.items()
    ]
    caption = f"What the verdict on {split} turns on"
    return {
        "claim": claim,
        "tone": tone,
        "reason": verdict.reason[:1].upper() + verdict.reason[1:],
        "table": _table(("criterion", "measured", "line", ""), rows, caption),
    }


def _results(evaluation: Evaluation) -> list[dict[str, Any]]:
    """A table for each split: every policy on every goal."""
    n, tables = len(evaluation.agents), []
    goals = evaluation.goals
    head = ["", *(f"{SIGNS[goal.role]} {goal.name}" for goal in goals)]
    for name, split in evaluation.splits.items():
        rows = []
        for who, policy in split.policies.items():
            label = who if who != "agent" else f"{n} agents" if n > 1 else "the agent"
            figures = [policy.goals[goal.name].normalised for goal in goals]
            figures += [policy.competence, policy.astray]
            rows.append((label, *figures, policy.length.whole()))
        trained = ", the split trained on" if name == evaluation.home else ""
        caption = f"{name}{trained}: {counted(split.levels, 'held-out level')}"
        tables.append(_table([*head, "competence", "astray", "steps"], rows, caption, own=0))
    return tables


def _episode(
    stamps: player_data.Stamps,
    world: World,
    agent: Policy,
    split: str,
    chosen: tuple[str, int, str],
) -> dict[str, Any]:
    """The intended and the learned way on one level, to be played."""
    pick, level, how = chosen
    made = live_both(agent, world, split, level)
    whole = [take_of(world, replay) for replay in made]
    takes, _, last = cut(world, whole, how)
    card = story.Card(world, split=split, captions=world.captions, title=f"{pick} level")
    return {
        "how": how.capitalize(),
        "last": last,
        "longest": max(len(take.states) for take in whole) - 1,
        "player": page.player(stamps, takes, card),
        "codes": [replay.code() for replay in made],
    }


def _mind(world: World, agent: Policy, split: str, level: int) -> dict[str, Any]:
    """Value and policy on every free cell of one seed's level."""
    start = level_of(world, level, split_of(world, split))
    picture, span = mind_picture(world, agent, start)
    told = f"{split}, level {state.short(world.fingerprints(start)[0])}"
    if span is not None:
        told += f": it expects {span[0]:.2f} (blue, low bar) to {span[1]:.2f} (yellow, high bar)"
    packed = png(picture)
    return {
        "name": f"mind-{split.replace('=', '-')}",
        "png": packed,
        "source": image(packed, "png"),
        "size": picture.shape,
        "words": told,
    }


def _over(
    points: Sequence[Mapping[str, Any]], drawn: Mapping[str, str], source: Path | None
) -> dict[str, Any]:
    """The curve over a knob, as figures and as a table."""
    first, rows = points[0], []
    for p in points:
        at = " ".join(filter(None, (p["value"], p["by"], p["by_value"])))
        seeds = "–" if p["seeds"] is None else f"{p['seeds']:g}"
        rows.append((at, *(p[name] for name in MEASURES), p["verdict"] or "–", seeds))
    head = (first["over"], *MEASURES, "verdict", "seeds")
    return {
        "name": first["over"],
        "source": str(source),
        "few": any((p["seeds"] or 0) < MIN_SEEDS.value for p in points),
        "least": f"{MIN_SEEDS.value:g}",
        "figures": [Markup(svg) for svg in drawn.values()],
        "signs": [
            (Markup(charts.key(colour, DASHES[name])), words)
            for name, (words, colour, _, _) in MEASURES.items()
        ],
        "table": _table(head, rows, "The same in figures"),
    }


def _held_out(evaluation: Evaluation) -> dict[str, Any]:
    """How many levels were trained on, tested on, and both."""
    rows = []
    for name, split in evaluation.splits.items():
        held = split.held_out
        rows.append((name, f"{held.trained:,}", f"{held.tested:,}", f"{held.shared:,}"))
    leaks = ", ".join(row[0] for row in rows if row[3] != "0")
    said = f"Levels were shared on {leaks}: read those figures with care."
    head = ("split", "trained on", "tested on", "in both")
    unknown = "What the agents were trained on is not known: the levels are those of the test pool."
    proved = all(split.held_out.trained for split in evaluation.splits.values())
    return {
        "said": said if leaks else "None is shared." if proved else unknown,
        "table": _table(head, rows, "Distinct levels"),
    }


def _made(data: Mapping[str, Any], evaluation: Evaluation) -> dict[str, Any]:
    """Configuration, machine, time and commands."""
    first = data["configs"][0]
    unlike = [{k: c.get(k) for k in c if c.get(k) != first.get(k)} for c in data["configs"]]
    told = zip(data["runs"], data["configs"], data["seconds"], unlike, strict=True)
    runs = [
        (
            run,
            config.get("seed", "–"),
            "–" if seconds is None else f"{seconds / 60:.1f} min",
            other or "",
        )
        for run, config, seconds, other in told
    ]
    commands = [
        *(_train_command(config) for config in data["configs"] if "world" in config),
        data["command"],
    ]
    return {
        "table": _table(("run", "seed", "training", "differs in"), runs, "Runs"),
        "about": {
            "machine of this report": data["machine"],
            "versions": data["versions"],
            "evaluation": f"seed {evaluation.seed}, {evaluation.resamples} resamples",
            "world": f"{evaluation.world.name}, version {evaluation.world.version}",
        },
        "commands": "\n".join(filter(None, commands)),
        "config": json.dumps(first, indent=1),
    }


def _train_command(config: Mapping[str, Any]) -> str:
    """What trains such a run, with what is not the world's own default."""
    from ...learning.config import configure

    try:
        usual = configure(str(config["world"])).to_json()
    except UserError:  # a world file that is no longer there
        usual = {}
    words = ["goalshift", "train", str(config["world"])]
    for name, value in config.get("params", {}).items():
        words += [f"--world.{name}", digits(value)]
    for name, value in config.items():
        if name in ("world", "params", "world_version", "format") or (
            value == usual.get(name) and name != "seed"
        ):
            continue
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", str(value)]
    return shlex.join(words)


def _downloads(evaluation: Evaluation, logs: Sequence[Sequence[Any]]) -> dict[str, str]:
    """The figures as files that lie in the page: their addresses by name."""

    def address(kind: str, content: bytes) -> str:
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    found = {"figures.csv": address("text/csv", figures_csv(evaluation))}
    if any(logs):
        found["training.csv"] = address("text/csv", curves_csv(logs, evaluation.agents))
    packed = json.dumps(evaluation.to_json(), indent=1).encode()
    return {**found, "evaluation.json": address("application/json", packed)}
