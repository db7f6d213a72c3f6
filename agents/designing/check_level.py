"""Which candidates are kept: each is drawn from a seed of its own and judged by what it is alone.

What no worker can know alone (is it a double, is its share filled?) is judged in `draw`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine import check, rng
from ...engine.errors import UserError
from ...engine.jit import kernel
from ...engine.levels.turned import turned
from ...engine.vector import Vec
from ...engine.worth import met
from . import survey
from .levelset import MEASURES, Part
from .order import Source


class Judged(NamedTuple):
    """Candidates that were judged. verdicts: uint8[n], 0 is accepted, the others number `reasons`;
    part: those accepted.
    """

    verdicts: np.ndarray
    reasons: list[str]
    part: Part


class Sieve:
    """The candidates that are left, and why others are not."""

    def __init__(self, states: np.recarray) -> None:
        self._states = states
        self.left = np.arange(len(states))
        self.verdicts, self.reasons = np.zeros(len(states), np.uint8), [""]

    @property
    def states(self) -> np.recarray:
        """The start states that are left."""
        return self._states[self.left].view(np.recarray)

    def refuse(self, bad: np.ndarray, reason: str) -> np.ndarray:
        """Refuse those of the candidates left that are `bad`; returns which pass."""
        self.reasons.append(reason)
        self.verdicts[self.left[bad]] = len(self.reasons) - 1
        self.left = self.left[~bad]
        return ~bad

    def within(self, found: survey.Ways, name: str, span: tuple[int, int]) -> survey.Ways:
        """Refuse those whose measure `name` lies outside the range; returns what was found of the
        others.
        """
        low, high = span
        found = found.take(self.refuse(getattr(found, name) < low, f"{name} < {low}"))
        return found.take(self.refuse(getattr(found, name) > high, f"{name} > {high}"))


def judge(source: Source, phase: int, first: int, count: int) -> Judged:
    """A verdict on the candidates first..first + count - 1 of a phase, and those accepted."""
    sieve = Sieve(candidates(source, phase, first, count))
    _by_the_start(source, sieve)  # first, as playing costs the most
    found = _by_playing(source, sieve)
    return Judged(sieve.verdicts, sieve.reasons, _part(source, sieve.states, found))


def candidates(source: Source, phase: int, first: int, count: int) -> np.recarray:
    """The start states of candidates. Raises UserError if the script made an unsound one."""
    vec = Vec(source.drawers[phase], count, source.order.split, autoreset="off")
    seeds = candidate_seeds(source.order.seed, phase, first, count)
    vec.assign(np.ones(count, np.bool_), seeds)
    try:
        states = vec.reset_states()
        states.row = source.row
        check.states(source.world, states)
    except UserError as fault:
        name = source.script.name
        raise UserError(f"script '{name}' made an unsound level: {fault}") from None
    return states


def _by_the_start(source: Source, sieve: Sieve) -> None:
    """Refuse by what can be told from the start states alone."""
    world, require = source.world, source.order.require
    if require.pool != "all":
        for_test = world.fingerprints(sieve.states) & np.uint64(3) == 0  # as `vector.in_pool` says
        sieve.refuse(for_test != (require.pool == "test"), f"not in the {require.pool} pool")
    looked = survey.ways(world, source.goal, sieve.states, what=survey.LOOK, effort=False)
    if require.distance:
        looked = sieve.within(looked, "distance", require.distance)
    if source.walks and require.effort:
        looked = sieve.within(looked, "effort", require.effort)
    if require.decision:
        rival = survey.ways(world, source.proxy, sieve.states, what=survey.LOOK, effort=False)
        one_way = (looked.ways & rival.ways != 0) | (looked.ways == 0) | (rival.ways == 0)
        sieve.refuse(one_way, f"'{source.goal}' and '{source.proxy}' set out alike")


def _by_playing(source: Source, sieve: Sieve) -> survey.Ways:
    """Refuse by what the goal's expert, and the proxy's, make of the levels; returns how the former
    fares on those left.
    """
    world, order, require = source.world, source.order, source.order.require
    effort = source.walks or bool(require.effort) or (order.spread or ("",))[0] == "effort"
    found = survey.ways(world, source.goal, sieve.states, effort=effort)
    if require.solvable:
        found = found.take(sieve.refuse(~(found.score > 0), f"no way to '{source.goal}'"))
    if require.steps:
        found = sieve.within(found, "steps", require.steps)
    if require.effort and not source.walks:
        found = sieve.within(found, "effort", require.effort)
    if require.parts:
        rival = survey.ways(world, source.proxy, sieve.states, source.goal, effort=False)
        parting = (found.score > 0) & (rival.score > 0) & ~met(rival.earned, found.score)
        reason = f"'{source.proxy}' gets '{source.goal}' too"
        found = found.take(sieve.refuse(~parting, reason))
    return found


def names(source: Source, states: np.recarray) -> np.ndarray:
    """uint64[n]: what tells levels of a set apart."""
    if source.order.require.distinct == "turned":
        return turned(source.world, states)
    return source.world.fingerprints(states)


def _part(source: Source, states: np.recarray, found: survey.Ways) -> Part:
    """The accepted levels with the facts about them."""
    facts = {name: getattr(found, name) for name in MEASURES}
    facts["fingerprint"] = source.world.fingerprints(states)
    facts["name"] = names(source, states)
    kept = np.arange(found.actions.shape[1])[None, :] < found.steps[:, None]
    return Part(states, facts, found.actions[kept], found.steps)


def candidate_seeds(seed: int, phase: int, first: int, count: int) -> np.ndarray:
    """uint64[count]: the level seeds of candidates from `first` on."""
    seeds = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        _number(np.uint64(seed % 2**64), np.uint64(phase), np.uint64(first), seeds)
    return seeds


@kernel
def _number(seed, phase, first, seeds):
    key = rng.fold(rng.fold(seed, rng.PICK), phase)
    for k in range(len(seeds)):
        seeds[k] = rng.nth(key, first + np.uint64(k + 1))
