"""The contrast: who wants the intended goal beside who learned, on the same level and dice.

One episode proves nothing, so the level is chosen by a rule that is printed on the film: by default
the median of the held-out levels of its kind. Every figure comes from the evaluation; both episodes
are kept as replays, and the film is drawn from those.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.errors import UserError, did_you_mean
from ...engine.files import make_folder
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.replay import MAX_LABEL, Replay
from ...engine.rng import fold_many
from ...engine.state import TERMINATED
from ...engine.vector import level_of
from ...engine.view.film import film, story
from ...engine.view.film.options import USUAL, FilmOptions
from ...engine.world import Goal, World
from ..judging.evaluation import Evaluation, SplitReport, WorldMark
from ..judging.references import met, references
from ..judging.rollout import Episodes, rollout
from ..judging.verdict import INCAPABLE, MISGENERALIZED, ROBUST, UNKNOWN, Verdict
from ..policies.expert import Expert
from ..policies.policy import Policy

LINGER = 16  # steps that a film goes on after the last change of any score
LAYOUTS = ("1x2", "2x2")
PICKS = ("median", "first", "random", "worst", "best", "seed:N")


@dataclass(frozen=True)
class Pick:
    """A level and how it was chosen. index: its place among the held-out levels, or -1."""

    seed: int
    index: int
    how: str


def choose(
    pick: str, world: World, agent: Episodes, experts: Sequence[Episodes], seed: int = 0
) -> Pick:
    """The level to film, among the levels that `agent` and the `experts` (one a goal) played.

    Levels that go *astray* are those where the agent meets a proxy and misses the intended goal,
    which the expert meets. `median`: the one of them where the expert of the intended goal needs
    the median number of steps (of all levels, if none goes astray). `first`: the first of them.
    `random`: any level, astray or not. `worst`: the level that costs the agent most of the intended
    goal; `best`: that on which it gets most of it. `seed:N`: the level with that seed. Raises
    UserError for anything else.
    """
    n = len(agent.seeds)
    best = np.stack([e.scores[:, g] for g, e in enumerate(experts)], -1)
    done = met(agent.scores, best)
    rivals = list(range(1, len(world.goals)))
    astray = np.flatnonzero(done[:, rivals].any(1) & ~done[:, 0] & (best[:, 0] > 0))
    kind = f"of the {len(astray)} of {n} held-out levels where a proxy wins"
    if not len(astray):
        kind = f"of {n} held-out levels (on none a proxy wins)"
    among = astray if len(astray) else np.arange(n)

    def at(index: int, how: str) -> Pick:
        return Pick(int(agent.seeds[index]), int(index), how)

    if pick == "median":
        order = among[np.argsort(experts[0].length[among], kind="stable")]
        return at(order[(len(order) - 1) // 2], f"median by the expert's steps {kind}")
    if pick == "first":
        return at(among[0], f"first {kind}")
    if pick == "random":
        draw = int(fold_many(np.array([seed], np.uint64), 7)[0] >> np.uint64(33))
        return at(draw * n >> 31, f"one of {n} held-out levels at random")
    if pick == "worst":
        loss = best[:, 0] - agent.scores[:, 0]
        return at(int(loss.argmax()), f"worst of {n} held-out levels for the intended goal")
    if pick == "best":
        share = np.where(best[:, 0] > 0, agent.scores[:, 0] / np.maximum(best[:, 0], 1e-9), -np.inf)
        return at(int(share.argmax()), f"best of {n} held-out levels for the intended goal")
    word, colon, number = pick.partition(":")
    if word == "seed" and colon and number.isdecimal() and int(number) < 2**64:
        return Pick(int(number), -1, "chosen by hand")
    raise UserError(f"--pick '{pick}' is none of {', '.join(PICKS)} (N is the seed of a level)")


@dataclass(frozen=True)
class FilmPlan:
    """What is to be filmed, how it is made and where it goes.

    films: the files, each by its ending (see `film.save`); replays: the folder for the replays that
    are filmed; split, pick: which level (see `choose`); command: what makes the film again; facts:
    how the agent was trained; notes: captions of the author's, as (first step, last step, text).
    """

    films: Sequence[Path]
    replays: Path = Path("replays")
    split: str = "deploy"
    pick: str = "median"
    command: str = ""
    facts: Sequence[str] = ()
    notes: tuple[tuple[int, int, str], ...] = ()
    options: FilmOptions = USUAL

    def card(self, world: World, replays: Sequence[Replay], pick: str) -> story.Card:
        """What the film says of these replays, whose level was picked as `pick` says."""
        return story.Card(
            world,
            split=self.split,
            pick=pick,
            command=self.command,
            versions=versions(),
            captions=world.captions,
            notes=self.notes,
            codes=tuple(replay.code() for replay in replays),
        )

    def save(self, takes: Sequence[story.Take], card: story.Card, show: Show) -> list[str]:
        """Film the takes; returns the files' names."""
        for path in self.films:
            make_folder(path.parent)
        film.save(takes, card, self.films, self.options, show)
        return [str(path) for path in self.films]


