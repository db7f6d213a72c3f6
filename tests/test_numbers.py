"""Numbers in text are read narrowly: what Python alone would take for one is refused by name."""

import argparse

import pytest

from goalshift import load
from goalshift.agents.command import values
from goalshift.agents.command.detect import share
from goalshift.agents.judging.spoken import chosen
from goalshift.agents.learning.config import TrainConfig
from goalshift.agents.learning.mitigation import number
from goalshift.agents.learning.options import typed
from goalshift.agents.studies import knobs
from goalshift.agents.studies.backends.backend import Place
from goalshift.engine.errors import UserError

CORNER = load("corner")
WRONG = ["1_", "_1", "1__0", "1_0", "٣", "１", " 1", "1 ", "1\n", "0x1", "", "+", "1e", "--1"]
WRONG += ["nan", "inf", "-Infinity", "1e400", "1e99999", "9" * 500, "1,", "True"]


def in_a_world(name):
    return lambda text: CORNER.with_params(**{name: text})


def option(name):
    return lambda text: TrainConfig(world="corner", **typed(TrainConfig, {name: text}))


READERS = {
    "count": values.count,
    "count or none": values.count_or_none,
    "seed": values.seed,
    "times": values.times,
    "finite": values.finite,
    "rates": values.rates,
    "part": values.part,
    "varied": lambda text: values.varied(f"density={text}"),
    "share": share,
    "mitigation": lambda text: number("entropy", text, 0.0, 1e9),
    "parameter": in_a_world("region"),
    "share of a parameter": in_a_world("density"),
    "learners": in_a_world("learners"),
    "size": in_a_world("size"),
    "split": lambda text: CORNER.split(f"alpha={text}"),
    "whole option": option("envs"),
    "option": option("lr"),
    "place": lambda text: Place("slurm", "", (("minutes", text),)).numbers(minutes=60),
    "answer": lambda text: chosen(f'{{"action": "{text}"}}', CORNER.actions),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_only_python_calls_a_number_is_refused(reader):
    taken = []
    for text in WRONG:
        try:
            taken.append((text, READERS[reader](text)))
        except (UserError, argparse.ArgumentTypeError):
            continue
    assert taken == []


@pytest.mark.parametrize("text", ["1_", "٣", "1e400", "nan", "-inf", "1__0"])
def test_a_knob_takes_no_such_number_either(text):
    with pytest.raises(UserError, match=text):
        knobs.in_digits(knobs.read(f"world.region=3,{text}", CORNER, ()), CORNER)


def test_a_count_with_a_part_left_over_is_no_whole_number():
    with pytest.raises(argparse.ArgumentTypeError, match=r"'1\.5' is not a whole number$"):
        values.count("1.5")


def test_numbers_as_people_write_them_are_read():
    assert [values.count(text) for text in ("250000", "250_000", "250k", "2.5e5")] == [250_000] * 4
    assert values.seed("9_223_372_036_854_775_807") == 2**63 - 1
    assert values.rates("0,1e-3,.1") == (0.0, 0.001, 0.1)
    assert typed(TrainConfig, {"seed": str(2**63 - 1), "lr": "1E-3", "envs": "1e3"}) == {
        "seed": 2**63 - 1,
        "lr": 0.001,
        "envs": 1000,
    }
    for options in ({"envs": "64.5"}, {"envs": 64.5}, {"lr": None}):
        with pytest.raises(UserError, match="is not a"):
            typed(TrainConfig, options)


def test_no_split_and_no_point_is_called_minus_nothing():
    assert CORNER.split("alpha=-0").name == CORNER.split("alpha=-0.0").name == "alpha=0"
    assert CORNER.mix(-0.0).name == "alpha=0"
    assert knobs.read("alpha=-0,0.1", CORNER, ()).values == ("0", "0.1")
    with pytest.raises(UserError, match="stands there twice"):
        knobs.read("alpha=-0,0", CORNER, ())
