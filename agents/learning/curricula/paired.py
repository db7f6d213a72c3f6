"""PAIRED: an adversary makes levels that a second agent can do and the first cannot yet.

After Dennis et al. 2020 (arXiv 2012.02096). The adversary edits levels of the split (`designer`); it
is paid what the antagonist, a second learner of the same recipe, earned at best on a level, less
what the protagonist, who is the run's agent, earned there on average. All three begin anew in
rounds: every environment of either student plays its level until each has been played by both. The
antagonist's steps are logged as `extra_steps`.
"""

import dataclasses

import numpy as np

from ....engine import check, state
from ....engine.errors import need
from ....engine.kernels import TEST, in_pool
from ....engine.vector import Vec
from ..curriculum import Curriculum
from ..designer import Designer
from ..lineage import records
from ..replay import SAMPLE, shares


class Seat:
    """A student's environments, all of them on the levels of a round. [n] each: `on`, `queued`: the
    round of the level that is played and of the next; count, total, best: of the present round's
    episodes.
    """

    def __init__(self, vec):
        self.vec, self.everyone = vec, np.arange(vec.n)
        self.on, self.queued, self.count = np.zeros((3, vec.n), np.int64)
        self.total, self.best = np.zeros((2, vec.n))
        self._queue(self.everyone, 0)
        vec.reset_where(np.ones(vec.n, np.bool_))
        self._queue(self.everyone, 0)

    def begin(self, states, now):
        """A round begins with these levels; what is played at the moment is still of the last."""
        self.vec.put_levels(self.everyone, states)
        self._queue(self.everyone, now)
        self.count[:], self.total[:], self.best[:] = 0, 0, 0

    def finished(self, where, earned, now):
        """Episodes ended there with these returns, while this round is on."""
        mine = self.on[where] == now
        at, earned = where[mine], earned[mine]
        self.best[at] = np.where(self.count[at] > 0, np.maximum(self.best[at], earned), earned)
        self.count[at] += 1
        self.total[at] += earned
        self.on[where] = self.queued[where]
        self._queue(where, now)

    def _queue(self, where, now):
        mask = np.zeros(self.vec.n, np.bool_)
        mask[where] = True
        self.vec.assign(mask, self.everyone)
        self.queued[where] = now

    def state(self):
        return {"whole": np.stack([self.on, self.queued, self.count]),
                "real": np.stack([self.total, self.best])}  # fmt: skip

    def restore(self, found):
        self.on[:], self.queued[:], self.count[:] = found["whole"]
        self.total[:], self.best[:] = found["real"]


class Antagonists(Curriculum):
    """The levels of the second learner."""

    def __init__(self, paired):
        super().__init__(paired.world, paired.config.split)
        self.paired = paired

    def finished(self, vec, ended):
        super().finished(vec, ended)
        self.paired.ended(1, vec, ended)


