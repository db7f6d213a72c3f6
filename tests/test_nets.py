"""Networks found by name: what each promises, that each learns, and that a stranger's is code."""

import os
import signal
from typing import NamedTuple

import pytest
import torch

from goalshift.__main__ import main
from goalshift.agents.learning.config import configure
from goalshift.agents.learning.encoder import NETS, Shape
from goalshift.agents.learning.net import Net
from goalshift.agents.learning.ppo import Learner, resolve
from goalshift.agents.learning.run import Interrupted, resume, train
from goalshift.agents.learning.trained import Trained
from goalshift.engine import grid, layout, rng
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.world import Goal, Thing, Tile, World

SHIPPED = NETS.shipped()
BOARD = {"view": (6, 9), "symbols": 5, "actions": 4}
PICTURE = {"view": (24, 16, 3), "symbols": 0, "actions": 4}
SMALL = {
    "envs": 32, "rollout": 8, "minibatch": 128, "first": 16, "width": 16, "lr": 1e-2, "threads": 1,
    "device": "cpu", "precision": "fp32", "save_every": 0.0,
}  # fmt: skip
MINE = '''"""Counts every symbol, wherever it stands."""
from goalshift.agents.learning.encoder import Cells, NetKind


class Counts(Cells):
    def __init__(self, shape, dtype, looks):
        super().__init__(shape, dtype, looks)
        self.width = self.channels

    def encode(self, floats):
        return floats.sum((2, 3))


NET = NetKind(about=__doc__, build=Counts, sizes=lambda shape: (shape.channels or shape.symbols, 0))
'''


class Nothing(NamedTuple):
    unused: int = 0


@rule
def show_a_lamp(s, p):
    """A red or a blue lamp stands anywhere."""
    layout.fill(s, 0)
    grid.put(s, 0, 0, 0)
    s.lamp = rng.below(s, 2)
    s.tiles[1 + rng.below(s, 4), 1 + rng.below(s, 4)] = 1 + s.lamp


@rule
def ask_for_it(s, p, me, act):
    s.events[me, 0 if act == 1 + s.lamp else 1] += 1


LAMPS = World(
    name="lamps", story="Say which lamp it is.", size=(5, 5), horizon=8,
    actions=("stay", "one", "two"), tiles=(Tile("floor", "."), Tile("red", "r"), Tile("blue", "b")),
    things=(Thing("mouse", "@", agent=True),), events=("right", "wrong"), ends_on=("right", "wrong"),
    params=Nothing, train=Nothing(), deploy=Nothing(), fields={"lamp": ()},
    intended=Goal("right", {"right": 1.0}), generate=show_a_lamp, step=ask_for_it,
)  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seen", [BOARD, PICTURE])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_net_is_as_large_as_it_says_before_it_is_built(name, seen, dtype):
    if name == "attention" and not seen["symbols"]:
        with pytest.raises(UserError, match="attention looks at symbols"):
            Shape(**seen, net=name)
        return
    shape = Shape(**seen, net=name, first=12, width=16)
    net = Net(shape, dtype)
    assert sum(p.numel() for p in net.parameters()) == shape.parameters()
    x = torch.randint(0, seen["symbols"] or 255, (2, 3, *seen["view"]), dtype=torch.uint8)
    logits, value, _ = net(x, net.blank(3), torch.zeros(2, 3, dtype=torch.bool))
    assert logits.shape == (2, 3, 4) and value.shape == (2, 3)
    (logits.sum() + value.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    encoder = net.encoder
    flat = x.flatten(0, 1)
    by_floats = encoder.encode(encoder.floats(flat))
    torch.testing.assert_close(encoder(flat), by_floats, rtol=2e-2, atol=1e-2)
    slope = encoder.back(torch.ones_like(encoder.floats(flat)))
    assert slope.shape == (6, *seen["view"][:2], seen["symbols"] or 3)


@pytest.mark.parametrize("name", SHIPPED)
def test_slopes_at_the_cells_are_what_moving_a_little_does(name):
    """In float64, along random directions of the floats."""
    net = Net(Shape(**BOARD, net=name, first=12, width=16)).double()
    encoder = net.encoder
    seen = torch.randint(0, 5, (3, 6, 9), dtype=torch.uint8)
    floats = encoder.floats(seen).double().requires_grad_()
    into = torch.randn(encoder.width, dtype=torch.float64)
    (slope,) = torch.autograd.grad((encoder.encode(floats) @ into).sum(), floats)
    way = torch.randn_like(floats)
    step = 1e-6
    with torch.no_grad():
        ahead, behind = (encoder.encode(floats + s * way) @ into for s in (step, -step))
    told = (ahead - behind).sum() / (2 * step)
    torch.testing.assert_close((slope * way).sum(), told, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_net_learns_what_stands_anywhere(name):
    made = Learner(LAMPS, resolve(configure(LAMPS, **SMALL, net=name)))
    chance = made.update()["return/right"]
    for _ in range(25):
        met = made.update()["return/right"]
    assert chance < 0.6 and met > 0.9


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "dense"])
@pytest.mark.parametrize("memory", [0, 8])
def test_every_net_goes_on_exactly_and_is_read_back(name, memory, tmp_path):
    def stop(row):
        if row["step"] == 32 * 8 * 2:
            os.kill(os.getpid(), signal.SIGINT)

    config = configure("coinline", **SMALL, steps=32 * 8 * 4, net=name, memory=memory)
    whole = train(config, tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(config, tmp_path / "parts", on_row=stop)
    parts = resume(tmp_path / "parts")
    weights = [Trained.load(run).net.state_dict() for run in (whole, parts)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    agent = Trained.load(parts)
    assert agent.net.shape.net == name and agent.about["config"]["net"] == name


def test_a_net_of_one_s_own_is_a_file_that_only_its_user_may_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    NETS.load("./mine.py")
    made = Learner(LAMPS, resolve(configure(LAMPS, **SMALL, net="./mine.py")))
    for _ in range(25):
        met = made.update()["return/right"]
    assert met > 0.9
    words = [
        "coinline",
        "--net",
        "./mine.py",
        "--steps",
        "512",
        "--envs",
        "16",
        "--out",
        "run",
        "-q",
    ]
    assert main(["train", *words]) == 0
    NETS.trusted.clear()  # as in another process
    assert main(["eval", "run", "--levels", "8", "-q"]) == 2
    assert "if you trust it, add --net ./mine.py" in capsys.readouterr().err
    assert main(["eval", "run", "--levels", "8", "--net", "./mine.py", "-q"]) == 0
    with pytest.raises(UserError, match=r"needs the net file '\./yours\.py', which is code"):
        Shape(**BOARD, net="./yours.py")
    with pytest.raises(UserError, match="no net 'attentoin'; did you mean 'attention'"):
        Shape(**BOARD, net="attentoin")
