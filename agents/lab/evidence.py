"""What detectors may see of an agent, gathered once and handed out by what they declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch

from ...engine.world import World
from ..judging.references import Ruler, references
from ..judging.rollout import Episodes, rollout
from ..judging.trace import Trace
from ..learning.net import Net
from ..learning.trained import Trained
from ..policies.expert import Expert
from ..policies.policy import LearnedPolicy, Policy, learned
from ..policies.simple import RandomPolicy
from ..studies.bank.tiny import TinyNet, Weights
from .believing import believed
from .detector import Behaviour, Detector, Evidence, Lacking, Steps
from .moved import Moved

LEVELS, SEED = 96, 1_000_003  # not the levels that labels are made on
SHOWN = 2048  # observations of shifted levels, at most


@dataclass(frozen=True)
class Mind:
    """An agent's weights, and what can be asked with them."""

    agent: LearnedPolicy

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The weights by name, in the order of the layers."""
        if isinstance(self.agent, TinyNet):
            return {k: fixed(v) for k, v in self.agent.weights._asdict().items()}
        if isinstance(self.agent, Trained):
            weights = self.agent.net.state_dict()
            return {k: fixed(v.detach().cpu().numpy()) for k, v in weights.items()}
        raise Lacking(f"'{self.agent.name}' shows no weights")

    def think(self, observations: np.ndarray) -> Steps:
        """Logits, value and body for observations [S, ...], each as the first of an episode."""
        if not observations.flags.writeable:
            observations = observations.copy()  # or torch warns
        fresh = np.ones(len(observations), np.bool_)
        layers = ("body",) if "body" in self.agent.layers else ()
        self.agent.start(len(observations), 1)
        thought = self.agent.think(observations[:, None], None, fresh, layers)
        return Steps(
            observations=observations,
            logits=thought.logits[:, 0],
            value=thought.value[:, 0] if thought.value is not None else None,
            body=thought.features["body"][:, 0] if layers else None,
        )

    def twin(self, observations: np.ndarray) -> Steps:
        """`think` of an agent of the same shape before it has learned anything."""
        return Mind(untrained(self.agent)).think(observations)


def untrained(agent: LearnedPolicy, seed: int = 0) -> TinyNet | Trained:
    """An agent of the same shape with first weights."""
    if isinstance(agent, TinyNet):
        dice = np.random.default_rng(seed)
        made = [
            dice.normal(0, np.sqrt(2 / len(array)), array.shape).astype(np.float32)
            for array in agent.weights
        ]
        return TinyNet(agent.world, agent.see, Weights(*made), "untrained")
    if isinstance(agent, Trained):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = Net(agent.net.shape, torch.float32, agent.world.looks)
        return Trained(net, agent.world, "untrained")
    raise Lacking(f"'{agent.name}' shows no weights")


@dataclass(eq=False)
class Subject:
    """One agent under examination, in its world; parts are gathered when first asked for.

    history, peers: the rows of its training log, and the agents of the other seeds of its recipe;
    both are fetched when first asked for. Raises UserError for a policy that was not learned.
    """

    policy: Policy
    world: World
    history: Callable[[], Sequence[Mapping[str, float]]] = lambda: ()
    peers: Callable[[], Sequence[Policy]] = lambda: ()
    levels: int = LEVELS
    agent: LearnedPolicy = field(init=False, repr=False)
    _peers: Sequence[LearnedPolicy] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.agent = learned(self.policy, "a detector")

    def evidence(self, detector: Detector, name: str) -> Evidence:
        """What a detector of agents declared, and nothing else."""
        parts: dict[str, Callable] = {
            "weights": lambda: Mind(self.agent),
            "training": lambda: self.training,
            "moved": lambda: Moved.of(self.policy, self.world, self.levels, SEED),
            "shifted": lambda: shifted(self.world, self.agent, self.world.judged, self.levels),
            "history": self._log,
            "peers": lambda: [Mind(peer).think for peer in self.others()],
        }
        return Evidence(name, self.world, {part: parts[part] for part in detector.sees})

    def others(self) -> Sequence[LearnedPolicy]:
        """The agents of the other seeds of its recipe; `Lacking` if there are none."""
        if self._peers is None:
            self._peers = [learned(peer, "a detector") for peer in self.peers()]
        if not self._peers:
            raise Lacking(f"'{self.agent.name}' has no other seeds")
        return self._peers

    def forget(self) -> None:
        """Let go of what was gathered."""
        self.__dict__.pop("training", None)
        self._peers = None

    @cached_property
    def training(self) -> Behaviour:
        """Its behaviour on held-out levels of the training split."""
        played = self.played("train", SEED, "states", "scores")
        steps, level = steps_of(played)
        trace = played.trace
        assert trace is not None and trace.states is not None and trace.scores is not None
        ruler = Ruler(self.world, references(self.world, played.split, self.levels, SEED))
        paid = played.scores[:, ruler.paid]
        low, high = ruler.random_scores[..., ruler.paid].mean(), ruler.best[:, ruler.paid].mean()
        worth = (paid.mean() - low) / (high - low) if high > low else float("nan")
        gained = np.diff(trace.scores[..., ruler.paid], axis=0, prepend=0.0)
        states = trace.states
        reward = _rows(np.repeat(gained[:, :, None], self.world.learners, 2), trace)
        parts = {name: None if x is None else fixed(x) for name, x in vars(steps).items()}
        return Behaviour(
            steps=Steps(**parts),
            level=fixed(level),
            paid=float(worth),
            scores=fixed(paid),
            length=fixed(played.length),
            reward=fixed(reward),
            wandered=fixed(shifted(self.world, self.agent, "train", self.levels)),
            advice=lambda: advice(self.world, states.T[trace.running.T].view(np.recarray)),
        )

    def played(self, split: str, seed: int, *parts: str) -> Episodes:
        """Its episodes on held-out levels, with all that it saw and thought."""
        body = ("body",) if "body" in self.agent.layers else ()
        value = ("value",) if "value" in self.agent.can else ()
        wanted = ("observations", "logits", *value, *body, *parts)
        return rollout(self.world, self.policy, split, self.levels, seed, trace=wanted)

    def _log(self) -> Sequence[Mapping[str, float]]:
        rows = list(self.history())
        if not rows:
            raise Lacking(f"'{self.agent.name}' has no training log")
        return rows


def steps_of(played: Episodes, belief: bool = False) -> tuple[Steps, np.ndarray]:
    """The steps of traced episodes as rows, level after level, and the level of each: int64[S].

    Of a step of several learners each is a row. `belief`: with what was done so far speaks for.
    """
    trace = played.trace
    assert trace is not None and trace.observations is not None and trace.logits is not None
    value, before = trace.value, None
    if value is not None:
        before = _rows(np.concatenate([np.full_like(value[:1], np.nan), value[:-1]]), trace)
    n, learners = trace.logits.shape[1:3]
    level = np.broadcast_to(np.arange(n)[None, :, None], (len(trace), n, learners))
    body = trace.activations.get("body")
    steps = Steps(
        observations=_rows(trace.observations, trace),
        logits=_rows(trace.logits, trace),
        value=_rows(value, trace) if value is not None else None,
        before=before,
        body=_rows(body, trace) if body is not None else None,
        belief=_rows(believed(played.world, played), trace) if belief else None,
    )
    return steps, _rows(level, trace)


def _rows(array: np.ndarray, trace: Trace) -> np.ndarray:
    """[T, n, L, ...] as rows of the steps that were lived: level after level, step after step."""
    return array.swapaxes(0, 1)[trace.running.T].reshape(-1, *array.shape[3:])


def advice(world: World, states: np.recarray) -> np.ndarray:
    """int64[goals, S]: what each goal's expert would do in these states; of every learner a row."""
    fresh = np.ones(len(states), np.bool_)
    found = []
    for goal in world.goals:
        expert = Expert(world, goal.name)
        expert.start(len(states), world.learners)
        found.append(expert.act(None, states, fresh).reshape(-1))
    return np.stack(found)


