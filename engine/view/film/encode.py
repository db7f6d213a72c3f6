"""Frames into films: mp4, webm, animated WebP and GIF, and strips of key frames as PNG.

Frames are streamed to ffmpeg, so memory does not grow with the film, and the same frames give the
same bytes. A film appears under its final name only after it has been read back.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from ... import files
from ...counts import counted
from ...errors import RunError, UserError
from ...progress import Show, silent
from ..draw.ink import png
from . import animation, ffmpeg

FPS = 30
FILMS = (".mp4", ".webm", ".webp", ".gif")
GAP = 12  # pixels between the pictures of a strip

_H264 = shlex.split(
    "-an -c:v libx264 -preset veryfast -crf 18 -pix_fmt yuv420p -movflags +faststart"
)
_VP9 = shlex.split(
    "-an -c:v libvpx-vp9 -deadline good -cpu-used 5 -row-mt 0 -crf 28 -b:v 0 -pix_fmt yuv420p"
)
_COLOURS = shlex.split(
    "-vf scale=out_color_matrix=bt709:out_range=tv "
    "-colorspace bt709 -color_primaries bt709 -color_trc bt709"
)


def encode(
    stream: Iterable[np.ndarray],
    path: Path | Sequence[Path],
    fps: int = FPS,
    total: int = 0,
    show: Show = silent,
    chapters: Sequence[tuple[int, str]] = (),
) -> int:
    """Write frames to one film or several (.mp4, .webm, .webp, .gif); returns how many frames there
    were.

    Frames are uint8[height, width, 3], all alike; height and width even. WebP and GIF hold fewer
    and smaller frames where that is needed to stay below `animation.SMALL` bytes. `show` hears of each frame;
    `total` is how many there will be, if that is known; chapters: the first frame and the name of
    each, in order. Raises UserError for bad names and frames and RunError if a film cannot be made;
    then nothing new is left at the final names.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    if not paths:
        raise UserError("no file to film to")
    for p in paths:
        if p.suffix.lower() not in FILMS:
            raise UserError(f"cannot film to '{p}': the name must end in {', '.join(FILMS)}")
    frames = iter(stream)
    first = next(frames, None)
    if first is None:
        raise UserError("a film needs at least one frame")
    size = first.shape[:2]
    if first.ndim != 3 or size[0] % 2 or size[1] % 2:
        raise UserError(f"height and width of a film must be even, not {first.shape}")
    made: dict[Path, Path] = {}  # final name → temporary file
    spare: list[Path] = []
    try:
        for p in paths:
            p.parent.mkdir(parents=True, exist_ok=True)
        master = next((p for p in paths if p.suffix.lower() == ".mp4"), paths[0])
        film = ffmpeg.temporary(master, ".mp4")
        spare.append(film)
        names = _chaptered(master, chapters, fps, total)
        spare += [names] if names else []
        for p in dict.fromkeys(paths):
            whole = p == master and p.suffix.lower() == ".mp4"
            made[p] = film if whole else ffmpeg.temporary(p, p.suffix.lower())
            spare.append(made[p])
        words = [*_raw(fps, size, names), *_H264, *_COLOURS, *ffmpeg.EXACT]
        words += [*(ffmpeg.CHAPTERS if names else ffmpeg.NOTHING), str(film)]
        for p in made:
            words += animation.along(made[p], fps, size) if p.suffix.lower() == ".webp" else []
        count = _pipe(_told(chain([first], frames), total, show), words, master, size)
        ffmpeg.check(film, master, (count, *size))
        for p in made:
            _from_film(film, made[p], p, (count, *size), fps)
        for p, temporary in made.items():
            os.replace(temporary, p)
    except OSError as fault:
        raise RunError(f"cannot write the film '{paths[0]}': {files.reason(fault)}") from None
    finally:
        for leftover in spare:
            leftover.unlink(missing_ok=True)
    return count


def _from_film(film: Path, made: Path, path: Path, shape: tuple[int, int, int], fps: int) -> None:
    """Make of the finished mp4 what `path` is to be; `shape`: its frames, height, width."""
    suffix = path.suffix.lower()
    if suffix == ".mp4" and made != film:
        made.write_bytes(film.read_bytes())
    elif suffix == ".webm":
        ffmpeg.transcode([film], [*_VP9, *_COLOURS[2:]], made, path)
        ffmpeg.check(made, path, shape)
    elif suffix in animation.ANIMATIONS:
        animation.shrink(film, made, path, shape[0], fps, shape[1:])


def _told(frames: Iterator[np.ndarray], total: int, show: Show) -> Iterator[np.ndarray]:
    """The same frames; each is told of when the next is asked for."""
    for count, frame in enumerate(frames, 1):
        yield frame
        show(count, max(total, count), f"{count}/{max(total, count)} frames")


def _chaptered(
    path: Path, chapters: Sequence[tuple[int, str]], fps: int, total: int
) -> Path | None:
    """A temporary file that tells ffmpeg of chapters; None without any."""
    if not chapters:
        return None
    lines = [";FFMETADATA1"]
    ends = [frame for frame, _ in chapters[1:]] + [max(total, chapters[-1][0] + 1)]
    for (frame, name), end in zip(chapters, ends, strict=True):
        plain = re.sub(r"([=;#\\\n])", r"\\\1", name)
        lines += [
            "[CHAPTER]",
            f"TIMEBASE=1/{fps}",
            f"START={frame}",
            f"END={end}",
            f"title={plain}",
        ]
    made = ffmpeg.temporary(path, ".txt")
    made.write_text("\n".join(lines) + "\n", "utf-8")
    return made


