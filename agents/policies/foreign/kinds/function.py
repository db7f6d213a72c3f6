"""A function `act(obs)`, a class or an object that has one, or a Python file with either."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .....engine.catalogue import fault_place, run_file
from .....engine.errors import RunError, UserError, did_you_mean, need
from ...policy import Policy
from ..base import Asked, Brought, Foreign
from ..kind import Found, Kind

MODULE = "goalshift_agent_"  # agent files become modules under their name with this before it
WHAT = "a function"


class _Acting:
    """Asks a function about one row after the other, or an object of its own for each row."""

    def __init__(self, agent: Any, name: str) -> None:
        self.agent, self.name = agent, name
        self.each = inspect.isclass(agent)  # an object for every episode
        self.rows: list[Any] = []

    def __call__(self, asked: Asked) -> np.ndarray:
        chosen = np.zeros(len(asked.fresh), np.int64)
        for k in np.flatnonzero(asked.running).tolist():
            chosen[k] = self._ask(k, asked.seen[k], asked)
        return chosen

    def _ask(self, k: int, seen: Any, asked: Asked) -> int:
        try:
            answer = self._actor(k, bool(asked.fresh[k]), len(asked.fresh))(seen)
        except (UserError, RunError):
            raise
        except Exception as fault:
            theirs = traceback.extract_tb(fault.__traceback__)[1:2]  # the first frame is this one
            told = f"{type(fault).__name__}: {fault}"
            if theirs:
                told = fault_place(fault, Path(theirs[0].filename))
            raise RunError(f"the agent '{self.name}' failed: {told}") from fault
        return self.number(answer, asked.actions)

    def _actor(self, k: int, fresh: bool, rows: int) -> Callable[[Any], Any]:
        """What is asked about row k."""
        if not self.each:
            return self.agent.act if hasattr(self.agent, "act") else self.agent
        if len(self.rows) != rows:
            self.rows = [None] * rows
        if fresh or self.rows[k] is None:
            self.rows[k] = self.agent()
        return self.rows[k].act

    def number(self, answer: Any, actions: tuple[str, ...]) -> int:
        """An action by its number or its name."""
        if isinstance(answer, str):
            word = answer.strip().lower()
            if word in actions:
                return actions.index(word)
            hint = did_you_mean(word[:40], actions)
            raise RunError(f"the agent '{self.name}' chose {answer[:40]!r}, no action.{hint}")
        one = answer.item() if getattr(answer, "size", None) == 1 else answer
        if isinstance(one, bool) or not isinstance(one, int):
            raise RunError(
                f"the agent '{self.name}' must give an action's number or name, and gave"
                f" {type(answer).__name__}"
            )
        return one


def function(agent: Any, obs: str | None = None, name: str = "") -> Foreign:
    """A policy that asks `agent(obs)`, or `agent.act(obs)`, about one learner at a time.

    The answer is an action's number, or its name. Of a class there is an object for every episode,
    so it may remember. A function must not: it is asked about many episodes in turn. Raises
    UserError for what does not act.
    """
    acts = callable(getattr(agent, "act", None))
    need(
        acts or (callable(agent) and not inspect.isclass(agent)),
        f"an agent is a function act(obs), or a class that has one, not {type(agent).__name__}",
    )
    named = name or getattr(agent, "__name__", type(agent).__name__).strip("<>")
    obs = obs or getattr(agent, "obs", None) or getattr(agent, "OBS", None)
    acting = _Acting(agent, named)
    return Brought(WHAT, obs, act=acting, remembers=acting.each).policy(named)


def find(path: Path) -> Policy | Found:
    """The agent of a Python file: `AGENT`, whatever that is, or a function `act`; `OBS` says what
    it looks at. The file is run: it is code.
    """
    module = run_file(path, "agent", MODULE)
    agent = getattr(module, "AGENT", None) or getattr(module, "act", None)
    if agent is None:
        raise UserError(
            f"agent file '{path}' neither ends in AGENT = ... nor has a function act(obs)"
        )
    if isinstance(agent, Policy):
        agent.name = path.stem
        return agent
    return Found(agent, getattr(module, "OBS", None), path.stem)


KIND = Kind("a Python file", wrap=function, endings=(".py",), open=find)
