"""Large sets of levels: a folder of .npz files, as `level gen` makes it, and the index of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..errors import Reader, UserError
from ..world import World
from .kind import Levels, world_for
from .kinds import npz

INDEX, SET_FORMAT = "levels.json", "goalshift-level-set/1"
MAX_INDEX = 16 << 20  # bytes


def is_folder(path: Path) -> bool:
    """Is this a folder with a set of levels?"""
    return (path / INDEX).is_file()


def index_of(folder: Path) -> dict[str, Any]:
    """The index of a set; UserError if there is none, or it is broken."""
    path = folder / INDEX
    broken = Reader(path).fault("no sound index of a set of levels")
    text = files.read(path, MAX_INDEX)
    try:
        told = files.parse_json(text.decode(), str(path))
        form = told["format"]
        sound = form == SET_FORMAT and all(
            isinstance(shard["levels"], int) and Path(shard["file"]).name == shard["file"]
            for shard in told["shards"]
        )
    except (ValueError, KeyError, TypeError):
        raise broken from None
    files.refuse_newer(path, form, SET_FORMAT)
    if not sound:
        raise broken
    return told


def read(folder: Path, given: World | None, most: int = 0) -> Levels:
    """The levels of a set; at most `most`, if that is given."""
    found = given
    states: list[np.recarray] = []
    facts: list[dict[str, np.ndarray]] = []
    for shard in index_of(folder)["shards"]:
        if most and sum(map(len, states)) >= most:
            break
        path = folder / shard["file"]
        arrays = npz.arrays_of(path)
        found = found or world_for(npz.about(arrays, path)["world"], None, path)
        loaded, extra = npz.build(arrays, path, found)
        states.append(loaded)
        facts.append({name: values for name, values in extra.items() if len(values) == len(loaded)})
    if found is None or not states:
        raise UserError(f"'{folder}' holds no levels yet ({INDEX} lists none)")
    end = most or None
    joined_facts = {name: np.concatenate([one[name] for one in facts])[:end] for name in facts[0]}
    all_states = np.concatenate(states)[:end].view(np.recarray)
    return Levels(found, all_states, [""] * len(all_states), joined_facts)
