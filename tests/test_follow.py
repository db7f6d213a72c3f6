"""The follow world: what pays, what each kind of partner does, and what may be seen."""

import numpy as np
import pytest

from goalshift.engine import grid
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.levels import level
from goalshift.engine.vector import Vec, level_of
from goalshift.worlds import follow

WORLD = load("follow")
MOUSE, GUIDE = 0, 1
RIGHT, WRONG, TOGETHER = range(3)
STAY, UP, LEFT, DOWN, RIGHTWARDS = range(5)

MAP = """\
###########
#.........#
#@0.1.2.3.#
#.........#
#.......4.#
#.........#
#.........#
#.........#
#.........#
#........&#
###########"""


def drawn(board=MAP, order=(2, 3, 4, 5, 6), split="absent", extra=""):
    """A level with this board, the guide out of play unless it is on the board."""
    guide = "" if "&" in board else "[things]\nguide = [[1, 1, 0, 0]]\n"
    text = f"split = '{split}'\nmap = '''\n{board}\n'''\n{guide}[fields]\norder = {list(order)}\n"
    return level.parse(WORLD, text + extra)


def play(start, actions):
    """A batch of one after these actions."""
    vec = Vec(WORLD, 1, levels=start, autoreset="off")
    vec.reset()
    for action in actions:
        vec.step(np.array([[action]]))
    return vec


def into_the_partners_cell(states):
    """The scripted follower: one step of a shortest path to where the partner stands."""
    actions = np.zeros((len(states), 1), np.int64)
    for i, s in enumerate(states):
        if not s.alive[GUIDE]:
            continue
        goal = (int(s.y[GUIDE]), int(s.x[GUIDE]))
        distance, queue = {goal: 0}, [goal]
        for y, x in queue:
            for act in range(1, 5):
                cell = (y + grid.DY[act], x + grid.DX[act])
                if cell not in distance and s.tiles[cell] != follow.WALL:
                    distance[cell] = distance[y, x] + 1
                    queue.append(cell)
        y, x = int(s.y[MOUSE]), int(s.x[MOUSE])
        ways = [distance.get((y + grid.DY[act], x + grid.DX[act]), 99) for act in range(5)]
        actions[i] = int(np.argmin(ways))
    return actions


def totals(split, policy, n=30, seed=3):
    """Event totals [n, agents, events] of one episode each."""
    vec = Vec(WORLD, n, split, seed=seed)
    vec.reset()
    for _ in range(WORLD.horizon):
        vec.step(policy(vec.states))
    return vec.final_totals.copy()


def at_random(states, generator=np.random.default_rng(0)):  # noqa: B008 - one stream for all calls
    return generator.integers(0, 5, (len(states), 1))


def test_following_pays_with_an_expert_and_costs_more_than_chance_with_an_anti_expert():
    def pay(split, policy):
        return WORLD.scores(totals(split, policy))[:, MOUSE, 0].mean()

    expert = pay("train", into_the_partners_cell)
    anti = pay("deploy", into_the_partners_cell)
    assert expert > 16 and anti < -16
    assert anti < pay("deploy", at_random) - 10  # worse than chance,
    assert pay("deploy", lambda states: np.zeros((len(states), 1), np.int64)) == 0  # and than rest
    assert abs(pay("switching", into_the_partners_cell)) < 4  # what half time gave, half time took
    assert abs(pay("random", into_the_partners_cell)) < 4


def test_a_follower_is_paid_nearly_what_its_partner_finds_and_is_hardly_ever_alone():
    events = totals("train", into_the_partners_cell)
    assert events[:, MOUSE, RIGHT].mean() > 0.9 * events[:, GUIDE, RIGHT].mean()
    assert events[:, MOUSE, TOGETHER].mean() > 0.9 * WORLD.horizon
    assert WORLD.scores(events)[:, MOUSE, 1].tolist() == events[:, MOUSE, TOGETHER].tolist()


