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
from functools import cache
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ... import extras, files
from ...counts import counted
from ...errors import RunError, UserError
from ...progress import Show, silent
from ..draw.ink import png

FPS = 30
SMALL = 2_000_000  # bytes an animated WebP or GIF may have
FILMS = (".mp4", ".webm", ".webp", ".gif")
GAP = 12  # pixels between the pictures of a strip

# x264 cuts its work by the number of threads: fixed, or the bytes would depend on the machine
_EXACT = ["-threads", "2", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata"]
_NOTHING, _CHAPTERS = ["-1"], ["1"]  # that is told of a film: nothing, or the second input alone
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
# width, frames per second and quality of an animation, tried in turn until it is small enough
_LADDER = (
    (960, 15, 70),
    (800, 15, 60),
    (720, 10, 55),
    (640, 10, 50),
    (560, 8, 45),
    (480, 6, 40),
    (400, 5, 30),
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
    and smaller frames where that is needed to stay below `SMALL` bytes. `show` hears of each frame;
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
        film = _temporary(master, ".mp4")
        spare.append(film)
        told = _told(chain([first], frames), total, show)
        names = _chaptered(master, chapters, fps, total)
        spare += [names] if names else []
        count = _mp4(told, film, master, fps, size, names)
        for p in dict.fromkeys(paths):
            if p == master and p.suffix.lower() == ".mp4":
                made[p] = film
                continue
            made[p] = _temporary(p, p.suffix.lower())
            spare.append(made[p])
            if p.suffix.lower() == ".mp4":
                made[p].write_bytes(film.read_bytes())
            elif p.suffix.lower() == ".webm":
                _transcode([film], [*_VP9, *_COLOURS[2:]], made[p], p)
                _check(made[p], p, (count, *size))
            else:
                _animate(film, made[p], p, count, fps, size)
        for p, temporary in made.items():
            os.replace(temporary, p)
    except OSError as fault:
        raise RunError(f"cannot write the film '{paths[0]}': {files.reason(fault)}") from None
    finally:
        for leftover in spare:
            leftover.unlink(missing_ok=True)
    return count


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
    made = _temporary(path, ".txt")
    made.write_text("\n".join(lines) + "\n", "utf-8")
    return made


def joined(films: Sequence[Path], names: Sequence[str], path: Path, fps: int = FPS) -> int:
    """One .mp4 of several of the same size and speed, a chapter each; returns its frames.

    Nothing is encoded anew. Raises RunError if it cannot be made, and nothing new is left then.
    """
    sizes = [probe(film) for film in films]
    if len({size[1:] for size in sizes}) > 1 or not all(size[0] for size in sizes):
        raise UserError("only whole films of one size can be joined")
    starts = [sum(size[0] for size in sizes[:k]) for k in range(len(sizes))]
    total = sum(size[0] for size in sizes)
    spare = [_temporary(path, ".ffconcat"), _temporary(path, ".mp4")]
    try:
        listed, made = spare
        quoted = [str(film.resolve()).replace("'", r"'\''") for film in films]
        listed.write_text("".join(f"file '{name}'\n" for name in quoted), "utf-8")
        chapters = _chaptered(path, list(zip(starts, names, strict=True)), fps, total)
        spare += [chapters] if chapters else []
        command = [*_ffmpeg(), "-nostdin", "-f", "concat", "-safe", "0", "-i", str(listed)]
        command += ["-f", "ffmetadata", "-i", str(chapters), "-map", "0:v", "-map_chapters", "1"]
        command += ["-c", "copy", "-movflags", "+faststart", *_EXACT, *_CHAPTERS, str(made)]
        with tempfile.TemporaryFile() as log:
            if code := subprocess.run(command, stdout=log, stderr=log, check=False).returncode:
                raise _complaint(log, path, code)
        _check(made, path, (total, *sizes[0][1:]))
        os.replace(made, path)
    finally:
        for leftover in spare:
            leftover.unlink(missing_ok=True)
    return total


def _temporary(path: Path, suffix: str) -> Path:
    """An empty hidden file beside `path`."""
    made = files.temporary(path, suffix)
    made.touch()
    return made


def _ffmpeg() -> list[str]:
    """The quiet, unattended encoder."""
    extras.require("imageio_ffmpeg")
    import imageio_ffmpeg

    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as fault:
        remedy = extras.remedy("film")
        raise RunError(f"no ffmpeg to film with ({fault}): {remedy}") from None
    if not _is_ffmpeg(program):
        told = os.environ.get("IMAGEIO_FFMPEG_EXE")
        remedy = "unset IMAGEIO_FFMPEG_EXE, which names it" if told else "reinstall imageio-ffmpeg"
        raise RunError(f"no ffmpeg to film with: '{program}' is none; {remedy}")
    return [program, "-hide_banner", "-loglevel", "error", "-y"]


@cache
def _is_ffmpeg(program: str) -> bool:
    """Does it run, and say that it is ffmpeg?"""
    try:
        said = subprocess.run([program, "-version"], capture_output=True, timeout=60, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return said.stdout.startswith(b"ffmpeg version")


def _complaint(log: BinaryIO, path: Path, code: int) -> RunError:
    """Why ffmpeg failed, in one line."""
    log.seek(0)
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    known = ("No space left on device", "File too large", "Disk quota exceeded")
    reason = next((words for words in known if any(words in line for line in lines)), "")
    reason = reason or (lines[-1].strip() if lines else f"the encoder ended with code {code}")
    return RunError(f"cannot write the film '{path}': {reason}")


def _mp4(
    frames: Iterator[np.ndarray],
    temporary: Path,
    path: Path,
    fps: int,
    size: tuple[int, ...],
    chapters: Path | None = None,
) -> int:
    """Pipe the frames into ffmpeg and read the film back; returns the number of frames."""
    height, width = size
    command = [*_ffmpeg(), "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    command += ["-r", str(fps), "-i", "pipe:0"]
    if chapters is not None:
        command += ["-f", "ffmetadata", "-i", str(chapters), "-map", "0:v", "-map_chapters", "1"]
    said = _NOTHING if chapters is None else _CHAPTERS
    command += [*_H264, *_COLOURS, *_EXACT, *said, str(temporary)]
    count = 0
    with tempfile.TemporaryFile() as log:
        encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        assert encoder.stdin
        try:
            for frame in frames:
                if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
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
                raise _complaint(log, path, encoder.returncode)
        finally:
            if encoder.poll() is None:
                encoder.kill()
                encoder.wait()
            with contextlib.suppress(BrokenPipeError):
                encoder.stdin.close()
    _check(temporary, path, (count, height, width))
    return count


def _check(temporary: Path, path: Path, wanted: tuple[int, ...]) -> None:
    """Read a film back: it must hold as many frames of that height and width as were written."""
    found = probe(temporary)
    if found != wanted:
        raise RunError(
            f"the film '{path}' came out broken: {counted(wanted[0], 'frame')} of {wanted[1]} x {wanted[2]} written, "
            f"{found[0]} of {found[1]} x {found[2]} read back"
        )


def probe(path: Path) -> tuple[int, int, int]:
    """Frames, height and width of a film, by reading all of it; zeros if it is no film."""
    command = [_ffmpeg()[0], "-hide_banner", "-nostdin", "-i", str(path)]
    # a line for each packet: ffmpeg 7 tells no count of frames that it only copies
    command += ["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]
    with tempfile.TemporaryFile() as log:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as reader:
            assert reader.stdout
            count = sum(line[:1].isdigit() for line in reader.stdout)
        log.seek(0)
        text = log.read().decode("utf-8", "replace")
    shape = re.search(r"Video:.*?\b(\d{2,5})x(\d{2,5})\b", text)
    if reader.returncode or not count or not shape:
        return 0, 0, 0
    return count, int(shape[2]), int(shape[1])


class Loop:
    """A film that is shown over and over: `frame` is its next picture, as large as fits into `room`
    (height, width).
    """

    def __init__(self, path: Path, room: tuple[int, int]) -> None:
        count, high, wide = probe(path)
        if not count:
            raise UserError(f"'{path}' is no film that can be read")
        share = min(room[0] / high, room[1] / wide)
        self.size = max(int(high * share) & ~1, 2), max(int(wide * share) & ~1, 2)
        scale = f"fps={FPS},scale={self.size[1]}:{self.size[0]}:flags=area"
        self._command = [*_ffmpeg(), "-nostdin", "-i", str(path), "-vf", scale]
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


def _animate(
    film: Path, temporary: Path, path: Path, count: int, fps: int, size: tuple[int, ...]
) -> None:
    """Make an animated WebP or GIF of at most `SMALL` bytes from a finished mp4, if one can be."""
    for rung, (width, rate, quality) in enumerate(_LADDER):
        width = min(width, size[1])
        shape = (width, 2 * round(width * size[0] / size[1] / 2))
        nth = -(-fps // rate)  # every nth frame is kept
        kept = -(-count // nth)
        # times are whole numbers of frames, so that none is doubled or dropped
        pick = f"select=not(mod(n\\,{nth})),setpts=N*{nth}/{fps}/TB,"
        pick += f"scale={shape[0]}:{shape[1]}:flags=lanczos"
        if path.suffix.lower() == ".webp":
            webp = ["-c:v", "libwebp_anim", "-q:v", str(quality), "-loop", "0"]
            _transcode([film], ["-vf", pick, *webp], temporary, path)
        else:
            palette = _temporary(path, ".png")
            try:
                colours = f"{pick},palettegen=max_colors={max(48, 200 - 24 * rung)}"
                _transcode([film], ["-vf", colours, "-update", "1"], palette, path)
                joined = f"[0:v]{pick}[v];[v][1:v]paletteuse=dither=none:diff_mode=rectangle"
                gif = ["-filter_complex", joined, "-loop", "0"]
                _transcode([film, palette], gif, temporary, path)
            finally:
                palette.unlink(missing_ok=True)
        if temporary.stat().st_size <= SMALL or rung == len(_LADDER) - 1:
            _check_animation(temporary, path, kept, shape, kept * nth / fps)
            return


def _transcode(sources: list[Path], options: list[str], temporary: Path, path: Path) -> None:
    command = [*_ffmpeg(), "-nostdin"]
    for source in sources:
        command += ["-i", str(source)]
    command += [*options, "-fps_mode", "passthrough", *_EXACT, *_NOTHING, str(temporary)]
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise _complaint(log, path, done.returncode)


def _check_animation(
    temporary: Path, path: Path, count: int, size: tuple[int, int], seconds: float
) -> None:
    """Decode an animation and compare its size and length.

    Encoders may join equal neighbouring frames into one, so only the time they last must agree.
    """
    from PIL import Image

    try:
        with Image.open(temporary) as image:
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
