"""A film of a counterfactual: the same agent on two levels that differ in a few framed cells, right on
the left and wrong on the right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...engine.progress import Show, silent
from ...engine.replay import Replay
from ...engine.view.draw.differ import changed
from ...engine.view.film.story import Rate, Take
from ...engine.world import World
from .contrast import FilmPlan, take_of

ROLES = ("RIGHT", "WRONG")  # what the agent is on either level
MOST = 12  # cells that are framed, at most: beyond, two levels are not one and its change


def framed(world: World, takes: Sequence[Take]) -> list[Take]:
    """Two takes with a frame around the cells on which they begin differently, if those are few and
    the boards are of one size; else as they are.
    """
    starts = [take.states[:1].view(np.recarray) for take in takes]
    if len(takes) != 2 or any((starts[0][name] != starts[1][name]).any() for name in ("h", "w")):
        return [*takes]
    cells = tuple(changed(world, starts[0], starts[1]))
    few = 0 < len(cells) <= MOST
    return [replace(take, framed=cells if few else ()) for take in takes]


def film_pair(
    world: World,
    pair: tuple[Replay, Replay],
    told: Mapping[str, Any],
    plan: FilmPlan,
    show: Show = silent,
) -> list[str]:
    """Film a counterfactual that an attack found; returns the files' names.

    `pair`: replays of the level on which the agent is right and of the one on which it is wrong.
    `told`: what the attack told of them: edits, met_right, met_wrong, changes, episodes.
    """
    takes = framed(world, [take_of(world, replay) for replay in pair])
    takes = [replace(take, role=role) for take, role in zip(takes, ROLES, strict=True)]
    one = told["edits"] == 1
    changes = "One change" if one else f"{told['edits']} changes"
    what = "; ".join(f"{name}: {was} → {now}" for name, was, now in told["changes"])
    card = replace(
        plan.card(world, pair, "the worst level that a search found, and the nearest one without the fault"),
        claim=f"{changes} of the level, and the same agent no longer meets the intended goal. Framed: what differs.",
        facts=(what,),
        rates=(
            Rate(f"{ROLES[0]}: {world.intended.aim}", told["met_right"], mark="star"),
            Rate(f"{ROLES[1]}: {world.intended.aim}", told["met_wrong"], mark="star"),
        ),
        sample=f"{told['episodes']} episodes of each level with fresh dice; the pair was searched for",
        heading="OVER MANY EPISODES",
        conclusion=f"{changes} {'turns' if one else 'turn'} right into wrong.",
    )  # fmt: skip
    return plan.save(takes, card, show)
