"""The editor: parts of a level copied, turned and resized; what the palette, the list of edits and the
forms do; whose a level is; drafts; and a designer's whole way, by keys alone.
"""

import time

import numpy as np
import pygame
import pytest

from goalshift.__main__ import main
from goalshift.agents.designing.likeness import Likeness, part, route
from goalshift.agents.designing.open_file import Shelf
from goalshift.agents.learning.shipped import PRETRAINED
from goalshift.agents.live import course, drafts, open, palette, rating, window
from goalshift.agents.live.keys import EDITOR
from goalshift.engine import check, state
from goalshift.engine.errors import UserError
from goalshift.engine.levels import formats, region
from goalshift.engine.levels.kind import About, Levels
from goalshift.engine.levels.region import Region
from goalshift.engine.vector import Vec, level_of
from goalshift.engine.view.film import encode

from .waiting import until

FLOOR, WALL, CHEESE = range(3)
BOARD = "\n".join(["#" * 13, "#@" + "." * 10 + "#", *["#" + "." * 11 + "#"] * 10, "#" * 13])


# parts of a level


def some_level(corner):
    states = state.copy(level_of(corner, 3, "deploy"))
    return states, states[0]


def test_what_is_copied_is_pasted_and_cut_off_at_the_edge(corner):
    states, s = some_level(corner)
    piece = region.copy(corner, s, Region(2, 3, 5, 7))
    region.paste(corner, s, piece, 8, 2)
    assert (s.tiles[8:11, 2:6] == piece.tiles).all()
    region.paste(corner, s, piece, 12, 11)
    assert (s.tiles[12, 11:13] == piece.tiles[0, :2]).all()
    check.board(corner, states)


def test_four_turns_and_two_mirrors_are_none(corner):
    _, s = some_level(corner)
    board, before = region.whole(s), s.tobytes()
    seen = set()
    for _ in range(4):
        seen.add(s.tobytes())
        region.turn(corner, s, board)
    assert s.tobytes() == before and len(seen) == 4
    region.mirror(s, board)
    assert s.tobytes() != before and (s.tiles[0] >= 0).all()
    region.mirror(s, board)
    assert s.tobytes() == before


def test_things_turn_with_their_cells(corner):
    _, s = some_level(corner)
    s.tiles[:] = FLOOR
    s.y[0], s.x[0] = 0, 5
    s.tiles[0, 5] = CHEESE
    region.turn(corner, s, region.whole(s))
    assert (s.y[0], s.x[0]) == (5, 12) and s.tiles[5, 12] == CHEESE


def test_a_part_that_is_no_square_and_a_board_that_is_too_large_are_refused(corner):
    _, s = some_level(corner)
    with pytest.raises(UserError, match="no square"):
        region.turn(corner, s, Region(0, 0, 2, 3))
    with pytest.raises(
        UserError, match=r"13 x 13 cells; larger: --world corner --world.size 14x13"
    ):
        region.resize(corner, s, 1, 0, FLOOR)
    s.y[0] = s.x[0] = 1
    region.resize(corner, s, 0, -3, FLOOR)
    region.turn(corner, s, region.whole(s))
    assert (s.h, s.w) == (10, 13)


@pytest.mark.parametrize(("rows", "columns"), [(-2, 0), (0, -3), (-1, -1)])
def test_a_board_grows_back_within_its_rim(corner, rows, columns):
    _, s = some_level(corner)
    s.tiles[1:12, 1:12] = FLOOR
    s.y[0] = s.x[0] = 1
    before = s.tobytes()
    region.resize(corner, s, rows, columns, FLOOR)
    assert (s.h, s.w) == (13 + rows, 13 + columns)
    rim = s.tiles[: s.h, : s.w].copy()
    rim[1:-1, 1:-1] = WALL
    assert (rim == WALL).all() and not s.tiles[s.h :].any() and not s.tiles[:, s.w :].any()
    region.resize(corner, s, -rows, -columns, FLOOR)
    assert s.tobytes() == before


def test_a_row_in_which_somebody_stands_stays(corner):
    _, s = some_level(corner)
    s.tiles[1:12, 1:12] = FLOOR
    s.y[0], s.x[0] = 11, 4
    with pytest.raises(UserError, match="something stands there"):
        region.resize(corner, s, -1, 0, FLOOR)


def test_a_line_runs_from_cell_to_cell():
    assert region.line((1, 1), (1, 4)) == [(1, 1), (1, 2), (1, 3), (1, 4)]
    for end in ((5, 2), (-3, 7), (0, 0)):
        cells = region.line((0, 0), end)
        assert cells[0] == (0, 0) and cells[-1] == end
        steps = np.abs(np.diff(np.array(cells), axis=0))
        assert steps.max(initial=0) <= 1


