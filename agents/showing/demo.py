"""From run folders to verdicts and films, and the demo, which does everything once.

What is here only puts the parts together: `run` trains, `evaluate` measures and judges, `contrast`
films. Long parts show their progress through `bar`, a function that makes a context manager from a
title; inside it, `show(done, total, remark)` may be called at will.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.catalogue import load
from ...engine.errors import UserError
from ...engine.files import write
from ...engine.world import World
from ..judging.evaluate import (
    Training,
    evaluate,
    load_evaluation,
    open_runs,
    save_evaluation,
    world_mark,
)
from ..policies.policy import Mirrored
from .contrast import FilmPlan, contrast

if TYPE_CHECKING:
    from ..learning.config import TrainConfig
    from ..learning.run import Trained

PRETRAINED = Path(__file__).parent.parent / "pretrained"
EVALUATION, REPLAYS, FILMS = "evaluation.json", "replays", "films"
LEVELS = 512  # held-out levels of each split
FORMATS = (".mp4", ".webp")

Show = Callable[..., None]
Bar = Callable[[str], AbstractContextManager[Show]]


def silent(title: str) -> AbstractContextManager[Show]:
    """The bar that shows nothing."""
    return nullcontext(lambda done, total, remark="": None)


# -- runs ------------------------------------------------------------------------------------------


def open_run(path: str | Path) -> tuple[Trained, Training]:
    """The agent of a run folder or checkpoint, in the world it was trained in, and its training.

    Raises UserError for what is missing, broken, or does not fit.
    """
    _, agents, training = open_runs([path])
    return agents[0], training[0]


def evaluate_runs(
    runs: Sequence[str | Path],
    splits: Sequence[str] = ("train", "deploy"),
    levels: int = LEVELS,
    seed: int = 0,
    knobs: Mapping[str, Any] | None = None,
    mirrored: bool = False,
    bar: Bar = silent,
) -> dict[str, Any]:
    """Evaluate runs that differ in their seed alone, on held-out levels: see `evaluate.evaluate`.

    With `mirrored` the agents see the shifted splits mirrored: a control that breaks skill, not
    goals. Raises UserError if the runs differ in more than their seed, or not in that.
    """
    world, agents, training = open_runs(runs, knobs)
    total = len(set(splits)) * (len(world.goals) + len(agents) + 1)
    with bar(f"evaluating {world.name}") as show:
        said = 0

        def tell(line: str) -> None:
            nonlocal said
            show(min(said, total), total, line)
            said += 1

        return evaluate(
            agents,
            world,
            splits,
            levels,
            seed,
            training,
            shifted=Mirrored if mirrored else None,
            tell=tell,
        )


def film_run(
    run: str | Path,
    evaluation: Mapping[str, Any],
    plan: FilmPlan,
    layout: str = "1x2",
    bar: Bar = silent,
) -> dict[str, Any]:
    """Film a run's contrast (see `contrast.contrast`)."""
    agent, how = open_run(run)
    learned = "fixed set of" if how.levels else "endless"
    facts = (
        f"PPO, {agent.about['steps'] / 1e6:.2g} M steps on {learned} levels of '{how.split}'",
        f"paid for '{agent.world.paid.name}' alone, training seed {how.seed}",
    )
    agent.name = f"learned by PPO on {how.split}"
    with bar("filming") as show:
        return contrast(agent, agent.world, evaluation, replace(plan, facts=facts), layout, show)


def known_evaluation(run: Path, split: str, levels: int | None = None) -> dict[str, Any] | None:
    """A run's own evaluation.json, or None.

    None, too, if it lacks this split, is of another version of the world, or older than the
    checkpoint.
    """
    path = run / EVALUATION
    if not path.is_file():
        return None
    from ..learning.run import CHECKPOINT

    checkpoint = run / CHECKPOINT
    if checkpoint.is_file() and checkpoint.stat().st_mtime > path.stat().st_mtime:
        return None  # the run has gone on since
    evaluation = load_evaluation(path)
    agent, _ = open_run(run)
    if evaluation["world"] != world_mark(agent.world) or split not in evaluation["splits"]:
        return None
    if levels is not None and evaluation["splits"][split]["levels"] != levels:
        return None
    return evaluation


