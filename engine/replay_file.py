"""The bytes of a replay: what its header says, checked whole before anything is made of it.

A file is one line of JSON and the compressed actions; a code is the same as a text for a link.
Format 2 adds one key to the JSON, `known`: what was known when it was recorded (`worth.Known`), such
as the references that say what is met. A replay without it is written as format 1, as before. Format
3 adds `record`, of worlds whose records were once written differently: of an older replay what
happened is compared, by its event totals, and not the states.
Both may come from strangers: sizes are bounded before anything is allocated, and nothing in them is
run.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

import numpy as np

from .check import FARTHEST
from .errors import UserError, did_you_mean, need
from .files import parse_json
from .worth import Known

FORMAT = 3  # the newest; 1 had nothing `known`, 2 no `record`
EVERY = 64  # steps from one checksum to the next
PREFIX = "GM1."
MAX_FILE = 4_000_000  # bytes of a file, or characters of a code
MAX_HEADER = 1_000_000  # bytes of the header line
MAX_ACTIONS = 4_000_000  # T * L
MAX_LABEL = 200
KEYS = ("format", "world", "version", "params", "seed", "episode", "start", "learners", "steps")
KEYS += ("checks", "totals", "engine", "label")


def checked_steps(length: int) -> list[int]:
    """The steps with a checksum: every 64th and the last."""
    steps = list(range(0, length + 1, EVERY))
    return steps if steps[-1] == length else [*steps, length]


def in_file(header: bytes, packed: bytes) -> bytes:
    """A file of this header and these actions."""
    return header + b"\n" + zlib.compress(packed, 9)


def of_file(data: bytes) -> tuple[bytes, bytes]:
    """The header and the actions of a file."""
    header, newline, packed = data.partition(b"\n")
    need(bool(newline) and header[:1] == b"{", "not a replay file")
    return header, inflate(packed, MAX_ACTIONS)


def in_code(header: bytes, packed: bytes) -> str:
    """A text of letters, digits, '-', '_' and '.' of this header and these actions."""
    body = base64.urlsafe_b64encode(zlib.compress(header + b"\n" + packed, 9))
    return PREFIX + body.decode().rstrip("=")


def of_code(text: str) -> tuple[bytes, bytes]:
    """The header and the actions of a code."""
    text = text.strip()
    need(text.startswith(PREFIX), f"not a replay code: it must begin with {PREFIX}")
    need(len(text) <= MAX_FILE, f"longer than {MAX_FILE} characters")
    try:
        body = text[len(PREFIX) :].encode("ascii")
        data = base64.b64decode(body + b"=" * (-len(body) % 4), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise UserError("damaged: it has characters that no code has, or lacks some") from None
    header, newline, packed = inflate(data, MAX_HEADER + 1 + MAX_ACTIONS).partition(b"\n")
    need(bool(newline), "damaged: it has no header")
    return header, packed


def deflate(start: bytes) -> str:
    """A start state as the header has it; `parts` reads it."""
    return base64.b64encode(zlib.compress(start, 9)).decode()


def inflate(data: bytes, limit: int) -> bytes:
    """Decompress to at most `limit` bytes; a bomb is refused before it is unpacked."""
    box = zlib.decompressobj()
    try:
        out = box.decompress(data, limit + 1)
    except zlib.error:
        raise UserError("damaged: its data cannot be unpacked") from None
    need(len(out) <= limit, f"its data unpacks to more than {limit} bytes")
    need(box.eof and not box.unused_data, "damaged: its data is cut short, or something follows it")
    return out


def parts(header: bytes, packed: bytes) -> dict[str, Any]:
    """The attributes of a `Replay`, from its header and its actions. Raises UserError if one is not
    sound.
    """
    values = _table(header)
    steps, learners = values["steps"], values["learners"]
    _check_numbers(values, len(packed))
    _check_marks(values)
    size = values.get("size")
    return {
        "world": values["world"],
        "version": values["version"],
        "params": values["params"],
        "seed": values["seed"],
        "episode": values["episode"],
        "start": _start(values),
        "actions": np.frombuffer(packed, np.uint8).reshape(steps, learners).astype(np.int64),
        "checks": tuple(int(c, 16) for c in values["checks"]),
        "totals": tuple(tuple(row) for row in values["totals"]),
        "engine": values["engine"],
        "label": values["label"],
        "known": Known.read(values["known"]) if "known" in values else None,
        "size": (size[0], size[1]) if size else None,
        "written": values.get("record", 0),
    }


def _table(header: bytes) -> dict[str, Any]:
    """The header with all its keys and no other, its texts short."""
    need(len(header) <= MAX_HEADER, f"its header is longer than {MAX_HEADER} bytes")
    try:
        values = parse_json(header.decode("utf-8"), "its header")
    except UnicodeDecodeError:
        raise UserError("damaged: its header is not text") from None
    need(isinstance(values, dict), "damaged: its header is not a table")
    form = values.get("format")
    need(_whole(form, 1), "not a replay: its header names no format")
    need(form <= FORMAT, f"format {form} is newer than this goalshift reads ({FORMAT}): update it")
    keys = (*KEYS, *((), ("known",), ("record",))[form - 1])
    spare = ("size",) if form < 3 else ("size", "known")
    for key in values:
        known = key in keys or key in spare
        need(known, f"unknown key {key!r} in its header.{did_you_mean(key, keys)}")
    for key in keys:
        need(key in values, f"its header lacks {key!r}")
    for key in ("world", "engine", "label"):
        short = isinstance(values[key], str) and len(values[key]) <= MAX_LABEL
        need(short, f"{key} is not a short text")
    return values


def _check_numbers(values: dict[str, Any], size: int) -> None:
    """`size` is that of the actions in bytes."""
    steps, learners = values["steps"], values["learners"]
    sound = _whole(steps, 0, MAX_ACTIONS) and _whole(learners, 1, MAX_ACTIONS)
    need(sound, "its lengths are not sound")
    asked = steps * learners
    need(size == asked, f"damaged: {size} actions where {asked} should be")
    need(_whole(values["seed"], -1, 2**64 - 1), "seed is not a whole number")
    for key in ("version", "episode", "record"):
        need(_whole(values.get(key, 0), 0, FARTHEST), f"{key} is not a whole number")
    params = values["params"]
    need(isinstance(params, dict) and len(params) <= 1000, "params is not a table")
    for name, value in params.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        need(number and abs(value) <= 1e15, f"parameter {name!r} is not a number")
    board = values.get("size")
    sound = isinstance(board, list) and len(board) == 2 and all(_whole(n, 1, 255) for n in board)
    need(board is None or sound, "its size is not that of a board")


def _check_marks(values: dict[str, Any]) -> None:
    checks, totals = values["checks"], values["totals"]
    marked = isinstance(checks, list) and all(
        isinstance(c, str) and re.fullmatch("[0-9a-f]{16}", c) for c in checks
    )
    expected = len(checked_steps(values["steps"]))
    need(marked and len(checks) == expected, "its checksums are not sound")
    table = isinstance(totals, list) and all(
        isinstance(row, list) and all(_whole(n, 0, FARTHEST) for n in row) for row in totals
    )
    need(table, "its event totals are not sound")


def _start(values: dict[str, Any]) -> bytes | None:
    start = values["start"]
    need((values["seed"] == -1) == (start is not None), "it needs either a seed or a start state")
    if start is None:
        return None
    try:
        return inflate(base64.b64decode(start, validate=True), MAX_HEADER)
    except UserError:
        raise
    except (TypeError, ValueError):
        raise UserError("its start state is not sound") from None


def _whole(value: Any, low: int, high: int = 2**63) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
