"""Levels from several files as one set that others can use: checked, and told whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...engine.errors import UserError
from ...engine.levels.kind import MAX_LEVELS, About, Levels
from ...engine.version import __version__
from ...engine.world import World
from . import describe, survey
from .parting import agreement


def gathered(paths: Sequence[Path], world: World | None = None) -> Levels:
    """The levels of all these files, which must be of one world; those without a name are called
    after their file.
    """
    parts: list[Levels] = []
    for path in paths:
        found = describe.open_levels(path, world or (parts[0].world if parts else None), MAX_LEVELS)
        count = len(found.states)
        names = [
            name or (path.stem if count == 1 else f"{path.stem}-{i:0{len(str(count))}}")[:64]
            for i, name in enumerate(found.names, 1)
        ]
        parts.append(replace(found, names=names, abouts=[found.about(i) for i in range(count)]))
    states = np.concatenate([part.states for part in parts]).view(np.recarray)
    names = [name for part in parts for name in part.names]
    if len(names) > MAX_LEVELS:
        raise UserError(f"a set holds at most {MAX_LEVELS:,} levels, not {len(names):,}")
    return Levels(parts[0].world, states, names, abouts=[a for part in parts for a in part.abouts])


def signed(levels: Levels, about: About) -> tuple[Levels, list[str]]:
    """The set with what is said `about` all of it, and with what was found when it was checked; and
    the names of levels that cannot be solved, or that are there twice.
    """
    world, states = levels.world, levels.states
    looked = survey.ways(world, "intended", states, effort=False)
    solved = looked.score > 0
    prints = world.fingerprints(states)
    _, first = np.unique(prints, return_index=True)
    doubles = sorted({*range(len(prints))} - {*first.tolist()})
    bad = [f"{levels.names[i]} has no way to the goal" for i in np.flatnonzero(~solved)]
    bad += [f"{levels.names[i]} is there twice" for i in doubles]
    checked = f"goalshift {__version__}: {int(solved.sum())} of {len(solved)} can be solved"
    if solved.any():
        steps = looked.steps[solved]
        checked += f", in {int(steps.min())} to {int(steps.max())} steps"
    if world.proxies and len(states) <= describe.SURVEYED:
        apart = agreement(world, states).parts
        checked += f"; the goals part on {int(apart.sum())}"
    told = {**levels.shared.told(), **about.told(), "checked": checked}
    own = [About(**{**levels.about(i).told(), **told}) for i in range(len(states))]
    return replace(levels, abouts=own), bad
