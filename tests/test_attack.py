"""Attacks: agents whose faults are known are attacked, and the faults are found."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import goalshift
from goalshift.agents.command import main as cli
from goalshift.agents.lab import exhaustive
from goalshift.agents.lab.attacks import cem, climb, map_elites, splits
from goalshift.agents.lab.attacks import random as by_chance
from goalshift.agents.lab.detector import DETECTORS
from goalshift.agents.lab.hunting import campaign, explain, pair
from goalshift.agents.lab.hunting.arena import INSTEAD, MET, NEITHER, Arena
from goalshift.agents.lab.hunting.attack import ATTACKS
from goalshift.agents.lab.hunting.ground import Ground, edits_between
from goalshift.agents.lab.hunting.hunt import Hunt
from goalshift.agents.learning.mitigation import MITIGATIONS
from goalshift.agents.learning.trained import Trained
from goalshift.agents.policies.claim import EXACT, claim
from goalshift.agents.policies.expert import Expert, optimum
from goalshift.agents.showing.contrast import FilmPlan, take_of
from goalshift.agents.showing.pair import MOST, film_pair, framed
from goalshift.engine import state
from goalshift.engine.catalogue import load, names
from goalshift.engine.declaration import Goal
from goalshift.engine.errors import UserError
from goalshift.engine.levels.edit import mutate
from goalshift.engine.levels.level import parse
from goalshift.engine.vector import Vec
from goalshift.engine.view.draw import differ
from goalshift.engine.view.film.stage import shot_of
from goalshift.engine.view.film.story import Card, Story, Take
from goalshift.worlds.corner import CHEESE, FLOOR, WALL
from goalshift.worlds.friendfoe import FOE

HOUSE = Path(goalshift.__file__).parent
COINLINE = HOUSE / "agents/pretrained/coinline.safetensors"
CORNER, EYES = (
    HOUSE / "agents/pretrained/corner.safetensors",
    HOUSE / "recordings/corner-eyes.safetensors",
)
EXACTLY = [
    (name, goal.name)
    for name in names()
    for goal in load(name).goals
    if claim(load(name), goal.name).kind == EXACT
]


def level(world, text):
    """A start state (a batch of one) from a drawing."""
    return parse(world, f"map = '''\n{text.strip()}\n'''")


OPEN = """
#########
#......c#
#.......#
#..@#...#
#.......#
#########
"""


class Faulty(Expert):
    """The expert of the intended goal, that stays where it stands while a fault lasts.

    `fault(start)` says for how many steps, of the start state.
    """

    def __init__(self, world, fault):
        super().__init__(world)
        self.fault, self.name = fault, "faulty"

    def start(self, n, agents):
        super().start(n, agents)
        self.remembers, self.waits = True, None

    def act(self, obs, states, fresh):
        if self.waits is None:
            self.waits = np.array([self.fault(s) for s in states])
        actions = np.zeros((len(states), self.world.learners), np.int64)
        moving = np.flatnonzero(states["t"] >= self.waits)
        if len(moving):
            now = states[moving].view(np.recarray)
            actions[moving] = super().act(None, now, fresh[moving])
        return actions


def wall_beside(s):
    """For ever, if there is a wall to the right of the first agent."""
    return 1000 if s.tiles[s.y[0], s.x[0] + 1] == WALL else 0


def inner(s):
    return int((s.tiles[1 : s.h - 1, 1 : s.w - 1] == WALL).sum())


# -- what experts claim ----------------------------------------------------------------------------


def test_what_is_claimed_follows_from_how_experts_plan():
    told = {name: claim(load(name)) for name in ("corner", "coinrun", "keys", "harvest")}
    assert told["corner"] == ("exact", 1.0) and told["corner"].word == "regret"
    assert told["coinrun"] == ("bound", 1.0)  # it searches, and may run out of effort
    assert told["keys"] == ("heuristic", None) and told["keys"].word == "gap to the expert"
    assert told["harvest"].kind == "heuristic"
    assert claim(load("corner").with_params(size="25x25")).kind == EXACT


def test_a_world_may_say_itself_what_its_expert_is_worth(corner):
    doubted = Goal("cheese", {"cheese": 1.0}, seek=corner.intended.seek, expert="bound")
    assert claim(corner.but(intended=doubted, paid=None)).kind == "bound"
    with pytest.raises(UserError, match="calls its expert 'perfect', which is none of exact"):
        corner.but(intended=Goal("cheese", {"cheese": 1.0}, expert="perfect"), paid=None)


@pytest.mark.parametrize(("name", "goal"), EXACTLY)
def test_nothing_earns_more_than_an_expert_that_claims_to_be_exact(name, goal):
    """On levels of every split, and on levels that were edited, where some cannot be solved."""
    world = load(name)
    dealt = [Vec(world, 2, split, 3).reset_states() for split in world.split_names]
    states = np.concatenate([*dealt, *(mutate(world, s, 1, 6) for s in dealt)]).view(np.recarray)
    most = exhaustive.best(world, states, goal)
    assert not np.isnan(most).any()
    assert most.tolist() == optimum(world, goal, states).score.mean(1).tolist()


def test_at_least_these_claim_to_be_exact():
    assert {("corner", "cheese"), ("corner", "corner"), ("dish", "cheese")} <= set(EXACTLY)


def test_the_most_that_can_be_earned_is_known_of_drawn_levels(corner):
    shut = level(corner, "######\n#.#c.#\n#@##.#\n######")
    assert exhaustive.best(corner, shut).tolist() == [0.0]
    assert exhaustive.best(corner, level(corner, OPEN)).tolist() == [1.0]
    assert np.isnan(exhaustive.best(corner, level(corner, OPEN), most=10)).all()
    keys = load("keys")
    two_keys = level(keys, "######\n#@kkc#\n#...##\n######")
    assert exhaustive.best(keys, two_keys).tolist() == [1.0]
    assert exhaustive.best(keys, two_keys, "keys").tolist() == [2.0]


# -- one level at a time ---------------------------------------------------------------------------


def test_a_level_s_row_says_what_each_earns_and_what_became_of_it(corner):
    states = level(corner, OPEN)
    fault = {MET: lambda s: 0, NEITHER: lambda s: 1000}
    for outcome, wait in fault.items():
        rows = Arena(corner, Faulty(corner, wait), "regret").judge(states, np.ones(1, bool))
        assert Arena(corner, Faulty(corner, wait), "regret").outcomes(rows).tolist() == [outcome]
        assert rows["scores"][0, 0] == (outcome == MET) and rows["best"][0, 0] == 1
        assert rows["fitness"][0] == pytest.approx(0.001 + 1 - (outcome == MET), abs=0.00101)
        assert rows["steps"][0] == 6 and rows["length"][0] == (6 if outcome == MET else 100)
        assert rows["traits"][0].tolist() == [6, 0, pytest.approx(27 / 54), 100]
    away = level(corner, OPEN.replace("c#", ".#").replace("#.......#", "#c......#", 1))
    arena = Arena(corner, Expert(corner, "corner"), "proxy")
    rows = arena.judge(away, np.ones(1, bool))
    assert arena.outcomes(rows).tolist() == [INSTEAD] and arena.value(rows).tolist() == [1.0]
    flip = Arena(corner, Expert(corner, "corner"), "flip")
    assert flip.value(flip.judge(away, np.ones(1, bool))).tolist() == [2.0]


def test_levels_that_do_not_count_are_not_played(corner):
    shut = level(corner, "######\n#.#c.#\n#@##.#\n######")
    broken = level(corner, OPEN)
    broken.y[0, 0] = 99
    states = np.concatenate([shut, broken, level(corner, OPEN)]).view(np.recarray)
    rows = Arena(corner, Expert(corner), "regret").judge(states, np.array([True, True, False]))
    assert (rows["fitness"] == -np.inf).all() and not rows["length"].any()


def test_edits_are_counted_as_a_person_counts_them(corner):
    one = level(corner, OPEN)
    apart = {
        "#########\n#......c#\n#.......#\n#..@....#\n#.......#\n#########": 1,  # a wall less
        "#########\n#......c#\n#.......#\n#.@.#...#\n#.......#\n#########": 1,  # the mouse moved
        "#########\n#.....c.#\n#.......#\n#..@#...#\n#.......#\n#########": 1,  # the cheese moved
        "#########\n#c......#\n#.......#\n#@......#\n#.......#\n#########": 3,
        OPEN: 0,
    }
    for text, edits in apart.items():
        assert edits_between(corner, level(corner, text), one).tolist() == [edits]
    start = Vec(corner, 200, "train", 1).reset_states()
    for edits in (0, 1, 3):
        found = edits_between(corner, mutate(corner, start, 5, edits), start)
        assert found.max() == edits  # two edits may undo each other


@pytest.mark.parametrize("within", ["train", "edits:2"])
def test_what_is_drawn_and_edited_keeps_to_the_limits(corner, within):
    ground, dice = Ground(corner, corner.split("train"), within), np.random.default_rng(0)
    drawn = ground.draw(200, dice)
    edited = ground.edit(ground.edit(drawn, dice, 3), dice, 3)
    assert ground.allows(drawn).all() and ground.allows(edited).all()
    far = mutate(corner, drawn, 1, 12)
    assert ground.allows(far).mean() < 0.1
    if within == "train":
        s = edited
        assert (s.tiles[:, 1, 11] == CHEESE).all()


# -- searches --------------------------------------------------------------------------------------


def hunt(name, search, agent, world, within="legal", budget=600, **more):
    found = Hunt(name, Arena(world, agent, "regret"), Ground(world, world.split("train"), within),
                 budget, **more)  # fmt: skip
    search(found)
    return found


def test_climbing_finds_what_chance_does_not(corner, monkeypatch):
    """An agent that dawdles more the fewer walls there are, and is too late below about ten: dealt
    levels have three times as many.
    """
    monkeypatch.setattr(climb, "FEWEST", 16)
    monkeypatch.setattr(climb, "ROUNDS", 150)
    agent = Faulty(corner, lambda s: 3 * max(0, 41 - inner(s)))
    climbed = hunt("climb", climb.search, agent, corner, budget=2400)
    drawn = hunt("random", by_chance.search, agent, corner, budget=2400)
    assert climbed.left == drawn.left == 0
    assert drawn.failed == 0 and drawn.rows["fitness"].max() < 0.01
    failed = climbed.states[climbed.rows["fitness"] >= 1]
    assert climbed.failed >= len(failed) > 0 and max(map(inner, failed)) < 16


def test_cross_entropy_finds_the_parameter_that_matters(corner):
    agent = Faulty(corner, lambda s: 1000 if inner(s) > 50 else 0)
    searched = hunt("cem", cem.search, agent, corner, budget=1536)
    drawn = hunt("random", by_chance.search, agent, corner, budget=1536)
    assert searched.failed > 4 * max(drawn.failed, 20)
    assert set(searched.states.row.tolist()) == {0}  # played under the split's own parameters


def test_the_opponent_is_found_against_whom_the_agent_does_worst():
    """Habit is right with a friend, half right by chance, and wrong in every round with a foe."""
    room = load("friendfoe")
    found = hunt("splits", splits.search, Expert(room, "habit"), room, budget=160)
    assert found.left == 0 and found.ground.split.name in ("deploy", "published_foe")
    assert re.fullmatch(r"by chance, on average: train 0, deploy 844, neutral 306.*", *found.notes)
    assert {room.rows[row].keeper for row in found.states[:8]["row"].tolist()} == {FOE}
    with pytest.raises(UserError, match="a budget of 20 at least"):
        hunt("splits", splits.search, Expert(room, "habit"), room, budget=19)


def test_map_elites_edits_the_worst_level_of_every_kind_and_no_other(corner):
    """Levels are numbers here, ten of each kind, and the worse the higher their last digit, but that
    0 is as bad as 2: all known by hand, batch by batch.
    """

    class Numbers:
        world, dice, budget, left = corner, np.random.default_rng(0), 16384, 16384

        def __init__(self):
            self.worst, self.edited = {}, set()

        def of(self, numbers):
            states = state.blank(corner.dtype, len(numbers))
            states.seed = numbers
            return states

        def draw(self, n):
            return self.of(10 * (np.arange(n) % 6))

        def edit(self, parents, edits):
            self.edited |= set(parents.seed.tolist())
            assert set(parents.seed.tolist()) <= {number for _, number in self.worst.values()}
            return self.of(np.minimum(parents.seed + np.uint64(edits), np.uint64(59)))

        def play(self, states):
            rows = np.zeros(len(states), [("fitness", float), ("traits", float, (4,))])
            kind, digit = np.divmod(states.seed.astype(int), 10)
            rows["fitness"], rows["traits"][:, 0] = np.where(digit == 0, 2, digit), kind
            for k, bad, number in zip(kind, rows["fitness"], states.seed.tolist(), strict=True):
                if bad >= self.worst.get(k, (0, 0))[0]:  # of equals the latest
                    self.worst[k] = bad, number
            self.left -= min(len(states), self.left)
            return rows

    hunt = Numbers()
    map_elites.search(hunt)
    assert hunt.left == 0 and {number // 10 for number in hunt.edited} == set(range(6))
    assert hunt.worst == {kind: (9, 10 * kind + 9) for kind in range(6)}


def test_attacks_are_found_as_worlds_are():
    assert ATTACKS.shipped() == ["cem", "climb", "map_elites", "random", "splits"]
    assert ATTACKS.group == "goalshift.attacks"  # of entry points


@pytest.mark.parametrize("name", ATTACKS.shipped())
def test_every_attack_spends_its_budget_and_finds_the_same_again(corner, name):
    attack = ATTACKS.load(name)
    agent = Expert(corner, "corner")
    found = [hunt(name, attack.search, agent, corner, seed=seed) for seed in (3, 3, 4)]
    assert [f.left for f in found] == [0, 0, 0] and found[0].refused < 200
    assert found[0].states.tobytes() == found[1].states.tobytes() != found[2].states.tobytes()
    assert (np.diff(found[0].rows["fitness"]) <= 0).all()
    assert len(set(found[0].rows["level"].tolist())) == len(found[0].rows)


def test_a_level_that_only_bad_luck_made_look_bad_does_not_stay(corner):
    """An agent that fails on every level in the first episode, and on none in later ones."""

    class Unlucky(Expert):
        def act(self, obs, states, fresh):
            return np.where(states["episode"][:, None] == 0, 0, super().act(obs, states, fresh))

    arena = Arena(corner, Unlucky(corner), "regret")
    found = Hunt("x", arena, Ground(corner, corner.split("train"), "legal"), 200)
    states = found.draw(50)
    assert (found.play(states)["fitness"] >= 1).all()
    assert (found.play(found.redealt(states))["fitness"] < 0.01).all()
    assert len(found.rows) == 50 and (found.rows["fitness"] < 0.01).all()


class Cut(Exception):
    """The machine went off."""


def test_a_search_that_was_cut_off_goes_on_to_the_same_end(corner, tmp_path):
    agent = Expert(corner, "corner")
    whole = hunt("climb", climb.search, agent, corner)
    journal = tmp_path / "search.bin"

    def cut(done, total, remark=""):
        if done > 300:
            raise Cut

    with pytest.raises(Cut):
        hunt("climb", climb.search, agent, corner, journal=journal, show=cut)
    with open(journal, "r+b") as file:  # in the middle of a row
        file.truncate(journal.stat().st_size - 5)
    resumed = hunt("climb", climb.search, agent, corner, journal=journal)
    assert resumed.states.tobytes() == whole.states.tobytes()
    assert resumed.rows.tobytes() == whole.rows.tobytes()
    with pytest.raises(UserError, match="is of another search"):
        hunt("climb", climb.search, agent, corner, journal=journal, seed=8)


@pytest.mark.parametrize(
    ("verb", "roster"), [("attack", ATTACKS), ("detect", DETECTORS), ("mitigate", MITIGATIONS)]
)
def test_what_there_is_to_choose_from_is_told_with_its_source(verb, roster, capsys):
    assert cli.main([verb, "--list", "--json"]) == 0
    there = {row["name"]: row for row in json.loads(capsys.readouterr().out)["there"]}
    assert set(roster.shipped()) <= set(there) and all(row["about"] for row in there.values())
    some = {
        "map_elites": "Mouret and Clune 2015, arXiv 1504.04909",
        "svdd_body": "Ruff et al. 2018",
    }
    some |= {"reachability": "Krakovna et al. 2018, arXiv 1806.01186", "chance": "", "penalty": ""}
    found = {name: row["source"] for name, row in there.items() if name in some}
    assert found and found == {name: some[name] for name in found}


# -- explanations ----------------------------------------------------------------------------------


def test_the_smallest_counterfactual_is_the_wall_that_matters(corner):
    arena, wrong = Arena(corner, Faulty(corner, wall_beside), "regret"), level(corner, OPEN)
    found = explain.counterfactual(arena, wrong, np.random.default_rng(0))
    assert (found.edits, found.met_right, found.met_wrong) == (1, 1.0, 0.0)
    assert found.right.tiles[0, 3, 4] == FLOOR or found.right.x[0, 0] != 3
    assert edits_between(corner, found.right, wrong).tolist() == [1]
    assert explain.counterfactual(
        Arena(corner, Faulty(corner, lambda s: 1000), "regret"), wrong, np.random.default_rng(0)
    ) is None  # fmt: skip


def test_an_agent_that_sees_pictures_is_tried_on_fewer_edits_and_that_is_told(corner):
    one = Vec(corner, 1, "train", 5).reset_states()
    symbols = explain.tried(Arena(corner, Trained.load(CORNER, corner), "regret"), one)
    eyes = explain.tried(Arena(corner, Trained.load(EYES, corner), "regret"), one)
    assert symbols["of"] == eyes["of"] == len(explain.changes(corner, one))
    assert 64 < eyes["tried"] <= 128 < symbols["tried"] == symbols["of"]


def test_shrinking_leaves_the_wall_that_matters_and_nothing_else(corner):
    dealt = Vec(corner, 64, "train", 5).reset_states()
    one = next(dealt[i : i + 1] for i in range(64) if wall_beside(dealt[i]) and dealt[i].x[0] < 9)
    one = one.view(np.recarray)
    arena = Arena(corner, Faulty(corner, wall_beside), "regret")
    small = explain.shrink(arena, one)
    s = small.level[0]
    assert small.failed == 1.0 and inner(s) == 1 < inner(one[0])
    assert s.tiles[s.y[0], s.x[0] + 1] == WALL and (s.tiles[: s.h, : s.w] == CHEESE).sum() == 1
    assert s.h * s.w < 13 * 13 / 3


def test_a_pair_shows_episodes_in_which_the_agent_does_what_it_mostly_does(corner):
    class Mostly(Faulty):
        """Does the opposite in every third episode."""

        def act(self, obs, states, fresh):
            actions = super().act(obs, states, fresh)
            odd = states["episode"] % 3 == explain.LAST % 3
            other = Expert(self.world).act(None, states, fresh)
            return np.where(odd[:, None], np.where(self.waits[:, None] > 0, other, 0), actions)

    arena = Arena(corner, Mostly(corner, wall_beside), "regret")
    right, wrong = level(corner, OPEN.replace("@#", "@.")), level(corner, OPEN)
    found = explain.Pair(right, wrong, 1, 0.69, 0.31).shown(arena)
    assert [int(one.episode[0]) for one in found] == [explain.LAST + 1] * 2
    rows = [arena.judge(one, np.ones(1, bool)) for one in found]
    assert [arena.outcomes(row).tolist() for row in rows] == [[MET], [NEITHER]]


def test_a_pair_s_picture_frames_what_differs_and_nothing_else(corner):
    wrong = level(corner, OPEN)
    right = level(corner, OPEN.replace("@#", "@."))
    assert differ.changed(corner, right, wrong) == [(3, 4)]
    moved = level(corner, OPEN.replace("#..@#", "#@..#"))
    assert differ.changed(corner, moved, wrong) == [(3, 1), (3, 3)]
    agent = Faulty(corner, wall_beside)
    framed = pair.picture(corner, agent, right, wrong)
    plain = pair.picture(corner, agent, wrong, wrong)
    p = pair.WIDE // 9
    y, x = pair.HEAD + 3 * p + p // 2, pair.GAP + 4 * p
    second = x + 9 * p + pair.GAP
    for at in (x, second):  # the left side of the frame
        assert (framed[y, at + 2] != plain[y, at + 2]).any()
    assert (framed[y, second - 2 * p] == plain[y, second - 2 * p]).all()


def test_a_film_of_a_pair_frames_what_differs_in_both_panes(corner, tmp_path):
    agent = Faulty(corner, wall_beside)
    levels = [level(corner, OPEN.replace("@#", tiles)) for tiles in ("@.", "@#")]
    right, wrong = (pair.replay(corner, agent, one, "deploy") for one in levels)
    takes = framed(corner, [take_of(corner, replay) for replay in (right, wrong)])
    assert [take.framed for take in takes] == [((3, 4),), ((3, 4),)]
    story = Story(takes, Card(corner))
    assert [story.outcomes(side)[0].brief for side in story.sides] == ["met", "missed"]
    for pane in (0, 1):
        shot = shot_of(story, pane, (1, 1.0), (90, 90), 10)
        assert [place[1:] for place in shot.over].count((3, 4)) == 1
    told = {"edits": 1, "met_right": 1.0, "met_wrong": 0.0, "changes": [], "episodes": 16}
    plan = FilmPlan([tmp_path / "pair.png"], split="deploy")
    assert film_pair(corner, (right, wrong), told, plan) == [str(tmp_path / "pair.png")]
    assert (tmp_path / "pair.png").stat().st_size > 5_000


def test_levels_that_differ_in_much_are_filmed_without_frames(corner):
    one = level(corner, OPEN)
    other = level(corner, OPEN.replace("#.......#", "#.#.#.#.#"))
    takes = [Take("", "", states) for states in (one, other)]
    assert len(differ.changed(corner, one, other)) == 6 <= MOST
    assert all(len(take.framed) == 6 for take in framed(corner, takes))
    full = level(corner, OPEN.replace("#.......#", "#########"))
    takes = [Take("", "", states) for states in (one, full)]
    assert len(differ.changed(corner, one, full)) > MOST
    assert [take.framed for take in framed(corner, takes)] == [(), ()]


# -- the whole of it -------------------------------------------------------------------------------


def test_an_attack_is_held_against_chance_and_other_agents(corner, tmp_path, monkeypatch):
    for module, name in ((explain, "TRIES"), (campaign, "TELL"), (campaign, "CHOOSE")):
        monkeypatch.setattr(module, name, 4)  # experts throw no dice
    monkeypatch.setattr(campaign, "FOUND", 8)
    agents = [("proxy", Expert(corner, "corner")), ("intended", Expert(corner))]
    told = campaign.run(corner, agents, campaign.Plan(within="edits:1", budget=400), tmp_path)
    assert told["expert"]["claim"] == "exact" and told["expert"]["word"] == "regret"
    assert told["searches"]["climb"]["worst"] == 1.0 and told["searches"]["climb"]["missed"] == 1.0
    assert [one["missed_found"] for one in told["transfer"]] == [1.0, 0.0]
    assert (
        0 < told["transfer"][0]["missed_random"] < 0.5 and not told["transfer"][1]["missed_random"]
    )
    assert told["counterfactual"]["edits"] == 1
    assert told["shrunk"]["walls"] == 0 < told["shrunk"]["walls_before"]
    assert json.loads((tmp_path / "attack.json").read_text()) == told
    again = campaign.run(corner, agents, campaign.Plan(within="edits:1", budget=400), tmp_path)
    assert again == told
    with pytest.raises(UserError, match="holds another attack: name another folder with --out"):
        campaign.run(corner, agents, campaign.Plan(within="edits:2", budget=400), tmp_path)


def test_what_an_attack_finds_is_a_file_of_levels_that_other_verbs_take(call, tmp_path):
    shutil.copy(COINLINE, tmp_path / "a.safetensors")
    done = call("attack", "a.safetensors", "--budget", "300", "--out", "out", "-q")
    assert done.code == 0 and "MISSED ON FOUND" in done.out and "a heuristic" in done.out
    assert call("level", "check", "out/found.npz", "out/pair.npz", "out/shrunk.npz").code == 0
    with np.load(tmp_path / "out/found.npz") as found:
        shares = found["met"] + found["instead"] + found["neither"]
        assert shares.shape == (32, 1) and (shares == 1).all()
    judged = call(
        "eval", "a.safetensors", "--split", "out/found.npz", "--levels", "32", "-q", "--json"
    )
    told = json.loads(judged.out)
    assert judged.code == 0 and told["splits"]["out/found.npz"]["levels"] == 32


def test_agents_are_attacked_one_after_another_into_one_table(call, tmp_path):
    shutil.copy(COINLINE, tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"nothing")
    words = [
        "attack",
        "a.safetensors",
        "b.safetensors",
        "--each",
        "--budget",
        "200",
        "--out",
        "out",
    ]
    done = call(*words, "-q", "--json")
    told = json.loads(done.out)
    assert done.code == 1 and [row["world"] for row in told["rows"]] == ["coinline"]
    assert len(told["faults"]) == 1 and told["faults"][0].startswith("b: ")
    [row] = told["rows"]
    assert 0 <= row["by chance"] <= row["share failing"] <= 1 and row["steps of an episode"] > 1
    table = (tmp_path / "out/attacks.csv").read_bytes()
    assert table.count(b"\n") == 2 and not (tmp_path / "out/a/pair.png").exists()
    journal = tmp_path / "out/a/search.bin"
    journal.unlink()
    assert call(*words, "-q").code == 1  # goes on, and finds it done
    assert (tmp_path / "out/attacks.csv").read_bytes() == table and not journal.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--each", "--film", "a.mp4"], "--film is for one attack: leave --each out"),
        (["--each", "--world.coin", "3"], "attacked in the world it was trained in"),
        (["--film", "a.txt"], "--film 'a.txt' must end in .mp4"),
        (["--method", "climd"], "no attack 'climd'; did you mean 'climb'?"),
        (["--method", "./none.py"], "no attack file 'none.py'"),
        (["--method", "cem", "--within", "train"], "cem makes levels of its own, within legal"),
        (["--within", "edits"], "--within 'edits' is none of train, legal, edits:1"),
        (["--objective", "regrets"], "no objective 'regrets'. Did you mean 'regret'?"),
        (["--split", "deplo"], "has no split 'deplo'; did you mean 'deploy'?"),
    ],
)
def test_what_cannot_be_asked_of_an_attack_is_one_line(call, words, message):
    done = call("attack", COINLINE, "--budget", "10", *words)
    assert done.code == 2 and message in done.line
