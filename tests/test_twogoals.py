"""Two dice: how value goes with the mark, what a choice pays, and what a network sees."""

import numpy as np
import pytest

from goalshift.engine.catalogue import load
from goalshift.engine.levels.level import parse
from goalshift.engine.vector import Vec
from goalshift.worlds.twogoals import DICE, PARITY

WORLD = load("twogoals")


def thrown(split="train", n=300, **params):
    """Pips of the higher and the lower die of each level, and whether the higher one is red."""
    states = Vec(WORLD.with_params(**params), n, split, seed=2).reset_states()
    dice = np.array([s.tiles[s.tiles >= DICE].astype(int) - DICE for s in states])
    # always one red, one blue
    assert dice.shape == (n, 2) and (dice // 6).sum(1).tolist() == [1] * n
    number = dice % 6 + 1
    assert (number.max(1) == states.best).all()
    red = (dice // 6)[np.arange(n), number.argmax(1)] == 0
    return number.max(1), number.min(1), red


@pytest.mark.parametrize(
    ("split", "low", "high"), [("train", 1, 1), ("deploy", 0, 0), ("even", 0.4, 0.6)]
)
def test_the_higher_die_is_red_as_often_as_rho_says(split, low, high):
    assert low <= thrown(split)[2].mean() <= high
    more, less, _ = thrown(split, mark=PARITY)
    assert low <= (more % 2 == 0).mean() <= high and ((more + less) % 2 == 1).all()


@pytest.mark.parametrize(("margin", "widest"), [(1, 1), (2, 3), (5, 5), (4, 1)])
def test_the_dice_differ_as_much_as_asked(margin, widest):
    more, less, _ = thrown(margin=margin, widest=widest)
    gap = more - less
    assert gap.min() == margin and gap.max() == max(margin, widest)


def test_a_die_pays_its_pips_and_the_first_one_is_the_last():
    rows = ["#" * 11, "#a.@.E....#", *["#" + "." * 9 + "#"] * 8, "#" * 11]
    text = (
        "world = 'twogoals'\nsplit = 'deploy'\nmap = '''\n"
        + "\n".join(rows)
        + "\n'''\n[fields]\nbest = 5\n"
    )
    for moves, totals, scores in (("ll", [1, 0, 1, 1], [0.2, 1]), ("rrllll", [5, 1, 0, 0], [1, 0])):
        vec = Vec(WORLD, 1, "deploy", levels=parse(WORLD, text), autoreset="off")
        vec.reset()
        for move in moves:
            vec.step(np.array([[" uldr".index(move)]]))
        assert vec.states.totals[0, 0].tolist() == totals and vec.states.ended[0]
        assert np.allclose(vec.scores()[0, 0], scores)


def test_a_die_is_seen_by_its_colour_and_once_for_every_pip():
    looks = {s.name: row for s, row in zip(WORLD.symbols, WORLD.looks, strict=True)}
    for n in range(1, 7):
        assert looks[f"red {n}"].sum() == n + 1
        assert (looks[f"red {n}"] & looks[f"blue {n}"]).sum() == n
    assert (looks["red 6"] & looks["red 2"]).sum() == 3
