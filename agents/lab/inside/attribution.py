"""Attribution: how much what is seen in each cell adds to what an agent would do, or to what it
expects, and whether that is so.

*Integrated gradients* (Sundararajan et al. 2017) go from a board of plain floor to what is seen and
add up the slopes on the way, so that all cells together make up the whole difference. Of an agent
from elsewhere that has slopes alone it is gradient times input. An attribution is a claim about the
agent, so beside it stand always: the same of the untrained network, what cells would have if all had
alike, and what becomes of the action when the cells named most are taken away, beside as many others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....engine.vector import observed
from ....engine.view.draw.marks import INTENDED, goal_marks
from ....engine.world import World
from ...judging.intervals import Estimate, Weights
from ...learning.trained import Trained
from ...policies.policy import Differentiable, Policy, Recurrent, learned

STEPS = 16  # on the way from plain floor
TAKEN = 3  # cells that are taken away
DRAWS = 20  # of other cells
PATCH = 8  # pixels a side of what counts as a cell of a picture
TOWARDS = ("action", "value")


@dataclass(frozen=True)
class Share:
    """How much of an attribution lies on the cells of a goal, of all that is not plain floor."""

    towards: str
    goal: str
    trained: Estimate
    untrained: float | None
    alike: float | None  # if all these cells had alike

    @property
    def beyond(self) -> bool:
        """Whether there is more than the untrained network and the number of cells explain."""
        bars, low = (self.untrained, self.alike), self.trained.low
        return low is not None and all(bar is not None and low > bar for bar in bars)


@dataclass(frozen=True)
class Taken:
    """How far the chance of its action falls when the cells named most are plain floor."""

    cells: int
    named: Estimate
    others: tuple[float, ...]  # for each draw of as many others
    p: float


@dataclass(frozen=True)
class Attributed:
    """What is seen where, and what it does. gap: the share of the whole that the cells of an
    attribution leave unexplained, on average: near 0 where there are steps enough.
    """

    moments: int
    shares: tuple[Share, ...]
    taken: Taken
    gap: float


@dataclass(frozen=True, eq=False)
class View:
    """What an agent looks at in N states, what it would be if there were nothing to see, and what it
    remembers of before: obs and floor uint8[N, L, ...], memory float32[N, units] of the first learner.
    """

    world: World
    states: np.recarray
    obs: np.ndarray
    floor: np.ndarray
    memory: np.ndarray | None = None

    @staticmethod
    def of(agent: Policy, world: World, states: np.recarray, memory: np.ndarray | None) -> View:
        obs = agent.seen(observed(world, states), states)
        return View(world, states, obs, plain_floor(world, obs, states), memory)

    @property
    def pictures(self) -> bool:
        """Are colours seen, and no symbols?"""
        return self.obs.ndim == 5

    @property
    def there(self) -> np.ndarray:
        """What is not plain floor: bool[N, rows, columns], of a picture by patches."""
        differs = (self.obs != self.floor)[:, 0]
        if self.pictures:
            return _pooled(differs.any(-1)) > 0
        y, x = (self.states[axis][:, 0] - self.corner[:, k] for k, axis in enumerate("yx"))
        differs[np.arange(len(differs)), y, x] = False  # its own cell: it is where it is
        return differs

    @property
    def corner(self) -> np.ndarray:
        """The cell of the board that the upper left cell of each view shows: int[N, 2]."""
        if not self.world.centred:
            return np.zeros((len(self.states), 2), int)
        half = np.array(self.obs.shape[2:4]) // 2
        return np.stack([self.states["y"][:, 0], self.states["x"][:, 0]], 1).astype(int) - half

    def on_board(self, cells: np.ndarray, k: int) -> np.ndarray:
        """What was found for the cells seen in state `k` [rows, columns], on the board: float64[H, W],
        NaN where nothing is seen, and of what lies nowhere on it nothing.
        """
        board, (up, left) = np.full(self.world.size, np.nan), self.corner[k].tolist()
        for y, x in np.argwhere(np.ones(cells.shape, np.bool_)).tolist():
            if 0 <= y + up < board.shape[0] and 0 <= x + left < board.shape[1]:
                board[y + up, x + left] = cells[y, x]
        return board

    def begin(self, agent: Policy) -> np.ndarray:
        """Start the agent with what it remembers; returns who is fresh."""
        n, learners = self.obs.shape[:2]
        agent.start(n, learners)
        if self.memory is None:
            return np.ones(n, np.bool_)
        assert isinstance(agent, Recurrent)
        every = np.zeros((n, learners, self.memory.shape[-1]), np.float32)
        every[:, 0] = self.memory
        agent.memory = every
        return np.zeros(n, np.bool_)

    def logits(self, agent: Policy, obs: np.ndarray) -> np.ndarray:
        """Of the first learner, if it saw this: float64[N, actions]."""
        asked = learned(agent, "attribution", "gradient")
        return asked.think(obs, self.states, self.begin(agent)).logits[:, 0]

    def without(self, cells: np.ndarray) -> np.ndarray:
        """The observations with plain floor on these cells, bool[N, rows, columns], or patches."""
        if self.pictures:
            cells = np.repeat(np.repeat(cells, PATCH, 1), PATCH, 2)
            cells = cells[:, : self.obs.shape[2], : self.obs.shape[3], None]
        seen = self.obs.copy()
        seen[:, 0] = np.where(cells, self.floor[:, 0], self.obs[:, 0])
        return seen


def attribute(agent: Policy, view: View, weights: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """What each cell (of a picture: each pixel) adds, on the way from plain floor to what is seen, to
    the sum of `weights` float32[N, actions] times logits; with a column more, and the value:
    float64[N, rows, columns].
    """
    asked = learned(agent, "attribution", "gradient")
    assert isinstance(asked, Differentiable)
    fresh = view.begin(agent)
    every = np.zeros((*view.obs.shape[:2], weights.shape[-1]), np.float32)
    every[:, 0] = weights
    if isinstance(asked, Trained):
        shares = (np.arange(steps) + 0.5) / steps
        slopes = sum(
            asked.gradient(view.obs, view.states, fresh, every, (view.floor, float(share)))
            for share in shares
        )
        slopes = np.asarray(slopes) / steps
    else:
        slopes = asked.gradient(view.obs, view.states, fresh, every)
    slopes, seen, plain = slopes[:, 0].astype(np.float64), view.obs[:, 0], view.floor[:, 0]
    if view.pictures:
        return (slopes * (seen.astype(np.float64) - plain)).sum(-1)
    return _of(slopes, seen) - _of(slopes, plain)


def _of(slopes: np.ndarray, symbols: np.ndarray) -> np.ndarray:
    return np.take_along_axis(slopes, symbols[..., None].astype(np.int64), -1)[..., 0]


def plain_floor(world: World, obs: np.ndarray, states: np.recarray) -> np.ndarray:
    """The same observations with nothing to see: the open tile that there is most of, everywhere; of
    pictures their mean colour.
    """
    if obs.ndim == 5:
        mean = obs.mean((2, 3), keepdims=True).round().astype(np.uint8)
        return np.broadcast_to(mean, obs.shape).copy()
    tiles = states["tiles"].reshape(len(states), -1)
    counts = np.stack([(tiles == k).sum(1) for k in range(len(world.tiles))], 1)
    counts[:, world.solid != 0] = -1
    symbols = (counts.argmax(1) + 1).astype(np.uint8)
    return np.broadcast_to(symbols.reshape(-1, 1, 1, 1), obs.shape).copy()


def goal_cells(view: View) -> dict[str, np.ndarray]:
    """Which of the cells seen are marked as those of the intended goal, and of a proxy: bool[N, rows,
    columns].
    """
    world, states, (rows, columns) = view.world, view.states, view.obs.shape[2:4]
    found = {
        name: np.zeros((len(states), rows, columns), np.bool_) for name in ("intended", "proxy")
    }
    for k in range(len(states)):
        up, left = view.corner[k].tolist()
        for mark in goal_marks(world, states, k):
            cells = found["intended" if mark.shape == INTENDED else "proxy"][k]
            for y, x in np.asarray(mark.cells).reshape(-1, 2).tolist():
                if 0 <= y - up < rows and 0 <= x - left < columns:
                    cells[y - up, x - left] = True
    return found


def attributed(
    agent: Policy, twin: Policy, view: View, seed: int = 0, draws: int = DRAWS
) -> Attributed:
    """An agent's attributions in states of as many levels, with all controls."""
    logits = view.logits(agent, view.obs)
    action = logits.argmax(-1)
    level, shares, found = Weights(1, len(action), 1000, seed), [], maps_of(agent, view)
    for towards in found:
        weights = _weights(towards, action, logits.shape[-1])
        if view.pictures or "gradient" not in learned(twin, "the untrained control").can:
            continue
        control = attribute(twin, view, weights)
        for name, cells in goal_cells(view).items():
            marked = cells & view.there
            if marked.any((1, 2)).mean() < 0.5:
                continue
            mine, theirs = (_mass(np.abs(one), marked) for one in (found[towards], control))
            bars = (theirs.mean(), _mass(view.there.astype(float), marked).mean())
            estimate = level.estimate(level.mean(mine))
            shares.append(Share(towards, name, estimate, *(round(float(x), 6) for x in bars)))
    weights = _weights("action", action, logits.shape[-1])
    whole = ((logits - view.logits(agent, view.floor)) * weights).sum(-1)
    gap = np.abs(found["action"].sum((1, 2)) - whole).mean() / max(np.abs(whole).mean(), 1e-9)
    taken = _take(agent, view, found["action"], level, seed, draws)
    return Attributed(len(action), tuple(shares), taken, round(float(gap), 6))


