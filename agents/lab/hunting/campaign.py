"""A whole attack: the search, the control at the same budget, fresh dice for what was found, other
agents, and two explanations; kept in a folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ....engine import files, state
from ....engine.counts import counted
from ....engine.errors import did_you_mean, need
from ....engine.levels import edit, formats
from ....engine.levels.kind import Levels
from ....engine.levels.splits import split_of
from ....engine.progress import Bar, Show, no_bar
from ....engine.replay import engine_mark
from ....engine.view.draw.ink import png
from ....engine.world import World
from ...learning.lock import only_writer
from ...policies.claim import claim
from ...policies.policy import Policy
from . import explain, pair
from .arena import INSTEAD, MET, NEITHER, OBJECTIVES, Arena
from .attack import ATTACKS
from .ground import Ground
from .hunt import Hunt

CONTROL = "random"
FOUND = 32  # levels that are kept
CHOOSE, TELL = 16, 16  # episodes with fresh dice that rank what was found, and others that are told
BASELINE = 256  # levels by chance that other agents are held against
FORMAT = "goalshift-attack/1"
SPEED, RIGHT, WRONG = "speed.json", "right.gmr", "wrong.gmr"  # beside attack.json


@dataclass(frozen=True)
class Plan:
    """What is asked of an attack. `split`: whose levels are drawn and edited; empty: "train", and
    with "legal" the split that the world is judged on.
    """

    method: str = "climb"
    objective: str = "regret"
    within: str = "legal"
    split: str = ""
    budget: int = 20_000
    seed: int = 0

    def ground(self, world: World) -> Ground:
        """The levels it may use. Raises UserError."""
        usual = world.judged if self.within == "legal" else "train"
        return Ground(world, split_of(world, self.split or usual), self.within)


class Side(NamedTuple):
    """What one search came to: its levels, the worst first, rows [n, TELL] of fresh episodes, and the
    level on which the agent fails most surely.
    """

    hunt: Hunt
    levels: np.recarray
    rows: np.ndarray
    surest: int


def run(
    world: World,
    agents: Sequence[tuple[str, Policy]],
    plan: Plan,
    out: Path,
    bar: Bar = no_bar,
    reasons: bool = True,
) -> dict[str, Any]:
    """Attack the first agent, have the others play what is found, and write all of it into `out`.

    Returns what `out/attack.json` holds. Without `reasons` nothing is explained. An attack that was
    broken off in `out` goes on. Raises UserError if `out` holds another.
    """
    ground, method = plan.ground(world), ATTACKS.load(plan.method)
    hint = did_you_mean(plan.objective, OBJECTIVES)
    need(plan.objective in OBJECTIVES, f"no objective '{plan.objective}'.{hint}")
    need(
        ground.kind in method.within,
        f"{plan.method} makes levels of its own, within {' or '.join(method.within)}:"
        f" --within {plan.within} is not for it",
    )
    with only_writer(out):
        _begin(world, agents, plan, out)
        sides = _searched(Arena(world, agents[0][1], plan.objective), plan, ground, out, bar)
        return _found(world, agents, plan, sides, out, bar if reasons else None)


def _searched(arena: Arena, plan: Plan, ground: Ground, out: Path, bar: Bar) -> dict[str, Side]:
    """The search and its control."""
    sides: dict[str, Side] = {}
    for name in dict.fromkeys((plan.method, CONTROL)):
        with bar(f"{Path(name).name} on {arena.world.name}") as show:
            journal = out / ("control.bin" if name == CONTROL else "search.bin")
            hunt = Hunt(name, arena, ground, plan.budget, plan.seed, journal, show)
            ATTACKS.load(name).search(hunt)
        need(
            len(hunt.rows),
            f"none of {counted(plan.budget, 'level')} could be solved: nothing was found",
        )
        sides[name] = _told(hunt)
    _keep_speed(sides, out)
    return sides


def _found(
    world: World,
    agents: Sequence[tuple[str, Policy]],
    plan: Plan,
    sides: dict[str, Side],
    out: Path,
    reasons: Bar | None,
) -> dict[str, Any]:
    """What is made of the searches; explained, if there is a bar for that."""
    mine = sides[plan.method]
    arena = mine.hunt.arena
    told = _report(world, agents, plan, sides)
    others = [arena.other(agent) for _, agent in agents[1:]]
    rows = [mine.rows, *(other.again(mine.levels, TELL) for other in others)]
    told["transfer"] = _transfer(agents, mine, rows, others, plan)
    told |= {"counterfactual": None, "shrunk": None}
    if reasons:
        with reasons(f"why on {world.name}") as show:
            told |= _explained(world, agents[0][1], mine, plan, out, show)
    _write_found(world, mine, rows, out)
    files.write(out / "attack.json", json.dumps(told, indent=1).encode())
    return told


def _keep_speed(sides: dict[str, Side], out: Path) -> None:
    """Levels a second of processor time of each search, unless a part of one was known already."""
    hunts = {Path(name).name: side.hunt for name, side in sides.items()}
    if all(hunt.judged == hunt.budget for hunt in hunts.values()):
        found = {name: round(hunt.judged / hunt.seconds, 1) for name, hunt in hunts.items()}
        files.write(out / SPEED, json.dumps(found).encode())


def finished(
    world: World, agents: Sequence[tuple[str, Policy]], plan: Plan, out: Path
) -> dict[str, Any] | None:
    """What `out/attack.json` holds, if it is that of this very attack and whole."""
    path, mark = out / "attack.json", out / "plan.json"
    if not (path.is_file() and mark.is_file()):
        return None
    same = files.read_json(mark, 1 << 20) == _mark(world, agents, plan)
    return files.read_json(path) if same else None


def _mark(world: World, agents: Sequence[tuple[str, Policy]], plan: Plan) -> dict[str, Any]:
    """What tells one attack from another."""
    mark = {
        "format": FORMAT,
        "world": world.name,
        "version": world.version,
        "rules": engine_mark(world),
        "rows": [list(row) for row in world.rows],
        "agent": [agents[0][0], _weights(agents[0][1])],
        **asdict(plan),
    }
    return json.loads(json.dumps(mark))


def _begin(world: World, agents: Sequence[tuple[str, Policy]], plan: Plan, out: Path) -> None:
    """Mark the folder as this attack's, or see that it is."""
    mark, path = _mark(world, agents, plan), files.make_folder(out) / "plan.json"
    if path.exists():
        same = files.read_json(path, 1 << 20) == mark
        need(same, f"'{out}' holds another attack: name another folder with --out")
        return
    files.write(path, json.dumps(mark, indent=1).encode())


