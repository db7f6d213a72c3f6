"""The examples run as they stand, with fewer steps; those of other libraries where these are installed."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

import goalshift
from goalshift.agents.command.main import main
from goalshift.agents.judging.verdict import MISGENERALIZED

from .waiting import PATIENCE

EXAMPLES = Path(goalshift.__file__).parent / "agents" / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))


def example(name):
    """The module of an example."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_short_and_told_of(path):
    code = [line for line in path.read_text().splitlines() if line.strip()]
    assert len(code) <= 60
    assert f"`{path.name}`" in (EXAMPLES / "README.md").read_text()


def test_a_table_learns_the_wrong_goal():
    """What its first line says, at full length: it takes seconds."""
    found = example("tabular").main()
    assert found.verdicts["deploy"].label == MISGENERALIZED


def test_a_language_model_plays(capsys):
    agent = str(EXAMPLES / "language_model.py")
    assert main(["eval", agent, "--world", "corner", "--levels", "8", "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    scores = found["splits"]["deploy"]["policies"]["agent"]["goals"]
    assert scores["cheese"]["normalised"]["value"] > 0.2  # the stub goes to what it is told of


def test_one_file_of_ppo():
    assert example("cleanrl_style").main(steps=64 * 32, levels=4).agents == ("Agent",)


@pytest.mark.long
def test_stable_baselines3_is_trained_judged_and_filmed(tmp_path, monkeypatch):
    pytest.importorskip("stable_baselines3")
    monkeypatch.chdir(tmp_path)  # replays are kept beside
    example("sb3_ppo").main(4096, 1, 8, str(tmp_path / "film.webp"))
    assert (tmp_path / "film.webp").stat().st_size > 1000


@pytest.mark.long
def test_two_learners_are_trained_through_pettingzoo_by_a_learner_from_elsewhere():
    pytest.importorskip("stable_baselines3")
    pytest.importorskip("supersuit")
    found = example("pettingzoo_two").main(4096, levels=8)
    assert found.agents == ("SB3's PPO through PettingZoo, seed 0",)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # TorchRL's own
def test_torchrl_learns():
    pytest.importorskip("torchrl")
    assert example("torchrl_ppo").main(4096, levels=8).agents == ("ProbabilisticActor",)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_rllib_learns_with_two(ray_home):
    ray = pytest.importorskip("ray")
    try:
        found = example("rllib_follow").main(iterations=1, batch=512, levels=8)
    finally:
        ray.shutdown()
    assert found.agents == ("RLlib's PPO",)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # Jupyter's own
def test_the_notebook_runs():
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)
    client.NotebookClient(book, timeout=PATIENCE).execute()
    assert "deploy" in str(book.cells[-2]["outputs"])


LESSON = EXAMPLES / "lesson.ipynb"
ANSWERS = re.findall(r"^```python\n(.*?)^```", (EXAMPLES / "lesson.md").read_text(), re.M | re.S)


def test_the_lesson_checks_its_exercises():
    """Those that need no training: what is wrong is told what it lacks, the teacher's answers pass."""
    lesson = example("lesson")
    for exercise, answer, wrong in (("exercise_1", ANSWERS[0], 0), ("exercise_3", ANSWERS[2], 2)):
        told: dict = {}
        exec(answer, told)
        right = next(value for name, value in told.items() if name in ("shortcut", "lost"))
        check = getattr(lesson, exercise)
        assert check(right).startswith("Right: ") and check(lambda obs, w=wrong: w).startswith(
            "Not yet"
        )


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # Jupyter's own
@pytest.mark.parametrize("answered", [False, True], ids=["as it is given", "with the answers"])
def test_the_lesson_runs(answered, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.read(LESSON, as_version=4)
    asked = [cell for cell in book.cells if "lesson.exercise_" in cell["source"]]
    assert len(asked) == 3
    for cell, answer in zip(asked, ANSWERS, strict=True):
        if answered:
            cell["source"] = answer + cell["source"].splitlines()[-1]
    client.NotebookClient(
        book, timeout=PATIENCE, resources={"metadata": {"path": str(EXAMPLES)}}
    ).execute()
    said = [str(cell["outputs"]) for cell in asked]
    assert all(("Right: " in one) == answered for one in said), said
