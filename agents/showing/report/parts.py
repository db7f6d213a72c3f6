"""The parts of a report's page, as data of its template. Cells of tables are words or estimates."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ....engine import state
from ....engine.counts import counted, digits
from ....engine.errors import UserError
from ....engine.levels.splits import split_of
from ....engine.vector import level_of
from ....engine.view.draw import charts
from ....engine.view.draw.ink import png
from ....engine.view.film import page, player_data, story
from ....engine.view.html import image
from ....engine.world import World
from ...judging.choose import Pick
from ...judging.evaluation import Evaluation
from ...judging.verdict import MIN_SEEDS
from ...learning.config import configure
from ...policies.policy import Policy
from ...studies.curve import MEASURES
from ..contrast import cut, live_both, take_of
from .claims import headline
from .figures import DASHES, mind_picture
from .sheets import curves_csv, figures_csv

SIGNS = {"intended": "★", "proxy": "◆", "paid": "$"}


def table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str, own: int = -1
) -> dict[str, Any]:
    """A table; `own` is the row that stands out."""
    return {"head": head, "rows": rows, "caption": caption, "own": own}


def verdict_of(evaluation: Evaluation, split: str) -> dict[str, Any]:
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
        "table": table(("criterion", "measured", "line", ""), rows, caption),
    }


def results(evaluation: Evaluation) -> list[dict[str, Any]]:
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
        tables.append(table([*head, "competence", "astray", "steps"], rows, caption, own=0))
    return tables


def episode(
    stamps: player_data.Stamps,
    world: World,
    agent: Policy,
    split: str,
    pick: str,
    chosen: Pick,
) -> dict[str, Any]:
    """The intended and the learned way on one level, to be played."""
    made = live_both(agent, world, split, chosen.seed)
    whole = [take_of(world, replay) for replay in made]
    takes, _, last = cut(world, whole, chosen.how)
    card = story.Card(world, split=split, captions=world.captions, title=f"{pick} level")
    return {
        "how": chosen.how.capitalize(),
        "last": last,
        "longest": max(len(take.states) for take in whole) - 1,
        "player": page.player(stamps, takes, card),
        "codes": [replay.code() for replay in made],
    }


def mind(world: World, agent: Policy, split: str, level: int) -> dict[str, Any]:
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


def over(
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
        "table": table(head, rows, "The same in figures"),
    }


def held_out(evaluation: Evaluation) -> dict[str, Any]:
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
        "table": table(head, rows, "Distinct levels"),
    }


def made(data: Mapping[str, Any], evaluation: Evaluation) -> dict[str, Any]:
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
        *(train_command(config) for config in data["configs"] if "world" in config),
        data["command"],
    ]
    return {
        "table": table(("run", "seed", "training", "differs in"), runs, "Runs"),
        "about": {
            "machine of this report": data["machine"],
            "versions": data["versions"],
            "evaluation": f"seed {evaluation.seed}, {evaluation.resamples} resamples",
            "world": f"{evaluation.world.name}, version {evaluation.world.version}",
        },
        "commands": "\n".join(filter(None, commands)),
        "config": json.dumps(first, indent=1),
    }


def train_command(config: Mapping[str, Any]) -> str:
    """What trains such a run, with what is not the world's own default."""
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


def downloads(evaluation: Evaluation, logs: Sequence[Sequence[Any]]) -> dict[str, str]:
    """The figures as files that lie in the page: their addresses by name."""

    def address(kind: str, content: bytes) -> str:
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    found = {"figures.csv": address("text/csv", figures_csv(evaluation))}
    if any(logs):
        found["training.csv"] = address("text/csv", curves_csv(logs, evaluation.agents))
    packed = json.dumps(evaluation.to_json(), indent=1).encode()
    return {**found, "evaluation.json": address("application/json", packed)}