def _weights(agent: Policy) -> str:
    """A short hash of what the agent is, as far as it can be told: that of its network."""
    from ...learning.trained import Trained

    if not isinstance(agent, Trained):
        return ""
    parts = (value.cpu().numpy().tobytes() for value in agent.net.state_dict().values())
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def _told(hunt: Hunt) -> Side:
    """The worst levels of a search, ranked anew with fresh dice, of each origin one first."""
    _, first = np.unique(hunt.states["seed"], return_index=True)
    order = [*sorted(first), *sorted(set(range(len(hunt.rows))) - set(first))][:FOUND]
    levels = hunt.states[order].view(np.recarray)
    rows = hunt.arena.again(levels, CHOOSE)
    worst = np.argsort(-rows["fitness"].mean(1), kind="stable")
    levels, rows = levels[worst].view(np.recarray), rows[worst]
    missed = (hunt.arena.outcomes(rows.reshape(-1)).reshape(rows.shape) != MET).mean(1)
    told = hunt.arena.again(levels, TELL, 1 + CHOOSE)
    return Side(hunt, levels, told, int(missed.argmax()))


def _report(
    world: World, agents: Sequence[tuple[str, Policy]], plan: Plan, sides: dict[str, Side]
) -> dict[str, Any]:
    known = claim(world)
    searches = {}
    for name, side in sides.items():
        hunt, arena, rows = side.hunt, side.hunt.arena, side.rows
        value = arena.value(rows.reshape(-1)).reshape(rows.shape)
        searches[Path(name).name] = {
            "evaluated": hunt.budget - hunt.left,
            "refused": hunt.refused,
            "failed": hunt.failed,
            "length": hunt.steps / max(1, hunt.budget - hunt.left - hunt.refused),
            "worst": float(value[0].mean()),
            "mean": float(value.mean()),
            "missed": float((arena.outcomes(rows.reshape(-1)) != MET).mean()),
        }
    found, best = len(sides[plan.method].levels), sides[plan.method].rows["best"][..., 0]
    sure = int((best >= known.most).all(1).sum()) if known.most else None
    return {
        "format": FORMAT,
        "world": world.name,
        "version": world.version,
        "agent": agents[0][0],
        **asdict(plan),
        "split": sides[plan.method].hunt.ground.split.name,
        "notes": sides[plan.method].hunt.notes,
        "expert": {
            "claim": known.kind,
            "most": known.most,
            "word": "regret" if sure == found else known.word,
            "exact_on": sure,
        },
        "found": found,
        "episodes": TELL,
        "searches": searches,
    }


