"""What audited agents do, to be looked at: one level of each split, with the way that each of them goes.

The level is the first, of those where goals part if there are such, on which all agents do what is to be
shown: a proxy met instead, if that is on one in ten or more, or else what they do most often.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ....engine.counts import counted
from ....engine.levels.splits import split_of
from ....engine.vector import Vec
from ....engine.view.camera import top
from ....engine.view.camera.shot import Shot, Window
from ....engine.view.draw.ink import png
from ....engine.view.draw.marks import Trail, goal_marks
from ....engine.view.draw.overlays import COLOURS
from ....engine.view.html import image
from ....engine.world import World
from ....engine.worth import met
from ...judging.references import Ruler, references
from ...judging.rollout import Episodes, at_most, rollout
from ...judging.runs import open_agents

LEVELS = 32  # that one is chosen from
SHOWN = 3  # agents, at most
PIXELS, WIDEST = 40, 640  # of a cell, and of a picture, at most
OFTEN = 0.1  # the share of levels on which a proxy met instead is shown
ENDS = ("the intended goal is met", "a proxy is met instead", "neither is met")


class Picture(NamedTuple):
    """A picture for a page, of so many rows and columns, and what it shows."""

    source: str
    size: tuple[int, int]
    words: str


def pictures(
    runs: Sequence[str | Path], splits: Sequence[str], seed: int, world: str | World | None = None
) -> list[Picture]:
    """For each split, the ways of its first agents on one level."""
    cast, made = open_agents(runs, world=world), []
    for split in splits:
        found = split_of(cast.world, split)
        levels = at_most(found, LEVELS)
        ruler = Ruler(cast.world, references(cast.world, found, levels, seed))
        played = [
            rollout(cast.world, agent, split, levels, seed, trace=("states",))
            for agent in cast.agents
        ]
        ends = np.stack([_ends(ruler, one) for one in played])
        among = ruler.parts if ruler.parts.any() else np.ones(levels, np.bool_)
        shares = np.bincount(ends[:, among].ravel(), minlength=3) / ends[:, among].size
        most = 1 if shares[1] >= OFTEN else int(shares.argmax())
        level = int((among * (1 + (ends == most).sum(0))).argmax())
        alike = int((ends[:, level] == most).sum())
        where = "levels where goals part" if ruler.parts.any() else "levels; goals part on none"
        words = (
            f"{split}: on this level {ENDS[most]} by {alike} of {counted(len(ends), 'agent')},"
            f" as on {100 * shares[most]:.0f} % of {int(among.sum())} {where}"
        )
        picture = _draw(cast.world, played[:SHOWN], level)
        made.append(Picture(image(png(picture), "png"), picture.shape[:2], words))
    return made


def _ends(ruler: Ruler, played: Episodes) -> np.ndarray:
    """The number in ENDS of what each episode came to: int[n]."""
    hits = met(played.scores, ruler.best)
    return np.where(hits[:, 0], 0, np.where(hits[:, ruler.rivals].any(1), 1, 2))


def _draw(world: World, played: Sequence[Episodes], level: int) -> np.ndarray:
    """The level as it begins, with the ways of the first learner of each agent side by side."""
    trails, lives = [], []
    for one in played:
        assert one.trace is not None and one.trace.states is not None
        here = one.trace.running[:, level]
        lived, acts = one.trace.states[here, level], one.trace.actions[here, level]
        vec = Vec(world, 1, autoreset="off")
        vec.start_from(lived[-1:].view(np.recarray))
        vec.step(acts[-1:])  # a trace ends before the last step
        lives.append(np.concatenate([lived, vec.states.view(np.ndarray)]))
    for k, lived in enumerate(lives):
        aside = 0.18 * (k - (len(played) - 1) / 2)
        cells = np.stack([lived["y"][:, 0], lived["x"][:, 0]], 1) + aside
        trails.append(Trail(cells, COLOURS[k], faint=True))
    start = lives[0][:1].view(np.recarray)
    record = start[0]
    h, w = int(record.h), int(record.w)
    p = max(8, min(PIXELS, WIDEST // w))
    shot = Shot(
        world, record, (h * p, w * p), at=Window(p, h / 2, w / 2), trails=trails,
        marks=goal_marks(world, start),
    )  # fmt: skip
    return top.draw(shot)
