"""The files of a run: configurations, logs and checkpoints, written whole and read with suspicion.

Each file replaces its predecessor in one step. Nothing here is ever unpickled: files may come from
strangers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as pack

from ...engine import files
from ...engine.errors import RunError, UserError
from ...engine.files import write
from .lock import only_writer

CONFIG, LOG, TABLE = "config.json", "log.jsonl", "log.csv"
CHECKPOINT, RESUME, PREVIOUS = (
    "checkpoint.safetensors",
    "resume.safetensors",
    "resume.previous.safetensors",
)
KEPT = "checkpoints"  # folder of those on the way
EVALUATION = "evaluation.json"  # what `judging` makes of it
FORMAT = 1
MAX_FILE, MAX_JSON = 2**30, 2**22  # bytes; larger files are refused unread


def write_json(path: Path, data: Any) -> None:
    """`write`, for people to read: no NaN, no infinity."""
    write(path, (json.dumps(data, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; UserError, naming the file, if there is none."""
    found = files.read_json(path, MAX_JSON)
    if not isinstance(found, dict):
        raise UserError(f"{path}: it does not hold a JSON object")
    return found


def forget_run(folder: Path) -> None:
    """Delete the files of a run in `folder`, and nothing else: a new one may begin there."""
    arrays = [folder / name for name in (CHECKPOINT, RESUME, PREVIOUS)]
    texts = [folder / name for name in (CONFIG, LOG, TABLE, EVALUATION)]
    kept = (folder / KEPT).glob("[0-9]*.*")
    with only_writer(folder):
        for path in (*arrays, *(path.with_suffix(".json") for path in arrays[:2]), *texts, *kept):
            path.unlink(missing_ok=True)


def save_arrays(
    path: Path, arrays: dict[str, np.ndarray], about: dict[str, Any], keep: Path | None = None
) -> None:
    """Arrays and their description as one safetensors file with a digest.

    The description again beside it.
    """
    about = {**about, "format": FORMAT, "digest": _digest(arrays)}
    write(path, pack(arrays, {"goalshift": json.dumps(about, allow_nan=False)}), keep)
    write_json(path.with_suffix(".json"), about)


def load_arrays(
    path: Path, kind: str, expected: Callable[[dict], dict[str, tuple[int, ...]]] | None = None
):
    """The arrays and description that `save_arrays` wrote: `(arrays, about)`.

    `expected` maps the description to the arrays' names and shapes, which are compared before
    anything is read. UserError, in one line that names the file, for whatever is wrong with it.
    """
    try:
        size = files.size_of(path)
    except OSError as fault:
        raise UserError(f"{path}: {files.reason(fault)}") from None
    if size > MAX_FILE:
        raise UserError(f"'{path}' holds {size >> 20} MiB; at most {MAX_FILE >> 20} are allowed")
    try:
        with safe_open(path, framework="np") as file:
            about = json.loads((file.metadata() or {}).get("goalshift", "null"))
            if not isinstance(about, dict) or about.get("kind") != kind:
                raise UserError(f"'{path}' is not a goalshift {kind}")
            if about.get("format") != FORMAT:
                raise UserError(
                    f"'{path}' has format {about.get('format')}; this version reads format {FORMAT}"
                )
            names = list(file.keys())
            if expected is not None:
                wanted = expected(about)
                found = {name: tuple(file.get_slice(name).get_shape()) for name in names}
                for name in sorted({*wanted, *found}):
                    if wanted.get(name) != found.get(name):
                        raise UserError(
                            f"'{path}' is broken: '{name}' has shape {found.get(name)},"
                            f" not {wanted.get(name)}"
                        )
            arrays = {name: file.get_tensor(name) for name in names}
    except (
        SafetensorError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as fault:
        if isinstance(fault, UserError):
            raise
        raise UserError(
            f"'{path}' is broken or cut short ({str(fault).splitlines()[0][:100]})"
        ) from fault
    if about.get("digest") != _digest(arrays):
        raise UserError(f"'{path}' is damaged: its contents do not match its digest")
    return arrays, about


def _digest(arrays: dict[str, np.ndarray]) -> str:
    seal = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        seal.update(f"{name} {array.dtype.str} {array.shape};".encode())
        seal.update(np.ascontiguousarray(array).tobytes())
    return seal.hexdigest()


class Log:
    """One row per update, as JSON lines (null where there is no figure) and as CSV (empty)."""

    def __init__(self, folder: Path) -> None:
        self.lines, self.table = folder / LOG, folder / TABLE

    def add(self, row: dict[str, Any]) -> None:
        """Append one row to both files."""
        row = {
            k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()
        }
        try:
            first = not self.table.exists()
            with open(self.lines, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            with open(self.table, "ab") as file:
                file.write(_csv([row], header=first))
        except OSError as fault:
            raise RunError(f"cannot write '{fault.filename}': {fault.strerror}") from fault

    def rows(self) -> list[dict[str, Any]]:
        """All rows; a last line that was cut short by a crash is left out."""
        found = []
        if self.lines.exists():
            for line in self.lines.read_text(encoding="utf-8").splitlines():
                try:
                    found.append(json.loads(line))
                except ValueError:
                    break
        return found

    def rewind(self, step: int) -> None:
        """Forget the rows after `step`: they will be lived through again."""
        rows = [row for row in self.rows() if row["step"] <= step]
        write(self.lines, "".join(json.dumps(row) + "\n" for row in rows).encode())
        if rows:
            write(self.table, _csv(rows, header=True))
        else:
            self.table.unlink(missing_ok=True)


def _csv(rows: list[dict[str, Any]], header: bool) -> bytes:
    keys = list(rows[0])
    lines = [[row.get(key, "") for key in keys] for row in rows]
    return files.csv_bytes([keys, *lines] if header else lines)
