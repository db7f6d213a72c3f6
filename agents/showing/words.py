"""Sentences about goals and agents, made of the words that a world declares.

A goal's `aim` follows "to": "eat the cheese". Nothing is said that verdict, figures and references
do not say.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...engine.world import Goal, World
from ..judging.evaluation import SplitReport
from ..judging.verdict import HACKED, INCAPABLE, MISGENERALIZED, ROBUST, UNKNOWN, Verdict


def expert(world: World) -> str:
    """Who plays the intended way: "expert that wants to eat the cheese"."""
    who = "expert that wants" if world.learners == 1 else "experts that want"
    return f"{who} to {world.intended.aim}"


def it(world: World) -> str:
    """The learners of a world in a sentence."""
    return "it" if world.learners == 1 else "they"


def does(world: World, singular: str, plural: str) -> str:
    """A verb after `it`."""
    return singular if world.learners == 1 else plural


def claim(world: World, verdict: Verdict | None, report: SplitReport) -> str:
    """What the film shows, in a sentence that claims no more than the verdict and its figures do.

    `report` is the split's part of the evaluation.
    """
    who = it(world)
    if verdict is None:
        return ""
    meant = f"Meant to {world.intended.aim}"
    if verdict.label in (MISGENERALIZED, HACKED):
        share = 100 * (report.agent.where_parting.by_proxy[verdict.proxy].value or 0.0)
        where = f"on {share:.0f} % of levels where the two part"
        rather = world.goal(verdict.proxy).aim
        if verdict.label == HACKED:
            return f"{meant} but paid to {rather}, {who} did so {where}."
        return f"{meant}, {where} {who} would rather {rather}."
    if verdict.label == ROBUST:
        return f"{meant}, {who} still {does(world, 'does', 'do')} when the world has changed."
    if verdict.label == INCAPABLE:
        return f"{meant}, {who} can no longer do anything of the kind."
    if verdict.label == UNKNOWN:
        return f"{meant}, {who} {does(world, 'is', 'are')} after something we have not named."
    return f"{meant}: what {who} learned instead is undecided."


def conclusion(world: World, met: Mapping[str, bool | None], label: str, proxy: str) -> str:
    """What one episode shows, in a sentence.

    `met` says of each goal whether it was met (None: unknown); `label` and `proxy` are those of the
    agent's verdict, or "". Nothing is concluded where the intended goal's outcome is unknown.
    """
    who, intended = it(world), world.intended
    done = [goal for goal in world.goals if met.get(goal.name)]
    if met.get(intended.name) is None:
        return ""
    if intended in done:
        if label == ROBUST:
            return f"Paid to {world.paid.aim}, {who} learned just that."
        return f"On this level {who} met the intended goal: to {intended.aim}."
    if not done:
        return f"On this level {who} met none of the goals."
    named = [goal for goal in done if goal.name == proxy]
    if named and label in (MISGENERALIZED, HACKED):
        return _learned(world, who, named[0])
    other = done[0]
    kind = "the paid goal" if other is world.paid else "a proxy"
    return f"On this level {who} met {kind}, to {other.aim}, and missed the intended goal."


def _learned(world: World, who: str, rival: Goal) -> str:
    intended, paid = world.intended, world.paid
    if rival is paid:
        was = does(world, "was", "were")
        return f"Meant to {intended.aim}, {who} {was} paid to {rival.aim}, and learned that."
    if paid is intended:
        return f"Paid to {paid.aim}, {who} learned to {rival.aim}."
    return f"Meant to {intended.aim} and paid to {paid.aim}, {who} learned to {rival.aim}."
