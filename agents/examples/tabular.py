"""Q-learning with a table, in NumPy alone: it learns "go right" where "get the coin" was meant.

It sees the cells next to it, so what it does for a coin out of sight, it has to guess.
"""

import numpy as np

import goalshift
from goalshift import adapters

WORLD = "coinline"  # a line of cells; in training the coin lies at its right end
ACTIONS = 3
NEAR = np.s_[0, 15:18]  # of the view, which is centred: one cell to each side


def train(steps: int = 20_000, seed: int = 0) -> dict[bytes, np.ndarray]:
    """A table: what is seen, as bytes -> the value of every action."""
    rng = np.random.default_rng(seed)
    env = adapters.SingleEnv(WORLD)
    table: dict[bytes, np.ndarray] = {}

    def values(obs: np.ndarray) -> np.ndarray:
        return table.setdefault(obs[NEAR].tobytes(), np.zeros(ACTIONS))

    obs, _ = env.reset(seed=seed)
    for step in range(steps):
        now = values(obs)
        best = rng.choice(np.flatnonzero(now == now.max()))
        action = int(rng.integers(ACTIONS) if rng.random() < max(0.05, 1 - step / steps) else best)
        obs, reward, ended, cut, _ = env.step(action)
        ahead = 0.0 if ended else values(obs).max()  # a cut is no end: what follows counts
        now[action] += 0.2 * (reward + 0.95 * ahead - now[action])
        if ended or cut:
            obs, _ = env.reset()
    return table


def main(steps: int = 20_000, seeds: int = 3, levels: int = 256) -> goalshift.Evaluation:
    """Train a table for every seed, and judge them together on held-out levels."""
    agents = []
    for seed in range(seeds):
        table, rng = train(steps, seed), np.random.default_rng(seed)

        def act(obs: np.ndarray, table=table, rng=rng) -> int:
            now = table.get(obs[NEAR].tobytes(), np.zeros(ACTIONS))
            return int(rng.choice(np.flatnonzero(now == now.max())))  # what is new to it: by chance

        agents.append(goalshift.foreign.function(act, obs="symbols", name=f"table {seed}"))
    found = goalshift.evaluate(agents, WORLD, levels=levels)
    print(found)
    return found


if __name__ == "__main__":
    main()