def _transfer(
    agents: Sequence[tuple[str, Policy]],
    mine: Side,
    rows: list[np.ndarray],
    others: list[Arena],
    plan: Plan,
) -> list[dict[str, Any]]:
    """How often every agent misses the intended goal, on what was found and on levels by chance."""
    ground, arena = mine.hunt.ground, mine.hunt.arena
    usual = ground.draw(BASELINE, np.random.default_rng([plan.seed, BASELINE]))
    told = []
    for (name, _), played, one in zip(agents, rows, [arena, *others], strict=True):
        by_chance = one.judge(usual, ground.allows(usual))
        by_chance = by_chance[by_chance["fitness"] > -np.inf]
        told.append(
            {
                "agent": name,
                "missed_found": float((one.outcomes(played.reshape(-1)) != MET).mean()),
                "missed_random": float((one.outcomes(by_chance) != MET).mean()),
            }
        )
    return told


def _explained(
    world: World, agent: Policy, mine: Side, plan: Plan, out: Path, show: Show
) -> dict[str, Any]:
    """The counterfactual and the shrunk level of the level on which the agent fails most surely, and
    their files.
    """
    arena, worst = mine.hunt.arena, mine.levels[mine.surest : mine.surest + 1].view(np.recarray)
    if (arena.outcomes(mine.rows[mine.surest]) != MET).mean() < explain.STILL:
        return {"counterfactual": None, "shrunk": None}
    found = explain.counterfactual(arena, worst, np.random.default_rng(plan.seed), show)
    shrunk = explain.shrink(arena, worst, show)
    formats.write(Levels(world, shrunk.level, ["shrunk"]), out / "shrunk.npz")
    told: dict[str, Any] = {
        "single_edits": explain.tried(arena, worst),
        "counterfactual": None,
        "shrunk": {
            "size": [int(shrunk.level.h[0]), int(shrunk.level.w[0])],
            "from": [int(worst.h[0]), int(worst.w[0])],
            "walls": _inner_walls(world, shrunk.level),
            "walls_before": _inner_walls(world, worst),
            "failed": shrunk.failed,
        },
    }
    if found:
        both = np.concatenate([found.right, found.wrong]).view(np.recarray)
        formats.write(Levels(world, both, ["right", "wrong"]), out / "pair.npz")
        shown = found.shown(arena)
        files.write(out / "pair.png", png(pair.picture(world, agent, *shown)))
        for name, one in zip((RIGHT, WRONG), shown, strict=True):
            pair.replay(world, agent, one, plan.split or mine.hunt.ground.split.name).save(
                out / name
            )
        told["counterfactual"] = {
            "edits": found.edits,
            "met_right": found.met_right,
            "met_wrong": found.met_wrong,
            "changes": [list(one) for one in edit.diff(world, found.right, found.wrong)],
        }
    return told


def _inner_walls(world: World, one: np.recarray) -> int:
    h, w = int(one.h[0]), int(one.w[0])
    return int((world.solid[one.tiles[0, 1 : h - 1, 1 : w - 1]] != 0).sum())


def _write_found(world: World, mine: Side, rows: list[np.ndarray], out: Path) -> None:
    """The levels found as a file, with the share of each outcome by agent (float64[n, agents])."""
    arena = mine.hunt.arena
    outcomes = np.stack([arena.outcomes(r.reshape(-1)).reshape(r.shape) for r in rows], 1)
    facts = {
        name: (outcomes == kind).mean(-1)
        for name, kind in (("met", MET), ("instead", INSTEAD), ("neither", NEITHER))
    }
    facts["gap"] = np.stack([(r["best"][..., 0] - r["scores"][..., 0]).mean(-1) for r in rows], 1)
    names = [f"found-{k + 1:02}" for k in range(len(mine.levels))]
    formats.write(Levels(world, state.copy(mine.levels), names, facts), out / "found.npz")
