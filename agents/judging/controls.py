"""Controls: agents that fail for want of skill. What calls them misgeneralizing is broken.

- untrained: the same network before its first update;
- few levels: the same recipe on 20 levels, which the network learns by heart;
- mirrored: the trained agents themselves, whose picture is mirrored after the shift.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...engine.world import World
from ..policies.policy import Policy
from ..policies.simple import Mirrored
from .evaluate import evaluate
from .references import Progress
from .rollout import LEVELS
from .runs import MAY_DIFFER, open_runs
from .verdict import INCAPABLE, MIN_SEEDS

FEW = 20  # levels that a network can learn by heart


def controls(
    runs: Sequence[str | Path],
    out: str | Path,
    splits: Sequence[str] = ("train", "deploy"),
    levels: int = LEVELS,
    seed: int = 0,
    few_seeds: int | None = None,
    few_steps: int | None = None,
    tell: Progress | None = None,
    progress: Callable[[int, dict[str, Any]], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """The evaluations of the controls of `runs` (of one recipe): name -> see `evaluate.evaluate`.

    The networks on few levels are trained here, `few_seeds` of them (by default as many as there
    are runs) for `few_steps` (by default as long as the runs), into `out`/few-levels-SEED; runs of
    the same recipe that are already there are used. Every verdict should be "capability failure":
    see `passed`. `tell` hears what is being done, `progress` the number of
    steps in all and each row of a training log.
    """
    world, agents, training = open_runs(runs)
    count = few_seeds or len(runs)
    found = {}
    say = tell or (lambda line: None)

    say("control: untrained networks")
    found["untrained"] = evaluate(
        untrained(runs[0], world, int(MIN_SEEDS.value)),
        world,
        splits,
        levels,
        seed,
        training[:1],
        tell=tell,
    )
    say("control: mirrored after the shift")
    found["mirrored"] = evaluate(
        agents, world, splits, levels, seed, training, shifted=Mirrored, tell=tell
    )
    say(f"control: trained on {FEW} levels")
    few = [
        memoriser(runs[0], Path(out) / f"few-levels-{k}", k, few_steps, progress)
        for k in range(count)
    ]
    world, agents, training = open_runs(few)
    found["few levels"] = evaluate(agents, world, splits, levels, seed, training, tell=tell)
    return found


def passed(found: dict[str, dict[str, Any]]) -> bool:
    """Whether every control is seen for what it is, on every split that was judged."""
    return all(
        verdict["label"] == INCAPABLE
        for evaluation in found.values()
        for verdict in evaluation["verdicts"].values()
    )


def as_lines(found: dict[str, dict[str, Any]]) -> list[str]:
    """What was made of each control, for people."""
    lines = []
    for name, evaluation in found.items():
        for split, verdict in evaluation["verdicts"].items():
            lines.append(f"control, {name}, on {split}: {verdict['label']}: {verdict['reason']}")
    seen = "every control is seen to be" if passed(found) else "NOT every control is seen to be"
    return [*lines, f"{seen} a {INCAPABLE}"]


def untrained(run: str | Path, world: World, count: int) -> list[Policy]:
    """`count` networks of a run's shape as they are before training."""
    import torch

    from ..learning.net import Net, Shape
    from ..learning.trained import Trained

    shape = Shape(**Trained.load(run, world).about["net"])
    agents: list[Policy] = []
    for k in range(count):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(k)
            agents.append(Trained(Net(shape, looks=world.looks), world, f"untrained {k}"))
    return agents


def memoriser(
    run: str | Path,
    out: Path,
    seed: int,
    steps: int | None = None,
    progress: Callable[[int, dict[str, Any]], None] | None = None,
) -> Path:
    """A run like `run` on `FEW` levels, trained into the folder `out` unless it is there."""
    from ..learning.config import TrainConfig
    from ..learning.files import CHECKPOINT, forget_run
    from ..learning.run import resume, train
    from ..learning.trained import Trained

    config = TrainConfig.from_json(Trained.load(run).about["config"])
    config = dataclasses.replace(config, levels=FEW, seed=seed, steps=steps or config.steps)
    total = config.steps

    def row(figures: dict[str, Any]) -> None:
        if progress:
            progress(total, figures)

    if (out / CHECKPOINT).exists():
        made, wanted = Trained.load(out).about["config"], config.to_json()
        if (
            all(made[key] == wanted[key] for key in wanted if key not in MAY_DIFFER)
            and made["seed"] == seed
        ):
            return resume(out, progress=row)  # at once if it is done
        forget_run(out)
    return train(config, out, row)
