"""Agents from strangers, and folders in which they lead elsewhere: zoos, runs, journals of searches."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goalshift.agents.command import main as cli
from goalshift.agents.lab.hunting import hunt
from goalshift.agents.lab.hunting.arena import Arena
from goalshift.agents.lab.hunting.campaign import Plan as Search
from goalshift.agents.lab.hunting.hunt import Hunt
from goalshift.agents.learning import files, lock, run
from goalshift.agents.learning.config import TrainConfig
from goalshift.agents.learning.shipped import shipped
from goalshift.agents.learning.trained import Trained
from goalshift.agents.policies.simple import Constant
from goalshift.agents.studies.jobs import Plan
from goalshift.agents.studies.zoo import labels, members, nets
from goalshift.engine import files as disk
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError

LINE = load("coinline")
SMALL = {"envs": 16, "rollout": 8, "minibatch": 64, "first": 8, "width": 8, "threads": 1}


def train(folder, **options):
    return run.train(TrainConfig(world="coinline", steps=128, **{**SMALL, **options}), folder)


def bank(out, inputs=3, actions=3, dtype=np.float32, fill=0.1, **about):
    """A zoo in `out` with a bank of two nets, which says `about` of itself."""
    home = out / "coinline" / "alpha=0"
    home.mkdir(parents=True)
    sizes = {"nets": 2, "inputs": inputs, "width": 4, "actions": actions}
    told = {"kind": nets.KIND, "world": "coinline", "config": {}, "params": {}, **sizes, **about}
    made = {
        name: np.full(shape, fill, dtype) for name, shape in nets.shapes({**told, **sizes}).items()
    }
    files.save_arrays(home / nets.NETS, made, told)
    return out


# -- zoos ------------------------------------------------------------------------------------------

UNSOUND_BANKS = [
    ({"fill": np.nan}, "not finite"),
    ({"fill": np.inf}, "not finite"),
    ({"dtype": np.int8}, "not float32"),
    ({"inputs": 4}, "shows 3"),
    ({"actions": 5}, "has 3"),
    ({"config": {"nosuch": 1}}, "of no bank"),
    ({"config": {"split": ["a"]}}, "--split must be text"),
    ({"config": {"width": -1}}, "--width must be"),
    ({"params": {"length": [[]]}}, "is no number"),
    ({"params": {"nosuch": 1}}, "no parameter 'nosuch'"),
    ({"world": "./evil.py"}, "is code"),
    ({"world": "nosuch"}, "no world 'nosuch'"),
    ({"nets": 10**6}, "at most 100,000"),
    ({"nets": True}, "does not describe its nets"),
]


@pytest.mark.parametrize("about, why", UNSOUND_BANKS, ids=[why for _, why in UNSOUND_BANKS])
def test_a_bank_of_nets_is_checked_whole_and_named(tmp_path, about, why):
    out = bank(tmp_path, **about)
    with pytest.raises(UserError, match=why) as fault:
        for member in members.members(out):
            member.open()
    assert str(tmp_path / "coinline") in str(fault.value)


def test_no_agent_of_a_zoo_opens_a_file_of_levels(tmp_path):
    secret = tmp_path / "secret.npz"
    out = bank(tmp_path / "zoo", config={"split": str(secret)})
    with pytest.raises(UserError, match=r"runs open no files by themselves.*--trained-on"):
        labels.labelled(out, 8)


def test_a_run_of_a_zoo_that_contradicts_itself_is_refused(tmp_path):
    home = train(tmp_path / "coinline" / "alpha=0" / "seed-0")
    [member] = members.members(tmp_path)
    assert member.open().name == "seed-0"
    told = json.loads((home / "config.json").read_text())
    (home / "config.json").write_text(json.dumps({**told, "params": {"length": 5}}))
    with pytest.raises(UserError, match=r"are of two runs \(params\)"):
        member.open()


def test_copies_of_one_agent_are_not_two(tmp_path):
    home = train(tmp_path / "coinline" / "alpha=0" / "seed-0")
    shutil.copytree(home, home.with_name("seed-1"))
    with pytest.raises(UserError, match="same weights: they are one agent"):
        members.members(tmp_path)


@pytest.mark.parametrize("levels", ["0", "-1", "1000000000", "9" * 30])
def test_counts_in_a_table_of_labels_are_bounded(tmp_path, levels):
    out = bank(tmp_path)
    labels.labelled(out, 4)
    text = (out / labels.TABLE).read_text().replace(",undecided,4,", f",undecided,{levels},")
    (out / labels.TABLE).write_text(text.replace(",capability failure,4,", f",robust,{levels},"))
    with pytest.raises(UserError, match=r"agents\.csv:[23]: levels are 1 to 20,000"):
        labels.read(out)


def test_finite_weights_that_come_to_no_finite_logits_are_said(tmp_path):
    """Else the first action would be taken for the agent's own."""
    out = bank(tmp_path, fill=3e38)
    with pytest.raises(RunError, match=r"'coinline/alpha=0/net-0' gave logits that are not finite"):
        labels.labelled(out, 4)
    agent = Trained.load(shipped("coinline"))
    for weight in agent.net.parameters():
        weight.data.fill_(3e38)
    vec_obs = np.zeros((1, 1, *LINE.view), np.uint8)
    with pytest.raises(RunError, match="not finite"):
        agent.act(vec_obs, None, np.ones(1, np.bool_))


