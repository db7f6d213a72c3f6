"""What can be set while one watches: how learned agents draw their actions, alpha, and the world's
parameters.
"""

from __future__ import annotations

from typing import NamedTuple

from .cast import STEERED, Cast
from .source import Source
from .stage import Stage

HOTTEST = 4.0  # highest temperature of a policy's softmax
REACH = 16.0  # times a vector, at most and less


class Dial(NamedTuple):
    """Something that can be set: its name, its value now and that in words, the least and the most
    that it can be.
    """

    name: str
    value: float
    low: float
    high: float
    words: str


class Dials:
    """All that can be set on a stage."""

    def __init__(self, stage: Stage, cast: Cast, source: Source) -> None:
        self.stage, self.cast, self.source = stage, cast, source
        self.reach = REACH  # of steering

    def of_agents(self) -> list[Dial]:
        """How learned agents act, if there are any: it holds from this step on."""
        heat, random = self.stage.sampling
        found = [
            Dial("epsilon", random, 0.0, 1.0, f"{random:g}"),
            Dial("temperature", heat, 0.0, HOTTEST, f"{heat:g}"),
        ]
        if STEERED in self.cast.agents:
            now = self.stage.steering
            found.insert(0, Dial("steering", now, -self.reach, self.reach, f"{now:+g}"))
        return found if self.cast.agents else []

    def of_levels(self) -> list[Dial]:
        """Alpha and the world's parameters: they hold from the next reset on."""
        source, base = self.source, self.source.base
        found = [Dial("alpha", source.alpha, 0.0, 1.0, f"{source.alpha:g}")]
        row = base.deploy if source.split != "train" else base.train
        for name in base.params._fields:
            value = float(source.params[name] if name in source.params else getattr(row, name))
            low, high = base.limits.get(name, (0.0, max(2.0 * abs(value), 1.0)))
            found.append(Dial(name, value, float(low), float(high), base.say(name, value)))
        return found

    def set(self, name: str, value: float) -> None:
        """Set what is called so. Raises UserError for a parameter beyond its limits."""
        agents = {dial.name: dial for dial in self.of_agents()}
        if name == "alpha":
            self.source.mix(value)
            self._told(f"alpha {self.source.alpha:g}")
        elif name in agents:
            self._set_agents(agents[name], value)
        else:
            self._set_parameter(name, value)

    def _set_parameter(self, name: str, value: float) -> None:
        """Change a parameter in all splits."""
        base = self.source.base
        whole = not isinstance(getattr(base.params(), name), float)
        value = round(value) if whole else round(value, 3)
        base.with_params(**{name: value})  # or it is refused
        self.source.params[name] = value
        self.source.given = False
        self._told(f"{name} {base.say(name, value)}")

    def _told(self, what: str) -> None:
        self.stage.message = f"{what} from the next reset or level on"

    def _set_agents(self, dial: Dial, value: float) -> None:
        """Let learned agents act otherwise: what they did after this step is forgotten."""
        value = round(min(max(float(value), dial.low), dial.high), 2)
        steers = dial.name == "steering"
        value = round(2 * value) / 2 if steers else value
        if value == dial.value:
            return
        if steers:
            self.stage.steering = value
        else:
            self.stage.sampling = self.stage.sampling._replace(**{dial.name: value})
        for pane in self.stage.panes:
            if STEERED in pane.who if steers else self.cast.learned(pane):
                pane.history.forget()
                pane.ask_anew()
        self.stage.message = (
            f"{dial.name} {value:g}: learned agents act by it from step {self.stage.t} on"
        )
