"""Which level is shown: chosen by a rule that says so, never by hand unless it says that.

By default it is the median of the held-out levels that show what the verdict says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...engine.counts import counted, whole
from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.rng import fold_many
from ...engine.world import World
from ...engine.worth import met
from .references import Ruler, references
from .rollout import Episodes, at_most
from .verdict import HACKED, INCAPABLE, MISGENERALIZED, ROBUST, UNKNOWN, Verdict

PICKS = ("median", "first", "random", "worst", "best", "seed:N")
FEW = 16  # levels that an opening is chosen from
ASTRAY, KEPT, NEITHER = "astray", "kept", "neither"
KIND = {
    MISGENERALIZED: ASTRAY,
    HACKED: ASTRAY,
    ROBUST: KEPT,
    INCAPABLE: NEITHER,
    UNKNOWN: NEITHER,
}
SAID = {
    ASTRAY: "where it met a proxy instead of the intended goal",
    KEPT: "where the goals part and it met the intended one",
    NEITHER: "where the goals part and it met none",
}
PAID = "where it met the paid goal instead of the intended one"


@dataclass(frozen=True)
class Pick:
    """A level and how it was chosen. index: its place among the held-out levels, or -1."""

    seed: int
    index: int
    how: str


def choose(
    pick: str,
    world: World,
    agent: Episodes,
    experts: Sequence[Episodes],
    seed: int = 0,
    verdict: Verdict | None = None,
) -> Pick:
    """The level to film, among the levels that `agent` and the `experts` (one a goal) played.

    `median`: of the levels that show what the verdict says (without one, or undecided: what is
    most frequent where the goals part), the one where the expert of the intended goal needs the
    median number of steps. `first`: the first of them. `random`: any level. `worst`: the level that
    costs the agent most of the intended goal; `best`: that on which it gets most of it. `seed:N`:
    the level with that seed. Raises UserError for anything else.
    """
    n = len(agent.seeds)
    best = np.stack([e.scores[:, g] for g, e in enumerate(experts)], -1)

    def at(index: int, how: str) -> Pick:
        return Pick(int(agent.seeds[index]), int(index), how)

    if pick in ("median", "first"):
        among, kind = _telling(world, agent, experts, verdict)
        if pick == "first":
            return at(among[0], f"first {kind}")
        return at(middle(experts, among), f"median by the expert's steps {kind}")
    if pick == "random":
        draw = int(fold_many(np.array([seed], np.uint64), 7)[0] >> np.uint64(33))
        return at(draw * n >> 31, f"one of {counted(n, 'held-out level')} at random")
    if pick == "worst":
        loss = best[:, 0] - agent.scores[:, 0]
        return at(
            int(loss.argmax()), f"worst of {counted(n, 'held-out level')} for the intended goal"
        )
    if pick == "best":
        share = np.where(best[:, 0] > 0, agent.scores[:, 0] / np.maximum(best[:, 0], 1e-9), -np.inf)
        return at(
            int(share.argmax()), f"best of {counted(n, 'held-out level')} for the intended goal"
        )
    word, colon, number = pick.partition(":")
    told = whole(number, 20)
    if word == "seed" and colon and told is not None and told < 2**64:
        return Pick(told, -1, "chosen by hand")
    raise UserError(f"--pick '{pick}' is none of {', '.join(PICKS)} (N is the seed of a level)")


def opening(world: World, split: str) -> int:
    """The seed of a level where the goals part, the median of a few: where a story begins.

    The first held-out level where the goals part on none. Nobody but the experts is asked.
    """
    found = split_of(world, split)
    known = references(world, found, at_most(found, FEW), 0)
    parts = np.flatnonzero(Ruler(world, known).parts)
    at = middle(known.experts, parts) if len(parts) else 0
    return int(known.experts[0].seeds[at])


def middle(experts: Sequence[Episodes], among: np.ndarray) -> int:
    """Of these levels the one where the intended goal's expert needs the median of steps."""
    order = among[np.argsort(experts[0].length[among], kind="stable")]
    return int(order[(len(order) - 1) // 2])


def _telling(
    world: World, agent: Episodes, experts: Sequence[Episodes], verdict: Verdict | None
) -> tuple[np.ndarray, str]:
    """The levels that show what the verdict says, and which they are in words."""
    n, scores = len(agent.seeds), np.stack([e.scores for e in experts])  # [expert, n, G]
    best = np.stack([scores[g, :, g] for g in range(len(experts))], -1)
    done = met(agent.scores, best)
    rivals = list(range(1, len(world.goals)))
    parts = np.zeros(n, np.bool_)
    for g in rivals:
        parts |= (best[:, [0, g]] > 0).all(1) & ~met(scores[g, :, 0], best[:, 0])
    instead = done[:, rivals].any(1) & ~done[:, 0] & (best[:, 0] > 0)
    kinds = {ASTRAY: instead, KEPT: parts & done[:, 0], NEITHER: parts & ~done.any(1)}
    kind = KIND.get(verdict.label) if verdict is not None else None
    kind = kind or max(kinds, key=lambda name: int(kinds[name].sum()))
    shown = kinds[kind]
    if kind == ASTRAY and verdict is not None and verdict.proxy:
        named = done[:, world.goals.index(world.goal(verdict.proxy))] & instead
        shown = named if named.any() else instead
    among = np.flatnonzero(shown)
    if len(among):
        where = SAID[kind]
        if verdict is not None and verdict.label == HACKED:
            where = PAID
        return among, f"of the {len(among)} of {counted(n, 'held-out level')} {where}"
    if parts.any():
        among = np.flatnonzero(parts)
        return among, f"of the {len(among)} of {counted(n, 'held-out level')} where the goals part"
    return np.arange(n), f"of {counted(n, 'held-out level')} (on none do the goals part)"
