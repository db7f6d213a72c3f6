"""Levels as other programs write them: Sokoban's collections, Tiled's ways, archives; and a fuzz of
every reader of levels: nothing but a UserError may come out.
"""

import base64
import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from goalshift.agents.designing.describe import examine, report
from goalshift.engine import check
from goalshift.engine.catalogue import load
from goalshift.engine.errors import RunError, UserError, printable
from goalshift.engine.levels import formats, level, recipe
from goalshift.engine.levels.kind import Levels
from goalshift.engine.levels.kinds import npz, tiled
from goalshift.engine.levels.text import parse_toml
from goalshift.engine.vector import Vec

CORNER, SOKOBAN = load("corner"), load("sokoban")
BOARD = "\n".join(["#" * 13, "#@" + "." * 9 + "c#", *["#" + "." * 11 + "#"] * 10, "#" * 13])
CORNER_LEVEL = level.parse(CORNER, f"map = '''\n{BOARD}\n'''")


# -- Sokoban


def sketches(path, world=None):
    read = formats.read(path, world)
    return [level.sketch(read.world, read.states, i) for i in range(len(read.states))]


BOXOBAN = """; 0
#####
#@$.#
#####

; 1
######
# .*+#
# $  #
######
"""


@pytest.mark.parametrize("name", ["a.txt", "a.xsb", "a.sok"])
def test_sokoban_levels_are_read_as_collections_write_them(tmp_path, name):
    (tmp_path / name).write_text(BOXOBAN)
    read = formats.read(tmp_path / name)
    assert read.world is SOKOBAN and read.names == ["0", "1"]
    assert sketches(tmp_path / name) == [
        "#####\n#@XG#\n#####",
        "######\n#.GX@#\n#.X..#\n######",
    ]
    on_goals = read.states.tiles[1, 1, 2:5]
    assert on_goals.tolist() == [3, 3, 3]  # flags, also below the box and the rover
    check.states(SOKOBAN, read.states)
    assert "the rover is to reach itself" in report(examine(tmp_path / name))


def test_ragged_rows_and_run_lengths_are_filled_up_with_wall(tmp_path):
    (tmp_path / "a.xsb").write_text(
        "Some collection\n\n  ####\n###  #\n#@_$.##\n#--   #\n#######\nTitle: A ragged one!\nAuthor: x\n\n"
        "4#2-|#@$.2#|6#\n"
    )
    assert formats.read(tmp_path / "a.xsb").names == ["A-ragged-one", ""]
    assert sketches(tmp_path / "a.xsb") == [
        "#######\n###..##\n#@.XG##\n#.....#\n#######",
        "######\n#@XG##\n######",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#####\n#@$ #\n# .  \n#####", ":3:3: the walls around this cell are not closed"),
        ("#####\n# $.#\n#####", "a.xsb:1:1: the map shows 0 of 1 rover"),
        ("#####\n#@@.#\n#####", "a.xsb:2:3: one rover too many"),
        ("#######\n#@$$$$#\n#######", "a.xsb:2:6: one box too many: world 'sokoban' has 3"),
        (
            "#" * 11 + "\n#@........#\n" + "#" * 11,
            "has 11 cells; the board of world 'sokoban' has 10 x 10",
        ),
        ("999#|999#", "a.xsb:1: a row of more than 255 cells"),
        ("9" * 5000 + "#", "a.xsb:1: a run length must be a number of up to 3 digits"),
        ("words\n", "it holds no level"),
    ],
)
def test_what_sokoban_cannot_say_here_is_one_line(tmp_path, text, message):
    (tmp_path / "a.xsb").write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        formats.read(tmp_path / "a.xsb")
    assert "\n" not in str(caught.value)


