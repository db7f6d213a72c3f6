"""Time that runs both ways: steps at some speed or by hand, and back.

Policies think in threads of their own: a slow one is waited for, one that fails stops time with its
message, and neither stops whoever draws.
"""

from __future__ import annotations

import time

import numpy as np

from .cast import Cast
from .stage import RECORDED, Pane, Stage

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
RATE = 6.0  # steps a second at speed 1
STEP, SLOWEST = 0.16, 0.4  # seconds that a single step is seen to take, and any at most
BUDGET = 0.012  # seconds that one tick may wait for answers


class Clock:
    """Time on a stage.

    speed: which of `SPEEDS`; wanted: the action that a person wants to do next; stopped: did a
    policy fail?
    """

    def __init__(self, stage: Stage, cast: Cast) -> None:
        self.stage, self.cast = stage, cast
        self.speed = SPEEDS.index(1.0)
        self.wanted, self.stopped = 0, False
        self._due = 0.0

    @property
    def pace(self) -> str:
        """The speed as people write it: "1/4", "2"."""
        speed = SPEEDS[self.speed]
        return f"{speed:g}" if speed >= 1 else f"1/{1 / speed:g}"

    def faster(self, by: int = 1) -> None:
        """The next speed, as far as there is one."""
        self.speed = min(max(self.speed + by, 0), len(SPEEDS) - 1)

    def slower(self) -> None:
        """The speed before, as far as there is one."""
        self.faster(-1)

    def fraction(self) -> float:
        """How far the last step has come on its way to be seen, 0-1.

        While time runs one step passes into the next at an even speed; a single one, and each of a
        slow time, comes to rest gently.
        """
        stage, lasts = self.stage, STEP
        if stage.playing:
            lasts = min(1.0 / (RATE * SPEEDS[self.speed]), SLOWEST)
        far = min(max((time.perf_counter() - stage.moved) / lasts, 0.0), 1.0)
        if stage.playing and lasts < SLOWEST:
            return far
        return far * far * (3 - 2 * far)

    def parting(self) -> int | None:
        """The last step at which the first two panes' learners stand together, if they part
        later.
        """
        if len(self.stage.panes) < 2:
            return None
        a, b = (pane.history.notes for pane in self.stage.panes[:2])
        for t in range(min(len(a), len(b))):
            if (a[t].places != b[t].places).any():
                return t - 1 if t else None
        return None

    # -- steps

    def step(self, wait: float | None = None) -> bool:
        """One step of every pane that goes on: played before, or asked for now. True once all have
        made it.

        `wait`: seconds to wait for policies; None: as long as they take. Raises what a policy
        raises.
        """
        target = self.stage.t + 1
        end = None if wait is None else time.perf_counter() + wait
        ready: list[tuple[Pane, np.ndarray | Exception | None]] = []  # None: played before
        for pane in self.stage.panes:
            history = pane.history
            if history.t >= target or history.over:
                continue
            if history.t < history.ends:
                ready.append((pane, None))
            elif pane.who[0] != RECORDED:
                answer = self._ask(pane, end)
                if answer is None:
                    return False
                ready.append((pane, answer))
        for pane, _ in ready:
            pane.thinker.drop()
        for _, answer in ready:
            if isinstance(answer, Exception):
                raise answer
        for pane, actions in ready:
            if isinstance(actions, np.ndarray):
                pane.history.act(actions)
            else:
                pane.history.go(pane.history.t + 1)
        self.wanted, self.stopped = 0, False
        self.stage.moved = time.perf_counter()
        return True

    def _ask(self, pane: Pane, end: float | None) -> np.ndarray | Exception | None:
        """What a pane's policies do next, or what they raised; None if time `end` comes first."""
        if not pane.thinker.busy:
            pane.thinker.ask(self.cast.question(pane, self.wanted))
        while True:
            left = 0.05 if end is None else max(end - time.perf_counter(), 0.0)
            answer = pane.thinker.answer(left)
            if answer is not None or end is not None:
                return answer

    def back(self) -> None:
        """One step back."""
        self.stage.go(self.stage.t - 1)

    def tick(self, now: float, most: int | None = None) -> None:
        """Let time run: as many steps as are due at time `now` (seconds), and none after step
        `most`. A policy that raises stops it.
        """
        stage = self.stage
        if not stage.playing:
            self._due = now
            return
        per = 1.0 / (RATE * SPEEDS[self.speed])
        self._due = max(self._due, now - 0.25)  # what cannot be kept up with is left out
        end = time.perf_counter() + BUDGET
        while self._due + per <= now and stage.playing:
            if stage.over or (most is not None and stage.t >= most):
                stage.playing = False
                return
            before = stage.t
            try:
                if not self.step(max(end - time.perf_counter(), 0.0)):
                    return
            except Exception as fault:
                self._stop(fault)
                return
            self._due += per
            if stage.t == before:
                stage.playing = False  # a recording is at its end
            if time.perf_counter() > end:
                return

    def advance(self) -> bool:
        """One step by hand; time stands still after it. False if a policy is still thinking."""
        self.stage.playing = False
        try:
            return self.step(BUDGET)
        except Exception as fault:
            self._stop(fault)
            return True

    def _stop(self, fault: Exception) -> None:
        self.stage.playing, self.stopped = False, True
        words = " ".join(str(fault).split()) or type(fault).__name__
        self.stage.message = f"paused: {type(fault).__name__}: {words}"[:300]
