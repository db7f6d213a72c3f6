"""A copy of an agent that learned a little more, for another reward: the agent itself stays as it is.

What a few updates bring out says what was there already, and how far they move its weights says
where it lies.
"""

from __future__ import annotations

import dataclasses

from ...engine.errors import need
from .config import TrainConfig
from .ppo import Learner, resolve
from .trained import Trained

ENVS = 128  # side by side, or fewer


def tuned(
    agent: Trained, reward: str, split: str, updates: int, seed: int = 0, lr: float = 1.0
) -> Trained:
    """The agent after so many updates of PPO more, by its own recipe at a constant learning rate,
    `lr` times its own.

    reward: see `learning.reward`; "": what the world pays. split: levels to learn on, of its pool
    for training. seed: of levels and dice. Raises UserError if the reward or the split does not fit.
    """
    need("config" in agent.about, f"'{agent.name}' does not say how it was trained")
    plain = {"mitigate": "", "curriculum": "", "learner": "ppo", "levels": 0, "keep": 0}
    own = TrainConfig.from_json(agent.about["config"])
    envs = min(own.envs, ENVS)
    config = dataclasses.replace(
        own, reward=reward, split=split, seed=seed, anneal=False, lr=lr * own.lr, envs=envs,
        steps=updates * envs * own.rollout, device="cpu", threads=0, **plain,
    )  # fmt: skip
    learner = Learner(agent.world, resolve(config))
    learner.net.load_state_dict(agent.net.state_dict())
    for _ in range(updates):
        learner.update()
    made = Trained(learner.net, agent.world, f"{agent.name}, tuned", seed=seed)
    made.about = {**agent.about, "config": config.to_json()}
    return made
