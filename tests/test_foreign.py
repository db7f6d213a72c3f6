"""Agents from elsewhere: whoever is named becomes a policy, offers what it has, and is refused in one
line if it does not fit.
"""

import dataclasses
import json
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
import torch

import goalshift
from goalshift import foreign
from goalshift.agents.command.main import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.judging.runs import evaluate_runs
from goalshift.agents.live.open import open_session
from goalshift.agents.live.thoughts import think
from goalshift.agents.policies.foreign import table
from goalshift.agents.policies.foreign.view import Space, View, fitting
from goalshift.agents.policies.policy import LearnedPolicy, Policy, learned
from goalshift.engine.api import adapters
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError
from goalshift.engine.vector import Vec

from .waiting import PATIENCE

WORLD = load("corner")
CELLS = int(np.prod(WORLD.view))
FLAT = CELLS * len(WORLD.channels)


class Net(torch.nn.Module):
    """A little of everything: logits, value, a layer."""

    def __init__(self, width=FLAT):
        super().__init__()
        torch.manual_seed(0)
        self.body = torch.nn.Linear(width, 8)
        self.actor, self.critic = torch.nn.Linear(8, 5), torch.nn.Linear(8, 1)

    def forward(self, seen):
        body = self.body(seen.float().flatten(1)).relu()
        return {"logits": self.actor(body), "value": self.critic(body), "body": body}


def write(path, text):
    path.write_text(text)
    return str(path)


def score(agent, levels=8, world=WORLD):
    return rollout(world, agent, "deploy", levels, trace=()).totals


# -- what they look at


@pytest.mark.parametrize("obs", adapters.ARRAYS)
def test_an_agent_sees_what_its_environment_showed(obs):
    """Byte for byte what an adapter shows in the same state."""
    seen = []

    def act(view):
        seen.append(view)
        return 1

    agent = foreign.function(act, obs).of(WORLD)
    env = adapters.SingleEnv("corner", obs=obs, split="deploy")
    view, _ = env.reset(seed=4)
    agent.start(1, 1)
    states = env._batch.vec.states
    symbols = Vec(WORLD, 1).start_from(states)
    agent.act(symbols, states, np.ones(1, bool))
    assert seen[0].dtype == view.dtype and np.array_equal(seen[0], view)


def test_an_agent_is_told_what_its_environment_told():
    heard = []
    agent = foreign.function(lambda text: heard.append(text) or "stay", "text").of(WORLD)
    env = adapters.SingleEnv("corner", obs="text")
    text, _ = env.reset(seed=4)
    states = env._batch.vec.states
    agent.act(Vec(WORLD, 1).start_from(states), states, np.ones(1, bool))
    assert heard == [text]


ROWS, COLUMNS, CHANNELS = *WORLD.view, len(WORLD.channels)


@pytest.mark.parametrize(
    ("space", "view"),
    [
        (((ROWS, COLUMNS), "uint8", 4), View("symbols")),
        (((CELLS,), "float32", 4), View("symbols", "flat", "float32")),
        (((ROWS, COLUMNS, CHANNELS), "uint8", 1), View("planes")),
        (((CHANNELS, ROWS, COLUMNS), "float32", 1), View("planes", "channels first", "float32")),
        (((FLAT,), "float32", 1), View("planes", "flat", "float32")),
        (((ROWS * 4, COLUMNS * 4, 3), "uint8", 255), View("rgb", size=(ROWS * 4, COLUMNS * 4))),
    ],
    ids=str,
)
def test_what_an_agent_looks_at_is_read_from_its_space(space, view):
    shape, dtype, high = space
    assert fitting(Space.of(gymnasium.spaces.Box(0, high, shape, dtype)), WORLD) == view


