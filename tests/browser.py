"""A real browser for tests: headless Chromium, spoken to by the WebDriver protocol over plain HTTP.

It needs `chromium` and `chromedriver` (Debian: apt-get install chromium chromium-driver); tests
that use it are skipped without them.
"""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
DRIVER = shutil.which("chromedriver")
MISSING = "needs a browser: apt-get install chromium chromium-driver, then pytest -m browser"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-device-scale-factor=1",
)


class Browser:
    """One window of Chromium; use it as a context."""

    def __init__(self, width: int = 1400, height: int = 1000) -> None:
        self.size = width, height

    def __enter__(self) -> "Browser":
        assert CHROMIUM and DRIVER
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.home = tempfile.TemporaryDirectory(
            prefix="goalshift-browser-", ignore_cleanup_errors=True
        )
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(
            [DRIVER, f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.home.name,
        )
        for _ in range(200):
            try:
                if self._ask("GET", "/status")["ready"]:
                    break
            except OSError:
                time.sleep(0.05)
        flags = [
            *FLAGS,
            f"--user-data-dir={self.home.name}/profile",
            f"--window-size={self.size[0]},{self.size[1]}",
        ]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": CHROMIUM, "args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += f"/session/{session['sessionId']}"
        return self

    def __exit__(self, *fault: object) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.home.cleanup()

    def _ask(self, method: str, path: str, body: dict | None = None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as fault:
            raise AssertionError(json.load(fault)["value"]["message"]) from None

    def go(self, address: str) -> None:
        """Open an address."""
        self._ask("POST", "/url", {"url": address})

    def open(self, path) -> None:
        """Open a file and wait until its players are ready."""
        self.go(path.absolute().as_uri())
        self.wait("document.documentElement.dataset.ready === 'yes'")

    def run(self, code: str, *given):
        """What the body of a function returns in the page."""
        return self._ask("POST", "/execute/sync", {"script": code, "args": list(given)})

    def wait(self, condition: str, seconds: float = 300.0) -> None:
        """Until a condition is true in the page."""
        end = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < end, f"never came true: {condition}; {self.log()}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """A true click of the mouse, where the element is seen."""
        found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        self._ask("POST", f"/element/{next(iter(found.values()))}/click")

    def click_at(self, selector: str, right: float, down: float) -> None:
        """A click so far from the middle of an element, as shares of its width and height."""
        box = self.run(
            f"const b = document.querySelector({selector!r}).getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]"
        )
        x, y = box[0] + box[2] * (0.5 + right), box[1] + box[3] * (0.5 + down)
        moves = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": moves}
        self._ask("POST", "/actions", {"actions": [mouse]})

    def press(self, key: str) -> None:
        """A key on the element that has the focus."""
        strokes = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._ask(
            "POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": strokes}]}
        )

    def log(self) -> list[str]:
        """What the console has said since the last call."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """The addresses asked for since the last call."""
        sent = []
        for entry in self._ask("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                sent.append(message["params"]["request"]["url"])
        return sent

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def print(self) -> str:
        """The page on paper: a PDF in base64."""
        return self._ask("POST", "/print", {"background": True})