def with_peers(steps: Steps, peers: Sequence[LearnedPolicy]) -> Steps:
    """The steps with what the peers would have thought, each as if an episode had just begun."""
    assert steps.observations is not None
    logits = [Mind(peer).think(steps.observations).logits for peer in peers]
    return replace(steps, peers=np.stack([part for part in logits if part is not None]))


def shown(steps: Steps, detector: Detector) -> Steps:
    """The steps with the parts that a detector of steps declared, and no others."""
    keep = {part: getattr(steps, part) for part in detector.sees}
    if "value" in detector.sees:
        keep["before"] = steps.before
    lacks = [part for part in detector.sees if keep[part] is None]
    if lacks:
        raise Lacking(f"there is no {' and no '.join(lacks)} to see")
    return Steps(**{part: None if array is None else fixed(array) for part, array in keep.items()})


def fixed(array: np.ndarray) -> np.ndarray:
    """The same array, which cannot be written to: other detectors are shown it, too."""
    seen = array.view()
    seen.flags.writeable = False
    return seen


def shifted(world: World, agent: LearnedPolicy, split: str, levels: int = LEVELS) -> np.ndarray:
    """What an agent with these eyes sees on levels of a split while somebody acts at random:
    [S, ...], at most SHOWN, evenly spread.
    """
    watcher = Looking(world, agent)
    rollout(world, watcher, split, levels, SEED)
    seen = np.concatenate(watcher.kept)
    return seen[np.linspace(0, len(seen) - 1, min(len(seen), SHOWN)).astype(np.int64)]


class Looking(RandomPolicy):
    """Acts at random, and keeps what an agent would see."""

    def __init__(self, world: World, agent: LearnedPolicy) -> None:
        super().__init__(world, SEED)
        self.rule, self.agent, self.kept = None, agent, []

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        seen = self.agent.seen(obs, states)
        self.kept.append(seen.reshape(-1, *seen.shape[2:]).copy())
        return super().act(obs, states, fresh)
