"""Whose return a critic follows, of values whose goal is known."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from goalshift.agents.command.main import main
from goalshift.agents.judging.rollout import rollout
from goalshift.agents.lab import critic
from goalshift.agents.policies.expert import Expert
from goalshift.engine.catalogue import load


def test_what_is_to_come_is_what_the_expert_earns_discounted_by_its_steps():
    world = load("corner")
    played = rollout(world, Expert(world, "cheese"), "deploy", 12, trace=("states",))
    found = critic.to_come(world, 0, played.trace.states[0].copy(), 0.9)
    assert np.allclose(found, 0.9 ** (played.length - 1)) and found.std() > 0.01


@pytest.mark.parametrize("wanted", [0, 1])
def test_a_value_that_is_an_experts_return_follows_it_and_not_the_other(monkeypatch, wanted):
    world = load("corner")
    start = rollout(world, Expert(world, "cheese"), "deploy", 64, trace=("states",)).trace.states[0]

    def known(world, agent, split, n, seed):
        return start, critic.to_come(world, wanted, start, 0.98)

    monkeypatch.setattr(critic, "moments", known)
    agent = type("Agent", (), {"about": {"config": {"gamma": 0.98}}})()
    [found] = critic.followed(world, agent, "deploy", 64)
    one, other = (found.intended, found.rival) if wanted == 0 else (found.rival, found.intended)
    assert one.value == pytest.approx(1) and other.value == found.both.value < 0.5


def test_the_verb_tells_it_of_agents_of_several_worlds(capsys, tmp_path):
    out = tmp_path / "critic"
    agents = [f"agents/pretrained/{name}.safetensors" for name in ("corner", "coinline")]
    assert main(["critic", *agents, "--levels", "64", "--json", "-o", str(out)]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["proxy"] for row in rows] == ["corner", "end"]
    for row in rows:  # these agents go for the proxy, and so do their critics
        assert row["rival_alone"]["low"] > max(0.3, row["intended_alone"]["high"])
    assert len((out / "critic.csv").read_text().splitlines()) == 3
    assert (out / "critic.png").stat().st_size > 4000
    assert main(["critic", agents[0], "--split", "train", "--levels", "32"]) == 2
    assert "too few levels part its goals" in capsys.readouterr().err


def test_the_page_counts_whom_values_follow_as_the_evidence_does():
    with open("recordings/critic/critic.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def followed(one, other):  # above 0, and its interval above the other's
        return sum(
            float(row[f"{one}_alone_low"]) > max(0, float(row[f"{other}_alone_high"]))
            for row in rows
        )

    proxy, meant = followed("rival", "intended"), followed("intended", "rival")
    page = " ".join(Path("recordings/critic/README.md").read_text(encoding="utf-8").split())
    assert f"Of each of the {len({row['agent'] for row in rows})} agents that ship" in page
    assert (
        f"In {proxy} of {len(rows)} pairs of goals" in page and f"in {meant} the intended" in page
    )
