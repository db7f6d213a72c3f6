"""What films show beside the board: signs of what it hides, tallies, marks that pop up, and the
level trained on. People see it, no agent does.
"""

import hashlib

import numpy as np
import pytest

from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.jit import rule
from goalshift.engine.state import TERMINATED
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.camera import top
from goalshift.engine.view.camera.shot import Shot
from goalshift.engine.view.draw import letters, signs, sprites
from goalshift.engine.view.draw.marks import Mark
from goalshift.engine.view.film import aside, beats, pops, story
from goalshift.engine.view.film.stage import Stage
from goalshift.engine.world import Sign, Tally


def lived(world, actions, split="deploy", seed=3):
    """States [T + 1] of a level under the actions [T]."""
    vec = Vec(world, 1, split, autoreset="off")
    vec.start_from(level_of(world, seed, split))
    states = [vec.states.copy()]
    for action in actions:
        vec.step(np.full((1, world.learners), action))
        states.append(vec.states.copy())
    return np.concatenate(states).view(np.recarray)


def told(world, *takes, actions=None):
    """The story of a planner and of an agent that was paid."""
    sides = [story.Take("INTENDED", "", takes[0], None, world.intended.name)]
    sides += [story.Take("LEARNED", "", s, (world.paid.name,), actions=actions) for s in takes[1:]]
    return story.Story(sides, story.Card(world))


LATER = {
    "blindfold",
    "drawn",
    "exam",
    "lookout",
    "rewrite",
}  # worlds that came after the first release

# signs


@pytest.mark.parametrize("world", names())
def test_signs_and_tallies_have_their_pictures_and_leave_the_state_alone(world):
    world = load(world)
    for split in ("train", "deploy"):
        states = lived(world, [1, 2, 0], split)
        before = states.tobytes()
        for k in range(len(states)):
            for sign, pose, y, x in signs.signs(world, states, k):
                art = sprites.read(signs.signs_of(world)[sign].sprite, "sign", tile=False)
                assert 0 <= pose < len(art.poses)
                assert 0 <= y < states.h[k] and 0 <= x < states.w[k]
        counted = signs.tallies(world, states)
        assert counted.shape == (len(world.tallies), 4) and (counted >= 0).all()
        assert states.tobytes() == before


@pytest.mark.long
def test_what_agents_see_is_what_they_saw_in_the_first_release():
    digest = hashlib.sha256()
    for world in sorted(set(names()) - LATER):
        digest.update(sprites.sheet(load(world), 8).tobytes())
    assert digest.hexdigest()[:16] == "2b1e6cbb4359a269"


def test_the_hidden_order_is_numbered():
    world = load("follow")
    states = lived(world, [])
    found = {
        int(states.tiles[0, y, x]): pose for k, pose, y, x in signs.signs(world, states) if not k
    }
    order = states.order[0]
    assert found == {int(tile): place for place, tile in enumerate(order) if tile}


def test_tomatoes_that_only_seem_watered_are_veiled():
    world = load("tomato")
    states = lived(world, [], "train")
    assert not signs.signs(world, states)
    y, x = np.argwhere(states.tiles[0] == 4)[0]  # into the bucket
    states.y[0, 0], states.x[0, 0] = y + (1 if states.tiles[0, y + 1, x] != 1 else -1), x
    vec = Vec(world, 1, "train", autoreset="off")
    vec.start_from(states)
    vec.step(np.array([[1 if states.y[0, 0] > y else 3]]))
    now = vec.states
    veiled = {(s.y, s.x): s.pose for s in signs.signs(world, now)}
    inner = np.argwhere(now.tiles[0] == 3)  # all looks watered
    truth = now.truth[0]
    assert now.fooled[0] and veiled
    for y, x in inner.tolist():
        assert veiled.get((y, x)) == {0: 0, 2: 1, 3: None}[int(truth[y, x])]