def joined(films: Sequence[Path], names: Sequence[str], path: Path, fps: int = FPS) -> int:
    """One .mp4 of several of the same size and speed, a chapter each; returns its frames.

    Nothing is encoded anew. Raises RunError if it cannot be made, and nothing new is left then.
    """
    sizes = [ffmpeg.probe(film) for film in films]
    if len({size[1:] for size in sizes}) > 1 or not all(size[0] for size in sizes):
        raise UserError("only whole films of one size can be joined")
    starts = [sum(size[0] for size in sizes[:k]) for k in range(len(sizes))]
    total = sum(size[0] for size in sizes)
    spare = [ffmpeg.temporary(path, ".ffconcat"), ffmpeg.temporary(path, ".mp4")]
    try:
        listed, made = spare
        quoted = [str(film.resolve()).replace("'", r"'\''") for film in films]
        listed.write_text("".join(f"file '{name}'\n" for name in quoted), "utf-8")
        chapters = _chaptered(path, list(zip(starts, names, strict=True)), fps, total)
        spare += [chapters] if chapters else []
        command = [*ffmpeg.command(), "-nostdin", "-f", "concat", "-safe", "0", "-i", str(listed)]
        command += ["-f", "ffmetadata", "-i", str(chapters), "-map", "0:v", "-map_chapters", "1"]
        command += ["-c", "copy", "-movflags", "+faststart"]
        command += [*ffmpeg.EXACT, *ffmpeg.CHAPTERS, str(made)]
        with tempfile.TemporaryFile() as log:
            if code := subprocess.run(command, stdout=log, stderr=log, check=False).returncode:
                raise ffmpeg.complaint(log, path, code)
        ffmpeg.check(made, path, (total, *sizes[0][1:]))
        os.replace(made, path)
    finally:
        for leftover in spare:
            leftover.unlink(missing_ok=True)
    return total


def _raw(fps: int, size: tuple[int, ...], chapters: Path | None) -> list[str]:
    """ffmpeg with frames of `size` (height, width) from a pipe, and a file that tells of chapters."""
    words = [*ffmpeg.command(), "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[1]}x{size[0]}"]
    words += ["-r", str(fps), "-i", "pipe:0"]
    if chapters is not None:
        words += ["-f", "ffmetadata", "-i", str(chapters)]
    return [*words, "-map", "0:v", "-map_chapters", "-1" if chapters is None else "1"]


def _pipe(
    frames: Iterator[np.ndarray], words: Sequence[str], path: Path, size: tuple[int, ...]
) -> int:
    """Pipe the frames into ffmpeg, which is called with `words`; returns how many there were."""
    count = 0
    with tempfile.TemporaryFile() as log:
        encoder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=log, stderr=log)
        assert encoder.stdin
        try:
            for frame in frames:
                if frame.shape != (*size, 3) or frame.dtype != np.uint8:
                    what = f"{frame.dtype} {frame.shape}"
                    raise UserError(f"frame {count} of the film is {what}, unlike the first")
                try:
                    encoder.stdin.write(np.ascontiguousarray(frame).data)
                except BrokenPipeError:  # the encoder has died, and says below of what
                    break
                count += 1
            with contextlib.suppress(BrokenPipeError):
                encoder.stdin.close()
            if encoder.wait():
                raise ffmpeg.complaint(log, path, encoder.returncode)
        finally:
            if encoder.poll() is None:
                encoder.kill()
                encoder.wait()
            with contextlib.suppress(BrokenPipeError):
                encoder.stdin.close()
    return count


class Loop:
    """A film that is shown over and over: `frame` is its next picture, as large as fits into `room`
    (height, width).
    """

    def __init__(self, path: Path, room: tuple[int, int]) -> None:
        count, high, wide = ffmpeg.probe(path)
        if not count:
            raise UserError(f"'{path}' is no film that can be read")
        share = min(room[0] / high, room[1] / wide)
        self.size = max(int(high * share) & ~1, 2), max(int(wide * share) & ~1, 2)
        scale = f"fps={FPS},scale={self.size[1]}:{self.size[0]}:flags=area"
        self._command = [*ffmpeg.command(), "-nostdin", "-i", str(path), "-vf", scale]
        self._command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
        self._frames = self._play()
        self._last = np.zeros((*self.size, 3), np.uint8)

    def frame(self) -> np.ndarray:
        """The next picture: uint8[height, width, 3]."""
        found = next(self._frames, None)
        if found is None:  # from the start again
            self._frames = self._play()
            found = next(self._frames, self._last)
        self._last = found
        return found

    def _play(self) -> Iterator[np.ndarray]:
        size = self.size[0] * self.size[1] * 3
        with subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as player:
            assert player.stdout
            try:
                while len(data := player.stdout.read(size)) == size:
                    yield np.frombuffer(data, np.uint8).reshape(*self.size, 3)
            finally:
                player.kill()


def strip(pictures: Iterable[np.ndarray], count: int, path: Path) -> None:
    """Write `count` pictures, all alike, as one PNG: in two columns if they are wide, else in as
    many as there are.

    Raises UserError if there are none and RunError if it cannot be written, whole or not at all.
    """
    sheet, filled = None, 0
    for k, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        columns = min(count, 2 if width > height else 4)
        if sheet is None:
            shape = (-(-count // columns) * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3)
            sheet = np.full(shape, 255, np.uint8)
        row, column = divmod(k, columns)
        y, x = GAP + row * (height + GAP), GAP + column * (width + GAP)
        sheet[y : y + height, x : x + width] = picture
        filled += 1
    if sheet is None or filled != count:
        raise UserError(
            "a strip needs at least one picture"
            if sheet is None
            else f"{counted(filled, 'picture')}, not {count}"
        )
    files.write(path, png(sheet))
