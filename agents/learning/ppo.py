"""PPO, readable top to bottom: act, judge, learn, again.

Every learner of every environment is one row of a batch, and all rows share one network. A time
limit is not an end: where an episode was cut off, the value of what the learner saw last stands in
for the rest of it. Everything that the future depends on can be written down and read back, so a
run that was interrupted continues bit for bit (on a CPU).
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
import os
import time
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...engine.catalogue import load
from ...engine.errors import RunError, UserError, did_you_mean
from ...engine.world import World
from .adam import Adam
from .curriculum import SIGHTS, Curriculum
from .net import Net, Shape

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class TrainConfig:
    """All that a training run depends on.

    A world may have defaults of its own (`World.training`); see `configure`.
    """

    world: str = "corner"
    """Name of a world, or path of a world file."""
    split: str = "train"
    """Levels to train on: train, deploy, alpha=0.05 (that share of deploy), or a split by name."""
    levels: int = 0
    """Train on a fixed set of so many levels; 0 draws new ones for ever."""
    obs: str = "symbols"
    """What the agent sees: symbols (cells, from above), or eyes (a picture of 64 x 64, in first
    person).
    """
    params: tuple[tuple[str, float], ...] = ()
    """World parameters that differ from the world's own, as (name, value), in every split."""
    steps: int = 2_000_000
    """Environment steps to train for."""
    seed: int = 0
    """Names the run: weights, levels and dice all follow from it."""

    envs: int = 512
    """Environments stepped side by side."""
    rollout: int = 32
    """Steps of each environment between updates."""
    epochs: int = 3
    """Passes over the collected steps in each update."""
    minibatch: int = 4096
    """Rows in one gradient step."""
    lr: float = 1e-3
    """Learning rate of Adam."""
    anneal: bool = False
    """Let the learning rate fall to zero over the run, in a straight line."""
    gamma: float = 0.99
    """Discount of the next step's reward."""
    lam: float = 0.95
    """Lambda of the generalised advantage estimate: 0 trusts the critic, 1 the returns."""
    reward_scale: float = 1.0
    """Rewards are multiplied by this before they are learned from; scores stay as they are. Prices
    of tens let the critic's gradient drown the actor's.
    """
    clip: float = 0.2
    """How far the probability of an action may move in one update before its gradient is cut."""
    entropy: float = 0.01
    """Weight of the entropy bonus, which keeps the policy trying."""
    value_cost: float = 1.0
    """Weight of the critic's error, 0.5 * (value - return)^2."""
    max_grad: float = 0.5
    """Gradients with a larger norm are scaled down to it."""

    first: int = 64
    """Units of the first layer (for every patch, if the view is cut into patches)."""
    width: int = 128
    """Units of each later layer."""
    depth: int = 1
    """Layers between the first one and the heads."""
    patch: int = 0
    """0: one matrix for the whole view. k: cut it into k x k patches that share their weights."""
    memory: int = 0
    """Units of recurrent memory; 0 for none."""

    device: str = "auto"
    """auto (cuda if there is one), cpu or cuda."""
    precision: str = "auto"
    """Arithmetic of encoder and body: fp32, bf16, or auto (bf16 on processors made for it)."""
    threads: int = 0
    """Processor threads; 0 for one a core, at most 8. Another number rounds in another way."""

    save_every: float = 30.0
    """Seconds between checkpoints. Does not change what is learned."""
    keep: int = 0
    """Checkpoints to keep along the way, evenly spaced, and the untrained one; to be filmed."""

    def __post_init__(self) -> None:
        """Raise UserError, naming the flag, unless every value makes sense."""
        object.__setattr__(self, "params", tuple((str(k), v) for k, v in self.params))
        for field in dataclasses.fields(self):
            kind, value = type(field.default), getattr(self, field.name)
            if kind is float and type(value) is int:
                object.__setattr__(self, field.name, float(value))
            elif type(value) is not kind:
                raise UserError(f"{_flag(field.name)} must be {_KINDS[kind]}, not {value!r}")
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(f"{_flag(name)} must be from {low:,} to {high:,}, not {value}")
        for name, choices in (("device", DEVICES), ("precision", PRECISIONS), ("obs", SIGHTS)):
            if getattr(self, name) not in choices:
                raise UserError(
                    f"--{name} must be one of {', '.join(choices)}, not '{getattr(self, name)}'"
                )
        if self.envs * self.rollout < 2:
            raise UserError(
                "--envs times --rollout must be at least 2: one step has no spread to learn from"
            )
        if self.memory and self.minibatch < self.rollout:
            raise UserError(
                f"with --memory, --minibatch must hold a rollout ({self.rollout} steps)"
            )

    def to_json(self) -> dict[str, Any]:
        """As plain data; `from_json` reads it back."""
        return {**dataclasses.asdict(self), "params": dict(self.params)}

    @staticmethod
    def from_json(data: dict[str, Any]) -> TrainConfig:
        """From plain data; raises UserError on unknown names and senseless values."""
        known = [f.name for f in dataclasses.fields(TrainConfig)]
        for name in data:
            if name not in known:
                raise UserError(f"no training option '{name}'.{did_you_mean(name, known)}")
        params = data.get("params", {})
        if not isinstance(params, dict):
            raise UserError(f"params must map names to numbers, not {params!r}")
        return TrainConfig(**{**data, "params": tuple(params.items())})

    @staticmethod
    @cache
    def docs() -> dict[str, str]:
        """What each field means: the string under it."""
        body = ast.parse(inspect.getsource(TrainConfig)).body[0].body  # type: ignore[attr-defined]
        found = {}
        for above, below in pairwise(body):
            if isinstance(above, ast.AnnAssign) and isinstance(below, ast.Expr):
                found[above.target.id] = below.value.value  # type: ignore[union-attr,attr-defined]
        return found


