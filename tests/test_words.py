"""What commands say and how they end: 2 for bad input, 1 for a fault of a run, 3 for a check that
failed; one line each, which names the flag and the fix.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goalshift.engine.catalogue import load
from goalshift.engine.replay import Replay

OLD = Path(__file__).parent / "fixtures" / "0.1.0"
CLOSED = "\n".join(
    ["#" * 13, "#@#" + "." * 8 + "c#", "###" + "." * 9 + "#", *["#" + "." * 11 + "#"] * 9, "#" * 13]
)


def test_a_map_without_a_way_fails_the_check(call, tmp_path):
    (tmp_path / "a.toml").write_text(f'world = "corner"\nmap = """\n{CLOSED}\n"""\n')
    done = call("level", "check", "a.toml")
    assert done.code == 3 and "0 can be solved" in done.out
    (tmp_path / "b.toml").write_text("no level")
    assert call("level", "check", "a.toml", "b.toml").code == 2


@pytest.mark.parametrize("out", ["a.toml", "folder"])
def test_impossible_requirements_end_with_the_tally(call, tmp_path, out):
    words = ("level", "gen", "corner", "--n", "5", "--steps", "90:99", "--tries", "200")
    done = call(*words, "-o", out, "-q")
    assert done.code == 1 and "0 of 5 levels found" in done.line and "steps < 90" in done.line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", ["/nowhere/ffmpeg", os.devnull, sys.executable])
def test_a_wrong_ffmpeg_is_named_with_the_fix(call, monkeypatch, program, tmp_path):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", program)
    done = call("record", OLD / "follow-learned.gmr", "-o", "a.mp4", "-q")
    assert done.code == 1 and f"'{program}' is none" in done.line
    assert "unset IMAGEIO_FFMPEG_EXE" in done.line and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "corner", "--seed", str(2**63)), "--seed: '9223372036854775808' is not a seed"),
        (
            ("train", "corner", "--seed", "9" * 90),
            "from 0 to 2**63 - 1 = 9,223,372,036,854,775,807",
        ),
        (("train", "corner", "--out", ""), "--out is empty"),
        (("eval", ""), "RUN|AGENT is empty"),
        (("record", "a.gmr", "-o", ""), "--out is empty"),
        (
            ("level", "check", OLD / "corner.toml", "--world.region", "3"),
            "--world.region changes nothing",
        ),
        (("level", "convert", OLD / "corner.toml", "a.npz", "--world.region=3"), "changes nothing"),
        (("play", OLD / "corner.toml", "--world.region", "3"), "--world.region changes nothing"),
        (
            ("watch", OLD / "follow-learned.gmr", "--world.switch=3"),
            "--world.switch changes nothing",
        ),
        (("worlds", "--world.region", "3"), "--world.region changes nothing"),
    ],
)
def test_flags_that_mean_nothing_are_refused(call, words, message):
    done = call(*words)
    assert done.code == 2 and message in done.line


@pytest.mark.parametrize("driver", ["x11", "nonsense", "dummy", ""])
@pytest.mark.parametrize("verb", ["play", "watch"])
def test_no_display_is_one_line(call, monkeypatch, verb, driver):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", driver)
    done = call(verb, "corner")
    assert done.code == 2 and "there is no display" in done.line and "--terminal" in done.line


def test_a_table_on_a_full_disk_is_one_line_and_no_empty_table(tmp_path):
    """No file may grow beyond some KB, as on a disk that fills up in the middle of a run."""

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    words = [
        "table",
        "coinline",
        "--seeds",
        "1",
        "--steps",
        "1k",
        "--levels",
        "8",
        "--out",
        "t",
        "-q",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "goalshift", *words],
        capture_output=True, text=True, cwd=tmp_path, preexec_fn=full, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "nothing could be made" in done.stderr
    assert "file too large" in done.stderr
    assert not list(tmp_path.glob("t/table.*")) and not list(tmp_path.rglob("*.tmp"))


def test_a_replay_of_more_steps_than_an_episode_has_is_refused_at_once(tmp_path):
    """Three million steps in 3 KB would be lived for minutes, in gigabytes."""
    import zlib

    sound = (OLD / "follow-learned.gmr").read_bytes()
    head = json.loads(sound.partition(b"\n")[0])
    n = 3_000_000
    head |= {"steps": n, "checks": ["0" * 16] * (n // 64 + 1), "learners": 1}
    path = tmp_path / "a.gmr"
    path.write_bytes(json.dumps(head).encode() + b"\n" + zlib.compress(bytes(n), 9))
    replay = Replay.load(path)
    world = load("follow")
    with pytest.raises(
        Exception, match="has 3,000,000 steps, and an episode of 'follow' has at most"
    ):
        replay.states(world)


def test_an_evaluation_of_100_mb_is_refused_unread(tmp_path, call):
    folder = Path(shutil.copytree(OLD / "run", tmp_path / "a"))
    with open(folder / "evaluation.json", "r+b") as file:
        file.truncate(100 << 20)
    done = call("contrast", folder)
    assert done.code == 2 and "104,857,600 bytes; at most" in done.line
