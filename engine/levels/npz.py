"""Levels in bulk: many start states in one .npz file, an array for each part of them; and folders
of such files.

`np.load("levels.npz")["tiles"]` works for anybody. Reading checks every size before it takes the
memory, and every level before a rule may see it; nothing in a file is run or unpickled.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import check, files, rng, state
from ..errors import UserError
from ..jit import kernel

if TYPE_CHECKING:
    from ..world import World

FORMAT = "goalshift-levels/1"
MAX_MEMBERS, MAX_HEADER = 64, 1 << 12
MAX_FILE, MAX_BYTES = 32 << 20, 24 << 20  # of one file, as it lies there and decoded
MAX_DIRECTORY = MAX_MEMBERS * 512
PLACES = ("y", "x", "face", "alive")
# of a folder of files, as `level gen` makes them
INDEX, SET_FORMAT = "levels.json", "goalshift-level-set/1"
MAX_INDEX = 16 << 20


def save(
    path: Path, world: World, states: np.recarray, extra: Mapping[str, np.ndarray] | None = None
) -> None:
    """Write start states, and arrays `extra` of facts about them, to `path`; whole or not at
    all.
    """
    splits = [name for name in world.split_names if max(world.split(name).weights) == 1.0]
    rows = {name: world.split(name).weights.index(1.0) for name in splits}
    # of splits with the same parameters the first
    first = {row: name for name, row in reversed(rows.items())}
    used = sorted({first[int(row)] for row in np.unique(states["row"])}, key=splits.index)
    about = {
        "format": FORMAT,
        "world": world.name,
        "version": world.version,
        "learners": world.learners,
        "splits": {name: world.rows[rows[name]]._asdict() for name in used},
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

    def need(true: bool, message: str) -> None:
        if not true:
            raise UserError(f"{path}: {message}")

    found: dict[str, np.ndarray] = {}
    taken = 0
    try:
        need(files.size_of(path) <= MAX_FILE, f"larger than {MAX_FILE >> 20} MB")
        need(_is_short(path), f"no sound .npz file, or one of more than {MAX_MEMBERS} arrays")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            need(
                len(members) <= MAX_MEMBERS,
                f"{len(members)} arrays; at most {MAX_MEMBERS} are read",
            )
            for member in members:
                need(not member.flag_bits & 1, "it is encrypted")
                with archive.open(member) as file:
                    shape, dtype = _header(file)
                    size = math.prod(shape) * dtype.itemsize
                    need(dtype.kind in "iufb", f"the array '{member.filename}' holds no numbers")
                    taken += size
                    need(
                        taken <= MAX_BYTES,
                        f"more than {MAX_BYTES >> 20} MB of arrays; split it into several files",
                    )
                    data = file.read(size)
                    need(len(data) == size, f"the array '{member.filename}' is cut short")
                    found[member.filename.removesuffix(".npy")] = np.frombuffer(
                        data, dtype
                    ).reshape(shape)
    except UserError:
        raise
    except OSError as fault:
        raise UserError(f"{path}: {(fault.strerror or 'cannot be read').lower()}") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as fault:
        raise UserError(
            f"{path}: no sound .npz file ({' '.join(str(fault).split())[:80]})"
        ) from None
    return found


def _is_short(path: Path) -> bool:
    """Is the table of contents as short as ours are? Python's reader takes in all of it before it
    can be asked.
    """
    with open(path, "rb") as file:
        file.seek(max(path.stat().st_size - (1 << 16), 0))
        tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or end + 22 > len(tail) or b"PK\6\7" in tail:
        return False
    return int.from_bytes(tail[end + 12 : end + 16], "little") <= MAX_DIRECTORY


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of an .npy member, without its data; ValueError if there is none."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"array format {version}")
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, in_columns, dtype = read(file, max_header_size=MAX_HEADER)
    if in_columns or any(side < 0 for side in shape) or len(shape) > 4:
        raise ValueError("an array of a shape that is not read")
    return shape, dtype


def about(arrays: Mapping[str, np.ndarray], path: Path) -> dict[str, Any]:
    """What the file says of itself: world, version, splits. Raises UserError if it is no file of
    levels.
    """
    try:
        found = json.loads(arrays["about"].tobytes()) if arrays["about"].dtype == np.uint8 else None
    except (KeyError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UserError(
            f"{path}: no file of levels ('about' is missing, or of another format than {FORMAT})"
        )
    splits = found.get("splits")
    if not (
        isinstance(found.get("world"), str) and isinstance(splits, dict) and 1 <= len(splits) <= 64
    ):
        raise UserError(f"{path}: its 'about' lacks the world or its splits")
    if not all(isinstance(row, dict) for row in splits.values()):
        raise UserError(f"{path}: its 'about' lacks the parameters of a split")
    return found


def load(path: Path, world: World) -> tuple[np.recarray, dict[str, np.ndarray]]:
    """The start states in a file written by `save`, checked, and the facts about them."""
    arrays = arrays_of(path)
    told = about(arrays, path)

    def need(true: bool, message: str) -> None:
        if not true:
            raise UserError(f"{path}: {message}")

    need(told["world"] == world.name, f"levels of '{told['world']}', not of '{world.name}'")
    message = (
        f"made for version {told.get('version')} of '{world.name}'; this is version {world.version}"
    )
    need(told.get("version") == world.version, message)
    rows = [_row(world, name, params, path) for name, params in told["splits"].items()]
    (height, width), n = world.size, len(arrays.get("tiles", ()))
    need(n > 0, "it holds no level")
    shapes = {
        "seed": (n,),
        "episode": (n,),
        "split": (n,),
        "h": (n,),
        "w": (n,),
        "tiles": (n, height, width),
    }
    shapes |= {name: (n, world.entities) for name in PLACES}
    shapes |= {f"field_{name}": (n, *shape) for name, shape in world.shapes.items()}
    need(n * world.dtype.itemsize <= 4 * MAX_BYTES, f"{n:,} levels are too many for one file")
    for name, shape in shapes.items():
        need(name in arrays, f"the array '{name}' is missing")
        kind, found = arrays[name].dtype.kind, arrays[name].shape
        need(
            kind in "iu" and found == shape,
            f"the array '{name}' must be whole numbers of shape {shape}, not {found}",
        )
    need(
        bool((arrays["tiles"] < len(world.tiles)).all()), "a cell holds a tile that the world lacks"
    )
    need(int(arrays["split"].max()) < len(rows), "the split of a level is missing")
    states = state.blank(world.dtype, n)
    states.row = np.array(rows)[arrays["split"]]
    for name in ("seed", "episode", "h", "w", "tiles", *PLACES):
        states[name] = arrays[name]
    for name in world.shapes:
        states[name] = arrays[f"field_{name}"]
    set_keys(states)
    try:
        check.states(world, states)
    except UserError as fault:
        raise UserError(f"{path}: {fault}") from None
    extra = {
        name: array for name, array in arrays.items() if name not in shapes and name != "about"
    }
    return states, extra


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


def _row(world: World, name: str, params: Mapping[str, Any], path: Path) -> int:
    """The row of the split `name`, if it has these parameters."""
    if name not in world.split_names:
        raise UserError(
            f"{path}: world '{world.name}' has no split '{name}' (it has {', '.join(world.split_names)})"
        )
    row = world.split(name).weights.index(1.0)
    own = world.rows[row]._asdict()
    for key in own:
        if params.get(key, own[key]) != own[key]:
            hint = f"add --world.{key.replace('_', '-')} {params[key]}"
            raise UserError(
                f"{path}: made with {key} = {params[key]} in '{name}', not {own[key]}; {hint}"
            )
    return row


def index_of(folder: Path) -> dict[str, Any]:
    """The index of a folder of files of levels; UserError if there is none, or it is broken."""
    path = folder / INDEX
    told: Any = {}
    try:
        if files.size_of(path) > MAX_INDEX:
            raise UserError(f"{path}: larger than {MAX_INDEX >> 20} MB")
        told = json.loads(path.read_text(encoding="utf-8"))
        sound = told["format"] == SET_FORMAT and all(
            isinstance(shard["levels"], int) and Path(shard["file"]).name == shard["file"]
            for shard in told["shards"]
        )
    except UserError:
        raise
    except OSError as fault:
        raise UserError(f"{path}: {(fault.strerror or 'cannot be read').lower()}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise UserError(f"{path}: no sound index of a set of levels")
    return told
