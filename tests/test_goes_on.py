"""What a command says when it is broken off, asked for the wrong thing, or about to lose work."""

import json
import shlex
from pathlib import Path

import pytest

from goalshift.agents.command.main import main
from goalshift.agents.learning.shipped import unpack
from goalshift.agents.studies import curve, table
from goalshift.agents.studies.bank import grid


@pytest.mark.parametrize(
    ("words", "module", "name"),
    [
        (["curve", "corner", "--over", "alpha=0,0.1", "--set", "steps=1k"], curve, "make"),
        (["table", "corner", "--seeds", "2"], table, "make"),
        (["bank", "coinline", "--nets", "4"], grid, "run"),
    ],
    ids=["curve", "table", "bank"],
)
def test_a_study_that_is_interrupted_names_the_command_that_goes_on(
    words, module, name, tmp_path, monkeypatch, capsys
):
    def broken_off(*args, **given):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, name, broken_off)
    out = ["--out", "a b"] if words[0] == "table" else []
    assert main([*words, *out, "--json", "-q"]) == 130
    told = json.loads(capsys.readouterr().out)["error"]
    command = shlex.split(told.partition("this goes on: ")[2])
    assert command[: len(words) + 1] == ["goalshift", *words] and "kept in" in told
    out = command[command.index("--out") + 1]
    assert f"'{out}'" in told
    # it is taken, and goes on in the same folder
    assert main([*command[1:], "--json", "-q"]) == 130
    assert json.loads(capsys.readouterr().out)["error"].partition("goes on: ")[2] == shlex.join(
        command
    )


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder with two runs of the shipped agent."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        unpack("corner", Path("runs") / name)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["report", "runs"], "'runs' is a folder of runs: name one or more of runs/a, runs/b"),
        (["eval", "runs"], "name one or more of runs/a, runs/b"),
        (["contrast", "corner"], "goalshift demo corner --pretrained"),
        (["report", "corner"], "'corner' is a world, and a run is wanted"),
        (["eval", "agent.zip"], "'agent.zip' is a zip of Stable-Baselines3"),
        (["train", "corner", "--alpha", "0.1"], "Did you mean '--split alpha=0.1'?"),
        (["eval", "runs/a", "--alpha=0.25"], "Did you mean '--split alpha=0.25'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_near_to_what_was_meant_is_offered(runs, words, told, capsys):
    (runs / "agent.zip").write_bytes(b"PK\5\6" + bytes(18))
    assert main([*words, "--json"]) == 2
    assert told in json.loads(capsys.readouterr().out)["error"]


def test_a_set_of_levels_is_converted_into_a_folder_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["level", "gen", "corner", "--n", "3", "-q", "-o", "set.npz"]) == 0
    assert main(["level", "gen", "--script", "forks", "--n", "2", "-q", "-o", "named.toml"]) == 0
    before = {path.name for path in tmp_path.iterdir()}
    assert main(["level", "convert", "set.npz", "out.tmx"]) == 0
    assert "wrote 3 files into out" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == before | {"out"}
    maps = sorted(path.name for path in (tmp_path / "out").glob("*.tmx"))
    assert maps == ["0001.tmx", "0002.tmx", "0003.tmx"]
    assert main(["level", "check", *(f"out/{name}" for name in maps)]) == 0
    assert main(["level", "convert", "set.npz", "out.tmx"]) == 2  # the folder is taken
    assert main(["level", "convert", "set.npz", "out.tmx", "--force"]) == 0
    assert main(["level", "convert", "named.toml", "named.png"]) == 0
    assert {path.stem for path in (tmp_path / "named").iterdir()} == {"forks-0001", "forks-0002"}
    assert main(["level", "convert", "out/0001.tmx", "one.tmx"]) == 0
    assert (tmp_path / "one.tmx").is_file() and not (tmp_path / "one").exists()
