"""Files of levels: what is written comes back byte for byte; what strangers send is read or refused
in one line.
"""

import base64
import gzip
import importlib
import json
import os
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from goalshift.engine import check, state
from goalshift.engine.catalogue import load, names
from goalshift.engine.errors import UserError
from goalshift.engine.levels import formats, level
from goalshift.engine.levels.kind import NAME, Levels
from goalshift.engine.levels.kinds import npz, png, tiled
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.world import Goal, Thing, Tile, World
from goalshift.worlds import corner

from .bomb import zeros

CORNER, FOLLOW = load("corner"), load("follow")
ROWS = ["#" * 13, "#@" + "." * 9 + "c#", *["#" + "." * 11 + "#"] * 10, "#" * 13]
MAP = "\n".join(ROWS)
WRITTEN = [ending for ending, kind in formats.table().items() if kind.write and not kind.of]


def some_levels(world, n=3, split="deploy"):
    states = Vec(world, n, split, seed=4).reset_states()
    return Levels(world, states, [f"level-{i}" for i in range(n)])


def odd():
    """A world of small levels with things of all kinds, poses, and fields of its own."""
    return World(
        story="Odd.",
        size=(4, 5),
        horizon=3,
        resizes=True,
        tiles=(Tile("floor", "."), Tile("quote", "'"), Tile("odd one", ";")),
        things=(
            Thing("mouse", "@", agent=True, count=2, poses=3),
            Thing("box", "\\", count=3, poses=2),
        ),
        actions=("stay",),
        events=("e",),
        params=corner.Params,
        train=corner.Params(),
        deploy=corner.Params(anywhere=1),
        intended=Goal("e", {"e": 1}),
        generate=corner.generate,
        step=corner.step,
        name="odd",
        fields={"count": (), "grid": (2, 2)},
        limits={"count": (-5, 5), "grid": (0, 9)},
    )


ODD = odd()


@some.composite
def odd_levels(draw):
    n = draw(some.integers(1, 3))
    states = state.blank(ODD.dtype, n)
    for s in states:
        s.h, s.w = draw(some.integers(1, 4)), draw(some.integers(1, 5))
        s.seed, s.episode = (
            np.uint64(draw(some.integers(0, 2**64 - 1))),
            draw(some.integers(0, 10**9 - 1)),
        )
        for y in range(s.h):
            for x in range(s.w):
                s.tiles[y, x] = draw(some.integers(0, 2))
        for k in range(5):
            s.y[k], s.x[k] = draw(some.integers(0, s.h - 1)), draw(some.integers(0, s.w - 1))
            s.face[k] = draw(some.integers(0, 4))
            s.alive[k] = 1 if k < 2 else draw(some.integers(0, 1))
        s.count, s.grid[0, 1] = draw(some.integers(-5, 5)), draw(some.integers(0, 9))
        s.row = draw(some.integers(0, 1))
    npz.set_keys(states)
    called = draw(some.lists(some.from_regex(rf"\A{NAME}\Z"), min_size=n, max_size=n))
    return Levels(ODD, states, called)


