"""The server: one page, one WebSocket, tokens, and limits to what anybody may ask for.

The token stands behind the "#" of the address, which no browser sends anywhere; the page says it in
its first message. So it is in no log and no Referer.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import re
import signal
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from markupsafe import Markup
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ....engine.errors import UserError
from ....engine.files import reason
from ....engine.view.html import asset, render, seal
from .messages import NotSaid, read
from .show import Show, Viewer

HERE = Path(__file__).parent
RATE = 20  # pictures a second, at most
VIEWERS, WAITING = 40, 8  # at once, and those who have not said a token yet
PATIENCE = 5.0  # seconds for the token to be said
PENALTY = 0.5  # seconds until a wrong one is refused
FAREWELL = 1.0  # seconds that one who is sent away has to answer; floods are not read any more
MESSAGES, BURST = 200, 400  # of one viewer, a second and at once
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d+)?")
POLICY, BUSY = 1008, 1013  # why a connection is closed, as WebSockets number it


def page(host: str, framed: bool = False) -> tuple[str, list[tuple[str, str]]]:
    """The page, and the headers it goes out with: no script but its own, no other address.

    framed: may a notebook on this machine show it in a frame?
    """
    script, style = asset(HERE / "live.js"), asset(HERE / "live.css")
    text = render("agents/live/web/live.html.j2", script=script, style=Markup(style))
    around = "http://localhost:* http://127.0.0.1:* https://localhost:*" if framed else "'none'"
    policy = (
        f"default-src 'none'; script-src {seal(script)}; style-src {seal(style)}; img-src data: blob:"
        f"; connect-src ws://{host} wss://{host}; base-uri 'none'; form-action 'none'"
        f"; frame-ancestors {around}"
    )
    return text, [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]


class Serving:
    """A show on an address and a port (0: one that is free).

    Only the page and its WebSocket are served. The name in the address that a browser asks by must
    be this machine's own, "localhost" or plain numbers, or a page of elsewhere could have had its
    name point here.
    """

    def __init__(self, show: Show, host: str, port: int, framed: bool = False) -> None:
        self.show, self.host, self.port, self.framed = show, host, port, framed
        self._waiting = 0
        self._fault: Exception | None = None
        self._stop: asyncio.Event | None = None

    def link(self, token: str) -> str:
        """The address for whoever is to have this token."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/#{token}"

    async def run(self, begun: Callable[[], None], signals: bool = True) -> None:
        """Serve until `stop`; `begun` is called once the port is open. Raises UserError if it
        cannot be opened.
        """
        self._stop, silent = asyncio.Event(), logging.Logger("goalshift.web", logging.CRITICAL + 1)
        opened = serve(
            self._meet,
            self.host,
            self.port,
            process_request=self._answer,
            compression=None,  # pictures are packed already
            max_size=4096,
            max_queue=64,
            open_timeout=PATIENCE,
            close_timeout=FAREWELL,
            server_header=None,
            logger=silent,
        )
        async with contextlib.AsyncExitStack() as stack:
            try:
                server = await stack.enter_async_context(opened)
            except (OSError, OverflowError) as fault:
                words = reason(fault) if isinstance(fault, OSError) else str(fault)
                raise UserError(
                    f"--web {self.host}:{self.port}: {words}; give another, such as --web 8018"
                ) from None
            self.port = next(iter(server.sockets)).getsockname()[1]
            if signals:
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
            begun()
            await self._tell(server)
        if self._fault is not None:
            raise self._fault

    async def _tell(self, server: Server) -> None:
        """Let time run until somebody stops it."""
        assert self._stop is not None
        try:
            while not self._stop.is_set() and self.show.open:
                begun = time.perf_counter()
                self.show.tick(begun)
                left = max(1.0 / RATE - (time.perf_counter() - begun), 0.005)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), left)
        finally:
            server.close()
            self.show.finish()

    def stop(self) -> None:
        """End it; from the thread that it runs in."""
        if self._stop is not None:
            self._stop.set()

    # -- who asks

    def ours(self, headers: Headers) -> str:
        """The name and port that a browser asked by, if it may be ours; else ""."""
        host = headers.get("Host", "")
        found = HOST.fullmatch(host)
        if found is None or len(host) > 100:
            return ""
        name = found[1].strip("[]").lower()
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(name)
            return host
        return host if name in ("localhost", self.host.lower()) else ""

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """The page, a refusal, or None: the WebSocket."""
        try:
            host = self.ours(request.headers)
            origins = request.headers.get_all("Origin")
        except LookupError:  # said more than once
            host, origins = "", []
        if not host:
            return self._refuse(connection, HTTPStatus.FORBIDDEN, "Not by this name.")
        if request.path == "/live":
            if origins not in ([f"http://{host}"], [f"https://{host}"]):
                return self._refuse(connection, HTTPStatus.FORBIDDEN, "Not from another page.")
            return None
        if request.path != "/":
            return self._refuse(connection, HTTPStatus.NOT_FOUND, "There is nothing here.")
        text, headers = page(host, self.framed)
        response = connection.respond(HTTPStatus.OK, text)
        del response.headers["Content-Type"]
        for name, value in headers:
            response.headers[name] = value
        return response

    def _refuse(self, connection: ServerConnection, status: HTTPStatus, words: str) -> Response:
        return connection.respond(status, f"{words}\n")

    # -- who is there

    async def _meet(self, connection: ServerConnection) -> None:
        """Somebody has opened the WebSocket."""
        if self._waiting >= WAITING or len(self.show.viewers) >= VIEWERS:
            await connection.close(BUSY, "too many are looking")
            return
        self._waiting += 1
        try:
            token = await self._token(connection)
        finally:
            self._waiting -= 1
        viewer = self.show.enter(token) if token else None
        if viewer is None:
            await asyncio.sleep(PENALTY)
            await connection.close(POLICY, "this link is not, or no longer, valid")
            return
        sending = asyncio.ensure_future(self._send(connection, viewer))
        try:
            await self._listen(connection, viewer)
        except NotSaid as fault:
            await connection.close(POLICY, str(fault))
        except ConnectionClosed:
            pass
        except Exception as fault:  # as in the window: it ends the show, and is told
            self._fault = fault
            self.stop()
        finally:
            sending.cancel()
            self.show.leave(viewer)

    async def _token(self, connection: ServerConnection) -> str:
        """What is said first, if it is a token; else ""."""
        with contextlib.suppress(TimeoutError, NotSaid, ConnectionClosed):
            text = await asyncio.wait_for(connection.recv(), PATIENCE)
            kind, said = read(text)
            return said["token"] if kind == "token" else ""
        return ""

    async def _listen(self, connection: ServerConnection, viewer: Viewer) -> None:
        left, last = float(BURST), time.monotonic()
        async for text in connection:
            now = time.monotonic()
            left, last = min(left + MESSAGES * (now - last), BURST) - 1, now
            if left < 0:
                raise NotSaid("too much at once")
            self.show.hear(viewer, text)

    async def _send(self, connection: ServerConnection, viewer: Viewer) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                for sent in self.show.due(viewer):
                    await connection.send(sent if isinstance(sent, bytes) else json.dumps(sent))
                await asyncio.sleep(1.0 / RATE / 2)


def serve_session(show: Show, address: tuple[str, int], say: Callable[[str], None]) -> None:
    """Serve a show until Ctrl+C; the links are told by `say`."""
    serving = Serving(show, *address)

    def begun() -> None:
        for line in links(serving):
            say(line)

    asyncio.run(serving.run(begun))


def links(serving: Serving) -> list[str]:
    """What to tell whoever has started it."""
    show = serving.show
    return [
        f"drive: {serving.link(show.driver)}",
        f"watch: {serving.link(show.audience)}  (for an audience: nothing can be done there)",
        "Ctrl+C ends it; from another machine: "
        f"ssh -L {serving.port}:localhost:{serving.port} THIS-MACHINE, and the same links",
    ]