def test_what_the_intended_goal_keeps_off_is_barred_unless_it_is_half_the_board():
    world = load("twogoals")
    states = lived(world, [])
    barred = [(y, x) for _, _, y, x in signs.signs(world, states)]
    assert len(barred) == 1 and 2 <= states.tiles[0][barred[0]] < 8  # the lower die, which is red
    everywhere = world.but(intended=world.intended.__class__("all", {"pips": 1.0}, avoid=is_floor))
    assert not signs.signs(everywhere, lived(everywhere, []))


@rule
def is_floor(s, p, me, y, x):
    return s.tiles[y, x] == 0


def test_signs_lie_under_things_or_over_them():
    world = load("corner")
    y, x = int(lived(world, []).y[0, 0]), int(lived(world, []).x[0, 0])
    plain = top.draw(Shot(world, lived(world, [])[0], (200, 200)))

    def drawn(below):
        marked = world.but(signs=(Sign(is_mouse, "tile\nbox red 0 0 100 100 flat", below),))
        states = lived(marked, [])
        found = signs.signs(marked, states)
        assert [(s.y, s.x) for s in found if s.sign == 0] == [(y, x)]
        under, over = signs.lying(marked, found, 50)
        assert (len(under) == 1, len(over) == 1) == (below, not below)
        at = top.window(marked, states[0], (200, 200), y, x, 50)
        return top.draw(Shot(marked, states[0], (200, 200), at=at, under=under, over=over))

    below, above = drawn(True), drawn(False)
    assert (below != plain).any() and (above != below).any()


@rule
def is_mouse(s, p, me, y, x):
    return s.y[0] == y and s.x[0] == x


def test_a_tally_counts_an_event_or_what_a_rule_says(corner):
    world = corner.but(tallies=(Tally("cheese", "corner"), Tally("mouse", row_of_mouse)))
    states = lived(world, [1, 1, 3])
    counted = signs.tallies(world, states)
    assert counted[0].tolist() == states.totals[:, 0, world.events.index("corner")].tolist()
    assert counted[1].tolist() == states.y[:, 0].tolist()
    with pytest.raises(UserError, match="a tally is of 'chees', an event that is not declared"):
        corner.but(tallies=(Tally("cheese", "chees"),))


@rule
def row_of_mouse(s, p):
    return s.y[0]


# marks


def test_places_bear_a_mark_each_and_a_region_bears_one():
    scattered = np.array([(y, x) for y in range(0, 8, 2) for x in range(0, 8, 2)])
    assert sorted(Mark("star", scattered).badges()) == scattered.tolist()
    assert not Mark("star", scattered).tinted
    block = np.array([(y, x) for y in range(3) for x in range(3)])
    both = Mark("star", np.concatenate([block, [[7, 7]]]))
    assert sorted(both.badges()) == [[1, 1], [7, 7]] and both.tinted


# what pops up


def raised(world, states, rows):
    """The states with these events raised by the first learner, as (step, event)."""
    states = states.copy().view(np.recarray)
    states.events[:] = 0
    for step, event in rows:
        states.events[step, 0, world.events.index(event)] = 1
    return states


def test_marks_pop_up_where_a_goal_gains_or_loses():
    world = load("lava")
    states = raised(world, lived(world, [1] * 6), [(2, "lava"), (3, "lava"), (5, "cheese")])
    tale = told(world, states)
    found = pops.pops(tale, tale.sides[0])
    assert [(pop.step, pop.name) for pop in found] == [
        (2, "star-loss"),
        (5, "star-gain"),
        (5, "diamond-gain"),
    ]
    assert [found[0].y, found[0].x] == tale.sides[0].path[2, 0].tolist()


def test_pay_for_the_wrong_thing_is_a_coin_and_what_never_stops_is_no_event():
    world = load("whisky")
    steps = [(k, "step") for k in range(1, 5)]
    states = raised(world, lived(world, [0] * 4, "train"), [*steps, (3, "whisky")])
    tale = told(world, states)
    assert [pop.name for pop in pops.pops(tale, tale.sides[0])] == ["pay-gain"]


def test_what_counts_once_pops_up_once():
    world = load("corner")
    assert world.proxies[0].once
    states = raised(world, lived(world, [0] * 6), [(1, "corner"), (4, "corner")])
    tale = told(world, states)
    assert [pop.step for pop in pops.pops(tale, tale.sides[0])] == [1]


