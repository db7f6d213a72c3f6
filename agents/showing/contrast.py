"""The contrast: who wants the intended goal beside who learned, on the same level and dice.

One episode proves nothing, so the level is chosen by a rule that is printed on the film: by default
the median of the held-out levels of its kind. Every figure comes from the evaluation; both episodes
are kept as replays, and the film is drawn from those.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.counts import counted
from ...engine.errors import UserError, did_you_mean
from ...engine.files import make_folder
from ...engine.levels import ids
from ...engine.levels.splits import split_of
from ...engine.progress import Show, silent
from ...engine.replay import Replay
from ...engine.replay_file import MAX_LABEL
from ...engine.state import TERMINATED
from ...engine.vector import level_of
from ...engine.view.film import film, story
from ...engine.view.film.options import USUAL, FilmOptions
from ...engine.world import World
from ...engine.worth import LONGEST, Known
from ..judging.choose import Pick, choose
from ..judging.evaluation import Evaluation, SplitReport, WorldMark
from ..judging.references import references, worth_from
from ..judging.rollout import Episodes, rollout
from ..judging.verdict import Verdict
from ..policies.expert import Expert
from ..policies.policy import Policy
from . import captions, words

LINGER = 16  # steps that a film goes on after the last change of any score
LAYOUTS = ("1x2", "2x2")
SIDES = ("intended", "learned")


@dataclass(frozen=True)
class FilmPlan:
    """What is to be filmed, how it is made and where it goes.

    films: the files, each by its ending (see `film.save`); replays: the folder for the replays that
    are filmed; split ("": the one that the world is judged on), pick: which level (see
    `judging.choose`); command: what makes the film again; facts: how the agent was trained; mark:
    which agent it is; notes: captions of the author's, as (first step, last step, text); words:
    what to say in place of a text (see `captions`); captions_out: where all that is said is
    written, to be translated; overlay: instruments that are shown beside (see
    `lab.instruments.read`); steer: see `lab.inside.vectors.read`.
    """

    films: Sequence[Path]
    replays: Path = Path("replays")
    split: str = ""
    pick: str = "median"
    command: str = ""
    facts: Sequence[str] = ()
    mark: str = ""
    notes: tuple[tuple[int, int, str], ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    captions_out: Path | None = None
    overlay: Sequence[str] = ()
    steer: str = ""
    options: FilmOptions = USUAL

    def of(self, world: World) -> FilmPlan:
        """The same plan with the split that it means in this world."""
        return self if self.split else replace(self, split=world.judged)

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

    def gauged(self, world: World, take: story.Take, agent: Policy | None = None) -> story.Take:
        """The take with the instruments that are asked for; alarms are of the `agent`'s mind."""
        if not self.overlay or take.actions is None:
            return take
        from ..lab.instruments import gauges_of

        shown = gauges_of(world, self.overlay, take.states, take.actions, agent)
        return replace(take, gauges=shown)

    def save(self, takes: Sequence[story.Take], card: story.Card, show: Show) -> list[str]:
        """Film the takes; returns the files' names."""
        takes, card = captions.exchange(takes, card, self.words)
        if self.captions_out is not None:
            captions.write(self.captions_out, takes, card, self.options.pairs)
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

    Returns {level, seed, split, pick, films, replays, codes, cut, parts_at, scores} as plain data;
    `parts_at` is the first step at which the two states differ, or None. The film ends at step
    `cut`, shortly after the last change of any score; the replays hold everything.
    """
    plan = plan.of(world)
    split, report = plan.split, _split_of(evaluation, world, plan.split)
    verdict = evaluation.verdicts.get(split)
    if layout not in LAYOUTS:
        raise UserError(f"no layout '{layout}'.{did_you_mean(layout, LAYOUTS)}")
    chosen, actions = _play(agent, world, evaluation, plan)
    told = known(plan, chosen.how, verdict)
    made = live_both(agent, world, split, chosen.seed, actions, told)
    whole = _gauged(plan, world, agent, made)
    (level,) = ids.names(world, whole[1].states[:1].view(np.recarray))
    paths = _save_replays(plan, level, made)
    takes, how, last = cut(world, whole, chosen.how)
    states = [take.states for take in whole]
    if layout == "2x2":
        before = live_both(agent, world, evaluation.home, chosen.seed)
        above, _, _ = cut(world, _gauged(plan, world, agent, before), "")
        takes = _titled(evaluation.home, above) + _titled(split, takes)
        plan = replace(plan, options=replace(plan.options, pairs=[(0, 1), (2, 3)]))
        how += f"; above, the same seed under '{evaluation.home}'"
    card = replace(
        plan.card(world, made, how),
        claim=words.claim(world, verdict, report),
        conclusion=concluded(world, takes[-1], told),
        facts=(*plan.facts, *_verdict_fact(verdict)),
        split="" if layout == "2x2" else split,  # four panes name their own
        rates=rates(world, report, verdict),
        sample=_sample(evaluation, split),
    )
    return {
        "level": level,
        "seed": chosen.seed,
        "split": split,
        "pick": chosen.how,
        "films": plan.save(takes, card, show),
        "replays": [str(path) for path in paths],
        "codes": list(card.codes),
        "cut": last,
        "parts_at": story.fork(states[0], states[1], world.learners),
        "scores": {
            who: dict(zip((g.name for g in world.goals), row, strict=True))
            for who, row in zip(SIDES, _scores(world, *states), strict=True)
        },
    }


def _gauged(
    plan: FilmPlan, world: World, agent: Policy, made: Sequence[Replay]
) -> list[story.Take]:
    """Both replays as takes with the plan's instruments; only the second has the agent's mind."""
    minds = zip(made, (None, agent), strict=True)
    return [plan.gauged(world, take_of(world, replay), mind) for replay, mind in minds]


def _titled(split: str, takes: Sequence[story.Take]) -> list[story.Take]:
    """The takes with the split's name over them."""
    return [replace(take, role=f"{split.upper()} · {take.role}") for take in takes]


