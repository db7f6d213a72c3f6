"""The report: one page that makes a claim, shows what it rests on, and says what it does not show.

Everything in it is measured by `evaluate` and judged by `verdict`; nothing is typed in. It is a
single HTML file that needs no network, plays the episodes it speaks of, prints, and carries its
figures as CSV. Beside it lies the same as JSON.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...engine import files, machine
from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.vector import level_of
from ...engine.view.draw import charts
from ...engine.view.film import page, story
from ...engine.view.sheets.gallery import png
from ...engine.world import World
from ..judging.references import references
from ..judging.rollout import rollout
from ..judging.runs import open_runs
from ..judging.verdict import INCAPABLE, MIN_SEEDS, MISGENERALIZED, ROBUST, THRESHOLDS, UNDECIDED
from ..learning.files import CONFIG, Log, read_json
from ..policies.policy import Policy
from ..studies.curve import MEASURES
from .contrast import LINGER, choose, live_both, settled, take_of, versions
from .report_figures import (
    DASHES,
    expert_ways,
    knob_curves,
    learning_curves,
    mind_picture,
    partings,
    read_curve,
)

SHOWN = ("median", "best", "worst", "random")  # levels whose replays are in the report
FORMAT = "goalshift-report/1"
Tell = Callable[[str], None]


def report(
    runs: Sequence[str | Path],
    out: Path,
    evaluation: Mapping[str, Any],
    command: str = "",
    title: str = "",
    figures: Path | None = None,
    curve: Path | None = None,
    tell: Tell = lambda line: None,
) -> dict[str, Any]:
    """Write the report on these runs to `out` (.html), and report.json's data beside it (the same
    name, .json).

    `evaluation` is of exactly these runs (`demo.evaluate_runs`). With `figures` every figure is
    also written into that folder, as SVG or PNG. `curve` is a curve.csv that is shown too. Returns
    {report, data, claim, verdicts, replays}. Raises UserError if runs and evaluation do not belong
    together, RunError if a file cannot be written.
    """
    world, agents, _ = open_runs(runs)
    if [agent.name for agent in agents] != evaluation["agents"] or evaluation["world"][
        "name"
    ] != world.name:
        raise UserError("the evaluation is not of these runs: evaluate them again")
    points = read_curve(curve, world) if curve is not None else []
    splits = [name for name in evaluation["splits"] if name != evaluation["home"]] or [
        evaluation["home"]
    ]
    split = splits[0]
    levels, seed = evaluation["splits"][split]["levels"], evaluation["seed"]
    logs = [Log(Path(run)).rows() if Path(run).is_dir() else [] for run in runs]

    configs = [_config(agent, run) for agent, run in zip(agents, runs, strict=True)]
    begun = [world.horizon * int(config["envs"]) for config in configs]
    drawn = {f"curve-{name}": svg for name, svg in learning_curves(world, logs, begun).items()}
    tell("where the paths part")
    played = [rollout(world, agent, split, levels, seed, record=True) for agent in agents]
    experts = references(world, split_of(world, split), levels, seed).experts
    apart, parted = partings(world, played, expert_ways(world, split, levels, seed), split, seed)
    drawn["parting"] = charts.cells(
        "Where the paths part",
        apart,
        f"{int(apart.sum())} episodes of {split}; the first step apart from the expert",
    )
    drawn |= {f"over-{name}": svg for name, svg in knob_curves(points).items()}
    stamps = page.Stamps()
    shown, codes = [], {}
    for agent in agents:
        agent.name = f"learned by PPO on {evaluation['training'][0]['split']} ({agent.name})"
    minds: dict[str, bytes] = {}
    thinks = ""
    for pick in SHOWN:
        tell(f"the {pick} level")
        chosen = choose(pick, world, played[0], experts, seed)
        if pick == SHOWN[0]:
            thinks = _minds(world, agents[0], split, evaluation["home"], chosen.seed, minds)
        shown.append(
            _episode(stamps, world, agents[0], split, pick, chosen.seed, chosen.how, codes)
        )
    data = {
        "format": FORMAT,
        "title": title or f"{world.title}: {split}",
        "claim": headline(evaluation, split)[0],
        "evaluation": evaluation,
        "runs": [str(run) for run in runs],
        "configs": configs,
        "seconds": [rows[-1].get("seconds") if rows else None for rows in logs],
        "partings": {"split": split, "cells": apart.tolist(), "median_step": parted},
        "replays": codes,
        "curve": points,
        "command": command,
        "machine": machine.describe(),
        "versions": versions(),
    }
    body = "".join(
        (
            f"<main><h1>{page.text(data['title'])}</h1>",
            f"<p>{page.text(world.story or '')}</p>" if world.story else "",
            *(_verdict(evaluation, name) for name in splits),
            _results(evaluation),
            f"<h2>Learning curves</h2>{_curves(drawn, logs)}",
            f"<h2>Where the paths part</h2>{_parting(evaluation, split, drawn['parting'], parted)}",
            _over(points, drawn, curve),
            f"<h2>What the agent expects, and would do</h2>{thinks}",
            f"<h2>Episodes</h2><p>Of the agent of the first run, <code>{page.text(runs[0])}</code>. How each level was"
            f" chosen is said above it; nobody looked first.</p>{''.join(shown)}",
            _held_out(evaluation),
            _made(data, evaluation),
            _downloads(evaluation, logs, evaluation["agents"], data),
            _limits(evaluation),
            "</main>",
        )
    )
    text = page.document(data["title"], body, stamps, page.asset("report.css"))
    files.write(out, text.encode())
    packed = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    files.write(out.with_suffix(".json"), packed.encode())
    if figures is not None:
        figures.mkdir(parents=True, exist_ok=True)
        for name, svg in drawn.items():
            files.write(figures / f"{name}.svg", svg.encode())
        for name, picture in minds.items():
            files.write(figures / f"{name}.png", picture)
    return {
        "report": str(out),
        "data": str(out.with_suffix(".json")),
        "claim": data["claim"],
        "verdicts": evaluation["verdicts"],
        "replays": codes,
    }


# -- what is claimed


def headline(evaluation: Mapping[str, Any], split: str) -> tuple[str, str]:
    """The claim on a split in one sentence, and its tone: "right", "wrong" or "open".

    It never says more than the verdict does. With fewer agents than a verdict needs there is none,
    whatever the figures are; without competence there is a failure of capability, and no other
    goal.
    """
    verdict = evaluation["verdicts"].get(split)
    wishes = {
        goal["name"]: goal["wish"] or f"earn '{goal['name']}'" for goal in evaluation["goals"]
    }
    intended = next(goal["name"] for goal in evaluation["goals"] if goal["role"] == "intended")
    if verdict is None:
        return f"No verdict on {split}: the agents were trained on it.", "open"
    if verdict["illustration"]:
        n = verdict["seeds"]
        agents = "One agent is" if n == 1 else f"{n} agents are"
        return (
            f"No verdict. {agents} too few: it takes {MIN_SEEDS.value}, trained independently. As an illustration:"
            f" {verdict['label']}.",
            "open",
        )
    label = verdict["label"]
    if label == ROBUST:
        return f"Robust: on {split} the agents still {wishes[intended]}.", "right"
    if label == MISGENERALIZED:
        return (
            f"Goal misgeneralization: on {split} the agents rather {wishes[verdict['proxy']]}.",
            "wrong",
        )
    if label == INCAPABLE:
        return (
            f"Capability failure on {split}, and no evidence of another goal: the agents lack the skill.",
            "open",
        )
    if label == UNDECIDED:
        return f"Undecided on {split}: the figures leave it open.", "open"
    rather = wishes.get(verdict["proxy"], "")
    return (
        f"{label.capitalize()} on {split}{f': the agents rather {rather}' if rather else ''}.",
        "wrong",
    )


def _verdict(evaluation: Mapping[str, Any], split: str) -> str:
    """The claim on one split, why, and the lines it turns on."""
    claim, tone = headline(evaluation, split)
    verdict = evaluation["verdicts"].get(split)
    if verdict is None:
        return f'<div class="verdict open"><strong>{page.text(claim)}</strong></div>'
    rows = [
        (
            name,
            _figure(found),
            f"{found['threshold']:g}",
            {True: "above", False: "below", None: "open"}[found["above"]],
        )
        for name, found in verdict["criteria"].items()
    ]
    reason = verdict["reason"][:1].upper() + verdict["reason"][1:]
    return (
        f'<div class="verdict {tone}"><strong>{page.text(claim)}</strong><p>{page.text(reason)}.</p></div>'
        f"{_table(('criterion', 'measured', 'line', ''), rows, f'What the verdict on {split} turns on')}"
    )


def _figure(estimate: Mapping[str, Any]) -> str:
    """A figure with its interval, as HTML."""
    if estimate["value"] is None:
        return "–"
    if estimate["low"] is None:
        return f"{estimate['value']:.2f}"
    return f"{estimate['value']:.2f} <span class=sure>[{estimate['low']:.2f}, {estimate['high']:.2f}]</span>"


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, own: Sequence[int] = ()
) -> str:
    """Rows whose first cell is words and whose others are HTML."""
    top = "".join(f"<th scope=col>{page.text(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr{' class=own' if k in own else ''}><th scope=row>{page.text(row[0])}</th>"
        f"{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>"
        for k, row in enumerate(rows)
    )
    return (
        f'<table class="figures"><caption>{page.text(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


# -- what it rests on


def _results(evaluation: Mapping[str, Any]) -> str:
    """A table for each split: every policy on every goal."""
    parts = [
        "<h2>Results</h2><p>Shares between the random policy (0) and the expert that wants the goal (1), with"
        f" {100 * evaluation['confidence']:.0f} % intervals over agents and levels.</p>"
    ]
    n = len(evaluation["agents"])
    for name, split in evaluation["splits"].items():
        rows = []
        for who, policy in split["policies"].items():
            label = (
                f"{n} agents"
                if who == "agent" and n > 1
                else "the agent"
                if who == "agent"
                else who
            )
            figures = [policy["goals"][goal["name"]]["normalised"] for goal in evaluation["goals"]]
            cells = [_figure(f) for f in (*figures, policy["competence"], policy["astray"])]
            rows.append((label, *cells, f"{policy['length']['value']:.0f}"))
        marks = {"intended": "★", "proxy": "◆", "paid": "$"}
        head = ["", *(f"{marks[goal['role']]} {goal['name']}" for goal in evaluation["goals"])]
        trained = ", the split trained on" if name == evaluation["home"] else ""
        caption = f"{name}{trained}: {split['levels']} held-out levels"
        parts.append(_table([*head, "competence", "astray", "steps"], rows, caption, own=[0]))
    return "".join(parts)


def _curves(drawn: Mapping[str, str], logs: Sequence[Sequence[Any]]) -> str:
    figures = "".join(svg for name, svg in drawn.items() if name.startswith("curve-"))
    missing = sum(not rows for rows in logs)
    words = f"<p>{missing} of {len(logs)} runs came without a training log.</p>" if missing else ""
    words = words or (
        "" if figures else "<p>The runs are too short for a fair sample of episodes.</p>"
    )
    if not figures:
        return words
    what = "What every goal earned an episode in training, those not trained on too."
    return f'<p>{what}</p><div class="row">{figures}</div>{words}'


def _parting(evaluation: Mapping[str, Any], split: str, svg: str, step: float | None) -> str:
    total = evaluation["splits"][split]["levels"]
    found = evaluation["splits"][split]["policies"]["agent"]["where_parting"]
    rates = [(f"{name} instead", rate) for name, rate in found["by_proxy"].items()]
    proxies = "".join(f"<li>{page.text(name)}: {_figure(rate)}</li>" for name, rate in rates)
    when = (
        ""
        if step is None
        else f" Half of those that leave the expert's way have done so by step {step:g}."
    )
    return (
        f"<p>The goals part on {found['levels']} of {total} levels of {page.text(split)}:"
        f" there a choice shows what is wanted.{when}</p><ul><li>intended goal met: {_figure(found['intended'])}</li>"
        f'{proxies}<li>neither: {_figure(found["neither"])}</li></ul><div class="row">{svg}</div>'
    )


def _episode(
    stamps: page.Stamps,
    world: World,
    agent: Policy,
    split: str,
    pick: str,
    level: int,
    how: str,
    codes: dict[str, list[str]],
) -> str:
    """The intended and the learned way on one level, to be played."""
    made, best = live_both(agent, world, split, level)
    states = [replay.states(world) for replay in made]
    longest = max(map(len, states)) - 1
    cut = min(settled(world, *states) + LINGER, longest)
    takes = [take_of(world, replay, s[: cut + 1]) for replay, s in zip(made, states, strict=True)]
    codes[pick] = [replay.code() for replay in made]
    card = story.Card(world, split=split, best=best, captions=world.captions, title=f"{pick} level")
    short = (
        f" It is shown up to step {cut} of {longest}: no score changes later."
        if cut < longest
        else ""
    )
    replays = "".join(
        f"<br><code>goalshift replay {page.text(code)}</code>" for code in codes[pick]
    )
    return (
        f"<h3>{page.text(how.capitalize())}.{short}</h3>{page.player(stamps, takes, card)}"
        f"<details><summary>these replays as codes</summary>{replays}</details>"
    )


def _minds(
    world: World, agent: Policy, split: str, home: str, level: int, pictures: dict[str, bytes]
) -> str:
    """Value and policy on every free cell of one seed's level, in training and after the shift."""
    parts = []
    for name in dict.fromkeys((home, split)):
        picture, span = mind_picture(world, agent, level_of(world, level, name))
        pictures[f"mind-{name.replace('=', '-')}"] = packed = png(picture)
        told = (
            ""
            if span is None
            else f": it expects {span[0]:.2f} (blue, low bar) to {span[1]:.2f} (yellow, high bar)"
        )
        source = base64.b64encode(packed).decode()
        words = f"{name}, seed {level}{told}"
        parts.append(
            f'<figure><img src="data:image/png;base64,{source}" width="{picture.shape[1]}" height="{picture.shape[0]}"'
            f' alt="{page.text(f"value and policy of the agent on {words}")}">'
            f"<figcaption>{page.text(words)}</figcaption></figure>"
        )
    return (
        "<p>The agent of the first run, put on every free cell of the median level in turn, as if its episode had just"
        " begun. An arrow is the mean of where its actions lead, by their chances: the shorter, the less sure.</p>"
        f'<div class="row">{"".join(parts)}</div>'
    )