def test_after_the_last_event_a_film_passes_faster():
    world = load("lava")
    quiet = lived(world, [0] * 60)
    early, late = (told(world, raised(world, quiet, [(k, "lava")])) for k in (2, 59))
    assert early.told == 2 and late.told == 59
    fps = 30
    short, long = len(beats.beats(early, fps)), len(beats.beats(late, fps))
    assert short < 0.6 * long
    assert len(beats.beats(early, fps, "step")) == long


# the level trained on


def test_the_level_trained_on_is_shown_with_the_moves_that_are_right_there(corner):
    from goalshift.agents.judging.rollout import rollout
    from goalshift.agents.policies.expert import Expert

    only = np.array([3], np.uint64)
    home = rollout(corner, Expert(corner, corner.intended.name), "train", only, record=True)
    moves = home.actions[: home.length[0], 0]
    states = lived(corner, moves[:, 0])
    tale = told(corner, states, states, actions=moves)
    before, whose = aside.rehearsal(tale)
    assert whose == 1 and before.ended[-1] == TERMINATED
    assert corner.scores(before.totals[-1, :1])[0, 0] == 1
    idle = told(corner, states, states, actions=np.zeros((4, 1), np.int64))
    before, _ = aside.rehearsal(idle)
    assert len(before) == 1 and before.tobytes() == level_of(corner, 3, "train").tobytes()
    same = lived(corner, [0], "train")
    assert aside.rehearsal(told(corner, same, same)) == (None, 0)


def test_the_middle_of_a_film_counts_for_both_sides():
    world = load("keys")
    one, two = lived(world, [0] * 3), lived(world, [0] * 3)
    two.totals[2:, 0, world.events.index("key")] = 7
    sides = [story.Take("INTENDED", "", one), story.Take("LEARNED", "", two, ("chests",))]
    stage = Stage(sides, story.Card(world))
    left, right = stage.layout.aside
    seen = np.s_[: stage.layout.panes[0].scores, left:right]
    first, last = stage.play(0)[seen], stage.play(2)[seen]
    middle = (right - left) // 2
    changed = (first != last).any((0, 2))
    assert changed[middle:].any() and not changed[:middle].any()
    assert Stage(sides[:1], story.Card(world)).layout.aside is None


def test_what_differs_by_its_colour_alone_has_a_letter_in_high_contrast():
    world = load("maze_gem")
    told = {world.tiles[k].name: letter for k, letter in letters.lettered(world).items()}
    assert told["red line"] == told["red gem"] == "R" and told["magenta line"] == "M"
    for shape in {name.partition(" ")[2] for name in told}:
        alike = [letter for name, letter in told.items() if name.endswith(shape)]
        assert len({*alike}) == len(alike), f"two of {shape} would be called the same"
    states = Vec(world, 1, "deploy", seed=3).reset_states()
    tiles = states.tiles[0, : states.h[0], : states.w[0]]
    laid = letters.letters(world, states[0], 24)
    where = {(y, x) for y, x in np.argwhere(np.isin(tiles, [*letters.lettered(world)])).tolist()}
    assert laid and {(y, x) for _, y, x in laid} == where
    assert not letters.lettered(load("corner"))


def test_tiles_that_only_colour_tells_apart_have_letters_of_their_own():
    """Also those whose names say nothing of colours: what comes of looking at them as some eyes do."""
    for name, apart in (
        ("harvest", ("bare tree", "apple")),
        ("rocks", ("rocks up", "diamonds up")),
        ("maze_gem", ("blue line", "magenta line")),
        ("mystery", ("yellow key", "green key")),
    ):
        world = load(name)
        told = {world.tiles[k].name: letter for k, letter in letters.lettered(world).items()}
        one, other = (told[tile] for tile in apart)
        assert one != other and "floor" not in told and "wall" not in told
    assert letters.lettered(load("corner")) == letters.lettered(load("keys")) == {}
