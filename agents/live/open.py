"""What to watch: a session of a world, a file of levels, a replay, a run or a checkpoint; and where
to show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.catalogue import load, names
from ...engine.errors import RunError, UserError, need
from ...engine.levels import ids
from ...engine.levels.splits import is_file
from ...engine.replay import Replay
from ...engine.replay_file import PREFIX
from ...engine.world import World
from ..designing.open_file import Shelf
from ..judging import named
from ..judging.choose import opening
from ..policies.foreign.base import Foreign, at_home
from ..policies.policy import Policy
from .cast import STEERED, Agents
from .session import Session
from .source import Source, Typed
from .stage import HUMAN, RECORDED

if TYPE_CHECKING:
    from .driven import Driven


def open_session(
    what: str,
    seed: int | None = None,
    split: str | None = None,
    play: bool = False,
    world: str | None = None,
    knobs: dict[str, Any] | None = None,
    level: str | None = None,
) -> Session:
    """A session of a world, a file or folder of levels, a replay (file or code), a run folder or a
    checkpoint.

    Without a seed it begins where the goals part, on the split that the world is judged on. Of
    several levels in a file the `seed`-th is played, and then the others. `level` names a level
    instead (see `levels.ids`). Where the world has an agent that ships, it plays beside the expert
    of the intended goal; with `play` a person does. Raises UserError if it is none of them.
    """
    path, typed = Path(what), Typed(what, world or "", knobs or {}, "play" if play else "watch")
    if is_replay(what):
        need(not level, "a replay is of one level: leave --level out")
        return _of_replay(
            Replay.from_code(what) if what.startswith(PREFIX) else Replay.load(path), world, typed
        )
    if is_file(what):
        found = load(world).with_params(**(knobs or {})) if world else None
        shelf = Shelf(path, found)
        shelf.at = shelf.place(level) if level else (seed or 0) % len(shelf)
        return of_shelf(shelf, play, typed)
    if is_agent(path, world):
        return _of_agent(path, seed, split, typed)
    if path.is_dir() or path.suffix == ".safetensors":
        return _of_run(path, seed, split, typed, level)
    found = load(what).with_params(**(knobs or {}))
    if level:
        seed, split = ids.find(found, level, split or found.judged)
    source = _source(found, seed, split, typed)
    return _beside(Session(source, _cast(found, play), _shipped(found)))


def _source(world: World, seed: int | None, split: str | None, typed: Typed) -> Source:
    """The level of the seed; without one the level where the story is: see `opening`."""
    split = split or world.judged
    if seed is None:
        from ..learning.shipped import openings

        known = openings().get(world.name, {})
        plain = world.name in names() and load(world.name).rows == world.rows
        if plain and (known.get("split"), known.get("version")) == (split, world.version):
            seed = int(known["seed"])
        else:
            seed = opening(world, split)
    return Source(world, seed, split, typed=typed)


def steer(session: Session, text: str) -> None:
    """The learned agent beside itself steered by a file of `goalshift inside` (or FILE:X, X times),
    on the same level and dice. Raises UserError if that does not fit.
    """
    from ..lab.inside.vectors import read

    steering, cast, world = read(text), session.cast, session.world
    need(len(cast.agents) > 0, "--steer needs a learned agent: name a run")
    name, make = next(iter(cast.agents.items()))
    steering.of(make(world), world)  # or it is refused
    cast.agents[STEERED] = lambda here: steering.of(make(here), here)
    session.steering = steering.coefficient
    session.dials.reach = max(session.dials.reach, 2 * abs(steering.coefficient))
    del session.panes[1:]
    session.panes[0].who = [name] * world.learners
    cast.compare()
    session.panes[1].who = [STEERED] * world.learners
    session.source.typed = session.source.typed._replace(more=("--steer", text))
    session.source.begin()
    _beside(session)


def _beside(session: Session) -> Session:
    """The learned agent in focus, on the right: what keys and panel are about."""
    session.focus = len(session.panes) - 1
    return session


def is_replay(what: str) -> bool:
    """Does this name a replay: its file, or its code?"""
    return what.startswith(PREFIX) or what.endswith(".gmr")


def edit_session(
    path: Path, world: str | None = None, at: int = 1, seed: int = 0, level: str | None = None
) -> Session:
    """A session in which a level of a file is edited: number `at`, or the one called `level`. If
    there is no such file, it begins one.
    """
    found = load(world) if world else None
    if path.exists():
        shelf = Shelf(path, found, at - 1, own=True)
        shelf.at = shelf.place(level) if level else shelf.at
        return of_shelf(shelf, False)
    if found is None:
        raise UserError(
            f"there is no '{path}': to begin it, say of which world it is, such as --world corner"
        )
    return of_shelf(Shelf.new(path, found, seed), False)


def of_shelf(shelf: Shelf, play: bool, typed: Typed | None = None) -> Session:
    """A session of a file of levels."""
    world, start = shelf.world, shelf.start()
    source = Source(world, int(start.seed[0]), start=start, shelf=shelf, typed=typed)
    return Session(source, _cast(world, play)[-1:], _shipped(world))


def _shipped(world: World) -> Agents:
    """The agent that ships for a world, if there is one."""
    from ..learning.shipped import PRETRAINED

    path = PRETRAINED / f"{world.name}.safetensors"
    return {"checkpoint": _loader(path)} if path.is_file() else {}


def _cast(world: World, play: bool) -> list[str]:
    """Who plays in each pane at first."""
    if play:
        return [HUMAN]
    return [f"expert:{world.intended.name}", "checkpoint"] if _shipped(world) else [""]


def _loader(path: Path) -> Callable[[World], Policy]:
    def load_it(world: World) -> Policy:
        from ..learning.trained import Trained

        return Trained.load(path, world)

    return load_it


def _of_run(
    path: Path, seed: int | None, split: str | None, typed: Typed, level: str | None
) -> Session:
    from ..learning.trained import Trained

    agent = Trained.load(path)
    world = agent.world.with_params(**typed.knobs)
    who = [f"expert:{world.intended.name}", "checkpoint"]
    if level:
        trained = int(agent.about["config"]["seed"])
        seed, split = ids.find(world, level, split or world.judged, (0, trained))
    source = _source(world, seed, split, typed)
    return _beside(Session(source, who, {"checkpoint": _loader(path)}, agent.sees_pictures))


def is_agent(path: Path, world: str | None) -> bool:
    """Is it a file of an agent from elsewhere? A Python file is one if it is to act in a `world`
    that is another file.
    """
    if path.suffix == ".py":
        return world is not None and Path(world) != path
    return not named.is_run(path)


def _of_agent(path: Path, seed: int | None, split: str | None, typed: Typed) -> Session:
    home = load(typed.world).with_params(**typed.knobs) if typed.world else None
    agent = named.elsewhere(path, home)
    assert home is not None
    who = [f"expert:{home.intended.name}", path.stem]
    eyes = isinstance(agent, Foreign) and agent.sees_pictures
    agents = {path.stem: lambda world: at_home(agent, world)}
    return _beside(Session(_source(home, seed, split, typed), who, agents, eyes))


def _of_replay(replay: Replay, world: str | None, typed: Typed) -> Session:
    found = load(world) if world else replay.find_world()
    states = replay.states(found)
    start, tuned = states[:1].view(np.recarray), replay.tuned(found)
    source = Source(tuned, int(states.seed[0]), start=start, typed=typed._replace(what=found.name))
    session = Session(source, agents=_shipped(tuned))
    session.cast.recorded = replay.label
    session.judge.told = replay.known.worth if replay.known else {}
    pane = session.panes[0]
    for actions in replay.actions:
        pane.history.act(actions)
    pane.who = [RECORDED] * found.learners
    session.go(0)
    return session


@dataclass(frozen=True)
class Place:
    """Where a session is shown, and how.

    size: of the window (width, height); terminal: in text, with `color` or without; headless: a
    window without a screen; settings: see `keys.Settings.find`; edit: begin with the editor; web:
    the address (host, port) that browsers are served at instead; steps: close after so many, or at
    the end of the episode; say: where remarks go; shown: overlays, by name.
    """

    size: tuple[int, int] = (1280, 720)
    terminal: bool = False
    color: bool = True
    headless: bool = False
    settings: Path | None = None
    edit: bool = False
    web: tuple[str, int] | None = None
    steps: int | None = None
    say: Callable[[str], None] = print
    shown: tuple[str, ...] = ()


def show_session(session: Session, place: Place, follow: Path | None = None) -> int:
    """Show a session until it is closed; returns the step it was closed at.

    follow: a run, whose checkpoint is loaded anew whenever it has changed.
    """
    if follow is not None and not follow.exists():
        raise UserError(f"--follow needs a run that is being trained, and '{follow}' is none")
    if place.terminal:
        from .terminal import watch

        watch(session, place.color)
        return session.t
    fresh = _watcher(follow) if follow is not None else None
    shown, run = _shown(session, place, fresh)
    shown.look.shown |= {*place.shown}
    if place.edit:
        shown.do("edit")
    shown.most = place.steps
    if place.steps is not None:
        session.playing = True
        session.clock.faster(9 * place.headless)
    run()
    if place.steps is not None and session.clock.stopped:
        raise RunError(shown.message)
    return session.t


def _shown(
    session: Session, place: Place, fresh: Callable[[], bool] | None = None
) -> tuple[Driven, Callable[[], None]]:
    """A window or a page for browsers with this session, and what shows it until it is closed."""
    from .keys import Settings

    settings = Settings.find(place.settings)
    if place.web is not None:
        from .web.server import serve_session
        from .web.show import Show

        show, address = Show(session, place.size, settings, fresh), place.web
        return show, lambda: serve_session(show, address, place.say)
    from .window import Window

    window = Window(session, place.size, place.headless, fresh, settings=settings)
    return window, window.run


def tour(only: Sequence[str] = ()) -> Iterator[Session]:
    """The story of every world that an agent ships for, one after another, without end: the expert
    beside the agent, on the level where they part.
    """
    from ..learning.shipped import PRETRAINED

    told = [name for name in only or names() if (PRETRAINED / f"{name}.safetensors").is_file()]
    if not told:
        raise UserError("no agents ship with this goalshift: there is no tour")
    while True:
        yield from map(open_session, told)


def show_tour(place: Place, only: Sequence[str] = ()) -> int:
    """Show the tour, in a window or to browsers, until somebody closes it; returns how many stories
    were told to their end.
    """
    stories = tour(only)
    shown, run = _shown(next(stories), place)
    shown.tell(stories)
    run()
    return shown.told


def show_lesson(
    world: World, run: Path, split: str, place: Place, ended: Callable[[], bool] | None = None
) -> int:
    """Show the agent of a run while it is trained, until the window is closed or the serving ended;
    returns how many agents were measured. ended: is the training over?
    """
    from .lesson import Lesson, lesson_session

    lesson = Lesson(world, run, split, ended)
    source = _source(world, None, split, Typed(world.name, "", {}, "watch"))
    session = lesson_session(lesson, source)
    session.clock.speed += 1  # an episode is to be over before there is a newer agent
    shown, show = _shown(session, place, lesson.fresh)
    shown.look.lesson, shown.look.auto, shown.look.again = lesson, True, True
    shown.look.panel, session.playing = False, True
    show()
    return len(lesson.points)


def _watcher(run: Path) -> Callable[[], bool]:
    """Has the run's checkpoint changed since the last time this was asked?"""
    path = run / "checkpoint.safetensors" if run.is_dir() else run
    seen = path.stat().st_mtime_ns if path.exists() else 0

    def changed() -> bool:
        nonlocal seen
        now = path.stat().st_mtime_ns if path.exists() else 0
        new, seen = now != seen, now
        return new

    return changed