def test_strange_files_among_kept_checkpoints_are_left_alone(tmp_path):
    home = train(tmp_path / "a", keep=2)
    (home / "checkpoints" / "mine.safetensors").write_bytes(b"x")
    assert "mine" not in [path.stem for path in run.history(home)]


# -- what a study asks for -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["world", "params", "seed", "threads"])
def test_options_that_a_study_sets_itself_are_refused(name, capsys):
    assert cli.main(["zoo", "coinline", "--set", f"{name}=1", "--out", "never"]) == 2
    assert f"--set {name}: " in capsys.readouterr().err


def test_absurd_plans_end_before_they_begin():
    for make in (lambda: Plan(seeds=10**9), lambda: Plan(levels=10**9), lambda: Plan(levels=0)):
        with pytest.raises(UserError, match="must be from 1 to"):
            make()


# -- links that lead elsewhere ---------------------------------------------------------------------


@pytest.mark.parametrize("name", lock.WRITTEN)
def test_a_run_follows_no_link_out_of_its_folder(tmp_path, name):
    """`--force` emptied the folder that `checkpoints` led to; a link as `.writer` was written over."""
    home, precious = train(tmp_path / "a"), tmp_path / "precious"
    precious.mkdir()
    kept = precious / "2021.jpg"
    kept.write_text("a picture")
    (home / name).unlink(missing_ok=True)
    (home / name).symlink_to(precious if name == "checkpoints" else kept)
    with pytest.raises(UserError, match="is a link"):
        files.forget_run(home)
    with pytest.raises(UserError, match="is a link"):
        run.resume(home, 256)
    assert kept.read_text() == "a picture"


def test_forgetting_a_run_deletes_nothing_else(tmp_path):
    home = train(tmp_path / "a", keep=2)
    kept = [home / "checkpoints" / name for name in ("2021.jpg", "2021-01.json", "mine.json")]
    for path in kept:
        path.write_text("mine")
    files.forget_run(home)
    assert sorted((home / "checkpoints").iterdir()) == sorted(kept)


def test_what_is_written_replaces_a_link_and_never_follows_one(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("keep")
    disk.temporary(tmp_path / "b").symlink_to(secret)  # of this very process, as a stranger guessed
    (tmp_path / "a").symlink_to(secret)
    disk.write(tmp_path / "a", b"new")
    disk.write(tmp_path / "b", b"new")
    with pytest.raises(RunError, match="cannot write"):
        (tmp_path / "c").symlink_to(secret)
        with disk.appended(tmp_path / "c") as file:
            file.write(b"more")
    assert secret.read_text() == "keep" and (tmp_path / "a").read_bytes() == b"new"


# -- journals of searches --------------------------------------------------------------------------


def test_a_journal_from_a_stranger_is_checked_whole(tmp_path):
    arena = Arena(LINE, Constant(LINE, "right"), "regret")
    ground, path = Search().ground(LINE), tmp_path / "search.bin"

    def begin(content: bytes) -> Hunt:
        path.write_bytes(content)
        return Hunt("random", arena, ground, 4, journal=path)

    sound = np.zeros(4, arena.dtype)
    assert begin(sound[:2].tobytes() + b"cut").left == 4
    assert path.stat().st_size == 2 * arena.dtype.itemsize  # what was cut off is gone
    wrong: Any = sound.copy()
    wrong["scores"][1] = np.nan
    for content in (wrong.tobytes(), np.zeros(5, arena.dtype).tobytes()):
        with pytest.raises(UserError, match="no search has written"):
            begin(content)
    with pytest.raises(UserError, match="at most"):
        begin(bytes(20 * arena.dtype.itemsize))
    assert not hunt.sound(np.full(1, np.inf, [("fitness", "f8")]))
    path.unlink()
    path.symlink_to(Path("/dev/zero"))
    with pytest.raises(UserError, match="no file that can be read to its end"):
        Hunt("random", arena, ground, 4, journal=path)
