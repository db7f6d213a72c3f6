"""TorchRL: PPO from its own parts, and its actor judged."""

import gymnasium
import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.collectors import Collector
from torchrl.envs import GymWrapper
from torchrl.modules import ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import goalshift
from goalshift import foreign


def main(steps: int = 300_000, seed: int = 0, levels: int = 256) -> goalshift.Evaluation:
    """Train on the cheese in the corner, and judge."""
    torch.manual_seed(seed)
    envs = gymnasium.make_vec(
        "goalshift/Corner-v0", num_envs=64, obs="floats", autoreset_mode="SameStep"
    )
    inputs, actions = envs.single_observation_space.shape[0], int(envs.single_action_space.n)
    env = GymWrapper(envs, categorical_action_encoding=True)
    layers = (nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU())
    actor = ProbabilisticActor(
        TensorDictModule(
            nn.Sequential(*layers, nn.Linear(128, actions)), ["observation"], ["logits"]
        ),
        in_keys=["logits"],
        distribution_class=torch.distributions.Categorical,
        return_log_prob=True,
    )
    critic = ValueOperator(nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 1)))
    gains = GAE(gamma=0.99, lmbda=0.95, value_network=critic, average_gae=True)
    loss = ClipPPOLoss(actor, critic, entropy_coeff=0.01)
    adam = torch.optim.Adam(loss.parameters(), 1e-3)
    given = {"frames_per_batch": 2048, "total_frames": steps // 2048 * 2048}
    for batch in Collector(env, actor, auto_register_policy_transforms=False, **given):
        with torch.no_grad():
            gains(batch)
        rows = batch.reshape(-1)
        for pick in (p for _ in range(3) for p in torch.randperm(len(rows)).split(512)):
            parts = loss(rows[pick])
            total = parts["loss_objective"] + parts["loss_critic"] + parts["loss_entropy"]
            adam.zero_grad()
            total.backward()
            nn.utils.clip_grad_norm_(loss.parameters(), 0.5)
            adam.step()
    found = goalshift.evaluate(foreign.torchrl(actor, "floats"), "corner", levels=levels)
    print(found)
    return found


if __name__ == "__main__":
    main()
