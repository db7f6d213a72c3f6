"""The time of a film: for each of its frames, how far every pane has come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ...errors import UserError, did_you_mean
from .options import SYNCS
from .story import Card, Story

STEPS_PER_SECOND = 8.0
LONGEST = 24.0  # seconds that the play may take before it is sped up
TITLE, END = (1.5, 3.0), (3.0, 5.0)  # least and most seconds of the cards: longer with more to read
READING = 60  # characters a second
FREEZE, HOLD = 0.7, 1.2  # seconds of the pause at the fork and of the last picture
FAST, LINGER = 3, 8  # how much faster what follows the last event passes, after so many steps
SLOW = 3  # steps before and after the fork at half speed
STRIP = 8  # key frames of a picture strip

# the step that a pane is on its way to, and how far it has come, in (0, 1]
Moment = tuple[int, float]


def beats(story: Story, fps: int, sync: str = "divergence") -> list[tuple[Moment, ...]]:
    """For each frame of the play, the moment of every pane.

    "step": all panes make a step at the same time. "divergence": that, slower around the last fork,
    with a pause in it, and faster once nothing new happens. "event": whoever is first at a
    caption waits for the others to reach their own of that number.
    """
    if sync not in SYNCS:
        raise UserError(f"no sync '{sync}'.{did_you_mean(sync, SYNCS)}")
    lasts = [side.last for side in story.sides]
    if sync == "event":
        return between(by_events([sorted(said) for said in story.said], lasts), None, fps)
    together = [[k] * len(lasts) for k in range(story.steps + 1)]
    if sync == "step":
        return between(together, None, fps)
    return between(together, story.fork, fps, story.told + LINGER)


def by_events(events: list[list[int]], lasts: list[int]) -> list[list[int]]:
    """The step of every pane at every tick, so that their n-th events fall on one tick."""
    ticks, begun = [[0] * len(lasts)], [0] * len(lasts)
    for n in range(max(map(len, events)) + 1):
        until = [
            mine[n] if n < len(mine) else last for mine, last in zip(events, lasts, strict=True)
        ]
        for k in range(1, max(b - a for a, b in zip(begun, until, strict=True)) + 1):
            ticks.append([min(a + k, b) for a, b in zip(begun, until, strict=True)])
        begun = until
    return ticks


def between(
    ticks: Sequence[Sequence[int]], parting: int | None, fps: int, told: int | None = None
) -> list[tuple[Moment, ...]]:
    """Frames between ticks; a pane that stands still is at the end of its step. After the tick
    `told` they pass faster.
    """
    last = len(ticks) - 1
    rate = max(STEPS_PER_SECOND, last / LONGEST)

    def at(tick: int, fraction: float) -> tuple[Moment, ...]:
        before = ticks[max(tick - 1, 0)]
        return tuple(
            (k, fraction if k != b else 1.0) for k, b in zip(ticks[tick], before, strict=True)
        )

    frames = [at(0, 1.0)] * round(0.6 * fps)
    for k in range(1, last + 1):
        slow = parting is not None and parting - SLOW < k <= parting + SLOW + 1
        over = told is not None and k > told
        n = max(1, round(fps / rate * (2 if slow else 1) / (FAST if over else 1)))
        frames += [at(k, (j + 1) / n) for j in range(n)]
        if k == parting:
            frames += [at(k, 1.0)] * round(FREEZE * fps)
    if parting == 0:
        frames[:0] = [at(0, 1.0)] * round(FREEZE * fps)
    return frames + [at(last, 1.0)] * round(HOLD * fps)


def lengths(card: Card, fps: int) -> tuple[int, int, int]:
    """Frames of the title card, of the fade after it, and of the end card: longer with more to
    read.
    """
    opening = sum(map(len, (card.title, card.claim, *card.facts)))
    closing = sum(map(len, (*(rate.label for rate in card.rates), card.sample, card.pick))) + 60
    titles = round(min(max(opening / READING, TITLE[0]), TITLE[1]) * fps)
    ends = round(min(max(closing / READING, END[0]), END[1]) * fps)
    return titles, round(0.2 * fps), ends


class Chapter(NamedTuple):
    """A part of a film: its first frame, and its name."""

    frame: int
    name: str


def chapters(story: Story, play: Sequence[Sequence[Moment]], before: int) -> list[Chapter]:
    """The parts of a film whose play begins after `before` frames of title: what the training was,
    what is new, where the paths part, and what came of it.
    """
    found = [Chapter(0, "the training"), Chapter(before, "after the shift")]
    if story.fork:
        reached = (j for j, beat in enumerate(play) if all(k >= story.fork for k, _ in beat))
        found += [Chapter(before + next(reached, 0), "the paths part")]
    return [*found, Chapter(before + len(play), "the result")]


def key_steps(story: Story, n: int = STRIP) -> list[int]:
    """The steps that tell most: the first, the fork, what happens, the end; then the widest gaps
    are halved.
    """
    steps = story.steps
    wanted = [0, steps, *([] if story.fork is None else [story.fork])]
    wanted += sorted({k for said in story.said for k in said})
    keys = sorted(dict.fromkeys(wanted[:n]))
    while len(keys) < min(n, steps + 1):
        gap, begin = max((b - a, -a) for a, b in pairwise(keys))
        keys = sorted([*keys, gap // 2 - begin])
    return keys
