"""What `follow` is worth after the shift to who knows how much: `memoryless.csv` beside this file.

    python recordings/controls/memoryless.py > recordings/controls/memoryless.csv

Nobody sees the order. All of these walk as the expert walks, past wrong spheres, to the sphere they
choose: "knows" the one that is right; "stops" none after the first, which is always right;
"guesses" one of the others at random; "rounds" the next in a fixed order of the colours, which is
the hidden order on half of the levels; "turns" likewise, but where the last touch was wrong (the
mouse's face shows it) the other way round; "learns" notes whether the fixed order was right, and
keeps to what it has found.
"""

import csv
import sys

import numpy as np

from goalshift import Vec, load
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.policies.expert import Expert
from goalshift.agents.policies.simple import RandomPolicy
from goalshift.engine.state import RUNNING
from goalshift.worlds.follow import SORRY, SPHERES

LEVELS = 256
WHO = ("knows", "stops", "guesses", "rounds", "turns", "learns")


def played(world, who):
    """The intended scores of one way to choose: float64[LEVELS].

    The expert of a copy of the state is asked, in whose order the chosen sphere is the right one.
    """
    vec = Vec(world, LEVELS, "deploy", 0, pool="test", autoreset="off")
    vec.reset()
    expert, dice = Expert(world, "order"), np.random.default_rng(0)
    asked = vec.states.copy()  # who plays in it believes in this order
    last = np.zeros(LEVELS, int)
    forward = np.ones(LEVELS, bool)
    order = [SPHERES, SPHERES + 1, SPHERES + 2]
    while (vec.states["ended"] == RUNNING).any():
        states = vec.states
        for k in range(LEVELS):
            reached = int(states.reached[k, 0])
            if reached and reached != last[k]:
                here = int(states.order[k, reached - 1])
                sorry = states.face[k, 0] == SORRY
                if who == "guesses":
                    forward[k] = dice.random() < 0.5
                elif who == "turns":
                    forward[k] = not sorry
                elif who == "learns" and last[k]:
                    forward[k] = forward[k] != sorry
                spot = order.index(here)
                then = order[(spot + (1 if forward[k] else 2)) % 3]
                other = next(t for t in order if t not in (here, then))
                last[k] = reached
                believed = [here, then, other] + [0] * (states.order.shape[1] - 3)
                asked.order[k] = believed
        for name in states.dtype.names:
            if name != "order":
                asked[name] = states[name]
        known = last > 0
        asked.reached[known, 0] = 1
        if who == "knows":
            asked.order[:] = states.order
            asked.reached[:] = states.reached
        actions = expert.act(None, asked, np.zeros(LEVELS, bool))
        if who == "stops":
            actions[known] = 0
        vec.step(actions)
    return vec.scores()[:, 0, 0]


def main():
    """Write the table."""
    world = load("follow")
    chance = rollout(world, RandomPolicy(world), "deploy", LEVELS).scores[:, 0].mean()
    rows = [("random", chance)] + [(who, played(world, who).mean()) for who in WHO]
    best = dict(rows)["knows"]
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["who", "score", "normalised", "levels"])
    for who, score in rows:
        out.writerow([who, f"{score:.2f}", f"{(score - chance) / (best - chance):.3f}", LEVELS])


if __name__ == "__main__":
    main()
