"""RLlib: two mice learn to follow a guide, with one policy for both, and are judged."""

import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env

import goalshift
from goalshift import adapters, foreign

TWO = {"learners": 2}


def main(iterations: int = 20, batch: int = 4096, levels: int = 128) -> goalshift.Evaluation:
    """Train for some iterations of RLlib's PPO."""
    ray.init(num_cpus=2, include_dashboard=False, ignore_reinit_error=True)
    register_env("two_mice", lambda given: adapters.rllib("follow", params=TWO, **given))
    config = PPOConfig().environment("two_mice", env_config={"split": "train"})
    config = config.multi_agent(
        policies={"shared"}, policy_mapping_fn=lambda agent, episode, **more: "shared"
    )
    config = config.env_runners(num_env_runners=0)
    config = config.training(train_batch_size=batch, minibatch_size=batch // 8, num_epochs=4)
    algorithm = config.build_algo()
    for _ in range(iterations):
        told = algorithm.train()["env_runners"]
        print(f"return {told.get('episode_return_mean', float('nan')):.2f}")
    agent = foreign.rllib(algorithm.get_module("shared"), name="RLlib's PPO")
    found = goalshift.evaluate(agent, goalshift.load("follow").with_params(**TWO), levels=levels)
    print(found)
    algorithm.stop()
    return found


if __name__ == "__main__":
    main()