@pytest.mark.parametrize("kind", WRITTEN)
@given(levels=odd_levels())
@settings(max_examples=25)
def test_anything_that_can_stand_on_a_board_comes_back_from_every_kind_of_file(
    kind, levels, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("levels")
    try:
        files = formats.write(levels, folder / f"a{kind}")
    except UserError as fault:  # a plain map whose first row looks like a remark
        assert kind == ".txt" and "may begin like a remark" in str(fault)
        return
    read = [formats.read(path, ODD) for path in files]
    assert b"".join(one.states.tobytes() for one in read) == levels.states.tobytes()
    if kind != ".npz":
        assert [name for one in read for name in one.names] == levels.names
    again = [path.read_bytes() for path in files]
    formats.write(Levels(ODD, levels.states, levels.names), folder / f"a{kind}")
    assert again == [path.read_bytes() for path in files]


@pytest.mark.parametrize("name", names())
def test_levels_of_every_world_come_back_without_naming_it(name, tmp_path):
    world, levels = load(name), some_levels(load(name), 2)
    for kind in WRITTEN:
        read = [formats.read(path) for path in formats.write(levels, tmp_path / f"a{kind}")]
        assert b"".join(one.states.tobytes() for one in read) == levels.states.tobytes(), kind
        assert all(one.world is world for one in read)


def test_every_file_among_the_kinds_is_a_kind_with_endings_of_its_own():
    found = [path.stem for path in formats.FOLDER.glob("[!_]*.py")]
    kinds = [importlib.import_module(f"goalshift.engine.levels.kinds.{n}").FORMAT for n in found]
    endings = [ending for kind in kinds for ending in kind.endings]
    assert sorted(endings) == sorted(formats.table()) and len(set(endings)) == len(endings)
    assert all(ending == ending.lower() and ending[0] == "." for ending in endings)
    assert all(kind.what for kind in kinds)


def test_one_level_is_its_bare_text(tmp_path):
    levels = Levels(CORNER, level_of(CORNER, 3), [""])
    formats.write(levels, tmp_path / "a.toml")
    assert (tmp_path / "a.toml").read_text() == level.show(CORNER, levels.states)


def test_a_legend_gives_letters_a_meaning_and_chance_cells_a_seed(tmp_path):
    text = "world = 'corner'\n[legend]\nM = 'mouse'\n'?' = ['cheese', 'floor']\n"
    board = MAP.replace("@", "M").replace("#...........#", "#..????????.#")
    for seed in range(3):
        text += f"[[level]]\nname = 'l{seed}'\nseed = {seed}\nmap = '''\n{board}\n'''\n"
    (tmp_path / "a.toml").write_text(text)
    read = formats.read(tmp_path / "a.toml")
    assert read.names == ["l0", "l1", "l2"] and (read.states.y[:, 0] == 1).all()
    counts = (read.states.tiles == corner.CHEESE).sum((1, 2)) - 1
    assert ((counts > 20) & (counts < 60)).all() and len(set(counts.tolist())) > 1  # of 80
    assert formats.read(tmp_path / "a.toml").states.tobytes() == read.states.tobytes()


def test_tiled_maps_have_a_picture_of_our_sprites_beside_them(tmp_path):
    from PIL import Image

    formats.write(Levels(FOLLOW, level_of(FOLLOW, 3), [""]), tmp_path / "a.tmj")
    made = json.loads((tmp_path / "a.tmj").read_text())
    tileset = made["tilesets"][0]
    with Image.open(tmp_path / tileset["image"]) as image:
        assert image.size == (tileset["imagewidth"], tileset["imageheight"])
        sheet = np.asarray(image)
    assert np.array_equal(sheet, tiled.picture(FOLLOW))
    named = {tile["type"] for tile in tileset["tiles"]}
    assert {"wall", "guide", "mouse"} <= named
    for k in range(len(tiled.pieces(FOLLOW))):  # every one shows something
        y, x = k // tiled.COLUMNS * tiled.PIXELS, k % tiled.COLUMNS * tiled.PIXELS
        shown = sheet[y : y + tiled.PIXELS, x : x + tiled.PIXELS, 3]
        # no hole in the ground
        assert (shown == 255).all() if k < len(FOLLOW.tiles) else shown.any()


def test_colours_of_a_world_are_told_apart():
    for name in names():
        colours = list(png.palette(load(name)).values())
        assert len(set(colours)) == len(colours)


# -- Tiled's own ways of writing a map


def tmj(**changes):
    """A sound map of corner as data, with changes."""
    levels = Levels(CORNER, level.parse(CORNER, f"map = '''\n{MAP}\n'''"), [""])
    return tiled.as_map(levels, "corner-tiles.png") | changes


def ground(data, **changes):
    layer = tmj()["layers"][0] | {"data": data} | changes
    return tmj(layers=[layer, tmj()["layers"][1]])


GIDS = tmj()["layers"][0]["data"]
PACKED = np.array(GIDS, "<u4").tobytes()


@pytest.mark.parametrize(
    "data",
    [
        ground(base64.b64encode(PACKED).decode(), encoding="base64"),
        ground(
            base64.b64encode(zlib.compress(PACKED)).decode(), encoding="base64", compression="zlib"
        ),
        ground(
            base64.b64encode(gzip.compress(PACKED)).decode(), encoding="base64", compression="gzip"
        ),
        ground([gid | 0xE0000000 for gid in GIDS]),  # flipped and turned: only looks
        tmj(tiledversion="1.4", nextlayerid=9, compressionlevel=-1),
    ],
)
def test_maps_are_read_as_tiled_may_write_them(data, tmp_path):
    (tmp_path / "a.tmj").write_text(json.dumps(data))
    wanted = level.parse(CORNER, f"map = '''\n{MAP}\n'''")
    assert formats.read(tmp_path / "a.tmj").states.tobytes() == wanted.tobytes()


def test_things_may_be_painted_like_tiles_and_tilesets_lie_in_files_of_their_own(tmp_path):
    data = tmj()
    mouse = next(tile["id"] for tile in data["tilesets"][0]["tiles"] if tile["type"] == "mouse") + 1
    cells = list(GIDS)
    cells[13 + 1] = mouse
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "a.tsj").write_text(json.dumps(data["tilesets"][0]))
    data = ground(cells) | {"tilesets": [{"firstgid": 1, "source": "sets/a.tsj"}]}
    data["layers"] = data["layers"][:1]
    (tmp_path / "a.tmj").write_text(json.dumps(data))
    states = formats.read(tmp_path / "a.tmj").states
    assert (states.y[0, 0], states.x[0, 0]) == (1, 1)