def test_sokoban_levels_go_out_as_they_came_in(tmp_path):
    """Maps, names and authors; what such a file has no place for is refused in a line."""
    text = BOXOBAN.replace("; 1\n", "; Two rooms\n") + "Author: Ann Other\n"
    (tmp_path / "a.xsb").write_text(text)
    read = formats.read(tmp_path / "a.xsb")
    assert [about.author for about in read.abouts] == ["", "Ann Other"]
    assert formats.write(read, tmp_path / "b.sok") == [tmp_path / "b.sok"]
    again = formats.read(tmp_path / "b.sok")
    assert again.states.tobytes() == read.states.tobytes()
    assert (again.names, again.abouts) == (["0", "Two-rooms"], read.abouts)
    for change, told in (
        (
            lambda s: s.tiles[0].__setitem__((1, 3), 2),
            "level 1 has a coin, which XSB has no place for",
        ),
        (lambda s: s.tiles[0].__setitem__((0, 2), 0), "not closed"),
    ):
        bad = formats.read(tmp_path / "a.xsb")
        change(bad.states)
        with pytest.raises(UserError, match=told):
            formats.write(bad, tmp_path / "c.xsb")
    assert not (tmp_path / "c.xsb").exists()
    with pytest.raises(UserError, match="only levels of 'sokoban' are written so, not of 'corner'"):
        formats.write(Levels(CORNER, CORNER_LEVEL, [""]), tmp_path / "c.xsb")


def test_sokoban_levels_are_for_that_world(tmp_path):
    (tmp_path / "a.xsb").write_text(BOXOBAN)
    with pytest.raises(UserError, match="are for the world 'sokoban', not 'corner'"):
        formats.read(tmp_path / "a.xsb", CORNER)


# -- Tiled


def tmj(**changes):
    made = tiled.as_map(Levels(CORNER, CORNER_LEVEL, [""]), "corner-tiles.png")
    return json.loads(json.dumps(made)) | changes


def read_map(tmp_path, data, name="a.tmj"):
    (tmp_path / name).write_text(json.dumps(data))
    return formats.read(tmp_path / name)


def other_layer(**changes):
    """A layer that is all walls."""
    data = tmj()
    wall = next(tile["id"] for tile in data["tilesets"][0]["tiles"] if tile["type"] == "wall") + 1
    return data["layers"][0] | {"id": 9, "name": "sketch", "data": [wall] * 169} | changes


def test_a_hidden_layer_is_no_part_of_the_level(tmp_path):
    data = tmj()
    data["layers"].insert(1, other_layer(visible=False))
    group = {"type": "group", "name": "ideas", "visible": False, "layers": [other_layer()]}
    data["layers"].insert(1, group)
    assert read_map(tmp_path, data).states.tobytes() == CORNER_LEVEL.tobytes()
    data["layers"][2]["visible"] = True
    assert read_map(tmp_path, data).states.tobytes() != CORNER_LEVEL.tobytes()


def test_groups_of_layers_are_read_in_either_form(tmp_path):
    data = tmj()
    inner = {"type": "group", "name": "inner", "layers": data["layers"][1:]}
    data["layers"] = [data["layers"][0], {"type": "group", "name": "outer", "layers": [inner]}]
    assert read_map(tmp_path, data).states.tobytes() == CORNER_LEVEL.tobytes()
    formats.write(Levels(CORNER, CORNER_LEVEL, [""]), tmp_path / "a.tmx")
    text = (tmp_path / "a.tmx").read_text()
    text = text.replace("<layer", '<group id="7" name="g"><layer').replace(
        "</map>", "</group></map>"
    )
    (tmp_path / "a.tmx").write_text(text)
    assert formats.read(tmp_path / "a.tmx").states.tobytes() == CORNER_LEVEL.tobytes()


def test_groups_within_groups_without_end_are_refused(tmp_path):
    layers = tmj()["layers"]
    for _ in range(200):
        layers = [{"type": "group", "layers": layers}]
    with pytest.raises(UserError, match="nested too deeply"):
        read_map(tmp_path, tmj(layers=layers))


def chunked(away=-16, encoding="csv"):
    """The map as an infinite one: chunks of 16 x 16, which begin `away` from where Tiled counts."""
    data = tmj(infinite=True)
    ground, above = data["layers"]
    board = np.zeros((16, 16), np.uint32)
    board[2:15, 1:14] = np.reshape(ground.pop("data"), (13, 13))
    packed = base64.b64encode(zlib.compress(board.astype("<u4").tobytes())).decode()
    cells = board.ravel().tolist() if encoding == "csv" else packed
    empty = (
        [0] * 256 if encoding == "csv" else base64.b64encode(zlib.compress(bytes(1024))).decode()
    )
    ground |= {"startx": away, "starty": away, "chunks": [
        {"x": away, "y": away, "width": 16, "height": 16, "data": cells},
        {"x": away + 160, "y": away, "width": 16, "height": 16, "data": empty},
    ]}  # fmt: skip
    if encoding != "csv":
        ground |= {"encoding": "base64", "compression": "zlib"}
    for one in above["objects"]:
        one["x"] += (away + 1) * tiled.PIXELS
        one["y"] += (away + 2) * tiled.PIXELS
    return data


