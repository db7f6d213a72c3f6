"""A session in a notebook: served on this machine from a thread, and shown in a frame.

from goalshift.agents.live.web.inline import inline
inline("corner")
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from markupsafe import Markup

from ....engine.errors import RunError
from ..open import open_session
from .server import Serving
from .show import Show

SIZE = (1100, 640)  # width, height
PATIENCE = 20.0  # seconds that beginning and ending may take


class Inline:
    """A show that is served until `close` is called or the process ends; in a notebook, its frame.

    Raises UserError where the port cannot be opened.
    """

    def __init__(self, show: Show, port: int = 0) -> None:
        self.show = show
        self.serving = Serving(show, "127.0.0.1", port, framed=True)
        self._begun, self._fault = threading.Event(), list[Exception]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        if not self._begun.wait(PATIENCE):
            raise RunError("the page is not served: nothing happened for a while")
        if self._fault:
            raise self._fault[0]

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self.serving.run(self._begun.set, signals=False))
        except Exception as fault:  # told to whoever waits, or closes
            self._fault.append(fault)
        finally:
            self._begun.set()
            self._loop.close()

    def close(self) -> None:
        """Serve it no longer. Raises what has gone wrong meanwhile."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.serving.stop)
            self._thread.join(PATIENCE)
        if self._fault:
            raise self._fault[0]

    @property
    def link(self) -> str:
        """The address at which all can be done that can be done at the window."""
        return self.serving.link(self.show.driver)

    @property
    def audience(self) -> str:
        """The address for those who are to look only."""
        return self.serving.link(self.show.audience)

    def _repr_html_(self) -> str:
        frame = '<iframe src="{}" width="100%" height="{}" allow="clipboard-write; fullscreen"></iframe>'
        return str(Markup(frame).format(self.link, SIZE[1] + 40))


def inline(what: str, port: int = 0, **more: Any) -> Inline:
    """Show what `goalshift watch` shows below a cell of a notebook on this machine.

    what: a world, a run, a replay, a file of levels; more: see `open_session`.
    """
    return Inline(Show(open_session(what, **more), SIZE), port)
