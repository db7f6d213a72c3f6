"""Levels in bulk: many start states in one .npz file, an array for each part of them.

`np.load("levels.npz")["tiles"]` works for anybody. Reading checks every size before it takes the
memory, and every level before a rule may see it; nothing in a file is run, evaluated or unpickled.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from ... import check, files, rng, state
from ...errors import Reader, UserError
from ...jit import kernel
from ...world import World
from ..kind import About, Format, Levels, about_of, world_for

MARK = "goalshift-levels/1"
MAX_MEMBERS, MAX_HEADER, MAX_ABOUT = 64, 1 << 12, 1 << 20
MAX_FILE, MAX_BYTES = 32 << 20, 24 << 20  # of one file, as it lies there and decoded
MAX_DIRECTORY = MAX_MEMBERS * 512
PLACES = ("y", "x", "face", "alive")
# what NumPy writes before an array of numbers; its own reader would evaluate any expression here
HEADER = re.compile(
    rb"\{'descr': '([<>|]?(?:b1|[iu][1248]|f[248]))', 'fortran_order': False,"
    rb" 'shape': \((\d{1,9}, ?(?:\d{1,9}(?:, ?\d{1,9}){0,2})?)\), ?\}\s*"
)


def save(
    path: Path,
    world: World,
    states: np.recarray,
    extra: Mapping[str, np.ndarray] | None = None,
    said: About | None = None,
) -> None:
    """Write start states, arrays `extra` of facts about them, and what is `said` about all of them,
    to `path`; whole or not at all.
    """
    splits = [name for name in world.split_names if max(world.split(name).weights) == 1.0]
    rows = {name: world.split(name).weights.index(1.0) for name in splits}
    # of splits with the same parameters the first
    first = {row: name for name, row in reversed(rows.items())}
    used = sorted({first[int(row)] for row in np.unique(states["row"])}, key=splits.index)
    about = {
        "format": MARK,
        "world": world.name,
        "version": world.version,
        "learners": world.learners,
        "splits": {name: world.rows[rows[name]]._asdict() for name in used},
        **(said or About()).told(),
    }
    arrays = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "seed": states["seed"],
        "episode": states["episode"].astype(np.int32),
        "split": np.array([used.index(first[int(row)]) for row in states["row"]], np.uint8),
        "h": states["h"].astype(np.uint8),
        "w": states["w"].astype(np.uint8),
        **{name: states[name].astype(np.int32) for name in PLACES},
        **{f"field_{name}": states[name].astype(np.int64) for name in world.shapes},
        "tiles": states["tiles"],
        **(extra or {}),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            plain = io.BytesIO()
            np.lib.format.write_array(plain, np.ascontiguousarray(array), allow_pickle=False)
            # A fixed date: the same levels give the same bytes.
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"), plain.getbuffer(), zipfile.ZIP_DEFLATED, 1
            )
    files.write(path, packed.getvalue())


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, within the limits above. Raises UserError in one line."""
    data = files.read(path, MAX_FILE)
    reader = Reader(path)
    message = f"no sound .npz file, or one of more than {MAX_MEMBERS} arrays"
    reader.need(_is_short(data), message)
    found: dict[str, np.ndarray] = {}
    room = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            message = f"{len(members)} arrays; at most {MAX_MEMBERS} are read"
            reader.need(len(members) <= MAX_MEMBERS, message)
            for member in members:
                array = _array(archive, member, room, reader)
                room -= array.nbytes
                found[member.filename.removesuffix(".npy")] = array
    except UserError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ValueError,
        OverflowError,
        EOFError,
        RuntimeError,  # NotImplementedError is one
    ) as fault:
        raise reader.fault(f"no sound .npz file ({' '.join(str(fault).split())[:80]})") from None
    return found


