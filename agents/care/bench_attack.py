"""Speed of attacks: the rows of `goalshift bench --only attack`.

What an attack spends on a level is what the experts of all goals do there, and then the episode of
the agent. The agent is the one that ships, a network of the world's default size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..lab.hunting.arena import Arena, play
from ..lab.hunting.ground import Ground
from ..learning.shipped import shipped
from ..learning.trained import Trained
from .bench_engine import Row, rate

WORLDS = ("corner", "keys")
BATCH = 512  # levels at a time, as attacks play them
EXPERTS, AGENT = 20_000.0, 150_000.0  # levels/s and steps/s to reach on one core


def attack(passes: int = 7) -> Iterator[Row]:
    """Levels after the shift, as they are dealt: by the experts, and by the agent."""
    for name in WORLDS:
        agent = Trained.load(shipped(name))
        world, size = agent.world, sum(p.numel() for p in agent.net.parameters())
        states = Ground(world, world.split("deploy"), "legal").draw(BATCH, np.random.default_rng(0))
        arena = Arena(world, agent, "regret")

        def experts(arena=arena, states=states) -> int:
            arena.experts(states)
            return len(states)

        yield Row(
            f"attack, experts of all goals, {name}", "levels/s", rate(experts, passes), EXPERTS
        )
        steps: list[int] = []

        def episodes(world=world, agent=agent, states=states, steps=steps) -> int:
            steps.append(int(play(world, agent, states)[1].sum()))
            return steps[-1]

        figures = rate(episodes, passes)
        long = f"episodes of {np.mean(steps) / BATCH:.0f} steps"
        label = f"attack, agent of {size // 1000} k weights, {name}, {long}"
        yield Row(label, "steps/s", figures, AGENT)


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {"attack": attack}