def contrast(
    agent: Policy,
    world: World,
    evaluation: Evaluation,
    plan: FilmPlan,
    layout: str = "1x2",
    show: Show = silent,
) -> dict[str, Any]:
    """Choose a level, play it twice, keep both replays and film them side by side.

    `evaluation` is this agent's own (`evaluate.evaluate`, possibly over several seeds of it): the
    same levels are played again to choose one, and the figures on the film are taken from it. With
    the `layout` "2x2" the same seed under the split trained on is shown above. Raises UserError for
    a bad pick or an evaluation without this split or of another world.

    Returns {level, split, pick, films, replays, codes, cut, parts_at, scores} as plain data;
    `parts_at` is the first step at which the two states differ, or None. The film ends at step
    `cut`, shortly after the last change of any score; the replays hold everything.
    """
    split, report = plan.split, _split_of(evaluation, world, plan.split)
    if layout not in LAYOUTS:
        raise UserError(f"no layout '{layout}'.{did_you_mean(layout, LAYOUTS)}")
    chosen, actions = _play(agent, world, evaluation, plan)
    made, best = live_both(agent, world, split, chosen.seed, actions)
    paths = [
        make_folder(plan.replays) / f"{Path(split).name}-{chosen.seed:016x}-{who}.gmr"
        for who in ("intended", "learned")
    ]
    for replay, path in zip(made, paths, strict=True):
        replay.save(path)
    whole = [take_of(world, replay) for replay in made]
    takes, how, last = cut(world, whole, chosen.how)
    states = [take.states for take in whole]
    verdict = evaluation.verdicts.get(split)
    if layout == "2x2":
        home = evaluation.home
        before, worth = live_both(agent, world, home, chosen.seed)
        best = {name: max(best[name], worth[name]) for name in best}
        above, _, _ = cut(world, [take_of(world, replay) for replay in before], "")
        named = [(home, take) for take in above] + [(split, take) for take in takes]
        takes = [replace(take, role=f"{name.upper()} · {take.role}") for name, take in named]
        plan = replace(plan, options=replace(plan.options, pairs=[(0, 1), (2, 3)]))
        how += f"; above, the same seed under '{home}'"
    card = replace(
        plan.card(world, made, how),
        claim=claim(world, verdict, report),
        facts=(*plan.facts, *_verdict_fact(verdict)),
        split="" if layout == "2x2" else split,  # four panes name their own
        rates=rates(world, report, verdict),
        sample=_sample(evaluation, split),
        best=best,
    )
    return {
        "level": f"{chosen.seed:016x}",
        "split": split,
        "pick": chosen.how,
        "films": plan.save(takes, card, show),
        "replays": [str(path) for path in paths],
        "codes": list(card.codes),
        "cut": last,
        "parts_at": story.fork(states[0], states[1], world.learners),
        "scores": {
            who: dict(zip((g.name for g in world.goals), row, strict=True))
            for who, row in zip(("intended", "learned"), _scores(world, *states), strict=True)
        },
    }


def _split_of(evaluation: Evaluation, world: World, split: str) -> SplitReport:
    """The split's part of the evaluation; UserError if it has none, or is of another world."""
    if evaluation.world != WorldMark.of(world):
        raise UserError(
            f"the evaluation is of world '{evaluation.world.name}' version"
            f" {evaluation.world.version}, not of '{world.name}' version {world.version}"
        )
    if split not in evaluation.splits:
        known = ", ".join(evaluation.splits)
        raise UserError(f"the evaluation has no split '{split}' (it has {known}): evaluate it too")
    return evaluation.splits[split]


def _play(
    agent: Policy, world: World, evaluation: Evaluation, plan: FilmPlan
) -> tuple[Pick, np.ndarray]:
    """The level that the plan picks, and what the agent does there."""
    split, seed = plan.split, evaluation.seed
    levels = evaluation.splits[split].levels
    played = rollout(world, agent, split, levels, seed, record=True)
    experts = references(world, split_of(world, split), levels, seed).experts
    chosen = choose(plan.pick, world, played, experts, seed)
    if chosen.index < 0:
        played = rollout(world, agent, split, np.array([chosen.seed], np.uint64), record=True)
    return chosen, _actions(played, max(chosen.index, 0))


def cut(world: World, takes: Sequence[story.Take], how: str) -> tuple[list[story.Take], str, int]:
    """The takes up to shortly after the last change of any score; `how` the level was chosen, with
    that said; and the last step shown.
    """
    longest = max(len(take.states) for take in takes) - 1
    last = min(settled(world, *(take.states for take in takes)) + LINGER, longest)
    if last < longest:
        how += f"; cut at step {last} of {longest}: no score changes later"
    return [replace(take, states=take.states[: last + 1]) for take in takes], how, last


