"""Policy x split x goal: scores on held-out levels, how sure they are, and what they show.

Every policy plays the same levels with the same dice, one episode a level. Two kinds of policy give
the scale: the random policy is 0, and for each goal the expert that wants it is 1, so

    normalised = (J - J_random) / (J_expert - J_random),    J = the goal's mean score over levels.

Scores of worlds with several learners are averages over the learners. A goal is *met* on a level at
`worth.MET` of what its expert earns there. Goals *part* on a level when intended and proxy can
both be met there but the expert of some proxy does not meet the intended one; what an agent wants
can be read only there (`verdict.judge`).

An `Evaluation` is the same, byte for byte, for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...engine.catalogue import load
from ...engine.counts import counted
from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.progress import Show, Steps, silent
from ...engine.version import __version__
from ...engine.world import Split, World
from ..policies.foreign.base import Foreign
from ..policies.policy import Policy
from .evaluation import FORMAT, Evaluation, GoalMark, SplitReport, TrainedOn, WorldMark
from .held_out import Seen, Training, overlap, seen_score
from .intervals import CONFIDENCE, Estimate, Weights, tidy
from .measure import Measured
from .named import agent_of
from .references import Ruler, references
from .rollout import LEVELS, at_most, rollout
from .verdict import THRESHOLDS, judge


def evaluate(
    agents: Any,
    world: str | World,
    splits: Sequence[str] = ("train", "deploy"),
    levels: int = LEVELS,
    seed: int = 0,
    training: Sequence[Training] = (),
    shifted: Callable[[Policy], Policy] | None = None,
    resamples: int = 2000,
    show: Show = silent,
) -> Evaluation:
    """Evaluate agents trained alike from different seeds (or one), and judge every shifted split.

    An agent is a `Policy`, a run or a file by its path, or a model of another library: see
    `named.agent_of`. Each plays one episode on each of `levels` held-out levels of every split, the
    same ones for all; `seed` names them. Intervals are from `resamples` bootstrap samples.
    `training` says how they were trained (one entry for each agent, or one for all); without it that
    is not known of agents from elsewhere, and nothing is said of held-out levels. `shifted` wraps
    the agents on every split but the one they were trained on (for controls). `show` hears what is
    being done.

    Raises UserError for unknown splits and for the same agent given twice.
    """
    world = load(world)
    several = list(agents) if isinstance(agents, list | tuple) else [agents]
    if len(set(map(_same, several))) < len(several):
        raise UserError("the same agent is given twice: two seeds must be trained independently")
    agents = [agent_of(agent, world) for agent in several]
    if not agents:
        raise UserError("nothing to evaluate: give at least one agent")
    unknown = any(isinstance(agent, Foreign) for agent in agents)
    training = list(training) or [Training(seed=-1, known=False) if unknown else Training()]
    home = _home(world, training, splits)
    names = list(dict.fromkeys([home, *splits]))
    chosen = {name: split_of(world, name) for name in names}
    steps = Steps(show, len(names) * (len(world.goals) + len(agents) + 1))
    sitting = _Sitting(world, agents, training, home, levels, seed, resamples, shifted, steps)
    found = {name: sitting.on(name, split) for name, split in chosen.items()}
    trained = found[home].trained()
    seen = found[home].report.seen
    plain_train = split_of(world, "train").weights
    return Evaluation(
        format=FORMAT,
        goalshift=__version__,
        world=WorldMark.of(world),
        seed=seed,
        confidence=CONFIDENCE,
        resamples=resamples,
        thresholds=THRESHOLDS,
        goals=tuple(GoalMark.of(world, goal) for goal in world.goals),
        agents=tuple(agent.name for agent in agents),
        training=tuple(TrainedOn(t.split, t.seed, t.levels) for t in training),
        home=home,
        splits={name: here.report for name, here in found.items()},
        verdicts={
            name: judge(here.mine.findings(trained)._replace(seen=seen and seen.value))
            for name, here in found.items()
            if chosen[name].weights != plain_train
            or world.paid is not world.intended
            or (chosen[name].starts is not None and name != home)
        },
    )


class _Found(NamedTuple):
    """What came of one split."""

    report: SplitReport
    mine: Measured

    def trained(self) -> Estimate:
        """The normalised score for the paid goal."""
        return self.mine.weights.estimate(self.mine.normalised(self.mine.ruler.paid))


@dataclass(frozen=True, eq=False)
class _Sitting:
    """Agents of one recipe, and the terms on which every split is played; see `evaluate`."""

    world: World
    agents: Sequence[Policy]
    training: Sequence[Training]
    home: str
    levels: int
    seed: int
    resamples: int
    shifted: Callable[[Policy], Policy] | None
    steps: Steps

    def on(self, name: str, split: Split) -> _Found:
        """Have the agents and the references play the split, and measure it."""
        n = at_most(split, self.levels)
        weights = Weights(len(self.agents), n, self.resamples, self.seed)
        # Coarser for the references: nothing is decided by the width of their intervals.
        one = Weights(1, n, min(self.resamples, 500), self.seed)
        played = []
        for k, agent in enumerate(self.agents):
            self.steps(f"{name}: agent {k + 1} of {len(self.agents)}")
            actor = self.shifted(agent) if self.shifted and name != self.home else agent
            played.append(rollout(self.world, actor, split, n, self.seed))
        # after the agents, as others may be playing the references meanwhile
        ruler = Ruler(self.world, references(self.world, split, n, self.seed, tell=self.steps))
        mine = Measured(ruler, weights, played)
        self.steps(f"{name}: comparing with the levels trained on")
        report = SplitReport(
            levels=n,
            strays=played[0].strays,
            goals_part=ruler.agreement(),
            held_out=overlap(self.world, self.training, played[0].fingerprints),
            policies={
                "agent": mine.report(),
                "random": Measured(ruler, one, ruler.known.random, average=True).report(),
                **{e.policy: Measured(ruler, one, [e]).report() for e in ruler.known.experts},
            },
            seen=self._seen() if name == self.home else None,
        )
        return _Found(report, mine)

    def _seen(self) -> Seen:
        """How the agents do on the very levels they were trained on."""
        trainings = _one_each(self.training, len(self.agents))
        pairs = zip(self.agents, trainings, strict=True)
        by_seed = [seen_score(self.world, agent, training) for agent, training in pairs]
        known = [score for score in by_seed if score is not None]
        return Seen(tidy(float(np.mean(known))) if known else None, tuple(by_seed))


def _same(agent: Any) -> Any:
    """What tells agents apart: the file, or the object."""
    return str(Path(agent).resolve()) if isinstance(agent, str | Path) else id(agent)


def _one_each(training: Sequence[Training], agents: int) -> list[Training]:
    """How each agent was trained, from one entry for each or one for all."""
    if len(training) not in (1, agents):
        raise UserError(f"{len(training)} trainings are given for {counted(agents, 'agent')}")
    return list(training) * (agents if len(training) == 1 else 1)


def _home(world: World, training: Sequence[Training], splits: Sequence[str]) -> str:
    """The split the agents were trained on, by its name among `splits` if it is one of them."""
    trained_on = {split_of(world, t.split).source for t in training}
    if len(trained_on) > 1:
        raise UserError(
            "the agents were trained on different splits"
            f" ({', '.join(sorted({t.split for t in training}))}): evaluate them apart"
        )
    for name in splits:
        if split_of(world, name).source in trained_on:
            return name
    return training[0].split
