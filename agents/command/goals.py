"""What `eval --goal` prints: goals that nobody declared, on runs and on replays."""

import argparse
from typing import TYPE_CHECKING, Any

from .talk import Report

if TYPE_CHECKING:
    from ..judging.evaluation import Evaluation


def score_replays(args: argparse.Namespace) -> Report:
    """The goals of `--goal` on recorded episodes."""
    from ...engine.catalogue import load
    from ...engine.replay import Replay
    from ..judging.wanted import score_replay

    rows = {}
    for named in args.runs:
        code = named.startswith("GM1.")
        replay = Replay.from_code(named) if code else Replay.load(named)
        world = load(args.world).with_params(**args.knobs) if args.world else replay.find_world()
        rows[named[:40] + "..." if code else named] = score_replay(
            replay, args.goal, replay.fitted(world)
        )
    lines = [
        f"{name}: {goal} {score:g}" for name, found in rows.items() for goal, score in found.items()
    ]
    return Report({"replays": rows}, "\n".join(lines))


def check_goals(args: argparse.Namespace) -> None:
    """A goal that cannot be read is told before hours of evaluation."""
    from ..judging.runs import open_agents
    from ..judging.wanted import Wanted

    world = open_agents(args.runs, args.knobs, args.world).world
    for text in args.goal:
        Wanted.read(text, world)


def eval_goals(
    args: argparse.Namespace, splits: list[str], found: "Evaluation", data: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """The data with the goals of `--goal`, and goals to try where a verdict knows none; the same in
    lines.
    """
    from ..judging.verdict import UNKNOWN

    unknown = [name for name, verdict in found.verdicts.items() if verdict.label == UNKNOWN]
    if not args.goal and not unknown:
        return data, ""
    from ..judging.plain import to_plain
    from ..judging.runs import open_agents
    from ..judging.wanted import score_goals

    cast = open_agents(args.runs, args.knobs, args.world)
    asked = splits if args.goal else unknown
    ask = (cast.agents, cast.world, args.goal or (), asked, args.levels, args.seed)
    scores, candidates = score_goals(*ask)
    lines = [str(score) for score in scores]
    for split in unknown:
        tries = candidates.get(split) or ["no event stands out"]
        lines += [f"goals to try with --goal on {split}: {'; '.join(tries)}"]
    wanted = {"goals": to_plain(scores), "candidates": {s: candidates.get(s, []) for s in asked}}
    return data | {"wanted": wanted}, "".join(f"\n{line}" for line in lines)
