"""The sets that ship, and one picture of how hard they are: `python .ci/ladders.py [WORLD ...]`.

Of every world, from its judged split, 12 levels from the easiest to the hardest (`level gen WORLD
--ladder --n 12`), with what the agent that ships does on them. A world without `FEWEST` levels that
differ in steps, or whose longest way is not `RISE` times its shortest, has none. Named worlds are made
anew, of the others the files are read.
"""

import sys
from pathlib import Path

import numpy as np

from goalshift.agents.designing import ladder, publish
from goalshift.agents.designing.describe import open_levels
from goalshift.agents.designing.order import order_for
from goalshift.agents.judging.references import references
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.learning.shipped import shipped
from goalshift.agents.learning.trained import Trained
from goalshift.engine import files
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import RunError
from goalshift.engine.levels import formats, sets
from goalshift.engine.levels.kind import About, Levels
from goalshift.engine.levels.splits import split_of
from goalshift.engine.view.draw.ink import DARK, DIM, TEXT, fill, png, write
from goalshift.engine.view.sheets import difficulty
from goalshift.engine.world import World
from goalshift.engine.worth import met

RUNGS, FEWEST, RISE = 12, 8, 1.5  # levels of a set, lengths of way that differ, and how much
ACROSS, WIDE, HEAD = 3, 460, 30  # of the picture: charts in a row, pixels of one, of its title
PICTURE = Path(__file__).parent.parent / "recordings" / "ladders.png"


def drawn(world: World) -> Levels | None:
    """The ladder of a world; None where its levels are too much alike."""
    wanted = RUNGS * ladder.DRAWN
    ordered, source = order_for(
        world.name, wanted, 0, split=world.judged, tries=RUNGS * ladder.TRIED
    )
    try:
        found = ladder.ladder(ordered, source, RUNGS)
    except RunError:
        return None
    steps = found.facts["steps"]
    if len(np.unique(steps)) < FEWEST or steps.max() < RISE * steps.min():
        return None
    called = [f"rung-{k:02}" for k in range(1, len(found) + 1)]
    return Levels(found.world, found.states, called)


def verdict(world: World, path: Path) -> str:
    """What the agent that ships does on a set: "the shipped agent meets the goal on 3 of 12"."""
    split = split_of(world, str(path))
    assert split.starts is not None
    count = len(split.starts)
    agent = rollout(world, Trained.load(shipped(world.name), world), split, count)
    known = references(world, split, count, 0).experts
    best = np.stack([one.scores[:, g] for g, one in enumerate(known)], -1)
    done = met(agent.scores, best)
    words = f"the shipped agent meets the goal on {int(done[:, 0].sum())} of {count}"
    instead = int((done[:, 1:].any(1) & ~done[:, 0]).sum())
    return words + (f", a proxy instead on {instead}" if instead else "")


def made(world: World) -> None:
    """Write the set of a world, checked and signed."""
    path, found = sets.FOLDER / f"{world.name}-ladder.toml", drawn(world)
    if found is None:
        path.unlink(missing_ok=True)
        return print(f"{world.name}: too few levels that differ")
    about = About(f"{world.title}: a ladder", "goalshift", "MIT")
    signed, bad = publish.signed(found, about)
    assert not bad, bad
    formats.write(signed, path)
    checked = f"{signed.shared.checked}; {verdict(world, path)}"
    signed.abouts = [one._replace(checked=checked) for one in signed.abouts]
    formats.write(signed, path)
    print(f"{path.name}: {path.stat().st_size:,} bytes; {checked}")


def picture() -> np.ndarray:
    """The charts of all sets."""
    found = [open_levels(name) for name in sets.names()]
    shown = difficulty.HIGH - difficulty.FOOT
    rows, high = -(-len(found) // ACROSS), HEAD + shown + 14
    frame = np.empty((rows * high + difficulty.FOOT + 10, ACROSS * (WIDE + 12) + 12, 3), np.uint8)
    fill(frame, DARK)
    for k, levels in enumerate(found):
        y, x = k // ACROSS * high + 8, k % ACROSS * (WIDE + 12) + 12
        used = write(frame, levels.world.name, y + 4, x, 18, TEXT, True)
        told = levels.shared.checked.partition("the shipped agent ")[2]
        write(frame, told, y + 6, x + used + 14, 14, DIM, width=WIDE - used - 14)
        hard = ladder.curve(levels.world, levels.states)
        frame[y + HEAD :, x:][:shown, :WIDE] = difficulty.chart(*hard, WIDE)[:shown]
    legend = difficulty.chart(*hard, frame.shape[1])[shown:]
    frame[-difficulty.FOOT - 4 : -4] = legend
    return frame


if __name__ == "__main__":
    files.make_folder(sets.FOLDER)
    for name in sys.argv[1:] or names():
        made(load(name))
    files.write(PICTURE, png(picture()))
