"""Plain films: one agent, several side by side, an agent over its training, or a mosaic of levels.

As for the contrast, what is filmed are replays, and which level they are of is chosen by a rule
that the film names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.errors import UserError
from ...engine.levels.splits import split_of
from ...engine.replay import MAX_LABEL, PREFIX, Replay
from ...engine.vector import level_of
from ...engine.view.film import film, story
from ...engine.world import World
from ..judging.references import references
from ..judging.rollout import Episodes, at_most, rollout
from ..judging.runs import open_runs
from ..policies.policy import Policy
from .contrast import LINGER, choose, settled, take_of, versions

NOTES, WORDS = 1000, 3000  # captions of a file, and characters of one
SIDE = 6  # of a mosaic, at most
LEVELS = 256  # held-out levels that one is chosen from
Progress = Callable[[int, int], None]


def record_replays(
    found: Sequence[tuple[Replay, World]],
    films: Sequence[Path],
    command: str = "",
    notes: tuple[tuple[int, int, str], ...] = (),
    progress: Progress | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Film replays side by side, whole: one is shown alone, two are compared. `options` are
    `film.save`'s.

    Raises UserError if they are of different worlds. Returns {films, codes}.
    """
    world = found[0][1]
    if any(r.world != world.name or r.params.keys() != found[0][0].params.keys() for r, _ in found):
        raise UserError("these replays are of different worlds: film them apart")
    takes = [take_of(w, replay, replay.states(w)) for replay, w in found]
    if len(takes) != 2 or {take.role for take in takes} != {"INTENDED", "LEARNED"}:
        takes = [
            replace(take, role=f"REPLAY {k}" if len(takes) > 1 else "REPLAY", trained_on=None)
            for k, take in enumerate(takes, 1)
        ]
    codes = tuple(replay.code() for replay, _ in found)
    how = "the level of the replay" if len(found) == 1 else "the levels of the replays"
    card = story.Card(
        world,
        pick=f"{how}, chosen by hand",
        command=command,
        versions=versions(),
        captions=world.captions,
        notes=notes,
        codes=codes,
    )
    _film(takes, card, films, progress, **options)
    return {"films": [str(p) for p in films], "codes": list(codes)}


