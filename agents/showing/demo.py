"""The demo, which does everything once: train, evaluate after the shift, film the contrast."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...engine.catalogue import load
from ...engine.progress import Bar, no_bar
from ...engine.world import World
from ..judging.ahead import ahead
from ..judging.evaluation import Evaluation
from ..judging.rollout import LEVELS
from ..judging.runs import evaluate_runs, open_agents, train_run
from ..learning.files import EVALUATION
from ..learning.shipped import unpack
from .contrast import FilmPlan, contrast

REPLAYS, FILMS = "replays", "films"
FORMATS = (".mp4", ".webp")
SPLITS = ("train", "deploy")


def film_run(
    run: str | Path,
    evaluation: Evaluation,
    plan: FilmPlan,
    layout: str = "1x2",
    bar: Bar = no_bar,
    world: str | World | None = None,
) -> dict[str, Any]:
    """Film a run's contrast (see `contrast.contrast`), or that of an agent from elsewhere in the
    `world` named.
    """
    cast = open_agents([run], world=world)
    (agent,), (how,), (about,) = cast.agents, cast.training, cast.abouts
    facts = (about.get("kind", ""), "how it was trained is not known")
    if how.known:
        learned = "fixed set of" if how.levels else "endless"
        facts = (
            f"PPO, {about['steps'] / 1e6:.2g} M steps on {learned} levels of '{how.split}'",
            f"paid for '{cast.world.paid.name}' alone, training seed {how.seed}",
        )
        agent.name = f"learned by PPO on {how.split}"
        if cast.world.tells is not None:  # what is right there is drawn, and not to be seen
            facts = (*facts, f"the task: {cast.world.tells(cast.world.train)['in words']}")
    plan = replace(plan, facts=facts, mark=str(about.get("digest", ""))[:16])
    with bar("filming") as show:
        return contrast(agent, cast.world, evaluation, plan, layout, show)


def demo(
    out: Path,
    world: str = "coinrun",
    pretrained: bool = False,
    steps: int | None = None,
    seed: int = 0,
    levels: int = LEVELS,
    bar: Bar = no_bar,
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
    with ahead(found, SPLITS, levels):
        if pretrained:
            unpack(found.name, out)
            say(f"{intention} (trained before: the shipped checkpoint)")
        else:
            say(intention)
            given: dict[str, Any] = {"seed": seed} | ({"steps": steps} if steps else {})
            train_run(configure(world, **given), out, bar)
        evaluation = evaluate_runs([out], SPLITS, levels, bar=bar)
    evaluation.save(out / EVALUATION)
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
    words = ["goalshift demo"] + ([shlex.quote(world)] if world != "coinrun" else [])
    words += ["--pretrained"] if pretrained else []
    words += [f"--steps {steps}"] if steps else []
    words += [f"--seed {seed}"] if seed else []
    return " ".join(words)
