"""Several trainings at once in one process, such as one recipe from eight seeds.

On a CPU they go side by side, each on threads of its own: every one computes what it would alone,
byte for byte, with arithmetic that is made for one network (`by_hand`). On CUDA, where eight small
networks cost hardly more than one, plain PPO of one recipe is one batch: products of matrices with
an axis for the seeds, and everything else over the rows of all (`Stack`). What is drawn is the same
as alone; sums are rounded in another order.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, vmap

from ...engine import machine
from ...engine.catalogue import load
from ...engine.errors import RunError
from ...engine.vector import Vec
from .adam import Adam
from .callback import Callbacks, OnRow
from .config import TrainConfig
from .hooks import Batch, Hook, Hooks
from .ppo import Learner, objective, resolve
from .run import Row, Run, begun, go_on, recalled
from .tally import Tally
from .training import Training

Update = Callable[[Sequence[Training]], Sequence[Row | RunError]]
APART = ("seed", "save_every", "keep")  # what may differ inside a batch


def train(
    configs: Sequence[TrainConfig],
    folders: Sequence[Path],
    on_row: OnRow = lambda row: None,
    callbacks: Callbacks = tuple,
) -> None:
    """Train from nothing, each into a run directory of its own; see `run.train`.

    `on_row` gets one row for every update of all: their mean returns, and the steps of all in a
    second.
    """
    with contextlib.ExitStack() as stack:
        runs = []
        for config, folder in zip(configs, folders, strict=True):
            threads = config.threads or max(machine.processors() // len(configs), 1)
            config = resolve(dataclasses.replace(config, threads=threads))
            run = begun(load(config.world), config, folder, None, callbacks())
            runs.append(stack.enter_context(run))
        go_together(runs, on_row)


def resume(
    folders: Sequence[Path],
    steps: int | None = None,
    on_row: OnRow = lambda row: None,
    say: Callable[[str], None] = lambda line: None,
    callbacks: Callbacks = tuple,
) -> None:
    """Continue these runs, whether or not they were begun together; see `run.resume`, `train`."""
    with contextlib.ExitStack() as stack:
        runs = [
            stack.enter_context(recalled(folder, steps, None, say, callbacks()))
            for folder in folders
        ]
        go_together(runs, on_row)


def go_together(runs: Sequence[Run], on_row: OnRow) -> None:
    """See `run.go_on`."""
    learners = [run.learner for run in runs]
    if plain := stackable(learners):
        go_on(runs, _telling(Stack(plain).rows, on_row))
        return
    abreast = min(machine.processors() // max(x.config.threads for x in learners), len(runs))
    with ThreadPoolExecutor(max(abreast, 1)) as pool:
        update = _telling(lambda some: _all([pool.submit(_row, x) for x in some]), on_row)
        go_on(runs, update)


def _telling(update: Update, on_row: OnRow) -> Update:
    """The same, telling `on_row` of each."""

    def told(learners: Sequence[Training]) -> Sequence[Row | RunError]:
        began = time.perf_counter()
        rows = update(learners)
        sound = [row for row in rows if isinstance(row, dict)]
        made = sum(x.config.envs * x.config.rollout for x in learners)
        if sound:
            returns = {
                name: float(np.mean(known)) if known else None
                for name in sound[0]
                if name.startswith("return/")
                for known in [[row[name] for row in sound if row.get(name) is not None]]
            }
            speed = made / (time.perf_counter() - began)
            step = min(row["step"] for row in sound)
            on_row({"step": step, "steps_per_second": speed, **returns})
        return rows

    return told


def _row(learner: Training) -> Row | RunError:
    try:
        return learner.update()
    except RunError as fault:
        return fault


def _all(futures: Sequence[Future[Row | RunError]]) -> list[Row | RunError]:
    """Their results. Main threads that stand still after a signal are taken for stuck (see
    `command.signals`): this one paces up and down.
    """
    while not all(future.done() for future in futures):
        time.sleep(0.015)
        time.sleep(0.02)
    return [future.result() for future in futures]


# -- one batch -------------------------------------------------------------------------------------


def stackable(learners: Sequence[Training]) -> Sequence[Learner]:
    """These, if they can and should be one batch: plain PPO of one recipe, on CUDA, at one step."""
    plain = [x for x in learners if type(x) is Learner and x.device.type == "cuda"]
    if len(plain) < max(len(learners), 2):
        return ()
    recipes = {
        tuple((k, v) for k, v in dataclasses.asdict(x.config).items() if k not in APART)
        for x in plain
    }
    first = plain[0].config
    more = first.memory or first.mitigate or first.reward or first.curriculum
    return plain if len(recipes) == len({x.steps for x in plain}) == 1 and not more else ()


class Vecs:
    """The environments of several learners, one after the other, stepped side by side."""

    def __init__(self, each: Sequence[Vec]) -> None:
        self.each, self.n = each, sum(vec.n for vec in each)
        self.pool = ThreadPoolExecutor(min(machine.processors(), len(each)))

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `Vec.step`."""
        parts = np.split(actions, len(self.each))
        list(self.pool.map(lambda vec, part: vec.step(part), self.each, parts))
        self.final_obs = np.concatenate([vec.final_obs for vec in self.each])
        self.final_totals = np.concatenate([vec.final_totals for vec in self.each])
        self.final_length = np.concatenate([vec.final_length for vec in self.each])
        reward = np.concatenate([vec.reward for vec in self.each])
        terminated = np.concatenate([vec.terminated for vec in self.each])
        return self.obs, reward, terminated, np.concatenate([vec.truncated for vec in self.each])

    @property
    def obs(self) -> np.ndarray:
        """What is seen now."""
        return np.concatenate([vec.obs for vec in self.each])

    @property
    def fresh(self) -> np.ndarray:
        """Where an episode has just begun."""
        return np.concatenate([vec.fresh for vec in self.each])


