"""Worlds for RLlib, which wants an object of its own for many agents; needs ray[rllib].

For one agent Gymnasium's identifiers do: `.environment("goalshift:goalshift/Corner-v0",
env_config={"obs": "floats"})`.
"""

from __future__ import annotations

from typing import Any

from ray.rllib.env.multi_agent_env import MultiAgentEnv  # pyright: ignore[reportMissingImports]

from ..world import World
from .pettingzoo import ParallelEnv


class RLlibEnv(MultiAgentEnv):
    """A world as RLlib's `MultiAgentEnv`; options as for `ParallelEnv`, `obs` "floats" by default.

    An episode ends for everybody in one step, and "__all__" says so. (RLlib's own wrapper of
    PettingZoo overlooks an end where one agent is terminated and another cut off.)
    """

    def __init__(self, world: str | World, **options: Any) -> None:
        super().__init__()
        given: dict[str, Any] = {"obs": "floats", "infos": "full", **options}
        self.env = ParallelEnv(world, **given)
        self.possible_agents = self.env.possible_agents[:]
        self.agents = self.possible_agents[:]
        each = self.possible_agents
        self.observation_spaces = {name: self.env.observation_space(name) for name in each}
        self.action_spaces = {name: self.env.action_space(name) for name in each}
        self.render_mode = self.env.render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin an episode: observations and infos by agent."""
        obs, infos = self.env.reset(seed=seed, options=options)
        self.agents = self.env.agents[:]
        return obs, infos

    def step(self, action_dict: dict[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
        """One step, as PettingZoo has it, and "__all__" in both kinds of ends."""
        obs, rewards, terminated, truncated, infos = self.env.step(action_dict)
        self.agents = self.env.agents[:]
        over = not self.agents
        ended = over and all(terminated.values())
        return (
            obs,
            rewards,
            {**terminated, "__all__": ended},
            {**truncated, "__all__": over and not ended},
            infos,
        )

    def render(self) -> Any:
        """The picture for `render_mode`."""
        return self.env.render()

    def close(self) -> None:
        """Close the window, if there is one."""
        self.env.close()


def rllib(world: str | World, **options: Any) -> RLlibEnv:
    """The world as an RLlib environment: `register_env("w", lambda c: rllib("follow", **c))`."""
    return RLlibEnv(world, **options)