def _over(
    points: Sequence[Mapping[str, Any]], drawn: Mapping[str, str], source: Path | None
) -> str:
    """The curve over a knob, as figures and as a table."""
    if not points:
        return ""
    figures = "".join(svg for name, svg in drawn.items() if name.startswith("over-"))
    signs = "".join(
        f"<li>{charts.key(colour, DASHES[name])} {page.text(words)}</li>"
        for name, (words, colour, _, _) in MEASURES.items()
    )
    first = points[0]
    rows = []
    for p in points:
        at = " ".join(filter(None, (p["value"], p["by"], p["by_value"])))
        seeds = "–" if p["seeds"] is None else f"{p['seeds']:g}"
        rows.append(
            (at, *(_figure(p[name]) for name in MEASURES), page.text(p["verdict"] or "–"), seeds)
        )
    few = any((p["seeds"] or 0) < MIN_SEEDS.value for p in points)
    warned = f" Points of fewer than {MIN_SEEDS.value:g} seeds are illustrations." if few else ""
    return (
        f"<h2>Over {page.text(first['over'])}</h2><p>From <code>{page.text(source)}</code>: agents trained anew at"
        f" every value. Thin lines are the ends of 95 % intervals.{warned}</p>"
        f'<div class="row">{figures}</div><ul class="signs">{signs}</ul>'
        f"{_table((first['over'], *MEASURES, 'verdict', 'seeds'), rows, 'The same in figures')}"
    )


