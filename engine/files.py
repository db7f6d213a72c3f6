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
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .errors import RunError, UserError

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


def write(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Replace `path` in one step: a reader, or a crash, finds the old file or the new one.

    The old file goes to `keep`, if that is given. Raises RunError if it fails, and leaves the old
    file.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
    except OSError as fault:
        raise RunError(f"cannot write '{path}': {reason(fault)}") from fault
    finally:  # also when a second Ctrl-C comes in the middle
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
