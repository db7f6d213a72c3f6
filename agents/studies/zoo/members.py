"""The agents of a zoo: found in its folder, and opened one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.catalogue import recall
from ....engine.errors import Reader, UserError, need
from ....engine.world import World
from ...learning.files import (
    CHECKPOINT,
    CONFIG,
    KEPT,
    Log,
    is_finished,
    load_arrays,
    read_config,
    read_json,
)
from ...learning.run import history
from ...learning.trained import Trained
from ...policies.policy import Policy
from ..bank.config import BankConfig
from ..bank.measure import eyes
from ..bank.tiny import NAMES, TinyNet, Weights

NETS, KIND = "nets.safetensors", "bank weights"
PPO, TINY = "ppo", "tiny"
SEED = re.compile(r"seed-(\d{1,9})")
MOST = 100_000  # agents


@dataclass(frozen=True)
class Member:
    """One agent: where it is, and how it was trained.

    name: "corner/alpha=0/seed-1"; stratum: the world, with its parameters; point: what of the
    recipe varies; number: of its seed, or of the net in its bank; digest: of its weights.
    """

    name: str
    kind: str
    stratum: str
    point: str
    number: int
    split: str
    digest: str
    home: Path = field(repr=False)

    @property
    def recipe(self) -> str:
        """What its peers have in common."""
        return f"{self.stratum}/{self.point}"

    def world(self) -> World:
        """Its world, with its parameters."""
        return _world(self.kind, self.home)

    def open(self) -> Policy:
        """The agent as a policy. Raises UserError if it is broken."""
        if self.kind == PPO:
            return _in_world(Trained.load(self.home), self.world())
        see, weights = _nets(self.home)
        mine = Weights(*(weights[name][self.number] for name in NAMES))
        return TinyNet(self.world(), see, mine, self.name)

    def checkpoints(self) -> list[tuple[int, Policy]]:
        """What it was on the way, by steps of training. Raises UserError if nothing was kept."""
        need(self.kind == PPO, f"'{self.name}' is of a bank, which keeps no checkpoints")
        world = self.world()
        return [
            (int(path.stem), _in_world(Trained.load(path), world)) for path in history(self.home)
        ]

    def kept(self) -> int:
        """How many checkpoints it has kept on the way."""
        return len(list((self.home / KEPT).glob("*.safetensors"))) if self.kind == PPO else 0

    def history(self) -> Sequence[Mapping[str, float]]:
        """The rows of its log that are told to detectors: pace, length, losses and the paid return.

        Not the share of shifted levels, nor what other goals came to.
        """
        if self.kind != PPO:
            return ()
        paid = f"return/{self.world().paid.name}"
        told = ("step", "length", "entropy", "kl", "loss_value", "loss_policy", "explained")
        return [
            {name: row[name] for name in told if row.get(name) is not None}
            | ({"paid": row[paid]} if row.get(paid) is not None else {})
            for row in Log(self.home).thinned(400)
        ]


def _in_world(agent: Trained, world: World) -> Trained:
    agent.world = world
    return agent


@lru_cache(maxsize=256)
def _world(kind: str, home: Path) -> World:
    if kind == PPO:
        config, _ = read_config(home / CONFIG)
        return _shared(recall(config.world, home), config.params)
    about = load_arrays(home / NETS, KIND, shapes)[1]
    return _shared(recall(about["world"], home), tuple(about["params"].items()))


@lru_cache(maxsize=256)
def _shared(world: World, params: tuple[tuple[str, float], ...]) -> World:
    """One world for all that were trained in it: what is known of it is kept by the object."""
    return world.with_params(**dict(params))


@lru_cache(maxsize=8)
def _nets(folder: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """What the nets of a bank see, and the weights of all."""
    arrays, about = load_arrays(folder / NETS, KIND, shapes)
    with Reader(folder / NETS).at():
        config = BankConfig(**about["config"])
    return eyes(_world(TINY, folder), config), arrays


def shapes(about: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """What a file of nets must hold, by what it says of itself. Raises UserError."""
    sizes = [about.get(key) for key in ("nets", "inputs", "width", "actions")]
    sound = all(type(size) is int and 1 <= size <= 1_000_000 for size in sizes)
    tables = all(isinstance(about.get(key), dict) for key in ("config", "params"))
    need(sound and tables and isinstance(about.get("world"), str), "it does not describe its nets")
    n, inputs, width, actions = map(int, sizes)  # type: ignore[arg-type]
    layers = ((inputs, width), (width, actions), (inputs, width), (width, 1))
    return {name: (n, *shape) for name, shape in zip(NAMES, layers, strict=True)}


def members(out: Path) -> list[Member]:
    """All agents of a zoo whose training is done, in the order of their names. Raises UserError if
    there are none, or a file is broken.
    """
    need(out.is_dir(), f"'{out}' is no folder: goalshift zoo --out {out} makes a zoo there")
    found = sorted(_runs(out), key=lambda one: (one.stratum, one.point, one.number))
    found += sorted(_banks(out), key=lambda one: (one.stratum, one.point, one.number))
    need(found, f"'{out}' holds no agents yet: goalshift zoo --out {out} trains them")
    need(len(found) <= MOST, f"'{out}' holds more than {MOST:,} agents")
    return found


def _runs(out: Path) -> Iterator[Member]:
    found = [*out.glob(f"*/*/seed-*/{CHECKPOINT}"), *out.glob(f"*/seed-*/{CHECKPOINT}")]
    for path in sorted(found):
        home = path.parent
        number = SEED.fullmatch(home.name)
        if number is None or not is_finished(home):
            continue
        about = read_json(path.with_suffix(".json"))
        config, _ = read_config(home / CONFIG)
        deep = home.parent.parent != out  # else it is of a table, or of a curve
        yield Member(
            name=str(home.relative_to(out)),
            kind=PPO,
            stratum=home.parent.parent.name if deep else config.world,
            point=home.parent.name,
            number=config.seed,
            split=config.split,
            digest=str(about.get("digest", ""))[:16],
            home=home,
        )


def _banks(out: Path) -> Iterator[Member]:
    for path in sorted(out.glob(f"*/*/{NETS}")):
        about = load_arrays(path, KIND, shapes)[1]
        home = path.parent
        for k in range(about["nets"]):
            yield Member(
                name=f"{home.relative_to(out)}/net-{k}",
                kind=TINY,
                stratum=home.parent.name,
                point=home.name,
                number=k,
                split=about["config"].get("split", "train"),
                digest=f"{str(about['digest'])[:16]}-{k}",
                home=home,
            )


def agent_named(found: Sequence[Member], name: str) -> Member:
    """The member of that name. Raises UserError."""
    for member in found:
        if member.name == name:
            return member
    raise UserError(f"no agent '{name}' in this zoo")
