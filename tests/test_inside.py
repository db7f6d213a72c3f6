"""Looking inside: probes and edits on nets whose insides are known, and cues on real boards."""

import json
from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.lab.inside import axis, edits
from goalshift.agents.lab.inside.cues import cue, usual
from goalshift.agents.lab.inside.moments import Moments
from goalshift.agents.lab.inside.probes import Reader
from goalshift.agents.lab.inside.steering import NULLS, Arm, CueVector, Null, Steered
from goalshift.agents.lab.inside.study import Judge, open_agent
from goalshift.agents.learning.trained import Trained
from goalshift.engine.catalogue import load
from goalshift.engine.errors import UserError
from goalshift.engine.levels.splits import split_of
from goalshift.engine.vector import Vec, observed


def starts(world, n=64, split="deploy"):
    return Vec(world, n, split_of(world, split), 0, pool="test").reset_states()


def known_moments(units=8, hidden=3, levels=100, each=8):
    """Moments whose unit `hidden` is the label, in a layer of noise; what is seen tells nothing."""
    dice = np.random.default_rng(0)
    n = levels * each
    label = dice.integers(0, 2, n)
    layer = dice.standard_normal((n, units)).astype(np.float32)
    layer[:, hidden] = label
    world = load("corner")
    return label, Moments(
        world,
        starts(world, 1),
        dice.integers(0, 3, (n, 4, 4)).astype(np.uint8),
        np.repeat(np.arange(levels), each),
        {"body": layer},
        {"body": dice.standard_normal((n, units)).astype(np.float32)},
    )


def test_a_probe_finds_the_unit_that_is_the_goal_and_its_controls_are_at_chance():
    label, known = known_moments()
    reading = Reader(known).read("body", label, "goal")
    assert reading.found.value == 1.0 and reading.beyond
    assert abs(reading.direction).argmax() == 3
    assert abs(reading.shuffled[0] - 0.5) < 0.05 and reading.p < 0.02
    assert abs(reading.observation - 0.5) < 0.1 and abs(reading.untrained - 0.5) < 0.1


def test_shuffled_labels_are_read_at_chance():
    label, known = known_moments()
    dealt = np.random.default_rng(5).permutation(label)
    reading = Reader(known).read("body", dealt, "nothing")
    assert not reading.beyond and reading.found.low < 0.55 and reading.p > 0.05


def test_what_the_observation_tells_by_itself_is_not_beyond_its_control():
    label, known = known_moments()
    known.seen[:, 0, 0] = label
    reading = Reader(known).read("body", label, "goal")
    assert reading.found.value == 1.0 and reading.observation == 1.0 and not reading.beyond


def test_erasing_the_direction_that_was_read_leaves_chance():
    label, known = known_moments()
    direction = Reader(known).read("body", label, "goal").direction
    layer = known.layers["body"]
    gone = edits.erase(direction)(layer[:, None])[:, 0]
    after = Moments(**{**vars(known), "layers": {"body": gone}})
    assert Reader(after).read("body", label, "goal").found.value < 0.7


