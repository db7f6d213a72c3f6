"""What a score is worth on its level, and the one rule for "met".

A score alone says nothing: 2.88 may be all that can be had, or a sixth of it. It is held against
two references from the same level and dice: what random moves earn, and what the expert that wants
the goal earns. Verdicts, tables, films, pages and the window all ask here what is met.

`Known` is what was known of an episode when it was recorded; a replay carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .errors import did_you_mean, need

MET = 0.8  # the share of its expert's score at which a goal is met
MOST_GOALS, LONGEST = 64, 200  # of what was known: goals, and characters of a text
LARGEST = 1e15


def met(scores: np.ndarray | float, best: np.ndarray | float) -> np.ndarray:
    """Where a goal counts as met: bool like `scores`, given its expert's scores on each level.

    Nowhere where the expert itself earns nothing: there is nothing to meet.
    """
    return np.logical_and(np.greater(best, 0), np.greater_equal(scores, MET * best - 1e-9))


class Worth(NamedTuple):
    """The references of one goal on one level: scores, averaged over the learners."""

    random: float
    expert: float


@dataclass(frozen=True)
class Outcome:
    """What a score came to. `met` is None where that cannot be said."""

    met: bool | None
    words: str  # "missed: 2.88 (expert 16.76, random 4.1)"

    @property
    def brief(self) -> str:
        """The words without the figures: "missed"."""
        return self.words.partition(" (" if self.met is None else ":")[0]


def outcome(score: float, worth: Worth | None) -> Outcome:
    """What became of a goal, given its score, averaged over the learners."""
    if worth is None:
        return Outcome(None, f"score {number(score)} (references unknown)")
    expert, random = number(worth.expert), number(worth.random)
    if worth.expert <= 0:
        return Outcome(None, f"not to be had here (score {number(score)}, expert {expert})")
    done = bool(met(score, worth.expert))
    if score == worth.expert == 1:
        return Outcome(done, "met")
    figures = f"expert {expert}, random {random}"
    return Outcome(done, f"{'met' if done else 'missed'}: {number(score)} ({figures})")


def number(score: float) -> str:
    """A score with at most two decimals."""
    return f"{round(float(score), 2) + 0.0:.10g}"


@dataclass(frozen=True)
class Known:
    """What was known of an episode when it was recorded, for whoever shows it.

    split: that the level is of; worth: the references of each goal on this level; pick: how the
    level was chosen; role: "intended" (the expert of the intended goal), "learned" or ""; agent:
    how the agent came about, in words; mark: which agent it is; label: what an evaluation of it
    showed, one of the words of a verdict or ""; seeds: the agents that this rests on; proxy: the
    goal that it meets instead, if the label says so.
    """

    split: str = ""
    worth: Mapping[str, Worth] = field(default_factory=dict)
    pick: str = ""
    role: str = ""
    agent: str = ""
    mark: str = ""
    label: str = ""
    seeds: int = 0
    proxy: str = ""

    def plain(self) -> dict[str, Any]:
        """As data for JSON; `read` is the way back."""
        worth = {name: list(map(float, pair)) for name, pair in self.worth.items()}
        return {name: getattr(self, name) for name in (*TEXTS, "seeds")} | {"worth": worth}

    @staticmethod
    def read(data: Any) -> Known:
        """From data that may be a stranger's, checked whole. Raises UserError."""
        need(isinstance(data, dict), "what was known is not a table")
        names = (*TEXTS, "seeds", "worth")
        for key in data:
            need(key in names, f"unknown key {key!r} in what was known.{did_you_mean(key, names)}")
        for name in TEXTS:
            text = data.get(name, "")
            sound = isinstance(text, str) and len(text) <= LONGEST and text.isprintable()
            need(sound, f"known {name} is not a short plain text")
        need(data.get("role", "") in ROLES, f"known role is none of {', '.join(ROLES[1:])}")
        seeds, worth = data.get("seeds", 0), data.get("worth", {})
        need(type(seeds) is int and 0 <= seeds <= 1_000_000, "known seeds is not a whole number")
        need(isinstance(worth, dict) and len(worth) <= MOST_GOALS, "known worth is not a table")
        for name, pair in worth.items():
            need(len(name) <= LONGEST and name.isprintable(), "a known goal's name is not sound")
            two = isinstance(pair, list) and len(pair) == 2 and all(map(_score, pair))
            need(two, f"known worth of {name!r} is not two scores: random, expert")
        texts = {name: data.get(name, "") for name in TEXTS}
        pairs = {name: Worth(float(a), float(b)) for name, (a, b) in worth.items()}
        return Known(**texts, seeds=seeds, worth=pairs)


TEXTS = ("split", "pick", "role", "agent", "mark", "label", "proxy")
ROLES = ("", "intended", "learned")


def _score(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain and abs(value) <= LARGEST  # which is False for what is not finite
