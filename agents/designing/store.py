"""Large sets of levels on disk: drawn into a folder of files, and gone on with if that broke off."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...engine import files
from ...engine.errors import RunError, UserError, need
from ...engine.jit import fingerprint
from ...engine.levels.folder import INDEX, SET_FORMAT, index_of
from ...engine.levels.kinds import npz
from ...engine.world import World
from .check_level import names
from .draw import Cursor, Names, Progress, draw, warm
from .levelset import Part
from .order import Order, Source

SHARD, SHARD_BYTES = 50_000, 12 << 20  # of one file


def gather(
    folder: Path, order: Order, source: Source, workers: int = 1, progress: Progress | None = None
) -> dict[str, Any]:
    """Draw an order into `folder`: files of up to 50,000 levels, and an index that a broken-off set
    goes on from.

    Returns the index. Memory does not grow with the set but for 16 to 32 bytes a level, its name.
    Raises UserError if the folder holds another set.
    """
    mark = json.loads(json.dumps(asdict(order))) | {"code": fingerprint(source.script.generate)}
    cursor, seen, shards = Cursor(), Names(), []
    index = folder / INDEX
    if index.exists():
        told = read_index(folder)
        if told["order"] != mark:
            raise UserError(
                f"'{folder}' holds another set of levels; name another folder, or add --force"
            )
        cursor, shards = Cursor(**told["cursor"]), told["shards"]
        for shard in shards:
            # not as the file has them: an older release gave other names
            seen.add(names(source, npz.load(folder / shard["file"], source.world)[0]))
    size = max(1, min(SHARD, SHARD_BYTES // source.world.dtype.itemsize))
    held: list[Part] = []

    def write(done: bool) -> None:
        if held:
            files.make_folder(folder)
            name = f"levels-{len(shards):05}.npz"
            count = sum(len(part.states) for part in held)
            _write_shard(folder / name, source.world, held)
            shards.append({"file": name, "levels": count})
            held.clear()
        told = {
            "format": SET_FORMAT,
            "order": mark,
            "cursor": asdict(cursor),
            "shards": shards,
            "done": done,
        }
        files.write(files.make_folder(folder) / INDEX, json.dumps(told, indent=1).encode())

    try:
        if cursor.accepted < order.n:
            warm(source, workers)
            for part in draw(order, source, cursor, seen, workers, progress):
                held.append(part)
                if sum(len(part.states) for part in held) >= size:
                    write(False)
        write(True)
    except RunError as fault:
        safe = sum(shard["levels"] for shard in shards)
        if not safe:
            raise
        raise RunError(
            f"{fault}; {safe:,} levels are safe in '{folder}', and the same command goes on"
        ) from fault
    return read_index(folder)


def clear(folder: Path) -> None:
    """Delete the set of levels in `folder`, and nothing else."""
    if (folder / INDEX).exists():
        for path in folder.glob("levels-[0-9]*.npz"):
            path.unlink()
        (folder / INDEX).unlink()


def _write_shard(path: Path, world: World, parts: list[Part]) -> None:
    facts = {name: np.concatenate([p.facts[name] for p in parts]) for name in parts[0].facts}
    facts |= {name: facts[name].astype(np.int32) for name in ("distance", "steps", "effort")}
    extra = {"moves": np.concatenate([p.moves for p in parts]), "lengths": facts["steps"], **facts}
    npz.save(path, world, np.concatenate([p.states for p in parts]).view(np.recarray), extra)


def read_index(folder: Path) -> dict[str, Any]:
    """The index of a set on disk, with the cursor to go on from; UserError if there is none, or it
    is broken.
    """
    told = index_of(folder)
    try:
        cursor = Cursor(**told["cursor"])
        counts = [cursor.phase, cursor.candidate, cursor.accepted, cursor.kept, cursor.tried]
        counts += [*cursor.bins, *cursor.tally.values()]
        sound = "order" in told and all(type(n) is int and 0 <= n < 2**53 for n in counts)
    except (KeyError, TypeError, AttributeError):
        sound = False
    need(sound, f"{folder / INDEX}: no sound index of a set of levels")
    return told
