"""Whom a user means: a run, a checkpoint, a file with an agent, an object of another library.

The one place where what was named, or handed over, becomes a policy.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.catalogue import load
from ...engine.errors import UserError
from ...engine.world import World
from ..policies.foreign import table
from ..policies.foreign.base import Foreign, at_home
from ..policies.policy import Policy

if TYPE_CHECKING:
    from ..learning.trained import Trained


def is_run(named: str | Path) -> bool:
    """Is it a run of ours, or a checkpoint of one? Files of agents from elsewhere are not."""
    return not table.is_file(str(named))


def run(named: str | Path) -> Trained:
    """The agent of a run folder or a checkpoint. Raises UserError, also for folders of others."""
    from ..learning.files import CHECKPOINT
    from ..learning.trained import Trained

    path = Path(named)
    if path.is_dir() and not (path / CHECKPOINT).exists():
        for theirs, library in (
            ("rllib_checkpoint.json", "RLlib"),
            ("algorithm_state.pkl", "RLlib"),
        ):
            if (path / theirs).exists():
                raise UserError(
                    f"'{path}' is a checkpoint of {library}, which holds pickles. In Python, if you"
                    f" trust it: goalshift.foreign.{library.lower()}(algorithm.get_module())"
                )
    return Trained.load(path)


def elsewhere(named: str | Path, world: str | World | None) -> Policy:
    """The agent in a file that is no run of ours, in the world that it is to act in.

    A Python file is run: it is code. Raises UserError without a world, and if it does not fit.
    """
    opened = table.of_file(Path(named))
    if world is None:
        raise UserError(f"'{named}' does not say in which world it acts: add --world NAME")
    home = load(world)
    return at_home(opened(), home)


def agent_of(agent: Any, world: World) -> Policy:
    """The policy that somebody means in a world: a policy itself, a run or a file by its path, or an
    object of another library (see `policies.foreign`).

    Raises UserError if it is none of them, or does not fit.
    """
    if isinstance(agent, Policy):
        return at_home(agent, world)
    if isinstance(agent, str | Path):
        if not is_run(agent):
            return elsewhere(agent, world)
        from ..learning.trained import Trained

        return Trained.load(agent, world)
    return at_home(table.wrap(agent), world)


def kind(agent: Policy) -> str:
    """What an agent from elsewhere is, in words; "" for one of ours."""
    return str(agent.about["kind"]) if isinstance(agent, Foreign) else ""
