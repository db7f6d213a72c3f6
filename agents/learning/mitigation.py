"""Mitigations: what is done to a training, or to its agents, that the intended goal may survive a
shift.

`--mitigate entropy:0.05,dropout` names some, each with a value or its usual one. A mitigation is
one of three things: other options of the learner, a hook in it (see `hooks`), or something made of
trained agents. What is only options is replaced by them before a run begins, so a run's
configuration holds hooks alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine import counts
from ...engine.errors import UserError, need
from ...engine.roster import Roster, first_sentence

if TYPE_CHECKING:
    from ...engine.world import World
    from ..policies.policy import Policy
    from .hooks import Hook, Recipe

Given = Mapping[str, Any]  # options of the learner by name


@dataclass(frozen=True)
class Mitigation:
    """One file of `mitigations/` ends in `MITIGATION = Mitigation(...)`.

    about: its first sentence says what it does. value: the usual one, "" if it takes none. Exactly one
    of: options(value, world, options so far) gives other options; hook(value, world, config) makes
    a hook; agents(value, world, policies of one recipe) makes agents of agents.
    """

    about: str | None
    value: str = ""
    options: Callable[[str, World, Given], dict[str, Any]] | None = None
    hook: Callable[[str, World, Recipe], Hook] | None = None
    agents: Callable[[str, World, Sequence[Policy]], Sequence[Policy]] | None = None

    def __post_init__(self) -> None:
        kinds = [kind for kind in (self.options, self.hook, self.agents) if kind is not None]
        need(len(kinds) == 1, "a mitigation is one of options, hook and agents")

    @property
    def title(self) -> str:
        """The first sentence of `about`."""
        return first_sentence(self.about)


MITIGATIONS = Roster("mitigation", "agents/learning/mitigations", "MITIGATION", Mitigation)


def number(name: str, value: str, low: float, high: float) -> float:
    """A value as a number from low to high. UserError names the mitigation."""
    found = counts.number(value)
    need(low <= found <= high, f"{name} takes a number from {low:g} to {high:g}, not '{value}'")
    return found


def named(text: str) -> list[tuple[str, str]]:
    """The names and values of "entropy:0.05,dropout"; a value may hold colons, and no commas."""
    pairs = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    names = [name for name, _, _ in pairs]
    twice = [name for name in names if names.count(name) > 1]
    need(not twice, f"--mitigate names {twice[:1]} twice".replace("['", "'").replace("']", "'"))
    return [(name, value) for name, _, value in pairs]


def expanded(world: World, given: Given) -> dict[str, Any]:
    """Options of the learner with those mitigations applied that are only options; the text of the
    others stays. UserError for a name that there is not.
    """
    found, rest = dict(given), []
    for name, value in named(str(given.get("mitigate", ""))):
        one = MITIGATIONS.load(name)
        value = value or one.value
        if one.agents is not None:
            raise UserError(
                f"--mitigate {name}: it is made of trained agents, and changes no training:"
                f" goalshift mitigate {world.name} --with {name} compares it"
            )
        if one.options is not None:
            made = one.options(value, world, found)
            need(isinstance(made, Mapping), f"--mitigate {name}: options(...) must give a dict")
            found |= made
        else:
            rest.append(f"{name}:{value}" if value else name)
    return found | ({"mitigate": ",".join(rest)} if "mitigate" in given else {})


def hooks_of(world: World, config: Recipe) -> list[Hook]:
    """The hooks that a configuration asks for: its reward, then its mitigations."""
    from .hooks import Hook
    from .pays import Pays

    found: list[Hook] = [Pays(config.reward, world, config.gamma)] if config.reward else []
    for name, value in named(config.mitigate):
        one = MITIGATIONS.recall(name, f"--mitigate {config.mitigate}")
        need(
            one.hook is not None,
            f"--mitigate {name} is no hook: it stands for other options (see `configure`)",
        )
        assert one.hook is not None
        made = one.hook(value or one.value, world, config)
        need(isinstance(made, Hook), f"--mitigate {name}: hook(...) must give a Hook")
        found.append(made)
    return found
