"""From run folders to verdicts: train, resume, open, evaluate.

What is here only puts the parts together: `learning.run` trains, `evaluate` measures and judges.
Long parts show their progress through `bar` (see `engine.progress`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.catalogue import load
from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.levels.splits import name, recall
from ...engine.progress import Bar, no_bar
from ...engine.world import World
from ..policies.policy import Policy
from ..policies.simple import Mirrored
from . import named
from .evaluate import evaluate
from .evaluation import Evaluation, WorldMark
from .held_out import Training
from .rollout import LEVELS

if TYPE_CHECKING:
    from ..learning.callback import Callback, Callbacks
    from ..learning.config import TrainConfig
    from ..learning.trained import Trained

# What may differ between two runs of one recipe.
MAY_DIFFER = ("seed", "device", "precision", "threads", "save_every", "keep")


def open_runs(
    runs: Sequence[str | Path],
    knobs: Mapping[str, Any] | None = None,
) -> tuple[World, list[Trained], list[Training]]:
    """The world, the agents and how they were trained, from run folders or checkpoint files.

    The runs must be repetitions of one recipe from different seeds, or figures over them would mean
    nothing. `knobs` change parameters of the world (in every split) from those of training.
    Raises UserError, naming the run, if one is missing, broken, unlike the first, or a repetition.
    """
    from ..learning.config import TrainConfig

    if not runs:
        raise UserError("nothing to evaluate: name at least one run")
    agents = [named.run(run) for run in runs]
    configs = [TrainConfig.from_json(agent.about["config"]) for agent in agents]
    recipe = configs[0].to_json()
    for k, (run, config) in enumerate(zip(runs, configs, strict=True)):
        mine = config.to_json()
        unlike = [key for key in recipe if key not in MAY_DIFFER and mine[key] != recipe[key]]
        if unlike:
            raise UserError(
                f"'{run}' was trained otherwise than '{runs[0]}' ({', '.join(unlike)}): evaluate them apart"
            )
        if config.seed in [earlier.seed for earlier in configs[:k]]:
            raise UserError(
                f"'{run}' has the same training seed as another run: only runs of different"
                " seeds are independent evidence"
            )
    trained_in = agents[0].world
    if configs[0].params:
        trained_in = trained_in.with_params(**dict(configs[0].params))
    world = trained_in.with_params(**knobs) if knobs else trained_in
    recall(trained_in, configs[0].split, runs[0])  # the others' is the same
    for agent in agents:
        agent.world = world
    training = [
        Training(c.split, c.seed, c.envs, c.levels or None, trained_in if knobs else None)
        for c in configs
    ]
    return world, agents, training


def open_agents(
    agents: Sequence[str | Path],
    knobs: Mapping[str, Any] | None = None,
    world: str | World | None = None,
) -> Cast:
    """Agents by the names of their runs (see `open_runs`) or files (see `named.elsewhere`).

    The `world` has to be named for those from elsewhere; `knobs` change its parameters. Nothing is
    known of how they were trained, so nothing is proved about held-out levels, nor that they are
    independent. Raises UserError for the same file twice, and for runs beside files.
    """
    if all(named.is_run(agent) for agent in agents):
        home, trained, training = open_runs(agents, knobs)
        named_too = load(world).name if world is not None else home.name
        also = "so leave out --world, which is for agents from elsewhere and for world files"
        need(
            named_too == home.name,
            f"'{agents[0]}' was trained in '{home.name}', not in '{named_too}': {also}",
        )
        return Cast(home, [*trained], training, [agent.about for agent in trained])
    ours = [str(agent) for agent in agents if named.is_run(agent)]
    if ours:
        raise UserError(f"'{ours[0]}' is a run of ours, and others are not: evaluate them apart")
    if len({Path(agent).resolve() for agent in agents}) < len(agents):
        raise UserError("the same agent is given twice: two seeds must be trained independently")
    home = load(world).with_params(**(knobs or {})) if world is not None else None
    policies = [named.elsewhere(agent, home) for agent in agents]
    assert home is not None
    abouts = [{"kind": named.kind(policy) or "a policy"} for policy in policies]
    return Cast(home, policies, [Training(seed=-1, known=False)] * len(policies), abouts)


@dataclass(frozen=True)
class Cast:
    """Agents of one world. training, abouts: how each was trained, and what is known of it
    ("config" and "steps" of a run of ours; "kind", in words, of one from elsewhere).
    """

    world: World
    agents: list[Policy]
    training: list[Training]
    abouts: list[dict[str, Any]]


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
    bar: Bar = no_bar,
    world: str | World | None = None,
) -> Evaluation:
    """Evaluate runs that differ in their seed alone, on held-out levels: see `evaluate.evaluate`.

    Also agents from elsewhere, by their files, in the `world` named: see `open_agents`. With
    `mirrored` the agents see the shifted splits mirrored: a control that breaks skill, not
    goals. Raises UserError if the runs differ in more than their seed, or not in that.
    """
    name(*splits)
    cast = open_agents(runs, knobs, world)
    shifted = Mirrored if mirrored else None
    ask = (cast.agents, cast.world, splits, levels, seed, cast.training, shifted)
    with bar(f"evaluating {cast.world.name}") as show:
        return evaluate(*ask, show=show)


def known_evaluation(run: Path, split: str, levels: int | None = None) -> Evaluation | None:
    """A run's own evaluation.json, or None.

    None, too, if it lacks this split, is of another version of the world, or older than the
    checkpoint.
    """
    from ..learning.files import CHECKPOINT, EVALUATION

    path = run / EVALUATION
    if not path.is_file():
        return None
    checkpoint = run / CHECKPOINT
    if checkpoint.is_file() and checkpoint.stat().st_mtime > path.stat().st_mtime:
        return None  # the run has gone on since
    evaluation = Evaluation.load(path)
    agent, _ = open_run(run)
    if evaluation.world != WorldMark.of(agent.world) or split not in evaluation.splits:
        return None
    if levels is not None and evaluation.splits[split].levels != levels:
        return None
    return evaluation


def train_run(
    config: TrainConfig, out: Path, bar: Bar = no_bar, callbacks: Sequence[Callback] = ()
) -> Path:
    """Train into the folder `out`, showing steps, speed and the paid goal's return."""
    from ..learning.run import train

    with bar(f"training {load(config.world).name}") as show:
        return train(config, out, lambda row: show(*progress_of(config.steps, row)), callbacks)