class Counts(Hook):
    """Tells every learner's curriculum of its episodes, and counts them apart."""

    def __init__(self, each: Sequence[Learner]) -> None:
        self.each = each
        self.shifted = 0.0
        self.begin_rollout()

    def begin_rollout(self) -> None:
        """Count from nothing."""
        self.tallies = [Tally(learner.world) for learner in self.each]

    def finished(self, vec: Vecs, ended: np.ndarray) -> None:
        """See `Curriculum.finished`."""
        each = zip(self.each, self.tallies, np.split(ended, len(self.each)), strict=True)
        for learner, tally, own in each:
            if own.any():
                tally.add(learner.vec, own)
                learner.curriculum.finished(learner.vec, own)


class Stack(Learner):
    """PPO over the rows of several learners: of B rows each, those of the first come first.

    Their weights become parts of its own, [learners, *shape], and their dice and environments are
    what it draws from: after every update each learner is as far as if it had gone alone.
    """

    def __init__(self, each: Sequence[Learner]) -> None:
        first = each[0]
        self.each, self.world, self.config = each, first.world, first.config
        self.device, self.minibatches = first.device, first.minibatches
        self.rows_each = first.seen.shape[1]
        self.vec, self.counts = Vecs([x.vec for x in each]), Counts(each)
        self.curriculum = self.counts
        self.hooks = Hooks((), self.counts, self.world, self.vec.n)
        self.by_hand = None
        self._take_weights()

        def joined(part: Callable[[Learner], Tensor]) -> Tensor:
            return torch.cat([part(x) for x in each], 1)

        self.seen, self.fresh = joined(lambda x: x.seen), joined(lambda x: x.fresh)
        self.action, self.chance = joined(lambda x: x.action), joined(lambda x: x.chance)
        self.reward, self.value = joined(lambda x: x.reward), joined(lambda x: x.value)
        self.done, self.cut = joined(lambda x: x.done), joined(lambda x: x.cut)
        self.cut_off = joined(lambda x: x.cut_off)

    def _take_weights(self) -> None:
        """Weights and moments of all as one, and those of each as views of them."""
        each = [(list(x.net.parameters()), x.optimizer) for x in self.each]
        self.weights = {}
        for i, (name, _) in enumerate(self.each[0].net.named_parameters()):
            whole = torch.stack([weights[i].detach() for weights, _ in each])
            self.weights[name] = whole.requires_grad_()
            for k, (weights, _) in enumerate(each):
                weights[i].data = whole.data[k]
        self.optimizer = Adam(self.weights.values(), self.config.lr)
        own = self.optimizer
        for i in range(len(own.weights)):
            own.steps[i].copy_(each[0][1].steps[i])
            for k, (_, optimizer) in enumerate(each):
                own.means[i][k] = optimizer.means[i]
                own.squares[i][k] = optimizer.squares[i]
                optimizer.steps[i] = own.steps[i]
                optimizer.means[i], optimizer.squares[i] = own.means[i][k], own.squares[i][k]

    def rows(self, all_of_them: Sequence[Training]) -> list[Row]:
        """One update of each."""
        assert len(all_of_them) == len(self.each)
        self.steps, self.updates = self.each[0].steps, self.each[0].updates
        self.memory = torch.cat([learner.memory for learner in self.each])
        self.counts.begin_rollout()
        self.parts, self.norms = [], []
        row = self.update()
        parts = torch.cat([torch.stack(self.parts), torch.stack(self.norms)[..., None]], 2)
        means = parts.double().mean(0).tolist()
        names = ("loss_policy", "loss_value", "entropy", "kl", "clipped", "grad")
        found = []
        for k, (learner, tally) in enumerate(zip(self.each, self.counts.tallies, strict=True)):
            learner.steps, learner.updates = self.steps, self.updates
            own = tally.row({"shifted": learner.curriculum.shifted})
            own |= dict(zip(names, means[k], strict=True))
            found.append({**row, **own, "explained": float(self.explained[k])})
        return found

    # -- what the learner asks for, seed by seed ---------------------------------------------------

    def roll(self, rows: int) -> Tensor:
        return torch.cat([learner.roll(rows // len(self.each)) for learner in self.each])

    def shuffled(self, columns: int) -> Tensor:
        """int64[seeds, C / seeds]"""
        b, found = self.rows_each, []
        for k, learner in enumerate(self.each):
            own = learner.shuffled(columns // len(self.each))
            found.append(own // b * (b * len(self.each)) + k * b + own % b)
        return torch.stack(found)

    def minibatches_of(self, order: Tensor, keep: Tensor | None) -> Sequence[Tensor]:
        return [part.flatten() for part in order.tensor_split(self.minibatches, 1)]

    def normal(self, gain: Tensor, keep: Tensor | None) -> Tensor:
        own = gain.view(len(gain), len(self.each), -1)
        target = (gain + self.value[:-1]).view_as(own)
        self.explained = 1 - own.var((0, 2)) / target.var((0, 2)).clamp_min(1e-12)
        mean, spread = own.mean((0, 2), keepdim=True), own.std((0, 2), keepdim=True)
        return ((own - mean) / (spread + 1e-8)).view_as(gain)

    def judge(self, seen: Tensor, memory: Tensor, fresh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        def one(weights: dict[str, Tensor], seen: Tensor, fresh: Tensor) -> tuple[Tensor, ...]:
            return functional_call(self.each[0].net, weights, (seen, memory, fresh))[:2]

        logits, value = vmap(one)(self.weights, self._apart(seen), self._apart(fresh))
        return logits.flatten(0, 2), value.flatten(), memory

    def values(self, seen: Tensor, memory: Tensor, places: Tensor) -> Tensor:
        value = torch.empty(len(seen), device=self.device)
        whose = places % (self.rows_each * len(self.each)) // self.rows_each
        for k, learner in enumerate(self.each):
            own = (whose == k).nonzero()[:, 0]
            if len(own):
                value[own] = learner.values(seen[own], memory[own], places[own])
        return value

    def slope(self, batch: Batch, memory: Tensor) -> Sequence[Tensor | float]:
        def one(weights: dict[str, Tensor], *parts: Tensor) -> tuple[Tensor, list[Tensor]]:
            batch = Batch(*parts)
            logits, value, _ = functional_call(
                self.each[0].net, weights, (batch.seen, memory, batch.fresh)
            )
            return objective(logits, value, batch, self.config)

        loss, parts = vmap(one)(self.weights, *(self._apart(part[0]) for part in batch))
        gradients = torch.autograd.grad(loss.sum(), list(self.weights.values()))
        for weight, gradient in zip(self.weights.values(), gradients, strict=True):
            weight.grad = gradient.contiguous()  # Adam goes through both as they lie in memory
        self.parts.append(torch.stack(parts, 1))
        return [part.mean() for part in parts]

    def descend(self) -> Tensor:
        gradients = [w.grad for w in self.weights.values() if w.grad is not None]
        squares = torch.stack([g.flatten(1).square().sum(1) for g in gradients])
        norms = squares.sum(0).sqrt()
        scale = (self.config.max_grad / (norms + 1e-6)).clamp_max(1.0)
        for gradient in gradients:
            gradient *= scale.view(-1, *[1] * (gradient.ndim - 1))
        self.optimizer.step()
        self.norms.append(norms)
        return norms.mean()

    def _apart(self, rows: Tensor) -> Tensor:
        """[learners * B, ...] as [learners, 1 step, B, ...]."""
        return rows.view(len(self.each), 1, -1, *rows.shape[1:])
