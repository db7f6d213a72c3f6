"""Maps: the law through known shares, and what is counted along a training."""

import csv

import numpy as np
import pytest

from goalshift.__main__ import main
from goalshift.agents.studies import law
from goalshift.agents.studies import map as maps


def shares(x, a, b):
    return 1 / (1 + np.exp(-(a + x @ b)))


def test_a_law_is_found_again():
    x = np.random.default_rng(0).uniform(-2, 3, (200, 2))
    found = law.fit(x, shares(x, 0.7, np.array([1.5, -0.8])))
    assert found.a == pytest.approx(0.7, abs=0.1)
    assert found.b == pytest.approx([1.5, -0.8], rel=0.05)
    assert found.explained > 0.99
    nothing = law.fit(x[:, :1], np.random.default_rng(1).permutation(shares(x, 0, x[0])))
    assert nothing.explained < 0.05


def test_shares_that_are_parted_cleanly_have_a_finite_law():
    x = np.arange(10.0)[:, None]
    found = law.fit(x, (x[:, 0] > 4).astype(float))
    assert np.isfinite(found.b).all() and 4 < found.half < 5


def spots(rule):
    """Agents of five shares and three seeds, at four moments."""
    dice = np.random.default_rng(0)
    made = []
    for alpha in (0.001, 0.003, 0.01, 0.03, 0.1):
        for seed in range(3):
            luck = dice.normal(0, 0.2)
            for steps in (1e5, 3e5, 1e6, 3e6):
                shifted = alpha * steps / 20
                met = float(1 / (1 + np.exp(-(rule(alpha, shifted) + luck))))
                made.append(maps.Spot(alpha, seed, int(steps), shifted, 1, met, met, 1 - met, 0))
    return made


def test_what_decides_is_told_apart():
    number = maps.law_of(spots(lambda alpha, shifted: 2 * np.log10(shifted / 300)))
    share = maps.law_of(spots(lambda alpha, shifted: 2 * np.log10(alpha / 0.01)))
    assert number.more.low > 0 > share.more.high
    assert abs(number.ratio.value - 1) < 0.15 and abs(share.ratio.value) < 0.1
    assert number.half.low < 300 < number.half.high
    assert "half of the levels are met after 0.3" in str(number)


def test_a_law_stands_on_what_is_met_without_any_shifted_level():
    def risen(number):
        return 0.4 + 0.6 / (1 + np.exp(-2 * np.log10(number / 300)))

    above = [
        maps.Spot(
            s.alpha, s.seed, s.steps, s.shifted, 1, 0, risen(s.shifted), 1 - risen(s.shifted), 0
        )
        for s in spots(lambda alpha, shifted: 0.0)
    ]
    none = [maps.Spot(0.0, k, 10**6, 0.0, 1, 0, 0.4, 0.6, 0) for k in range(3)]
    bare, floored = maps.law_of(above), maps.law_of(above + none)
    assert floored.floor == pytest.approx(0.4) and bare.floor == 0
    assert floored.episodes.value > 0.999 > bare.episodes.value
    assert floored.half.value == pytest.approx(300, rel=0.02)
    assert floored.line.at(np.array([[-9.0]]))[0] == pytest.approx(0.4)
    assert "above the 40 % that need none, half is met after 0.3" in str(floored)


def test_who_is_not_competent_or_met_no_shifted_level_says_nothing_of_the_law():
    able = spots(lambda alpha, shifted: 0.0)
    unable = [maps.Spot(s.alpha, s.seed, s.steps, s.shifted, 1, 0, 0, 0.2, 0.8) for s in able]
    without = [maps.Spot(0.0, s.seed, s.steps, 0.0, 1, 0, 0, 1, 0) for s in able]
    assert maps.law_of(unable + without) is None
    assert maps.law_of(able + unable + without).points == len(able)


def test_shifted_episodes_are_counted_up_to_each_moment():
    rows = [
        {"step": 10, "episodes": 4, "shifted": 0.5},
        {"step": 20, "episodes": 6, "shifted": 0.3},
    ]
    met = maps.episodes_met(rows)
    assert [met(0), met(10), met(15), met(20)] == [0, 2, 2.5, 3]