_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    tuple: "pairs",
}
_LIMITS = {
    "levels": (0, 10_000_000), "steps": (1, 10**12), "seed": (0, 2**63 - 1), "envs": (1, 65_536),
    "rollout": (1, 4096), "epochs": (1, 100), "minibatch": (1, 2**24), "lr": (1e-9, 1.0),
    "gamma": (0.0, 1.0),
    "lam": (0.0, 1.0), "reward_scale": (1e-6, 1e6), "clip": (1e-4, 10.0), "entropy": (0.0, 10.0),
    "value_cost": (0.0, 100.0),
    "max_grad": (1e-6, 1e6), "threads": (0, 1024), "save_every": (0.0, 1e9),
    "keep": (0, 1000),
}  # fmt: skip


def _flag(field: str) -> str:
    """A field as the command line spells it."""
    return "--" + field.replace("_", "-")


def configure(world: str | World, **given: Any) -> TrainConfig:
    """The configuration of a run.

    What is `given`, else the world's own defaults, else those of `TrainConfig`.
    """
    loaded = load(world)
    name = loaded.name if isinstance(world, World) else str(world)
    return TrainConfig.from_json({**loaded.training, **given, "world": name})


def pick_device(name: str) -> torch.device:
    """The device behind `--device`; raises UserError if there is none of that kind."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: this PyTorch sees no CUDA device; use --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def pick_precision(name: str, device: torch.device) -> str:
    """ "fp32" or "bf16": what `--precision` comes to on this device."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    able = getattr(torch.cpu, "get_capabilities", dict)()  # absent from older PyTorch
    return "bf16" if able.get("amx_bf16") or able.get("avx512_bf16") else "fp32"


def resolve(config: TrainConfig) -> TrainConfig:
    """The configuration with every "auto" settled for this machine."""
    device = pick_device(config.device)
    return dataclasses.replace(
        config,
        device=device.type,
        precision=pick_precision(config.precision, device),
        threads=config.threads or _processors(),
    )


