"""The player page: complete in itself, deaf to what names say, and drawing the very pictures of the
film.
"""

import base64
import json
import re

import numpy as np
import pytest

from goalshift.engine.catalogue import WORLDS, load
from goalshift.engine.errors import UserError
from goalshift.engine.replay import Replay
from goalshift.engine.vector import Vec
from goalshift.engine.view.camera import top
from goalshift.engine.view.camera.registry import Camera
from goalshift.engine.view.film import film, page, player_data, stage, story

RECORDINGS = WORLDS.parent / "recordings"
ELSEWHERE = Camera("from elsewhere", top.draw)
EVIL = "</script><script>document.title = 'run'</script><img src=x onerror=alert(1)>"


def recorded(name):
    """Both takes of a committed contrast."""
    found = [Replay.load(RECORDINGS / f"{name}-{who}.gmr") for who in ("intended", "learned")]
    world = found[0].find_world()
    roles = ("INTENDED", "LEARNED")
    return world, [
        story.Take(role, r.label, r.states(world), worth=r.known.worth)
        for role, r in zip(roles, found, strict=True)
    ]


def data_of(text, index=0):
    """The data of the players in a page, and that of its stamps."""
    return json.loads(
        re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.S)[index]
    )


# -- the file


def test_a_page_is_whole_and_the_same_every_time(tmp_path):
    world, takes = recorded("corner")
    card = story.Card(world, claim="It wants the corner.", captions=world.captions)
    film.save(takes, card, [tmp_path / "a.html", tmp_path / "b.html"])
    text = (tmp_path / "a.html").read_text()
    assert text == (tmp_path / "b.html").read_text() and len(text) < 400_000
    reaches = r"""\b(?:src|href|action)\s*=|url\(|@import|https?://"""
    assert re.findall(reaches, text) == ["src ="], (
        "the script's own, for pictures that lie in the page"
    )
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    data = data_of(text)
    assert [pane["last"] for pane in data["panes"]] == [len(take.states) - 1 for take in takes]
    assert data["fork"] == story.fork(takes[0].states, takes[1].states, world.learners)


def test_names_from_outside_stay_words():
    world, takes = recorded("corner")
    takes = [story.Take(EVIL, EVIL, takes[0].states, trained_on=(EVIL,))]
    notes = ((0, 9, EVIL),)
    rates = (story.Rate(EVIL, 0.5, 0.4, 0.6, "star"),)
    card = story.Card(
        world,
        EVIL,
        (EVIL,),
        EVIL,
        EVIL,
        rates,
        EVIL,
        EVIL,
        EVIL,
        notes=notes,
        title=EVIL,
        codes=(EVIL,),
    )
    text = page.page(takes, card, {EVIL: ELSEWHERE})
    assert text.count("<script") == 3, "two blocks of data and the player"
    assert "<img" not in text and text.count("</script>") == 3


def test_what_has_no_steps_is_a_page_too():
    world, takes = recorded("corner")
    still = story.Take("ONE", "nobody moves", takes[0].states[:1])
    assert data_of(page.page([still], story.Card(world)))["panes"][0]["last"] == 0
    with pytest.raises(UserError, match="no states"):
        page.page([story.Take("NONE", "", takes[0].states[:0])], story.Card(world))


def test_a_take_is_stored_in_few_bytes():
    world, takes = recorded("coinrun")
    one = len(page.player(player_data.Stamps(), takes[:1], story.Card(world)))
    assert one < 12_000
    stamps = player_data.Stamps()
    page.player(stamps, takes, story.Card(world))
    held = len(stamps.data()["shapes"])
    page.player(stamps, takes, story.Card(world))
    assert len(stamps.data()["shapes"]) == held, "players of a page share their stamps"


def test_a_further_camera_is_kept_as_pictures(monkeypatch):
    world, takes = recorded("corner")
    monkeypatch.setattr(player_data, "STILLS", 20)
    shown = page.player(
        player_data.Stamps(), takes[1:], story.Card(world), {"elsewhere": ELSEWHERE}
    )
    stills = data_of(shown)["panes"][0]["cameras"]["elsewhere"]
    assert stills["every"] == 6 and len(stills["pictures"]) == 17 and 'value="elsewhere"' in shown


