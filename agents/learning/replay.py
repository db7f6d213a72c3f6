"""Curricula that react: levels are scored as they are lived through, and the best met again.

Every environment goes its own way through a small machine: after a level it meets a new one, or
with probability `again` one of the buffer; after one of the buffer, if the curriculum edits, a
child of it. The level after the present one is always chosen already, so that no step waits.
Only levels of the training pool are met: a child whose fingerprint is a test level's is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...engine import check, state
from ...engine.errors import need
from ...engine.kernels import TEST, in_pool
from ...engine.levels.edit import mutate
from ...engine.vector import Vec
from ...engine.world import World
from ...engine.worth import met
from ..policies.expert import optimum
from .curriculum import Curriculum
from .hooks import Learning, Recipe, Rollout
from .level_buffer import Buffer, Priority, units
from .lineage import Lines, records
from .scores import Lived, ideals, score_of, shortfall

NEW, AGAIN, CHILD = range(3)  # how a level was chosen
SAMPLE, EVERY = 32, 10  # levels of the buffer that experts look at for the log, and how seldom


class Ended(NamedTuple):
    """Episodes that ended at one step."""

    where: np.ndarray  # int64[k], environments
    words: np.ndarray  # uint64[k, W], the levels they began on
    prints: np.ndarray  # uint64[k]
    kind: np.ndarray  # int64[k], how those were chosen
    depth: np.ndarray  # int64[k]
    scores: np.ndarray  # float64[k, G], averaged over learners
    first: np.ndarray  # as in `Lines`
    keys: np.ndarray
    length: np.ndarray


class Replay(Curriculum):
    """Prioritised level replay, and what is built on it. Override the settings below.

    `score` is one of `scores`; "--curriculum NAME:score" takes another.
    """

    score = "pvl"
    robust = False  # learn from levels of the buffer alone
    edits = 0  # small changes that make a child of a level; 0: no children
    still = False  # whether edits leave targets where they are
    again = 0.5  # how often a level of the buffer follows, once there are enough
    size = 2048  # of the buffer
    enough = 0.5  # the share of it that must be filled before levels are met again
    priority = Priority()

    def __init__(self, world: World, config: Recipe, value: str = "") -> None:
        super().__init__(world, config.split, config.levels)
        self.scored = score_of(value or self.score)
        self.paid = world.goals.index(world.paid)
        need(
            not (self.robust and config.memory),
            f"--curriculum {config.curriculum} learns from single steps: leave out --memory",
        )
        self.buffer = Buffer(world, self.size, self.priority, self.edits, self.still)
        self.gamma, self.lam = config.gamma, config.lam
        self.key, self.drawn = config.seed * 0x9E3779B97F4A7C15, 0
        self.ended: list[Ended] = []
        self.updates = self.gradients = 0
        self.figures: dict[str, float | None] = {}

    # -- levels ----------------------------------------------------------------------------------

    def environments(
        self,
        n: int,
        seed: int,
        threads: int = 1,
        obs: str = "symbols",
        ends_stay: bool = False,
        levels: np.ndarray | None = None,
    ) -> Vec:
        source = (self.world, n, self.split, seed, self.levels or None)
        self.source = Vec(*source, pool="train", threads=threads, autoreset="off")
        starts = self.source.reset_states()
        vec = super().environments(n, seed, threads, obs, ends_stay, starts)
        everyone = np.arange(n)
        vec.assign(np.ones(n, np.bool_), everyone)
        vec.reset_where(np.ones(n, np.bool_))
        words = state.words(starts)
        # the level that each environment is on, and the one that follows: start state, fingerprint,
        # how it was chosen, how many edits old
        self.now = [words.copy(), self.world.fingerprints(starts), *np.zeros((2, n), np.int64)]
        self.next = [part.copy() for part in self.now]
        self.lines, self.next_lines = (
            Lines(self.world, n, self.edits, self.still) for _ in range(2)
        )
        self.lines.begin(everyone, words)
        self.sums = np.zeros((3, n))  # of the running episodes: steps, max(advantage, 0), value
        self.opening = np.zeros(n)  # the value with which they began
        # of the running episodes, if they are asked for: how each step surprised the critic
        longest = int(self.world.table.horizon.max()) if self.scored.short else 0
        self.surprise = np.zeros((n, longest))
        self.began = np.zeros(n, np.int64)  # the kind of level when the rollout began
        self._choose(vec, everyone)
        return vec

    def _units(self, n: int) -> np.ndarray:
        self.drawn += n
        return units(self.key, self.drawn - n, n)

    def _choose(self, vec: Vec, where: np.ndarray) -> None:
        """Choose which levels follow in these environments."""
        words, prints, kind, depth = self.next
        on = self.now[2][where]
        kind[where], depth[where] = NEW, 0
        if self.buffer.held and self.buffer.full >= self.enough:
            kind[where[self._units(len(where)) < self.again]] = AGAIN
        if self.edits:
            kind[where[on == AGAIN]] = CHILD
        children = where[kind[where] == CHILD]
        if len(children):
            parents = self._records(self.now[0][children])
            keys = (self._units(len(children)) * 2**53).astype(np.uint64)
            made = mutate(self.world, parents, keys, self.edits, self.still)
            self.next_lines.copy(children, self.lines, children)
            self.next_lines.grow(children, keys)
            marks = self.world.fingerprints(made)
            held_out = np.array([in_pool(mark, TEST) for mark in marks])
            kind[children[held_out]] = NEW
            words[children], prints[children] = state.words(made), marks
            depth[children] = self.now[3][children] + self.edits
        old = where[kind[where] == AGAIN]
        if len(old):
            played = np.concatenate([self.now[1], prints])
            places = self.buffer.draw_free(self._units(self.buffer.held), len(old), played)
            words[old], prints[old] = self.buffer.words[places], self.buffer.prints[places]
            depth[old] = self.buffer.depth[places]
            self.next_lines.copy(old, self.buffer.lines, places)
        new = where[kind[where] == NEW]
        if len(new):
            mask = np.zeros(vec.n, np.bool_)
            mask[new] = True
            self.source.reset_where(mask)
            fresh = state.copy(self.source.states[new].view(np.recarray))
            words[new], prints[new] = state.words(fresh), self.world.fingerprints(fresh)
            depth[new] = 0
            self.next_lines.begin(new, words[new])
        mask = np.zeros(vec.n, np.bool_)
        mask[where] = True
        vec.put_levels(where, self._records(words[where]))
        vec.assign(mask, np.arange(vec.n))

    def _records(self, words: np.ndarray) -> np.recarray:
        return records(self.world, words)

    # -- what came of them -----------------------------------------------------------------------

    def finished(self, vec: Vec, ended: np.ndarray) -> None:
        super().finished(vec, ended)
        where = ended.nonzero()[0]
        totals = vec.final_totals[where][:, : self.world.learners]
        words, prints, kind, depth = (part[where].copy() for part in self.now)
        scores = self.world.scores(totals).mean(1)
        lines = (getattr(self.lines, name)[where] for name in Lines.PARTS)
        self.ended.append(Ended(where, words, prints, kind, depth, scores, *lines))
        self.lines.copy(where, self.next_lines, where)
        for now, then in zip(self.now, self.next, strict=True):
            now[where] = then[where]
        self._choose(vec, where)

    def keep(self, rollout: Rollout) -> Tensor | None:
        if not self.robust:
            return None
        steps, rows = rollout.done.shape
        learners = rows // len(self.began)
        on, kept = self.began.copy(), np.zeros((steps, len(self.began)), np.bool_)
        ended = iter(self.ended)
        done = rollout.done.view(steps, -1, learners)[..., 0].cpu().numpy()
        after = self._kinds()
        for t in range(steps):
            kept[t] = on == AGAIN
            if done[t].any():
                where = next(ended).where
                on[where] = [after[i].pop(0) for i in where]
        return torch.from_numpy(kept.repeat(learners, 1)).to(rollout.done.device)

    def _kinds(self) -> dict[int, list[int]]:
        """The kinds of the levels that followed one another in each environment since the rollout
        began, the one it began on left out.
        """
        found: dict[int, list[int]] = {}
        for one in self.ended:
            for i, kind in zip(one.where, one.kind, strict=True):
                found.setdefault(int(i), []).append(int(kind))
        return {i: [*kinds[1:], int(self.now[2][i])] for i, kinds in found.items()}

    def learned(self, rollout: Rollout) -> None:
        steps, n = len(rollout.done), len(self.began)

        def each(part: Tensor) -> np.ndarray:
            return part[:steps].view(steps, n, -1).double().mean(-1).cpu().numpy()

        gain, value = each(rollout.gain.clamp_min(0)), each(rollout.value)
        done = each(rollout.done) > 0
        surprise = each(self.surprises(rollout)) if self.scored.short else None
        positive, mean_value, opening, short, ended = [], [], [], [], iter(self.ended)
        for t in range(steps):
            if surprise is not None:
                self.surprise[np.arange(n), self.sums[0].astype(int)] = surprise[t]
            self.opening = np.where(self.sums[0] == 0, value[t], self.opening)
            self.sums += np.stack([np.ones(n), gain[t], value[t]])
            if done[t].any():
                where = next(ended).where
                short.append(self._short(where))
                positive.append(self.sums[1, where] / self.sums[0, where])
                mean_value.append(self.sums[2, where] / self.sums[0, where])
                opening.append(self.opening[where])
                self.sums[:, where] = 0
        if self.ended:
            merged = Ended(*map(np.concatenate, zip(*self.ended, strict=True)))
            told = map(np.concatenate, (positive, short, mean_value, opening))
            self._score(merged, *told)
        self.ended.clear()
        self.began[:] = self.now[2]
        self.updates += 1

    def surprises(self, rollout: Rollout) -> Tensor:
        """The temporal differences that the advantages [T, B] were made of."""
        later = rollout.gain[1:] * ~rollout.done[:-1]
        found = rollout.gain.clone()
        found[:-1] -= self.gamma * self.lam * later
        return found

    def _short(self, where: np.ndarray) -> np.ndarray:
        """The shortfall of the episodes that end there, NaN if nobody asks for it."""
        found = np.full(len(where), np.nan)
        if self.scored.short:
            steps = self.sums[0, where].astype(np.int64)
            shortfall(self.surprise[where], steps, self.gamma, self.lam, found)
        return found

    def _score(
        self,
        ended: Ended,
        positive: np.ndarray,
        short: np.ndarray,
        value: np.ndarray,
        opening: np.ndarray,
    ) -> None:
        """Score episodes and take their levels into the buffer; see `Lived`."""
        at = self.buffer.find(ended.prints)
        known, paid = at >= 0, ended.scores[:, self.paid]
        best = np.where(known, np.maximum(self.buffer.best[at], paid), paid)
        ideal = np.where(known[:, None], self.buffer.ideal[at], np.nan)
        if self.scored.experts:
            lacking = np.isnan(ideal[:, 0])
            ideal[lacking] = ideals(self.world, self._records(ended.words[lacking]))
        solved = (paid > 0).astype(np.int64)
        visits = np.where(known, self.buffer.visits[at], 0) + 1
        often = np.where(known, self.buffer.solved[at], 0) + solved
        lived = Lived(
            ended.scores, ideal, positive, short, value, opening, best, visits, often, self.paid
        )  # fmt: skip
        facts = {"prints": ended.prints, "score": self.scored.told(lived), "best": paid}
        facts |= {"solved": solved, "ideal": ideal, "depth": ended.depth}
        self.buffer.take(ended.words, facts, ended)
        self.figures["replayed"] = float(np.mean(ended.kind == AGAIN))

    def stepped(self, learner: Learning) -> None:
        self.gradients += 1

    # -- the log ---------------------------------------------------------------------------------

    def row(self) -> dict[str, float | None]:
        """buffer: levels held; buffer_shifted: the share of them from outside the training split,
        buffer_edited: that are children, buffer_parts: on which goals part, and
        buffer_unsolvable: where the intended goal's expert earns nothing (both of a sample, where
        experts walk); replayed: the share of episodes on levels of the buffer; gradient_steps: made
        so far.
        """
        buffer, levels = self.buffer, self.buffer.levels
        shifted = float(self._shifted[levels.row].mean()) if len(levels) else None
        edited = float((buffer.depth[: buffer.held] > 0).mean()) if len(levels) else None
        parts: tuple[float | None, float | None] = (None, None)
        if len(levels) and self.world.planner == "walk" and self.updates % EVERY == 0:
            places = np.unique(np.linspace(0, buffer.held - 1, SAMPLE).astype(int))
            parts = shares(self.world, levels[places].view(np.recarray))
        return {
            "buffer": float(buffer.held), "buffer_shifted": shifted, "buffer_edited": edited,
            "buffer_parts": parts[0], "buffer_unsolvable": parts[1],
            "replayed": self.figures.get("replayed"), "gradient_steps": float(self.gradients),
        }  # fmt: skip

    # -- resuming --------------------------------------------------------------------------------

    def state(self) -> dict[str, np.ndarray]:
        found = super().state()
        found |= {f"buffer.{name}": array for name, array in self.buffer.state().items()}
        found |= {f"source.{name}": array for name, array in self.source.snapshot().items()}
        for name, level in (("now", self.now), ("next", self.next)):
            found |= {f"{name}.{k}": part.copy() for k, part in enumerate(level)}
        for name, lines in (("lines", self.lines), ("next_lines", self.next_lines)):
            found |= {f"{name}.{k}": array for k, array in lines.state().items()}
        found["replay"] = np.array([self.drawn, self.updates, self.gradients])
        found["surprise"] = self.surprise.copy()
        found["opening"] = self.opening.copy()
        return found | {"sums": self.sums.copy(), "began": self.began.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        super().restore(state)

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}

        self.buffer.restore(part("buffer."))
        self.source.restore(part("source."))
        for name, level in (("now", self.now), ("next", self.next)):
            for k, array in part(f"{name}.").items():
                level[int(k)][...] = array
            check.states(self.world, self._records(level[0]))
            need(((level[2] >= NEW) & (level[2] <= CHILD)).all(), "a level was chosen in no way")
        for name, lines in (("lines", self.lines), ("next_lines", self.next_lines)):
            lines.restore(part(f"{name}."), len(self.began))
        self.drawn, self.updates, self.gradients = map(int, state["replay"])
        self.sums[...], self.began[...] = state["sums"], state["began"]
        self.surprise[...], self.opening[...] = state["surprise"], state["opening"]
        counted = (self.sums[0] >= 0) & (self.sums[0] <= self.world.table.horizon.max())
        need(counted.all(), "an episode has no length")


def shares(world: World, states: np.recarray) -> tuple[float, float]:
    """Of levels, the share on which the goals part, and that on which the intended goal cannot be
    met, as far as experts can tell; see `judging.references`.
    """
    intended = optimum(world, world.intended.name, states).score.mean(1)
    parts = np.zeros(len(states), np.bool_)
    for goal in world.goals[1:]:
        best = optimum(world, goal.name, states)
        earned = played(world, best.actions, states)
        own, meant = (earned[:, world.goals.index(g)] for g in (goal, world.intended))
        parts |= (intended > 0) & (own > 0) & ~met(meant, intended)
    return float(parts.mean()), float((intended <= 0).mean())


def played(world: World, actions: np.ndarray, states: np.recarray) -> np.ndarray:
    """What these actions int64[T, n, L] earn of every goal from the starts: float64[n, G]."""
    vec = Vec(world, len(states), autoreset="off")
    vec.start_from(states)
    for taken in actions:
        vec.step(taken)
    return vec.scores()[:, : world.learners].mean(1)