def _save_replays(plan: FilmPlan, level: str, made: Sequence[Replay]) -> list[Path]:
    """Keep both replays where the plan says; returns the files."""
    begin = f"{Path(plan.split).name}-{level}"
    paths = [make_folder(plan.replays) / f"{begin}-{who}.gmr" for who in SIDES]
    for replay, path in zip(made, paths, strict=True):
        replay.save(path)
    return paths


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
    verdict = evaluation.verdicts.get(split)
    chosen = choose(plan.pick, world, played, experts, seed, verdict)
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


def known(plan: FilmPlan, how: str = "", verdict: Verdict | None = None) -> Known:
    """What a replay shall say of the level and the agent of a plan (not yet what a score is worth)."""
    found = Known(_plain(plan.split), pick=_plain(how), mark=_plain(plan.mark))
    found = replace(found, agent=_plain(", ".join(plan.facts)))
    if verdict is None:
        return found
    return replace(found, label=verdict.label, seeds=verdict.seeds, proxy=verdict.proxy)


def _plain(text: str) -> str:
    """A text as a replay may hold it; of a file its name alone."""
    text = Path(text).name if "/" in text and Path(text).exists() else text
    return "".join(c if c.isprintable() else "?" for c in text)[:LONGEST]


def live_both(
    agent: Policy,
    world: World,
    split: str,
    seed: int,
    actions: np.ndarray | None = None,
    told: Known | None = None,
) -> list[Replay]:
    """Replays of the level by the expert that wants the intended goal and by the agent (of its
    `actions`, if known), with what each goal is worth there, and what is `told` beside that.
    """
    only, level = np.array([seed], np.uint64), level_of(world, seed, split_of(world, split))
    ideal = rollout(world, Expert(world, world.intended.name), split, only, record=True)
    if actions is None:
        actions = _actions(rollout(world, agent, split, only, record=True), 0)
    told = replace(told or Known(_plain(split)), worth=worth_from(world, level))
    plans = Known(told.split, told.worth, told.pick, "intended", "plans with every state in view")
    pairs = (
        (_actions(ideal, 0), words.expert(world), plans),
        (actions, agent.name, replace(told, role="learned")),
    )
    return [
        Replay.record(world, level.copy(), done, split, label=label[:MAX_LABEL], known=known)
        for done, label, known in pairs
    ]


def take_of(world: World, replay: Replay) -> story.Take:
    """One pane: the expert of the intended goal, or whoever was paid."""
    seen, done, told = replay.states(world), replay.actions, replay.known or Known()
    role = told.role
    if replay.known is None:  # of 0.1, when only the label said it
        role = "intended" if replay.label.startswith("expert that wants") else "learned"
    if role == "intended":
        wants = world.intended.name
        return story.Take(
            "INTENDED", replay.label, seen, wants=wants, worth=told.worth, actions=done
        )
    role = role.upper() or "REPLAY"
    trained = (world.paid.name,) if role == "LEARNED" else None
    return story.Take(role, replay.label, seen, trained, worth=told.worth, actions=done)


def concluded(world: World, take: story.Take, told: Known) -> str:
    """What the learned take shows, in a sentence."""
    outcomes = story.side_of(world, take).outcomes(world)
    met = {goal.name: one.met for goal, one in zip(world.goals, outcomes, strict=True)}
    return words.conclusion(world, met, told.label, told.proxy)


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


# -- figures ----------------------------------------------------------------------------------------


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
    """The rows of the end card, from one split of an evaluation, the most telling first: shares of
    the levels where the goals part, of all levels if they part nowhere.
    """
    agent, where = report.agent, report.agent.where_parting
    met = where.intended if where.levels else agent.goals[world.intended.name].met
    rows = [(world.intended.aim, met, "star")]
    instead = [
        (f"{world.goal(name).aim} instead", figure, "diamond")
        for name, figure in sorted(
            (where.by_proxy if where.levels else agent.instead).items(),
            key=lambda item: item[0] != (verdict.proxy if verdict else ""),
        )
    ]
    rows += [*instead[:1], ("neither", where.neither, ""), *instead[1:]]
    return tuple(
        story.Rate(label, figure.value, figure.low, figure.high, mark)
        for label, figure, mark in rows
        if figure.value is not None
    )


def _sample(evaluation: Evaluation, split: str) -> str:
    """What the rates are rates of: "483 held-out levels of deploy where the goals part, 5 seeds, 95 %
    intervals".
    """
    n, report = len(evaluation.agents), evaluation.splits[split]
    parting = report.agent.where_parting.levels
    return (
        f"{counted(parting or report.levels, 'held-out level')} of {split}"
        f"{' where the goals part' if parting else ''},"
        f" {'one seed' if n == 1 else f'{n} seeds'},"
        f" {100 * evaluation.confidence:.0f} % intervals"
    )


def versions() -> str:
    """What the film was made with."""
    from ...engine.version import __version__

    parts = [f"goalshift {__version__}"]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in ("numba", "numpy")]
    return ", ".join(parts)