def resume_run(
    run: Path,
    steps: int | None,
    bar: Bar = no_bar,
    say: Callable = print,
    callbacks: Sequence[Callback] = (),
) -> Path:
    """Continue a run, to `steps` or to the number it was begun with."""
    from ..learning.files import CONFIG, read_config
    from ..learning.run import resume

    total = steps or 1  # without a config `resume` fails at once
    if not steps and (run / CONFIG).exists():
        total = read_config(run / CONFIG)[0].steps
    with bar(f"training {run}") as show:
        return resume(run, steps, lambda row: show(*progress_of(total, row)), say, callbacks)


def train_runs(
    configs: Sequence[TrainConfig],
    outs: Sequence[Path],
    bar: Bar = no_bar,
    callbacks: Callbacks = tuple,
) -> None:
    """Train several agents at once, each into a folder of its own."""
    from ..learning.batch import train

    with bar(f"training {counted(len(outs), 'agent')}") as show:
        train(configs, outs, lambda row: show(*progress_of(configs[0].steps, row)), callbacks)


def resume_runs(
    runs: Sequence[Path],
    steps: int | None,
    bar: Bar = no_bar,
    say: Callable = print,
    callbacks: Callbacks = tuple,
) -> None:
    """Continue several runs at once, to `steps` or to the number that each was begun with."""
    from ..learning.batch import resume
    from ..learning.files import CONFIG, read_config

    refuse_doubles(runs)
    for run in runs:
        need((run / CONFIG).exists(), f"'{run}' holds no run: there is no {CONFIG} in it")
    total = steps or max(read_config(run / CONFIG)[0].steps for run in runs)
    with bar(f"training {counted(len(runs), 'agent')}") as show:
        resume(runs, steps, lambda row: show(*progress_of(total, row)), say, callbacks)


def refuse_doubles(runs: Sequence[str | Path]) -> None:
    """Raise UserError for a run that is named twice, be it by other words."""
    known: set[Path] = set()
    for run in runs:
        need(Path(run).resolve() not in known, f"'{run}' is named twice")
        known.add(Path(run).resolve())


def progress_of(total: int, row: Mapping[str, Any]) -> tuple[int, int, str]:
    """A row of the training log as (done, total, remark)."""
    goals = [(key.removeprefix("return/"), row[key]) for key in row if key.startswith("return/")]
    returns = "  ".join(f"{goal} {value:.2f}" for goal, value in goals if value is not None)
    speed = f"{row['steps_per_second'] / 1000:.0f}k steps/s"
    return min(row["step"], total), total, f"{speed}  {returns}"