def _array(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int, reader: Reader
) -> np.ndarray:
    """One array of a file, if it takes no more than `room` bytes."""
    name = member.filename[:60]
    packing = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    reader.need(not member.flag_bits & 1, "it is encrypted")
    reader.need(
        member.compress_type in packing, f"the array '{name}' is packed in a way that is not read"
    )
    with archive.open(member) as file:
        shape, dtype = _header(file)
        size = math.prod(shape) * dtype.itemsize
        message = f"more than {MAX_BYTES >> 20} MB of arrays; split it into several files"
        reader.need(size <= room, message)
        data = file.read(size)
    reader.need(len(data) == size, f"the array '{name}' is cut short")
    return np.frombuffer(data, dtype).reshape(shape)


def _is_short(data: bytes) -> bool:
    """Is the table of contents as short as ours are? Python's reader takes in all of it before it
    can be asked.
    """
    tail = data[-(1 << 16) :]
    end = tail.rfind(b"PK\5\6")
    if end < 0 or end + 22 > len(tail) or b"PK\6\7" in tail:
        return False
    return int.from_bytes(tail[end + 12 : end + 16], "little") <= MAX_DIRECTORY


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of an .npy member, without its data; ValueError if it holds no numbers in one
    to four dimensions.
    """
    start = file.read(8)
    if start not in (b"\x93NUMPY\1\0", b"\x93NUMPY\2\0"):
        raise ValueError("a member is no array")
    length = int.from_bytes(file.read(2 if start[6] == 1 else 4), "little")
    if length > MAX_HEADER:
        raise ValueError("an array's header is too long")
    found = HEADER.fullmatch(file.read(length))
    if found is None:
        raise ValueError("a member holds no numbers, or in a shape that is not read")
    return tuple(map(int, found[2].rstrip(b", ").split(b","))), np.dtype(found[1].decode())


def about(arrays: Mapping[str, np.ndarray], path: Path) -> dict[str, Any]:
    """What the file says of itself: world, version, splits. Raises UserError if it is no file of
    levels.
    """
    reader = Reader(path)
    packed = arrays.get("about")
    told: Any = None
    if packed is not None and packed.dtype == np.uint8 and packed.size <= MAX_ABOUT:
        with contextlib.suppress(ValueError):  # no UTF-8, no JSON
            told = files.parse_json(packed.tobytes().decode(), str(path))
    found: dict[str, Any] = told if isinstance(told, dict) else {}
    message = f"no file of levels ('about' is missing, or of another format than {MARK})"
    files.refuse_newer(path, found.get("format"), MARK)
    reader.need(found.get("format") == MARK, message)
    splits: Any = found.get("splits")
    sound = isinstance(found.get("world"), str) and isinstance(splits, dict)
    sound = sound and 1 <= len(splits) <= 64
    reader.need(sound, "its 'about' lacks the world or its splits")
    sound = all(isinstance(row, dict) for row in splits.values())
    reader.need(sound, "its 'about' lacks the parameters of a split")
    return found


def load(path: Path, world: World) -> tuple[np.recarray, dict[str, np.ndarray]]:
    """The start states in a file written by `save`, checked, and the facts about them."""
    return build(arrays_of(path), path, world)


def build(
    arrays: Mapping[str, np.ndarray], path: Path, world: World
) -> tuple[np.recarray, dict[str, np.ndarray]]:
    """The start states in the arrays of a file, checked, and the facts about them."""
    told, reader = about(arrays, path), Reader(path)
    need = reader.need
    name, version = told["world"][:64], str(told.get("version"))[:20]
    need(name == world.name, f"levels of '{name}', not of '{world.name}'")
    message = f"made for version {version} of '{world.name}'; this is version {world.version}"
    need(told.get("version") == world.version, message)
    rows = [_row(world, split, params, reader) for split, params in told["splits"].items()]
    n = len(arrays.get("tiles", ()))
    need(n > 0, "it holds no level")
    need(n * world.dtype.itemsize <= 4 * MAX_BYTES, f"{n:,} levels are too many for one file")
    shapes = _shapes(world, n)
    for part, shape in shapes.items():
        need(part in arrays, f"the array '{part}' is missing")
        kind, found = arrays[part].dtype.kind, arrays[part].shape
        message = f"the array '{part}' must be whole numbers of shape {shape}, not {found}"
        if part == "tiles" and len(found) == 3 and world.smallest:
            size = f"{max(found[1], shape[1])}x{max(found[2], shape[2])}"
            message += f"; for larger boards add --world {world.name} --world.size {size}"
        fits = found == shape or (part == "tiles" and _within(found, shape))
        need(kind in "iu" and fits, message)
    sound = (arrays["tiles"] < len(world.tiles)).all()
    need(sound, "a cell holds a tile that the world lacks")
    split = arrays["split"]
    need(split.min() >= 0 and split.max() < len(rows), "the split of a level is missing")
    states = state.blank(world.dtype, n)
    states.row = np.array(rows)[split]
    for part in ("seed", "episode", "h", "w", *PLACES):
        states[part] = arrays[part]
    tall, wide = arrays["tiles"].shape[1:]  # smaller boards fit as well
    need((states.h <= tall).all() and (states.w <= wide).all(), "'tiles' lacks cells of a level")
    live = np.arange(tall)[:, None] < states.h[:, None, None]
    live = live & (np.arange(wide) < states.w[:, None, None])
    states.tiles[:, :tall, :wide] = arrays["tiles"] * live
    for field in world.shapes:
        states[field] = arrays[f"field_{field}"]
    set_keys(states)
    with reader.at():
        check.states(world, states)
    return states, {part: arrays[part] for part in arrays if part not in {*shapes, "about"}}


def _within(found: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return (
        len(found) == len(shape)
        and found[0] == shape[0]
        and all(1 <= a <= b for a, b in zip(found, shape, strict=True))
    )


def _shapes(world: World, n: int) -> dict[str, tuple[int, ...]]:
    """The arrays that a file of n levels has, and their shapes."""
    return {
        **dict.fromkeys(("seed", "episode", "split", "h", "w"), (n,)),
        "tiles": (n, *world.size),
        **dict.fromkeys(PLACES, (n, world.entities)),
        **{f"field_{name}": (n, *shape) for name, shape in world.shapes.items()},
    }


def set_keys(states: np.recarray) -> None:
    """Give every start state the stream of its seed and episode."""
    keys = np.zeros(len(states), np.uint64)
    with np.errstate(over="ignore"):
        _keys(states["seed"].copy(), states["episode"].astype(np.uint64), keys)
    states.key = keys


@kernel
def _keys(seeds, episodes, keys):
    for i in range(len(keys)):
        keys[i] = rng.dynamics(seeds[i], episodes[i])


def _row(world: World, name: str, params: Mapping[str, Any], reader: Reader) -> int:
    """The row of the split `name`, if it has these parameters."""
    names = ", ".join(world.split_names)
    message = f"world '{world.name}' has no split '{name[:64]}' (it has {names})"
    reader.need(name in world.split_names, message)
    row = world.split(name).weights.index(1.0)
    own = world.rows[row]._asdict()
    for key in own:
        told = str(params.get(key, own[key]))[:30]
        hint = f"add --world.{key.replace('_', '-')} {told}"
        message = f"made with {key} = {told} in '{name}', not {own[key]}; {hint}"
        reader.need(params.get(key, own[key]) == own[key], message)
    return row


def read(path: Path, given: World | None) -> Levels:
    """Levels in bulk, with the facts about them."""
    arrays = arrays_of(path)
    told = about(arrays, path)
    found = world_for(told["world"], given, path)
    states, facts = build(arrays, path, found)
    said = about_of(told, Reader(path))
    abouts = [said] * len(states) if any(said) else []
    return Levels(found, states, [""] * len(states), facts, abouts=abouts)


def write(levels: Levels, path: Path) -> None:
    """All levels, facts about them, and what is said about all alike; without their names."""
    save(path, levels.world, levels.states, levels.facts, levels.shared)


FORMAT = Format("levels in bulk, an array for each part of them", (".npz",), read, write)
