"""Traces of episodes, and what a learned policy can be asked."""

import numpy as np
import pytest

from goalshift.agents.judging import trace as tracing
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.run import train
from goalshift.agents.learning.trained import Trained
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.policy import (
    ABILITIES,
    Differentiable,
    Editable,
    LearnedPolicy,
    Policy,
    Recurrent,
    Thought,
    learned,
)
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError

SMALL = {"steps": 256, "envs": 16, "rollout": 16, "minibatch": 128, "first": 8, "width": 12}
ALL = ("states", "observations", "logits", "value", "events", "scores")
RECIPES = {
    "corner": {"depth": 2},
    "memory": {"depth": 1, "memory": 6},
    "patches": {"patch": 3, "depth": 0},
    "follow": {"world": "follow"},
    "eyes": {"obs": "eyes", "envs": 4},
}


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    made = {}

    def agent(name: str) -> Trained:
        if name not in made:
            recipe = {**SMALL, "threads": 1, "precision": "fp32", **RECIPES[name]}
            config = configure(recipe.pop("world", "corner"), **recipe)
            made[name] = train(config, tmp_path_factory.mktemp(name) / "run")
        return Trained.load(made[name])

    return agent


@pytest.mark.parametrize("name", RECIPES)
def test_a_trace_is_what_was_seen_thought_and_done(agents, name):
    agent = agents(name)
    world = agent.world
    layers = tuple(agent.layers)
    plain = rollout(world, agent, "deploy", 6, seed=2, record=True)
    played = rollout(world, agent, "deploy", 6, seed=2, trace=(*ALL, *layers))
    trace = played.trace
    assert np.array_equal(played.actions, plain.actions)  # a trace changes nothing
    assert np.array_equal(trace.actions, played.actions) and len(trace) == played.length.max()
    assert (trace.running.sum(0) == played.length).all()
    assert (trace.events.sum(0) == played.totals).all()
    last = trace.scores[played.length - 1, np.arange(6)]
    assert np.allclose(last, played.scores)
    assert trace.states.shape == trace.running.shape
    assert (trace.states["t"][trace.running] == np.nonzero(trace.running)[0]).all()
    for layer, shape in agent.layers.items():
        assert trace.activations[layer].shape == (*trace.actions.shape, *shape)
        assert trace.activations[layer].dtype == np.float32
    assert trace.activations["body"].any()

    agent.start(6, world.learners)  # a fresh pass on what was observed
    for t in range(len(trace)):
        on = trace.running[t]
        fresh = np.full(6, t == 0)
        asked = np.ones(6, bool) if agent.remembers else on
        thought = agent.think(trace.observations[t][asked], None, fresh[asked], layers)
        logits = thought.logits[on[asked]]
        assert np.allclose(logits, trace.logits[t][on], atol=1e-5)
        assert np.allclose(thought.value[on[asked]], trace.value[t][on], atol=1e-5)
        if agent.remembers:
            agent.act(trace.observations[t], None, fresh)


def test_heads_read_the_body_that_is_handed_out(agents):
    agent = agents("corner")
    trace = rollout(agent.world, agent, "deploy", 8, trace=("logits", "body")).trace
    weight = agent.net.actor.weight.detach().numpy()
    bias = agent.net.actor.bias.detach().numpy()
    made = trace.activations["body"] @ weight.T + bias
    assert np.allclose(made[trace.running], trace.logits[trace.running], atol=1e-5)
    assert list(agent.layers) == ["encoder", "body.1", "body"]
    assert trace.states is None and trace.value is None


def test_what_cannot_be_traced_is_said_in_a_line(agents, monkeypatch):
    agent = agents("corner")
    world = agent.world
    with pytest.raises(UserError, match="needs a learned policy, and 'expert:cheese' is none"):
        rollout(world, Expert(world), levels=4, trace=("logits",))
    with pytest.raises(UserError, match=r"no part 'bodi'. Did you mean 'body'"):
        rollout(world, agent, levels=4, trace=("logits", "bodi"))
    monkeypatch.setattr(tracing, "MAX_BYTES", 1 << 16)
    with pytest.raises(UserError, match="play fewer levels, or trace less"):
        rollout(world, agent, levels=64, trace=("states", "logits"))
    events = rollout(world, Expert(world), levels=4, trace=("events",)).trace.events
    assert events.sum() > 0  # whoever acts can be traced from outside


