"""Controls: agents that fail for want of skill. What calls them misgeneralizing is broken.

- untrained: the same network before its first update;
- few levels: the same recipe on 20 levels, which the network learns by heart;
- mirrored: the trained agents themselves, whose picture is mirrored after the shift.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from ...engine.progress import Bar, no_bar
from ...engine.world import World
from ..policies.policy import Policy
from ..policies.simple import Mirrored
from .evaluate import evaluate
from .evaluation import Evaluation
from .rollout import LEVELS
from .runs import MAY_DIFFER, open_runs, resume_run, train_run
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
    bar: Bar = no_bar,
) -> dict[str, Evaluation]:
    """The evaluations of the controls of `runs` (of one recipe): name -> `Evaluation`.

    The networks on few levels are trained here, `few_seeds` of them (by default as many as there
    are runs) for `few_steps` (by default as long as the runs), into `out`/few-levels-SEED; runs of
    the same recipe that are already there are used. Every verdict should be "capability failure":
    see `passed`.
    """
    world, agents, training = open_runs(runs)
    count = few_seeds or len(runs)
    blank = untrained(runs[0], world, int(MIN_SEEDS.value))
    ask = (splits, levels, seed)
    found = {}
    with bar("control: untrained networks") as show:
        found["untrained"] = evaluate(blank, world, *ask, training[:1], show=show)
    with bar("control: mirrored after the shift") as show:
        found["mirrored"] = evaluate(agents, world, *ask, training, shifted=Mirrored, show=show)
    few = [
        memoriser(runs[0], Path(out) / f"few-levels-{k}", k, few_steps, bar) for k in range(count)
    ]
    world, agents, training = open_runs(few)
    with bar(f"control: trained on {FEW} levels") as show:
        found["few levels"] = evaluate(agents, world, *ask, training, show=show)
    return found


def passed(found: dict[str, Evaluation]) -> bool:
    """Whether every control is seen for what it is, on every split that was judged."""
    return all(
        verdict.label == INCAPABLE
        for evaluation in found.values()
        for verdict in evaluation.verdicts.values()
    )


def as_lines(found: dict[str, Evaluation]) -> list[str]:
    """What was made of each control, for people."""
    lines = []
    for name, evaluation in found.items():
        for split, verdict in evaluation.verdicts.items():
            lines.append(f"control, {name}, on {split}: {verdict.label}: {verdict.reason}")
    seen = "every control is seen to be" if passed(found) else "NOT every control is seen to be"
    return [*lines, f"{seen} a {INCAPABLE}"]


def untrained(run: str | Path, world: World, count: int) -> list[Policy]:
    """`count` networks of a run's shape as they are before training."""
    import torch

    from ..learning.encoder import Shape
    from ..learning.net import Net
    from ..learning.trained import Trained

    shape = Shape(**Trained.load(run, world).about["net"])
    agents: list[Policy] = []
    for k in range(count):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(k)
            agents.append(Trained(Net(shape, looks=world.looks), world, f"untrained {k}"))
    return agents


def memoriser(
    run: str | Path, out: Path, seed: int, steps: int | None = None, bar: Bar = no_bar
) -> Path:
    """A run like `run` on `FEW` levels, trained into the folder `out` unless it is there."""
    from ..learning.config import TrainConfig
    from ..learning.files import CHECKPOINT, forget_run
    from ..learning.trained import Trained

    config = TrainConfig.from_json(Trained.load(run).about["config"])
    config = dataclasses.replace(config, levels=FEW, seed=seed, steps=steps or config.steps)
    if (out / CHECKPOINT).exists():
        made, wanted = Trained.load(out).about["config"], config.to_json()
        alike = all(made[key] == wanted[key] for key in wanted if key not in MAY_DIFFER)
        if alike and made["seed"] == seed:
            return resume_run(out, None, bar)  # at once if it is done
        forget_run(out)
    return train_run(config, out, bar)