@pytest.mark.parametrize(
    ("shape", "high", "obs", "message"),
    [
        ((7, 7), 255, None, r"uint8 \[7 x 7\], which no observation of world 'corner' fits"),
        ((64, 64, 3), 255, None, "may be several things: say obs='rgb' or obs='eyes'"),
        ((ROWS, COLUMNS), 255, "planes", "with obs='planes'"),
        ((ROWS, COLUMNS), 255, "text", "obs='text' are words"),
        ((ROWS, COLUMNS), 255, "plans", "obs 'plans' is not known. Did you mean 'planes'"),
    ],
)
def test_a_space_that_does_not_fit_is_refused(shape, high, obs, message):
    space = Space.of(gymnasium.spaces.Box(0, high, shape, np.uint8))
    with pytest.raises(UserError, match=message):
        fitting(space, WORLD, obs)
    with pytest.raises(UserError, match="worlds show arrays: a Box"):
        Space.of(gymnasium.spaces.Discrete(4))


# -- what they offer


def test_what_an_agent_offers_is_found_out_and_the_rest_is_missed_by_name():
    whole = foreign.module(Net(), "floats").of(WORLD)
    assert isinstance(whole, LearnedPolicy) and whole.can == {
        "value",
        "features",
        "hooks",
    }
    assert whole.layers["body"] == (8,)
    bare = foreign.module(torch.nn.Linear(FLAT, 5), "floats").of(WORLD)
    assert isinstance(bare, LearnedPolicy) and not bare.can
    with pytest.raises(UserError, match="needs value, and 'Linear' offers logits"):
        learned(bare, "a map of values", "value")
    acts = foreign.function(lambda seen: 1).of(WORLD)
    assert isinstance(acts, Policy) and not isinstance(acts, LearnedPolicy)
    with pytest.raises(UserError, match="needs a learned policy, and 'lambda' is none"):
        learned(acts, "saliency")


def test_overlays_and_traces_read_its_mind():
    agent = foreign.module(Net(), "floats").of(WORLD)
    states = Vec(WORLD, 1).reset_states()
    thoughts = think(WORLD, agent, states, 0, {"value", "arrows", "saliency", "plan"})
    assert np.isfinite(thoughts.value).any() and thoughts.chances.sum() == pytest.approx(1)
    assert np.isfinite(thoughts.saliency.cells).any()
    trace = rollout(WORLD, agent, "deploy", 4, trace=("logits", "value", "body")).trace
    assert trace.activations["body"].shape[2:] == (1, 8) and trace.value.any()


def test_its_dice_depend_on_nothing_but_the_level():
    """An agent with logits plays a level the same in any batch."""
    agent = foreign.module(Net(), "floats").of(WORLD)
    assert np.array_equal(score(agent, 8)[:3], score(agent, 3))
    agent.loosen(0.0, 0.0)
    assert agent.draws.choose(np.array([[[0.0, 2, 1, 0, 0]]]), agent.sampling, None) == 1


def test_answers_that_are_none_are_told():
    for net, message in (
        (torch.nn.Linear(FLAT, 4), r"logits \[rows, actions\], here \(1, 5\), and gave \(1, 4\)"),
        (
            torch.nn.Sequential(torch.nn.Linear(FLAT, 5), torch.nn.Threshold(9e9, np.nan)),
            "not finite",
        ),
    ):
        with pytest.raises((UserError, RunError), match=message):
            foreign.module(net, "floats").of(WORLD)
    for answer, message in (
        (9, "chose 9, and there are the actions 0 to 4"),
        ("upp", "chose 'upp', no action. Did you mean 'up'"),
        (None, "must give an action's number or name, and gave NoneType"),
        (True, "and gave bool"),
    ):
        with pytest.raises(RunError, match=message):
            score(foreign.function(lambda seen, a=answer: a))
    with pytest.raises(UserError, match="say what the module looks at"):
        foreign.module(Net())
    with pytest.raises(
        UserError, match=r"an agent is a function act\(obs\), or a class that has one, not int"
    ):
        goalshift.evaluate(3, "corner")


def test_a_class_is_an_object_for_every_episode():
    made = []

    class Counts:
        def __init__(self):
            self.steps = 0
            made.append(self)

        def act(self, seen):
            self.steps += 1
            return self.steps % 5

    played = rollout(WORLD, foreign.function(Counts), "deploy", 6)
    assert [one.steps for one in made] == played.length.tolist()


# -- whom the user means


