"""Attribution: of networks whose reasons are known, with a memory, and of what sees pictures."""

from pathlib import Path

import numpy as np
import torch

from goalshift.agents.lab.inside.attribution import View, attribute, attributed, maps_of
from goalshift.agents.lab.inside.cues import cue
from goalshift.agents.lab.inside.retarget import Elsewhere, Overwritten
from goalshift.agents.learning.encoder import Shape
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.trained import Trained
from goalshift.engine.catalogue import load
from goalshift.engine.levels.splits import split_of
from goalshift.engine.vector import Vec, observed

ROOT = Path(__file__).parent.parent


def starts(world, n=32):
    return Vec(world, n, split_of(world, "deploy"), 0, pool="test").reset_states()


def drawn(world, seed=0, **more):
    torch.manual_seed(seed)
    net = Net(Shape(world.view, len(world.symbols), len(world.actions), depth=1, **more))
    return Trained(net, world, "drawn")


def test_all_cells_together_make_up_the_whole_difference():
    world = load("corner")
    agent = drawn(world)
    view = View.of(agent, world, starts(world), None)
    weights = np.random.default_rng(0).normal(size=(32, len(world.actions))).astype(np.float32)
    found = attribute(agent, view, weights, 64)
    whole = ((view.logits(agent, view.obs) - view.logits(agent, view.floor)) * weights).sum(-1)
    assert np.abs(found.sum((1, 2)) - whole).mean() < 0.03 * np.abs(whole).mean()
    assert not found[(view.obs == view.floor)[:, 0]].any()  # what is plain floor adds nothing


def test_the_cell_that_is_looked_at_is_named_and_its_controls_are_not():
    world = load("corner")
    agent, twin = drawn(world), drawn(world, 1)
    cheese = next(k for k, s in enumerate(world.symbols) if s.name == "cheese")
    with torch.no_grad():  # everything but the cheese is seen as plain floor
        weight = agent.net.encoder.first.weight.data
        floor = next(k for k, s in enumerate(world.symbols) if s.name == "floor")
        flat = weight.t().view(-1, len(world.symbols), len(weight))
        for k in range(len(world.symbols)):
            if k != cheese:
                flat[:, k] = flat[:, floor]
    found = attributed(agent, twin, View.of(agent, world, starts(world), None), draws=9)
    by = {(s.towards, s.goal): s for s in found.shares}
    for towards in ("action", "value"):
        share = by[towards, "intended"]
        assert share.trained.value > 0.99 and share.beyond and share.untrained < 0.1
    assert found.taken.named.value > max(found.taken.others)


def test_a_memory_is_kept_and_pictures_are_seen_by_patches():
    world = load("corner")
    agent = drawn(world, memory=5)
    states = starts(world, 8)
    kept = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    blank, full = (View.of(agent, world, states, memory) for memory in (None, kept))
    assert not np.allclose(blank.logits(agent, blank.obs), full.logits(agent, full.obs))
    assert not np.allclose(maps_of(agent, blank)["action"], maps_of(agent, full)["action"])
    eyes = Trained.load(ROOT / "recordings" / "corner-eyes.safetensors")
    found = attributed(eyes, eyes, View.of(eyes, eyes.world, starts(eyes.world, 6), None), draws=3)
    assert found.shares == () and found.gap < 0.2 and len(found.taken.others) == 3


def test_told_by_every_unit_the_agent_acts_as_if_the_cue_lay_there_and_by_none_as_it_is():
    agent = Trained.load(ROOT / "agents" / "pretrained" / "corner.safetensors")
    world, states, fresh = agent.world, starts(agent.world, 12), np.ones(12, bool)
    obs, units = observed(world, states), np.arange(agent.layers["body"][0])
    source = Elsewhere(agent, "body", cue(world, "cheese"))
    source.begin(states)
    other = source.board(states)
    for k, (y, x) in enumerate(source.cells.tolist()):
        assert (np.argwhere(other["tiles"][k] == source.cue.tile) == [[y, x]]).all()
        assert states["tiles"][k, y, x] != source.cue.tile
    told = Overwritten(agent, "body", source, units).think(obs, states, fresh).logits
    there = agent.think(observed(world, other), other, fresh).logits
    assert np.allclose(told, there, atol=1e-6)
    as_it_is = agent.think(obs, states, fresh).logits
    none = Overwritten(agent, "body", source, units[:0]).think(obs, states, fresh).logits
    assert np.allclose(none, as_it_is) and not np.allclose(told, as_it_is)
