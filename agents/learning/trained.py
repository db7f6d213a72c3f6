"""What was learned: a network as a policy, and whether it fits a world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...engine.catalogue import load, recall
from ...engine.counts import counted
from ...engine.errors import Reader, UserError, did_you_mean, natural, need
from ...engine.world import World
from ..policies.draws import Draws, finite
from ..policies.policy import ABILITIES, Edit, Policy, Sampling, Thought
from .config import TrainConfig
from .encoder import Shape
from .files import CHECKPOINT, checkpoint_of, load_arrays
from .net import Net

if TYPE_CHECKING:
    from ...engine.view.camera.registry import Sight


def interface(world: World) -> dict[str, Any]:
    """What a network relies on in its world: a change in any of these makes it meaningless."""
    return {
        "world": world.name,
        "world_version": world.version,
        "view": list(world.view or ()),
        "actions": list(world.actions),
        "symbols": [
            f"{s.group} {s.name}" + (f" {s.pose}" if s.pose else "") for s in world.symbols
        ],
        "learners": world.learners,
        **({} if world.one_hot else {"looks": looks(world)}),
    }


def looks(world: World) -> list[list[str]]:
    """The channels that each symbol is seen through."""
    return [[world.channels[c] for c in row.nonzero()[0]] for row in world.looks]


def differences(about: dict[str, Any], world: World) -> list[str]:
    """How a checkpoint's world differs from `world`, one phrase each; empty if the network fits."""
    found = []
    if about.get("world") != world.name:
        return [f"it was trained on world '{_short(about.get('world'))}'"]
    names = {
        "world_version": "world version",
        "view": "view",
        "learners": "number of learners",
    }
    now = interface(world)
    if about.get("looks") != now.get("looks"):
        found.append("symbols are seen through other channels")
    for key, name in names.items():
        if about.get(key) != now[key]:
            found.append(f"{name} {_short(about.get(key))} is now {_short(now[key])}")
            if key == "world_version" and later(about.get(key), world):
                found[-1] += " (update goalshift)"
    for key in ("actions", "symbols"):
        was = about.get(key)
        old = was if isinstance(was, list) else []
        gone, new = [x for x in old if x not in now[key]], [x for x in now[key] if x not in old]
        if gone:
            found.append(f"{key} no longer there: {_short(', '.join(map(str, gone)))}")
        if new:
            found.append(f"{key} it has not seen: {_short(', '.join(new))}")
        if not gone and not new and old != now[key]:
            found.append(f"{key} are in another order")
    return found


def later(version: Any, world: World) -> bool:
    """Is a version that a file tells one after that of the world that is installed?"""
    return type(version) is int and version > world.version


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _sound(path: Path, arrays: Mapping[str, np.ndarray], about: dict[str, Any]) -> TrainConfig:
    """How a checkpoint was trained; UserError if its weights or its description are unusable."""
    for name, array in arrays.items():
        if array.dtype != np.float32:
            raise UserError(f"'{path}' holds '{name}' as {array.dtype}: weights must be float32")
        if not np.isfinite(array).all():
            raise UserError(f"'{path}' is unusable: '{name}' holds values that are not finite")
    config = about.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("world"), str):
        raise UserError(f"'{path}' does not say which world it was trained on")
    with Reader(path).at():
        natural(about.get("steps"), "its number of steps")
        return TrainConfig.from_json(config)


def _contradictions(shape: Shape, world: World) -> list[str]:
    """In what a network is of another shape than the world that its description names."""
    sees = (
        tuple(world.view or ()),
        len(world.symbols),
        0 if world.one_hot else len(world.channels),
    )
    if not shape.symbols:  # colours: what eyes see
        sees = ((*shape.view[:2], 3), 0, 0)
    if (shape.view, shape.symbols, shape.channels, shape.actions) != (*sees, len(world.actions)):
        return ["its network contradicts its own description"]
    if shape.agents not in (0, world.learners):
        return [
            f"it has {counted(shape.agents, 'network')} for {counted(world.learners, 'learner')}"
        ]
    return []


