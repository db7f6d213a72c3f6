"""Files in and out: read within a cap and as what they claim to be, written whole or not at all.

What is read may come from strangers: only regular files are opened, no more than the cap is ever
held in memory, and every fault is one line that names the file.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from .counts import counted, whole
from .errors import RunError, UserError

O_NOFOLLOW: int = vars(os).get("O_NOFOLLOW", 0)  # Windows has none
PACKAGE = Path(__file__).resolve().parent.parent  # where goalshift itself is installed


def reason(fault: OSError) -> str:
    """Why the system refused, in lower case: "permission denied"."""
    return (fault.strerror or str(fault) or type(fault).__name__).lower()


def size_of(path: Path) -> int:
    """Bytes of a regular file; UserError for what can be read for ever (a pipe, a device)."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "no file that can be read to its end"
        raise UserError(f"{path}: {what}")
    return found.st_size


def read(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most`. Raises UserError."""
    data = b""
    try:
        size = size_of(path)
        if size <= most:
            with path.open("rb") as file:
                data = file.read(most + 1)
            size = len(data)
    except OSError as fault:
        raise UserError(f"{path}: {reason(fault)}") from None
    except ValueError as fault:  # a NUL in the name
        raise fault if isinstance(fault, UserError) else UserError(f"{path!r}: {fault}") from None
    if size > most:
        raise UserError(f"{path}: {size:,} bytes; at most {most:,} are read")
    return data


def lines(path: Path, longest: int = 1 << 16) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a regular file of any size, numbered from 1 and without their ends, one at a
    time in memory; None for one of more than `longest` bytes. Raises UserError.
    """
    try:
        size_of(path)
        with path.open("rb") as file:
            number = 0
            while line := file.readline(longest + 1):
                number += 1
                whole = line.endswith(b"\n") or len(line) <= longest
                yield number, line.rstrip(b"\r\n") if whole else None
                while line and not line.endswith(b"\n"):  # what is left of one that is too long
                    line = file.readline(1 << 20)
    except OSError as fault:
        raise UserError(f"{path}: {reason(fault)}") from None


def read_text(path: Path, most: int) -> str:
    """A file's text in UTF-8, with "\\n" at line ends. Raises UserError, with line and column."""
    data = read(path, most)
    try:
        return data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        column = fault.start - data.rfind(b"\n", 0, fault.start)
        raise UserError(f"{path}:{line}:{column}: no text in UTF-8") from None


def parse_json(text: str, where: str) -> Any:
    """JSON without NaN, doubled keys, and depths or numbers that nobody needs.

    Raises UserError that begins with `where` (a file, or "file:line") and the place in it.
    """

    def constant(name: str) -> None:
        raise ValueError(f"{name} is no number here")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a key is given twice")
        return found

    def whole(digits: str) -> int:
        if len(digits) > 20:
            raise ValueError("a number of more than 20 digits")
        return int(digits)

    def fraction(text: str) -> float:
        number = float(text)
        if abs(number) == float("inf"):
            raise ValueError(f"the number {text[:20]} is too large")
        return number

    try:
        return json.loads(
            text,
            parse_constant=constant,
            object_pairs_hook=once,
            parse_int=whole,
            parse_float=fraction,
        )
    except json.JSONDecodeError as fault:
        place = f":{fault.lineno}" * (fault.lineno > 1 or ":" not in where)
        message = fault.msg[0].lower() + fault.msg[1:]
        raise UserError(f"{where}{place}:{fault.colno}: {message}") from None
    except RecursionError:
        raise UserError(f"{where}: nested too deeply") from None
    except ValueError as fault:
        raise UserError(f"{where}: {fault}") from None


def read_json(path: Path, most: int = 4 << 20) -> Any:
    """What a file of strict JSON holds (see `parse_json`). Raises UserError."""
    return parse_json(read_text(path, most), str(path))


def refuse_newer(where: Path | str, found: Any, known: str | int) -> None:
    """Raise UserError if a file's format, such as 2 or "goalshift-audit/2", is one after `known`."""
    (name, _, form), (kind, _, newest) = str(found).rpartition("/"), str(known).rpartition("/")
    if name == kind and (whole(form, 9) or 0) > int(newest):
        told = f"{where}: format {form} is newer than this goalshift reads ({newest})"
        raise UserError(f"{told}: update it")


def read_csv(path: Path, most: int = 4 << 20) -> tuple[list[str], list[dict[str, str]]]:
    """The columns of a CSV file, and its rows by column. Raises UserError, with the line."""
    found = csv.reader(io.StringIO(read_text(path, most), newline=""), strict=True)
    try:
        head = next(found, [])
        rows = []
        for row in found:
            if len(row) != len(head):
                raise ValueError(f"{counted(len(row), 'cell')}, and {counted(len(head), 'column')}")
            rows.append(dict(zip(head, row, strict=True)))
    except (csv.Error, ValueError) as fault:
        raise UserError(f"{path}:{max(found.line_num, 1)}: no sound CSV ({fault})") from None
    if len(set(head)) < len(head):
        raise UserError(f"{path}:1: two columns are called alike")
    return head, rows


def csv_bytes(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as a CSV file in UTF-8 with "\\n" at line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def json_bytes(data: Any) -> bytes:
    """Plain data as a JSON file for people to read: indented, a line feed at its end, no NaN."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def make_folder(path: Path) -> Path:
    """The folder, made with those above it if need be. Raises RunError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise RunError(f"cannot make the folder '{path}': {reason(fault)}") from fault
    return path


def temporary(path: Path, suffix: str = "") -> Path:
    """Where what will be `path` is made: a hidden name that tells which process makes it.

    The dead leave such files behind: what they left in this folder is deleted the first time that
    this process writes there.
    """
    if path.parent not in _swept:
        _swept.add(path.parent)
        sweep(path.parent)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp{suffix}")


_swept: set[Path] = set()  # the folders that this process has looked through


def sweep(folder: Path) -> None:
    """Delete the unfinished files of processes that are no more; nothing is raised."""
    with contextlib.suppress(OSError):
        for path in folder.glob(".*.tmp*"):
            found = re.search(r"\.([0-9]{1,9})\.tmp(\.\w+)?$", path.name)
            if found and not _alive(int(found[1])):
                with contextlib.suppress(OSError):
                    path.unlink()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's, say
        return True
    return True


@contextlib.contextmanager
def replaced(path: Path, keep: Path | None = None) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` in one step when the block has ended well.

    A reader, or a crash, finds the old file or the new one. The old file goes to `keep`, if that is
    given. Raises RunError if it fails, and leaves the old file.
    """
    made = temporary(path)
    try:
        made.unlink(missing_ok=True)  # a link there could lead anywhere
        with open(made, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and path.exists():
            os.replace(path, keep)
        os.replace(made, path)
    except OSError as fault:
        raise RunError(f"cannot write '{path}': {reason(fault)}") from fault
    finally:  # also when a second Ctrl-C comes in the middle
        with contextlib.suppress(OSError):
            made.unlink(missing_ok=True)


@contextlib.contextmanager
def appended(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to at its end, which is no link to another place. Raises RunError."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o666), "ab") as file:
            yield file
    except OSError as fault:
        raise RunError(f"cannot write '{path}': {reason(fault)}") from fault


def write(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Replace `path` by `content` in one step, see `replaced`."""
    with replaced(path, keep) as file:
        file.write(content)
