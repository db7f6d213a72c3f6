"""The files of a run: configurations, logs and checkpoints, written whole and read with suspicion.

Each file replaces its predecessor in one step. Nothing here is ever unpickled: files may come from
strangers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as pack

from ...engine import catalogue, files
from ...engine.counts import whole
from ...engine.errors import Reader, UserError
from ...engine.files import write
from .config import TrainConfig
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
MAX_FILE, MAX_HEADER, MAX_JSON = 2**30, 2**22, 2**22  # bytes; larger files are refused unread
MAX_FIGURES, FAR = 256, 1e30  # of a log: how many in a row, and how large
LISTED = 8  # runs that a fault names


def write_json(path: Path, data: Any) -> None:
    """`write`, for people to read: no NaN, no infinity."""
    write(path, (json.dumps(data, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; UserError, naming the file, if there is none."""
    found = files.read_json(path, MAX_JSON)
    if not isinstance(found, dict):
        raise UserError(f"{path}: it does not hold a JSON object")
    return found


def read_config(path: Path) -> tuple[TrainConfig, Any]:
    """What a config.json holds: how the run was begun, and the version of its world.

    UserError, naming the file, if it is none.
    """
    data = read_json(path)
    version, form = data.pop("world_version", None), data.pop("format", None)
    files.refuse_newer(path, form, FORMAT)
    with Reader(path).at():
        return TrainConfig.from_json(data), version


def is_finished(folder: Path) -> bool:
    """Does a run hold weights of its last step? UserError if its files are unsound."""
    if not (folder / CHECKPOINT).is_file():
        return False
    steps = read_json((folder / CHECKPOINT).with_suffix(".json")).get("steps")
    return type(steps) is int and steps >= read_config(folder / CONFIG)[0].steps


def forget_run(folder: Path) -> None:
    """Delete the files of a run in `folder`, and nothing else: a new one may begin there."""
    arrays = [folder / name for name in (CHECKPOINT, RESUME, PREVIOUS)]
    texts = [folder / name for name in (CONFIG, LOG, TABLE, EVALUATION)]
    kept = [
        path
        for path in (folder / KEPT).glob("[0-9]*.*")
        if whole(path.stem) is not None and path.suffix in (".safetensors", ".json")
    ]
    with only_writer(folder):
        for path in (*arrays, *(path.with_suffix(".json") for path in arrays[:2]), *texts, *kept):
            path.unlink(missing_ok=True)


def checkpoint_of(path: Path) -> Path:
    """The checkpoint of a run folder, or the file itself. UserError if it is none, with what it may
    be instead.
    """
    if path.is_dir():
        if (path / CHECKPOINT).exists():
            return path / CHECKPOINT
        runs = sorted(str(one.parent) for one in path.glob(f"*/{CHECKPOINT}"))
        if runs:
            more = f" and {len(runs) - LISTED} more" * (len(runs) > LISTED)
            raise UserError(
                f"'{path}' is a folder of runs: name one or more of {', '.join(runs[:LISTED])}{more}"
            )
        raise UserError(f"'{path}' holds no {CHECKPOINT} yet")
    if not path.exists() and str(path) in catalogue.names():
        raise UserError(
            f"'{path}' is a world, and a run is wanted: goalshift demo {path} --pretrained makes one"
            f" of the agent that ships, goalshift train {path} trains one"
        )
    if path.suffix == ".zip" and path.exists():
        raise UserError(
            f"'{path}' is an agent of Stable-Baselines3: such files run code when they are opened, so"
            " goalshift opens none. In Python, load it with Stable-Baselines3 and give"
            " goalshift.evaluate a Policy that asks its predict()"
        )
    return path


