"""A cue's vector as a file of data, and the agent steered by it: what `goalshift inside` found, live
in the window and in films.

What is written at each step is taken from the state at that step (see `steering.CueVector`); the
file names the layer, the cue and the coefficient that were found, and holds the vector's mean over
the starts of levels, which says for which layer of how many units it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....engine.errors import Reader, UserError, need
from ....engine.levels.splits import split_of
from ....engine.vector import Vec, observed
from ....engine.world import World
from ...learning.files import load_arrays, save_arrays
from ...policies.policy import Policy, learned
from .cues import cue
from .steering import CueVector, Steered

KIND = "steering"
MOST = 1024.0  # times the vector
UNITS = 1 << 20


@dataclass(frozen=True, eq=False)
class Steering:
    """So many times (`coefficient`) the vector of a `cue` in a `layer`; mean: float32[units]."""

    world: str
    layer: str
    cue: str
    coefficient: float
    mean: np.ndarray

    @property
    def words(self) -> str:
        """ "-16 x 'cheese' in 'body'"."""
        return f"{self.coefficient:+g} x '{self.cue}' in '{self.layer}'"

    def save(self, path: Path) -> None:
        about = {"world": self.world, "layer": self.layer, "cue": self.cue}
        about |= {"coefficient": self.coefficient, "units": len(self.mean)}
        save_arrays(path, {"mean": self.mean}, {**about, "kind": KIND})

    def of(self, agent: Policy, world: World) -> Steered:
        """The agent steered. Raises UserError if it was not found in such an agent."""
        same = world.name == self.world
        need(same, f"this vector was found in world '{self.world}', and this is '{world.name}'")
        layers = learned(agent, "steering", "features", "hooks").layers
        units = math.prod(layers.get(self.layer, (0,)))
        need(
            units == len(self.mean),
            f"this vector is of a layer '{self.layer}' of {len(self.mean)} units, and"
            f" '{agent.name}' has {units or 'none of that name'}",
        )
        source = CueVector(agent, self.layer, cue(world, self.cue))
        return Steered(agent, self.layer, source, self.coefficient)


def read(text: str) -> Steering:
    """A file, or FILE:X for another coefficient than the one it was found with."""
    name, _, tail = text.rpartition(":")
    coefficient = None
    if name and not Path(text).exists():
        try:
            coefficient = float(tail)
        except ValueError:
            name = text
    path = Path(name if coefficient is not None else text)

    def expected(about: dict) -> dict[str, tuple[int, ...]]:
        units = about.get("units")
        if type(units) is not int or not 1 <= units <= UNITS:
            raise UserError(f"'{path}' is broken: it does not say for how many units it is")
        return {"mean": (units,)}

    arrays, about = load_arrays(path, KIND, expected)
    said = about.get("coefficient") if coefficient is None else coefficient
    with Reader(path).at():
        if not isinstance(said, (int, float)) or isinstance(said, bool) or not abs(said) <= MOST:
            raise UserError(f"a coefficient is a number from -{MOST:g} to {MOST:g}, not {said!r}")
        for key in ("world", "layer", "cue"):
            need(type(about.get(key)) is str, f"it does not name its {key}")
        mean = arrays["mean"]
        need(mean.dtype == np.float32 and np.isfinite(mean).all(), "its vector is not finite")
    return Steering(about["world"], about["layer"], about["cue"], float(said), mean)


def found(
    agent: Policy,
    world: World,
    layer: str,
    what: str,
    coefficient: float,
    split: str,
    seed: int = 0,
) -> Steering:
    """What `inside` found in an agent, with the vector's mean over the starts of 256 levels."""
    vec = Vec(world, 256, split_of(world, split), seed, pool="test")
    states, fresh = vec.reset_states(), np.ones(256, np.bool_)
    agent.start(256, world.learners)
    rows = CueVector(agent, layer, cue(world, what))(observed(world, states), states, fresh)
    mean = rows.mean((0, 1)).astype(np.float32)
    return Steering(world.name, layer, what, float(coefficient), mean)
