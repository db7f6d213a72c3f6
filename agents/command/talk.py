"""What a command says: remarks and progress on stderr, its report on stdout."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ...engine.errors import printable
from ...engine.progress import Show, silent


class Report(NamedTuple):
    """What a verb found: plain data for --json, the same as text, and the exit code."""

    data: dict[str, Any]
    text: str
    code: int = 0


def _at_terminal() -> bool:
    """Whether remarks are read on a terminal; a shell's `2>&-` leaves Python without a stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def shown(text: str) -> str:
    """A text as a terminal may show it: names in it may come from files. Tabs stay."""
    return "\t".join(map(printable, text.split("\t")))


def _put(line: str) -> None:
    """Say it, if it can be said: a disk that is full behind `2>` costs the words, not the work."""
    if sys.stderr is None:
        return
    try:
        print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        return


class Talk:
    """Remarks and progress on stderr; nothing with --quiet, plain lines if it is no terminal."""

    def __init__(self, quiet: bool = False, verbose: bool = False, color: bool = True) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.color = color and not os.environ.get("NO_COLOR") and _at_terminal()

    def say(self, line: str) -> None:
        """One remark."""
        if not self.quiet:
            _put(shown(line))

    def fault(self, message: str) -> None:
        """The one line that ends a failed command; not silenced."""
        label = "\x1b[1;31merror:\x1b[0m" if self.color else "error:"
        _put(f"{label} {message}")

    @contextmanager
    def progress(self, title: str) -> Iterator[Show]:
        """A progress bar (a `Bar`)."""
        if self.quiet:
            yield silent
            return
        try:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
        except ImportError:  # the doctor must be able to say so
            yield self._plain_progress(title)
            return
        console = Console(stderr=True, no_color=not self.color, highlight=False)
        if not (console.is_terminal and sys.stderr):
            yield self._plain_progress(title)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[remark]}", markup=False),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(title, total=None, remark="")

            def show(done: float, total: float, remark: str = "") -> None:
                bar.update(task, completed=done, total=total, remark=shown(remark))

            yield show

    def _plain_progress(self, title: str) -> Show:
        """Progress for a log file: a line at every tenth of the way."""
        printed = -1

        def show(done: float, total: float, remark: str = "") -> None:
            nonlocal printed
            tenth = int(10 * done / total) if total else 0
            if tenth > printed:
                printed = tenth
                self.say(f"{title}: {10 * tenth} % {remark}".rstrip())

        return show


def typed(verb: str, *names: object) -> str:
    """What to type, as a shell reads it: "goalshift eval 'my run'"."""
    return f"goalshift {verb} {shlex.join(map(str, names))}"


def in_columns(rows: list[tuple[str, ...]], indent: str = "") -> str:
    """Rows as aligned columns; the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        indent + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def plain_data(value: Any) -> Any:
    """`value` as strict JSON allows: NumPy values and paths become plain, NaN becomes null."""
    if isinstance(value, dict):
        return {str(key): plain_data(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain_data(value.tolist())
    if isinstance(value, (list, tuple, set)):
        return [plain_data(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


def human_bytes(path: str) -> str:
    """The size of a file: '412 KB'."""
    size = os.path.getsize(path)
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, size // 1000)} KB"