def save_arrays(
    path: Path, arrays: dict[str, np.ndarray], about: dict[str, Any], keep: Path | None = None
) -> None:
    """Arrays and their description as one safetensors file with a digest.

    The description again beside it.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
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
    with _opened(path, kind) as (file, about):
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
    if about.get("digest") != _digest(arrays):
        raise UserError(f"'{path}' is damaged: its contents do not match its digest")
    return arrays, about


def described(path: Path, kind: str) -> dict[str, Any]:
    """What a file says of itself, without a look at its arrays. Raises UserError, naming it."""
    with _opened(path, kind) as (_, about):
        return about


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A file of arrays and its description; whatever is wrong inside becomes a UserError."""
    try:
        size = files.size_of(path)
        with path.open("rb") as begin:
            header = int.from_bytes(begin.read(8), "little")
    except OSError as fault:
        raise UserError(f"{path}: {files.reason(fault)}") from None
    if size > MAX_FILE:
        raise UserError(f"'{path}' holds {size >> 20} MiB; at most {MAX_FILE >> 20} are allowed")
    if size >= header > MAX_HEADER:
        raise UserError(f"'{path}' has a header of {header >> 20} MiB; no goalshift file has")
    try:
        with safe_open(path, framework="np") as file:
            about = json.loads((file.metadata() or {}).get("goalshift", "null"))
            if not isinstance(about, dict) or about.get("kind") != kind:
                raise UserError(f"'{path}' is not a goalshift {kind}")
            files.refuse_newer(path, about.get("format"), FORMAT)
            if about.get("format") != FORMAT:
                raise UserError(
                    f"'{path}' has format {about.get('format')}; this version reads format {FORMAT}"
                )
            yield file, about
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
        first = not self.table.exists()
        with files.appended(self.lines) as file:
            file.write(json.dumps(row).encode() + b"\n")
        with files.appended(self.table) as file:
            file.write(_csv([row], header=first))

    def rows(self, say: Callable[[str], None] = lambda line: None) -> Iterator[dict[str, Any]]:
        """The rows, one at a time. Lines that are none are left out, and `say` gets a word on them
        at the end. Raises UserError if the log is no file.
        """
        bad, first, known = 0, 0, set()
        for number, line in files.lines(self.lines) if self.lines.exists() else ():
            row = _row(line)
            if row is not None and len(known | row.keys()) <= MAX_FIGURES:
                known |= row.keys()
                yield row
            elif line != b"":
                bad, first = bad + 1, first or number
        if bad:
            many = f"{bad:,} lines are no rows, the first is line {first:,}"
            say(f"{self.lines}: {many if bad > 1 else f'line {first:,} is no row'}; left out")

    def thinned(self, most: int = 20_000) -> list[dict[str, Any]]:
        """At most `most` rows, evenly spread over the whole log and the last of all: enough to draw
        it, whatever its size.
        """
        kept: list[dict[str, Any]] = []
        every, last = 1, None
        for k, row in enumerate(self.rows()):
            last = row
            if k % every == 0:
                kept.append(row)
                if len(kept) >= most:
                    kept, every = kept[::2], 2 * every
        if last is not None and kept[-1] is not last:
            kept.append(last)
        return kept

    def last(self) -> dict[str, Any]:
        """The last row; empty without one."""
        return next(iter(deque(self.rows(), 1)), {})

    def rewind(self, step: int, say: Callable[[str], None] = lambda line: None) -> None:
        """Forget the rows after `step`: they will be lived through again. For `say` see `rows`."""
        header = True
        with files.replaced(self.lines) as lines, files.replaced(self.table) as table:
            for row in self.rows(say):
                if row["step"] <= step:
                    lines.write(json.dumps(row).encode() + b"\n")
                    table.write(_csv([row], header))
                    header = False
        if header:
            self.table.unlink(missing_ok=True)


def _row(line: bytes | None) -> dict[str, Any] | None:
    """A row of a log: its step, and figures by name; None for anything else."""
    try:
        row = json.loads(line.decode()) if line is not None else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or type(row.get("step")) is not int or row["step"] < 0:
        return None
    sound = all(
        value is None or (type(value) in (int, float) and abs(value) < FAR)
        for value in row.values()
    )
    return row if sound else None


def _csv(rows: list[dict[str, Any]], header: bool) -> bytes:
    keys = list(rows[0])
    lines = [[row.get(key, "") for key in keys] for row in rows]
    return files.csv_bytes([keys, *lines] if header else lines)
