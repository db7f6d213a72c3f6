"""An agent beside itself steered by a cue's vector, on one level: what is written, what that changes,
and how often, with a control of the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.view.film import story
from ...engine.world import World
from ..judging.choose import Pick, choose, middle
from ..judging.rollout import at_most, rollout
from ..judging.runs import open_agents
from ..lab.inside.steering import Null, Steered
from ..lab.inside.study import Judge
from ..lab.inside.vectors import read
from .contrast import FilmPlan, take_of
from .record import LEVELS, keep, live

CONTROL = "other units"  # the null that is shown: the same numbers on other units


def record_steered(
    run: str | Path,
    plan: FilmPlan,
    levels: int = LEVELS,
    seed: int = 0,
    show: Show = silent,
    home: str | World | None = None,
) -> dict[str, Any]:
    """Film an agent as it is beside itself steered by `plan.steer`, on the same level and dice.

    By default the level is the median, by the expert's steps, of those on which steering turns the
    agent to the intended goal; the film says of how many, and how many it turns away.
    """
    cast = open_agents([run], world=home)
    world, agent, plan = cast.world, cast.agents[0], plan.of(cast.world)
    steering = read(plan.steer)
    steered = steering.of(agent, world)
    other = Steered(agent, steering.layer, Null(steered.source, CONTROL), steering.coefficient)
    judge = Judge(world, plan.split, at_most(split_of(world, plan.split), levels), seed)
    played = [judge.play(one) for one in (agent, steered, other)]
    chosen = _pick(plan.pick, judge, played)
    made = []
    for who in (agent, steered):
        only = np.array([chosen.seed], np.uint64)
        done = rollout(world, who, split_of(world, plan.split), only, record=True)
        made.append(live(world, who, plan, done, how=chosen.how))
    words = f"{steering.coefficient:+g} x the vector of '{steering.cue}', in '{steering.layer}'"
    takes = [
        replace(plan.gauged(world, take_of(world, replay), who), role=role, label=label)
        for replay, who, role, label in zip(
            made, (agent, steered), ("AS IT IS", "STEERED"), (agent.name, words), strict=True
        )
    ]
    card = replace(
        plan.card(world, made, chosen.how),
        claim=f"The same agent, level and dice; on the right {words} is added at every step",
        rates=_rates(judge, played),
        sample=_sample(judge),
    )
    return keep(world, made, takes, plan, show, card)


def _pick(pick: str, judge: Judge, played: Sequence[np.ndarray]) -> Pick:
    experts = judge.ruler.known.experts
    plain, steered = (judge.intended(scores) for scores in played[:2])
    turned = np.flatnonzero(steered & ~plain)
    if pick != "median" or not len(turned):
        some = replace(experts[0], scores=played[1])
        return choose(pick, judge.world, some, experts, judge.seed)
    index = middle(experts, turned)
    how = (
        f"median by the expert's steps of the {len(turned)} of {judge.levels} held-out levels that"
        f" steering turns to the intended goal (it turns {int((plain & ~steered).sum())} away)"
    )
    return Pick(int(experts[0].seeds[index]), index, how)


def _rates(judge: Judge, played: Sequence[np.ndarray]) -> tuple[story.Rate, ...]:
    """The intended goal met as it is, steered, and under the control."""
    aim = judge.world.intended.aim
    rows = (f"{aim}: as it is", "steered", f"control: {CONTROL}, same length")
    found = []
    for label, scores in zip(rows, played, strict=True):
        one = judge.estimate(judge.intended(scores))
        assert one.value is not None
        found.append(story.Rate(label, one.value, one.low, one.high, "star"))
    return tuple(found)


def _sample(judge: Judge) -> str:
    where = f"{judge.parting} held-out levels of {judge.split} where the goals part"
    return f"{where}, one agent, 95 % intervals"
