"""A question that takes long, answered in a thread of its own, so that whoever asks need not
wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Thinker(Generic[T]):
    """Answers one question at a time in a thread of its own; `question`: the first one."""

    def __init__(self, question: Callable[[], T] | None = None) -> None:
        self.busy = False
        self._answer: list[T | Exception] = []
        self._done = threading.Event()
        if question is not None:
            self.ask(question)

    def ask(self, question: Callable[[], T]) -> None:
        """Begin to answer `question`; whatever was asked before is forgotten."""
        answer: list[T | Exception] = []
        done = threading.Event()
        self._answer, self._done, self.busy = answer, done, True

        def work() -> None:
            try:
                answer.append(question())
            except Exception as fault:  # a policy may do anything; the window says what
                answer.append(fault)
            done.set()

        threading.Thread(target=work, daemon=True).start()

    def answer(self, wait: float = 0.0) -> T | Exception | None:
        """The answer, or the exception that came instead; None if it is not there within `wait`
        seconds.
        """
        if not self.busy or not self._done.wait(wait):
            return None
        return self._answer[0]

    def take(self) -> T | Exception | None:
        """The answer, if it is there, once."""
        answer = self.answer()
        if answer is not None:
            self.busy = False
        return answer

    def drop(self) -> None:
        """Forget the question."""
        self.busy = False