def train_run(config: TrainConfig, out: Path, bar: Bar = silent) -> Path:
    """Train into the folder `out`, showing steps, speed and the paid goal's return."""
    from ..learning.run import train

    with bar(f"training {load(config.world).name}") as show:
        return train(config, out, lambda row: show(*progress_of(config.steps, row)))


def resume_run(run: Path, steps: int | None, bar: Bar = silent, say: Callable = print) -> Path:
    """Continue a run, to `steps` or to the number it was begun with."""
    from ..learning.run import CONFIG, read_json, resume

    stored = read_json(run / CONFIG) if (run / CONFIG).is_file() else {}
    total = steps or stored.get("steps", 1)  # without a config `resume` fails at once
    with bar(f"training {run}") as show:
        return resume(run, steps, lambda row: show(*progress_of(total, row)), say)


def progress_of(total: int, row: Mapping[str, Any]) -> tuple[int, int, str]:
    """A row of the training log as (done, total, remark)."""
    goals = [(key.removeprefix("return/"), row[key]) for key in row if key.startswith("return/")]
    returns = "  ".join(f"{goal} {value:.2f}" for goal, value in goals if value is not None)
    speed = f"{row['steps_per_second'] / 1000:.0f}k steps/s"
    return min(row["step"], total), total, f"{speed}  {returns}"


# -- the demo --------------------------------------------------------------------------------------


def demo(
    out: Path,
    world: str = "coinrun",
    pretrained: bool = False,
    steps: int | None = None,
    seed: int = 0,
    levels: int = LEVELS,
    bar: Bar = silent,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train an agent (or take the shipped one), evaluate it after the shift, and film the contrast.

    Writes a run folder into `out`. Returns {run, world, seconds, evaluation, contrast}. Raises
    UserError if there is no shipped checkpoint of that world.
    """
    from ..learning.config import configure

    begun = time.perf_counter()
    found: World = load(world)
    intention = f"{found.name}: {found.title}; meant to {found.intended.wish}"
    if pretrained:
        unpack(found.name, out)
        say(f"{intention} (trained before: the shipped checkpoint)")
    else:
        say(intention)
        given: dict[str, Any] = {"seed": seed} | ({"steps": steps} if steps else {})
        train_run(configure(world, **given), out, bar)
    evaluation = evaluate_runs([out], levels=levels, bar=bar)
    save_evaluation(evaluation, out / EVALUATION)
    films = [out / FILMS / f"contrast{suffix}" for suffix in FORMATS]
    plan = FilmPlan(films, out / REPLAYS, command=again(world, pretrained, steps, seed))
    filmed = film_run(out, evaluation, plan, bar=bar)
    return {
        "run": str(out),
        "world": found.name,
        "seconds": round(time.perf_counter() - begun, 1),
        "evaluation": evaluation,
        "contrast": filmed,
    }


def again(world: str, pretrained: bool, steps: int | None, seed: int) -> str:
    """The command that makes this demo again."""
    words = ["goalshift demo"] + ([world] if world != "coinrun" else [])
    words += ["--pretrained"] if pretrained else []
    words += [f"--steps {steps}"] if steps else []
    words += [f"--seed {seed}"] if seed else []
    return " ".join(words)


def shipped(world: str) -> Path:
    """The checkpoint that ships for this world; UserError if there is none."""
    source = PRETRAINED / f"{world}.safetensors"
    if not source.is_file():
        others = ", ".join(sorted(path.stem for path in PRETRAINED.glob("*.safetensors")))
        raise UserError(
            f"no checkpoint of '{world}' is shipped (there is: {others or 'none'});"
            f" train one: goalshift demo {world}"
        )
    return source


def unpack(world: str, out: Path) -> None:
    """Make a run folder of the checkpoint that ships for this world."""
    from ..learning.run import CHECKPOINT, CONFIG, load_arrays, write_json

    source = shipped(world)
    _, about = load_arrays(source, "checkpoint")
    out.mkdir(parents=True, exist_ok=True)
    target = out / CHECKPOINT
    write(target, source.read_bytes())
    write_json(target.with_suffix(".json"), about)
    stored = {**about["config"], "world_version": about["world_version"], "format": about["format"]}
    write_json(out / CONFIG, stored)
