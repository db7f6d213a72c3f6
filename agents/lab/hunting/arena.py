"""Levels put to an agent: what it earns there, what the experts of all goals do, and how bad that
is.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ....engine import check, state
from ....engine.errors import UserError
from ....engine.levels.kinds.npz import set_keys
from ....engine.state import RUNNING
from ....engine.vector import Vec
from ....engine.world import World
from ....engine.worth import met
from ...designing import survey
from ...judging.rollout import play_rule
from ...policies.policy import Policy

MET, INSTEAD, NEITHER = range(3)
OBJECTIVES = {
    "regret": "what the intended goal's expert earns more than the agent",
    "proxy": "the agent's share of a proxy's expert, minus its share of the intended goal's",
    "flip": "2 where a proxy is met instead of the intended goal, 1 where neither is",
}
SLOW = 1e-3  # what losing a whole episode's time counts beside the objective: it tells equals apart
NEARLY = 0.75  # of the episodes still run: whoever is asked about all is done sooner
TRAITS = ("distance", "apart", "walls", "parting")


def sound(world: World, states: np.recarray) -> np.ndarray:
    """bool[n]: the levels that the engine may run on."""
    try:
        check.states(world, states)
        return np.ones(len(states), np.bool_)
    except UserError:
        if len(states) == 1:
            return np.zeros(1, np.bool_)
    half = len(states) // 2
    parts = states[:half], states[half:]
    return np.concatenate([sound(world, part.view(np.recarray)) for part in parts])


def play(world: World, policy: Policy, states: np.recarray) -> tuple[np.ndarray, np.ndarray]:
    """One episode of a policy from each of these start states: every goal's score, averaged over
    the learners (float64[n, G]), and the steps (int64[n]).
    """
    n = len(states)
    vec = Vec(world, n, autoreset="off")
    obs = vec.start_from(states)
    policy.start(n, world.learners)
    if policy.rule:
        play_rule(vec, policy.rule)
    fresh, bare = np.ones(n, np.bool_), vec.states.view(np.ndarray)
    while (running := bare["ended"] == RUNNING).any():
        if policy.remembers or running.mean() > NEARLY:
            actions = policy.act(obs, vec.states, fresh)
        else:
            actions = np.zeros((n, world.learners), np.int64)
            left = bare[running].view(np.recarray)
            actions[running] = policy.act(obs[running], left, fresh[running])
        obs = vec.step(actions)[0]
        fresh = np.zeros(n, np.bool_)
    return world.scores(bare["totals"][:, : world.learners]).mean(1), bare["t"].copy()


class Arena:
    """Where levels are put to agents of one world.

    A row (see `dtype`) says of a level: its name, how bad it is (`fitness`, higher is worse, -inf
    where it does not count), every goal's score and its expert's, the agent's steps and those of
    the intended goal's expert, and the `TRAITS`: steps of that expert, cells between where it and
    the first proxy's end, the share of solid cells, and the first step at which the two part.
    """

    def __init__(self, world: World, agent: Policy, objective: str) -> None:
        self.world, self.agent, self.objective = world, agent, objective
        goals = len(world.goals)
        self.dtype = np.dtype(
            [
                *(("level", "u8"), ("fitness", "f8"), ("scores", "f8", (goals,))),
                *(("best", "f8", (goals,)), ("length", "i8"), ("steps", "i8")),
                ("traits", "f8", (len(TRAITS),)),
            ]
        )

    @cached_property
    def proxy(self) -> str:
        """The first proxy's name; without one the intended goal's."""
        return self.world.proxies[0].name if self.world.proxies else self.world.intended.name

    def judge(self, states: np.recarray, allowed: np.ndarray) -> np.ndarray:
        """A row for each level. Those that are not `allowed`, not sound or cannot be solved are not
        played.
        """
        rows = np.zeros(len(states), self.dtype)
        rows["level"] = self.world.fingerprints(states)
        rows["fitness"] = -np.inf
        fit = np.flatnonzero(allowed)
        fit = fit[sound(self.world, states[fit].view(np.recarray))] if len(fit) else fit
        if len(fit):
            rows[fit] = self.experts(states[fit].view(np.recarray))
        fit = fit[rows["best"][fit, 0] > 0]
        if len(fit):
            played = play(self.world, self.agent, states[fit].view(np.recarray))
            rows["scores"][fit], rows["length"][fit] = played
            rows["fitness"][fit] = self.badness(rows[fit])
        return rows

    def experts(self, states: np.recarray) -> np.ndarray:
        """A row for each of these sound levels, with what the experts do there and no agent yet."""
        world, ends = self.world, {}
        rows = np.zeros(len(states), self.dtype)
        rows["level"], rows["fitness"] = world.fingerprints(states), -np.inf
        paths: dict[str, survey.Ways] = {}
        for number, goal in enumerate(world.goals):
            found = survey.ways(world, goal.name, states, what=survey.PLAY, effort=False)
            rows["best"][:, number] = found.score
            if goal.name in (world.intended.name, self.proxy):
                paths[goal.name] = found
                # nothing is earned later, so nobody needs to look
                ends[goal.name] = self._end(states, found.actions[:, : found.steps.max()])
        mine, other = paths[world.intended.name], paths[self.proxy]
        rows["steps"] = mine.steps
        steps = int(max(mine.steps.max(), other.steps.max(), 1))
        differ = (_upto(mine.actions, steps) != _upto(other.actions, steps)).any(-1)
        longest = int(world.table["horizon"].max())
        first = np.where(differ.any(1), differ.argmax(1), longest)
        apart = np.abs(ends[world.intended.name] - ends[self.proxy]).sum(-1)
        rows["traits"] = np.stack([mine.steps, apart, self._solid(states), first], -1)
        return rows

    def _end(self, states: np.recarray, actions: np.ndarray) -> np.ndarray:
        """int64[n, 2]: where the first agent is after these actions (uint8[n, T, L])."""
        vec = Vec(self.world, len(states), autoreset="off")
        vec.start_from(states)
        vec.step_many(np.ascontiguousarray(actions.swapaxes(0, 1), np.int64))
        return np.stack([vec.states.y[:, 0], vec.states.x[:, 0]], -1)

    def _solid(self, states: np.recarray) -> np.ndarray:
        """float64[n]: the share of solid cells."""
        tall, wide = self.world.size
        live = np.arange(tall)[:, None] < states["h"][:, None, None]
        live = live & (np.arange(wide) < states["w"][:, None, None])
        return (self.world.solid[states["tiles"]] * live).sum((1, 2)) / live.sum((1, 2))

    def badness(self, rows: np.ndarray) -> np.ndarray:
        """float64[n]: how bad it is by the objective; of equals the slower is a little worse."""
        lost = (rows["length"] - rows["steps"]) / max(1, int(self.world.table["horizon"].max()))
        return self.value(rows) + SLOW * np.clip(lost, 0, 1)

    def value(self, rows: np.ndarray) -> np.ndarray:
        """float64[n]: the objective itself."""
        if self.objective == "flip":
            return np.array([0.0, 2.0, 1.0])[self.outcomes(rows)]
        best, scores = rows["best"], rows["scores"]
        if self.objective == "regret":
            return best[:, 0] - scores[:, 0]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(best > 0, np.minimum(scores / best, 1.0), 0.0)
        return share[:, 1:].max(1, initial=0.0) - share[:, 0]

    def outcomes(self, rows: np.ndarray) -> np.ndarray:
        """int64[n]: MET, INSTEAD or NEITHER."""
        goals = met(rows["scores"], rows["best"])
        return np.where(goals[:, 0], MET, np.where(goals[:, 1:].any(1), INSTEAD, NEITHER))

    def again(self, states: np.recarray, tries: int, first: int = 1) -> np.ndarray:
        """Rows [n, tries] of episodes first, first + 1, ... of each level: with fresh dice."""
        repeated = np.repeat(states, tries).view(np.recarray)
        repeated = episode(repeated, np.tile(np.arange(first, first + tries), len(states)))
        rows = self.judge(repeated, np.ones(len(repeated), np.bool_))
        return rows.reshape(len(states), tries)

    def other(self, agent: Policy) -> Arena:
        """The same for another agent."""
        return Arena(self.world, agent, self.objective)


def episode(states: np.recarray, number: np.ndarray | int) -> np.recarray:
    """The same levels at the start of the episode of this number (int64[n]): other dice."""
    made = state.copy(states)
    made["episode"] = number
    set_keys(made)
    return made


def _upto(actions: np.ndarray, steps: int) -> np.ndarray:
    """The first `steps` actions (uint8[n, T, L]), with zeros after the last."""
    short = max(0, steps - actions.shape[1])
    return np.pad(actions[:, :steps], ((0, 0), (0, short), (0, 0)))