def test_a_map_goes_from_flags_to_figures_and_resumes(tmp_path, capsys, at_once):
    words = ["map", "coinline", "--alpha", "0,0.5", "--points", "2", "--seeds", "1", "--levels", "32",
             "--set", "steps=4k", "--set", "envs=16", "--set", "rollout=16", "-o", str(tmp_path / "m")]  # fmt: skip
    assert main([*words, "-q"]) == 0
    with open(tmp_path / "m" / "map.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["alpha"], row["steps"]) for row in rows] == [
        ("0.0", "2048"), ("0.0", "4096"), ("0.5", "2048"), ("0.5", "4096"),
    ]  # fmt: skip
    assert all(
        abs(sum(float(row[k]) for k in ("met", "instead", "neither")) - 1) < 1e-6 for row in rows
    )
    assert float(rows[0]["shifted"]) == 0 < float(rows[2]["shifted"]) < float(rows[3]["shifted"])
    before = (tmp_path / "m" / "map.csv").read_bytes()
    assert (tmp_path / "m" / "map.png").stat().st_size > 10_000
    capsys.readouterr()
    assert main(words) == 0
    told = capsys.readouterr()
    assert "about 0.0 core-hours" in told.err and "for a law" in told.out
    assert (tmp_path / "m" / "map.csv").read_bytes() == before


@pytest.mark.slow
def test_a_map_goes_over_another_knob_and_judges_each_world_as_it_was(tmp_path, capsys):
    out = tmp_path / "m"
    words = ["map", "coinline", "--over", "world.length=6,8", "--points", "1", "--seeds", "1", "--levels", "16",
             "--set", "steps=1k", "--set", "envs=16", "--set", "rollout=16", "-q", "-o", str(out)]  # fmt: skip
    assert main(words) == 0
    assert "LENGTH" in capsys.readouterr().out
    assert [(s.over, s.at, s.alpha) for s in maps.read(out / "map.csv")] == [
        ("world.length", 6, 0), ("world.length", 8, 0),
    ]  # fmt: skip
    assert (out / "world.length=6" / "seed-0").is_dir() and (out / "map.png").is_file()
    assert main(["overlay", str(out / "map.csv"), "-o", str(tmp_path / "o")]) == 2
    assert "a map over 'world.length'" in capsys.readouterr().err


def test_what_another_knob_orders_is_told_apart_from_the_steps():
    dice, made = np.random.default_rng(0), []
    for value in (25, 50, 100, 200):
        for seed in range(3):
            luck = dice.normal(0, 0.2)
            for steps in (10**5, 10**6):
                met = float(1 / (1 + np.exp(-(4 * np.log10(value / 70) + luck))))
                one = maps.Spot(0, seed, steps, 0, 1, met, met, 1 - met, 0, "horizon", value)
                made.append(one)
    found = maps.order_of(made)
    assert found.value.value > 0.9 > 0.1 > found.steps.value
    assert "explained by horizon 0.9" in str(found) and maps.law_of(made) is None


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--over", "alpha=0,1"], "write --alpha"),
        (["--over", "steps=1k,2k"], "no such knob"),
        (["--over", "net=dense,conv"], "goes over numbers"),
        (["--over", "width=8,16", "--alpha", "0,1"], "one of the two"),
        (["--over", "width=8,16", "--set", "split=away"], "train, deploy or alpha=SHARE"),
    ],
)
def test_axes_that_a_map_has_not_are_one_line(flags, fault, tmp_path, capsys):
    assert main(["map", "coinline", *flags, "-o", str(tmp_path / "m")]) == 2
    assert fault in capsys.readouterr().err


@pytest.mark.parametrize("alphas", ["0,0", "2", "a", ""])
def test_shares_that_are_none_are_one_line(alphas, capsys):
    assert main(["map", "coinline", "--alpha", alphas]) == 2
    assert "different shares from 0 to 1" in capsys.readouterr().err
