"""The file of a bank's nets, read whole and with suspicion: it may come from a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.counts import counted
from ....engine.errors import Reader, UserError, need
from ....engine.files import reason
from ....engine.world import World
from ...learning.files import load_arrays
from ..bank.config import BankConfig
from ..bank.measure import eyes
from ..bank.nets import Places, View
from ..bank.tiny import NAMES, Weights

NETS, KIND = "nets.safetensors", "bank weights"
MOST = 100_000  # agents of a zoo, and nets of a file


@dataclass(frozen=True, eq=False)
class Nets:
    """All nets of a bank: what they see, and float32[nets, ...] of each layer.

    world, params: its name and the parameters changed; config: how they were trained.
    """

    number: int
    world: str
    params: tuple[tuple[str, float], ...]
    config: BankConfig
    digest: str
    arrays: dict[str, np.ndarray]

    def weights(self, k: int) -> Weights:
        """Those of one net."""
        return Weights(*(self.arrays[name][k] for name in NAMES))


def read_nets(folder: Path) -> Nets:
    """The nets of the bank in a folder. Raises UserError, naming the file, for what is unsound."""
    path = folder / NETS
    try:
        found = path.stat()
    except OSError as fault:
        raise UserError(f"{path}: {reason(fault)}") from None
    return _read(path, (found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=16)  # a bank and its checkpoints
def _read(path: Path, stamp: tuple[int, int]) -> Nets:
    reader = Reader(path)

    def expected(about: dict[str, Any]) -> dict[str, tuple[int, ...]]:
        with reader.at():
            return shapes(about)

    arrays, about = load_arrays(path, KIND, expected)
    for name, array in arrays.items():
        reader.need(array.dtype == np.float32, f"'{name}' is {array.dtype}, and not float32")
        reader.need(np.isfinite(array).all(), f"'{name}' holds values that are not finite")
    with reader.at():
        config = _config(about["config"])
    params = about["params"]
    sound = all(type(x) in (int, float) and abs(x) < 1e15 for x in params.values())
    reader.need(sound, "a parameter of its world is no number")
    pairs = tuple((str(name), float(x)) for name, x in params.items())
    return Nets(about["nets"], about["world"], pairs, config, about["digest"], arrays)


def _config(given: dict[str, Any]) -> BankConfig:
    try:
        return BankConfig(**given)
    except TypeError:
        raise UserError("its config is of no bank") from None


def seen_by(nets: Nets, world: World, folder: Path) -> Places | View:
    """What the nets look at in `world`. Raises UserError if they do not fit."""
    with Reader(folder / NETS).at():
        see = eyes(world, nets.config)
        inputs, actions = nets.arrays["w"].shape[1], nets.arrays["v"].shape[2]
        need(
            (inputs, actions) == (see.width, len(world.actions)),
            f"its nets take {counted(inputs, 'number')} and choose from {counted(actions, 'action')}; world"
            f" '{world.name}' shows {see.width} and has {len(world.actions)}",
        )
    return see


def shapes(about: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """What a file of nets must hold, by what it says of itself. Raises UserError."""
    sizes = [about.get(key) for key in ("nets", "inputs", "width", "actions")]
    sound = all(type(size) is int and 1 <= size <= 1_000_000 for size in sizes)
    tables = all(isinstance(about.get(key), dict) for key in ("config", "params"))
    need(sound and tables and isinstance(about.get("world"), str), "it does not describe its nets")
    n, inputs, width, actions = map(int, sizes)  # type: ignore[arg-type]
    need(n <= MOST, f"it holds {n:,} nets; at most {MOST:,} are read")
    layers = ((inputs, width), (width, actions), (inputs, width), (width, 1))
    return {name: (n, *shape) for name, shape in zip(NAMES, layers, strict=True)}