class Paired(Curriculum):
    edits = 8

    def __init__(self, world, config, value=""):
        need(not value, "--curriculum paired takes no score: it pays its adversary by two agents")
        plain = config.policies == "shared" and config.learner == "ppo"
        need(not config.mitigate, "--curriculum paired takes no --mitigate: it trains two agents")
        need(plain, "--curriculum paired is for --learner ppo with --policies shared")
        super().__init__(world, config.split, config.levels)
        self.config, self.paid, self.now, self.extra = config, world.goals.index(world.paid), 0, 0
        self.figures = {"regret": None, "parts": None, "unsolvable": None}
        self.designer = Designer(world, self.edits, config.seed)

    def environments(self, n, seed, threads=1, obs="symbols", ends_stay=False, levels=None):
        source = (self.world, n, self.split, seed, self.levels or None)
        self.source = Vec(*source, pool="train", threads=threads, autoreset="off")
        self._design()
        vec = super().environments(n, seed, threads, obs, ends_stay, self.made)
        self.seats = [Seat(vec)]
        return vec

    def begin(self, learner):
        from ..ppo import Learner

        recipe = dataclasses.replace(self.config, curriculum="", seed=self.config.seed + 1)
        self.second = Learner(self.world, recipe)
        stays = bool(self.second.hooks.paying)
        made = Curriculum.environments(
            self, recipe.envs, recipe.seed, 1, recipe.obs, stays, self.made
        )
        self.second.vec, self.second.curriculum = made, Antagonists(self)
        self.seats.append(Seat(made))

    def _design(self):
        """New levels, none of them held out: there the one begun with is played, and not paid."""
        self.source.reset_where(np.ones(self.source.n, np.bool_))
        self.base = state.copy(self.source.states.view(np.recarray))
        self.made, self.choice = self.designer.design(self.base)
        self._hold_out()

    def _hold_out(self):
        self.fair = np.array([not in_pool(k, TEST) for k in self.world.fingerprints(self.made)])
        self.made[~self.fair] = self.base[~self.fair]

    def finished(self, vec, ended):
        super().finished(vec, ended)
        self.ended(0, vec, ended)

    def ended(self, seat, vec, ended):
        """Episodes of one of the students."""
        where = ended.nonzero()[0]
        totals = vec.final_totals[where][:, : self.world.learners]
        self.seats[seat].finished(where, self.world.scores(totals).mean(1)[:, self.paid], self.now)

    def learned(self, rollout):
        before = self.second.steps
        self.second.update()
        self.extra += self.second.steps - before
        if all((seat.count > 0).all() for seat in self.seats):
            self._round()

    def regret(self):
        """What the antagonist earned at best, less what the protagonist did on average, from 0."""
        first, second = self.seats
        return np.maximum(second.best - first.total / first.count, 0)

    def _round(self):
        regret, fair = self.regret(), self.fair
        self.figures = {"regret": float(regret.mean()), "parts": None, "unsolvable": None}
        if self.world.planner == "walk":
            parts = shares(self.world, self.made[:SAMPLE].view(np.recarray))
            self.figures |= {"parts": parts[0], "unsolvable": parts[1]}
        if fair.any():
            self.designer.learn(
                self.base[fair].view(np.recarray), self.choice[:, fair], regret[fair]
            )
        self.now += 1
        self._design()
        for seat in self.seats:
            seat.begin(self.made, self.now)

    def row(self):
        told, self.extra = self.extra, 0
        made = {f"paired_{name}": figure for name, figure in self.figures.items()}
        return made | {"paired_rounds": float(self.now), "extra_steps": float(told)}

    def state(self):
        arrays, counters = self.second.state()
        parts = {"second": arrays, "designer": self.designer.state()}
        parts |= {"source": self.source.snapshot()}
        parts |= {f"seat{k}": seat.state() for k, seat in enumerate(self.seats)}
        found = {
            f"{part}.{name}": array for part, all_ in parts.items() for name, array in all_.items()
        }
        found |= {"base": state.words(self.base).copy(), "choice": self.choice.copy()}
        whole = (self.now, self.extra, counters["steps"], counters["updates"])
        known = [np.nan if x is None else x for x in self.figures.values()]
        return (
            super().state()
            | found
            | {"whole": np.array(whole), "real": np.nan_to_num(known, nan=-1)}
        )

    def restore(self, state):
        def part(name):
            own = f"{name}."
            return {k.removeprefix(own): v for k, v in state.items() if k.startswith(own)}

        super().restore(state)
        self.now, self.extra, steps, updates = map(int, state["whole"])
        self.figures = {
            k: None if x < 0 else float(x) for k, x in zip(self.figures, state["real"], strict=True)
        }
        self.designer.restore(part("designer"))
        self.source.restore(part("source"))
        self.base = records(self.world, state["base"])
        check.states(self.world, self.base)
        self.choice = state["choice"].copy()
        need(((self.choice >= 0) & (self.choice < self.designer.kinds)).all(), "an edit is none")
        *_, self.made = self.designer.again(self.base, self.choice)
        self._hold_out()
        for k, seat in enumerate(self.seats):
            seat.restore(part(f"seat{k}"))
        self.second.restore(part("second"), {"steps": steps, "updates": updates})


CURRICULUM = Paired