# what is said about levels


ABOUTS = [About("Two ways", 'Ann "A" Other', "CC0-1.0"), About("Back\\slash", "Ann", "CC0-1.0")]


@pytest.mark.parametrize("ending", [e for e, kind in formats.table().items() if not kind.of])
def test_title_author_and_licence_travel_with_levels(corner, tmp_path, ending):
    states = Vec(corner, 2, "deploy", seed=4).reset_states()
    levels = Levels(corner, states, ["a", "b"], abouts=list(ABOUTS))
    made = formats.write(levels, tmp_path / f"set{ending}")
    found = [about for path in made for about in formats.read(path).abouts]
    if ending == ".npz":  # holds what is said about all alike
        assert found == [About(licence="CC0-1.0")] * 2
    else:
        assert found == ABOUTS
    plain = formats.write(Levels(corner, states, ["a", "b"]), tmp_path / f"plain{ending}")
    assert not any(any(about) for path in plain for about in formats.read(path).abouts)


@pytest.mark.parametrize("value", ["3", "'''a\nb'''", f"'{'x' * 201}'"])
def test_a_title_is_one_line_of_text(tmp_path, value):
    path = tmp_path / "a.toml"
    path.write_text(f"world = 'corner'\ntitle = {value}\nmap = '''\n{BOARD}\n'''\n")
    with pytest.raises(UserError, match=r"a.toml:2:1: title must be a text of one line"):
        formats.read(path)


# what is known of a level


def test_the_ways_of_the_experts_part_where_they_part(corner):
    states, s = some_level(corner)
    s.tiles[1:12, 1:12] = FLOOR
    s.tiles[11, 11] = CHEESE
    s.y[0], s.x[0] = 11, 1
    ways = [route(corner, goal, states) for goal in corner.goals]
    assert ways[0].steps == 10 and ways[0].places[-1].tolist() == [11, 11]
    assert ways[1].places[-1].tolist() == [1, 11], "the corner"
    step, cell = part(corner, ways)
    assert (ways[0].places[step] == cell).all() and (ways[1].places[step] == cell).all()
    assert (ways[0].places[step + 1] != ways[1].places[step + 1]).any()
    s.tiles[11, 2] = s.tiles[10, 1] = WALL
    shut = [route(corner, goal, states) for goal in corner.goals]
    assert [way.steps for way in shut] == [-1, -1] and part(corner, shut) is None


def test_cells_that_no_training_level_is_like_are_named(corner):
    train = state.copy(level_of(corner, 3, "train"))
    known = Likeness(corner)
    assert known.of(train).startswith("yes") and known.strange(train) == []
    train[0].tiles[5, 5] = CHEESE
    assert known.strange(train) == [(5, 5)]
    train[0].tiles[6, 6] = CHEESE
    assert known.of(train).endswith("; 2 parts like that")


# the window


@pytest.fixture
def editing(corner, tmp_path):
    made = []

    def make(name="fork.toml", world="corner", size=(1280, 720)):
        session = open.edit_session(tmp_path / name, world)
        shown = window.Window(session, size, True, folder=tmp_path)
        made.append(shown)
        shown.do("edit")
        shown.tick(time.perf_counter())
        return shown

    yield make
    for shown in made:
        shown.close()


def press(shown, *names):
    for name in names:
        mod = 0
        for prefix, bit in (("ctrl+", pygame.KMOD_CTRL), ("shift+", pygame.KMOD_SHIFT)):
            mod |= bit if name.startswith(prefix) else 0
            name = name.removeprefix(prefix)
        code = pygame.key.key_code(name)
        shown.handle(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod, unicode=""))
        shown.handle(pygame.event.Event(pygame.KEYUP, key=code, mod=mod))
    shown.tick(time.perf_counter())


def write(shown, text):
    for char in text:
        code = pygame.key.key_code("space" if char == " " else char.lower())
        shown.handle(pygame.event.Event(pygame.KEYDOWN, key=code, mod=0, unicode=char))


def clear(shown):
    """An open room with the mouse in a corner, and the cursor in the middle."""
    s = shown.session
    for y in range(1, 12):
        for x in range(1, 12):
            s.pane.history.state[0].tiles[y, x] = FLOOR
    assert s.editor.move(0, 1, 1)
    shown.look.cursor = (5, 5)


