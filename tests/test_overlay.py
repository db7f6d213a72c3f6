"""Maps and curves over one another: what is read of each, and what is refused."""

import csv

import numpy as np
import pytest

from goalshift.__main__ import main
from goalshift.agents.studies import halves, law
from goalshift.agents.studies.map import Spot

MAP = """alpha,seed,steps,shifted,trained,intended,met,instead,neither
0.0,0,10,0,1,0,0.1,0.8,0.1
0.0,1,10,0,1,0,0.1,0.6,0.3
0.1,0,5,50,1,0,0.1,0.5,0.4
0.1,0,10,100,1,0,0.1,0.2,0.7
0.1,1,10,120,1,0,0.1,0.4,0.5
"""
CURVE = """world,over,value,by,by_value,shifted_share,astray,astray_low,astray_high
corner,alpha,0,,,0,0.9,0.8,1
corner,alpha,0.01,,,0.01,0.5,0.4,0.6
corner,alpha,1,,,1,0,0,0.1
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "map-coinrun").mkdir()
    (tmp_path / "map-coinrun" / "map.csv").write_text(MAP)
    (tmp_path / "corner.csv").write_text(CURVE)
    return tmp_path


def test_the_ends_of_maps_and_curves_lie_over_one_another(files, capsys):
    out = files / "o"
    words = [str(files / "map-coinrun" / "map.csv"), f"{files / 'corner.csv'}:50k", "-o", str(out)]
    assert main(["overlay", *words]) == 0
    with open(out / "overlay.csv", newline="") as file:
        rows = [
            (row["name"], float(row["shifted"]), float(row["instead"]))
            for row in csv.DictReader(file)
        ]
    assert rows == [
        ("map-coinrun", 0.0, pytest.approx(0.7)),
        ("map-coinrun", 110.0, pytest.approx(0.3)),
        ("corner", 0.0, 0.9),
        ("corner", 500.0, 0.5),
    ]
    assert (out / "overlay.png").stat().st_size > 10_000 and (out / "overlay.svg").is_file()
    assert "map-coinrun  110" in capsys.readouterr().out


def test_the_recipes_of_a_curve_lie_over_one_another(files, capsys):
    head, *points = CURVE.replace("astray", "instead").splitlines()
    by = [
        p.replace(",,,", f",curriculum,{name},") for name in ("dr", "accel:oracle") for p in points
    ]
    (files / "by.csv").write_text("\n".join([head, *by]))
    assert main(["overlay", str(files / "by.csv"), "-o", str(files / "o")]) == 0
    assert (files / "o/overlay.csv").read_text().splitlines()[:4] == [
        "name,alpha,instead",
        "dr,0.0,0.9",
        "dr,0.01,0.5",
        "dr,1.0,0.0",
    ]
    assert "accel:oracle  0.01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("corner.csv", "say how many episodes"),
        ("corner.csv:many", "'many' is not a count"),
        ("map-coinrun/map.csv:5", "a map counts episodes"),
        ("other.csv:5", "neither a map's CSV nor"),
        ("broken.csv", "broken.csv, row 5: `shifted` must be a number"),
        ("nan.csv", "nan.csv, row 4: `instead` must be a number"),
        ("steps.csv", "steps.csv, row 3: `steps` must be a number"),
        ("empty.csv", "empty.csv: it has no rows"),
        ("never.csv", "no agent of these files"),
        ("none.csv", "no such file"),
    ],
)
def test_what_cannot_be_laid_over_is_one_line(files, capsys, name, told):
    (files / "other.csv").write_text("a,b\n1,2\n")
    (files / "broken.csv").write_text(MAP.replace("120", "some"))
    (files / "nan.csv").write_text(MAP.replace("0.2,0.7", "nan,0.7"))
    (files / "steps.csv").write_text(MAP.replace("0,5,50", "0,-5,50"))
    (files / "empty.csv").write_text(MAP.splitlines()[0] + "\n")
    (files / "never.csv").write_text("".join(MAP.splitlines(keepends=True)[:3]))
    assert main(["overlay", str(files / name), "-o", str(files / "o")]) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1
    assert not (files / "o").exists()


def spots(half=lambda steps: 3_000 / steps, low=1e-3):
    """Agents whose goal comes back at a share that is their own at every moment, each a little off."""
    found = []
    for seed in range(3):
        for alpha in (0.0, low, 3e-2, 3e-1):
            for steps in (30_000, 120_000, 3_000_000):
                odds = (alpha / half(steps)) ** 2 * np.exp(0.2 * (seed - 1))
                met = 0.4 + 0.6 * odds / (1 + odds)
                found.append(
                    Spot(alpha, seed, steps, alpha * steps / 10, 1.0, 0.0, met, 1 - met, 0.0)
                )
    return found


def test_half_is_found_at_each_moment_and_only_among_the_shares_that_were_tried(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(law, "RESAMPLES", 60)
    early, late, end = 0.1, 0.025, 0.001
    lines = halves.of_map("corner", spots(low=5e-3))
    assert [line.steps for line in lines] == [30_000, 120_000], f"at {end} none was trained"
    assert [line.alpha.value for line in lines] == pytest.approx([early, late], rel=0.05)
    for line in lines:
        assert line.alpha.low <= line.alpha.value <= line.alpha.high and line.agents == 9
    assert halves.of_map("corner", [s for s in spots() if s.alpha < 0.1]) == []
    paths = halves.draw({"corner": spots(), "dish": []}, tmp_path)
    assert [path.name for path in paths] == ["halves.csv", "halves.svg", "halves.png"]
    assert halves.draw({"dish": []}, tmp_path / "none") == [] and not (tmp_path / "none").exists()