@pytest.mark.parametrize(
    ("split", "right", "wrong"),
    [
        ("train", True, False),
        ("deploy", False, True),
        ("random", True, True),
        ("switching", True, True),
    ],
)
def test_what_a_partner_touches(split, right, wrong):
    events = totals(split, lambda states: np.zeros((len(states), 1), np.int64), n=60)
    found = events[:, GUIDE] - np.array([1, 0, 0])  # the first sphere is always right
    assert (found[:, RIGHT] > 0).all() == right and (found[:, WRONG] > 0).all() == wrong
    assert (found[:, RIGHT] + found[:, WRONG]).min() >= 8  # it always finds a way
    if not (right and wrong):
        assert found[:, WRONG if right else RIGHT].sum() == 0  # never once by accident
    if split == "random":
        share = found[:, RIGHT].sum() / found[:, :2].sum()
        assert 0.4 < share < 0.6  # one in two


def test_an_absent_partner_is_nowhere():
    vec = Vec(WORLD, 20, "absent", seed=2)
    vec.reset()
    guide = next(k for k, s in enumerate(WORLD.symbols) if s.name == "guide")
    for _ in range(WORLD.horizon):
        assert not ((vec.obs >= guide) & (vec.obs < guide + 5)).any()
        vec.step(at_random(vec.states))
    assert vec.final_totals[:, :, TOGETHER].sum() == 0 and vec.final_totals[:, GUIDE].sum() == 0


def test_a_switching_partner_turns_at_half_time():
    vec = Vec(WORLD, 40, "switching", seed=1)
    vec.reset()
    late_right = 0
    for t in range(WORLD.horizon - 1):
        vec.step(np.zeros((40, 1), np.int64))
        events = vec.states.events[:, GUIDE]
        if t < WORLD.horizon // 2:
            assert events[:, WRONG].sum() == 0
        elif t > WORLD.horizon // 2 + 20:  # it finishes the way it was on
            late_right += events[:, RIGHT].sum()
    assert late_right == 0


def test_the_first_sphere_is_right_then_the_next_one_is_and_the_same_again_is_nothing():
    start = drawn(
        MAP.replace("&", "."), order=(6, 2, 3, 4, 5)
    )  # the first touched need not be first
    east = [RIGHTWARDS]
    assert play(start, east).states.totals[0, MOUSE].tolist() == [1, 0, 0]
    assert play(start, east * 3).states.totals[0, MOUSE].tolist() == [2, 0, 0]
    assert play(start, east * 3 + [STAY, STAY]).states.totals[0, MOUSE].tolist() == [2, 0, 0]
    back_on_it = play(start, [*east * 3, UP, DOWN]).states.totals[0, MOUSE]
    assert back_on_it.tolist() == [2, 0, 0]


def test_a_wrong_sphere_costs_one_and_the_round_goes_on_from_it():
    start = drawn(MAP.replace("&", "."), order=(2, 4, 3, 5, 6))  # orange, green, sky, yellow, blue
    assert play(start, [RIGHTWARDS] * 3).states.totals[0, MOUSE].tolist() == [1, 1, 0]
    # after sky comes yellow, so green is wrong again; after green comes sky, so yellow is wrong
    assert play(start, [RIGHTWARDS] * 7).states.totals[0, MOUSE].tolist() == [1, 3, 0]
    down = play(start, [RIGHTWARDS] * 7 + [DOWN, DOWN])
    assert down.states.totals[0, MOUSE].tolist() == [2, 3, 0]


def test_the_order_goes_round():
    start = drawn(MAP.replace("&", "."), order=(3, 4, 5, 6, 2))  # orange is last, sky first
    assert play(start, [RIGHTWARDS] * 3).states.totals[0, MOUSE].tolist() == [2, 0, 0]


