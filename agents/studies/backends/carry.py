"""Files by value: what a job reads and writes, taken to a machine without our disk, and back."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ....engine import child
from ....engine.errors import UserError
from ....engine.files import make_folder, write
from ....engine.version import __version__
from .backend import Done, Task, begin, said, wait

MOST = 1 << 30  # bytes of a job's files

Files = dict[str, bytes]  # by path below the folder; "": the path is a file


@dataclass(frozen=True)
class Parcel:
    """A job with everything it needs: its words, and its files by the paths in the words."""

    words: list[str]
    reads: list[tuple[str, Files]]
    writes: list[str]
    version: str = __version__


@dataclass(frozen=True)
class Answer:
    """How the job ended, and what it made, in the order of the parcel's `writes`."""

    done: Done
    made: list[Files]


def pack(task: Task) -> Parcel:
    """The job with its files. UserError if they are too large to be carried."""
    reads = [(str(path), collect(path)) for path in task.reads]
    return Parcel(task.words(), reads, [str(path) for path in task.writes])


def collect(path: Path) -> Files:
    """A file, or all files of a folder, as bytes."""
    if path.is_file():
        return {"": path.read_bytes()}
    found, size = {}, 0
    for one in sorted(path.rglob("*")):
        if one.is_file() and not one.is_symlink() and not one.name.endswith((".lock", ".tmp")):
            size += one.stat().st_size
            if size > MOST:
                raise UserError(f"'{path}' is too large to be carried: more than {MOST >> 30} GB")
            found[one.relative_to(path).as_posix()] = one.read_bytes()
    return found


def spread(files: Files, path: Path) -> None:
    """The files of `collect`, written whole at `path`."""
    for name, data in files.items():
        target = path / name if name else path
        if not os.path.abspath(target).startswith(os.path.abspath(path)):
            raise UserError(f"'{name}' would be written outside '{path}'")
        make_folder(target.parent)
        write(target, data)


def perform(parcel: Parcel) -> Answer:
    """Do the job in a folder of its own on this machine."""
    if parcel.version != __version__:
        told = f"this node has goalshift {__version__}, and the job comes from {parcel.version}"
        return Answer(Done(2, err=told), [])
    with tempfile.TemporaryDirectory(prefix="goalshift-") as folder:
        places: dict[str, Path] = {}
        for text in (*(text for text, _ in parcel.reads), *parcel.writes):
            # a folder keeps its name: agents are called after theirs
            name = Path(text).name or "files"
            places.setdefault(text, Path(folder, str(len(places)), name))
            make_folder(places[text].parent)
        for text, files in parcel.reads:
            spread(files, places[text])
        words = [_moved(word, places) for word in parcel.words]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = wait(begin(words, out, err, folder))
            done = Done(code, *(_back(said(file), places) for file in (out, err)))
        return Answer(done, [collect(places[text]) for text in parcel.writes])


def unpack(answer: Answer, task: Task) -> Done:
    """Write what the job made to where it belongs."""
    for path, files in zip(task.writes, answer.made, strict=False):
        spread(files, path)
    return answer.done


def _moved(word: str, places: dict[str, Path]) -> str:
    """A word of the command with the path in it as it is on this machine."""
    flag, equals, text = word.rpartition("=") if word.startswith("--") else ("", "", word)
    text = str(Path(text)) if text.startswith("./") else text  # as paths are written
    for ours, place in places.items():
        if text == ours or text.startswith(f"{ours}/"):
            return f"{flag}{equals}{place}{text[len(ours) :]}"
    return word


def _back(text: str, places: dict[str, Path]) -> str:
    """What was said, with paths as the person knows them."""
    for ours, place in sorted(places.items(), key=lambda pair: -len(str(pair[1]))):
        text = text.replace(str(place), ours)
    return text


def path_of_this_goalshift() -> str:
    """What makes this goalshift importable by processes that others start on this machine."""
    return child.environment().get("PYTHONPATH", "")
