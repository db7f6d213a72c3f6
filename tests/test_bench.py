"""The bench beside others: measured in turns, and refused where a peer cannot be."""

import json
import sys
import time
from pathlib import Path

import pytest

from goalshift.agents.care import bench_demo, bench_engine, bench_scale, clients, peers
from goalshift.agents.care.bench_engine import Row
from goalshift.agents.care.peer_scripts.clients import CLIENTS, lines
from goalshift.engine import files
from goalshift.engine.errors import RunError


def says(figures):
    """The words of a process that prints these figures as its last line."""
    return [sys.executable, "-c", f"print('noise'); print({json.dumps(figures)!r})"]


def peer(theirs, **more):
    given = {"name": "other", "work": "add", "unit": "sums/s", "target": 2.0, "library": "json"}
    given |= {"ours": lambda turn: says({"a": 30.0 + turn}), "theirs": theirs}
    return peers.Peer(**{**given, **more})


def test_ratios_are_of_each_turn():
    rival = peer(lambda place, turn: says({"a": 10.0}))
    ratio, mine, theirs = peers.contest(rival, peers.Place(), 2)
    assert ratio.figures == (3.0, 3.1) and ratio.met and "other" in ratio.name
    assert mine.figures == (30.0, 31.0) and theirs.figures == (10.0, 10.0)
    slower = peer(lambda place, turn: says({"a": 90.0}), lower_is_better=True)
    assert next(iter(peers.contest(slower, peers.Place(), 1))).figures == (3.0,)


def test_a_turn_that_fails_is_said_with_its_last_word():
    broken = peer(lambda place, turn: [sys.executable, "-c", "raise SystemExit('no figures')"])
    with pytest.raises(RunError, match="no figures"):
        list(peers.contest(broken, peers.Place(), 1))


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--peer-python", "sb3"], "NAME=PATH"),
        (["--peer-python", "sb4=python"], "Did you mean 'sb3'?"),
        (["--peer-python", "rllibs=python"], "Did you mean 'rllib'?"),
        (["--jaxgmg", "."], "no folder 'jaxgmg'"),
    ],
)
def test_a_place_that_cannot_be_is_refused(call, flags, word):
    ended = call("bench", "--only", "peers", *flags)
    assert ended.code == 2 and word in ended.line


# -- what is measured


def test_whoever_interrupts_a_bench_keeps_the_rows_that_are_whole(call, monkeypatch):
    def rows(passes):
        yield bench_engine.Row("counted", "beans", (2.0, 3.0, 4.0))
        raise KeyboardInterrupt

    monkeypatch.setitem(bench_engine.PARTS, "fingerprints", rows)
    ended = call("bench", "--only", "fingerprints", "--json")
    found = json.loads(ended.out)
    assert ended.code == 130 and found["interrupted"]
    assert [row["middle"] for row in found["rows"]] == [3.0]


def test_a_demo_is_timed_as_a_newcomer_makes_it(call, monkeypatch):
    """Shipped, from nothing, and with nothing compiled yet: that alone has caches of its own."""
    asked = []

    def run(words, env, **how):
        asked.append(("--pretrained" in words, env.get("NUMBA_CACHE_DIR")))
        assert words[3:5] == ["goalshift", "demo"] and not Path(words[-1]).exists()

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(bench_demo.subprocess, "run", run)
    ended = call("bench", "--only", "demo", "--passes", "2", "--json", "-q")
    rows = json.loads(ended.out)["rows"]
    assert [row["target"] for row in rows] == [12, None, 60]
    assert [len(row["figures"]) for row in rows] == [2, 1, 1]
    *warm, (_, empty) = asked
    assert warm == [(True, None)] * 3 + [(False, None)] and empty and not Path(empty).exists()


def test_a_row_that_is_slow_makes_fewer_passes_and_one_at_least(monkeypatch):
    monkeypatch.setattr(bench_scale, "ROW", 0.05)
    monkeypatch.setattr(bench_scale, "PASS", 0.001)
    calls = []

    def slow():
        calls.append(time.sleep(0.06))
        return 5

    (figure,) = bench_scale.paced(slow, 7)
    assert len(calls) == 2 and 0 < figure < 5 / 0.06
    monkeypatch.setattr(bench_scale, "ROW", 900.0)
    assert len(bench_scale.paced(lambda: 1, 3)) == 3


def test_boards_of_both_widths_take_turns(monkeypatch):
    turns = iter((100.0, 10.0, 80.0, 10.0))
    monkeypatch.setattr(bench_engine, "stepper", lambda world, n: lambda: 0)
    monkeypatch.setattr(bench_engine, "rate", lambda work, passes: (next(turns),))
    small, large, ratio = bench_engine.sides(2)
    assert small.figures == (100.0, 80.0) and large.figures == (10.0, 10.0)
    cells = 49 * 49 / (101 * 101)
    assert ratio.figures == pytest.approx((10 * cells, 8 * cells)) and ratio.met


# -- clients


def test_clients_that_are_not_there_are_said_to_be_missing(tmp_path):
    able, missing = clients.here({"rllib": peers.Place(str(tmp_path / "no_python"))})
    assert not able.keys() & missing.keys() and {*able, *missing} == set(CLIENTS)
    assert "has no ray.rllib" in missing["rllib"]
    assert able["gymnasium"] == able["pettingzoo"] == sys.executable


def test_a_client_is_measured_in_a_process_of_its_own():
    row = clients.row("gymnasium-vector", sys.executable, 1)
    assert row.middle > 0 and not row.remarks and "; 6 lines, 0 warnings" in row.name


def test_a_client_that_fails_costs_its_row_alone(monkeypatch):
    monkeypatch.setattr(
        clients, "run", lambda words, env, longest: peers.run([*says({})[:2], "1/0"], env)
    )
    row = clients.row("gymnasium", sys.executable, 1)
    assert "does not work" in row.name and "ZeroDivisionError" in row.name and row.middle == 0


def test_a_client_that_does_not_end_costs_its_row_alone(monkeypatch):
    monkeypatch.setattr(clients, "LONGEST", 0.01)
    row = clients.row("gymnasium", sys.executable, 1)
    assert "does not work: a turn took more than 0.01 s" in row.name


def test_an_interrupt_ends_the_bench_and_what_was_measured_is_told(call, monkeypatch):
    def first_alone(name, python, passes):
        if name != "gymnasium":
            raise KeyboardInterrupt
        return Row("gymnasium was measured", "steps/s", (2.0,))

    monkeypatch.setattr(clients, "libraries", lambda python: {"gymnasium"})
    monkeypatch.setattr(clients, "row", first_alone)
    ended = call("bench", "--only", "clients", "--passes", "1")
    assert ended.code == 130 and "gymnasium was measured" in ended.err
    assert "torchrl: not measured, and nothing is claimed: this Python has no torchrl" in ended.err


def test_every_client_is_in_the_table_of_the_doors_with_its_lines():
    text = (files.PACKAGE / "engine" / "api" / "README.md").read_text(encoding="utf-8")
    for name, (client, _) in CLIENTS.items():
        row = next((line for line in text.splitlines() if f"| `{name}` |" in line), "")
        assert row.split(" | ")[-2] == str(lines(client)), name