def record_runs(
    runs: Sequence[str | Path],
    films: Sequence[Path],
    replays: Path,
    split: str = "deploy",
    pick: str = "median",
    levels: int = LEVELS,
    seed: int = 0,
    command: str = "",
    notes: tuple[tuple[int, int, str], ...] = (),
    progress: Progress | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Film agents on one level, by the state of their training: a run's checkpoints, or runs of one
    world.

    The level is chosen by how the last of them fares on `levels` held-out ones (see
    `contrast.choose`).
    """
    world, agents = _agents(runs)
    levels = at_most(split_of(world, split), levels)
    last = rollout(world, agents[-1], split, levels, seed, record=True)
    chosen = choose(
        pick, world, last, references(world, split_of(world, split), levels, seed).experts, seed
    )
    made = [
        _live(
            world,
            agent,
            split,
            rollout(world, agent, split, np.array([chosen.seed], np.uint64), record=True),
        )
        for agent in agents
    ]
    steps = [agent.about["steps"] for agent in agents]  # type: ignore[attr-defined]
    roles = [f"{n / 1e6:.2g} M STEPS" for n in steps]
    if len(set(roles)) < len(roles):
        roles = (
            [f"{n:,} STEPS" for n in steps]
            if len(set(steps)) == len(steps)
            else [agent.name for agent in agents]
        )
    named = zip(roles if len(agents) > 1 else ["LEARNED"], agents, made, strict=True)
    takes = [story.Take(role, a.name, r.states(world), (world.paid.name,)) for role, a, r in named]
    takes, how = _cut(world, takes, chosen.how)
    return _keep(
        world, takes, made, films, replays, split, how, command, notes, progress, **options
    )


def mosaic(
    run: str | Path,
    films: Sequence[Path],
    replays: Path,
    side: int = 4,
    split: str = "deploy",
    seed: int = 0,
    command: str = "",
    notes: tuple[tuple[int, int, str], ...] = (),
    progress: Progress | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Film an agent on the first `side` x `side` held-out levels at once: nobody has chosen
    them.
    """
    if not 2 <= side <= SIDE:
        raise UserError(f"a mosaic has 2 to {SIDE} levels a side, not {side}")
    world, agents = _agents([run])
    played = rollout(world, agents[0], split, side * side, seed, record=True)
    made = [_live(world, agents[0], split, played, k) for k in range(side * side)]
    takes = [
        story.Take(f"LEVEL {k}", "", r.states(world), (world.paid.name,))
        for k, r in enumerate(made, 1)
    ]
    takes, how = _cut(world, takes, f"the first {side * side} held-out levels")
    options["columns"] = side
    return _keep(
        world, takes, made, films, replays, split, how, command, notes, progress, **options
    )


def _agents(runs: Sequence[str | Path]) -> tuple[World, list[Policy]]:
    """The agents of run folders or checkpoints of one world."""
    opened = [open_runs([run]) for run in runs]
    world = opened[0][0]
    for (other, _, _), run in zip(opened, runs, strict=True):
        if (other.name, other.rows) != (world.name, world.rows):
            raise UserError(
                f"'{run}' was trained in another world than '{runs[0]}': film them apart"
            )
    return world, [agents[0] for _, agents, _ in opened]


def _live(world: World, agent: Policy, split: str, played: Episodes, index: int = 0) -> Replay:
    """One of the episodes that an agent played, as a replay."""
    assert played.actions is not None
    actions = played.actions[: played.length[index], index]
    start = level_of(world, int(played.seeds[index]), split)
    return Replay.record(world, start, actions, split, label=agent.name[:MAX_LABEL])


def _cut(world: World, takes: Sequence[story.Take], how: str) -> tuple[list[story.Take], str]:
    """The takes up to shortly after the last change of any score, and that said."""
    longest = max(len(take.states) for take in takes) - 1
    stop = min(settled(world, *(take.states for take in takes)) + LINGER, longest)
    if stop < longest:
        how += f"; cut at step {stop} of {longest}: no score changes later"
    return [replace(take, states=take.states[: stop + 1].view(np.recarray)) for take in takes], how


def _keep(
    world: World,
    takes: Sequence[story.Take],
    made: Sequence[Replay],
    films: Sequence[Path],
    replays: Path,
    split: str,
    how: str,
    command: str,
    notes: tuple[tuple[int, int, str], ...],
    progress: Progress | None,
    **options: Any,
) -> dict[str, Any]:
    """Save the replays, and film them."""
    replays.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, replay in enumerate(made):
        paths.append(replays / f"{Path(split).name}-{max(replay.seed, 0):016x}-{k}.gmr")
        replay.save(paths[-1])
    codes = tuple(replay.code() for replay in made)
    card = story.Card(
        world,
        split=split,
        pick=how,
        command=command,
        versions=versions(),
        captions=world.captions,
        notes=notes,
        codes=codes,
    )
    _film(takes, card, films, progress, **options)
    found = {
        "split": split,
        "pick": how,
        "films": [str(p) for p in films],
        "replays": [str(p) for p in paths],
    }
    return {**found, "codes": list(codes)}


def _film(
    takes: Sequence[story.Take],
    card: story.Card,
    films: Sequence[Path],
    progress: Progress | None,
    **options: Any,
) -> None:
    for path in films:
        path.parent.mkdir(parents=True, exist_ok=True)
    film.save(takes, card, films, progress=progress, **options)


def open_replay(source: str, world: World | None = None) -> tuple[Replay, World]:
    """A replay by file or code, and the world it is to be played in."""
    found = Replay.from_code(source) if source.startswith(PREFIX) else Replay.load(source)
    return found, found.fitted(world) if world else found.find_world()


def read_notes(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Captions of the author's own, from a TOML file: tables [[caption]] with `from`, `to` (steps)
    and `text`.

    Raises UserError, naming the file and the table.
    """
    try:
        if path.stat().st_size > 1_000_000:
            raise UserError(f"--captions '{path}' is larger than a megabyte")
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UserError(
            f"--captions '{path}': {(fault.strerror or 'cannot be read').lower()}"
        ) from fault
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise UserError(f"--captions '{path}' is not TOML: {str(fault)[:120]}") from fault
    tables = found.get("caption")
    if set(found) != {"caption"} or not isinstance(tables, list) or len(tables) > NOTES:
        raise UserError(
            f"--captions '{path}' must hold 1 to {NOTES} tables [[caption]] and nothing else"
        )
    notes = []
    for k, table in enumerate(tables, 1):
        where = f"--captions '{path}', caption {k}"
        if not isinstance(table, dict) or not {"from", "text"} <= set(table) <= {
            "from",
            "to",
            "text",
        }:
            raise UserError(f"{where}: it needs `from` (a step) and `text`, and may have `to`")
        first, last, text = table["from"], table.get("to", table["from"]), table["text"]
        if any(type(n) is not int or not 0 <= n < 2**31 for n in (first, last)) or last < first:
            raise UserError(f"{where}: `from` and `to` must be steps, 0 or more, in this order")
        if not isinstance(text, str) or len(text) > WORDS:
            raise UserError(f"{where}: `text` must be a text of at most {WORDS} characters")
        notes.append((first, last, " ".join(text.split())))
    return tuple(notes)