@pytest.mark.parametrize("encoding", ["csv", "zlib"])
@pytest.mark.parametrize("away", [0, -16, 320])
def test_infinite_maps_are_as_large_as_what_is_painted(tmp_path, away, encoding):
    read = read_map(tmp_path, chunked(away, encoding))
    assert read.states.tobytes() == CORNER_LEVEL.tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chunks": []}, "an infinite map without a tile"),
        ({"chunks": [{}]}, "a chunk's height must be 1 to 255"),
        ({"chunks": [{"x": 0, "y": 10**9, "width": 1, "height": 1}]}, "a chunk's y must be"),
        (
            {"chunks": [{"x": x, "y": 0, "width": 1, "height": 1, "data": [1]} for x in (0, 900)]},
            "take up 1 x 901 cells; at most 255",
        ),
        ({"chunks": [{"x": 0, "y": 0, "width": 255, "height": 255, "data": [1] * 65025}] * 5},
         "more cells than are read"),
    ],
)  # fmt: skip
def test_infinite_maps_have_bounds(tmp_path, change, message):
    data = chunked()
    data["layers"][0] |= change
    with pytest.raises(UserError, match=message):
        read_map(tmp_path, data)


def test_notes_without_a_tile_are_left_out_with_a_remark(tmp_path):
    data = tmj()
    note = {"id": 90, "name": "secret\x1b[2J", "type": "", "x": 5, "y": 5, "width": 9, "height": 9}
    text = {"id": 91, "name": "", "x": 5, "y": 5, "text": {"text": "hello"}}
    data["layers"][1]["objects"] += [note, text]
    read = read_map(tmp_path, data)
    assert read.states.tobytes() == CORNER_LEVEL.tobytes() and len(read.remarks) == 2
    told = report(examine(tmp_path / "a.tmj"))
    assert "the object 'secret\\x1b[2J' shows no tile: left out" in told and "\x1b" not in told


def test_what_python_cannot_unpack_is_named(tmp_path):
    data = tmj()
    data["layers"][0] |= {"data": "KLUv/SAA", "encoding": "base64", "compression": "zstd"}
    with pytest.raises(UserError, match="'tiles' is packed by zstd; use zlib or none"):
        read_map(tmp_path, data)


def test_a_tileset_may_lie_a_folder_up_inside_the_folder_one_is_in(tmp_path, monkeypatch):
    inner = tmp_path / "here" / "maps"
    inner.mkdir(parents=True)
    data = tmj()
    (tmp_path / "here" / "a.tsj").write_text(json.dumps(data["tilesets"][0]))
    data["tilesets"] = [{"firstgid": 1, "source": "../a.tsj"}]
    monkeypatch.chdir(tmp_path / "here")
    assert read_map(inner, data).states.tobytes() == CORNER_LEVEL.tobytes()
    monkeypatch.chdir(inner)
    with pytest.raises(UserError, match="lies outside the map's folder"):
        formats.read(inner / "a.tmj")


@pytest.mark.parametrize("source", ["a\0.tsx", "x" * 5000 + ".tsx", "\ud800.tsx"])
def test_names_of_tilesets_that_no_file_has(tmp_path, source):
    data = tmj(tilesets=[{"firstgid": 1, "source": source}])
    with pytest.raises(UserError, match=r"a\.tmj|\.tsx"):
        read_map(tmp_path, data)


# -- archives, encodings, numbers


def archive(tmp_path, packing=zipfile.ZIP_DEFLATED, **members):
    """A bulk file, with members (arrays, or bytes) changed."""
    states = Vec(CORNER, 2, "deploy", seed=4).reset_states()
    npz.save(tmp_path / "a.npz", CORNER, states)
    with np.load(tmp_path / "a.npz") as file:
        arrays: dict = dict(file)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", packing) as file:
        for name, value in (arrays | members).items():
            plain = io.BytesIO()
            if not isinstance(value, bytes):
                np.lib.format.write_array(plain, value)
            file.writestr(f"{name}.npy", value if isinstance(value, bytes) else plain.getvalue())
    return tmp_path / "a.npz"


