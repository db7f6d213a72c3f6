"""Speed of the learner: the rows of `goalshift bench` that train.

Throughput counts everything an update does: acting, stepping, every epoch of learning. The figure
that matters is the wall time until training levels are solved. `peer_time` is that of
Stable-Baselines3: on the same environments, with the same definition of solved, and with settings
of its own (`PEER`, or options). The two are held against each other by `peers`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
import torch

from ...engine.catalogue import load
from ...engine.errors import RunError
from ...engine.vector import Vec
from ...engine.world import World
from ..learning.config import TrainConfig, configure
from ..learning.ppo import Learner, resolve
from .bench_engine import Row

WORLD = "coinrun"  # whose throughput is told
WORLDS = ("coinrun", "corner")  # to be solved
SOLVED = 0.9  # intended return
WINDOW = 131_072  # steps over which the return is averaged
LIMIT = 5_000_000  # steps after which a run counts as failed
THROUGHPUT = 100_000.0  # steps/s to reach on one core

# The best of a small search on two cores, one seed each, in seconds to 0.9 with the equal network:
# these 18.9; learning rate 1e-3 22.5; batch 1024 19.2; 256 environments x 64 steps 21.4; 128 x 128
# with batch 1024 26.9; its own default MLP is not there after 2.5 M steps. They are the settings of
# our own learner too.
PEER = {"n_steps": 32, "batch_size": 2048, "n_epochs": 3, "learning_rate": 2e-3, "gamma": 0.995}
PEER_ENVS = 512


class Solved:
    """Watches episodes go by, and knows when enough of them reach the intended goal.

    Nothing counts before every environment has lived through the longest episode there is: until
    then the episodes that have ended are not a fair sample.
    """

    def __init__(self, first: int) -> None:
        self.first, self.seen = max(first, WINDOW), deque[tuple[int, float, float]]()

    def __call__(self, steps: int, episodes: float, total: float) -> bool:
        """Add `episodes` that ended by step `steps` with a summed return `total`."""
        self.seen.append((steps, episodes, total))
        while self.seen[0][0] <= steps - WINDOW:
            self.seen.popleft()
        count = sum(entry[1] for entry in self.seen)
        return steps >= self.first and count > 0 and self.mean() >= SOLVED

    def mean(self) -> float:
        """The return now, averaged over the window."""
        return sum(e[2] for e in self.seen) / max(sum(e[1] for e in self.seen), 1e-9)


def throughput(passes: int = 7) -> Iterator[Row]:
    """Training steps a second with the world's default network and settings, on one thread."""
    world = load(WORLD)
    for precision in ("auto", "bf16"):
        config = resolve(configure(WORLD, precision=precision, threads=1))
        learner = Learner(world, config)
        size = sum(p.numel() for p in learner.net.parameters())
        for _ in range(3):
            learner.update()
        figures = []
        for _ in range(passes):
            began, before = time.perf_counter(), learner.steps
            while time.perf_counter() - began < 1.0:
                learner.update()
            figures.append((learner.steps - before) / (time.perf_counter() - began))
        label = f"train, {WORLD}, {size // 1000} k weights, {config.precision}"
        yield Row(label, "steps/s", tuple(figures), THROUGHPUT if precision == "auto" else None)


def warm(world: World) -> None:
    """Compile the world's kernels, or load them, before a clock starts."""
    vec = Vec(world, 1)
    vec.reset()
    vec.step(np.zeros((1, world.learners), np.int64))


def our_time(name: str, seed: int, **options: Any) -> tuple[float, int]:
    """Train in world `name` until solved: seconds and steps. RunError if it never was."""
    config = resolve(configure(name, **{**options, "seed": seed, "steps": LIMIT}))
    world = load(name)
    warm(world)
    began = time.perf_counter()
    learner = Learner(world, config)
    solved = Solved(world.horizon * config.envs)
    paid = f"return/{world.intended.name}"
    while learner.steps < LIMIT:
        row = learner.update()
        if solved(learner.steps, row["episodes"], row["episodes"] * (row[paid] or 0.0)):
            return time.perf_counter() - began, learner.steps
    raise RunError(f"{name} is not solved after {LIMIT:,} steps from seed {seed}")


def peer_time(name: str, seed: int, **options: Any) -> tuple[float, int]:
    """The same for Stable-Baselines3, with a network built like ours."""
    from stable_baselines3 import PPO  # pyright: ignore[reportMissingImports]
    from stable_baselines3.common.callbacks import BaseCallback  # pyright: ignore
    from stable_baselines3.common.torch_layers import BaseFeaturesExtractor  # pyright: ignore

    from ...engine.api.adapters import sb3_vec

    shape = TrainConfig()

    class Extractor(BaseFeaturesExtractor):
        """The default network's encoder and body."""

        def __init__(self, space: Any) -> None:
            super().__init__(space, shape.width)
            symbols = int(space.high.max()) + 1
            self.register_buffer("one_hot", torch.eye(symbols))
            self.first = torch.nn.Linear(space.shape[0] * space.shape[1] * symbols, shape.first)
            self.second = torch.nn.Linear(shape.first, shape.width)

        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            hot = self.one_hot.index_select(0, seen.reshape(-1).int())
            return self.second(self.first(hot.view(len(seen), -1)).relu()).relu()

    settings = {**PEER, "envs": PEER_ENVS, **options}
    envs = settings.pop("envs")
    env = sb3_vec(name, envs, seed, obs="symbols", pool="train")
    world = load(name)
    warm(world)
    policy = {"features_extractor_class": Extractor, "net_arch": [], "normalize_images": False}

    class Watch(BaseCallback):
        """Stops at the same score as our own learner."""

        solved = Solved(world.horizon * envs)
        done = False

        def _on_step(self) -> bool:
            ended = [i["goals"][world.intended.name] for i in self.locals["infos"] if i]
            self.done = self.solved(self.num_timesteps, len(ended), sum(ended))
            return not self.done

    watch = Watch()
    began = time.perf_counter()
    model = PPO("MlpPolicy", env, seed=seed, device="cpu", policy_kwargs=policy, **settings)
    model.learn(LIMIT, callback=watch)
    spent = time.perf_counter() - began
    env.close()
    if not watch.done:
        raise RunError(f"Stable-Baselines3: {name} is not solved after {LIMIT:,} steps, {seed=}")
    return spent, model.num_timesteps


def learning(passes: int = 7) -> Iterator[Row]:
    """Wall time until solved, over seeds: as many as there are passes, at most 5."""
    for name in WORLDS:
        found = [our_time(name, seed) for seed in range(min(passes, 5))]
        times, steps = zip(*found, strict=True)
        label = f"train, {name} until {SOLVED:g} ({median(steps) / 1e6:.2g} M steps)"
        yield Row(label, "s", times, lower_is_better=True)


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "training": throughput,
    "learning": learning,
}
