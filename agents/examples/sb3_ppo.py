"""Stable-Baselines3: train PPO on the cheese in the corner, judge it after the shift, film it."""

import sys
from pathlib import Path

from stable_baselines3 import PPO

import goalshift
from goalshift import FilmPlan, adapters, contrast, foreign

WORLD = "corner"


def main(steps: int = 300_000, seeds: int = 3, levels: int = 256, film: str = "sb3.webp") -> None:
    """Agents that differ in their seed alone, their verdict, and a film of the first."""
    agents = []
    for seed in range(seeds):
        env = adapters.SB3Vec(WORLD, num_envs=64, seed=seed)
        model = PPO("MlpPolicy", env, n_steps=32, batch_size=512, ent_coef=0.01, seed=seed)
        model.learn(steps)
        # `foreign.sb3` reads from the model what it looks at; overlays and probes see its features
        agents.append(foreign.sb3(model, name=f"PPO of Stable-Baselines3, seed {seed}"))
    found = goalshift.evaluate(agents, WORLD, levels=levels)
    print(found)
    world = goalshift.load(WORLD)
    plan = FilmPlan([Path(film)], facts=(f"Stable-Baselines3, {steps:,} steps",))
    print(contrast(agents[0].of(world), world, found, plan)["films"])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
