"""Names that come from files: in figures they are letters, in a terminal they move nothing, in a
shell they are one word, and numbers are what they are.
"""

import csv
import shlex

import pytest

from goalshift.agents.command.main import main
from goalshift.agents.command.talk import typed
from goalshift.agents.live.source import Typed
from goalshift.agents.showing.report.parts import train_command
from goalshift.agents.studies import claims, papers
from goalshift.engine.catalogue import load
from goalshift.engine.counts import digits
from goalshift.engine.errors import UserError

FIGURES = ("intended", "competence", "intended_apart")


def comparison(path, world, entry="penalty"):
    cells = [f"{name}_{end}" for name in FIGURES for end in ("value", "low", "high")]
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["world", "settings", "entry", "label", "seeds", "levels", *cells])
        for one in ("plain", entry):
            rows.writerow([world, "", one, "robust", "3", "64", *["0.1"] * len(cells)])
    return str(path)


@pytest.mark.parametrize("name", ["$\\frac$", "a$b", "\x1b[2J\x07", "世界", "a|b<script>"])
def test_a_figure_takes_any_name_and_a_terminal_sees_letters(name, tmp_path, capsys, recwarn):
    one = comparison(tmp_path / "one.csv", "corner")
    other = comparison(tmp_path / "other.csv", name, name)
    out = str(tmp_path / "out")
    assert main(["mitigate", "--together", one, other, "--out", out]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err and "\x07" not in said.out and not len(recwarn)
    if name.isprintable():
        assert name in said.out


def test_a_name_too_long_for_a_figure_is_refused(tmp_path, capsys):
    long = comparison(tmp_path / "long.csv", "x" * 5000)
    assert main(["mitigate", "--together", long, "--out", str(tmp_path)]) == 2
    assert "long.csv" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["$\\x$", "_a", "世"])
def test_an_overlay_takes_any_file_name(name, tmp_path, capsys):
    path = tmp_path / f"{name}.csv"
    columns = "alpha,seed,steps,shifted,met,instead,neither,trained,intended"
    path.write_text(f"{columns}\n0.1,0,100,50,0.5,0.5,0,1,0.5\n")
    assert main(["overlay", str(path), "--out", str(tmp_path / "out")]) == 0
    assert name in capsys.readouterr().out


LEDGERS = [
    "x=" + "9" * 5000,
    "claim = 1979-05-27",
    "claim = [1]",
    "a=" + "[" * 5000 + "]" * 5000,
    '[[claim]]\neach="a"\n',
    '[[claim]]\nname="a"\npart="p"\nsays="s"\nfile="list.json"\nat=["x=1"]\n',
    '[[claim]]\nname="a"\npart="p"\nsays="s"\nfile="nan.csv"\nat=["x"]\n',
    '[[claim]]\neach="y"\nfile="nan.csv"\n',
    '[[claim]]\neach="x"\nfile="nan.csv"\nbut=3\n',
]


@pytest.mark.parametrize("text", LEDGERS)
def test_a_ledger_with_a_mistake_is_one_line(text, tmp_path, capsys):
    (tmp_path / "list.json").write_text("[1, 2, 3]")
    (tmp_path / "nan.csv").write_text("x\nnan\n")
    path = tmp_path / "claims.toml"
    path.write_text(text)
    assert main(["reproduce", "--ledger", str(path)]) == 2
    assert "internal" not in capsys.readouterr().err
    if not text.startswith("[["):
        with pytest.raises(UserError):
            claims.read(path)
    path.write_text(text.replace("claim", "row"))
    with pytest.raises(UserError):
        papers.markdown(papers.read(path), {}) if "[[" in text else papers.read(path)


def test_options_from_a_file_of_toml_are_read_with_suspicion(tmp_path, capsys):
    path = tmp_path / "a.toml"
    for text in ("steps = " + "9" * 5000, "steps = 1979-05-27", "a=" + "[" * 5000 + "]" * 5000):
        path.write_text(text)
        assert main(["train", "corner", "--config", str(path), "--out", str(tmp_path / "r")]) == 2
        assert "a.toml" in capsys.readouterr().err


@pytest.mark.parametrize("number", [0, 17, 999_999_999, 1234567.0, 0.05, 1 / 3, -2.5, 1e-9, 1e300])
def test_digits_read_back_as_the_number(number):
    assert float(digits(number)) == number and "e+0" not in digits(number)[:9]


def test_a_whole_number_of_nine_digits_stays_what_it_is(capsys):
    world = load("drawn").with_params(task=123_456_789)
    assert world.say("task", world.train.task) == "123456789"
    with pytest.raises(UserError, match="0 to 999999999, not 1000000000"):
        world.with_params(task=10**9)
    words = Typed("drawn").words("drawn", {"task": 123_456_789.0, "x": 0.5})
    assert words[3:] == ["--world.task", "123456789", "--world.x", "0.5"]
    config = {"world": "drawn", "params": {"task": 123_456_789.0}, "seed": 3}
    assert "--world.task 123456789" in train_command(config)


def test_commands_that_are_printed_can_be_pasted():
    assert shlex.split(typed("eval", "my run", "b'c")) == ["goalshift", "eval", "my run", "b'c"]
    config = {"world": "corner; rm -rf ~", "reward": "goal.cheese - 2*goal.corner", "seed": 3}
    words = shlex.split(train_command(config))
    assert words[2] == config["world"] and words[words.index("--reward") + 1] == config["reward"]