def live_both(
    agent: Policy, world: World, split: str, seed: int, actions: np.ndarray | None = None
) -> tuple[list[Replay], dict[str, float]]:
    """Replays of the level by the expert that wants the intended goal and by the agent (of its
    `actions`, if known).

    And what each goal's own expert earns there, the sum over its learners.
    """
    only, level = np.array([seed], np.uint64), level_of(world, seed, split_of(world, split))
    aims = [rollout(world, Expert(world, g.name), split, only, record=True) for g in world.goals]
    if actions is None:
        actions = _actions(rollout(world, agent, split, only, record=True), 0)
    labels = (f"expert that wants to {wish(world.intended)}", agent.name)
    made = [
        Replay.record(world, level.copy(), done, split, label=label[:MAX_LABEL])
        for done, label in zip((_actions(aims[0], 0), actions), labels, strict=True)
    ]
    return made, {
        g.name: float(aims[i].scores[0, i]) * world.learners for i, g in enumerate(world.goals)
    }


def take_of(world: World, replay: Replay) -> story.Take:
    """One pane: the expert of the intended goal, or whoever was paid."""
    seen, done = replay.states(world), replay.actions
    if replay.label.startswith("expert that wants"):
        return story.Take("INTENDED", replay.label, seen, None, world.intended.name, actions=done)
    return story.Take("LEARNED", replay.label, seen, (world.paid.name,), actions=done)


def _actions(episodes: Episodes, index: int) -> np.ndarray:
    """What was done on one of the levels: int64[T, L], up to its end."""
    assert episodes.actions is not None
    return episodes.actions[: episodes.length[index], index]


def _scores(world: World, *takes: np.recarray) -> list[list[float]]:
    """Every goal's score at the end of each take, averaged over the learners."""
    totals = [np.asarray(states["totals"][-1, : world.learners]) for states in takes]
    return [[float(x) for x in world.scores(total).mean(0)] for total in totals]


def settled(world: World, *takes: np.recarray) -> int:
    """The last step at which any goal's score changes in any of the takes: after it all is told."""
    last = 0
    for states in takes:
        # [T + 1, G]
        scores = world.scores(np.asarray(states["totals"][:, : world.learners])).sum(1)
        changes = np.flatnonzero((scores[1:] != scores[:-1]).any(1))
        last = max(last, int(changes[-1]) + 1 if len(changes) else 0)
        if states["ended"][-1] == TERMINATED:
            last = max(last, len(states) - 1)
    return last


# -- words -----------------------------------------------------------------------------------------


def wish(goal: Goal) -> str:
    """What a goal wants, in words that follow "to"."""
    return goal.wish or f"earn '{goal.name}'"


def claim(world: World, verdict: Verdict | None, report: SplitReport) -> str:
    """What the film shows, in a sentence that claims no more than the verdict and its figures do.

    `report` is the split's part of the evaluation.
    """
    wanted = wish(world.intended)
    if verdict is None:
        return ""
    if verdict.label == MISGENERALIZED:
        share = report.agent.instead[verdict.proxy].value or 0.0
        rather = wish(world.goal(verdict.proxy))
        return f"Meant to {wanted}, on {100 * share:.0f} % of levels it would rather {rather}."
    if verdict.label == ROBUST:
        return f"Meant to {wanted}, it still does when the world has changed."
    if verdict.label == INCAPABLE:
        return f"Meant to {wanted}, it can no longer do anything of the kind."
    if verdict.label == UNKNOWN:
        return f"Meant to {wanted}, it is after something we have not named."
    return f"Meant to {wanted}: what it learned instead is undecided."


def _verdict_fact(verdict: Verdict | None) -> tuple[str, ...]:
    """ "Verdict over 5 seeds: ..."; with too few seeds it is called an illustration."""
    if verdict is None:
        return ()
    seeds = "one seed" if verdict.seeds == 1 else f"{verdict.seeds} seeds"
    kind = "Illustration, not a verdict" if verdict.illustration else "Verdict"
    return (f"{kind} ({seeds}): {verdict.label}",)


def rates(
    world: World, report: SplitReport, verdict: Verdict | None = None
) -> tuple[story.Rate, ...]:
    """The rows of the end card, from one split of an evaluation, the most telling first."""
    agent = report.agent
    rows = [(wish(world.intended), agent.goals[world.intended.name].met, "star")]
    instead = [
        (f"{wish(world.goal(name))} instead", figure, "diamond")
        for name, figure in sorted(
            agent.instead.items(), key=lambda item: item[0] != (verdict.proxy if verdict else "")
        )
    ]
    rows += [*instead[:1], ("competence: one or the other", agent.competence, ""), *instead[1:]]
    return tuple(
        story.Rate(label, figure.value, figure.low, figure.high, mark)
        for label, figure, mark in rows
        if figure.value is not None
    )


def _sample(evaluation: Evaluation, split: str) -> str:
    """What the rates are rates of: "512 held-out levels of deploy, 5 seeds, 95 % intervals"."""
    n = len(evaluation.agents)
    return (
        f"{evaluation.splits[split].levels} held-out levels of {split},"
        f" {'one seed' if n == 1 else f'{n} seeds'},"
        f" {100 * evaluation.confidence:.0f} % intervals"
    )


def versions() -> str:
    """What the film was made with."""
    from ...engine.version import __version__

    parts = [f"goalshift {__version__}"]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in ("numba", "numpy")]
    return ", ".join(parts)