# -- what strangers send


def object_at(**changes):
    above = tmp = tmj()["layers"][1]
    above = {**tmp, "objects": [{**tmp["objects"][0], **changes}]}
    return tmj(layers=[tmj()["layers"][0], above])


TMX_BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<map>&b;</map>"""
QUEER = MAP.replace("c", "q")
BOMB = base64.b64encode(zeros(200)).decode()
FAULTS = [
    ("a.toml", "", "no world|does not say"),
    ("a.toml", "\x00", r"a.toml:1:1: "),
    ("a.toml", f"world = 'corner'\nmap = '''\n{MAP}\n'''\nmap = 3", r"a.toml:\d+:\d+: "),
    ("a.toml", "world = 'corner'\nseed = inf\nmap = ''", r"a.toml:2:1: seed must be"),
    ("a.toml", "world = 'corner'\nseed = " + "9" * 5000, "a.toml:2:8: a number of thousands of digits"),
    ("a.toml", "a = " + "[" * 100_000, "nested too deeply"),
    ("a.toml", "a = " + "{a=" * 100_000, "a.toml"),
    ("a.toml", "x" * 1_000_001, "at most 1,000,000"),
    ("a.toml", "world = 'corner'\nlevel = 3", r"a.toml:2:1: write each level as a table"),
    ("a.toml", "world = 'corner'\nlevel = []", "it holds no level"),
    ("a.toml", "world = 'crner'\nmap = 'x'", "no world 'crner' is shipped"),
    ("a.toml", "world = './evil.py'\nmap = 'x'", "no world './evil.py' is shipped"),
    ("a.toml", f"world = 'corner'\n[[level]]\nmap = '''\n{MAP}\n'''\n[[level]]\nmap = '''\n{QUEER}\n'''",
     r"a.toml:21:12: unknown character 'q'"),
    ("a.toml", f"world = 'corner'\n[[level]]\nname = 'a b'\nmap = '''\n{MAP}\n'''", r"a.toml:3:1: a level's name"),
    ("a.toml", f"world = 'corner'\nsplt = 'train'\n[[level]]\nmap = '''\n{MAP}\n'''", r"2:1: unknown key 'splt'"),
    ("a.toml", f"world = 'corner'\nmap = '''\n{MAP}\n'''\n[legend]\n'?' = 'chese'", r":1: no tile or thing 'chese'"),
    ("a.toml", f"world = 'corner'\nmap = '''\n{MAP}\n'''\n[legend]\n'??' = 'cheese'", r"single characters"),
    ("a.toml", f"world = 'corner'\nmap = '''\n{MAP}\n'''\n[legend]\n'?' = []", r"needs a name"),
    ("a.txt", "", "it holds no level"),
    ("a.txt", MAP, "does not say of which world"),
    ("a.txt", "; world = 'corner'", "no map below"),
    ("a.txt", f"; world = 'corner'\n{MAP}\n\n{MAP[:-1]}", r"a.txt:28:13: this row has 12 cells"),
    ("a.txt", f"; world = 'corner'\n; seed = -1\n{MAP}", r"a.txt:1:1: seed must be"),
    ("a.txt", f"; world = 'corner'\n; see = 1\n{MAP}", r"a.txt:1:1: unknown key 'see'"),
    ("a.jsonl", "", "it holds no level"),
    ("a.jsonl", "{", r"a.jsonl:1:2: "),
    ("a.jsonl", "[]", r"a.jsonl:1: a level must be an object"),
    ("a.jsonl", "[" * 100_000, r"a.jsonl:1: nested too deeply"),
    ("a.jsonl", '{"seed": NaN}', r"a.jsonl:1: NaN is no number here"),
    ("a.jsonl", '{"seed": ' + "9" * 5000 + "}", r"a.jsonl:1: a number of more than 20 digits"),
    ("a.jsonl", '{"seed": 1, "seed": 2}', r"a.jsonl:1: a key is given twice"),
    ("a.jsonl", '{"world": "corner", "map": "#"}', "map must be a list of rows"),
    ("a.jsonl", json.dumps({"world": "corner", "map": ROWS}) + '\n{"map": [".", ".."]}', "a.jsonl:2 row 2"),
    ("a.jsonl", '{"world": "corner", "map": ["' + "#" * 1_000_001 + '"]}', "at most 1,000,000"),
    ("a.tmj", "", "a.tmj:1:1"),
    ("a.tmj", "[1]", "no map of Tiled"),
    ("a.tmj", "[" * 100_000, "nested too deeply"),
    ("a.tmj", json.dumps(tmj(orientation="hexagonal")), "only orthogonal maps"),
    ("a.tmj", json.dumps(tmj(infinite=True)), "an infinite map"),
    ("a.tmj", json.dumps(tmj(width=0)), "width must be 1 to 255"),
    ("a.tmj", json.dumps(tmj(width=256)), "width must be 1 to 255"),
    ("a.tmj", json.dumps(tmj(height=10**9, width=10**9)), "must be 1 to 255"),
    ("a.tmj", json.dumps(tmj(width=12.5)), "width must be 1 to 255"),
    ("a.tmj", json.dumps(tmj(layers=[{}] * 65)), "65 layers; at most 64"),
    ("a.tmj", json.dumps(tmj(layers=3)), "layers must be a list"),
    ("a.tmj", json.dumps(ground(GIDS[:-1])), "has 168 cells, not 13 x 13"),
    ("a.tmj", json.dumps(ground([*GIDS[:-1], -1])), "holds what is no tile"),
    ("a.tmj", json.dumps(ground([*GIDS[:-1], 1.5])), "holds what is no tile"),
    ("a.tmj", json.dumps(ground([*GIDS[:-1], 900])), "row 13 column 13: no tileset has the tile 900"),
    ("a.tmj", json.dumps(ground(BOMB[:1000], encoding="base64", compression="zlib")), "does not have 13 x 13 cells"),
    ("a.tmj", json.dumps(ground(BOMB, encoding="base64", compression="zlib")), "longer than 169 cells can be"),
    ("a.tmj", json.dumps(ground("!!!!", encoding="base64")), "cannot be unpacked"),
    ("a.tmj", json.dumps(ground("AAAA", encoding="base64", compression="zstd")), "packed by zstd"),
    ("a.tmj", json.dumps(tmj(layers=[{"type": "group", "name": "g", "layers": 3}])), "layers must be a list"),
    ("a.tmj", json.dumps(tmj(tilesets=[])), "no tileset tells"),
    ("a.tmj", json.dumps(tmj(tilesets=[{"firstgid": 1, "source": "../../etc/passwd"}])), "outside the map's folder"),
    ("a.tmj", json.dumps(tmj(tilesets=[{"firstgid": 1, "source": "/etc/passwd"}])), "outside the map's folder"),
    ("a.tmj", json.dumps(tmj(tilesets=[{"firstgid": 1, "source": "a.exe"}])), "neither .tsx nor .tsj"),
    ("a.tmj", json.dumps(tmj(tilesets=[{"firstgid": 1, "source": "gone.tsj"}])), "gone.tsj: no such file"),
    ("a.tmj", json.dumps(tmj(tilesets=[{"firstgid": 1, "tiles": [{"id": 0, "type": "flor"}]}])), "mean 'floor'"),
    ("a.tmj", json.dumps(object_at(x=1e300)), "within the map"),
    ("a.tmj", json.dumps(object_at(x=32 * 13)), "stands outside the map, at row 2 column 14"),
    ("a.tmj", json.dumps(object_at(gid=1)), "shows no thing of this world"),
    ("a.tmj", json.dumps(object_at(gid=None)), "must be on the map; .* the object 'mouse' shows no tile: left out"),
    ("a.tmj", json.dumps(object_at(gid="x")), "an object is no tile"),
    ("a.tmj", json.dumps(object_at(visible=False)), "every agent that learns must be on the map"),
    ("a.tmj", json.dumps(tmj(properties=[{"name": "world", "value": "corner"}, {"name": "seed", "value": "x"}])),
     "the property 'seed' must be a whole number"),
    ("a.tmx", "", "a.tmx:1:"),
    ("a.tmx", "<map>", "a.tmx:1:"),
    ("a.tmx", TMX_BOMB, "entities and document types are not allowed"),
    ("a.tmx", '<!DOCTYPE map SYSTEM "file:///etc/passwd"><map/>', "entities and document types are not allowed"),
    ("a.tmx", "<a>" * 50_000 + "</a>" * 50_000, "its root is <a>"),
    ("a.tmx", "<html/>", "its root is <html>"),
    ("a.tmx", '<map orientation="isometric"/>', "does not say of which world"),
    ("a.png", "", "no sound PNG"),
    ("a.png", "\x89PNG\r\n\x1a\n", "no sound PNG"),
    ("a.npz", "", "no sound .npz"),
    ("a.npz", "PK\x05\x06" + "\x00" * 18, "no file of levels"),
    ("a.exe", "", "ends in .toml"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), FAULTS, ids=range(len(FAULTS)))
def test_what_strangers_send_is_refused_in_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content.encode("latin-1" if name.endswith((".png", ".npz")) else "utf-8"))
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(UserError, match=message) as caught:
            formats.read(path)
        assert time.process_time() - began < 30, "0.5 s where this was written"
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert (
        "\n" not in str(caught.value)
        and (name in str(caught.value) or "gone" in message)
        and len(str(caught.value)) < 600
    )


@pytest.mark.parametrize("kind", formats.table())
def test_pipes_and_devices_are_not_read_for_ever(tmp_path, kind):
    os.mkfifo(tmp_path / f"pipe{kind}")
    (tmp_path / f"zero{kind}").symlink_to("/dev/zero")
    (tmp_path / f"folder{kind}").mkdir()
    for name, message in (("pipe", "to its end"), ("zero", "to its end"), ("folder", "a folder")):
        with pytest.raises(UserError, match=rf"{name}{kind}: .*{message}"):
            formats.read(tmp_path / f"{name}{kind}", CORNER)


@pytest.mark.parametrize("name", ["a.toml", "a.txt", "a.jsonl", "a.tmj", "a.tmx"])
@pytest.mark.parametrize(
    "data", [b"\xff\xfeo\x00", "world = 'é'".encode("latin-1"), "a = 'b'".encode("utf-16")]
)
def test_other_encodings_are_named(tmp_path, name, data):
    (tmp_path / name).write_bytes(b"\n" + data)
    with pytest.raises(UserError, match=rf"{name}:2:\d+: no text in UTF-8"):
        formats.read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.toml", "a.txt", "a.jsonl", "a.tmj", "a.tmx", "a.png", "a.npz"])
def test_large_files_are_refused_by_their_size(tmp_path, name):
    with open(tmp_path / name, "wb") as file:
        file.truncate(100 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"at most|larger than"):
            formats.read(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_line_ends_of_windows_and_a_byte_order_mark_are_accepted(tmp_path):
    for kind in (".toml", ".txt", ".jsonl", ".tmj"):
        levels = some_levels(CORNER, 1)
        path = formats.write(levels, tmp_path / f"a{kind}")[0]
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        assert formats.read(path).states.tobytes() == levels.states.tobytes()


def packed(tmp_path, **changes):
    """A file of bulk levels with some of its arrays changed (None: left out)."""
    levels = some_levels(CORNER, 3)
    npz.save(tmp_path / "a.npz", CORNER, levels.states)
    with np.load(tmp_path / "a.npz") as file:
        arrays = dict(file)
    arrays |= changes
    np.savez_compressed(tmp_path / "a.npz", **{k: v for k, v in arrays.items() if v is not None})
    return tmp_path / "a.npz"


def told(**changes):
    levels = {"format": npz.MARK, "world": "corner", "version": 0, "splits": {"deploy": {}}}
    return np.frombuffer(json.dumps(levels | changes).encode(), np.uint8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tiles": None}, "it holds no level"),
        ({"seed": None}, "the array 'seed' is missing"),
        (
            {"tiles": np.zeros((3, 13, 12), np.uint8)},
            "'tiles' lacks cells of a level",
        ),
        (
            {"tiles": np.zeros((3, 13, 14), np.uint8)},
            r"'tiles' must be .* shape \(3, 13, 13\), not .* --world.size 13x14",
        ),
        ({"tiles": np.full((3, 13, 13), 9, np.uint8)}, "a tile that the world lacks"),
        ({"seed": np.zeros(2, np.uint64)}, "'seed' must be whole numbers of shape"),
        ({"seed": np.zeros(3)}, "'seed' must be whole numbers of shape"),
        ({"y": np.full((3, 1), 13, np.int32)}, "a thing stands outside the map"),
        ({"y": np.full((3, 1), -(2**31), np.int32)}, "a thing stands outside the map"),
        ({"face": np.full((3, 1), 99)}, "a pose that it lacks"),
        ({"h": np.full(3, 14, np.uint8)}, "its size does not fit|lacks cells"),
        ({"h": np.zeros(3, np.uint8)}, "its size does not fit"),
        ({"split": np.full(3, 7, np.uint8)}, "the split of a level is missing"),
        ({"episode": np.full(3, -1, np.int32)}, "'episode' is out of range"),
        ({"about": None}, "no file of levels"),
        ({"about": np.frombuffer(b"[" * 100_000, np.uint8)}, "no file of levels"),
        ({"about": np.zeros(3)}, "no file of levels"),
        ({"about": told(format="x")}, "no file of levels"),
        ({"about": told(world="follow")}, "levels of 'follow', not of 'corner'"),
        ({"about": told(version=9)}, "made for version 9 of 'corner'"),
        ({"about": told(splits={})}, "lacks the world or its splits"),
        ({"about": told(splits={"deplo": {}})}, "no split 'deplo'"),
        (
            {"about": told(splits={"deploy": {"region": 5}})},
            "made with region = 5 .* add --world.region 5",
        ),
        ({f"x{k}": np.zeros(1) for k in range(64)}, "at most 64|more than 64"),
        ({"x": np.array([{}])}, "no sound|no numbers"),
        ({"x": np.zeros(30 << 20, np.uint8)}, "more than 24 MB of arrays"),
    ],
)
def test_bulk_files_are_checked_before_a_rule_sees_them(tmp_path, changes, message):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = packed(tmp_path, **changes)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=message):
            formats.read(path, CORNER)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_an_archive_of_a_million_names_costs_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for k in range(3000):
            archive.writestr(f"{k:0100}.npy", b"")
    with pytest.raises(UserError, match=r"no sound \.npz file, or one of more than 64 arrays"):
        formats.read(tmp_path / "a.npz")


@given(cut=some.integers(0, 3000))
@settings(max_examples=40)
def test_a_file_cut_short_is_refused(cut, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    npz.save(folder / "a.npz", CORNER, some_levels(CORNER, 3).states)
    data = (folder / "a.npz").read_bytes()
    (folder / "a.npz").write_bytes(data[: cut % len(data)])
    with pytest.raises(UserError):
        formats.read(folder / "a.npz")


@given(
    at=some.integers(0, 5000),
    byte=some.integers(0, 255),
    kind=some.sampled_from([".png", ".npz", ".tmx", ".jsonl"]),
)
@settings(max_examples=80)
def test_a_changed_byte_is_read_or_refused_but_never_unsound(at, byte, kind, tmp_path_factory):
    folder = tmp_path_factory.mktemp("byte")
    path = formats.write(some_levels(CORNER, 1), folder / f"a{kind}")[0]
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(bytes(data))
    try:
        read = formats.read(path)
    except UserError as fault:
        assert "\n" not in str(fault)
    else:
        check.states(CORNER, read.states)


def test_a_picture_in_colours_that_mean_nothing_is_refused(tmp_path):
    from PIL import Image

    board = np.zeros((13, 13, 3), np.uint8)
    Image.fromarray(board).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="row 1 column 1: unknown colour #000000; this world has"):
        formats.read(tmp_path / "a.png", CORNER)
    Image.fromarray(np.zeros((300, 20, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="20 x 300 pixels"):
        formats.read(tmp_path / "a.png", CORNER)


def test_levels_called_by_dots_get_files_with_an_ending(tmp_path):
    world = load("corner")
    levels = Levels(world, some_levels(world, 3).states, [".", "..", ".a"])
    files = formats.write(levels, tmp_path / "a.tmx")
    assert [path.name for path in files] == ["0001.tmx", "0002.tmx", "0003.tmx"]
    assert [name for path in files for name in formats.read(path).names] == [".", "..", ".a"]