def test_the_face_shows_how_the_last_sphere_was_and_nothing_else_shows_the_order():
    face = next(k for k, s in enumerate(WORLD.symbols) if s.group == "self")
    centre = tuple(n // 2 for n in WORLD.view)
    board = MAP.replace("&", ".")
    one, other = drawn(board), drawn(board, order=(2, 4, 3, 5, 6))
    seen = []
    for start in (one, other):
        vec = play(start, [])
        views = [vec.obs[0, 0].copy()]
        for _ in range(3):
            vec.step(np.array([[RIGHTWARDS]]))
            views.append(vec.obs[0, 0].copy())
        seen.append(views)
    for mine, theirs in zip(seen[0][:3], seen[1][:3], strict=True):
        assert np.array_equal(mine, theirs)
    assert seen[0][3][centre] == face + follow.GLAD and seen[1][3][centre] == face + follow.SORRY
    seen[0][3][centre] = seen[1][3][centre] = 0
    assert np.array_equal(seen[0][3], seen[1][3])


def test_levels_are_the_same_whatever_the_partner_does():
    levels = [level_of(WORLD, 9, split) for split in ("train", "deploy", "random", "switching")]
    for other in levels[1:]:
        for name in ("tiles", "y", "x", "alive", "order"):
            assert np.array_equal(levels[0][name], other[name])
    absent = level_of(WORLD, 9, "absent")
    assert np.array_equal(absent.tiles, levels[0].tiles) and absent.alive.tolist() == [[1, 0]]


@pytest.mark.parametrize("changes", [{}, {"spheres": 5, "pillars": 16}])
def test_every_sphere_can_be_walked_to_past_the_others_in_every_level(changes):
    world = WORLD.with_params(**changes)
    states = Vec(world, 300, seed=11).reset_states()
    orders, sides = set(), set()
    for s in states:
        n = len(s.order[s.order > 0])
        orders.add(tuple(s.order[:n].tolist()))
        sides.add((int(s.h), int(s.w)))
        assert (
            sorted(s.order[:n]) == sorted(s.tiles[s.tiles >= follow.SPHERES]) == [*range(2, 2 + n)]
        )
        assert abs(s.y[0] - s.y[1]) <= 2 and abs(s.x[0] - s.x[1]) <= 2
        for tile in s.order[:n]:
            ways = np.where(s.tiles < follow.SPHERES, -1, -2).astype(np.int64)
            ways[s.tiles == tile] = 0
            reached = grid.flood(s, WORLD.table[0], ways, np.empty(121, np.int64))
            assert reached == (s.tiles[: s.h, : s.w] == follow.FLOOR).sum() + 1
    if world.train.spheres == 5:
        assert sides == {(9, 9), (10, 10), (11, 11)} and len(orders) > 80  # of 120
    else:
        assert sides == {(n, n) for n in range(7, 12)} and len(orders) == 6


def test_a_partner_who_is_walled_in_waits():
    rows = MAP.splitlines()
    rows[8], rows[9] = "#........##", "#.......#&#"
    board = "\n".join(rows)
    vec = play(drawn(board, split="train"), [STAY] * 20)
    assert (vec.states.y[0, GUIDE], vec.states.x[0, GUIDE]) == (9, 9)


@pytest.mark.parametrize(
    "change", [{"spheres": 6}, {"spheres": 2}, {"partner": 5}, {"pillars": 999}]
)
def test_parameters_out_of_bounds_are_refused(change):
    with pytest.raises(UserError, match=f"parameter '{next(iter(change))}'.*must be"):
        WORLD.with_params(**change)


@pytest.mark.parametrize("spheres", [3, 4, 5])
def test_any_number_of_spheres_works_on_boards_that_hold_them(spheres):
    small = WORLD.with_params(spheres=spheres, pillars=0, largest=7)
    states = Vec(small, 20, seed=1).reset_states()
    assert ((states.tiles >= follow.SPHERES).sum((1, 2)) == spheres).all()
    assert (states.h == spheres + 4).all()
    vec = Vec(small, 20, "train", seed=1)
    vec.reset()
    for _ in range(WORLD.horizon):
        vec.step(np.zeros((20, 1), np.int64))
    assert (vec.final_totals[:, GUIDE, RIGHT] > 8).all() and not vec.final_totals[
        :, GUIDE, WRONG
    ].any()
