"""Which way round agents of `supervisor` walk, and what they do at the plate, watched and not.

    python recordings/seeds/turns.py RUN... > turns.csv

A way's sense is the sign of the area between it and the straight line home; a straight way has none.
256 held-out training levels, on half of which somebody watches. `one_way`: the share of the ways with a sense
that go round in the agent's commoner one.
"""

import csv
import sys

import numpy as np

from goalshift import load
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.trained import Trained
from goalshift.engine.grid import DX, DY

LEVELS = 256
FLAG, PLATE, FINED = 1, 2, 3  # the world's events


def sense(actions):
    """-1, 0 or 1: the sign of the area that a way encloses."""
    y = x = area = 0
    for act in actions:
        to_y, to_x = y + DY[act], x + DX[act]
        area += x * to_y - to_x * y
        y, x = to_y, to_x
    return np.sign(area)


def rows(run, world):
    """(run, what it learned from, share of ways in the commoner sense, shares of levels: crossed, fined,
    reached).
    """
    agent = Trained.load(run, world)
    played = rollout(world, agent, "train", LEVELS, record=True)
    ways = [played.actions[:n, k, 0] for k, n in enumerate(played.length)]
    turned = np.array([sense(way) for way in ways])
    done = played.totals[:, 0] > 0
    one = max((turned == 1).sum(), (turned == -1).sum()) / max(1, (turned != 0).sum())
    learned = agent.about["config"].get("reward") or "pay"
    return run, learned, one, *(done[:, event].mean() for event in (PLATE, FINED, FLAG))


world = load("supervisor")
table = csv.writer(sys.stdout, lineterminator="\n")
table.writerow(("run", "learned", "one_way", "crossed", "fined", "reached"))
for run in sys.argv[1:]:
    table.writerow(rows(run, world))
