"""A session in a browser: the same picture, keys and mouse as in the window, for those who have a
token; and what anybody else, or too much of anything, comes to.
"""

import contextlib
import io
import json
import logging
import struct
import time
import urllib.error
import urllib.request
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from goalshift.__main__ import main
from goalshift.agents.live import driven
from goalshift.agents.live.look import Area, Track
from goalshift.agents.live.session import Session
from goalshift.agents.live.source import Source

from .browser import CHROMIUM, DRIVER, MISSING, Browser
from .waiting import PATIENCE, wait

pytest.importorskip("websockets")
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from goalshift.agents.live.web import blocks, messages, server
from goalshift.agents.live.web.inline import Inline
from goalshift.agents.live.web.show import Show

SIZE = (640, 400)


class Client:
    """A browser's part, without the browser: puts pictures together, and says what it is told to."""

    open: ClassVar[list] = []

    def __init__(self, link, origin=None):
        base, _, token = link.partition("/#")
        self.context = connect(
            f"ws{base[4:]}/live",
            origin=origin or base,
            compression=None,
            max_queue=None,  # who does not read what has come does not hear of an end, either
        )
        self.socket = self.context.__enter__()
        self.open.append(self)
        self.number, self.picture, self.told = 0, np.zeros((0, 0, 3), np.uint8), []
        with contextlib.suppress(ConnectionClosed):  # refused already
            self.say(token=token)

    def say(self, **words):
        self.socket.send(json.dumps(words))

    def key(self, name, **held):
        self.say(key=name, text="", ctrl=False, shift=False)
        self.say(up=name)

    def press(self, at, button=1):
        self.say(press=list(at), button=button, ctrl=False, shift=False)

    def take(self, seconds=PATIENCE):
        """The next message."""
        data = self.socket.recv(seconds)
        if isinstance(data, bytes):
            count, across = struct.unpack_from("<2H", data)
            places = struct.unpack_from(f"<{count}H", data, 4)
            sheet = np.array(Image.open(io.BytesIO(data[4 + 2 * count :])))
            n, columns = blocks.SIDE, -(-self.picture.shape[1] // blocks.SIDE)
            for k, place in enumerate(places):
                y, x = (n * v for v in divmod(place, columns))
                sy, sx = (n * v for v in divmod(k, across))
                part = self.picture[y : y + n, x : x + n]
                part[:] = sheet[sy : sy + part.shape[0], sx : sx + part.shape[1]]
            self.say(seen=self.number)
            return "blocks"
        said = json.loads(data)
        if "size" in said:
            self.picture = np.zeros((said["size"][1], said["size"][0], 3), np.uint8)
        self.number = said.get("picture", self.number)
        self.told.append(said)
        return next(iter(said))

    def until_told(self, kind):
        while self.take() != kind:
            pass
        return self.told[-1]

    def until(self, true):
        """Take what comes until something is so."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end
            try:
                self.take(0.1)
            except TimeoutError:
                continue

    def ends(self):
        """The code and the words that it is closed with."""
        try:
            while True:
                self.take()
        except ConnectionClosed as fault:
            assert fault.rcvd is not None
            return fault.rcvd.code, fault.rcvd.reason


@pytest.fixture(autouse=True)
def closed():
    yield
    while Client.open:
        Client.open.pop().context.__exit__(None, None, None)


@pytest.fixture
def served(corner, tmp_path):
    session = Session(Source(corner, 3, "deploy"), ("expert:cheese", "expert:corner"), {})
    made = Inline(Show(session, SIZE, folder=tmp_path))
    yield made
    made.close()


def asked(served, path="/", **headers):
    """The status, the headers and the body of a plain request."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{served.serving.port}{path}", headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.headers, fault.read().decode()


# -- what is served


def test_keys_mouse_and_edits_do_what_they_do_in_the_window(served):
    show, session = served.show, served.show.session
    client = Client(served.link)
    assert client.until_told("welcome")["drives"] is True
    client.until(lambda: client.picture.size and client.number)
    client.until(lambda: (client.picture == show.frame).all())
    client.key(".")
    client.until(lambda: session.t == 1)
    client.until(lambda: (client.picture == show.frame).all())
    client.say(size=[900, 500])
    client.until(lambda: client.picture.shape == (500, 900, 3))
    for step in (2, 3, 4):
        client.key(".")
        client.until(lambda step=step: session.t == step)
    client.until(lambda: any(isinstance(s, Track) and s.kind == "time" for s in show.spots))
    line = next(s for s in show.spots if isinstance(s, Track) and s.kind == "time")
    client.press((line.y0 + 4, line.left + (line.right - line.left) // 2))
    client.until(lambda: session.t == 2)
    client.say(drop=[line.y0 + 4, line.left])
    client.key("e")
    client.until(lambda: show.look.edit)
    client.until(lambda: show.size == (500, 900) and show.frame.shape[:2] == (500, 900))
    area = next(s for s in show.spots if isinstance(s, Area))
    y, x = (area.y0 + area.y1) // 2, (area.x0 + area.x1) // 2
    cell = area.cell(y, x)
    record = session.pane.history.state[0]
    client.press((y, x), 1 if record.tiles[cell] == session.editor.ground else 3)
    client.until(lambda: len(session.editor.made) == 1)
    client.say(drop=[y, x])
    client.key("escape")
    client.until(lambda: "Ctrl+C" in show.message)
    assert show.open


def test_an_audience_looks_and_can_do_nothing(served):
    driver, viewer = Client(served.link), Client(served.audience)
    welcome = viewer.until_told("welcome")
    assert welcome["drives"] is False and served.show.driver not in json.dumps(welcome)
    driver.key(".")
    driver.until(lambda: served.show.session.t == 1)
    viewer.until(lambda: viewer.number and (viewer.picture == served.show.frame).all())
    for said in ({"key": ".", "text": "", "ctrl": False, "shift": False}, {"size": [320, 240]}):
        other = Client(served.audience)
        other.say(**said)
        assert other.ends() == (1008, "this link is for looking only")
    assert served.show.session.t == 1 and served.show.size == (SIZE[1], SIZE[0])
    wait(lambda: [v.drives for v in served.show.viewers] == [True, False])


@pytest.mark.parametrize("token", ["", "x", "é" * 200, "0" * 24])
def test_a_wrong_token_sees_nothing(served, token, monkeypatch):
    monkeypatch.setattr(server, "PENALTY", 0.05)
    client = Client(f"{served.link.partition('#')[0]}#{token}")
    assert client.ends() == (1008, "this link is not, or no longer, valid")
    assert not client.told and not served.show.viewers


def test_who_says_no_token_is_let_go(served, monkeypatch):
    monkeypatch.setattr(server, "PENALTY", 0.05)
    monkeypatch.setattr(server, "PATIENCE", 0.1)
    base = served.link.partition("/#")[0]
    with connect(f"ws{base[4:]}/live", origin=base) as socket, pytest.raises(ConnectionClosed):
        socket.recv(10)


def test_a_connection_that_is_cut_leaves_nothing_held(served):
    driver, viewer = Client(served.link), Client(served.audience)
    driver.key("t")
    driver.say(key="right", text="", ctrl=False, shift=False)
    driver.until(lambda: served.show.hand.held == {"right"})
    driver.socket.socket.close()
    wait(lambda: len(served.show.viewers) == 1 and not served.show.hand.held)
    viewer.until(lambda: viewer.number > 0)
    again = Client(served.link)
    again.until(lambda: again.number and (again.picture == served.show.frame).all())


def test_time_stands_still_where_nobody_looks(served):
    client = Client(served.link)
    client.key("space")
    client.until(lambda: served.show.session.playing)
    client.socket.close()
    wait(lambda: not served.show.session.playing)


def test_a_tour_goes_on_for_whoever_looks(corner, tmp_path, monkeypatch):
    """For an audience alone, which can press nothing; and nobody misses any of it."""
    monkeypatch.setattr(driven, "REST", 0.0)
    made = [Session(Source(corner, k, "deploy"), ("expert:cheese",), {}) for k in (3, 4, 5)]
    show = Show(made[0], SIZE, folder=tmp_path)
    show.tell(iter(made[1:]))
    served = Inline(show)
    try:
        wait(lambda: not made[0].playing)
        viewer = Client(served.audience)
        viewer.until(lambda: made[0].t > 0)
        made[0].clock.speed = 8
        viewer.until(lambda: show.told == 1 and show.session is made[1])
        viewer.until(lambda: viewer.number and made[1].t > 0)
        viewer.socket.close()
        wait(lambda: not show.viewers)
        assert show.open
    finally:
        served.close()


# -- what anybody else comes to


def test_only_the_page_is_served_and_its_headers_keep_to_itself(served):
    status, headers, text = asked(served)
    assert status == 200 and headers["Referrer-Policy"] == "no-referrer"
    assert (
        headers["Cache-Control"] == "no-store"
        and "unsafe" not in headers["Content-Security-Policy"]
    )
    assert served.show.driver not in text and served.show.audience not in text
    for path in ("/live.js", "/../pyproject.toml", "/etc/passwd", "/?x", "//", "/live/../"):
        assert asked(served, path)[0] == 404
    assert asked(served, "/live")[0] in (403, 426)


def test_names_and_pages_of_elsewhere_are_refused(served):
    port = served.serving.port
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1.evil.example",
        "",
        "a b",
        "x" * 200,
    ):
        assert asked(served, Host=host)[0] in (400, 403), host
    for host in ("localhost", f"localhost:{port}", "127.0.0.1:9", "[::1]:1"):
        assert asked(served, Host=host)[0] == 200, host
    for origin in ("http://evil.example", "null", f"http://localhost:{port}", "http://127.0.0.1"):
        with pytest.raises(InvalidStatus, match="403"):
            Client(served.link, origin)
    base = served.link.partition("/#")[0]
    with pytest.raises(InvalidStatus, match="403"), connect(f"ws{base[4:]}/live"):
        pass


BAD = (
    b"{}", "", "[]", "{", "1" * 3000, "[" * 900, "{}", '{"seen": -1}', '{"seen": 10}', '{"seen": true}',
    '{"size": [1]}', '{"size": [1e9, 2]}', '{"size": [100000, 2]}', '{"press": [1, 2]}', '{"token": "x"}',
    '{"move": [1, "2"]}', '{"quit": true}', '{"seen": 1, "more": 1}', '{"wheel": 1.5}', '{"wheel": NaN}',
    '{"key": "' + "k" * 41 + '", "text": "", "ctrl": false, "shift": false}',
)  # fmt: skip


def test_what_may_not_be_said_ends_the_connection_and_nothing_else(served):
    for text in BAD:
        client = Client(served.link)
        client.until_told("welcome")
        client.socket.send(text)
        assert client.ends()[0] in (1008, 1009), text
    assert served.show.session.t == 0 and served.show.size == (SIZE[1], SIZE[0])
    assert Client(served.link).until_told("welcome")


def test_a_picture_is_never_larger_than_a_screen():
    assert messages.fitting((10_000, -3)) == (240, 2560) and messages.fitting((0, 9999)) == (
        1440,
        320,
    )


def test_too_much_and_too_many(served, monkeypatch):
    monkeypatch.setattr(server, "BURST", 20)
    monkeypatch.setattr(server, "MESSAGES", 1)
    client = Client(served.link)
    with pytest.raises(ConnectionClosed):
        for _ in range(10_000):
            client.say(away=True)
    assert client.ends() == (1008, "too much at once")
    monkeypatch.setattr(server, "VIEWERS", 1)
    first = Client(served.link)
    first.until_told("welcome")
    assert Client(served.link).ends()[0] == 1013
    monkeypatch.setattr(server, "VIEWERS", 40)
    monkeypatch.setattr(server, "WAITING", 0)
    assert Client(served.link).ends()[0] == 1013


def test_tokens_are_in_no_log(served, caplog):
    caplog.set_level(logging.DEBUG)
    client = Client(served.link)
    client.until_told("welcome")
    client.socket.close()
    asked(served, f"/?token={served.show.driver}")
    ours = [
        r for r in caplog.records if r.name != "websockets.client"
    ]  # that is the test's own part
    assert not any(served.show.driver in r.getMessage() for r in ours)


# -- pictures


def test_what_is_sent_makes_the_picture_whole_for_whoever_missed_some():
    """At sizes that are no whole blocks, for viewers that were sent the first, some, or none."""
    dice, kept = np.random.default_rng(3), blocks.Blocks()
    frame = dice.integers(0, 255, (70, 101, 3), np.uint8)
    assert kept.show(frame) and not kept.show(frame.copy())
    seen = {0: np.zeros_like(frame), 1: frame.copy()}
    for _ in range(5):
        frame = frame.copy()
        y, x = dice.integers(0, 60, 2)
        frame[y : y + 9, x : x + 20] ^= 1
        assert kept.show(frame)
    for number, picture in seen.items():
        data = kept.since(number)
        count, across = struct.unpack_from("<2H", data)
        assert count <= 12 and len(data) < 40_000
        sheet = np.array(Image.open(io.BytesIO(data[4 + 2 * count :])))
        for k, place in enumerate(struct.unpack_from(f"<{count}H", data, 4)):
            y, x = (32 * v for v in divmod(place, 4))
            sy, sx = (32 * v for v in divmod(k, across))
            part = picture[y : y + 32, x : x + 32]
            part[:] = sheet[sy : sy + part.shape[0], sx : sx + part.shape[1]]
        assert (picture == frame).all()


# -- the command, the notebook, the browser


@pytest.mark.parametrize(
    "words",
    [
        ("watch", "--web", "corner"), ("watch", "corner", "--web", "99999"), ("watch", "corner", "--web", "x y:1"),
        ("watch", "corner", "--web", "--terminal"), ("watch", "--tour", "--terminal"),
        ("watch", "corner", "--web", "0", "--headless"), ("watch", "--tour", "--web", "0", "--headless"),
        ("level", "play", "no-such-set"), ("level", "play", "no-such-set", "--headless"),
        ("demo", "corner", "--web"), ("demo", "--all", "--web"),
        ("watch", "corner", "--web", "no.such.host.invalid:0"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line(words, capsys):
    assert main(list(words)) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) <= 3
    assert "there is no display" not in told, "what was typed comes first"


def test_a_port_in_use_is_named(served, corner):
    with pytest.raises(server.UserError, match="--web 8018"):
        Inline(Show(served.show.session, SIZE), served.serving.port)


def test_a_notebook_shows_a_frame(served):
    assert f'src="{served.link}"' in served._repr_html_()
    assert "frame-ancestors http://localhost:*" in asked(served)[1]["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in dict(server.page("x")[1])["Content-Security-Policy"]


@pytest.mark.browser
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
def test_in_a_browser(served, monkeypatch):
    """Keys, a click on the timeline, an edit, two who look, a wrong link, and a server that goes and
    comes back.
    """
    show, session = served.show, served.show.session
    ready = "Number(document.documentElement.dataset.picture) > 0"
    with Browser(1000, 700) as one, Browser(1000, 700) as two:
        one.go(served.link)
        two.go(served.audience)
        for page, role in ((one, "you drive"), (two, "you watch")):
            page.wait(ready)
            page.wait(f"document.documentElement.dataset.state === '{role}'")
            assert page.run("return location.href") == f"http://127.0.0.1:{served.serving.port}/"
        for step in (1, 2):
            one.press(".")
            wait(lambda step=step: session.t == step)
        wait(
            lambda: show.frame.shape[1] == one.run("return document.querySelector('canvas').width")
        )
        for page in (one, two):
            page.wait(f"{show.blocks.number} <= Number(document.documentElement.dataset.picture)")
        two.press(".")
        line = next(s for s in show.spots if isinstance(s, Track) and s.kind == "time")
        middle = (line.left + line.right) / 2 / show.frame.shape[1] - 0.5
        down = (line.y0 + line.y1) / 2 / show.frame.shape[0] - 0.5
        one.click_at("canvas", middle, down)
        wait(lambda: session.t == 1)
        one.press("e")
        wait(lambda: show.look.edit)
        one.press("\ue012")  # the cursor to the left, and a wall there
        one.press("\ue007")
        wait(lambda: len(session.editor.made) == 1)
        served.close()
        one.wait("document.documentElement.dataset.state === 'the connection is lost'")
        show.open = True
        again = Inline(show, served.serving.port)
        try:
            one.wait("document.documentElement.dataset.state === 'you drive'")
            one.press("e")
            wait(lambda: not show.look.edit)
            two.run("sessionStorage.clear()")
            two.go(f"http://127.0.0.1:{served.serving.port}/#wrong")
            two.wait("document.documentElement.dataset.state === 'refused'")
            assert not [
                line for line in one.log() if "refused" not in line and "WebSocket" not in line
            ]
        finally:
            again.close()
