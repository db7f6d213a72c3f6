"""PPO in one file, in the style of CleanRL, on Gymnasium's own vector interface."""

import gymnasium as gym
import numpy as np
import torch
from torch import nn

import goalshift

ENVS, ROLLOUT, EPOCHS, GAMMA, LAM = 64, 32, 3, 0.99, 0.95


class Agent(nn.Module):
    """(logits, value) out of a flat one-hot view: what `foreign.module` takes as it is."""

    def __init__(self, inputs: int, actions: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU())
        self.actor, self.critic = nn.Linear(128, actions), nn.Linear(128, 1)

    def forward(self, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        body = self.body(seen)
        return self.actor(body), self.critic(body)[:, 0]


def main(steps: int = 300_000, seed: int = 0, levels: int = 256) -> goalshift.Evaluation:
    torch.manual_seed(seed)
    same = {"obs": "floats", "autoreset_mode": "SameStep"}  # no row of a rollout is wasted
    envs = gym.make_vec("goalshift/Corner-v0", num_envs=ENVS, **same)
    net = Agent(envs.single_observation_space.shape[0], envs.single_action_space.n)
    adam, obs = torch.optim.Adam(net.parameters(), 1e-3), envs.reset(seed=seed)[0]
    for _ in range(steps // (ENVS * ROLLOUT)):
        rows, gain = [], torch.zeros(ENVS)
        with torch.no_grad():
            for _ in range(ROLLOUT):
                logits, value = net(seen := torch.from_numpy(obs))
                act = torch.distributions.Categorical(logits=logits).sample()
                obs, reward, ended, cut, infos = envs.step(act.numpy())
                if cut.any():  # a cut is no end: what the last state was worth still counts
                    last = torch.from_numpy(np.stack(infos["final_obs"][cut]))
                    reward[cut] += GAMMA * net(last)[1].numpy()
                logp = logits.log_softmax(-1).gather(1, act[:, None])[:, 0]
                on = torch.from_numpy(~(ended | cut)).float()
                rows.append([seen, act, logp, value, torch.from_numpy(reward).float(), on])
            ahead = net(torch.from_numpy(obs))[1]
        for row in reversed(rows):
            *_, value, reward, on = row
            gain = reward + GAMMA * on * ahead - value + GAMMA * LAM * on * gain
            row[4:], ahead = [gain, gain + value], value
        seen, act, logp, _, gains, returns = (torch.cat(part) for part in zip(*rows, strict=True))
        for pick in (p for _ in range(EPOCHS) for p in torch.randperm(len(act)).split(512)):
            logits, value = net(seen[pick])
            new, g = logits.log_softmax(-1), gains[pick]
            ratio = (new.gather(1, act[pick, None])[:, 0] - logp[pick]).exp()
            g = (g - g.mean()) / (g.std() + 1e-8)
            loss = -torch.min(ratio * g, ratio.clamp(0.8, 1.2) * g).mean()
            loss += 0.5 * (value - returns[pick]).square().mean()
            loss += 0.01 * (new.exp() * new).sum(-1).mean()
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            adam.step()
    return goalshift.evaluate(goalshift.foreign.module(net, "floats"), "corner", levels=levels)


if __name__ == "__main__":
    print(main())