def header(text, version=1):
    data = text.encode("latin-1")
    size = struct.pack("<H" if version == 1 else "<I", len(data))
    return b"\x93NUMPY" + bytes((version, 0)) + size + data


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"x": header("(" * 3000 + ")" * 3000)}, "no sound .npz file"),
        ({"x": header("{'descr': " + "[" * 1000 + "]" * 1000 + "}")}, "no sound .npz file"),
        ({"x": header(" " * 100_000, 2)}, "no sound .npz file .*header is too long"),
        ({"x": header("{'descr': '<i8', 'fortran_order': False, 'shape': (" + "9" * 3000 + ",), }")},
         "no sound .npz file"),
        ({"x": header("{'descr': '<i8', 'fortran_order': False, 'shape': (999999999, 999999999), }")},
         "more than 24 MB"),
        ({"x": header("__import__('os').abort()")}, "no sound .npz file"),
        ({"x": b""}, "no sound .npz file"),
        ({"x": np.array(3)}, "no sound .npz file"),
        ({"tiles": np.array(3)}, "no sound .npz file"),
        ({"split": np.full(2, -1, np.int8)}, "the split of a level is missing"),
        ({"about": np.frombuffer(b'{"format": ' + b"9" * 5000 + b"}", np.uint8)}, "no file of levels"),
    ],
)  # fmt: skip
def test_arrays_that_are_none_are_refused_in_one_line(tmp_path, members, message):
    with pytest.raises(UserError, match=message) as caught:
        formats.read(archive(tmp_path, **members), CORNER)
    assert "\n" not in str(caught.value) and "a.npz" in str(caught.value)


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_archives_packed_in_other_ways_are_refused(tmp_path, packing):
    with pytest.raises(UserError, match="is packed in a way that is not read"):
        formats.read(archive(tmp_path, packing), CORNER)
    assert len(formats.read(archive(tmp_path, zipfile.ZIP_STORED), CORNER).states) == 2


@pytest.mark.parametrize("encoding", ["no-such", "utf-7", "utf-16", "hex", "", "x" * 2000])
def test_maps_in_an_unknown_encoding_are_refused(tmp_path, encoding):
    (tmp_path / "a.tmx").write_text(f'<?xml version="1.0" encoding="{encoding}"?><map/>')
    with pytest.raises(UserError, match=r"a\.tmx"):
        formats.read(tmp_path / "a.tmx", CORNER)


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", f"world = 'corner'\nversion = {DIGITS}\nmap = ''"),
        ("a.txt", f"; world = 'corner'\n; seed = {DIGITS}\n{BOARD}"),
        ("a.jsonl", f'{{"world": "corner", "seed": {DIGITS}}}'),
        ("a.jsonl", f'{{"world": "corner", "seed": {DIGITS}.0}}'),
        ("a.tmj", f'{{"width": {DIGITS}}}'),
        ("a.tmj", f'{{"orientation": "orthogonal", "width": 1e{DIGITS}}}'),
        ("a.tmx", f'<map orientation="orthogonal" width="{DIGITS}" height="3"/>'),
    ],
)
def test_numbers_of_thousands_of_digits_are_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=rf"{name}") as caught:
        formats.read(tmp_path / name, CORNER)
    assert len(str(caught.value)) < 600


# -- names from files on a terminal


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 500_000) + " = 1",
        "[[" + " . ".join("a" * 200_000) + "]]",
        "a = {" + ".".join(['"b"'] * 200_000) + " = 1}",
        "a. " * 300_000,
    ],
    ids=["key", "table", "inline", "open"],
)
def test_keys_of_thousands_of_parts_are_refused(text):
    """tomllib would read the first one for an hour, and take the memory for it."""
    with pytest.raises(UserError, match=r"^x:1:\d+: a key of more than 32 parts$"):
        parse_toml(text, "x")


def test_maps_with_letters_between_their_floors_are_no_keys():
    rows = "\n".join(["c." * 127 + "c"] * 9)
    assert parse_toml(f"map = '''\n{rows}\n'''", "x") == {"map": f"{rows}\n"}