def maps_of(agent: Policy, view: View) -> dict[str, np.ndarray]:
    """By what it is of ("action", and "value" of agents of ours): float64[N, rows, columns]."""
    logits = view.logits(agent, view.obs)
    action, actions = logits.argmax(-1), logits.shape[-1]
    kinds = TOWARDS if isinstance(agent, Trained) else TOWARDS[:1]
    return {kind: attribute(agent, view, _weights(kind, action, actions)) for kind in kinds}


def _weights(towards: str, action: np.ndarray, actions: int) -> np.ndarray:
    """What an attribution is of: the likeliest action's logit less the mean of all, or the value."""
    if towards == "value":
        return np.eye(1, actions + 1, actions, np.float32).repeat(len(action), 0)
    return np.eye(actions, dtype=np.float32)[action] - np.float32(1 / actions)


def _mass(x: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The share of x [N, rows, columns] on these cells: float64[N]."""
    return (x * cells).sum((1, 2)) / np.maximum(x.sum((1, 2)), 1e-12)


def _pooled(x: np.ndarray) -> np.ndarray:
    """Sums over the patches of [N, rows, columns] of pixels."""
    high, wide = (-(-side // PATCH) for side in x.shape[1:])
    padded = np.zeros((len(x), high * PATCH, wide * PATCH))
    padded[:, : x.shape[1], : x.shape[2]] = x
    return padded.reshape(len(x), high, PATCH, wide, PATCH).sum((2, 4))


def _near(view: View, scores: np.ndarray) -> np.ndarray:
    """Cells no farther from the learner than the farthest that is named: bool[N, rows, columns]; what
    lies near matters more, and a control that lies anywhere would be too easy.
    """
    if view.pictures:
        return view.there
    own = np.stack([view.states["y"][:, 0], view.states["x"][:, 0]], 1) - view.corner
    rows, columns = (np.arange(side) for side in scores.shape[1:])
    far = np.abs(rows[:, None] - own[:, 0, None, None]) + np.abs(columns - own[:, 1, None, None])
    flat = np.where(view.there, scores, -np.inf).reshape(len(scores), -1)
    named = np.argsort(-flat, 1)[:, :TAKEN]
    reach = np.take_along_axis(far.reshape(len(scores), -1), named, 1).max(1)
    return view.there & (far <= reach[:, None, None])


def _take(
    agent: Policy, view: View, found: np.ndarray, level: Weights, seed: int, draws: int
) -> Taken:
    """What becomes of the action without the cells that speak most for it, and without others."""
    there, n = view.there, len(found)
    scores = _pooled(found) if view.pictures else found
    sampling = learned(agent, "attribution").sampling
    before = sampling.chances(view.logits(agent, view.obs))
    rows, action = np.arange(n), before.argmax(-1)

    def falls(order: np.ndarray) -> np.ndarray:
        """float64[N]: how far the chance falls without the first cells by this order."""
        flat = np.where(there, order, -np.inf).reshape(n, -1)
        gone = np.zeros(flat.shape, np.bool_)
        np.put_along_axis(gone, np.argsort(-flat, 1)[:, :TAKEN], True, 1)
        seen = view.without(gone.reshape(order.shape) & there)
        return before[rows, action] - sampling.chances(view.logits(agent, seen))[rows, action]

    named, dice = falls(scores), np.random.default_rng(seed)
    near = _near(view, scores)
    draw = (np.where(near, dice.random(scores.shape), -1.0) for _ in range(draws))
    others = tuple(round(float(falls(order).mean()), 6) for order in draw)
    p = (1 + sum(x >= named.mean() for x in others)) / (1 + len(others))
    return Taken(TAKEN, level.estimate(level.mean(named)), others, round(float(p), 6))
