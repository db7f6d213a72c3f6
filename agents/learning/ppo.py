"""PPO, readable top to bottom: act, judge, learn, again.

Every learner of every environment is one row of a batch, and all rows share one network. A time
limit is not an end: where an episode was cut off, the value of what the learner saw last stands in
for the rest of it. Everything that the future depends on can be written down and read back, so a
run that was interrupted continues bit for bit (on a CPU).
"""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...engine import machine
from ...engine.counts import whole
from ...engine.errors import RunError, UserError
from ...engine.world import World
from .adam import Adam
from .by_hand import ByHand, fits
from .config import TrainConfig
from .curriculum import curriculum_of
from .encoder import Shape
from .hooks import Batch, Hooks, Rollout
from .learner import kind_of, split_name
from .mitigation import hooks_of
from .net import Net
from .tally import Tally


def pick_device(name: str) -> torch.device:
    """The device behind `--device`; raises UserError if there is none of that kind."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: this PyTorch sees no CUDA device; use --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def pick_precision(name: str, device: torch.device, obs: str) -> str:
    """ "fp32" or "bf16": what `--precision` comes to on this device, for what the agent sees.

    By what the processor has and not by a stopwatch: the same seed must give the same weights on
    machines of one kind.
    """
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if obs == "symbols":  # sums of rows beat products with one-hot vectors even on matrix units
        return "fp32"
    able = getattr(torch.cpu, "get_capabilities", dict)()  # absent from older PyTorch
    return "bf16" if able.get("amx_bf16") else "fp32"


def resolve(config: TrainConfig) -> TrainConfig:
    """The configuration with every "auto" settled for this machine."""
    device = pick_device(config.device)
    return dataclasses.replace(
        config,
        device=device.type,
        precision=pick_precision(config.precision, device, config.obs),
        threads=config.threads or _processors(),
    )


def _processors() -> int:
    """How many threads to use unless told otherwise.

    More than eight only get in each other's way here.
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    if number := whole(told):
        return number
    return min(machine.processors(), 8)


def advantages(
    reward: Tensor, value: Tensor, done: Tensor, cut: Tensor, gamma: float, lam: float
) -> Tensor:
    """Generalised advantage estimates, float32[T, B].

    `reward`, `done` (bool) and `cut` are [T, B], `value` is [T + 1, B]. `cut` holds the value of
    the last observation where the time limit ended an episode, else 0: a termination is worth
    nothing more, a truncation what was cut off.
    """
    result = torch.empty_like(reward)
    later = torch.zeros_like(reward[0])
    goes_on = (~done).float()
    for t in reversed(range(len(reward))):
        surprise = reward[t] + gamma * (cut[t] + goes_on[t] * value[t + 1]) - value[t]
        later = surprise + gamma * lam * goes_on[t] * later
        result[t] = later
    return result