def test_a_gradient_is_the_slope_of_the_logits(agents):
    """Against the difference that changing one cell makes, to first order."""
    for name in ("corner", "patches", "memory"):
        agent = agents(name)
        episodes = rollout(agent.world, agent, "deploy", 3, trace=("observations",))
        seen = episodes.trace.observations[0]
        fresh = np.ones(3, bool)
        agent.start(3, 1)
        weights = np.zeros((3, 1, len(agent.world.actions)))
        weights[..., 1] = 1
        assert isinstance(agent, Differentiable)
        slope = agent.gradient(seen, None, fresh, weights)
        assert slope.shape == (*seen.shape, len(agent.world.symbols))
        base = agent.think(seen, None, fresh).logits[0, 0, 1]
        close = []
        for y, x in np.argwhere(np.ones(seen.shape[2:], bool))[::7]:
            other = seen.copy()
            other[0, 0, y, x] = 2 if seen[0, 0, y, x] != 2 else 1
            moved = agent.think(other, None, fresh).logits[0, 0, 1] - base
            told = slope[0, 0, y, x, other[0, 0, y, x]] - slope[0, 0, y, x, seen[0, 0, y, x]]
            close.append((moved, told))
        moved, told = np.array(close).T
        assert np.corrcoef(moved, told)[0, 1] > 0.8, name  # bent only by rectifiers that flip
    agent = agents("eyes")
    states = rollout(agent.world, agent, "deploy", 2, trace=("states",)).trace.states[0]
    agent.start(2, 1)
    slope = agent.gradient(
        np.zeros((2, 1, 3, 3), np.uint8), states, np.ones(2, bool), np.ones((2, 1, 5))
    )
    assert slope.shape == (2, 1, 64, 64, 3) and np.abs(slope).max() > 0


def test_hooks_edit_what_goes_on(agents):
    agent = agents("corner")
    seen = rollout(agent.world, agent, "deploy", 3, trace=("observations",)).trace.observations[0]
    fresh = np.ones(3, bool)
    usual = agent.think(seen, None, fresh)
    assert isinstance(agent, Editable)
    with agent.hooked({"body": np.zeros_like}):
        still = agent.think(seen, None, fresh, ("body",))
    assert not still.features["body"].any()
    assert np.allclose(still.logits, agent.net.actor.bias.detach().numpy())
    assert (agent.think(seen, None, fresh).logits == usual.logits).all()
    with pytest.raises(UserError, match="no layer 'bdy'"), agent.hooked({"bdy": np.zeros_like}):
        pass


def test_a_memory_can_be_read_and_set(agents):
    agent = agents("memory")
    world = agent.world
    assert isinstance(agent, Recurrent) and "memory" in agent.can
    assert "memory" not in agents("corner").can
    seen = rollout(world, agent, "deploy", 3, trace=("observations",)).trace.observations
    agent.start(3, 1)
    agent.act(seen[0], None, np.ones(3, bool))
    kept, later = agent.memory.copy(), np.zeros(3, bool)
    assert kept.shape == (3, 1, 6) and kept.any()
    told = agent.think(seen[1], None, later).logits
    agent.act(seen[1], None, later)
    agent.memory = kept
    assert (agent.think(seen[1], None, later).logits == told).all()


class Foreign(Policy):
    """A callable from elsewhere: logits, and nothing else."""

    name, remembers = "foreign", False
    can, layers = frozenset(), {}

    def think(self, obs, states, fresh, layers=()):
        return Thought(np.tile(np.arange(5.0), (*obs.shape[:2], 1)))

    def act(self, obs, states, fresh):
        return self.think(obs, states, fresh).logits.argmax(-1)


def test_a_foreign_agent_is_learned_as_far_as_it_can():
    world, agent = load("corner"), Foreign()
    assert isinstance(agent, LearnedPolicy) and not isinstance(agent, Differentiable)
    trace = rollout(world, agent, levels=3, trace=("logits",)).trace
    assert (trace.logits[trace.running].argmax(-1) == trace.actions[trace.running]).all()
    with pytest.raises(UserError, match=r"needs value, and 'foreign' offers logits$"):
        rollout(world, agent, levels=3, trace=("value",))
    with pytest.raises(UserError, match=r"saliency needs gradient, and 'foreign' offers logits$"):
        learned(agent, "saliency", "gradient")
    assert set(ABILITIES) == {"value", "features", "gradient", "hooks", "memory"}
