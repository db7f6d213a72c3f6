"""Looks: the channels through which a network sees a symbol, so that what it learns of one carries
over to another.
"""

import numpy as np
import pytest
import torch

from goalshift.agents.learning.config import configure
from goalshift.agents.learning.encoder import Shape
from goalshift.agents.learning.files import save_arrays
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.ppo import Learner, resolve
from goalshift.agents.learning.run import describe
from goalshift.agents.learning.trained import Trained
from goalshift.engine.api.adapters import SingleEnv
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.world import Thing, Tile

CORNER = load("corner")
MOUSE = Thing("mouse", "@", agent=True, looks={"mouse": 1})


def painted(**looks):
    """Corner with one more tile for each name, seen through the channels given, and with a mouse
    that declares one.
    """
    more = (Tile(name, str(k), looks=given) for k, (name, given) in enumerate(looks.items()))
    return CORNER.but(tiles=(*CORNER.tiles, *more), things=(MOUSE,))


def seen(world, name):
    number = [s.name for s in world.symbols].index(name)
    return {world.channels[c] for c in world.looks[number].nonzero()[0]}


def test_symbols_share_the_channels_they_name():
    world = painted(line={"yellow": 1, "long": 1}, gem={"yellow": 1, "round": 2})
    assert seen(world, "line") == {"yellow", "long"}
    assert seen(world, "gem") == {"yellow", "round", "round 1"}
    assert seen(world, "mouse") == {"mouse", "self"}  # an agent still tells itself from others
    # and what declares nothing keeps a channel of its own
    assert seen(world, "wall") == {"tile wall"}
    assert world.looks.shape == (len(world.symbols), len(world.channels)) and world.looks.max() == 1
    assert not world.one_hot


def test_without_looks_every_symbol_has_one_channel_of_its_own():
    assert CORNER.one_hot and np.array_equal(CORNER.looks, np.eye(len(CORNER.symbols)))


def test_copies_may_be_the_name_of_a_parameter():
    world = painted(line={"yellow": "region"})
    for copies in (1, 4):
        assert len(seen(world.with_params(region=copies), "line")) == copies
    assert seen(painted(line={"yellow": 0}), "line") == set()


@pytest.mark.parametrize("copies", [-1, 65, "regoin", "density"])
def test_senseless_copies_are_a_plain_fault(copies):
    with pytest.raises(
        UserError, match=r"channel 'yellow' of 'line' is there .* times; give a number from 0 to 64"
    ):
        painted(line={"yellow": copies})


def test_planes_hold_the_channels_of_every_cell():
    world = load("dish").with_params(channels=3)
    planes, symbols = (SingleEnv(world, obs=obs, split="deploy") for obs in ("planes", "symbols"))
    (drawn, _), (named, _) = planes.reset(seed=4), symbols.reset(seed=4)
    assert drawn.shape == planes.observation_space.shape == (*world.view, len(world.channels))
    assert planes.observation_space.contains(drawn)
    assert np.array_equal(drawn, world.looks[named])
    dish = [k for k, channel in enumerate(world.channels) if channel.startswith("dish")]
    assert len(dish) == 3 and drawn.sum((0, 1))[dish].tolist() == [1, 1, 1]


def test_what_is_learned_of_one_symbol_carries_over_through_a_shared_channel():
    """A network that has only ever been shown the yellow line likes the yellow gem too; one-hot, it
    could not know.
    """
    world = painted(
        line={"yellow": 1, "long": 1}, bar={"blue": 1, "long": 1}, gem={"yellow": 1, "round": 1}
    )
    line, bar, gem = (
        [s.name for s in world.symbols].index(name) for name in ("line", "bar", "gem")
    )

    def liking(looks, seed):
        """How much the gem is liked, as a share of how much the line is."""
        torch.manual_seed(seed)
        channels = 0 if looks is None else looks.shape[1]
        net = Net(Shape((1, 1), len(world.symbols), 2, 16, 16, channels=channels), looks=looks)
        optimizer = torch.optim.Adam(net.parameters(), 0.02)
        cells = torch.tensor([line, bar, gem], dtype=torch.uint8).view(1, 3, 1, 1)
        for _ in range(60):
            logits = net(cells, net.blank(3), torch.ones(1, 3, dtype=torch.bool))[0][0]
            loss = torch.nn.functional.cross_entropy(logits[:2], torch.tensor([1, 0]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        taught, against, other = (logits[:, 1] - logits[:, 0]).tolist()
        assert taught > 2 and against < -2
        return other / taught

    assert np.mean([liking(world.looks, seed) for seed in range(16)]) > 0.3
    assert abs(np.mean([liking(None, seed) for seed in range(16)])) < 0.2


def test_a_checkpoint_is_refused_where_symbols_are_seen_otherwise(tmp_path):
    config = resolve(
        configure("dish", envs=2, rollout=2, minibatch=4, params={"channels": 2}, threads=1)
    )
    learner = Learner(load("dish"), config)
    arrays = {name: weight.detach().numpy() for name, weight in learner.net.state_dict().items()}
    path = tmp_path / "dish.safetensors"
    save_arrays(path, arrays, describe(learner))
    # with the parameters it was made for
    assert Trained.load(path).net.shape.channels == len(learner.world.channels)
    for channels in (1, 3):
        with pytest.raises(UserError, match="symbols are seen through other channels"):
            Trained.load(path, load("dish").with_params(channels=channels))
