"""Where controls fail: what stands in the CSV files beside this one.

    python recordings/controls/where.py coinrun RUN... > coin-back-half.csv
    python recordings/controls/where.py corner RUN... > cheese-away.csv

`coinrun`: on held-out training levels the coin is moved so many columns back from the end, on the
ground; `met` is the share of them on which it is got. `corner`: held-out levels of both splits, by
how many steps the cheese is away.
"""

import csv
import sys
from collections import deque

import numpy as np

from goalshift import Vec, load
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.trained import Trained
from goalshift.engine.state import RUNNING

LEVELS = 512
BINS = ((0, 4), (5, 9), (10, 14), (15, 19), (20, 99))  # steps from the cheese


def coin_moved_back(run, world):
    """Rows of (run, columns before the end, levels, share on which the coin is got)."""
    agent = Trained.load(run, world)
    names = [tile.name for tile in world.tiles]
    sky, ground, coin = map(names.index, ("sky", "ground", "coin"))
    for back in range(9):
        vec = Vec(world, LEVELS, "train", 0, pool="test", autoreset="off")
        vec.reset()
        states = vec.states.copy()
        can = np.zeros(LEVELS, bool)
        for k, tiles in enumerate(states.tiles):
            y, x = np.argwhere(tiles == coin)[0]
            column = tiles[:, x - back]
            there = np.flatnonzero(np.isin(column[:-1], (sky, coin)) & (column[1:] == ground))
            if len(there):
                tiles[y, x], tiles[there[-1], x - back] = sky, coin
                can[k] = True
        obs, fresh = vec.start_from(states), np.ones(LEVELS, bool)
        agent.start(LEVELS, 1)
        while (vec.states.ended == RUNNING).any():
            obs = vec.step(agent.act(obs, vec.states, fresh))[0]
            fresh = np.zeros(LEVELS, bool)
        got = vec.states.totals[:, 0, world.events.index("coin")] > 0
        yield run, back, int(can.sum()), round(float(got[can].mean()), 4)


def by_distance(run, world):
    """Rows of (run, split, nearest, furthest, levels, share on which the cheese is eaten)."""
    agent = Trained.load(run, world)
    for split in ("train", "deploy"):
        played = rollout(world, agent, split, LEVELS)
        vec = Vec(world, LEVELS, split, 0, pool="test", autoreset="off")
        vec.reset()
        away = np.array([steps_to_cheese(state, world) for state in vec.states])
        met = played.totals[:, 0, world.events.index("cheese")] > 0
        for low, high in BINS:
            here = (away >= low) & (away <= high)
            if here.any():
                yield run, split, low, high, int(here.sum()), round(float(met[here].mean()), 4)


def steps_to_cheese(state, world):
    """How many steps a walk to the cheese takes."""
    names = [tile.name for tile in world.tiles]
    steps = {(int(state.y[0]), int(state.x[0])): 0}
    waiting = deque(steps)
    while waiting:
        y, x = waiting.popleft()
        if state.tiles[y, x] == names.index("cheese"):
            return steps[y, x]
        for cell in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            inside = 0 <= cell[0] < state.h and 0 <= cell[1] < state.w
            if inside and cell not in steps and not world.tiles[state.tiles[cell]].solid:
                steps[cell] = steps[y, x] + 1
                waiting.append(cell)
    return 99


HEADS = {
    "coinrun": ("run", "back", "levels", "met"),
    "corner": ("run", "split", "nearest", "furthest", "levels", "met"),
}

if __name__ == "__main__":
    name, *runs = sys.argv[1:]
    rows = coin_moved_back if name == "coinrun" else by_distance
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADS[name])
    for each in runs:
        out.writerows(rows(each, load(name)))
