"""Curves: one recipe trained anew at every value of a knob, several seeds each, and what came of
it.

A knob is the share of shifted levels (`alpha`), the number of training levels (`levels`, 0:
endless), any other option of the learner (`steps`, `width`, ...), a parameter of the world in every
split (`world.region`), or in one (`world.train.horizon`). A second knob draws a panel for each of
its values. A folder holds everything, so a curve resumes where it stopped:

    OUT/KNOB=VALUE[,KNOB=VALUE]/seed-K/        the runs; evaluation.json beside them
    OUT/curve.csv  curve.svg  curve.png
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...engine.catalogue import load
from ...engine.errors import UserError, did_you_mean
from ...engine.files import write
from ...engine.world import World
from ..judging.evaluate import load_evaluation
from ..judging.intervals import Estimate
from .jobs import EVALUATION, Tell, mean_shifted, options, run_all, seeds_of, typed

MOST_POINTS = 400
# in the order they are drawn: what, in words, colour and mark (Okabe and Ito's colours)
MEASURES = {
    "trained": ("paid goal, training levels held out", "#5b6183", "s", ":"),
    "intended": ("intended goal after the shift", "#0072b2", "o", "-"),
    "astray": ("a proxy met instead", "#d55e00", "D", "-"),
    "competence": ("any goal met (competence)", "#009e73", "^", "--"),
}


@dataclass(frozen=True)
class Knob:
    """A name and the values it takes, as they are written."""

    name: str
    values: tuple[str, ...]

    def given(self, value: str) -> dict[str, Any]:
        """What `sweep.train_job` gets for one value."""
        return {"split": f"alpha={value}"} if self.name == "alpha" else {self.name: value}


def knob(text: str, world: World) -> Knob:
    """A knob from `NAME=V,V,V`, `NAME=A..B` (whole numbers); UserError if the world or the learner
    has none such.
    """
    name, equals, listed = text.partition("=")
    name = name.strip().replace("-", "_")
    known = ["alpha", *options(), *(f"world.{p}" for p in (*world.params._fields, "learners"))]
    bare = re.sub(
        r"^world\.(train|deploy|" + "|".join(map(re.escape, world.splits)) + r")\.", "world.", name
    )
    if bare not in known:
        raise UserError(
            f"--over '{name}': no such knob of '{world.name}'.{did_you_mean(bare, known)}"
        )
    span = re.fullmatch(r"(\d+)\.\.(\d+)", listed.strip())
    if span and int(span[2]) - int(span[1]) < MOST_POINTS:
        values = [str(v) for v in range(int(span[1]), int(span[2]) + 1)]
    else:
        values = [value.strip() for value in listed.split(",") if value.strip()]
    values = [_tidy(name, value, world) for value in values]
    if not equals or not values:
        raise UserError(f"--over '{text}': write it like alpha=0,1e-3,0.1,1 or world.region=1..11")
    if len(set(values)) < len(values):
        raise UserError(f"--over '{text}': a value stands there twice")
    return Knob(name, tuple(values))


def _tidy(name: str, value: str, world: World) -> str:
    """A value as a flag takes it: counts like 2M and labels become digits; other numbers stay as
    they are written.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kM])", value)
    if match:
        return str(round(float(match[1]) * {"k": 1e3, "M": 1e6}[match[2]]))
    if name.startswith("world."):
        value = str(next(iter(world.numbers({name.removeprefix("world."): value}).values())))
    try:
        number = float(value)
    except ValueError:
        return value  # a word, such as the name of a split: the learner says if it is a wrong one
    if not math.isfinite(number):
        raise UserError(f"--over {name}: '{value}' is no number to train with")
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:g}"


