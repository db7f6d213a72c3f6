"""The recorder: takes side by side, with everything needed to judge what is seen.

A film is drawn from recorded states, never from a live environment, so it can always be drawn
again. It knows no agent: labels, training facts and figures are handed in, and what is not handed
in is not shown. Frames are streamed to the encoder, so memory does not grow with the film; a file
appears under its final name only after it has been read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...progress import Show, silent
from ..camera.registry import camera
from . import cards, page, subtitles
from .beats import Chapter, beats, chapters, key_steps, lengths
from .encode import FILMS, encode, strip
from .options import USUAL, FilmOptions
from .stage import Stage
from .story import Card, Story, Take

FORMATS = (*FILMS, ".png", ".html", ".srt", ".vtt")


def frames(
    takes: Sequence[Take], card: Card, options: FilmOptions = USUAL
) -> tuple[int, Iterator[np.ndarray]]:
    """The number of frames of a film, and the frames themselves.

    A frame is uint8[height, width, 3] and must not be written to. Raises UserError for a bad size.
    """
    stage = Stage(takes, card, options)
    play = beats(stage.story, options.fps, options.sync)
    titles, fade, ends = lengths(card, options.fps)

    def stream() -> Iterator[np.ndarray]:
        title, first = cards.title(stage.story, options.size, options.unit), stage.play(play[0])
        for _ in range(titles):
            yield title
        for j in range(fade):
            share = round(256 * (j + 1) / (fade + 1))
            yield ((title * np.uint32(256 - share) + first * np.uint32(share)) >> 8).astype(
                np.uint8
            )
        last_beat, last = play[0], first
        for beat in play:
            if beat != last_beat:
                last_beat, last = beat, stage.play(beat)
            yield last
        final = cards.end(stage.story, options.size, options.unit)
        for _ in range(ends):
            yield final

    return titles + fade + len(play) + ends, stream()


def parts(takes: Sequence[Take], card: Card, options: FilmOptions = USUAL) -> list[Chapter]:
    """The chapters of a film."""
    story = Story(takes, card, options.pairs)
    titles, fade, _ = lengths(card, options.fps)
    return chapters(story, beats(story, options.fps, options.sync), titles + fade)


def save(
    takes: Sequence[Take],
    card: Card,
    paths: Sequence[Path],
    options: FilmOptions = USUAL,
    show: Show = silent,
) -> None:
    """Film takes into files, each by its ending; frames are composed once.

    .mp4 .webm .webp .gif: the film (of the first of the cameras; WebP and GIF are scaled down to
    stay below 2 MB). .png: a strip of key frames. .html: a page that plays it, with all cameras.
    .srt .vtt: what its captions say, and when. Raises UserError for a bad name or size and RunError
    if a file cannot be made; then nothing new is left at its final name.
    """
    by_kind: dict[str, list[Path]] = {}
    for path in dict.fromkeys(paths):
        if path.suffix.lower() not in FORMATS:
            raise UserError(f"cannot film to '{path}': the name must end in {', '.join(FORMATS)}")
        by_kind.setdefault(path.suffix.lower(), []).append(path)
    views = {name: camera(name) for name in options.cameras}
    films = [path for suffix in FILMS for path in by_kind.get(suffix, [])]
    if films:
        total, stream = frames(takes, card, options)
        encode(stream, films, options.fps, total, show, parts(takes, card, options))
    if by_kind.get(".png"):
        stage = Stage(takes, card, options)
        keys = key_steps(stage.story)
        for path in by_kind[".png"]:
            strip((stage.play(k) for k in keys), len(keys), path)
    for path in by_kind.get(".html", []):
        page.save(path, takes, card, views, options.pairs)
    for suffix in (".srt", ".vtt"):
        for path in by_kind.get(suffix, []):
            story = Story(takes, card, options.pairs)
            titles, fade, _ = lengths(card, options.fps)
            shown = beats(story, options.fps, options.sync)
            subtitles.save(path, subtitles.cues(story, shown, titles + fade, options.fps))
