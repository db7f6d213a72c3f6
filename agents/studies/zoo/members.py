"""The agents of a zoo: found in its folder, and opened one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ....engine.catalogue import recall
from ....engine.errors import Reader, need
from ....engine.world import World
from ...learning.files import CHECKPOINT, CONFIG, KEPT, Log, described, is_finished, read_config
from ...learning.run import history
from ...learning.trained import Trained
from ...policies.policy import Policy
from ..bank.tiny import TinyNet
from .nets import MOST, NETS, read_nets, seen_by

PPO, TINY = "ppo", "tiny"
ONE = ("world", "params", "split", "seed")  # what a run's files agree on
SEED = re.compile(r"seed-([0-9]{1,9})")


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
        if self.kind == TINY:
            nets = read_nets(self.home)
            name, params, file = nets.world, nets.params, self.home / NETS
        else:
            config, _ = read_config(self.home / CONFIG)
            name, params, file = config.world, config.params, self.home / CONFIG
        with Reader(file).at():
            return _shared(recall(name, self.home), params)

    def open(self) -> Policy:
        """The agent as a policy. Raises UserError if it is broken."""
        if self.kind == PPO:
            agent = Trained.load(self.home, self.world())
            told, config = agent.about["config"], read_config(self.home / CONFIG)[0].to_json()
            unlike = [key for key in ONE if told.get(key, config[key]) != config[key]]
            also = f"'{self.home}': {CONFIG} and {CHECKPOINT} are of two runs ({', '.join(unlike)})"
            need(not unlike, also)
            return agent
        return self._net(self.home, self.world())

    def _net(self, home: Path, world: World) -> Policy:
        nets = read_nets(home)
        own = (nets.world, nets.params, nets.number, nets.config.split)
        end = read_nets(self.home)
        same = own == (end.world, end.params, end.number, end.config.split)
        need(same, f"'{home / NETS}' is of another bank than '{self.home / NETS}'")
        return TinyNet(world, seen_by(nets, world, home), nets.weights(self.number), self.name)

    def checkpoints(self) -> list[tuple[int, Policy]]:
        """What it was on the way, by steps of training (by updates, if it is of a bank). Raises
        UserError if nothing was kept.
        """
        world = self.world()
        if self.kind == PPO:
            return [(int(path.stem), Trained.load(path, world)) for path in history(self.home)]
        folders = [path.parent for path in self._banks()]
        need(folders, f"'{self.home / KEPT}' holds no checkpoints: they are kept with --set keep=8")
        return [(int(folder.name), self._net(folder, world)) for folder in folders]

    def _banks(self) -> list[Path]:
        return sorted((self.home / KEPT).glob(f"[0-9]*/{NETS}"), key=lambda path: path.parent.name)

    def kept(self) -> int:
        """How many checkpoints it has kept on the way."""
        if self.kind == PPO:
            return len(list((self.home / KEPT).glob("*.safetensors")))
        return len(self._banks())

    def history(self) -> Sequence[Mapping[str, float]]:
        """The rows of its log that are told to detectors: pace, length, losses and the paid return.

        Not the share of shifted levels, nor what other goals came to.
        """
        return told_of(self.home, self.world()) if self.kind == PPO else ()


def told_of(run: Path, world: World) -> Sequence[Mapping[str, float]]:
    """What is told of the log of a run: see `Member.history`."""
    paid = f"return/{world.paid.name}"
    told = ("step", "length", "entropy", "kl", "loss_value", "loss_policy", "explained")
    return [
        {name: row[name] for name in told if row.get(name) is not None}
        | ({"paid": row[paid]} if row.get(paid) is not None else {})
        for row in Log(run).thinned(400)
    ]


@lru_cache(maxsize=256)
def _shared(world: World, params: tuple[tuple[str, float], ...]) -> World:
    """One world for all that were trained in it: what is known of it is kept by the object."""
    return world.with_params(**dict(params))


def members(out: Path) -> list[Member]:
    """All agents of a zoo whose training is done, in the order of their names. Raises UserError if
    there are none, or a file is broken.
    """
    need(out.is_dir(), f"'{out}' is no folder: goalshift zoo --out {out} makes a zoo there")
    found = sorted(_runs(out), key=lambda one: (one.stratum, one.point, one.number))
    found += sorted(_banks(out), key=lambda one: (one.stratum, one.point, one.number))
    _refuse_doubles(found)
    need(found, f"'{out}' holds no agents yet: goalshift zoo --out {out} trains them")
    return found


def _refuse_doubles(found: Sequence[Member]) -> None:
    """Copies would count as independent. Raises UserError for two agents of the same weights."""
    known: dict[str, Member] = {}
    for one in found:
        other = known.setdefault(one.digest, one)
        need(
            other is one,
            f"'{one.home}' and '{other.home}' have the same weights: they are one agent, so move one"
            " of them out of this zoo",
        )


def _runs(out: Path) -> Iterator[Member]:
    found = [*out.glob(f"*/*/seed-*/{CHECKPOINT}"), *out.glob(f"*/seed-*/{CHECKPOINT}")]
    for path in sorted(found):
        home = path.parent
        number = SEED.fullmatch(home.name)
        if number is None or not is_finished(home):
            continue
        about = described(path, "checkpoint")
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
    agents = 0
    for path in sorted(out.glob(f"*/*/{NETS}")):
        home = path.parent
        nets = read_nets(home)
        agents += nets.number
        need(agents <= MOST, f"'{out}' holds more than {MOST:,} agents")
        for k in range(nets.number):
            yield Member(
                name=f"{home.relative_to(out)}/net-{k}",
                kind=TINY,
                stratum=home.parent.name,
                point=home.name,
                number=k,
                split=nets.config.split,
                digest=f"{nets.digest[:16]}-{k}",
                home=home,
            )