@pytest.mark.parametrize("count", [20, 49])
def test_a_probe_of_too_few_moments_is_refused(count):
    label, known = known_moments(levels=count // 8 or 1)
    with pytest.raises(UserError, match="too few moments"):
        Reader(known).read("body", label, "goal")


def test_edits_touch_their_units_alone_and_compose_in_order():
    x = np.arange(12, dtype=np.float32).reshape(2, 1, 6) - 5
    known = np.ones((7, 6), np.float32) * np.arange(6, dtype=np.float32)
    for edit in (
        edits.zero([1]), edits.mean(known, [1]), edits.resample(known, [1]),
        edits.noise(known, [1]), edits.multiply(3.0, [1]), edits.put(9.0, [1]),
    ):  # fmt: skip
        made = edit(x)
        assert np.array_equal(np.delete(made, 1, -1), np.delete(x, 1, -1))
    assert (edits.mean(known, [1, 4])(x)[..., [1, 4]] == [1, 4]).all()
    both = edits.compose(edits.put(2.0, [0]), edits.multiply(3.0, [0]))
    assert (both(x)[..., 0] == 6).all()
    only_above = edits.multiply(0.0, sign=1)(x)
    assert np.array_equal(only_above, np.where(x >= 0, 0, x))
    with pytest.raises(UserError, match="no unit 6"):
        edits.zero([6])(x)


def test_a_cue_is_taken_off_the_board_and_put_elsewhere():
    world = load("corner")
    states = starts(world)
    cheese = usual(world, states)
    assert cheese.name == "cheese"
    bare, moved = cheese.without(states), cheese.moved(states)
    assert (states["tiles"] == cheese.tile).any() and not (bare["tiles"] == cheese.tile).any()
    counts = [(s["tiles"] == cheese.tile).reshape(len(s), -1).sum(1) for s in (states, moved)]
    assert np.array_equal(*counts) and not np.array_equal(moved["tiles"], states["tiles"])
    assert np.array_equal(moved["y"], states["y"])
    with pytest.raises(UserError, match="no cue 'chese'"):
        cue(world, "chese")


def test_nulls_are_as_long_as_the_cue_and_the_cue_is_what_the_cheese_makes_of_the_layer():
    agent = Trained.load("agents/pretrained/corner.safetensors")
    world = agent.world
    states = starts(world)
    obs, fresh = observed(world, states), np.ones(len(states), np.bool_)
    source = CueVector(agent, "encoder", cue(world, "cheese"))
    vector = source(obs, states, fresh)
    lengths = np.linalg.norm(vector, axis=-1)
    assert lengths.min() >= 0 and lengths.max() > 0
    for kind in NULLS[:2]:
        null = Null(source, kind, 0)(obs, states, fresh)
        assert np.allclose(np.linalg.norm(null, axis=-1), lengths, atol=1e-3)
        assert not np.allclose(null, vector)
    other = Null(source, "other level", 0)(obs, states, fresh)
    assert np.allclose(np.sort(np.linalg.norm(other, axis=-1), 0), np.sort(lengths, 0), atol=1e-4)
    # taking the vector away is the same as taking the cheese away
    steered = Steered(agent, "encoder", source, -1.0).think(obs, states, fresh).logits
    bare = cue(world, "cheese").without(states)
    blank = agent.think(observed(world, bare), bare, fresh).logits
    assert np.allclose(steered, blank, atol=1e-4)


def test_zero_times_the_cue_is_the_agent_itself():
    agent = Trained.load("agents/pretrained/corner.safetensors")
    states = starts(agent.world, 8)
    obs, fresh = observed(agent.world, states), np.ones(8, np.bool_)
    source = CueVector(agent, "body", cue(agent.world, "cheese"))
    steered = Steered(agent, "body", source, 0.0).think(obs, states, fresh).logits
    assert np.allclose(steered, agent.think(obs, states, fresh).logits)


def test_arms_in_one_batch_act_as_each_would_by_itself():
    agent = Trained.load("agents/pretrained/corner.safetensors")
    judge = Judge(agent.world, "deploy", 12, 0)
    source = CueVector(agent, "body", cue(agent.world, "cheese"))
    arms = [Arm(0.0), Arm(-8.0), Arm(-8.0, "other units", 3)]
    together = judge.play_arms(agent, "body", source, arms)
    assert np.array_equal(together[0], judge.play(agent))
    assert np.array_equal(together[1], judge.play(Steered(agent, "body", source, -8.0)))
    null = Steered(agent, "body", Null(source, "other units", 3), -8.0)
    assert np.array_equal(together[2], judge.play(null))
    assert not np.array_equal(together[0], together[1])


def test_the_untrained_twin_is_the_same_network_with_other_weights():
    agent, twin = open_agent("agents/pretrained/corner.safetensors")
    assert agent.layers == twin.layers
    mine, other = (one.net.state_dict()["body.0.weight"] for one in (agent, twin))
    assert mine.shape == other.shape and not np.allclose(mine, other)


def test_inside_writes_a_page_without_scripts_from_outside_and_its_data(
    tmp_path, capsys, monkeypatch
):
    def learned_nothing(agent, *_):
        return axis.shifted(agent, np.zeros(len(axis.flat(agent))))

    monkeypatch.setattr(axis, "tuned", learned_nothing)
    out = tmp_path / "in.html"
    words = ["inside", "agents/pretrained/coinline.safetensors", "--levels", "128", "--draws", "1"]
    words += ["--axis"]
    assert (
        main([*words, "--layer", "body", "--coefficient", "-8", "-o", str(out), "--json", "-q"])
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    data = json.loads(out.with_suffix(".json").read_text())
    assert data["format"] == "goalshift-inside/1" and data["cue"] == "coin"
    assert told["written"] == data["written"]
    for reading in data["readings"]:  # no probe without its controls
        assert {"observation", "untrained", "shuffled", "p"} <= reading.keys()
    assert set(data["written"]["nulls"]) == set(NULLS)
    assert data["axis"]["proxy"] == "end" and data["axis"]["read"]["value"] == 0
    assert {copy["a"] for copy in data["axis"]["copies"]} > {0.0, 0.5, 1.0, None}
    assert set(data["axis"]["read_nulls"]) == {"random direction", "other weights", "shuffled"}
    assert (tmp_path / "in-axis.png").stat().st_size > 9999
    page = out.read_text()
    assert "is not shown to tell their goal" in page and "is not shown to move its goal" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script src" not in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--layer", "bdy"], "no layer 'bdy'"),
        (["--cue", "chese"], "no cue 'chese'"),
        (["--split", "train"], "goals part on 0 of"),
        (["-o", "page.txt"], "must end in .html"),
        (["--coefficient", "nan"], "not a number from -1000 to 1000"),
    ],
)
def test_inside_says_what_is_wrong_in_one_line(tmp_path, capsys, words, message):
    asked = ["inside", "agents/pretrained/corner.safetensors", "--levels", "32", "-q"]
    where = [] if "-o" in words else ["-o", str(tmp_path / "in.html")]
    assert main([*asked, *words, *where]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1 and not list(tmp_path.iterdir())


def test_the_code_of_the_readme_runs(capsys):
    text = Path("agents/lab/inside/README.md").read_text()
    exec(text.partition("```python\n")[2].partition("```")[0], {})
    steered, control = map(float, capsys.readouterr().out.splitlines()[0].split())
    assert steered > control


def test_a_torch_module_from_elsewhere_is_read_and_written_by_the_names_of_its_parts():
    import torch

    from goalshift import foreign

    torch.manual_seed(0)
    world = load("corner")
    body = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(16), torch.nn.ReLU())
    net = torch.nn.Sequential(body, torch.nn.Linear(16, len(world.actions)))
    agent = foreign.module(net, obs="floats").of(world)
    states = starts(world, 6)
    obs, fresh = observed(world, states), np.ones(6, np.bool_)
    assert {"features", "hooks"} <= agent.can and agent.layers["0.2"] == (16,)
    plain = agent.think(obs, states, fresh, ("0.2",))
    with agent.hooked({"0.2": edits.zero()}):
        silent = agent.think(obs, states, fresh, ("0.2",))
    assert plain.features["0.2"].any() and not silent.features["0.2"].any()
    assert np.allclose(silent.logits, net[1].bias.detach().numpy())
    assert np.array_equal(agent.think(obs, states, fresh).logits, plain.logits)
    source = CueVector(agent, "0.2", cue(world, "cheese"))
    steered = Steered(agent, "0.2", source, -1.0).think(obs, states, fresh).logits
    bare = cue(world, "cheese").without(states)
    assert np.allclose(steered, agent.think(observed(world, bare), bare, fresh).logits, atol=1e-4)
    with pytest.raises(UserError, match=r"no layer '0\.9'"), agent.hooked({"0.9": edits.zero()}):
        pass


def test_a_layer_that_is_told_and_no_part_is_read_and_not_written():
    import torch

    from goalshift import foreign

    class Tells(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.LazyLinear(5)

        def forward(self, x):
            flat = x.flatten(1)
            return {"logits": self.head(flat), "sum": flat.sum(1, keepdim=True)}

    agent = foreign.module(Tells(), obs="floats").of(load("corner"))
    assert set(agent.layers) == {"head", "sum"}
    with (
        pytest.raises(UserError, match="'sum' is told and no part"),
        agent.hooked({"sum": edits.zero()}),
    ):
        pass