class Trained(Policy):
    """A trained network as a policy.

    It draws its actions by their probabilities unless `greedy` (see `Draws`). That is what was
    trained and what its training scores measured; the most likely action alone can get caught in
    loops that the trained policy always leaves.
    """

    def __init__(
        self, net: Net, world: World, name: str = "learned", greedy: bool = False, seed: int = 0
    ) -> None:
        self.net, self.world, self.name = net.eval(), world, name
        self.draws = Draws(seed, greedy)
        self.remembers = net.shape.memory > 0
        self.device = net.device
        self.about: dict[str, Any] = {}
        self._sight: Sight | None = None
        self._edits: Mapping[str, Edit] = {}
        self.start(0, world.learners)

    def __repr__(self) -> str:
        steps = self.about.get("steps")
        after = f", {counted(steps, 'step')}" if steps else ""
        return f"Trained({self.world.name}{after}, {self.name})"

    @property
    def can(self) -> frozenset[str]:
        """Everything; a memory if its network has one."""
        return frozenset(ABILITIES if self.net.shape.memory else ABILITIES[:-1])

    @property
    def layers(self) -> dict[str, tuple[int, ...]]:
        """See `Net.layers`."""
        return self.net.layers()

    @property
    def sees_pictures(self) -> bool:
        """Whether it looks at pictures in first person, and not at symbols."""
        return not self.net.shape.symbols

    @classmethod
    def load(
        cls,
        path: str | Path,
        world: World | str | None = None,
        greedy: bool = False,
        seed: int = 0,
        precision: str = "fp32",
    ) -> Trained:
        """From a run directory or a checkpoint file. `world` defaults to the one it was trained on.

        `about` on the result is the checkpoint's description. UserError, in one line, if the file
        is missing, broken or not finite, or lists how it differs from the world if it does not fit.
        """
        path = checkpoint_of(Path(path))

        def expected(about: dict) -> dict[str, tuple[int, ...]]:
            if not isinstance(about.get("net"), dict):
                raise UserError(f"'{path}' does not describe its network")
            with torch.device("meta"), Reader(path).at():  # shapes without memory
                blank = Net(Shape(**about["net"]))
            return {name: tuple(weight.shape) for name, weight in blank.state_dict().items()}

        arrays, about = load_arrays(path, "checkpoint", expected)
        config = _sound(path, arrays, about)
        if world is None:
            loaded = recall(config.world, path).with_params(**dict(config.params))
        else:
            loaded = load(world)
        shape = Shape(**about["net"])
        if wrong := differences(about, loaded) or _contradictions(shape, loaded):
            raise UserError(f"'{path}' does not fit world '{loaded.name}': {'; '.join(wrong)}")
        net = Net(shape, torch.bfloat16 if precision == "bf16" else torch.float32, loaded.looks)
        net.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
        policy = cls(
            net, loaded, path.parent.name if path.name == CHECKPOINT else path.stem, greedy, seed
        )
        policy.about = about
        return policy

    def start(self, n: int, agents: int) -> None:
        self._memory = self.net.blank(n * agents)
        self.draws.start()

    @property
    def memory(self) -> np.ndarray:
        """What it remembers, of every learner: float32[N, L, units]."""
        return self._memory.cpu().numpy().reshape(-1, self.world.learners, self.net.shape.memory)

    @memory.setter
    def memory(self, memory: np.ndarray) -> None:
        rows = np.array(memory, np.float32).reshape(-1, self.net.shape.memory)
        self._memory = torch.from_numpy(rows).to(self.device)

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        logits = self._look(self.seen(obs, states), fresh, remember=True).logits
        return self.draws.choose(logits, self.sampling, states)

    def loosen(self, temperature: float, epsilon: float) -> None:
        self.sampling = Sampling(temperature, epsilon)

    def think(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        layers: tuple[str, ...] = (),
    ) -> Thought:
        return self._look(self.seen(obs, states), fresh, remember=False, layers=layers)

    @contextmanager
    def hooked(self, edits: Mapping[str, Edit]) -> Iterator[None]:
        for layer in edits:
            self._must_have(layer)
        before, self._edits = self._edits, dict(edits)
        try:
            yield
        finally:
            self._edits = before

    def gradient(
        self,
        obs: np.ndarray,
        states: np.recarray | None,
        fresh: np.ndarray,
        weights: np.ndarray,
        along: tuple[np.ndarray, float] | None = None,
    ) -> np.ndarray:
        """See `Differentiable`. `weights` may have a column more, of the value; `along` (another
        observation, share): the slopes at this share of the way from that one to `obs`.
        """
        pictures = self.seen(obs, states)
        seen, memory, begins = self._rows(pictures, fresh)
        encoder = self.net.encoder
        held = encoder.floats(seen.flatten(0, 1)).detach()
        if along is not None:
            start = encoder.floats(self._rows(along[0], fresh)[0].flatten(0, 1)).detach()
            held = start + along[1] * (held - start)
        held.requires_grad_()
        encoded = encoder.encode(held)
        logits, value, _ = self.net.behind(encoded, memory.clone(), begins, self._edited)
        wanted = torch.from_numpy(np.asarray(weights, np.float32)).to(self.device)
        told = torch.cat([logits, value.unsqueeze(-1)], -1)[..., : wanted.shape[-1]]
        (slope,) = torch.autograd.grad((told * wanted.view_as(told)).sum(), held)
        slope = encoder.back(slope)
        return slope.detach().cpu().numpy().reshape(*pictures.shape[:4], -1)

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        """The observations as the network wants them: if it has eyes, what they see of the
        states.
        """
        shape = self.net.shape
        if shape.symbols or obs.shape[2:] == shape.view:
            return obs
        if states is None:
            raise UserError(
                f"the agent '{self.name}' sees pictures in first person: it needs the states to draw them"
            )
        if self._sight is None or len(self._sight.pixels) != len(states):
            from ...engine.view.camera.sighted import sight_of

            size, name = (shape.view[0], shape.view[1]), self.about["config"].get("obs", "eyes")
            self._sight = sight_of(self.world, len(states), name, size)
        return self._sight.draw(states)

    @torch.inference_mode()
    def _look(
        self, seen: np.ndarray, fresh: np.ndarray, remember: bool, layers: tuple[str, ...] = ()
    ) -> Thought:
        for layer in layers:
            self._must_have(layer)
        n, learners = seen.shape[:2]
        features: dict[str, np.ndarray] = {}

        def tap(layer: str, x: torch.Tensor) -> torch.Tensor:
            x = self._edited(layer, x)
            if layer in layers:
                features[layer] = _array(x).reshape(n, learners, -1)
            return x

        rows, memory, begins = self._rows(seen, fresh)
        asked = tap if layers or self._edits else None
        logits, value, memory = self.net(rows, memory, begins, asked)
        if remember:
            self._memory = memory
        return Thought(
            finite(logits.double().cpu().numpy(), self.name).reshape(n, learners, -1),
            value.cpu().numpy().reshape(n, learners),
            features,
        )

    def _rows(
        self, seen: np.ndarray, fresh: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the network takes for one step: [1, N * L, ...] seen, the memory, who begins."""
        n, learners = seen.shape[:2]
        rows, shape = n * learners, self.net.shape
        fits = seen.shape[2:] == shape.view and seen.dtype == np.uint8
        need(
            fits,
            f"the agent '{self.name}' sees uint8 {shape.view}, not {seen.dtype} {seen.shape[2:]}",
        )
        known = not shape.symbols or not seen.size or seen.max() < shape.symbols
        need(known, f"the agent '{self.name}' knows the symbols 0 to {shape.symbols - 1}")
        memory = self._memory if len(self._memory) == rows else self.net.blank(rows)
        tensor = torch.from_numpy(np.ascontiguousarray(seen))
        tensor = tensor.view(1, rows, *seen.shape[2:]).to(self.device)
        begins = torch.from_numpy(np.repeat(fresh, learners)).view(1, rows).to(self.device)
        return tensor, memory, begins

    def _edited(self, layer: str, x: torch.Tensor) -> torch.Tensor:
        """A layer's activations as the hooks leave them."""
        edit = self._edits.get(layer)
        if edit is None:
            return x
        had = _array(x).reshape(-1, self.world.learners, x.shape[-1])
        made = torch.from_numpy(np.asarray(edit(had), np.float32))
        return made.to(self.device, x.dtype).view_as(x)

    def _must_have(self, layer: str) -> None:
        need(
            layer in self.layers,
            f"the agent '{self.name}' has no layer '{layer}'.{did_you_mean(layer, self.layers)}",
        )


def _array(x: torch.Tensor) -> np.ndarray:
    return x.detach().float().cpu().numpy()