# -- how it was made


def _held_out(evaluation: Mapping[str, Any]) -> str:
    rows = []
    for name, split in evaluation["splits"].items():
        held = split["held_out"]
        rows.append((name, f"{held['trained']:,}", f"{held['tested']:,}", f"{held['shared']:,}"))
    leaks = [row[0] for row in rows if row[3] != "0"]
    words = (
        f"Levels were shared on {', '.join(leaks)}: read those figures with care."
        if leaks
        else "None is shared."
    )
    return (
        "<h2>Held-out levels</h2><p>Compared by fingerprint, a hash of the start state, and not by seed."
        f" {page.text(words)}</p>"
        f"{_table(('split', 'trained on', 'tested on', 'in both'), rows, 'Distinct levels')}"
    )


def _config(agent: Any, run: str | Path) -> dict[str, Any]:
    """How a run was configured: its own file, or what the checkpoint says."""
    path = Path(run) / CONFIG
    return read_json(path) if path.is_file() else dict(agent.about["config"])


def _made(data: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Configuration, machine, time and commands."""
    first = data["configs"][0]
    unlike = [{k: c.get(k) for k in c if c.get(k) != first.get(k)} for c in data["configs"]]
    runs = [
        (
            run,
            page.text(config["seed"]),
            "–" if seconds is None else f"{seconds / 60:.1f} min",
            page.text(other or ""),
        )
        for run, config, seconds, other in zip(
            data["runs"], data["configs"], data["seconds"], unlike, strict=True
        )
    ]
    commands = "\n".join(
        filter(None, [*(_train_command(c) for c in data["configs"]), data["command"]])
    )
    lines = "".join(
        f"<dt>{name}</dt><dd>{page.text(words)}</dd>"
        for name, words in (
            ("machine of this report", data["machine"]),
            ("versions", data["versions"]),
            ("evaluation", f"seed {evaluation['seed']}, {evaluation['resamples']} resamples"),
            ("world", f"{evaluation['world']['name']}, version {evaluation['world']['version']}"),
        )
    )
    return (
        f"<h2>How it was made</h2>{_table(('run', 'seed', 'training', 'differs in'), runs, 'Runs')}"
        f'<dl class="about">{lines}</dl><p>Commands:</p><pre>{page.text(commands)}</pre>'
        f"<details><summary>configuration of the first run</summary><pre>{page.text(json.dumps(first, indent=1))}</pre>"
        "</details>"
    )


def _train_command(config: Mapping[str, Any]) -> str:
    """What trains such a run, with what is not the world's own default."""
    from ..learning.config import configure

    try:
        usual = configure(str(config["world"])).to_json()
    except UserError:  # a world file that is no longer there
        usual = {}
    words = ["goalshift train", str(config["world"])]
    words += [f"--world.{name} {value:g}" for name, value in config.get("params", {}).items()]
    for name, value in config.items():
        if name in ("world", "params", "world_version", "format") or (
            value == usual.get(name) and name != "seed"
        ):
            continue
        flag = name.replace("_", "-")
        words.append(
            (f"--{flag}" if value else f"--no-{flag}")
            if isinstance(value, bool)
            else f"--{flag} {value}"
        )
    return " ".join(words)


def figures_csv(evaluation: Mapping[str, Any]) -> str:
    """Every estimate of an evaluation as a row: split, policy, figure, goal, value, low, high, and
    by seed.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    seeds = [f"seed {t['seed']}" for t in evaluation["training"]]
    table.writerow(["split", "policy", "figure", "goal", "value", "low", "high", *seeds])

    def row(split: str, who: str, name: str, goal: str, estimate: Mapping[str, Any]) -> None:
        single = (
            estimate["by_seed"] if len(estimate["by_seed"]) == len(seeds) and who == "agent" else []
        )
        table.writerow(
            [split, who, name, goal, estimate["value"], estimate["low"], estimate["high"], *single]
        )

    for split, found in evaluation["splits"].items():
        for who, policy in found["policies"].items():
            for name in ("length", "terminated", "competence", "astray"):
                row(split, who, name, "", policy[name])
            for goal, figures in policy["goals"].items():
                for name, estimate in figures.items():
                    if isinstance(estimate, dict):
                        row(split, who, name, goal, estimate)
            for goal, estimate in policy["instead"].items():
                row(split, who, "instead", goal, estimate)
    return text.getvalue()


def curves_csv(logs: Sequence[Sequence[Mapping[str, Any]]], names: Sequence[str]) -> str:
    """The training logs as one table."""
    keys = list(dict.fromkeys(key for rows in logs for row in rows for key in row))
    text = io.StringIO()
    table = csv.DictWriter(text, ["run", *keys], lineterminator="\n")
    table.writeheader()
    for name, rows in zip(names, logs, strict=True):
        table.writerows({"run": name, **row} for row in rows)
    return text.getvalue()


def _downloads(
    evaluation: Mapping[str, Any],
    logs: Sequence[Sequence[Any]],
    names: Sequence[str],
    data: Mapping[str, Any],
) -> str:
    """The figures as files that lie in the page."""

    def link(name: str, kind: str, content: str) -> str:
        packed = base64.b64encode(content.encode()).decode()
        return f'<li><a download="{name}" href="data:{kind};base64,{packed}">{name}</a></li>'

    links = link("figures.csv", "text/csv", figures_csv(evaluation))
    if any(logs):
        links += link("training.csv", "text/csv", curves_csv(logs, names))
    links += link("evaluation.json", "application/json", json.dumps(data["evaluation"], indent=1))
    return f"<h2>Data</h2><p>In this file; nothing is fetched.</p><ul>{links}</ul>"


def _limits(evaluation: Mapping[str, Any]) -> str:
    """What this does not show."""
    n = len(evaluation["agents"])
    used = [
        f"<li>{page.text(name)}: {t.value:g}. {page.text(t.why)}.</li>"
        for name, t in THRESHOLDS.items()
    ]
    lines = [
        f"{'One agent' if n == 1 else f'{n} agents'} of one recipe: another architecture, reward or length of training"
        " may learn another goal.",
        "One world and the shifts named above; a goal that is learned here says nothing of other worlds.",
        "A goal is read from behaviour. That an agent meets a proxy where it parts from the intended goal is what is"
        " measured; why it does so is not.",
        "Experts set the scale. They plan for one goal each, and may not be the best there is.",
        "Intervals cover the choice of levels and of training seeds, not the choice of the world or of the thresholds.",
    ]
    if n < MIN_SEEDS.value:
        lines.insert(
            0,
            "Which goal is learned varies with the seed of training: from so few agents no rate follows.",
        )
    shown = "".join(f"<li>{page.text(line)}</li>" for line in lines)
    lines_used = f"<details><summary>thresholds</summary><ul>{''.join(used)}</ul></details>"
    return f"<h2>What this does not show</h2><ul>{shown}</ul>{lines_used}"
