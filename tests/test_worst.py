"""The worst share of the levels: of which the mean is known by hand, and bad luck is no bad level."""

import csv

import numpy as np
import pytest

from goalshift.agents.lab import worst
from goalshift.agents.learning.shipped import shipped
from goalshift.agents.policies.expert import Expert


def test_the_mean_of_the_worst_share_is_what_it_is_on_paper():
    """Of equals all count alike; a level may count in part, twice, or not at all."""
    ranked, told = np.array([1.0, 3.0, 0.0, 3.0]), np.array([0.5, 1.0, 0.2, 0.0])
    rows = np.array([[1, 1, 1, 1], [1, 0, 1, 2], [0, 0, 4, 0]], float)
    wanted = {
        0.25: [0.5, 0.0, 0.2],
        0.5: [0.5, 0.0, 0.2],
        0.75: [(1 + 0 + 0.5) / 3, 0.5 / 3, 0.2],
        0.875: [(1 + 0 + 0.5 + 0.1) / 3.5, (0.5 + 0.1) / 3.5, 0.2],
        1.0: [1.7 / 4, 0.7 / 4, 0.2],
    }
    for share, means in wanted.items():
        assert worst.worst_mean(ranked, told, rows, share) == pytest.approx(means)


class Lazy(Expert):
    """Stays where it is on levels, or in episodes, of which `never` says so."""

    def __init__(self, world, never):
        super().__init__(world)
        self.never = never

    def act(self, obs, states, fresh):
        return np.where(self.never(states)[:, None], 0, super().act(obs, states, fresh))


def test_bad_luck_is_no_bad_level(corner):
    """An agent that fails on one level in ten, always; and one that fails in one episode of ten."""
    by_level = Lazy(corner, lambda s: s["seed"] % np.uint64(10) == 0)
    by_luck = Lazy(corner, lambda s: s["key"] % np.uint64(10) == 0)
    told = {}
    for name, agent in (("level", by_level), ("luck", by_luck)):
        group = worst.measured(name, corner, [agent], "deploy", 300)
        told[name] = [one.value for one in group.figures["missed"]]
        assert group.levels == 300 and 0.05 < told[name][-1] < 0.15
    assert told["level"][:2] == [1.0, 1.0] and max(told["luck"]) < 0.3


def test_groups_of_runs_come_into_one_table_and_one_figure(call, tmp_path):
    first, second = r"alpha=$\x$,_a", "alpha=1,_a"  # a name is no formula
    for name in (first, second):
        home = tmp_path / name / "seed-0"
        home.mkdir(parents=True)
        (home / "checkpoint.safetensors").write_bytes(shipped("coinline").read_bytes())
    words = ["worst", first, second, "--levels", "24", "--out", "out", "-q"]
    done = call(*words)
    assert done.code == 0, done.err
    rows = list(csv.DictReader((tmp_path / "out" / "worst.csv").read_text().splitlines()))
    assert len(rows) == 2 * len(worst.SHARES) and rows[0]["agents"] == first
    assert [row["missed"] for row in rows[:5]] == [row["missed"] for row in rows[5:]]
    assert (tmp_path / "out" / "worst.png").is_file() and "WORST 10 %" in done.out
    for wrong, message in (
        ([first, shipped("lava")], "tell of them apart"),
        ([first, first], "called alike"),
        (["nothing"], "nothing"),
    ):
        done = call("worst", *wrong, "-q")
        assert done.code == 2 and message in done.line
