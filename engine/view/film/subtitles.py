"""What the captions of a film say, and when: subtitles beside the film, for players and for those
who cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ... import files
from .story import PARTING, Story, note

LONGEST = 5.0  # seconds that a line stays


class Cue(NamedTuple):
    """A line, and from when to when it is shown, in seconds."""

    start: float
    stop: float
    text: str


def cues(
    story: Story, beats: Sequence[Sequence[tuple[int, float]]], first: int, fps: int
) -> list[Cue]:
    """The lines of a film whose play begins with frame `first`; each ends when the next begins."""
    begun: list[tuple[int, str]] = []  # frame, words
    heard = [0] * len(story.sides)
    remark = ""
    steps = [sorted(said) for said in story.said]
    for frame, moments in enumerate(beats):
        shown = [k if far >= 0.5 else k - 1 for k, far in moments]
        now = note(story.card, max(shown))
        if now and now != remark:
            begun.append((frame, now))
        remark = now
        for index, (step, said) in enumerate(zip(shown, story.said, strict=True)):
            while heard[index] < len(said) and steps[index][heard[index]] <= step:
                words, role = said[steps[index][heard[index]]], story.sides[index].take.role
                begun.append((frame, f"{role}: {words}" if len(story.sides) > 1 else words))
                heard[index] += 1
        if story.fork is not None and all(moment == (story.fork, 1.0) for moment in moments):
            words = story.card.say(PARTING, story.fork)
            if (not begun or begun[-1][1] != words) and not now:
                begun.append((frame, words))
    found: list[Cue] = []
    starts = sorted({frame for frame, _ in begun})
    for start, after in zip(starts, [*starts[1:], len(beats)], strict=True):
        words = "\n".join(text for frame, text in begun if frame == start)
        stop = min((first + after) / fps, (first + start) / fps + LONGEST)
        found.append(Cue((first + start) / fps, stop, words))
    return found


def _clock(seconds: float, comma: str) -> str:
    """00:01:02,345."""
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{comma}{ms % 1000:03}"


def as_text(lines: Sequence[Cue], suffix: str) -> str:
    """The file: ".srt" or ".vtt"."""
    srt = suffix == ".srt"
    comma = "," if srt else "."
    blocks = [
        f"{k}\n{_clock(cue.start, comma)} --> {_clock(cue.stop, comma)}\n{_plain(cue.text, not srt)}\n"
        for k, cue in enumerate(lines, 1)
    ]
    return ("" if srt else "WEBVTT\n\n") + "\n".join(blocks)


def _plain(text: str, markup: bool) -> str:
    """Words that cannot be taken for the head of a cue, nor, where there is markup, for a tag."""
    text = text.replace("-->", "->")
    return text.replace("&", "&amp;").replace("<", "&lt;") if markup else text


def save(path: Path, lines: Sequence[Cue]) -> None:
    """Write .srt or .vtt, whole or not at all."""
    files.write(path, as_text(lines, path.suffix.lower()).encode())
