"""Animated WebP and GIF: fewer and smaller frames of a film, until they are few bytes.

A WebP's first try is made of the very frames, in the pass that makes the film; all else of the film.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...counts import counted
from ...errors import RunError
from . import ffmpeg

SMALL = 2_000_000  # bytes that one may have
ANIMATIONS = (".webp", ".gif")


class Try(NamedTuple):
    """How small an animation is made: its width in pixels, frames per second, quality."""

    width: int
    rate: int
    quality: int

    def shape(self, size: Sequence[int]) -> tuple[int, int]:
        """Width and height of one of a film of `size` (height, width)."""
        width = min(self.width, size[1])
        return width, 2 * round(width * size[0] / size[1] / 2)

    def nth(self, fps: int) -> int:
        """Every how many frames one is kept."""
        return -(-fps // self.rate)

    def pick(self, size: Sequence[int], fps: int) -> str:
        """The filter that keeps and scales them."""
        nth, (width, height) = self.nth(fps), self.shape(size)
        # times are whole numbers of frames, so that none is doubled or dropped
        kept = f"select=not(mod(n\\,{nth})),setpts=N*{nth}/{fps}/TB"
        return f"{kept},format=yuv420p,scale={width}:{height}:flags=lanczos"

    def webp(self, size: Sequence[int], fps: int) -> list[str]:
        """The options that make a WebP of a film of `size` (height, width)."""
        # level 4, the usual one, saves a thirtieth of the bytes and takes a third longer
        webp = ["-c:v", "libwebp_anim", "-compression_level", "2", "-q:v", str(self.quality)]
        return ["-vf", self.pick(size, fps), *webp, "-loop", "0"]


# in turn, until it is small enough
TRIES = (
    Try(960, 15, 70),
    Try(800, 15, 60),
    Try(720, 10, 55),
    Try(640, 10, 50),
    Try(560, 8, 45),
    Try(480, 6, 40),
    Try(400, 5, 30),
)


def along(made: Path, fps: int, size: Sequence[int]) -> list[str]:
    """The options with which the pass that makes a film of `size` (height, width) makes the first
    try of a WebP at `made`.
    """
    words = ["-map", "0:v", "-map_chapters", "-1", "-an", *TRIES[0].webp(size, fps)]
    return [*words, "-fps_mode", "passthrough", *ffmpeg.EXACT, *ffmpeg.NOTHING, str(made)]


def shrink(film: Path, made: Path, path: Path, count: int, fps: int, size: tuple[int, ...]) -> None:
    """Make an animation of at most `SMALL` bytes at `made` from a finished film, if one can be; a
    WebP's first try is there already. Raises RunError, which names `path`, if it comes out broken.
    """
    for k, one in enumerate(TRIES):
        if path.suffix.lower() == ".gif":
            _gif(film, made, path, one.pick(size, fps), max(48, 200 - 24 * k))
        elif k:
            ffmpeg.transcode([film], one.webp(size, fps), made, path)
        if made.stat().st_size <= SMALL or one is TRIES[-1]:
            nth = one.nth(fps)
            kept = -(-count // nth)
            _check(made, path, kept, one.shape(size), kept * nth / fps)
            return


def _gif(film: Path, made: Path, path: Path, pick: str, colours: int) -> None:
    palette = ffmpeg.temporary(path, ".png")
    try:
        found = f"{pick},palettegen=max_colors={colours}"
        ffmpeg.transcode([film], ["-vf", found, "-update", "1"], palette, path)
        joined = f"[0:v]{pick}[v];[v][1:v]paletteuse=dither=none:diff_mode=rectangle"
        ffmpeg.transcode([film, palette], ["-filter_complex", joined, "-loop", "0"], made, path)
    finally:
        palette.unlink(missing_ok=True)


def _check(made: Path, path: Path, count: int, size: tuple[int, int], seconds: float) -> None:
    """Decode an animation and compare its size and length.

    Encoders may join equal neighbouring frames into one, so only the time they last must agree.
    """
    from PIL import Image

    try:
        with Image.open(made) as image:
            n, lasted = getattr(image, "n_frames", 1), 0.0
            for k in range(n):
                image.seek(k)
                image.load()
                lasted += image.info.get("duration", 0) / 1000
            found = image.size
    except (OSError, EOFError) as fault:
        raise RunError(f"the film '{path}' came out broken: {fault}") from None
    if found != size or n > count or abs(lasted - seconds) > 0.02 * seconds + 0.2:
        raise RunError(
            f"the film '{path}' came out broken: {counted(n, 'frame')} of {found} in {lasted:.1f} s "
            f"instead of {count} of {size} in {seconds:.1f} s"
        )