# -- in a browser


@pytest.fixture
def shown(chromium, tmp_path):
    """A function that opens a page of takes."""

    def show(takes, card, **options):
        path = tmp_path / "film.html"
        page.save(path, takes, card, **options)
        chromium.requests()
        chromium.log()
        chromium.open(path)
        return chromium

    return show


def canvas(window, pane):
    """What a pane's canvas holds: uint8[h, w, 3]."""
    code = """const c = document.querySelectorAll("canvas")[arguments[0]];
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        let s = ""; for (let i = 0; i < d.length; i += 32768) s += String.fromCharCode(...d.subarray(i, i + 32768));
        return [c.height, c.width, btoa(s)];"""
    h, w, packed = window.run(code, pane)
    return np.frombuffer(base64.b64decode(packed), np.uint8).reshape(h, w, 4)[..., :3]


@pytest.mark.browser
@pytest.mark.parametrize("name", ["corner", "coinrun", "follow"])
def test_the_browser_draws_the_pictures_of_the_film(shown, name):
    """Bit for bit: walls, shadows, things on their way, trails, marks, the way not taken, and the
    scrolling sky.
    """
    world, takes = recorded(name)
    card = story.Card(world, captions=world.captions)
    window = shown(takes, card)
    told = story.Story(takes, card)
    last = told.steps
    for k, fraction in ((0, 1.0), (last // 2, 0.4), (7, 1.0), (last - 1, 0.75)):
        window.run("goalshift.players[0].picture(arguments[0], arguments[1])", k, fraction)
        for index, side in enumerate(told.sides):
            size = canvas(window, index).shape[:2]
            moment = (k, fraction) if k <= side.last else (side.last, 1.0)
            p = window.run("return goalshift.players[0].takes[arguments[0]].p", index)
            ours = top.draw(stage.shot_of(told, index, moment, size, p))
            assert (canvas(window, index) == ours).all(), (index, k, fraction)
    assert window.log() == []


@pytest.mark.browser
def test_the_controls_do_what_they_say(shown):
    world, takes = recorded("corner")
    card = story.Card(world, captions=world.captions, notes=())
    window = shown(takes, card)
    told = story.Story(takes, card)
    eats = next(n for n, one in enumerate(takes[0].states["totals"][:, 0, 0]) if one)
    position = "return goalshift.players[0].position"
    step = "return document.querySelector('output').textContent"
    assert window.run(step) == f"step 0 / {len(takes[1].states) - 1}"
    for selector, at in (("next", 1), ("next", 2), ("back", 1)):
        window.click(f'[data-part="{selector}"]')
        assert window.run(position) == at
    window.click('[data-part="play"]')
    window.wait("goalshift.players[0].position > 1.2")
    window.click('[data-part="play"]')
    rest = window.run(position)
    assert window.run(position) == rest and window.run("return !goalshift.players[0].playing")
    window.run("document.querySelector('.player').focus()")
    # Home → End ← d
    for key, at in (
        ("\ue011", 0),
        ("\ue014", 1),
        ("\ue010", 100),
        ("\ue012", 99),
        ("d", told.forks[1][1]),
    ):
        window.press(key)
        assert window.run(position) == at, repr(key)
    window.run(
        "const s = document.querySelector('[type=range]'); s.value = 30; s.dispatchEvent(new Event('input'))"
    )
    assert window.run(position) == 30 and window.run(step).startswith("step 30")
    before = canvas(window, 1)
    window.click('[data-part="marks"]')
    assert (canvas(window, 1) != before).any()
    window.click('[data-part="marks"]')
    assert (canvas(window, 1) == before).all()
    window.run(f"goalshift.players[0].pause(); goalshift.players[0].seek({eats})")
    assert f"Step {eats}: eats the cheese" in window.run(
        "return document.querySelector('.caption').textContent"
    )
    assert window.log() == []


@pytest.mark.browser
def test_scores_and_outcomes_are_those_of_the_states(shown):
    world, takes = recorded("coinrun")
    told = story.Story(takes, story.Card(world))
    window = shown(takes, story.Card(world))
    figures = """return [...document.querySelectorAll('.pane')].map(
        (pane) => [...pane.querySelectorAll('.figure')].map((f) => Number(f.textContent)))"""
    for k in (0, 9, 40, told.steps):
        window.run("goalshift.players[0].seek(arguments[0])", k)
        expected = [[round(x, 2) for x in side.scores[min(k, side.last)]] for side in told.sides]
        assert window.run(figures) == expected
    over = """return [...document.querySelectorAll('.outcome')].map(
        (o) => getComputedStyle(o).display !== 'none' && o.innerText)"""
    said = window.run(over)
    code = """return [...document.querySelectorAll('.outcome')].map((o) => {
        const box = o.getBoundingClientRect(), stage = o.parentNode.getBoundingClientRect();
        return (box.top + box.bottom) / 2 < (stage.top + stage.bottom) / 2; })"""
    low = [2 * take.states.y[-1, 0] > take.states.h[-1] for take in takes]
    assert window.run(code) == low, "the outcome stands where the learner does not"
    assert "INTENDED GOAL: MET" in said[0].upper() and "INTENDED GOAL: MISSED" in said[1].upper()
    window.run("goalshift.players[0].seek(1)")
    assert window.run(over) == [False, False]


@pytest.mark.browser
def test_nothing_is_asked_of_the_network_and_no_foreign_script_runs(shown):
    world, takes = recorded("corner")
    takes = [story.Take(EVIL, EVIL, takes[0].states)]
    window = shown(
        takes, story.Card(world, claim=EVIL, notes=((0, 3, EVIL),)), cameras={EVIL: ELSEWHERE}
    )
    asked = [
        address for address in window.requests() if not address.startswith(("chrome", "data:"))
    ]
    assert len(asked) == 1 and asked[0].startswith("file:")
    assert window.run("return document.querySelector('.role').textContent") == EVIL
    assert window.run("return document.title") == world.title
    window.run(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)"
    )
    assert window.run("return window.ran === undefined"), (
        "the page's policy lets only the player run"
    )
    window.run(
        "window.reached = null; fetch('http://127.0.0.1:9/').catch((e) => { window.reached = String(e) })"
    )
    window.wait("window.reached")
    assert any("Content Security Policy" in line for line in window.log())


@pytest.mark.browser
def test_another_camera_is_shown_when_chosen(shown):
    world, takes = recorded("corner")

    red = Camera(
        "in red", lambda shot: np.full((*shot.size, 3), (200, 2 * shot.record.t, 0), np.uint8)
    )
    window = shown(takes[:1], story.Card(world), cameras={"red": red})
    window.run("""const s = document.querySelector('[data-part="camera"]'); s.value = 'red';
        s.dispatchEvent(new Event('change')); goalshift.players[0].seek(5)""")
    window.wait("goalshift.players[0].stills[0].red.pictures.every((i) => i.complete)")
    window.run("goalshift.players[0].paint()")
    assert np.abs(canvas(window, 0)[20, 20].astype(int) - (200, 10, 0)).max() <= 6


@pytest.mark.browser
def test_a_long_take_is_shown_without_delay(shown):
    """Ten thousand steps: the page stays small, and going back and forth in it is quick."""
    world = load("corner").but(horizon=10_000)
    vec = Vec(world, 1, "deploy", levels=np.array([3], np.uint64), autoreset="off")
    vec.reset()
    dice = np.random.default_rng(0)
    states = [vec.states.copy()]
    for _ in range(10_000):
        vec.step(dice.integers(0, len(world.actions), (1, 1)))
        states.append(vec.states.copy())
        if vec.states.ended[0]:
            break
    states = np.concatenate(states).view(np.recarray)
    text = page.page([story.Take("RANDOM", "random", states)], story.Card(world))
    assert len(text) < 200_000
    window = shown([story.Take("RANDOM", "random", states)], story.Card(world))
    spent = window.run("""const p = goalshift.players[0], t = performance.now();
        for (let i = 0; i < 20; i++) p.seek(i % 2 ? p.last : 3); return performance.now() - t;""")
    assert spent < 4000
