"""Plain films: one agent, several side by side, an agent over its training, or a mosaic of levels.

As for the contrast, what is filmed are replays, and which level they are of is chosen by a rule
that the film names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.errors import UserError
from ...engine.files import make_folder
from ...engine.levels import ids
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.replay import Replay
from ...engine.replay_file import MAX_LABEL, PREFIX
from ...engine.vector import level_of
from ...engine.view.film import story
from ...engine.world import World
from ...engine.worth import Known
from ..judging.choose import choose
from ..judging.references import references, worth_from
from ..judging.rollout import Episodes, at_most, rollout
from ..judging.runs import open_agents
from ..policies.policy import Policy
from .contrast import FilmPlan, concluded, cut, known, take_of
from .pair import framed

SIDE = 6  # of a mosaic, at most
LEVELS = 256  # held-out levels that one is chosen from


def record_replays(
    found: Sequence[tuple[Replay, World]], plan: FilmPlan, show: Show = silent
) -> dict[str, Any]:
    """Film replays side by side, whole: one is shown alone, two are compared.

    Raises UserError if they are of different worlds. Returns {films, codes}.
    """
    world, made = found[0][1], [replay for replay, _ in found]
    if any(r.world != world.name or r.params.keys() != made[0].params.keys() for r in made):
        raise UserError("these replays are of different worlds: film them apart")
    takes = [plan.gauged(w, take_of(w, replay)) for replay, w in found]
    roles = [take.role for take in takes]
    if sorted(roles) == ["INTENDED", "LEARNED"]:
        order = sorted((0, 1), key=lambda k: roles[k])  # the intended way on the left
        takes, made = [takes[k] for k in order], [made[k] for k in order]
    elif len(takes) > 1 or made[0].known is None:
        takes = [
            replace(take, role=f"REPLAY {k}" if len(takes) > 1 else "REPLAY", trained_on=None)
            for k, take in enumerate(takes, 1)
        ]
    takes = framed(world, takes)
    tolds = [replay.known or Known() for replay in made]
    splits, picks = {told.split for told in tolds}, {told.pick for told in tolds}
    how = "the level of the replay" if len(found) == 1 else "the levels of the replays"
    how = picks.pop() if len(picks) == 1 and all(picks) else f"{how}, chosen by hand"
    card = replace(
        plan.card(world, made, how),
        split=splits.pop() if len(splits) == 1 else "",
        facts=tuple(told.agent for told in tolds if told.role == "learned" and told.agent),
        conclusion=concluded(world, takes[-1], tolds[-1]) if tolds[-1].role == "learned" else "",
    )
    return {"films": plan.save(takes, card, show), "codes": list(card.codes)}


def record_runs(
    runs: Sequence[str | Path],
    plan: FilmPlan,
    levels: int = LEVELS,
    seed: int = 0,
    show: Show = silent,
    home: str | World | None = None,
) -> dict[str, Any]:
    """Film agents on one level, by the state of their training: a run's checkpoints, or runs of one
    world. Those from elsewhere act in the world `home`.

    The level is chosen by how the last of them fares on `levels` held-out ones (see
    `contrast.choose`).
    """
    world, agents, steps = _agents(runs, home)
    plan = plan.of(world)
    split = split_of(world, plan.split)
    levels = at_most(split, levels)
    last = rollout(world, agents[-1], plan.split, levels, seed, record=True)
    chosen = choose(plan.pick, world, last, references(world, split, levels, seed).experts, seed)
    only = np.array([chosen.seed], np.uint64)
    made = [
        live(world, agent, plan, rollout(world, agent, split, only, record=True), how=chosen.how)
        for agent in agents
    ]
    roles = _roles(agents, steps) if len(agents) > 1 else ["LEARNED"]
    takes = [
        replace(plan.gauged(world, take_of(world, replay), agent), role=role, label=agent.name)
        for role, agent, replay in zip(roles, agents, made, strict=True)
    ]
    return keep(world, made, takes, plan, show, plan.card(world, made, chosen.how))


def _roles(agents: Sequence[Policy], steps: Sequence[int | None]) -> list[str]:
    """What tells these agents apart: how long they were trained, or their names."""
    known = [n for n in steps if n is not None]
    if len(set(known)) < len(agents):
        return [agent.name for agent in agents]
    roles = [f"{n / 1e6:.2g} M STEPS" for n in known]
    return roles if len(set(roles)) == len(roles) else [f"{n:,} STEPS" for n in known]


def mosaic(
    run: str | Path,
    plan: FilmPlan,
    side: int = 4,
    seed: int = 0,
    show: Show = silent,
    home: str | World | None = None,
) -> dict[str, Any]:
    """Film an agent on the first `side` x `side` held-out levels at once: nobody has chosen
    them.
    """
    if not 2 <= side <= SIDE:
        raise UserError(f"a mosaic has 2 to {SIDE} levels a side, not {side}")
    world, agents, _ = _agents([run], home)
    plan = plan.of(world)
    played = rollout(world, agents[0], plan.split, side * side, seed, record=True)
    made = [live(world, agents[0], plan, played, k) for k in range(side * side)]
    takes = [
        replace(take_of(world, replay), role=f"LEVEL {k}", label="")
        for k, replay in enumerate(made, 1)
    ]
    plan = replace(plan, options=replace(plan.options, columns=side))
    card = plan.card(world, made, f"the first {side * side} held-out levels")
    return keep(world, made, takes, plan, show, card)


def _agents(
    runs: Sequence[str | Path], home: str | World | None
) -> tuple[World, list[Policy], list[int | None]]:
    """The agents of run folders or checkpoints of one world, or from elsewhere in the world `home`;
    and the steps that each was trained for, if that is known.
    """
    opened = [open_agents([run], world=home) for run in runs]
    world = opened[0].world
    for cast, run in zip(opened, runs, strict=True):
        if (cast.world.name, cast.world.rows) != (world.name, world.rows):
            raise UserError(
                f"'{run}' was trained in another world than '{runs[0]}': film them apart"
            )
    return world, [c.agents[0] for c in opened], [c.abouts[0].get("steps") for c in opened]


def live(
    world: World, agent: Policy, plan: FilmPlan, played: Episodes, index: int = 0, how: str = ""
) -> Replay:
    """One of the episodes that an agent played, as a replay."""
    assert played.actions is not None
    actions = played.actions[: played.length[index], index]
    start = level_of(world, int(played.seeds[index]), split_of(world, plan.split))
    told = replace(known(plan, how), role="learned", worth=worth_from(world, start))
    label = agent.name[:MAX_LABEL]
    return Replay.record(world, start, actions, plan.split, label=label, known=told)


def keep(
    world: World,
    made: Sequence[Replay],
    takes: Sequence[story.Take],
    plan: FilmPlan,
    show: Show,
    card: story.Card,
) -> dict[str, Any]:
    """Save the replays, and film the takes of them up to where all is told."""
    paths = []
    levels = [ids.names(world, take.states[:1].view(np.recarray))[0] for take in takes]
    for k, replay in enumerate(made):
        name = f"{Path(plan.split).name}-{levels[k]}-{k}.gmr"
        paths.append(make_folder(plan.replays) / name)
        replay.save(paths[-1])
    takes, how, _ = cut(world, takes, card.pick)
    card = replace(card, pick=how)
    if len(takes) == 1 and made[0].known is not None:
        card = replace(card, conclusion=concluded(world, takes[0], made[0].known))
    return {
        "levels": list(dict.fromkeys(levels)),
        "split": plan.split,
        "pick": how,
        "films": plan.save(takes, card, show),
        "replays": [str(path) for path in paths],
        "codes": list(card.codes),
    }


def open_replay(source: str, world: World | None = None) -> tuple[Replay, World]:
    """A replay by file or code, and the world it is to be played in."""
    found = Replay.from_code(source) if source.startswith(PREFIX) else Replay.load(source)
    return found, found.fitted(world) if world else found.find_world()
