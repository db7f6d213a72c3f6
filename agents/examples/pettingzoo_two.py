"""PettingZoo: two mice in `follow`, trained through the public interface by a learner from elsewhere.

Nothing of ours takes part in training but the environment: SuperSuit makes vectors of it, and PPO of
Stable-Baselines3 learns one policy for both mice.
"""

import sys

import supersuit
from stable_baselines3 import PPO
from stable_baselines3.common.utils import set_random_seed

import goalshift
from goalshift import adapters, foreign

WORLD, TWO = "follow", {"learners": 2}


def main(steps: int = 400_000, seed: int = 0, levels: int = 256) -> goalshift.Evaluation:
    """Train for some steps of mice, and judge."""
    env = adapters.parallel_env(WORLD, obs="floats", params=TWO)
    envs = supersuit.pettingzoo_env_to_vec_env_v1(env)
    envs = supersuit.concat_vec_envs_v1(envs, 8, num_cpus=0, base_class="stable_baselines3")
    envs.venv.reset(seed=seed)  # SuperSuit's vectors know no other way; the resets after go on
    set_random_seed(seed)
    model = PPO("MlpPolicy", envs, n_steps=128, batch_size=512, ent_coef=0.01)
    model.learn(steps)
    agent = foreign.sb3(model, "floats", name=f"SB3's PPO through PettingZoo, seed {seed}")
    found = goalshift.evaluate(agent, goalshift.load(WORLD).with_params(**TWO), levels=levels)
    print(found)
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400_000)