def test_evaluate_takes_whatever_acts(tmp_path):
    path = write(tmp_path / "still.py", "def act(seen):\n    return 0\n")
    for agent in (path, lambda seen: 0, foreign.function(lambda seen: 0)):
        found = goalshift.evaluate(agent, "corner", levels=8)
        assert found.splits["deploy"].agent.goals["corner"].normalised.value <= 0
    nets = [foreign.module(Net(), "floats", name=str(k)) for k in range(2)]
    assert goalshift.evaluate(nets, "corner", levels=8).agents == ("0", "1")
    for twice in ([path, path], [nets[0], nets[0]]):
        with pytest.raises(UserError, match="the same agent is given twice"):
            goalshift.evaluate(twice, "corner", levels=8)


def test_files_with_agents_are_found_by_what_they_end_in(tmp_path):
    files = {
        "function": "OBS = 'text'\ndef act(text):\n    return 'up'\n",
        "module": "import torch\nOBS = 'floats'\n"
        f"AGENT = torch.nn.Sequential(torch.nn.Linear({FLAT}, 5))\n",
        "policy": "from goalshift import RandomPolicy, load\nAGENT = RandomPolicy(load('corner'))\n",
        "class": "class AGENT:\n    obs = 'text-short'\n    def act(self, text):\n        return 1\n",
    }
    for name, text in files.items():
        path = write(tmp_path / f"{name}.py", text)
        found = evaluate_runs([path], levels=4, world="corner")
        assert found.agents == (name,) and found.splits["deploy"].held_out.trained == 0
        assert found.training[0].seed == -1
        session = open_session(path, world="corner")
        assert session.panes[-1].who == [name]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("agent.zip", "", "it holds pickles, which run code as they are opened. In Python"),
        ("agent.pt", "", "goalshift.foreign.module"),
        ("agent.pkl", "", "or export it to ONNX"),
        ("none.py", "x = 1\n", "neither ends in AGENT = ... nor has a function act"),
        ("broken.py", "def act(:\n", "line 1: SyntaxError"),
        ("fails.py", "def act(seen):\n    return 1 / 0\n", "line 2: ZeroDivisionError"),
        ("says.py", "OBS = 'sound'\ndef act(seen):\n    return 0\n", "obs 'sound' is not known"),
        ("missing.onnx", None, "no such file"),
    ],
)
def test_what_is_no_agent_is_told_in_one_line(tmp_path, capsys, name, text, message):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    code = main(["eval", str(path), "--world", "corner", "--levels", "4", "-q"])
    said = capsys.readouterr().err
    assert code == (1 if name == "fails.py" else 2) and said.count("\n") == 1 and message in said


def test_the_world_has_to_be_named_and_runs_stay_apart(tmp_path, capsys):
    path = write(tmp_path / "still.py", "def act(seen):\n    return 0\n")
    assert main(["eval", path, "-q"]) == 2
    assert "does not say in which world it acts: add --world NAME" in capsys.readouterr().err
    shipped = "agents/pretrained/corner.safetensors"
    with pytest.raises(UserError, match="a run of ours, and others are not"):
        evaluate_runs([path, shipped], world="corner")
    with pytest.raises(UserError, match="the same agent is given twice"):
        evaluate_runs([path, path], world="corner")
    assert (
        main(["eval", path, "--world", "corner", "--controls", "--out", str(tmp_path), "-q"]) == 2
    )
    folder = tmp_path / "theirs"
    folder.mkdir()
    write(folder / "rllib_checkpoint.json", "{}")
    assert main(["eval", str(folder), "-q"]) == 2
    assert "goalshift.foreign.rllib(algorithm.get_module())" in capsys.readouterr().err


def test_every_verb_that_shows_takes_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    agent = write(tmp_path / "still.py", "OBS = 'text'\ndef act(seen):\n    return 'up'\n")
    asked = [agent, "--world", "corner", "--levels", "8", "-q"]
    assert main(["contrast", *asked, "-o", "film.png"]) == 0
    assert main(["record", *asked, "-o", "alone.png"]) == 0
    assert main(["report", *asked, "-o", "page.html"]) == 0
    assert "What the agents were trained on is not known" in (tmp_path / "page.html").read_text()


# -- text


