"""Who plays: policies by name, and who of them plays the learners of each pane.

Policies think in threads of their own: what they are asked is put together here, and answered
there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...engine import state
from ...engine.errors import UserError
from ...engine.history import History
from ...engine.vector import observed
from ...engine.world import World
from ..lab.inside.steering import Steered
from ..policies.expert import Expert
from ..policies.policy import Policy
from ..policies.simple import RandomPolicy
from .recalling import recalls, relive
from .stage import HUMAN, RECORDED, Pane, Stage

PANES = 4
STEERED, IN_TRAINING = "steered", "in training"
WORDS = {
    HUMAN: "you",
    "random": "random moves",
    RECORDED: "as recorded",
    "checkpoint": "the learned agent",
    IN_TRAINING: "the learned agent, in training",
    STEERED: "the learned agent, steered",
}
Agents = dict[str, Callable[[World], Policy]]  # name -> what makes the policy for a world


class Cast:
    """Who plays in each pane of a stage.

    agents: the learned ones; added to them are the experts of all goals, a random policy and a
    person.
    """

    def __init__(self, stage: Stage, agents: Agents) -> None:
        self.stage, self.agents = stage, dict(agents)
        self.recorded = ""  # who acted in a recording, in words

    def names(self) -> list[str]:
        """Who may play, the best default first."""
        experts = [f"expert:{goal.name}" for goal in self.stage.world.goals]
        return [*self.agents, *experts, "random", HUMAN]

    def known(self, name: str) -> str:
        """The name, or the default for ""; UserError if nobody is called so."""
        name = name or self.names()[0]
        if name not in (*self.names(), RECORDED):
            raise UserError(f"nobody is called '{name}' here (there are {', '.join(self.names())})")
        return name

    def learned(self, pane: Pane) -> bool:
        """Does a learned agent play in it?"""
        return bool(self.agents.keys() & pane.who)

    def word(self, name: str) -> str:
        """What a player's name means."""
        if name.startswith("expert:"):
            goal = self.stage.world.goal(name[7:])
            return f"expert that wants to {goal.aim}"
        if name == RECORDED and self.recorded:
            return f"recorded: {self.recorded}"
        return WORDS.get(name, name)

    def label(self, pane: Pane) -> str:
        """Who plays in a pane, in words."""
        words = " + ".join(dict.fromkeys(self.word(name) for name in pane.who))
        now, usual = self.stage.sampling, self.stage.sampling._field_defaults
        set_to = [
            f"{name} {getattr(now, name):g}"
            for name in ("epsilon", "temperature")
            if getattr(now, name) != usual[name]
        ]
        if STEERED in pane.who:
            set_to.append(f"{self.stage.steering:+g}")
        return f"{words} ({', '.join(set_to)})" if set_to and self.learned(pane) else words

    # -- changing who plays

    def cycle(self) -> None:
        """Let the next one play the learner in focus, from here on."""
        names, now = self.names(), self.stage.pane.who[self.stage.learner]
        self.appoint(names[(names.index(now) + 1) % len(names)] if now in names else names[0])

    def appoint(self, name: str) -> None:
        """Let `name` play the learner in focus from here on."""
        pane = self.stage.pane
        pane.who[self.stage.learner] = self.known(name)
        pane.history.forget()
        pane.ask_anew()
        self.stage.message = f"{self.word(name)} plays from step {pane.history.t} on"

    def take_over(self) -> None:
        """A person plays the learner in focus; once more, and who did before plays on."""
        pane, learner = self.stage.pane, self.stage.learner
        if self.stage.by_hand:
            self.appoint(pane.before.pop(learner, self.names()[0]))
        else:
            pane.before[learner] = pane.who[learner]
            self.appoint(HUMAN)
            self.stage.playing = False

    def compare(self) -> None:
        """One pane more, played by somebody who does not play yet; after four, one again."""
        panes = self.stage.panes
        if len(panes) >= PANES:
            del panes[1:]
            self.stage.focus = self.stage.learner = 0
            return
        playing = {name for pane in panes for name in pane.who}
        name = next((n for n in self.names() if n not in playing and n != HUMAN), self.names()[0])
        world = self.stage.world
        panes.append(Pane(History(world, panes[0].history.copies[0]), [name] * world.learners))
        self.stage.go(0)

    def reload(self) -> None:
        """Make all policies anew: a checkpoint may have a newer one."""
        for pane in self.stage.panes:
            pane.policies, pane.mapping, pane.asked = {}, {}, {}
            pane.thoughts_of = ()
        self.stage.message = "the newest checkpoint plays"

    # -- asking them

    def policy(self, name: str) -> Policy:
        """A new policy of that name."""
        if name.startswith("expert:"):
            return Expert(self.stage.world, name[7:])
        if name == "random":
            return RandomPolicy(self.stage.world)
        if name in self.agents:
            return self.agents[name](self.stage.world)
        raise UserError(f"'{name}' cannot play by itself")

    def tune(self, policy: Policy) -> None:
        """Let it draw its actions, and be steered, as is set now."""
        policy.loosen(*self.stage.sampling)
        if isinstance(policy, Steered):
            policy.coefficient = self.stage.steering

    def question(self, pane: Pane, wanted: int) -> Callable[[], np.ndarray]:
        """What to ask a pane's policies about its state, to be answered in a thread: the actions
        int64[L]. A person wants to do `wanted`.
        """
        world = self.stage.world
        states, saved, who = state.copy(pane.history.state), pane.history.save(), list(pane.who)
        policies, asked = pane.policies, pane.asked

        def think() -> np.ndarray:
            actions = np.zeros(world.learners, np.int64)
            for name in dict.fromkeys(who):
                mine = [k for k, other in enumerate(who) if other == name]
                if name == HUMAN:
                    actions[mine] = wanted
                    continue
                if name not in policies:
                    policies[name] = self.policy(name)
                policy = policies[name]
                self.tune(policy)
                fresh = saved.t == 0 or asked.get(name, -1) != saved.t - 1
                if fresh:
                    policy.start(1, world.learners)
                    # what it remembers has to be lived through again
                    if saved.t and recalls(policy):
                        relive(policy, world, saved.copies[0], saved)
                        fresh = False
                chosen = np.asarray(policy.act(observed(world, states), states, np.array([fresh])))[
                    0
                ]
                if not ((chosen >= 0) & (chosen < len(world.actions))).all():
                    raise UserError(
                        f"{policy.name} chose the action {chosen.tolist()}, which the world lacks"
                    )
                asked[name] = saved.t
                actions[mine] = chosen[mine]
            return actions

        return think