class Learner:
    """One training run in memory. `update()` is all there is to call; `state` and `restore` make it
    exact to resume.

    `config` must be resolved (see `resolve`). Attributes: `steps` (environment steps so far),
    `updates`, `net`, `vec`.
    """

    PARTS = ("loss_policy", "loss_value", "entropy", "kl", "clipped")  # what `slope` returns

    def __init__(self, world: World, config: TrainConfig) -> None:
        if config.params:
            world = world.with_params(**dict(config.params))
        self.world, self.config = world, config
        self.device = torch.device(config.device)
        torch.set_num_threads(config.threads)
        self.curriculum = curriculum_of(world, config)
        self.hooks = Hooks(hooks_of(world, config), self.curriculum, world, config.envs)
        self.vec = self.curriculum.environments(
            config.envs, config.seed, obs=config.obs, ends_stay=bool(self.hooks.paying)
        )
        shape = Shape(
            self.vec.obs.shape[2:],
            len(world.symbols) if config.obs == "symbols" else 0,
            len(world.actions),
            config.first,
            config.width,
            config.depth,
            config.patch,
            config.memory,
            0 if world.one_hot or config.obs != "symbols" else len(world.channels),
            config.net,
            world.learners if config.policies == "independent" else 0,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            dtype = torch.bfloat16 if config.precision == "bf16" else torch.float32
            self.net = Net(shape, dtype, world.looks).to(self.device)
        # Every gradient is a part of one array, in the layout of its weight.
        self.gradient = torch.zeros(
            sum(w.numel() for w in self.net.parameters()), device=self.device
        )
        parts = self.gradient.split([w.numel() for w in self.net.parameters()])
        for weight, part in zip(self.net.parameters(), parts, strict=True):
            weight.grad = part.as_strided(weight.shape, weight.stride())
        self.optimizer = Adam(self.net.parameters(), config.lr)
        self.dice = torch.Generator().manual_seed(
            config.seed
        )  # on the CPU, so that every device rolls the same
        self.steps = self.updates = 0

        steps, rows = config.rollout, config.envs * world.learners
        device = self.device
        self.seen = torch.zeros(
            steps, rows, *self.vec.obs.shape[2:], dtype=torch.uint8, device=device
        )
        self.fresh = torch.zeros(steps, rows, dtype=torch.bool, device=device)
        self.action = torch.zeros(steps, rows, dtype=torch.int64, device=device)
        self.chance, self.reward, self.cut = (
            torch.zeros(steps, rows, device=device) for _ in range(3)
        )
        self.done, self.cut_off = (
            torch.zeros(steps, rows, dtype=torch.bool, device=device) for _ in range(2)
        )
        self.value = torch.zeros(steps + 1, rows, device=device)
        self.memory = self.net.blank(rows)
        self.minibatches = max(round(steps * rows / config.minibatch), 1)
        most = max(rows, -(-steps * rows // self.minibatches))
        self.by_hand = ByHand(self.net, most) if fits(self.net) else None
        self.hooks.begin(self)

    def update(self) -> dict[str, float]:
        """Collect one rollout and learn from it. Returns the figures of this update, by name.

        Episode figures are None where no episode ended. Raises RunError if the training diverges.
        """
        config = self.config
        began = time.perf_counter()
        lr = config.lr
        if config.anneal:
            lr *= max(1.0 - self.steps / config.steps, 0.0)
        self.optimizer.lr = lr
        memory = self.memory
        episodes = self.collect()
        collected = time.perf_counter()
        figures = self.learn(memory)
        self.steps += config.envs * config.rollout
        self.updates += 1
        if not all(math.isfinite(v) for v in figures.values()):
            raise RunError(
                f"training diverged at step {self.steps:,} (a loss is not finite);"
                f" try a lower --lr than {config.lr:g}"
            )
        spent = time.perf_counter() - began
        speed = {
            "steps_per_second": config.envs * config.rollout / spent,
            "acting": (collected - began) / spent,
        }
        return {"step": self.steps, **speed, **episodes, **figures, "lr": lr}

    @torch.inference_mode()
    def collect(self) -> dict[str, Any]:
        """Act for `rollout` steps and fill the buffers.

        Returns what the finished episodes came to.
        """
        world, vec = self.world, self.vec
        rows, learners = self.seen.shape[1], world.learners
        tally = Tally(world)
        last_seen, last_memory, where = [], [], []
        if self.by_hand:
            self.by_hand.prepare()
        for t in range(self.config.rollout):
            self._put(vec.obs, self.seen[t])
            self.hooks.seen(self.seen[t])
            self._put(vec.fresh, self.fresh[t])
            logits, self.value[t], self.memory = self.judge(
                self.seen[t], self.memory, self.fresh[t]
            )
            chances = logits.log_softmax(-1)
            action = self.choose(chances)
            self.action[t], self.chance[t] = action, chances.gather(-1, action[:, None])[:, 0]

            reward, terminated, truncated = self.hooks.step(
                vec, action.cpu().numpy().reshape(vec.n, learners)
            )
            ended = terminated | truncated
            self._put(reward, self.reward[t])
            self._put(ended, self.done[t])
            if ended.any():
                tally.add(vec, ended)
                self.curriculum.finished(vec, ended)
            if truncated.any():
                cut = torch.from_numpy(np.repeat(truncated, learners).nonzero()[0])
                last = torch.from_numpy(vec.final_obs[truncated])
                last_seen.append(last.flatten(0, 1).to(self.device))
                last_memory.append(self.memory[cut.to(self.device)])
                where.append(cut + t * rows)

        self.reward *= self.config.reward_scale
        seen, fresh = torch.empty_like(self.seen[0]), torch.empty_like(self.fresh[0])
        self._put(vec.obs, seen)
        self._put(vec.fresh, fresh)
        self.value[-1] = self.judge(seen, self.memory, fresh)[1]
        self.cut.zero_()
        self.cut_off.zero_()
        if where:
            seen, memory = torch.cat(last_seen), torch.cat(last_memory)
            places = torch.cat(where).to(self.device)
            self.cut.view(-1)[places] = self.values(seen, memory, places)
            self.cut_off.view(-1)[places] = True
        return tally.row({"shifted": self.curriculum.shifted, **self.hooks.row()})

    def values(self, seen: Tensor, memory: Tensor, places: Tensor) -> Tensor:
        """What the critic makes of observations in mid-episode, float32[N]; `places` int64[N] are
        the steps of the rollout that they follow, counted flat.
        """
        going_on = torch.zeros(len(seen), dtype=torch.bool, device=self.device)
        value = torch.empty(len(seen), device=self.device)
        for some in torch.arange(len(seen)).split(self.seen.shape[1]):
            value[some] = self.judge(seen[some], memory[some], going_on[some])[1]
        return value

    def choose(self, chances: Tensor) -> Tensor:
        """The next action of every row, int64[B], by log-probabilities [B, actions]."""
        upto = chances.exp().cumsum(-1)
        drawn = self.roll(len(upto)).to(self.device) * upto[:, -1:]
        return (drawn >= upto[:, :-1]).sum(-1)

    def roll(self, rows: int) -> Tensor:
        """A number from 0 to 1 for every row, float32[B, 1], on the CPU."""
        return torch.rand(rows, 1, generator=self.dice)

    def shuffled(self, columns: int) -> Tensor:
        """The columns in the order in which they are learned from, int64[C], on the CPU."""
        return torch.randperm(columns, generator=self.dice)

    def learn(self, memory: Tensor) -> dict[str, float]:
        """Several epochs of minibatches over the rollout.

        `memory` is what the learners remembered when it began.
        """
        config = self.config
        gain = advantages(self.reward, self.value, self.done, self.cut, config.gamma, config.lam)
        target = gain + self.value[:-1]
        error = target - self.value[:-1]
        explained = 1 - error.var() / target.var().clamp_min(1e-12)
        rollout = Rollout(gain, self.value, self.reward, self.done)
        keep = self.hooks.keep(rollout)
        self.hooks.learned(rollout)
        gain = self.normal(gain, keep)
        # Without memory every step stands alone and steps are shuffled; with it whole sequences
        # are.
        steps = config.rollout if config.memory else 1
        columns = gain.numel() // steps
        kept = [self.seen, self.fresh, self.action, self.chance, gain, target]
        kept = [k.view(steps, columns, *k.shape[2:]) for k in kept]
        figures = []
        for _ in range(config.epochs):
            order = self.shuffled(columns).to(self.device)
            for pick in self.minibatches_of(order, keep):
                batch = Batch(*(k.index_select(1, pick) for k in kept))
                parts = self.slope(batch, memory[pick] if config.memory else memory)
                figures.append([*parts, self.descend()])
        names = (*self.PARTS, "grad")
        figures = figures or [[0.0] * len(names)]  # if the hooks kept nothing to learn from
        means = torch.tensor(figures, dtype=torch.float64).mean(0).tolist()
        return {**dict(zip(names, means, strict=True)), "explained": float(explained)}

    def normal(self, gain: Tensor, keep: Tensor | None) -> Tensor:
        """The advantages [T, B] shifted and scaled to mean 0 and spread 1."""
        used = gain if keep is None or keep.sum() < 2 else gain[keep]
        return (gain - used.mean()) / (used.std() + 1e-8)

    def descend(self) -> Tensor:
        """One step against `gradient`; returns its norm."""
        norm = self.gradient.norm()
        self.gradient *= (self.config.max_grad / (norm + 1e-6)).clamp_max(1.0)
        self.optimizer.step()
        self.hooks.stepped(self)
        return norm

    def minibatches_of(self, order: Tensor, keep: Tensor | None) -> Sequence[Tensor]:
        """The columns in this order, of those that `keep` (bool[T, B]) leaves, in minibatches."""
        if keep is None:
            return order.tensor_split(self.minibatches)
        order = order[keep.view(-1)[order]]
        return order.split(-(-keep.numel() // self.minibatches)) if len(order) else ()

    def judge(self, seen: Tensor, memory: Tensor, fresh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits [B, actions], values [B] and the memory after it, for one step of B learners."""
        if self.by_hand:
            return *self.by_hand.forward(seen), memory
        logits, value, memory = self.net(seen[None], memory, fresh[None])
        return logits[0], value[0], memory

    def slope(self, batch: Batch, memory: Tensor) -> Sequence[Tensor | float]:
        """Write the gradient of the objective over a minibatch into `gradient`; returns the
        objective's parts.
        """
        if self.by_hand and not self.hooks.by_autograd:
            self.by_hand.prepare()
            return self.by_hand.learn(batch, self.config)
        self.gradient.zero_()
        logits, value, _ = self.net(batch.seen, memory, batch.fresh, self.hooks.tap)
        loss, parts = objective(logits, value, batch, self.config)
        (loss + self.hooks.loss(batch, logits, value)).backward()
        return parts

    def _put(self, array: np.ndarray, into: Tensor) -> None:
        """Write what the environments show, [N] or [N, L, ...], as rows [N * L, ...], one for every
        learner.
        """
        found = torch.from_numpy(array)
        into = into.view(self.vec.n, -1, *into.shape[1:])
        into.copy_(found[:, None] if found.ndim == 1 else found)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        """Everything the future depends on, between two updates: arrays and counters."""
        arrays = {f"net.{k}": _array(v) for k, v in self.net.state_dict().items()}
        arrays |= {f"adam.{k}": _array(v) for k, v in self.optimizer.state().items()}
        arrays |= {f"vec.{k}": v for k, v in self.vec.snapshot().items()}
        arrays |= {f"curriculum.{k}": v for k, v in self.curriculum.state().items()}
        arrays |= {f"hooks.{k}": v for k, v in self.hooks.state().items()}
        arrays |= {"dice": _array(self.dice.get_state()), "memory": _array(self.memory)}
        return arrays, {"steps": self.steps, "updates": self.updates}

    def __reduce__(self) -> tuple[Any, ...]:  # gradients are views: a copy of each is none of all
        return _again, (self.world, self.config, *self.state())

    def restore(self, arrays: dict[str, np.ndarray], counters: dict[str, int]) -> None:
        """Continue exactly where `state` was taken, under the same configuration."""

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        self.net.load_state_dict({k: torch.from_numpy(v) for k, v in part("net.").items()})
        self.optimizer.restore({k: torch.from_numpy(v) for k, v in part("adam.").items()})
        self.vec.restore(part("vec."))
        self.curriculum.restore(part("curriculum."))
        self.hooks.restore(part("hooks."))
        self.dice.set_state(torch.from_numpy(arrays["dice"]))
        self.memory = torch.from_numpy(arrays["memory"]).to(self.device)
        self.steps, self.updates = counters["steps"], counters["updates"]


def _again(world: World, config: TrainConfig, arrays: dict, counters: dict) -> Learner:
    """A training that goes on from a `state`, as a copy or a pickle of another does."""
    made = kind_of(config.learner).build(world, config, split_name(config.learner)[1])
    assert isinstance(made, Learner)
    made.restore({name: array.copy() for name, array in arrays.items()}, counters)
    return made


def objective(
    logits: Tensor, value: Tensor, batch: Batch, config: TrainConfig
) -> tuple[Tensor, list[Tensor]]:
    """The loss of one minibatch, and its parts: policy loss, value loss, entropy, KL estimate,
    share of clipped ratios.

    `logits` is [T, B, actions], `value` [T, B].
    """
    chances = logits.log_softmax(-1)
    log_ratio = chances.gather(-1, batch.action[..., None])[..., 0] - batch.chance
    ratio = log_ratio.exp()
    limited = ratio.clamp(1 - config.clip, 1 + config.clip)
    policy = -torch.min(ratio * batch.gain, limited * batch.gain).mean()
    critic = 0.5 * F.mse_loss(value, batch.target)
    entropy = -(chances.exp() * chances).sum(-1).mean()
    loss = policy + config.value_cost * critic - config.entropy * entropy
    with torch.no_grad():
        moved = (ratio - 1 - log_ratio).mean()
        clipped = (ratio != limited).float().mean()
    return loss, [policy.detach(), critic.detach(), entropy.detach(), moved, clipped]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy(order="C")