def test_text_from_files_reaches_no_terminal_raw(tmp_path):
    queer = "\x1b[31mred\x07\u202e"
    for fault in (UserError(queer), RunError(queer)):
        assert str(fault) == "\\x1b[31mred\\x07\\u202e"
    assert printable("a\nb – ×") == "a\nb – ×"
    (tmp_path / f"{queer}.toml").write_text("world = 'corner'\nmap = 3")
    told = report(examine(tmp_path / f"{queer}.toml"))
    assert "map must be a text" in told and told.replace("\n", "").isprintable()


# -- fuzz


def good_files():
    """A file of every kind that is read, small and sound: name -> bytes."""
    import tempfile
    from pathlib import Path

    states = Vec(CORNER, 2, "deploy", seed=4).reset_states()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending, kind in formats.table().items():
            if kind.write and not kind.of:
                path = Path(folder) / f"good{ending}"
                made = formats.write(Levels(CORNER, states, ["a", "b"]), path)
                found[ending] = made[0].read_bytes()
    found[".xsb"] = found[".sok"] = BOXOBAN.encode()
    return found


GOOD = good_files()
CUTS = some.tuples(some.integers(0, 1 << 16), some.integers(0, 40), some.binary(max_size=12))
TOKENS = some.sampled_from(
    [b"\0", b"[[", b"}", b"'''", b"1e999", b"-1", b"9" * 400, b"null", b"\xff", b"\x1b[2J", b"<", b"&a;"]
)  # fmt: skip


EDITS = some.lists(
    some.tuples(some.integers(0, 1 << 16), some.integers(0, 40), TOKENS) | CUTS,
    min_size=1,
    max_size=4,
)


def edited(data, edits):
    """Bytes with pieces cut out and others put in."""
    for at, length, new in edits:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


def never_unsound(read, path):
    """What comes out is a UserError in one line that can be printed, or sound."""
    try:
        found = read(path, SOKOBAN if path.suffix in (".xsb", ".sok") else CORNER)
    except UserError as fault:
        assert "\n" not in str(fault) and str(fault).isprintable() and len(str(fault)) < 2000
    else:
        if isinstance(found, Levels):
            check.states(found.world, found.states)


@pytest.mark.parametrize("ending", sorted(GOOD))
@given(edits=EDITS)
@settings(max_examples=60, derandomize=True)
def test_mutations_of_good_files_are_read_or_refused(ending, edits, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / f"a{ending}"
    path.write_bytes(edited(GOOD[ending], edits))
    never_unsound(formats.read, path)


@pytest.mark.parametrize("ending", sorted(GOOD))
@given(data=some.binary(max_size=200))
@settings(max_examples=30, derandomize=True)
def test_noise_is_refused(ending, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / f"a{ending}"
    path.write_bytes(data)
    never_unsound(formats.read, path)


JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**70), 2**70) | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def places_in(data, path=()):
    """Every place in plain data."""
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, (dict, list)):
            yield from places_in(value, (*path, key))
        else:
            yield (*path, key)


@pytest.mark.parametrize("ending", [".jsonl", ".tmj"])
@given(at=some.integers(0, 10**6), value=JSON)
@settings(max_examples=120, derandomize=True)
def test_any_value_in_any_place_is_read_or_refused(ending, at, value, tmp_path_factory):
    data = json.loads(GOOD[ending].split(b"\n")[0] if ending == ".jsonl" else GOOD[ending])
    every = [place for place in places_in(data) if place]
    *above, key = every[at % len(every)]
    inner = data
    for step in above:
        inner = inner[step]
    inner[key] = value
    path = tmp_path_factory.mktemp("fuzz") / f"a{ending}"
    path.write_text(json.dumps(data))
    never_unsound(formats.read, path)


RECIPE = b"""world = "corner"
[generate]
script = "forks"
count = 5
params = { walls = "tree" }
vary = { density = [0.1, 0.3] }
spread = { steps = [[1, 5], { min = 6, max = 9 }] }
[require]
steps = { min = 8, max = 40, from = "agent_0", to = "goal:cheese" }
distinct = { up_to = "rotation+reflection" }
split = { train = 0.8 }
"""


@given(edits=EDITS)
@settings(max_examples=100, derandomize=True)
def test_mutations_of_a_recipe_are_read_or_refused(edits, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "a.toml"
    path.write_bytes(edited(RECIPE, edits))
    never_unsound(recipe.read, path)
