"""`watch`, `play`, `worlds`, `replay`: to see for oneself."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.counts import counted
from ...engine.errors import UserError, need
from ...engine.view.camera import registry
from .common import (
    add_level,
    add_origin,
    add_web,
    add_window,
    add_world,
    need_web,
    refuse_knobs,
    sized,
    trust,
)
from .films import SHOWN, add_films, add_overlay, add_steer, film_names, instruments_of
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count, one_of, seed
from .verb import Group

if TYPE_CHECKING:
    from ...engine.replay import Replay
    from ...engine.world import World

VERBS = Group("look")
EPISODE = 1_000_000  # steps; any episode is over sooner


def show_flags(parser: Parser, what: str, needed: bool = True) -> None:
    parser.add_argument(
        "what",
        metavar=what,
        nargs=None if needed else "?",
        help="a world or ./a_file.py, a level, a replay or its code, a run",
    )
    add_origin(parser)
    parser.add_argument(
        "--seed", type=seed, metavar="N", help="the level (default: one where the goals part)"
    )
    add_level(parser)
    parser.add_argument("--split", metavar="NAME", help="default: the one the world is judged on")
    parser.add_argument(
        "--follow", action="store_true", help="load the newest checkpoint whenever there is one"
    )
    parser.add_argument("--terminal", action="store_true", help="in text, without a window")
    add_web(parser)
    add_window(parser)


def watch_flags(parser: Parser) -> None:
    show_flags(parser, "WORLD|LEVEL|REPLAY|RUN", needed=False)
    add_steer(parser, "the agent, and beside it steered with a slider")
    add_overlay(parser, "the window")
    parser.add_argument(
        "--tour",
        action="store_true",
        help="every world's story one after another, without end, for an open day",
    )
    parser.add_argument(
        "--steps",
        type=count,
        metavar="N",
        help="play at once, and close after so many steps (default with --headless: one episode)",
    )


@VERBS.verb(
    "watch",
    "WORLD|RUN|...",
    "watch agents live: step back, compare, edit the level under them",
    watch_flags,
    (
        "goalshift watch corner",
        "goalshift watch --tour",
        "goalshift watch runs/a --level 7f3a90c1",
        "goalshift watch runs/a --follow",
        "goalshift watch chase.gmr --terminal",
        "goalshift watch corner --web",
        "goalshift watch --tour --web",
        "goalshift watch runs/a --steer runs/a/inside-cue.safetensors --overlay posterior",
    ),
    knobs=True,
)
def watch(args: argparse.Namespace, talk: Talk) -> Report:
    if args.tour:
        from ..live.open import Place, show_tour

        alone = args.follow or args.terminal or args.level or args.steps
        need(not alone, "--tour shows worlds in a window or a browser, without end")
        need_web(args)
        place = Place(
            args.size, headless=args.headless, settings=args.settings, web=args.web, say=talk.say
        )
        told = show_tour(place, [args.what] if args.what else [])
        return Report({"stories": told}, "")
    need(bool(args.what), "name what to watch, such as: goalshift watch corner (or --tour for all)")
    need(not (args.steps and args.web), "--steps is for the window: leave --web out")
    steps = EPISODE if args.headless and args.steps is None else args.steps
    return open_window(args, False, talk, steps)


def play_flags(parser: Parser) -> None:
    show_flags(parser, "WORLD|LEVEL")
    parser.set_defaults(steer="", overlay="")


@VERBS.verb(
    "play",
    "WORLD|LEVEL",
    "play yourself, with arrow keys or WASD",
    play_flags,
    (
        "goalshift play coinrun",
        "goalshift play corner --split train",
        "goalshift play fork.toml --terminal",
    ),
    knobs=True,
)
def play(args: argparse.Namespace, talk: Talk) -> Report:
    return open_window(args, True, talk)


def open_window(
    args: argparse.Namespace, play: bool, talk: Talk, steps: int | None = None
) -> Report:
    """Open the window, the terminal or a port, and stay until it is closed."""
    trust(args.world, args.trained_on)
    from ...engine.levels.splits import is_file
    from ..live.open import Place, is_replay, open_session, show_session, steer

    need(
        not (args.level and args.seed is not None),
        "--seed and --level both name the level: give one",
    )
    if is_replay(args.what):
        refuse_knobs(args, "a replay is lived as it was recorded")
    elif is_file(args.what) and not args.world:
        refuse_knobs(
            args, "the levels are read as their file has them, unless --world names a world"
        )
    need(not (args.web and args.terminal), "--web and --terminal: give one of them")
    need(not (steps and args.terminal), "--steps is for the window: leave --terminal out")
    shown, detector = instruments_of(args)
    need(not (shown and args.terminal), "--overlay is drawn in a window: leave --terminal out")
    place = Place(
        args.size, args.terminal, not args.no_color, args.headless, args.settings,
        web=args.web, steps=steps, say=talk.say, shown=shown,
    )  # fmt: skip
    need_web(args)
    if not (args.terminal or args.headless or args.web):
        from ..live.window import splash

        splash(args.size, args.what)
    session = open_session(
        args.what, args.seed, args.split, play, args.world, args.knobs, args.level
    )
    if args.steer:
        steer(session, args.steer)
    session.detector = detector
    lived = show_session(session, place, Path(args.what) if args.follow else None)
    return Report({"world": session.world.name, "steps": lived}, "")


def worlds_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", metavar="NAME", help="a world, or ./a_file.py")
    parser.add_argument(
        "--picture",
        metavar="FILE.png",
        help="draw a level in training beside the same after the shift",
    )
    parser.add_argument(
        "--seed", type=seed, default=1, metavar="N", help="the level drawn (default: 1)"
    )
    parser.add_argument(
        "--camera",
        type=one_of(*registry.names()),
        default="top",
        metavar="NAME",
        help=f"{', '.join(registry.names())}; default: top",
    )


@VERBS.verb(
    "worlds",
    "[NAME]",
    "list the worlds, or one world's goals, splits and parameters",
    worlds_flags,
    (
        "goalshift worlds",
        "goalshift worlds corner --picture corner.png",
        "goalshift worlds ./my_world.py --json",
    ),
    knobs=True,
)
def worlds(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.catalogue import load, names

    if args.picture:
        return draw_worlds(args)
    if args.world:
        world = load(args.world).with_params(**args.knobs)
        return Report(as_data(world), describe(world))
    refuse_knobs(args, "name a world whose parameters are to be shown")
    found = [load(name) for name in names()]
    rows = [("WORLD", "INTENDED", "PROXIES", "TRAIN -> DEPLOY")]
    for world in found:
        proxies = ", ".join(goal.name for goal in world.proxies)
        rows.append((world.name, world.intended.name, proxies, shift(world)))
    data = {
        "worlds": [
            {
                "name": world.name,
                "title": world.title,
                "intended": world.intended.name,
                "proxies": [goal.name for goal in world.proxies],
                "splits": list(world.split_names),
            }
            for world in found
        ]
    }
    return Report(data, f"{in_columns(rows)}\n\ngoalshift worlds NAME tells more.")


def draw_worlds(args: argparse.Namespace) -> Report:
    from ...engine.catalogue import load, names
    from ...engine.view.sheets import gallery

    if not args.world:
        refuse_knobs(args, "name the world that is to be drawn")
    path = Path(args.picture)
    if path.suffix != ".png":
        raise UserError(f"--picture {path}: the name must end in .png")
    found = [
        load(name).with_params(**args.knobs) for name in ([args.world] if args.world else names())
    ]
    gallery.save(gallery.gallery(found, args.seed, args.camera), path)
    return Report({"picture": str(path)}, f"wrote {path}")


def shift(world: "World") -> str:
    """What differs between train and deploy: 'region 1 -> 0'."""
    say, pairs = world.say, zip(world.params._fields, world.train, world.deploy, strict=True)
    return ", ".join(
        f"{name} {say(name, old)} -> {say(name, new)}" for name, old, new in pairs if old != new
    )


def describe(world: "World") -> str:
    """All about one world, for people."""
    goals = [("GOAL", "ROLE", "POINTS", "WANTS TO")]
    for goal in world.goals:
        role = "intended" if goal is world.intended else "proxy" if goal in world.proxies else ""
        role = ", ".join(filter(None, (role, "paid" if goal is world.paid else "")))
        prices = ", ".join(f"{event} {price:+g}" for event, price in goal.weights.items())
        goals.append((goal.name, role, prices + (" (once)" if goal.once else ""), goal.wish))
    splits = {"train": world.train, "deploy": world.deploy, **world.splits}
    knobs = [("PARAMETER", *(name.upper() for name in splits))]
    for name in world.params._fields:
        knobs += [(name, *(world.say(name, getattr(row, name)) for row in splits.values()))]
    tall, wide = world.view
    of_all = "" if world.all_seen else ", which is not all of it"
    facts = [
        ("board", board_of(world)),
        ("seen", f"{tall} x {wide} cells" + (" around the agent" * world.centred) + of_all),
        ("agents", f"{world.learners} learning, {world.agents - world.learners} scripted"),
        ("actions", ", ".join(world.actions)),
        ("events", ", ".join(world.events)),
        ("ends on", ", ".join(world.ends_on) or "nothing but the step limit"),
    ]
    if world.source:
        facts.append(("after", world.source))
    if world.tells:
        facts.append(("task", world.tells(world.train)["in words"]))
    tables = map(in_columns, (facts, goals, knobs))
    return "\n\n".join((f"{world.name}: {(world.story or '').strip()}", *tables))


def board_of(world: "World") -> str:
    """The size of a world's boards, and which others it takes."""
    height, width = world.size
    text = (
        "up to " * world.resizes
    ) + f"{height} x {width} cells, {counted(world.horizon, 'step')} at most"
    if world.smallest:
        text += f"; --world.size takes {world.smallest[0]}x{world.smallest[1]} to 255x255"
    return text


