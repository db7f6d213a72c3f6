"""Who hands over, and when: what a monitor is held against, and the shield."""

from __future__ import annotations

import numpy as np

from ...engine.errors import need
from ...engine.rng import fold_many
from ...engine.state import RUNNING
from ...engine.vector import Vec
from ...engine.world import World
from ..policies.policy import LearnedPolicy, Policy, episode_bits, learned
from .attainable import attainable
from .evidence import SEED

STREAM, NEVER = 0x0A5C, np.iinfo(np.int64).max


class Watched(Policy):
    """The agent, but for the steps in which `wants_help` is true: these are `helper`'s.

    `stays`: from the first such step to the end of the episode. `asked`, `steps`: how many of the
    steps of all learners so far were handed over, and how many there were; `began` int64[N, L]: the
    first that was, of the last episode of each, or NEVER.
    """

    def __init__(self, agent: Policy, helper: Policy, name: str, stays: bool = False) -> None:
        self.agent, self.helper, self.name, self.stays = agent, helper, name, stays
        self.remembers = True

    def start(self, n: int, agents: int) -> None:
        for policy in {id(one): one for one in (self.agent, self.helper)}.values():
            policy.start(n, agents)
        self.began = np.full((n, agents), NEVER)
        self.asked = self.steps = 0

    def look(self, obs: np.ndarray, states: np.recarray, fresh: np.ndarray) -> None:
        """What is seen before the agent acts, and so before it remembers anything of it."""

    def wants_help(
        self, obs: np.ndarray, states: np.recarray, fresh: np.ndarray, actions: np.ndarray
    ) -> np.ndarray:
        """bool[N, L], before the agent's `actions` are done."""
        raise NotImplementedError

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        need(states is not None, "a monitored agent acts where the states are known")
        assert states is not None
        plain = states.view(np.ndarray)
        self.began[fresh] = NEVER
        running = (plain["ended"] == RUNNING)[:, None]
        self.look(obs, states, fresh)
        actions = self.agent.act(obs, states, fresh)
        help = self.wants_help(obs, states, fresh, actions) & running
        new = help & (self.began == NEVER)
        self.began[new] = np.broadcast_to(plain["t"][:, None], new.shape)[new]
        if self.stays:
            help = (self.began != NEVER) & running
        self.asked += int(help.sum())
        self.steps += int(running.sum()) * help.shape[1]
        return np.where(help, self.helper.act(obs, states, fresh), actions)

    @property
    def rate(self) -> float:
        """The share of steps that were handed over."""
        return self.asked / self.steps if self.steps else 0.0


class Always(Watched):
    """Asks in every step."""

    def wants_help(self, obs, states, fresh, actions):
        return np.ones(actions.shape, np.bool_)


class AtRandom(Watched):
    """Asks in a share of the steps, whatever happens."""

    def __init__(self, agent: Policy, helper: Policy, share: float) -> None:
        super().__init__(agent, helper, "asks at random")
        self.share = share

    def wants_help(self, obs, states, fresh, actions):
        bits = fold_many(episode_bits(SEED, states, actions.shape[1]), STREAM)
        return (bits >> np.uint64(11)) * 2.0**-53 < self.share


class Elsewhere(Watched):
    """Hands over at the moments when a monitor did on other levels: `began` int64[N, L], of N levels."""

    def __init__(self, agent: Policy, helper: Policy, began: np.ndarray) -> None:
        super().__init__(agent, helper, "hands over at random", stays=True)
        self.when = np.random.default_rng(SEED).permutation(began)

    def wants_help(self, obs, states, fresh, actions):
        return states.view(np.ndarray)["t"][:, None] >= self.when


class Oracle(Watched):
    """Asks where what the agent is about to do would make the intended goal unattainable: in the
    last moment, by the goal's expert. `best` float64[n]: what that earns from the start.
    """

    def __init__(self, agent: Policy, helper: Policy, world: World, best: np.ndarray) -> None:
        super().__init__(agent, helper, "asks in the last moment")
        self.world, self.best = world, best

    def wants_help(self, obs, states, fresh, actions):
        found = np.zeros(actions.shape, np.bool_)
        rows = self.open(states)
        found[rows] = self.lost(states, rows, actions)[:, None]
        return found

    def open(self, states: np.recarray) -> np.ndarray:
        """The rows that run and in which the intended goal is attainable: int64[k]."""
        rows = np.flatnonzero(states.view(np.ndarray)["ended"] == RUNNING)
        here = states[rows].view(np.recarray)
        return rows[attainable(self.world, here, self.best[rows])]

    def lost(self, states: np.recarray, rows: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """bool[k]: in which of these rows `actions` int64[N, L] make it unattainable."""
        if not len(rows):
            return np.zeros(0, np.bool_)
        vec = Vec(self.world, len(rows), autoreset="off")
        vec.start_from(states[rows].view(np.recarray))
        vec.step(actions[rows])
        return ~attainable(self.world, vec.states.copy().view(np.recarray), self.best[rows])


class EveryK(Watched):
    """Asks in every k-th step of an episode; in which first, the level says."""

    def __init__(self, agent: Policy, helper: Policy, k: int) -> None:
        super().__init__(agent, helper, f"asks every {k}")
        self.k = k

    def wants_help(self, obs, states, fresh, actions):
        plain, k = states.view(np.ndarray), np.uint64(self.k)
        due = (plain["t"].astype(np.uint64) + plain["seed"] % k) % k == 0
        return np.broadcast_to(due[:, None], actions.shape)


class Shield(Oracle):
    """Vetoes what would make the intended goal unattainable: then the agent does the likeliest of
    what it still may, or, if all would, what it wanted.

    Nobody else acts; `asked` counts vetoes, of the first learner's actions.
    """

    def __init__(self, agent: Policy, world: World, best: np.ndarray) -> None:
        super().__init__(agent, agent, world, best)
        self.name = "shield: vetoes, and the agent chooses again"
        self.learned: LearnedPolicy = learned(agent, "a shield")

    def look(self, obs: np.ndarray, states: np.recarray, fresh: np.ndarray) -> None:
        seen = self.learned.seen(obs, states)
        self.logits = self.learned.think(seen, states, fresh).logits

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        need(states is not None, "a shielded agent acts where the states are known")
        assert states is not None
        self.look(obs, states, fresh)
        wanted = self.agent.act(obs, states, fresh)
        rows = self.open(states)
        left = rows[self.lost(states, rows, wanted)]
        self.asked += len(left)
        running = states.view(np.ndarray)["ended"] == RUNNING
        self.steps += int(running.sum()) * wanted.shape[1]
        chosen, likeliest = wanted.copy(), np.argsort(-self.logits[:, 0], axis=1)
        for rank in range(likeliest.shape[1]):
            tried = wanted.copy()
            tried[:, 0] = likeliest[:, rank]
            fine = left[~self.lost(states, left, tried)]
            chosen[fine], left = tried[fine], np.setdiff1d(left, fine)
        return chosen