def _processors() -> int:
    """How many threads to use unless told otherwise.

    More than eight only get in each other's way here.
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), 8)
    return min(os.cpu_count() or 1, 8)


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

    def __init__(self, world: World, config: TrainConfig) -> None:
        if config.params:
            world = world.with_params(**dict(config.params))
        self.world, self.config = world, config
        self.device = torch.device(config.device)
        torch.set_num_threads(config.threads)
        self.curriculum = Curriculum(world, config.split, config.levels)
        self.vec = self.curriculum.environments(config.envs, config.seed, obs=config.obs)
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
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            dtype = torch.bfloat16 if config.precision == "bf16" else torch.float32
            self.net = Net(shape, dtype, world.looks).to(self.device)
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
        self.done = torch.zeros(steps, rows, dtype=torch.bool, device=device)
        self.value = torch.zeros(steps + 1, rows, device=device)
        self.memory = self.net.blank(rows)

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
        finished = length = 0
        scores = np.zeros(len(world.goals))
        last_seen, last_memory, where = [], [], []
        for t in range(self.config.rollout):
            self.seen[t] = self._rows(vec.obs)
            self.fresh[t] = self._rows(vec.fresh)
            logits, value, self.memory = self.net(
                self.seen[t : t + 1], self.memory, self.fresh[t : t + 1]
            )
            chances = logits[0].log_softmax(-1)
            # The largest of log-probability plus Gumbel noise is a fair draw, and needs no sums.
            noise = torch.empty(chances.shape).exponential_(generator=self.dice).log_()
            action = (chances - noise.to(self.device)).argmax(-1)
            self.action[t], self.value[t] = action, value[0]
            self.chance[t] = chances.gather(-1, action[:, None])[:, 0]

            _, reward, terminated, truncated = vec.step(
                action.cpu().numpy().reshape(vec.n, learners)
            )
            ended = terminated | truncated
            self.reward[t] = self._rows(reward) * self.config.reward_scale
            self.done[t] = self._rows(ended)
            if ended.any():
                totals = vec.final_totals[ended][:, :learners]
                scores += world.scores(totals).mean(1).sum(0)
                length += int(vec.final_length[ended].sum())
                finished += len(totals)
                self.curriculum.finished(vec, ended)
            if truncated.any():
                cut = self._rows(truncated).nonzero()[:, 0]
                last_seen.append(self._rows(vec.final_obs)[cut])
                last_memory.append(self.memory[cut])
                where.append(cut + t * rows)

        fresh = self._rows(vec.fresh)[None]
        self.value[-1] = self.net(self._rows(vec.obs)[None], self.memory, fresh)[1][0]
        self.cut.zero_()
        if where:
            seen, memory = torch.cat(last_seen)[None], torch.cat(last_memory)
            going_on = torch.zeros(seen.shape[:2], dtype=torch.bool, device=self.device)
            self.cut.view(-1)[torch.cat(where)] = self.net(seen, memory, going_on)[1][0]
        per_episode = [s / finished if finished else None for s in scores]
        return {
            "episodes": finished,
            "length": length / finished if finished else None,
            "shifted": self.curriculum.shifted,
            **{f"return/{goal.name}": s for goal, s in zip(world.goals, per_episode, strict=True)},
        }

    def learn(self, memory: Tensor) -> dict[str, float]:
        """Several epochs of minibatches over the rollout.

        `memory` is what the learners remembered when it began.
        """
        config = self.config
        gain = advantages(self.reward, self.value, self.done, self.cut, config.gamma, config.lam)
        target = gain + self.value[:-1]
        error = target - self.value[:-1]
        explained = 1 - error.var() / target.var().clamp_min(1e-12)
        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
        # Without memory every step stands alone and steps are shuffled; with it whole sequences
        # are.
        steps = config.rollout if config.memory else 1
        columns = gain.numel() // steps
        kept = [self.seen, self.fresh, self.action, self.chance, gain, target]
        kept = [k.view(steps, columns, *k.shape[2:]) for k in kept]
        figures = []
        for _ in range(config.epochs):
            order = torch.randperm(columns, generator=self.dice).to(self.device)
            for pick in order.tensor_split(max(round(gain.numel() / config.minibatch), 1)):
                seen, fresh, action, chance, benefit, goal = (k.index_select(1, pick) for k in kept)
                remembered = memory[pick] if config.memory else memory[:0]
                logits, value, _ = self.net(seen, remembered, fresh)
                loss, parts = objective(logits, value, action, chance, benefit, goal, config)
                self.net.zero_grad()
                loss.backward()
                norm = nn.utils.clip_grad_norm_(self.net.parameters(), config.max_grad)
                self.optimizer.step()
                figures.append(torch.stack([*parts, norm]))
        names = ("loss_policy", "loss_value", "entropy", "kl", "clipped", "grad")
        means = torch.stack(figures).mean(0).tolist()
        return {**dict(zip(names, means, strict=True)), "explained": float(explained)}

    def _rows(self, array: np.ndarray) -> Tensor:
        """[N] or [N, L, ...] from the environments as [N * L, ...], one row for every learner.

        Always a copy.
        """
        if array.ndim == 1:
            array = np.repeat(array, self.world.learners)
        else:
            array = array.reshape(-1, *array.shape[2:])
        return torch.from_numpy(np.ascontiguousarray(array)).clone().to(self.device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        """Everything the future depends on, between two updates: arrays and counters."""
        arrays = {f"net.{k}": _array(v) for k, v in self.net.state_dict().items()}
        arrays |= {f"adam.{k}": _array(v) for k, v in self.optimizer.state().items()}
        arrays |= {f"vec.{k}": v for k, v in self.vec.snapshot().items()}
        arrays |= {f"curriculum.{k}": v for k, v in self.curriculum.state().items()}
        arrays |= {"dice": _array(self.dice.get_state()), "memory": _array(self.memory)}
        return arrays, {"steps": self.steps, "updates": self.updates}

    def restore(self, arrays: dict[str, np.ndarray], counters: dict[str, int]) -> None:
        """Continue exactly where `state` was taken, under the same configuration."""

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        self.net.load_state_dict({k: torch.from_numpy(v) for k, v in part("net.").items()})
        self.optimizer.restore({k: torch.from_numpy(v) for k, v in part("adam.").items()})
        self.vec.restore(part("vec."))
        self.curriculum.restore(part("curriculum."))
        self.dice.set_state(torch.from_numpy(arrays["dice"]))
        self.memory = torch.from_numpy(arrays["memory"]).to(self.device)
        self.steps, self.updates = counters["steps"], counters["updates"]


def objective(
    logits: Tensor,
    value: Tensor,
    action: Tensor,
    chance: Tensor,
    gain: Tensor,
    target: Tensor,
    config: TrainConfig,
) -> tuple[Tensor, list[Tensor]]:
    """The loss of one minibatch, and its parts: policy loss, value loss, entropy, KL estimate,
    share of clipped ratios.

    `logits` is [T, B, actions], all else [T, B]; `chance` is the log-probability the action had
    when it was taken.
    """
    chances = logits.log_softmax(-1)
    log_ratio = chances.gather(-1, action[..., None])[..., 0] - chance
    ratio = log_ratio.exp()
    limited = ratio.clamp(1 - config.clip, 1 + config.clip)
    policy = -torch.min(ratio * gain, limited * gain).mean()
    critic = 0.5 * F.mse_loss(value, target)
    entropy = -(chances.exp() * chances).sum(-1).mean()
    loss = policy + config.value_cost * critic - config.entropy * entropy
    with torch.no_grad():
        moved = (ratio - 1 - log_ratio).mean()
        clipped = (ratio != limited).float().mean()
    return loss, [policy.detach(), critic.detach(), entropy.detach(), moved, clipped]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy(order="C")