def as_data(world: "World") -> dict[str, Any]:
    """All about one world, for programs."""
    same = ("source", "version", "size", "smallest", "horizon", "view", "learners", "agents")
    same += ("actions", "events", "ends_on")
    goals = [
        {
            "name": goal.name,
            "intended": goal is world.intended,
            "paid": goal is world.paid,
            "points": dict(goal.weights),
            "once": goal.once,
            "wish": goal.wish,
        }
        for goal in world.goals
    ]
    splits = {"train": world.train, "deploy": world.deploy, **world.splits}
    return {
        "name": world.name,
        "title": world.title,
        "story": (world.story or "").strip(),
        **{name: getattr(world, name) for name in same},
        "goals": goals,
        "splits": {name: row._asdict() for name, row in splits.items()},
    }


def replay_flags(parser: Parser) -> None:
    parser.add_argument("replay", metavar="FILE|CODE", help="a .gmr file, or a text GM1....")
    add_world(parser)
    add_films(parser, "a page that plays it (.html), or a film of it")


@VERBS.verb(
    "replay",
    "FILE|CODE",
    "live a recorded episode again, verify it, and print it as a code",
    replay_flags,
    (
        "goalshift replay runs/demo/replays/learned.gmr",
        "goalshift replay GM1.eJwrSS0u --json",
        "goalshift replay chase.gmr -o chase.html",
        "goalshift replay chase.gmr --world ./my_world.py",
    ),
)
def verify_replay(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.catalogue import load
    from ...engine.replay import Replay
    from ...engine.replay_file import PREFIX

    source, films = args.replay, film_names(args)
    found = Replay.from_code(source) if source.startswith(PREFIX) else Replay.load(source)
    world = found.fitted(load(args.world)) if args.world else found.find_world()
    states = found.states(world)
    scores = world.scores(states["totals"][-1, : world.learners]).mean(0)
    points = {goal.name: float(x) for goal, x in zip(world.goals, scores, strict=True)}
    how = "ended" if states["ended"][-1] else "cut"
    params = [f"{name} {world.say(name, value)}" for name, value in found.params.items()]
    facts = [
        ("world", f"{found.world}, version {found.version}"),
        ("parameters", ", ".join(params)),
        ("level", f"seed {found.seed}" if found.start is None else "a start state of its own"),
        ("who acted", found.label or "not said"),
        ("steps", f"{len(found.actions)}, then {how}"),
        *told_of(found, world, scores.tolist()),
        ("verified", f"{len(found.checks)} checksums agree"),
    ]
    same = ("world", "version", "params", "seed", "episode", "label", "engine")
    data = {
        "known": found.known.plain() if found.known else None,
        **{name: getattr(found, name) for name in same},
        "steps": len(found.actions),
        "ended": bool(states["ended"][-1]),
        "scores": points,
        "verified": True,
        "code": found.code(),
    }
    text = f"{in_columns(facts)}\n\n{data['code']}"
    if films:
        from ..showing.contrast import FilmPlan
        from ..showing.record import record_replays

        plan = FilmPlan(films, command=args.again if len(args.again) <= SHOWN else "")
        data["films"] = record_replays([(found, world)], plan)["films"]
        text += "\n\n" + "\n".join(sized(data["films"]))
    return Report(data, text)


def told_of(replay: "Replay", world: "World", scores: list[float]) -> list[tuple[str, str]]:
    """What became of each goal, and what the recording says of itself: that is not verified."""
    from ...engine.worth import Known, outcome

    known = replay.known or Known()
    rows = [
        (goal.name, outcome(score, known.worth.get(goal.name)).words)
        for goal, score in zip(world.goals, scores, strict=True)
    ]
    verdict = f"{known.label} (over {known.seeds} seed{'s' * (known.seeds != 1)})"
    said = [
        ("split", known.split),
        ("agent", known.agent),
        ("picked", known.pick),
        ("verdict", verdict if known.label else ""),
    ]
    return [*rows, *((name, f"{words} (as recorded)") for name, words in said if words)]
