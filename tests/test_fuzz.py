"""Every reader of files that strangers may send meets spoiled ones: nothing but one printable line
may come out of it. Bytes are spoiled, and what they mean: cells, values of JSON, arrays.

Sealed files (checkpoints, resume files) are sealed anew, or their digest alone would be tested.
Levels have a fuzz of their own in test_strangers_levels; here they meet the readers of all kinds.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from safetensors.numpy import load as unpack
from safetensors.numpy import save as pack

from goalshift.agents.designing.draw import Cursor
from goalshift.agents.designing.store import read_index
from goalshift.agents.judging import tables
from goalshift.agents.judging.evaluation import Evaluation
from goalshift.agents.lab import mitigate_together
from goalshift.agents.lab.audit import standing
from goalshift.agents.learning import config_file, files, ppo, run
from goalshift.agents.learning.trained import Trained
from goalshift.agents.live.keys import Settings
from goalshift.agents.showing.captions import read_captions
from goalshift.agents.showing.report.figures import knob_curves, read_curve
from goalshift.agents.showing.report.sheets import curves_csv, figures_csv
from goalshift.agents.showing.site import site
from goalshift.agents.studies import claims, evidence, overlay, papers, seeds, table, tasks
from goalshift.agents.studies.bank import grid, measure
from goalshift.agents.studies.curve import MEASURES
from goalshift.engine.catalogue import WORLDS, load
from goalshift.engine.errors import RunError, UserError, printable
from goalshift.engine.levels import formats, recipe
from goalshift.engine.replay import Replay

OLD = Path(__file__).parent / "fixtures" / "0.1.0"
RECORDINGS = Path(__file__).parent.parent / "recordings"
CORNER, COINLINE = load("corner"), load("coinline")
SPLITS = ["train", "deploy"]


# -- the readers: what they read, and all that is done with it


def evaluation(path: Path) -> None:
    found = Evaluation.load(path)
    tables.as_text(found)
    figures_csv(found)
    table.markdown(table.rows_of(COINLINE, found))
    assert Evaluation.from_json(found.to_json()) == found


def log(path: Path) -> None:
    shutil.copy(path, path.with_name("log.jsonl"))
    kept = files.Log(path.parent)
    curves_csv([kept.thinned(16)], ["a"])
    kept.rewind(1000)
    assert all(row["step"] <= 1000 for row in kept.rows())


_learner: list[ppo.Learner] = []


def resume(path: Path) -> None:
    if not _learner:
        config, _ = files.read_config(OLD / "run" / "config.json")
        _learner.append(ppo.Learner(COINLINE, ppo.resolve(config)))
    shutil.copy(path, path.with_name("resume.safetensors"))
    run._restore(path.parent, _learner[0], lambda line: None)
    _learner[0].vec.step(np.zeros((16, 1), np.int64))


def code(path: Path) -> None:
    text = path.read_bytes().decode("latin-1").strip()
    Replay.from_code(text).states()


def curve(path: Path) -> None:
    points = read_curve(path, COINLINE)
    knob_curves(points)


def bank(path: Path) -> None:
    rows = grid.read_csv(path, measure.fields(COINLINE, SPLITS))
    measure.summary(rows[:4], SPLITS)


def together(path: Path) -> None:
    column = mitigate_together.read(path)
    for name in mitigate_together.entries([column]):
        mitigate_together.cell(column, name)


def drawn(path: Path) -> None:
    tasks.sums(tasks.read(path))


def ledger(path: Path) -> None:
    (path.parent / "x.csv").write_text("a,b,b_low,b_high,c\n1,.2,.1,.3,.5\n")
    found = claims.read(path)
    claims.markdown([claims.find(claim, path.parent) for claim in found])
    for claim in found:
        for sentences in claim.told.values():
            claims.sentences_of(claim, path.parent, sentences)


def results(path: Path) -> None:
    for row in site.results(path).values():
        assert row["label"] is not None and [site.percent(row, name) for name in site.MEASURES]


# -- what they are given


def first(name: str, lines: int) -> bytes:
    """The first lines of a file of results."""
    return b"".join((RECORDINGS / name).read_bytes().splitlines(True)[:lines])


LEDGER = b"""[[claim]]
part = "p"
name = "a"
says = "s"
file = "x.csv"
at = ["a=1", "b"]
agents = 3
weakest = "w"
also.c = ["a=1", "c"]
told."page.md" = ["it is {it}, of all {c}"]
[claim.small]
command = "eval x"
at = ["a", "b"]
"""
PAPERS = b"""[[row]]
source = "a"
world = "corner"
reports = "x"
budget = "b"
stands = "agrees"
why = "w"
claims = ["a"]
"""
OPTIONS = b'world = "corner"\nsteps = 1000\nsplit = "train"\nlr = 0.001\nparams = {horizon = 20}\n'


def curve_csv() -> bytes:
    head = ["world", "over", "value", "by", "by_value", "shifted_share", "verdict", "seeds"]
    head += [f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")]
    rows = [["coinline", "alpha", str(k), "", "", "", "robust", "3", *["0.5"] * 12] for k in (0, 1)]
    return "".join(",".join(row) + "\n" for row in (head, *rows)).encode()


def bank_csv() -> bytes:
    head = list(measure.fields(COINLINE, SPLITS))
    given = {"net": "0", "updates": "10"}
    row = [given.get(h, "undecided" if h.endswith(".label") else "0.5") for h in head]
    return "".join(",".join(line) + "\n" for line in (head, row, row)).encode()


def index_json() -> bytes:
    cursor = {"accepted": 1, "tried": 2, "bins": [1, 0], "tally": {"steps < 4": 1}}
    told = {"format": "goalshift-level-set/1", "order": {}, "cursor": cursor, "done": True}
    return json.dumps({**told, "shards": [{"file": "levels-00000.npz", "levels": 1}]}).encode()


def index(path: Path) -> None:
    shutil.copy(path, path.with_name("levels.json"))
    told = read_index(path.parent)
    cursor = Cursor(**told["cursor"])
    cursor.count("steps < 4", 1)
    assert cursor.accepted + cursor.tried + sum(cursor.bins) >= 0
    assert sum(shard["levels"] for shard in told["shards"]) >= 0


NOTES = b'[[caption]]\nfrom = 3\nto = 9\ntext = "it turns"\n[[caption]]\nfrom = 10\ntext = "left"\n'
SETTINGS = b'scale = 2\nmotion = false\n[keys]\ncamera = "x"\nundo = ["ctrl+z", "f7"]\n'
CODE = Replay.load(OLD / "follow-learned.gmr").code().encode()


@dataclass(frozen=True)
class Reader:
    """A reader, the ending of what it reads, a sound file, and how its meaning is spoiled."""

    read: Callable[[Path], object]
    ending: str
    sound: bytes
    spoil: Callable[[random.Random, bytes], bytes]


# -- spoiling


VALUES = [None, True, -1, 0, 3, 2**63, 10**30, 1e308, -0.5, "", "a", "../a", "\x1b[2J", "9" * 5000]
VALUES += [[], {}, [[]], [1, 2], {"a": 1}, ["\ud800"], "NaN", 65536, "x" * 300]
WORDS = [
    "",
    "-1",
    "nan",
    "inf",
    "1e400",
    "9" * 5000,
    '"',
    "\x00",
    "\x1b[2J",
    "a",
    "é",
    "0x10",
    "[[",
]
WORDS += ["1_0", "'", "=", "{", "]", "true", "1979-05-27", "\r", "\\", "../../a", "65536", "0"]


def in_bytes(dice: random.Random, data: bytes) -> bytes:
    """Some bytes changed, cut out, doubled or put in."""
    made = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at, long = dice.randrange(len(made) + 1), dice.choice((1, 1, 4, 64))
        way = dice.randrange(5)
        if way == 0:
            made[at : at + 1] = bytes([dice.randrange(256)])
        elif way == 1:
            del made[at : at + long]
        elif way == 2:
            made[at:at] = made[at : at + long]
        elif way == 3:
            made[at:at] = dice.choice(WORDS).encode()
        else:
            del made[at:]
    return bytes(made)


def in_words(dice: random.Random, data: bytes) -> bytes:
    """A word or a number of a text replaced."""
    parts = _split(data.decode())
    for _ in range(dice.choice((1, 1, 3))):
        parts[dice.randrange(len(parts))] = dice.choice(WORDS)
    return "".join(parts).encode()


def _split(text: str) -> list[str]:
    found, word = [], ""
    for char in text:
        if char.isalnum() or char in "._-":
            word += char
            continue
        found += [word, char] if word else [char]
        word = ""
    return [*found, word]


def in_values(dice: random.Random, data: object) -> object:
    """A value of JSON, somewhere in it, replaced, left out, doubled or added."""
    places: list[tuple[dict | list, str | int]] = []

    def walk(one: object) -> None:
        inside = (
            one.items()
            if isinstance(one, dict)
            else enumerate(one)
            if isinstance(one, list)
            else ()
        )
        for key, value in inside:
            places.append((one, key))
            walk(value)

    data = json.loads(json.dumps(data))
    walk(data)
    if not places or dice.randrange(40) == 0:
        return dice.choice(VALUES)
    home, key = dice.choice(places)
    way = dice.randrange(6)
    if way == 0 and isinstance(home, dict):
        home[dice.choice(["a", "\x1b[2J", "steps", "x" * 300])] = dice.choice(VALUES)
    elif way == 1:
        del home[key]
    elif way == 2 and isinstance(home, list):
        home.append(home[key])
    else:
        home[key] = dice.choice(VALUES)
    return data


def in_json(dice: random.Random, data: bytes) -> bytes:
    return _json(in_values(dice, json.loads(data)))


def _json(data: object) -> bytes:
    return json.dumps(data).encode("utf-8", "surrogatepass")


def in_lines(dice: random.Random, data: bytes) -> bytes:
    lines = data.splitlines()
    for _ in range(dice.choice((1, 3))):
        k = dice.randrange(len(lines))
        lines[k] = in_json(dice, lines[k]) if lines[k][:1] == b"{" else lines[k]
    return b"\n".join(lines)


def in_cells(dice: random.Random, data: bytes) -> bytes:
    rows = [line.split(",") for line in data.decode().splitlines()]
    for _ in range(dice.choice((1, 1, 3))):
        row = dice.choice(rows)
        way, at = dice.randrange(4), dice.randrange(max(len(row), 1))
        if way == 0:
            row[at:at] = [dice.choice(WORDS)]
        elif way == 1:
            del row[at : at + 1]
        else:
            row[at : at + 1] = [dice.choice(WORDS)]
    return "\n".join(map(",".join, rows)).encode()


def in_header(dice: random.Random, data: bytes) -> bytes:
    """The header of a replay; sometimes its actions."""
    head, _, packed = data.partition(b"\n")
    if dice.randrange(4) == 0:
        actions = bytearray(zlib.decompress(packed))
        actions[dice.randrange(len(actions))] = dice.randrange(256)
        return head + b"\n" + zlib.compress(bytes(actions))
    return in_json(dice, head) + b"\n" + packed


def in_code(dice: random.Random, data: bytes) -> bytes:
    body = data[4:] + b"=" * (-len(data[4:]) % 4)
    head, _, actions = zlib.decompress(base64.b64decode(body, b"-_")).partition(b"\n")
    packed = zlib.compress(in_json(dice, head) + b"\n" + actions)
    return data[:4] + base64.urlsafe_b64encode(packed).rstrip(b"=")


def in_arrays(dice: random.Random, data: bytes) -> bytes:
    """The arrays or the description of a sealed file, and its seal made anew."""
    (length,) = struct.unpack("<Q", data[:8])
    about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["goalshift"])
    arrays = {name: array.copy() for name, array in unpack(data).items()}
    name = dice.choice(sorted(arrays))
    way = dice.randrange(6)
    if way == 0:
        arrays[name] = arrays[name].astype(
            dice.choice([np.float16, np.float64, np.int8, np.uint64])
        )
    elif way == 1:
        arrays[name] = arrays[name].reshape(-1)[: dice.randrange(3)].copy()
    elif way == 2:
        del arrays[name]
    elif way == 3 and arrays[name].size:
        spoilt = bytearray(arrays[name].tobytes())
        for _ in range(dice.choice((1, 8))):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        arrays[name] = np.frombuffer(bytes(spoilt), arrays[name].dtype).reshape(arrays[name].shape)
    else:
        about = in_values(dice, about)
    if isinstance(about, dict) and "digest" in about:
        about["digest"] = files._digest(arrays)
    return pack(arrays, {"goalshift": json.dumps(about)})


def levels(path: Path) -> None:
    formats.read(path, CORNER)


FOLLOW = (OLD / "follow-learned.gmr").read_bytes()
READERS = {
    "evaluation": Reader(evaluation, ".json", (OLD / "run/evaluation.json").read_bytes(), in_json),
    "log": Reader(log, ".log", (OLD / "run/log.jsonl").read_bytes(), in_lines),
    "config": Reader(files.read_config, ".json", (OLD / "run/config.json").read_bytes(), in_json),
    "checkpoint": Reader(
        Trained.load, ".safetensors", (OLD / "run/checkpoint.safetensors").read_bytes(), in_arrays
    ),
    "resume": Reader(resume, ".sealed", (OLD / "run/resume.safetensors").read_bytes(), in_arrays),
    "replay": Reader(lambda path: Replay.load(path).states(), ".gmr", FOLLOW, in_header),
    "code": Reader(code, ".txt", CODE, in_code),
    "curve": Reader(curve, ".csv", curve_csv(), in_cells),
    "bank": Reader(bank, ".csv", bank_csv(), in_cells),
    "captions": Reader(read_captions, ".toml", NOTES, in_words),
    "settings": Reader(Settings.read, ".toml", SETTINGS, in_words),
    "recipe": Reader(
        recipe.read, ".toml", (WORLDS / "scripts" / "detours.toml").read_bytes(), in_words
    ),
    "index": Reader(index, ".json", index_json(), in_json),
    "together": Reader(together, ".csv", first("mitigate/corner.csv", 9), in_cells),
    "map": Reader(lambda p: overlay.read(p, "a"), ".csv", first("maps/dish.csv", 9), in_cells),
    "tasks": Reader(drawn, ".csv", first("drawn/tasks.csv", 4), in_cells),
    "seeds": Reader(
        lambda p: seeds.told(seeds.read(p)), ".csv", first("seeds/seeds.csv", 4), in_cells
    ),
    "figure": Reader(
        lambda p: evidence.figure(p, ["entry=plain", "intended"]),
        ".csv",
        first("mitigate/corner.csv", 3),
        in_cells,
    ),
    "ledger": Reader(ledger, ".toml", LEDGER, in_words),
    "papers": Reader(papers.read, ".toml", PAPERS, in_words),
    "options": Reader(config_file.read, ".toml", OPTIONS, in_words),
    "results": Reader(results, ".csv", first("table.csv", 4), in_cells),
    **{
        f"level.{kind}": Reader(levels, f".{kind}", (OLD / f"corner.{kind}").read_bytes(), spoil)
        for kind, spoil in (
            ("toml", in_words),
            ("txt", in_words),
            ("jsonl", in_lines),
            ("npz", in_bytes),
            ("tmj", in_json),
            ("tmx", in_words),
            ("png", in_bytes),
        )
    },
}


def meets(reader: Reader, dice: random.Random, folder: Path) -> None:
    """The reader meets one spoiled file."""
    spoil = dice.choice((in_bytes, reader.spoil, reader.spoil))
    path = folder / f"spoiled{reader.ending}"
    path.write_bytes(spoil(dice, reader.sound))
    try:
        reader.read(path)
    except (UserError, RunError) as fault:
        line = str(fault)
        assert line == printable(line) and "\n" not in line.strip() and len(line) < 2000, line


@pytest.mark.parametrize("name", READERS)
def test_what_is_spoiled_here_is_sound_before(name, tmp_path):
    path = tmp_path / f"sound{READERS[name].ending}"
    path.write_bytes(READERS[name].sound)
    READERS[name].read(path)


@pytest.mark.parametrize("name", READERS)
@given(dice=some.randoms(use_true_random=False))
@settings(
    max_examples=25,
    suppress_health_check=list(HealthCheck),
)
def test_every_reader_says_what_is_wrong(name, dice, tmp_path_factory):
    meets(READERS[name], dice, tmp_path_factory.getbasetemp())


@pytest.mark.long
@pytest.mark.parametrize("name", READERS)
def test_every_reader_says_what_is_wrong_at_length(name, tmp_path):
    for seed in range(1000):
        try:
            meets(READERS[name], random.Random(seed), tmp_path)
        except Exception as fault:
            raise AssertionError(f"seed {seed} of '{name}'") from fault


@pytest.mark.parametrize("listed", [3, "weak", {"a": 1}, [3, {"control": False, "name": ["a"]}]])
def test_a_leaderboard_that_is_none_names_nobody(listed, tmp_path):
    zoo = standing.Zoo(tmp_path, (), {"before": {"standings": listed}}, {})
    assert zoo.best("before", "standings", ("auroc",)) is None


@pytest.mark.parametrize(
    "row", ["0,0,8,5,1,1,0.5,0.5,0", "0.1,0,8,inf,1,1,0.5,0.5,0", "0.1,0,8,5,1,1,nan,0.5,0"]
)
def test_no_law_is_drawn_through_what_is_no_share_or_count(row, tmp_path):
    head = "alpha,seed,steps,shifted,trained,intended,met,instead,neither\n"
    (tmp_path / "map.csv").write_text(head + f"0.1,0,8,5,1,1,0.5,0.5,0\n{row}\n")
    with pytest.raises(UserError, match=r"map\.csv, row 2"):
        evidence.figure(tmp_path / "map.csv", ["law", "episodes"])
