"""The program that encodes: how it is called, what it complains of, and films read back."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO

from ... import extras, files
from ...counts import counted
from ...errors import RunError

# x264 cuts its work by the number of threads: fixed, or the bytes would depend on the machine
EXACT = ["-threads", "2", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata"]
NOTHING, CHAPTERS = ["-1"], ["1"]  # that is told of a film: nothing, or the second input alone


def temporary(path: Path, suffix: str) -> Path:
    """An empty hidden file beside `path`."""
    made = files.temporary(path, suffix)
    made.touch()
    return made


def command() -> list[str]:
    """How it is called: quiet, and without asking."""
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


def complaint(log: BinaryIO, path: Path, code: int) -> RunError:
    """Why ffmpeg failed, in one line."""
    log.seek(0)
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    known = ("No space left on device", "File too large", "Disk quota exceeded")
    reason = next((words for words in known if any(words in line for line in lines)), "")
    reason = reason or (lines[-1].strip() if lines else f"the encoder ended with code {code}")
    return RunError(f"cannot write the film '{path}': {reason}")


def transcode(sources: Sequence[Path], options: Sequence[str], made: Path, path: Path) -> None:
    """Make a film of finished ones at `made`; complaints are of `path`."""
    words = [*command(), "-nostdin"]
    for source in sources:
        words += ["-i", str(source)]
    words += [*options, "-fps_mode", "passthrough", *EXACT, *NOTHING, str(made)]
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(words, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise complaint(log, path, done.returncode)


def check(made: Path, path: Path, wanted: tuple[int, ...]) -> None:
    """Read a film back: it must hold as many frames of that height and width as were written."""
    found = probe(made)
    if found != wanted:
        raise RunError(
            f"the film '{path}' came out broken: {counted(wanted[0], 'frame')} of {wanted[1]} x {wanted[2]} written, "
            f"{found[0]} of {found[1]} x {found[2]} read back"
        )


def probe(path: Path) -> tuple[int, int, int]:
    """Frames, height and width of a film, by reading all of it; zeros if it is no film."""
    words = [command()[0], "-hide_banner", "-nostdin", "-i", str(path)]
    # a line for each packet: ffmpeg 7 tells no count of frames that it only copies
    words += ["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]
    with tempfile.TemporaryFile() as log:
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log) as reader:
            assert reader.stdout
            count = sum(line[:1].isdigit() for line in reader.stdout)
        log.seek(0)
        text = log.read().decode("utf-8", "replace")
    shape = re.search(r"Video:.*?\b(\d{2,5})x(\d{2,5})\b", text)
    if reader.returncode or not count or not shape:
        return 0, 0, 0
    return count, int(shape[2]), int(shape[1])
