"""Clients of our environments: each makes one, has it checked where it can, and steps it its own way.

Run by the interpreter that the client lives in, as `python -m ...clients NAME PASSES`; prints one
JSON line: steps a second of every pass, the distinct warnings on the way, and how many lines of code
it took, which are counted in this file. A client is a generator: up to its first `yield` it is set
up, and then every turn yields how many steps of environments it was.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions, version

from ....engine.api import adapters

SECONDS = 1.0  # of a pass, at least
ID = "goalshift/Corner-v0"
Client = Callable[[], Iterator[int]]


def gymnasium() -> Iterator[int]:
    """random actions, 1 environment"""
    import gymnasium
    from gymnasium.utils.env_checker import check_env

    env = gymnasium.make(ID)
    check_env(env.unwrapped, skip_render_check=True)
    env.reset(seed=0)
    while True:
        for _ in range(1000):
            *_, ended, cut, _ = env.step(env.action_space.sample())
            if ended or cut:
                env.reset()
        yield 1000


def gymnasium_vector() -> Iterator[int]:
    """random actions, 256 environments"""
    import gymnasium

    envs = gymnasium.make_vec(ID, num_envs=256, autoreset_mode="SameStep")
    envs.reset(seed=0)
    while True:
        envs.step(envs.action_space.sample())
        yield 256


def pettingzoo() -> Iterator[int]:
    """random actions, 1 environment of 2 agents"""
    from pettingzoo.test import parallel_api_test

    env = adapters.parallel_env("harvest")
    parallel_api_test(env, 100)
    while True:
        env.reset()
        while env.agents:
            env.step({name: env.action_space(name).sample() for name in env.agents})
            yield 1


def sb3() -> Iterator[int]:
    """PPO learns, 64 environments"""
    from stable_baselines3 import PPO

    envs = adapters.SB3Vec("corner", num_envs=64)
    model = PPO("MlpPolicy", envs, n_steps=32, batch_size=512, n_epochs=4, device="cpu")
    while True:
        yield model.learn(2048).num_timesteps


def sb3_contrib() -> Iterator[int]:
    """MaskablePPO learns, 64 environments"""
    from sb3_contrib import MaskablePPO

    envs = adapters.SB3Vec("sokoban", num_envs=64)
    model = MaskablePPO("MlpPolicy", envs, n_steps=32, batch_size=512, n_epochs=4, device="cpu")
    while True:
        yield model.learn(2048).num_timesteps


def torchrl() -> Iterator[int]:
    """random rollouts, 64 environments"""
    import gymnasium
    from torchrl.envs import GymWrapper, check_env_specs

    env = GymWrapper(gymnasium.make_vec(ID, num_envs=64, obs="floats", autoreset_mode="SameStep"))
    check_env_specs(env)
    while True:
        yield env.rollout(32, break_when_any_done=False).numel()


def torchrl_pettingzoo() -> Iterator[int]:
    """random rollouts, 1 environment of 2 agents"""
    from torchrl.envs import PettingZooWrapper, check_env_specs

    env = PettingZooWrapper(adapters.parallel_env("harvest", obs="floats"))
    check_env_specs(env)
    while True:
        yield env.rollout(100, break_when_any_done=False).numel()


def rllib() -> Iterator[int]:
    """PPO learns, 16 environments"""
    import ray
    from ray.rllib.algorithms.ppo import PPOConfig

    ray.init(include_dashboard=False)
    config = PPOConfig().environment(f"goalshift:{ID}", env_config={"obs": "floats"})
    config = config.env_runners(num_env_runners=0, num_envs_per_env_runner=16)
    algorithm = config.training(train_batch_size=2048, num_epochs=4).build_algo()
    while True:
        yield int(algorithm.train()["env_runners"]["num_env_steps_sampled"])


def rllib_multi() -> Iterator[int]:
    """PPO learns with one policy for 2 agents, 1 environment"""
    import ray
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.tune.registry import register_env

    ray.init(include_dashboard=False)
    register_env("two", lambda given: adapters.rllib("follow", params={"learners": 2}))
    config = PPOConfig().environment("two").env_runners(num_env_runners=0)
    config = config.multi_agent(policies={"one"}, policy_mapping_fn=lambda *a, **k: "one")
    algorithm = config.training(train_batch_size=512, num_epochs=2).build_algo()
    while True:
        yield int(algorithm.train()["env_runners"]["num_env_steps_sampled"])


def tune() -> Iterator[int]:
    """two trials over alpha, a trial 2,048 random steps of 64 environments"""
    import gymnasium
    import ray
    from ray import tune

    def trial(given: dict) -> dict:
        split = f"alpha={given['alpha']}"
        envs = gymnasium.make_vec(f"goalshift:{ID}", num_envs=64, split=split)
        envs.reset(seed=0)
        rewards = [envs.step(envs.action_space.sample())[1].mean() for _ in range(32)]
        return {"reward": float(sum(rewards))}

    ray.init(include_dashboard=False)
    while True:
        grid = {"alpha": tune.grid_search([0.0, 0.1])}
        found = tune.Tuner(trial, param_space=grid, run_config=tune.RunConfig(verbose=0)).fit()
        assert not found.errors and len(found) == 2
        yield 2 * 32 * 64


def supersuit() -> Iterator[int]:
    """random actions, 8 environments of 2 agents"""
    import numpy as np
    import supersuit

    env = supersuit.pettingzoo_env_to_vec_env_v1(
        supersuit.black_death_v3(adapters.parallel_env("harvest", obs="floats"))
    )
    envs = supersuit.concat_vec_envs_v1(env, 8, num_cpus=0, base_class="gymnasium")
    envs.reset(seed=0)
    dice = np.random.default_rng(0)
    while True:
        envs.step(dice.integers(0, 6, envs.num_envs))
        yield 8


def minari() -> Iterator[int]:
    """random actions collected, 1 environment"""
    import gymnasium
    from minari import DataCollector

    with tempfile.TemporaryDirectory() as folder:
        os.environ["MINARI_DATASETS_PATH"] = folder
        env = DataCollector(gymnasium.make(ID))
        while True:
            env.reset(seed=0)
            steps, over = 0, False
            while not over:
                *_, ended, cut, _ = env.step(env.action_space.sample())
                steps, over = steps + 1, ended or cut
            yield steps


def tianshou() -> Iterator[int]:
    """DQN learns, 16 environments"""
    import gymnasium
    from tianshou.algorithm import DQN
    from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
    from tianshou.algorithm.optim import AdamOptimizerFactory
    from tianshou.data import Collector, VectorReplayBuffer
    from tianshou.env import DummyVectorEnv
    from tianshou.utils.net.common import Net
    from tianshou.utils.torch_utils import policy_within_training_step

    envs = DummyVectorEnv([lambda: gymnasium.make(ID, obs="floats")] * 16)
    seen, acts = envs.observation_space[0], envs.action_space[0]
    net = Net(state_shape=seen.shape, action_shape=acts.n, hidden_sizes=[64])
    policy = DiscreteQLearningPolicy(model=net, action_space=acts, eps_training=0.1)
    algorithm = DQN(policy=policy, optim=AdamOptimizerFactory(lr=1e-3))
    buffer = VectorReplayBuffer(4096, 16)
    collector = Collector(algorithm, envs, buffer)
    collector.reset()
    while True:
        with policy_within_training_step(policy):
            steps = collector.collect(n_step=320).n_collected_steps
            for _ in range(10):
                algorithm.update(buffer, 64)
        yield steps


def skrl() -> Iterator[int]:
    """PPO learns, 64 environments"""
    import gymnasium
    import torch
    from skrl.agents.torch.ppo import PPO
    from skrl.envs.wrappers.torch import wrap_env
    from skrl.memories.torch import RandomMemory
    from skrl.models.torch import CategoricalMixin, DeterministicMixin, Model
    from skrl.trainers.torch import SequentialTrainer

    def model(kind: type, outputs: int) -> Model:
        class Linear(kind, Model):  # pyright: ignore[reportGeneralTypeIssues]
            def __init__(self) -> None:
                Model.__init__(self, **about)
                kind.__init__(self)
                self.layer = torch.nn.Linear(self.num_observations, outputs)

            def compute(self, inputs: dict, role: str = "") -> tuple:
                return self.layer(inputs["observations"]), {}

        return Linear()

    envs = wrap_env(gymnasium.make_vec(ID, num_envs=64, obs="floats"), wrapper="gymnasium")
    about = {"observation_space": envs.observation_space, "action_space": envs.action_space}
    about["device"] = "cpu"
    models = {"policy": model(CategoricalMixin, 5), "value": model(DeterministicMixin, 1)}
    quiet = {"write_interval": 0, "checkpoint_interval": 0}
    memory = RandomMemory(memory_size=32, num_envs=64, device="cpu")
    settings = {"rollouts": 32, "experiment": quiet}
    agent = PPO(models=models, memory=memory, cfg=settings, **about)
    trainer = SequentialTrainer(
        env=envs, agents=agent, cfg={"timesteps": 32, "disable_progressbar": True}
    )
    while True:
        before = models["policy"].layer.weight.detach().clone()
        trainer.train()
        assert not before.equal(models["policy"].layer.weight)
        yield 32 * 64


def agilerl() -> Iterator[int]:
    """IPPO of two agents acts, 4 environments"""
    from agilerl.algorithms import IPPO

    env = adapters.parallel_env("follow", obs="floats", params={"learners": 2})
    spaces = [[space(name) for name in env.possible_agents]
              for space in (env.observation_space, env.action_space)]  # fmt: skip
    agent = IPPO(*spaces, agent_ids=env.possible_agents)
    while True:
        obs, infos = env.reset()
        while env.agents:
            act, *_ = agent.get_action(obs, infos)
            obs, *_, infos = env.step({name: int(act[name].item()) for name in env.agents})
            yield 1


def pufferlib() -> Iterator[int]:
    """random actions, 16 emulated environments"""
    import gymnasium
    import numpy as np
    from pufferlib import emulation, vector

    def make(buf: object = None, seed: int = 0) -> object:
        return emulation.GymnasiumPufferEnv(gymnasium.make(ID), buf=buf, seed=seed)

    envs = vector.make(make, num_envs=16, backend=vector.Serial)
    envs.reset(seed=0)
    dice = np.random.default_rng(0)
    while True:
        envs.step(dice.integers(0, 5, 16))
        yield 16


# the client, and the library that it needs
CLIENTS: dict[str, tuple[Client, str]] = {
    "gymnasium": (gymnasium, "gymnasium"),
    "gymnasium-vector": (gymnasium_vector, "gymnasium"),
    "pettingzoo": (pettingzoo, "pettingzoo"),
    "sb3": (sb3, "stable_baselines3"),
    "sb3-contrib": (sb3_contrib, "sb3_contrib"),
    "torchrl": (torchrl, "torchrl"),
    "torchrl-pettingzoo": (torchrl_pettingzoo, "torchrl"),
    "rllib": (rllib, "ray.rllib"),
    "rllib-multi": (rllib_multi, "ray.rllib"),
    "tune": (tune, "ray.tune"),
    "supersuit": (supersuit, "supersuit"),
    "minari": (minari, "minari"),
    "tianshou": (tianshou, "tianshou"),
    "skrl": (skrl, "skrl"),
    "agilerl": (agilerl, "agilerl"),
    "pufferlib": (pufferlib, "pufferlib"),
}


def lines(client: Client) -> int:
    """How many lines of code a client is, imports included: all but its head and first line."""
    body = inspect.getsource(client).splitlines()[2:]
    return sum(bool(line.strip()) for line in body)


def passes(client: Client, count: int) -> tuple[list[float], list[str]]:
    """Steps a second of every pass after one turn to warm up, and the distinct warnings."""
    figures = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        turns = client()
        next(turns)
        for _ in range(count):
            steps, begun = 0, time.perf_counter()
            while (spent := time.perf_counter() - begun) < SECONDS:
                steps += next(turns)
            figures.append(steps / spent)
    told = {f"{one.category.__name__}: {str(one.message).splitlines()[0]}" for one in caught}
    return figures, sorted(told)


@contextlib.contextmanager
def away() -> Iterator[None]:
    """In an empty folder that is also home: clients leave files where they are run."""
    with tempfile.TemporaryDirectory(prefix="gs", ignore_cleanup_errors=True) as folder:
        os.environ |= {"HOME": folder, "RAY_TMPDIR": folder, "RAY_AIR_NEW_OUTPUT": "0"}
        os.chdir(folder)
        yield


def main(name: str, count: int) -> None:
    """Measure one client."""
    client, library = CLIENTS[name]
    with away(), contextlib.redirect_stdout(sys.stderr):
        logging.getLogger("ray").setLevel(logging.ERROR)
        figures, told = passes(client, count)
    package = packages_distributions()[library.partition(".")[0]][0]
    found = {"version": version(package), "warnings": told, "figures": figures}
    print(json.dumps({**found, "lines": lines(client)}))
    sys.stdout.flush()
    os._exit(0)  # whatever a client leaves running ends here


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