def tiles(shown):
    return shown.session.pane.history.state[0].tiles


def test_every_key_of_the_editor_does_something(editing):
    shown = editing()
    s, look = shown.session, shown.look
    clear(shown)
    s.editor.resize(-1, -1)
    s.editor.paint_all([(5, 5), (5, 6)], CHEESE)
    s.editor.copy(Region(5, 5, 6, 6))
    begun = len(s.editor.made)
    for key in EDITOR:
        for name in key.keys:
            s.editor.go(begun)
            look.brush, look.marked, look.form = WALL, None, None
            look.cursor = (5, 5) if key.action in ("pick", "erase") else (7, 8)
            shown.pencil.last, shown.message = (7, 6), ""

            def picture():
                return (s.pane.history.state.tobytes(), look.brush, look.marked, look.routes,
                        look.form is None, shown.message)  # fmt: skip

            before = picture()
            press(shown, name)
            assert picture() != before, name


def test_the_palette_names_what_there_is_and_is_clicked(editing):
    shown = editing()
    clear(shown)
    assert shown.session.editor.brushes() == ["floor", "wall", "cheese", "mouse"]
    spots = [spot for spot in shown.spots if spot.kind == "brush"]
    assert [spot.which for spot in spots] == [0, 1, 2, 3]
    shown.mouse.press(spots[3].y0 + 2, spots[3].x0 + 2, 1)
    assert shown.look.brush == 3
    press(shown, "return")
    state_ = shown.session.pane.history.state[0]
    assert (state_.y[0], state_.x[0]) == (5, 5), "the mouse is moved, as there is one"
    s = shown.session
    s.editor.paint(6, 6, CHEESE)
    assert palette.marked(s) == {CHEESE: {"star"}}
    assert palette.there(s, (5, 5)) == "row 5, column 5: floor, mouse"
    area = next(spot for spot in shown.spots if spot.kind == "pane")
    shown.mouse.move((area.y0 + area.y1) // 2, (area.x0 + area.x1) // 2)
    assert shown.look.hover == (6, 6)


def test_things_are_put_into_play_and_taken_out(editing):
    shown = editing("boxes.toml", "sokoban")
    s, editor = shown.session, shown.session.editor
    world, record = s.world, s.pane.history.state[0]
    kind = (
        next(k for k, t in enumerate(world.things) if not t.agent)
        if len(world.things) > 1
        else None
    )
    if kind is None:
        pytest.skip("a world of tiles alone")
    k = int(np.flatnonzero((world.kinds == kind) & (record.alive > 0))[0])
    y, x = int(record.y[k]), int(record.x[k])
    assert editor.erase(y, x)
    record = s.pane.history.state[0]
    assert not record.alive[k]
    assert editor.paint(y, x, len(world.tiles) + kind)
    assert s.pane.history.state[0].alive[k]


def test_the_list_of_edits_is_gone_through_by_clicks(editing):
    shown = editing()
    clear(shown)
    for x in (5, 6, 7):
        shown.session.editor.paint(5, x, WALL)
    shown.tick(time.perf_counter())
    words = [edit.words for edit in shown.session.editor.made]
    assert words[1:] == [f"wall at row 5, column {x}" for x in (5, 6, 7)]
    spot = next(s for s in shown.spots if s.kind == "edits" and s.which == 2)
    shown.mouse.press(spot.y0 + 3, spot.x0 + 3, 1)
    shown.tick(time.perf_counter())
    assert tiles(shown)[5, 5:8].tolist() == [WALL, FLOOR, FLOOR]
    spot = next(s for s in shown.spots if s.kind == "edits" and s.which == 4)
    shown.mouse.press(spot.y0 + 3, spot.x0 + 3, 1)
    assert tiles(shown)[5, 5:8].tolist() == [WALL, WALL, WALL]


def test_a_part_is_marked_copied_and_turned_by_keys(editing):
    shown = editing()
    clear(shown)
    shown.look.brush = WALL
    press(shown, "return", "m", "down", "c", "right", "right", "v")
    assert tiles(shown)[5:8, 5:8].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    press(shown, "m", "m", "up", "f")
    assert (tiles(shown)[5:7, 7] == [0, 1]).all()
    press(shown, "m", "t")
    assert shown.session.editor.made[-1].words == "turned"
    press(shown, "z")
    assert (tiles(shown)[5:7, 7] == [0, 1]).all()


def test_ways_and_strange_cells_are_drawn_while_one_paints(editing):
    shown = editing()
    clear(shown)
    s = shown.session
    s.editor.paint(6, 6, CHEESE)
    until(shown, lambda: s.facts.found.routes and not s.facts.stale)
    assert (6, 6) in s.facts.found.strange and s.facts.found.parting is not None
    shown.tick(time.perf_counter())
    with_ways = shown.frame.copy()
    press(shown, "k")
    assert (shown.frame[100:600, :900] != with_ways[100:600, :900]).any()


# forms, drafts, and what is lost


def test_whose_a_level_is_is_written_by_keys_and_saved(editing, tmp_path):
    shown = editing()
    press(shown, "ctrl+s", "u")
    assert shown.look.form is not None
    write(shown, "Two waysx")
    press(shown, "backspace", "tab")
    write(shown, "Ann Other")
    press(shown, "tab")
    write(shown, "CC0-1.0")
    press(shown, "return")
    assert shown.look.form is None and shown.session.keeping.unsaved
    press(shown, "ctrl+s")
    assert formats.read(tmp_path / "fork.toml").abouts == [
        About("Two ways", "Ann Other", "CC0-1.0")
    ]
    assert not shown.session.keeping.unsaved
    press(shown, "u")
    write(shown, "z")
    press(shown, "escape")
    assert shown.look.form is None and shown.open and not shown.session.keeping.unsaved


def wait_for_draft(shown):
    shown.drafts._due = 0.0
    shown.tick(time.perf_counter())


def test_a_draft_is_kept_offered_and_swept(editing, tmp_path):
    shown = editing()
    press(shown, "ctrl+s")
    clear(shown)
    shown.session.editor.paint(6, 6, CHEESE)
    wait_for_draft(shown)
    path = drafts.place(tmp_path / "fork.toml", 0)
    assert path.is_file()
    shown.open = False  # as if it were killed: nothing is swept
    again = editing()
    wait_for_draft(again)
    assert "never saved" in again.look.form.title
    press(again, "return")
    assert tiles(again)[6, 6] == CHEESE and again.session.keeping.unsaved
    press(again, "ctrl+s")
    wait_for_draft(again)
    assert (
        not path.exists() and formats.read(tmp_path / "fork.toml").states.tiles[0, 6, 6] == CHEESE
    )


def test_a_draft_is_thrown_away_or_left(editing, tmp_path):
    first = editing()
    press(first, "ctrl+s")
    first.session.editor.paint(6, 6, CHEESE)
    wait_for_draft(first)
    path = drafts.place(tmp_path / "fork.toml", 0)
    later = editing()
    wait_for_draft(later)
    press(later, "escape")
    assert path.is_file() and later.open and later.look.form is None
    last = editing()
    wait_for_draft(last)
    press(last, "delete")
    assert not path.exists()
    path.write_text("garbage")
    odd = editing()
    wait_for_draft(odd)
    assert odd.look.form is None and path.is_file() and "left where it is" in odd.message


def test_giving_up_sweeps_the_draft_and_the_next_level_asks_first(editing, tmp_path):
    shown = editing()
    press(shown, "ctrl+s")
    clear(shown)
    shown.session.editor.paint(6, 6, CHEESE)
    wait_for_draft(shown)
    shown.do("edit")
    seed = shown.session.source.seed
    press(shown, "l")
    assert shown.session.source.seed == seed and "not saved" in shown.message
    press(shown, "r")
    assert tiles(shown)[6, 6] == CHEESE, "what was painted stays"
    press(shown, "escape", "escape")
    assert not shown.open
    shown.close()
    assert not drafts.place(tmp_path / "fork.toml", 0).exists()


# a designer's way, and sets


def test_a_designers_way_from_nothing_to_an_evaluated_set(editing, tmp_path, capsys):
    """Begun, painted, played, saved, checked, published and used: by keys and commands alone, in less
    than two minutes of them at four keys a second.
    """
    pressed = 0

    def keys(*names):
        nonlocal pressed
        pressed += len(names)
        press(shown, *names)

    def typed(words):
        nonlocal pressed
        pressed += len(words)
        write(shown, words)

    def command(*words):
        nonlocal pressed
        pressed += (
            len(" ".join(("goalshift", *words))) // 3
        )  # with a shell's completion and history
        code = main([*words, "-q"])
        return code, capsys.readouterr().out

    shown = editing("fork.toml")  # goalshift level edit fork.toml --world corner
    pressed += 40
    s = shown.session
    size = s.pane.history.state[0].h
    for _ in range(12):
        keys("up")
    for _ in range(12):
        keys("left")
    keys("down", "right")
    keys("shift+b", "return")  # the floor
    for _ in range(10):
        keys("down", "right")
    keys("shift+return")  # the room is empty
    keys("b", "b", "up", "left", "return")  # the cheese, low and to the right
    keys("b")
    for _ in range(9):
        keys("left")
    keys("return")  # the mouse, beside it in the row
    assert s.editor.thing_at(0, 10, 1) == 0 and tiles(shown)[10, 10] == CHEESE and size == 13
    until(shown, lambda: s.facts.found.parting is not None and not s.facts.stale)
    assert s.facts.now()["solvable"].startswith("yes, in 9 steps")
    keys("u")
    typed("Fork")
    keys("tab")
    typed("Ann")
    keys("tab")
    typed("CC0-1.0")
    keys("return", "ctrl+s")
    keys("e", "t")  # plays it by hand
    for _ in range(9):
        keys("right")
    assert s.pane.history.over and s.pane.history.note.scores[0] > 0
    keys("escape")
    assert not shown.open
    level = str(tmp_path / "fork.toml")
    assert command("level", "check", level)[0] == 0
    published = str(tmp_path / "forks.toml")
    assert command("level", "publish", level, "-o", published)[0] == 0
    about = formats.read(tmp_path / "forks.toml").abouts[0]
    assert about[:3] == ("Fork", "Ann", "CC0-1.0") and "1 of 1 can be solved" in about.checked
    agent = str(PRETRAINED / "corner.safetensors")
    code, told = command("eval", agent, "--split", published, "--levels", "4", "--json")
    assert code == 0 and "forks" in told
    assert pressed < 2 * 60 * 4, f"{pressed} keys"


def test_what_cannot_be_solved_is_not_published(tmp_path, capsys):
    path = tmp_path / "shut.toml"
    path.write_text(f"world = 'corner'\ntitle = 'x'\nmap = '''\n{BOARD}\n'''\n")
    words = ["level", "publish", str(path), "-o", str(tmp_path / "set.toml")]
    assert main([*words, "--author", "a", "--licence", "b"]) == 3
    assert "not published: shut has no way to the goal" in capsys.readouterr().err
    path.write_text(path.read_text().replace("@.", "@c"))
    assert main(words) == 2 and "nobody said the author" in capsys.readouterr().err
    assert main([*words, "--author", "a", "--licence", "b"]) == 0
    assert (
        main([*words[:2], str(path), *words[2:], "--author", "a", "--licence", "b", "--force"]) == 3
    )
    assert "is there twice" in capsys.readouterr().err


def test_a_set_is_played_with_a_score(corner, tmp_path, monkeypatch):
    states = state.copy(Vec(corner, 2, "deploy", seed=4).reset_states())
    formats.write(Levels(corner, states, ["one", "two"]), tmp_path / "set.toml")

    def run(shown):
        s = shown.session
        s.pane.who[0] = "expert:cheese" if s.source.shelf.at == 0 else "expert:corner"
        while not s.over:
            s.clock.step()
        shown.tick(time.perf_counter())
        shown.told = True
        shown.close()

    monkeypatch.setattr(window.Window, "run", run)
    played = course.show_course(Shelf(tmp_path / "set.toml"), open.Place(headless=True))
    assert [(one.name, one.met) for one in played] == [("one", True), ("two", False)]
    assert all(one.steps > 0 for one in played)


def test_two_films_are_rated_and_the_answers_written(tmp_path, capsys):
    films = []
    for k in range(3):
        frames = [np.full((64, 96, 3), 20 * k + j, np.uint8) for j in range(4)]
        films.append(tmp_path / f"{k}.mp4")
        encode.encode(frames, films[-1])
    every = rating.pairs(films, 1)
    assert len({frozenset(pair) for pair in every}) == 3 and every == rating.pairs(films, 1)
    assert every != rating.pairs(films, 2)
    answers = rating.Answers(tmp_path / "ratings.csv")
    keys = iter(["", "left", "", "space", "escape"])
    place = open.Place((640, 360), headless=True)
    assert rating.rate(films, answers, 1, place, lambda: next(keys)) == 2
    rows = [row.split(",") for row in (tmp_path / "ratings.csv").read_text().splitlines()]
    assert rows[0] == ["pair", "left", "right", "clearer", "seconds"]
    assert rows[1][3] == str(every[0].left) and rows[2][3] == "alike" and len(rows) == 3
    assert main(["level", "rate", str(films[0])]) == 2
    assert main(["level", "rate", str(films[0]), str(tmp_path / "none.mp4")]) == 2
    assert "cannot read" in capsys.readouterr().err
