"""Where a level of a curriculum's buffer comes from: the level that was drawn, every generation of
edits since, what each changed, and what the run's agent does on each.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine import files, state
from ...engine.errors import need
from ...engine.files import make_folder
from ...engine.progress import Show, silent
from ...engine.replay import MAX_LABEL, Replay
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.view.draw.differ import changed
from ...engine.view.draw.ink import DARK, DIM, TEXT, icon, png, write
from ...engine.view.draw.marks import mark_of
from ...engine.world import World
from ...engine.worth import outcome
from ..judging.references import worth_from
from ..judging.runs import open_agents
from ..lab.hunting.pair import board
from ..learning.ppo import Learner
from ..learning.replay import Replay as Replaying
from ..learning.run import looked_at
from ..policies.policy import Policy
from .contrast import FilmPlan, cut, known, take_of

MOST = 12  # generations that are shown; of a longer line evenly chosen ones
WIDE, GAP, HEAD, LINE, COLUMNS = 300, 16, 44, 46, 4  # pixels: of a board, around it, above, below


@dataclass(frozen=True)
class Line:
    """Levels [g], the one that was drawn first; generation: int[g]; framed: the cells that differ
    from the level before; edits: in a generation.
    """

    world: World
    agent: Policy
    levels: np.recarray
    generation: np.ndarray
    framed: list[list[tuple[int, int]]]
    edits: int
    score: float

    def role(self, k: int) -> str:
        """What is said above the k-th level."""
        edits = int(self.generation[k]) * self.edits
        return f"AFTER {edits} EDITS" if edits else "DRAWN"


def line_of(run: str | Path, at: int = 1, home: str | None = None) -> Line:
    """The line of the at-th level of a run's buffer, the longest line first, of equals that with
    the highest score.
    """
    learner = looked_at(Path(run))
    made = learner.curriculum if isinstance(learner, Learner) else None
    need(
        isinstance(made, Replaying) and made.edits,
        f"'{run}' was trained without edits: a line of levels comes of --curriculum accel",
    )
    assert isinstance(made, Replaying)
    buffer = made.buffer
    length = buffer.lines.length[: buffer.held]
    edited = int((length > 0).sum())
    need(at <= edited, f"--at {at}: {edited} levels of the buffer of '{run}' were edited")
    place = int(np.lexsort((-buffer.score[: buffer.held], -length))[at - 1])
    levels = buffer.lines.of(place)
    shown = np.unique(np.linspace(0, len(levels) - 1, MOST).round().astype(int))
    depth = int(buffer.depth[place]) // made.edits - len(levels) + 1  # forgotten ones
    levels, world = levels[shown].view(np.recarray), learner.world
    batches = [levels[k : k + 1].view(np.recarray) for k in range(len(levels))]
    framed = [[], *(changed(world, a, b) for a, b in itertools.pairwise(batches))]
    agent = open_agents([run], world=home).agents[0]
    score = float(buffer.score[place])
    return Line(world, agent, levels, shown + depth, framed, made.edits, score)


def ancestry(line: Line, plan: FilmPlan, sheet: Path, show: Show = silent) -> dict[str, Any]:
    """Write the `sheet` (.png) and the films of the plan. Returns what was written, and of every
    level the goals that its agent met.
    """
    world = line.world
    made = [_live(line, plan, k) for k in range(len(line.levels))]
    whole = [take_of(world, replay) for replay in made]
    plan = replace(plan, options=replace(plan.options, columns=min(len(made), COLUMNS)))
    takes = [
        replace(take, role=line.role(k), label="", framed=line.framed[k])
        for k, take in enumerate(whole)
    ]
    make_folder(sheet.parent)
    files.write(sheet, png(_sheet(line, [take.states for take in whole], made)))
    takes, how, _ = cut(world, takes, "a line of edits; framed is what changed")
    films = plan.save(takes, plan.card(world, made, how), show)
    return {
        "sheet": str(sheet),
        "films": films,
        "edits": [int(g) * line.edits for g in line.generation],
        "met": [sorted(name for name, met in _met(world, r).items() if met) for r in made],
        "score": line.score,
    }


def _live(line: Line, plan: FilmPlan, k: int) -> Replay:
    """What the agent does on the k-th level, as a replay."""
    world, level = line.world, line.levels[k : k + 1].view(np.recarray)
    vec = Vec(world, 1, autoreset="off")
    obs, fresh, actions = vec.start_from(level), np.ones(1, np.bool_), []
    line.agent.start(1, world.learners)
    while vec.states["ended"][0] == RUNNING:
        actions.append(line.agent.act(obs, vec.states, fresh)[0].copy())
        obs, fresh = vec.step(actions[-1][None])[0], np.zeros(1, np.bool_)
    told = replace(known(plan), role="learned", worth=worth_from(world, level))
    label = line.agent.name[:MAX_LABEL]
    return Replay.record(world, state.copy(level), np.array(actions), label=label, known=told)


def _met(world: World, replay: Replay) -> dict[str, bool]:
    """Whether each goal was met in the end, by name."""
    end, worth = replay.states(world)[-1], replay.known.worth if replay.known else {}
    scores = world.scores(np.asarray(end["totals"])[: world.learners]).mean(0)
    pairs = zip(world.goals, scores, strict=True)
    return {g.name: bool(outcome(float(x), worth.get(g.name)).met) for g, x in pairs}


def _sheet(line: Line, lived: Sequence[np.recarray], made: Sequence[Replay]) -> np.ndarray:
    """All levels in rows: what each is, where the agent went, and what it met; uint8[h, w, 3]."""
    world, n = line.world, len(line.levels)
    p = max(WIDE // int(line.levels.w.max()), 1)
    columns = min(n, COLUMNS)
    tall, wide = int(line.levels.h.max()) * p, int(line.levels.w.max()) * p
    step, across = LINE + tall + GAP, wide + GAP
    size = (HEAD + -(-n // columns) * step, GAP + columns * across, 3)
    picture = np.empty(size, np.uint8)
    picture[:] = DARK
    head = f"{world.title}: a level and the edits that it comes from; framed is what changed"
    write(picture, head, 12, GAP, 17, TEXT, True, width=size[1] - 2 * GAP)
    for k in range(n):
        y, x = HEAD + k // columns * step, GAP + k % columns * across
        level, states = line.levels[k : k + 1].view(np.recarray), lived[k]
        path = np.stack([states.y, states.x], -1)[:, : world.learners]
        drawn = board(world, path, states[-1:].view(np.recarray), level, line.framed[k], p)
        write(picture, line.role(k), y + 14, x, 13, DIM)
        for g, (name, met) in enumerate(reversed(_met(world, made[k]).items())):
            mark, at = mark_of(world, world.goal(name)), x + wide - 26 * (g + 1)
            icon(picture, mark, y + 8, at, 22, 1.0 if met else 0.25)
        picture[y + LINE - 10 : y + LINE - 10 + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    return picture
