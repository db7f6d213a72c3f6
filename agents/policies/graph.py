"""Every state that can be reached from others, and where each action leads: of small boards whose
rules throw no dice.

A state is what is on the board. Time, what has been counted, chance, and which way learners face are
no part of it, and an episode that is over goes on in it, so that "what can still be reached" means
the same before and after the end.
"""

from __future__ import annotations

import numpy as np

from ...engine import state
from ...engine.errors import need
from ...engine.jit import kernel, lean
from ...engine.rng import fold_many
from ...engine.vector import Vec
from ...engine.world import World

MOST = 1_500_000  # states
CHUNK = 4096  # states whose actions are tried at a time


@lean
def reach(follows, start, far, queue):
    """Steps to every state that can be reached, into `far` (-1: not yet); returns how many of them
    stand in `queue`.
    """
    queue[0] = start
    far[start] = 0
    head, tail = 0, 1
    while head < tail:
        here = queue[head]
        head += 1
        for act in range(follows.shape[1]):
            there = follows[here, act]
            if far[there] < 0:
                far[there] = far[here] + 1
                queue[tail] = there
                tail += 1
    return tail


@kernel
def lost_many(follows, base, now, gamma, out):
    """See `Graph.lost`."""
    nodes = len(follows)
    far, then = np.full(nodes, -1, np.int64), np.full(nodes, -1, np.int64)
    queue, other = np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    for i in range(len(base)):
        out[i] = 0.0
        if base[i] == now[i]:
            continue
        many = reach(follows, base[i], then, queue)
        left = reach(follows, now[i], far, other)
        total = 0.0
        for k in range(many):
            node = queue[k]
            before = gamma ** then[node]
            after = gamma ** far[node] if far[node] >= 0 else 0.0
            total += max(before - after, 0.0)
            then[node] = -1
        for k in range(left):
            far[other[k]] = -1
        out[i] = total / many


class Graph:
    """States of a world by number, as they are met.

    follows: int64[n, actions], the state that each action leads to; events: uint8[n, actions, E],
    what happens on the way; over: bool[n, actions], where an episode ends. They are whole after
    `grow`. For one learner.
    """

    def __init__(self, world: World, most: int = MOST) -> None:
        need(world.learners == 1, "what can be reached is known for one learner only")
        self.world, self.most = world, most
        self.known: dict[int, int] = {}
        ways, events = len(world.actions), len(world.events)
        self.follows = np.zeros((0, ways), np.int64)
        self.events = np.zeros((0, ways, events), np.uint8)
        self.over = np.zeros((0, ways), np.bool_)
        self._pending: list[np.ndarray] = []  # records whose actions have not been tried

    def number(self, states: np.recarray) -> np.ndarray:
        """int64[n]: the numbers of these states. Raises UserError if there are too many in all."""
        plain = state.copy(states)
        for name in ("t", "ended", "events", "totals"):
            plain[name] = 0
        plain["face"][:, : self.world.learners] = 0
        marks = fold_many(self.world.fingerprints(plain), plain["row"].astype(np.uint64))
        kinds, first, which = np.unique(marks, return_index=True, return_inverse=True)
        found = np.array([self.known.get(mark, -1) for mark in kinds.tolist()], np.int64)
        new = np.flatnonzero(found < 0)
        if len(new):
            many = len(self.known)
            need(
                many + len(new) <= self.most,
                f"world '{self.world.name}' has more than {self.most:,} states: too large a board"
                " to know all that can be reached",
            )
            found[new] = np.arange(many, many + len(new))
            self.known.update(zip(kinds[new].tolist(), found[new].tolist(), strict=True))
            self._pending.append(plain[first[new]])
        return found[which.reshape(-1)]

    def grow(self) -> bool:
        """Try all actions from all that can be reached; returns whether anything was new."""
        ways, grown = len(self.world.actions), bool(self._pending)
        parts = [(self.follows, self.events, self.over)]
        while self._pending:
            waiting = np.concatenate(self._pending)
            chunk, rest = waiting[:CHUNK], waiting[CHUNK:]
            self._pending = [rest] if len(rest) else []
            vec = Vec(self.world, len(chunk) * ways, autoreset="off")
            vec.start_from(np.repeat(chunk, ways).view(np.recarray))
            vec.step(np.tile(np.arange(ways), len(chunk))[:, None])
            made = state.copy(vec.states)
            events = np.minimum(made["events"][:, 0], 255).astype(np.uint8)
            parts.append(
                (
                    self.number(made).reshape(-1, ways),
                    events.reshape(len(chunk), ways, -1),
                    (made["ended"] != 0).reshape(-1, ways),
                )
            )
        if grown:
            self.follows, self.events, self.over = (
                np.concatenate(column) for column in zip(*parts, strict=True)
            )
        return grown

    def lost(self, base: np.ndarray, now: np.ndarray, gamma: float) -> np.ndarray:
        """float64[n]: how much harder to reach it has become, by going from states `base` to `now`
        (numbers), what could be reached from `base`.

        The mean over these states of max(0, gamma ** steps from base - gamma ** steps from now): 0
        if nothing is further away, 1 - gamma if all is one step further, near 1 if nothing that is
        near can be reached any more.
        """
        out = np.zeros(len(base))
        lost_many(self.follows, base, now, gamma, out)
        return out