def make(
    text: str,
    over: str,
    out: Path,
    by: str = "",
    seeds: int = 3,
    levels: int = 256,
    workers: int = 1,
    given: dict[str, Any] | None = None,
    split: str = "deploy",
    tell: Tell = lambda done, total, line: None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Train and evaluate what is missing in `out`, then write CSV and figures of all that is there.

    `text` names the world, `over` and `by` the knobs (see `knob`), `given` what all runs share (as
    for `sweep.train_job`), `split` where they are judged. Returns the points (plain data) and a
    line for each failed job.
    """
    world = load(text)
    shared = {
        key.removeprefix("world."): v
        for key, v in (given or {}).items()
        if key.startswith("world.")
    }
    given = {**(given or {}), **{f"world.{key}": v for key, v in world.numbers(shared).items()}}
    first, second = knob(over, world), knob(by, world) if by else None
    points, jobs = [], []
    pairs = [(a, b) for b in (second.values if second else ("",)) for a in first.values]
    if len(pairs) * seeds > MOST_POINTS * 10 or len(pairs) > MOST_POINTS:
        raise UserError(
            f"{len(pairs)} points of {seeds} seeds are too many for a curve: at most {MOST_POINTS} points"
        )
    for a, b in pairs:
        name = f"{first.name}={a}" + (f",{second.name}={b}" if second else "")
        recipe = {**given, **first.given(a), **(second.given(b) if second else {})}
        _check(text, world, recipe)
        home = out / name
        jobs += seeds_of(text, home, recipe, seeds, ("train", split), levels)
        points.append((a, b, home))
    faults = run_all(out, jobs, workers, tell)
    rows = [
        point_of(world, first, a, second, b, home, split, seeds)
        for a, b, home in points
        if (home / EVALUATION).is_file()
    ]
    save(rows, out)
    if rows:
        draw(rows, out, world, split, first, second)
    return rows, faults


def _check(text: str, world: World, recipe: dict[str, Any]) -> None:
    """Raise UserError now rather than in the middle of the night if a point cannot be trained."""
    from ..learning.net import Shape
    from ..learning.ppo import configure

    changed = {
        key.removeprefix("world."): v for key, v in recipe.items() if key.startswith("world.")
    }
    world.with_params(**changed).split(str(recipe.get("split", "train")))
    config = configure(text, **typed(text, recipe))
    sizes = (config.first, config.width, config.depth, config.patch, config.memory)
    Shape(world.view, len(world.symbols), len(world.actions), *sizes)


def point_of(
    world: World,
    first: Knob,
    a: str,
    second: Knob | None,
    b: str,
    home: Path,
    split: str,
    seeds: int,
) -> dict[str, Any]:
    """One point: the knobs, and every measure as an ESTIMATE (see `evaluate.evaluate`)."""
    evaluation = load_evaluation(home / EVALUATION)
    agent = evaluation["splits"][split]["policies"]["agent"]
    home_agent = evaluation["splits"][evaluation["home"]]["policies"]["agent"]
    verdict = evaluation["verdicts"].get(split)
    return {
        "world": world.name,
        "over": first.name,
        "value": a,
        "by": second.name if second else "",
        "by_value": b,
        "shifted": mean_shifted([home / f"seed-{k}" for k in range(seeds)]),
        "trained": home_agent["goals"][world.paid.name]["normalised"],
        "intended": agent["goals"][world.intended.name]["normalised"],
        "astray": agent["astray"],
        "competence": agent["competence"],
        "label": verdict["label"] if verdict else "",
        "seeds": len(evaluation["agents"]),
        "levels": evaluation["splits"][split]["levels"],
    }


def save(rows: Sequence[dict[str, Any]], out: Path) -> None:
    """Write curve.csv into `out`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    head = [f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high", "_by_seed")]
    table.writerow(
        [
            "world",
            "over",
            "value",
            "by",
            "by_value",
            "shifted_share",
            *head,
            "verdict",
            "seeds",
            "levels",
        ]
    )
    for row in rows:
        figures: list[Any] = []
        for name in MEASURES:
            estimate: Estimate = row[name]
            singles = " ".join("" if x is None else f"{x:g}" for x in estimate["by_seed"])
            figures += [estimate["value"], estimate["low"], estimate["high"], singles]
        knobs = [row[key] for key in ("world", "over", "value", "by", "by_value", "shifted")]
        table.writerow([*knobs, *figures, row["label"], row["seeds"], row["levels"]])
    out.mkdir(parents=True, exist_ok=True)
    write(out / "curve.csv", text.getvalue().encode())


def draw(
    rows: Sequence[dict[str, Any]],
    out: Path,
    world: World,
    split: str,
    first: Knob,
    second: Knob | None,
) -> None:
    """Write curve.svg and curve.png: a panel for each value of the second knob, equal steps between
    values.

    Lines join the values of quantities. Values that have labels are no quantities: they stand
    apart, and those that are called alike stand together.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "goalshift", "font.size": 11, "axes.titlesize": 12})
    from matplotlib import pyplot

    words = world.words(first.name)
    values = (
        sorted(first.values, key=lambda v: words(int(v))) if callable(words) else list(first.values)
    )
    panels = list(second.values) if second else [""]
    across = min(len(panels), 3)
    down = math.ceil(len(panels) / across)
    size = (
        1.2 + 6.0 * across if across == 1 else 4.6 * across,
        (5.2 if callable(words) else 4.4) * down,
    )
    figure, axes = pyplot.subplots(
        down, across, figsize=size, squeeze=False, sharey=True, layout="constrained"
    )
    for k, panel in enumerate(panels):
        axis = axes[k // across][k % across]
        mine = [row for row in rows if row["by_value"] == panel]
        for nth, (name, (what, colour, mark, line)) in enumerate(MEASURES.items()):
            aside = (nth - 1.5) * 0.18 if words else 0.0
            known = [
                (values.index(row["value"]) + aside, row[name])
                for row in mine
                if row[name]["value"] is not None
            ]
            x = [at for at, _ in known]
            low, value, high = ([e[key] for _, e in known] for key in ("low", "value", "high"))
            if words:
                axis.vlines(x, low, high, color=colour, alpha=0.5, linewidth=1.6)
            else:
                axis.fill_between(x, low, high, color=colour, alpha=0.14, linewidth=0)
            axis.plot(
                x,
                value,
                color=colour,
                linestyle="none" if words else line,
                marker=mark,
                ms=5.5,
                label=what,
            )
            for at, estimate in known:
                singles = [s for s in estimate["by_seed"] if s is not None]
                axis.plot([at] * len(singles), singles, ".", color=colour, alpha=0.35, markersize=4)
        axis.set_xticks(range(len(values)), [tick(first.name, v, world) for v in values])
        if callable(words):
            axis.tick_params(axis="x", rotation=90)
        if words:
            for between in range(1, len(values)):
                axis.axvline(between - 0.5, color="#20233f", alpha=0.12, linewidth=0.8)
        axis.set_xlim(-0.5 if words else -0.3, len(values) - (0.5 if words else 0.7))
        axis.set_xlabel(_axis(first.name))
        axis.axhline(0, color="#20233f", linewidth=0.6)
        axis.grid(axis="y", color="#20233f", alpha=0.12)
        axis.spines[["top", "right"]].set_visible(False)
        if second:
            axis.set_title(f"{second.name} = {tick(second.name, panel, world)}")
    for k in range(len(panels), across * down):
        axes[k // across][k % across].axis("off")
    shown = [e["low"] for row in rows for e in (row[m] for m in MEASURES) if e["low"] is not None]
    axes[0][0].set_ylim(max(-1.25, min([-0.05, *shown]) - 0.05), 1.06)
    for line in axes:
        line[0].set_ylabel("random policy 0, expert 1")
    figure.suptitle(f"{world.title} · trained at each value, judged on '{split}'", fontsize=13)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2 if across < 3 else 4, frameon=False
    )
    for suffix in ("svg", "png"):
        picture = io.BytesIO()
        metadata = {"Date": None} if suffix == "svg" else {"Software": None}
        figure.savefig(picture, format=suffix, dpi=120, metadata=metadata)
        write(out / f"curve.{suffix}", picture.getvalue())
    pyplot.close(figure)


def _axis(name: str) -> str:
    """A knob as the label of an axis."""
    names = {
        "alpha": "share of training levels that are shifted (alpha)",
        "levels": "levels trained on (∞: new ones for ever)",
        "steps": "steps of training",
        "width": "units of the network's layers",
    }
    return names.get(name, name.removeprefix("world.").replace(".", ": "))


def tick(name: str, value: str, world: World) -> str:
    """A value as a tick: its label, 20k for 20000, and ∞ for endless levels."""
    if world.words(name):
        return world.say(name, float(value))
    if name == "levels" and value == "0":
        return "∞"
    if value.isdecimal() and len(value) > 3 and int(value) % 100 == 0:
        return f"{int(value) / 1e6:g}M" if len(value) > 6 else f"{int(value) / 1e3:g}k"
    return value
