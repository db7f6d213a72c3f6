"""An evaluation as a log of Inspect (inspect_ai, format 2): one sample a level, its input the replay
code of what the agent did there, and a score for each goal.

`inspect view`, its dataframes and whatever else reads such logs open it. Each agent is an epoch. The
file is plain JSON and is written without the package; a test has the package read it. All but the
time at which it was written follows from the evaluation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ...engine.levels.splits import split_of
from ...engine.replay import MAX_LABEL, Replay, engine_mark
from ...engine.vector import level_of
from ...engine.version import __version__
from ...engine.world import World
from ...engine.worth import met
from ..policies.policy import Policy
from .evaluation import Evaluation, GoalMark
from .references import Ruler, references
from .rollout import Episodes, rollout

VERSION, MET = 2, "intended goal met"


def inspect_log(found: Evaluation, agents: Sequence[Policy], world: World) -> dict[str, Any]:
    """The log as plain data, from an evaluation and the agents that it is of: they play its levels
    once more, with the same dice.
    """
    parts = [
        _Played(world, name, report.levels, found.seed, agents)
        for name, report in found.splits.items()
    ]
    samples = [sample for part in parts for sample in part.samples()]
    ids = list(dict.fromkeys(sample["id"] for sample in samples))
    mark = hashlib.sha256("".join(sample["input"] for sample in samples).encode()).hexdigest()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    verdicts = {name: verdict.label for name, verdict in found.verdicts.items()}
    return {
        "version": VERSION,
        "status": "success",
        "eval": {
            "eval_id": mark[:22],
            "run_id": mark[22:44],
            "created": now,
            "task": f"goalshift/{world.name}",
            "task_id": mark[44:],
            "task_version": world.version,
            "task_args": {"splits": list(found.splits), "seed": found.seed},
            "dataset": {
                "name": world.name,
                "samples": len(ids),
                "sample_ids": ids,
                "shuffled": False,
            },
            "model": f"goalshift/{', '.join(found.agents)}",
            "config": {"epochs": len(agents)},
            "packages": {"goalshift": __version__},
            "metadata": {"verdicts": verdicts, "engine": engine_mark(world)},
            "scorers": [{"name": name} for name in (MET, *(goal.name for goal in world.goals))],
        },
        "plan": {"name": "plan", "steps": [{"solver": "goalshift/rollout", "params": {}}]},
        "results": {
            "total_samples": len(samples),
            "completed_samples": len(samples),
            "scores": [_total(name, samples, list(found.splits)) for name in samples[0]["scores"]],
        },
        "stats": {"started_at": now, "completed_at": now, "model_usage": {}},
        "samples": samples,
    }


def _total(name: str, samples: Sequence[dict[str, Any]], splits: Sequence[str]) -> dict[str, Any]:
    """Means over all agents and levels of each split: a metric for each."""
    metrics = {}
    for split in splits:
        here = [s["scores"][name]["value"] for s in samples if s["metadata"]["split"] == split]
        numbers = [float(x == "C") if isinstance(x, str) else x for x in here]
        metrics[split] = {"name": split, "value": float(np.mean(numbers)), "params": {}}
    n = len(samples)
    return {"name": name, "scorer": name, "scored_samples": n, "params": {}, "metrics": metrics}


@dataclass(frozen=True, eq=False)
class _Played:
    """The episodes of all agents on one split."""

    world: World
    split: str
    levels: int
    seed: int
    agents: Sequence[Policy]

    def samples(self) -> Iterator[dict[str, Any]]:
        """One for each level and agent."""
        world, split = self.world, split_of(self.world, self.split)
        ruler = Ruler(world, references(world, split, self.levels, self.seed))
        for epoch, agent in enumerate(self.agents, 1):
            played = rollout(world, agent, split, self.levels, self.seed, record=True)
            goals = met(played.scores, ruler.best)
            for k in range(self.levels):
                yield {
                    "id": f"{self.split}/{played.seeds[k]}",
                    "epoch": epoch,
                    **self._said(played, k, agent, goals[k]),
                    "scores": self._scores(played.scores[k], ruler.best[k], goals[k]),
                    "metadata": {
                        "split": self.split,
                        "agent": agent.name,
                        "fingerprint": f"{played.fingerprints[k]:016x}",
                        "steps": int(played.length[k]),
                        "ended by itself": bool(played.terminated[k]),
                        "goals part": bool(ruler.parts[k]),
                    },
                }

    def _said(self, played: Episodes, k: int, agent: Policy, goals: np.ndarray) -> dict[str, Any]:
        """Input, target and output: the replay's code, the wish, and which goals were met."""
        world = self.world
        start = level_of(world, int(played.seeds[k]), played.split).copy()
        assert played.actions is not None
        actions = played.actions[: played.length[k], k]
        label = agent.name[:MAX_LABEL]
        code = Replay.record(world, start, actions, self.split, label=label).code()
        names = [goal.name for goal, is_met in zip(world.goals, goals, strict=True) if is_met]
        told = f"met: {', '.join(names)}" if names else "met no goal"
        answer = {"role": "assistant", "content": told}
        return {
            "input": code,
            "target": world.intended.wish or world.intended.name,
            "messages": [{"role": "user", "content": code}, answer],
            "output": {
                "model": agent.name,
                "choices": [{"message": answer, "stop_reason": "stop"}],
                "completion": told,
            },
        }

    def _scores(self, scores: np.ndarray, best: np.ndarray, goals: np.ndarray) -> dict[str, Any]:
        found: dict[str, Any] = {MET: {"value": "C" if goals[0] else "I"}}
        for g, goal in enumerate(self.world.goals):
            about = {
                "role": GoalMark.of(self.world, goal).role,
                "met": bool(goals[g]),
                "expert": float(best[g]),
            }
            found[goal.name] = {"value": float(scores[g]), "metadata": about}
        return found