def test_a_program_plays_over_lines_and_gets_the_same_verdict_as_an_agent(tmp_path):
    """The same player in another process and as a file: the same evaluation, byte for byte."""
    words = [
        sys.executable,
        "-m",
        "goalshift",
        "serve-text",
        "corner",
        "--levels",
        "4",
        "--json",
        "-q",
    ]
    asked, told, replies = 0, {}, ["up", '{"action": "right"}', "4", '{"action": 1}']
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout and program.stdin
        for line in program.stdout:
            message = json.loads(line)
            if message.get("type") == "ask":
                if asked == 0:
                    program.stdin.write("upp\n")
                    program.stdin.flush()
                    assert "Did you mean 'up'" in json.loads(program.stdout.readline())["fault"]
                program.stdin.write(replies[message["step"] % 4] + "\n")
                program.stdin.flush()
                asked += 1
            elif "splits" in message:
                told = message
        assert program.wait(PATIENCE) == 0 and asked > 100
    text = "OBS = 'text'\nclass AGENT:\n    n = -1\n    def act(self, text):\n        self.n += 1\n"
    path = write(tmp_path / "same.py", text + "        return ['up', 'right', 4, 1][self.n % 4]\n")
    same = evaluate_runs([path], levels=4, world="corner").to_json()
    assert told["splits"] == json.loads(json.dumps(same["splits"]))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("up\n", "the other side has closed"),
        ("x\ny\nz\n", "3 answers to one question name no action"),
    ],
)
def test_a_program_that_does_not_answer_is_told_of(answers, message):
    words = [sys.executable, "-m", "goalshift", "serve-text", "corner", "--levels", "2", "-q"]
    done = subprocess.run(words, input=answers, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and message in done.stderr and done.stderr.count("\n") == 1


# -- of other libraries; skipped where they are not installed


def test_models_of_stable_baselines3():
    sb3 = pytest.importorskip("stable_baselines3")
    for obs, vec in (("planes", {}), ("floats", {}), ("rgb", {"size": 50})):
        env = adapters.SB3Vec("corner", 2, obs=obs, **vec)
        kind = "CnnPolicy" if obs == "rgb" else "MlpPolicy"
        agent = foreign.sb3(sb3.PPO(kind, env, n_steps=8, batch_size=16, device="cpu")).of(WORLD)
        assert agent.can == {"value", "features"} and agent.home.view.kind in (obs, "planes")
    states = Vec(WORLD, 2).reset_states()
    model = sb3.PPO(
        "MlpPolicy", adapters.SB3Vec("corner", 2), n_steps=8, batch_size=16, device="cpu"
    )
    agent, fresh = foreign.sb3(model).of(WORLD), np.ones(2, bool)
    obs = Vec(WORLD, 2).start_from(states)
    thought = agent.think(obs, states, fresh, ("actor",))
    want = model.policy.get_distribution(model.policy.obs_to_tensor(WORLD.looks[obs[:, 0]])[0])
    assert np.allclose(thought.logits[:, 0], want.distribution.logits.detach())
    assert thought.features["actor"].shape == (2, 1, 64)
    with pytest.raises(UserError, match=r"which no observation of world 'keys' fits"):
        agent.of(load("keys"))
    with pytest.raises(UserError, match="knows 5 actions, and world 'coinline' has 3"):
        agent.of(load("coinline"))
    dqn = sb3.DQN("MlpPolicy", adapters.SB3Vec("corner", 2), buffer_size=10, device="cpu")
    assert not isinstance(foreign.wrap(dqn).of(WORLD), LearnedPolicy)
    assert score(foreign.wrap(dqn), 2).shape[0] == 2


def test_policies_of_torchrl():
    modules = pytest.importorskip("torchrl.modules")
    nn = pytest.importorskip("tensordict.nn")
    for group in ((), ("mouse",)):

        def of(name, group=group):
            return (*group, name) if group else name

        key = of("observation")
        body = nn.TensorDictModule(
            torch.nn.Linear(FLAT, 5),
            in_keys=[key],
            out_keys=["logits"] if key == "observation" else [("mouse", "logits")],
        )
        actor = modules.ProbabilisticActor(
            body,
            in_keys={"logits": of("logits")},
            out_keys=[of("action")],
            distribution_class=torch.distributions.Categorical,
        )
        agent = table.wrap(actor, "floats").of(WORLD)
        assert isinstance(agent, LearnedPolicy)
        assert score(agent, 2).shape[0] == 2


def graph(tmp_path, inputs, outputs, name="agent.onnx", **more):
    """A file of ONNX: one matrix from the input to each output."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    shape, nodes, weights, out = inputs, [], [], []
    for key, width in outputs.items():
        matrix = np.random.default_rng(0).normal(size=(int(np.prod(shape)), width))
        weights.append(numpy_helper.from_array(matrix.astype(np.float32), f"w-{key}"))
        nodes.append(helper.make_node("MatMul", ["flat", f"w-{key}"], [key]))
        out.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, ["n", width]))
    nodes.insert(0, helper.make_node("Flatten", ["seen"], ["flat"]))
    seen = helper.make_tensor_value_info("seen", TensorProto.FLOAT, [more.get("rows", "n"), *shape])
    made = helper.make_model(
        helper.make_graph(nodes, "agent", [seen], out, weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    if "obs" in more:
        helper.set_model_props(made, {"obs": more["obs"]})
    if more.get("outside"):
        tensor = made.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
    onnx.save_model(made, tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("rows", ["n", 1])
@pytest.mark.parametrize("shape", [(FLAT,), (CHANNELS, ROWS, COLUMNS), (ROWS, COLUMNS)], ids=str)
def test_files_of_onnx(tmp_path, shape, rows):
    pytest.importorskip("onnxruntime")
    path = graph(tmp_path, shape, {"logits": 5, "value": 1, "body": 7}, rows=rows)
    agent = foreign.onnx(path).of(WORLD)
    assert agent.can == {"value", "features"} and dict(agent.layers) == {"body": (7,)}
    found = evaluate_runs([path], levels=4, world="corner")
    assert found.agents == ("agent",)


def test_files_of_onnx_that_are_not_taken(tmp_path):
    pytest.importorskip("onnxruntime")
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"\x08\x99junk" * 99)
    cases = [
        (junk, "no file of ONNX|cannot be run"),
        (graph(tmp_path, (FLAT,), {"logits": 5}, outside=True), "names data in other files"),
        (graph(tmp_path, (FLAT,), {"logits": 4}, "four.onnx"), r"\(1, 5\), and gave \(1, 4\)"),
        (
            graph(tmp_path, (9, 9), {"logits": 5}, "nine.onnx"),
            "no observation of world 'corner' fits",
        ),
        (graph(tmp_path, (FLAT,), {"logits": 5}, "seven.onnx", rows=7), "the input takes 7 rows"),
    ]
    for path, message in cases:
        with pytest.raises(UserError, match=message):
            evaluate_runs([path], levels=4, world="corner")
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(300 << 20)
    with pytest.raises(UserError, match="at most 268,435,456 are read"):
        evaluate_runs([tmp_path / "large.onnx"], levels=4, world="corner")


def test_onnx_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    path = tmp_path / "agent.onnx"
    path.write_bytes(b"x")
    with pytest.raises(UserError, match=r"pip install .*\[onnx\]'"):
        evaluate_runs([path], levels=4, world="corner")


@pytest.mark.parametrize("inference_only", [False, True], ids=["learns", "acts alone"])
def test_modules_of_rllib(inference_only):
    """An `Algorithm` gives away one that acts alone: its critic is gone, its methods are not."""
    pytest.importorskip("ray.rllib")
    from ray.rllib.algorithms.ppo.torch.ppo_torch_rl_module import PPOTorchRLModule
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    env = adapters.SingleEnv("corner", obs="floats")
    made = PPOTorchRLModule(
        observation_space=env.observation_space,
        action_space=env.action_space,
        model_config=dataclasses.asdict(DefaultModelConfig(fcnet_hiddens=[8])),
        inference_only=inference_only,
    )
    agent = foreign.wrap(made).of(WORLD)
    assert agent.can == (set() if inference_only else {"value"}) and score(agent, 2).shape[0] == 2
