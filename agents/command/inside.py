"""`inside`, `posterior`, `critic`, `audit`: what agents that are there want, and who signs for it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.counts import counted
from ...engine.errors import UserError, need
from ..learning import preflight
from .common import AGENTS, add_file_out, add_judged, add_origin, add_out, add_seed, sized, trust
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count, count_to, times
from .verb import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...engine.world import World
    from ..lab.exact import Directed
    from ..policies.policy import Policy

VERBS = Group("lab")


def inside_flags(parser: Parser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run folder or a checkpoint")
    parser.add_argument(
        "--world", metavar="FILE", help="the world file, if it is one of yours (it is run as code)"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="default: the one the world is judged on, most often deploy"
    )
    parser.add_argument(
        "--levels", type=count, default=256, metavar="N", help="held-out levels (default: 256)"
    )
    parser.add_argument(
        "--layer", action="append", metavar="NAME", help="again for several (default: all)"
    )
    parser.add_argument(
        "--cue",
        metavar="NAME",
        default="",
        help="a tile or a thing (default: what lies where the intended goal is met)",
    )
    parser.add_argument(
        "--coefficient",
        action="append",
        type=times,
        metavar="X",
        help="again for several (default: -16 to 16 in powers of two); the best on other levels is shown",
    )
    parser.add_argument(
        "--draws",
        type=count_to(100_000),
        default=20,
        metavar="N",
        help="of every null (default: 20)",
    )
    parser.add_argument(
        "--axis",
        type=count_to(10_000),
        nargs="?",
        const=16,
        default=0,
        metavar="N",
        help="also seek a goal axis in the weights: copies are fine-tuned for shares of two goals, N"
        " updates each (default: 16; minutes)",
    )
    parser.add_argument(
        "--also",
        action="append",
        metavar="RUN",
        help="with --axis: read it on copies of this agent, too, such as another seed; again for several",
    )
    add_seed(parser)
    add_file_out(parser, "FILE.html", "default: inside.html in the run's folder")


@VERBS.verb(
    "inside",
    "RUN",
    "where an agent's goals are read, and what writing them does, with null distributions",
    inside_flags,
    (
        "goalshift inside runs/a",
        "goalshift inside runs/a --layer body --cue cheese --draws 50 -o inside.html",
        "goalshift inside agents/pretrained/exam.safetensors --axis",
        "goalshift inside runs/a --axis --also runs/b",
    ),
)
def look_inside(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world)
    run = Path(args.run)
    home = run if run.is_dir() else preflight.fresh_folder("inside")
    out = Path(args.out or home / "inside.html")
    if out.suffix.lower() != ".html":
        raise UserError(f"--out '{out}' must end in .html")
    vector = out.with_name(f"{out.stem}-cue.safetensors")
    for path in (out, out.with_suffix(".json"), vector):
        preflight.check_file(path, args.force)
    need(args.axis or not args.also, "--also goes with --axis: whose copies are read on the axis")
    from ...engine.files import make_folder
    from ..lab.inside import vectors
    from ..lab.inside.study import COEFFICIENTS, Asked, inside, open_agent
    from ..showing.inside.axis import axis_claim, elsewhere_claims
    from ..showing.inside.page import claim, to_json, write_page

    agent, twin = open_agent(run)
    also = [open_agent(other)[0] for other in args.also or ()]
    for other, path in zip(also, args.also or (), strict=True):
        need(
            other.world.name == agent.world.name,
            f"--also '{path}': it is of '{other.world.name}', and {run} of '{agent.world.name}'",
        )
    asked = Asked(
        args.split or "",
        args.levels,
        args.seed,
        tuple(args.layer or ()),
        args.cue,
        tuple(args.coefficient or COEFFICIENTS),
        args.draws,
        args.axis,
        tuple(also),
    )
    found = inside(agent, twin, agent.world, asked, talk.say)
    make_folder(out.parent)
    made = write_page(found, agent, out, args.again, args.seed)
    w = found.written
    ask = (agent, agent.world, w.layer, found.cue, w.chosen, found.split, args.seed)
    vectors.found(*ask).save(vector)
    made["vector"] = str(vector)
    lines = [f"{claim(found)[0]}.", *reading_lines(found.readings)]
    if found.axis:
        told = [*axis_claim(found.axis), *elsewhere_claims(found.axis)]
        lines += [f"{line}." for line in told]
    lines += sized([*made.values()])
    return Report({**to_json(found, args.again), **made}, "\n".join(lines))


def reading_lines(readings: tuple) -> list[str]:
    """A line for each probe."""
    return [
        f"{one.layer}: {one.label} read at {one.found.percent()}; observation alone"
        f" {100 * (one.observation or 0):.0f}, untrained {100 * (one.untrained or 0):.0f},"
        f" labels dealt anew {100 * one.shuffled[0]:.0f}"
        f" ({'beyond' if one.beyond else 'not beyond'} all controls)"
        for one in readings
    ]


def posterior_flags(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN|AGENT", help=f"run folders, {AGENTS}")
    add_origin(parser)
    add_judged(parser, "train, and the one the world is judged on", 128)
    parser.add_argument(
        "--exact",
        type=count,
        metavar="N",
        help="also count every future of N levels, in small worlds of one learner: MEG towards each goal"
        " (how much better it foretells what is done than chance does), and the prices of events",
    )
    add_seed(parser)


@VERBS.verb(
    "posterior",
    "RUN|AGENT...",
    "which goal its behaviour speaks for, and what it pays for it in steps",
    posterior_flags,
    (
        "goalshift posterior runs/a",
        "goalshift posterior runs/a runs/b runs/c --split deploy --levels 512",
        "goalshift posterior runs/a --exact 32",
    ),
)
def read_behaviour(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, *(args.split or ()))
    from ..judging.plain import to_plain
    from ..judging.rollout import rollout
    from ..judging.runs import open_agents
    from ..lab.exact import directed
    from ..lab.posterior import posterior

    cast = open_agents(args.runs, world=args.world)
    world, found = cast.world, {}
    lines = ["belief, in per cent, on average over episodes:"]
    for split in args.split or dict.fromkeys(("train", world.judged)):
        talk.say(f"episodes of {split}")
        ask = (split, args.levels, args.seed)
        played = [rollout(world, agent, *ask, trace=("states",)) for agent in cast.agents]
        shares = posterior(world, played).shares(len(played), args.seed)
        beliefs = ", ".join(f"{name} {one.percent()}" for name, one in shares.belief.items())
        lines.append(f"{split}, {counted(args.levels, 'level')}: {beliefs}")
        found[split] = to_plain(shares)
        if args.exact:
            talk.say(f"every future of {args.exact} levels of {split}")
            ask = (split, args.exact, args.seed)
            few = [rollout(world, agent, *ask, trace=("states",)) for agent in cast.agents]
            known = directed(world, few, args.seed)
            lines += exact_lines(known)
            found[split]["exact"] = to_plain(known)
    data = {"world": world.name, "agents": [one.name for one in cast.agents], "splits": found}
    curve = curve_told(cast.agents, world, (args.split or [""])[-1], args.levels, args.seed)
    return Report({**data, "psychometric": curve[0]}, "\n".join([*lines, *curve[1]]))


def curve_told(
    agents: "Sequence[Policy]", world: "World", split: str, levels: int, seed: int
) -> tuple[Any, list[str]]:
    """The psychometric curve as data, None where the world has none, and in lines."""
    from ..judging.plain import to_plain
    from ..lab.psychometric import psychometric

    try:
        curve = psychometric(agents, world, split, levels, seed)
    except UserError as fault:
        return None, [f"no curve: {fault}"]
    lines = [f"steps: {curve}"]
    for one in curve.bins:
        low, high = (100 * x for x in one.interval)
        place = f"{one.low:+d} to {one.high:+d}"
        told = f"taken {100 * one.taken:3.0f} [{low:.0f}, {high:.0f}] of {one.choices}"
        lines.append(f"  intended {place:>10} steps further: {told}")
    return to_plain(curve), lines


def exact_lines(known: "Directed") -> list[str]:
    """What counting every future shows."""
    towards = ", ".join(
        f"{name} {one.value:.1f} [{one.low:.1f}, {one.high:.1f}] ({100 * known.share[name]:.0f} % of all)"
        for name, one in known.meg.items()
    )
    prices = ", ".join(f"{name} {price:+.2f}" for name, price in known.prices.items())
    return [
        f"  MEG in nats an episode, {known.levels} levels: {towards}",
        f"  prices of events, the largest is 1: {prices}",
    ]


def critic_flags(parser: Parser) -> None:
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="run folders or checkpoints, also of many worlds"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="default: what each world is judged on, most often deploy"
    )
    parser.add_argument(
        "--levels", type=count, default=256, metavar="N", help="held-out levels (default: 256)"
    )
    add_seed(parser)
    add_out(parser, "critic.csv and its figure, too")


@VERBS.verb(
    "critic",
    "RUN...",
    "whose return does its value follow where the goals part: the intended expert's, or a proxy's?",
    critic_flags,
    (
        "goalshift critic agents/pretrained/corner.safetensors",
        "goalshift critic runs/a runs/b --levels 512 -o runs/critic",
    ),
)
def probe_critics(args: argparse.Namespace, talk: Talk) -> Report:
    out = preflight.check_folder(args.out, args.force) if args.out else None
    from ...engine.files import csv_bytes, make_folder, write
    from ..judging.plain import to_plain
    from ..lab import critic, critic_figure
    from ..learning.trained import Trained

    found, left_out = [], []
    for path in args.runs:
        agent = Trained.load(path)
        talk.say(f"{path}: {agent.world.name}")
        split = args.split or agent.world.judged
        name = Path(path).stem if Path(path).is_file() else path
        here = critic.followed(agent.world, agent, split, args.levels, args.seed, name)
        found += here
        if not here:
            left_out.append(f"{path}: on {split} too few levels part its goals")
    if not found:
        raise UserError("; ".join(left_out))
    paths = []
    if out:
        paths = [make_folder(out) / "critic.csv"]
        write(paths[0], csv_bytes([critic.COLUMNS, *(one.row() for one in found)]))
        paths += critic_figure.draw(found, out)
    lines = in_columns([critic.HEAD, *(one.cells() for one in found)])
    data = {"rows": to_plain(found), "left_out": left_out}
    return Report(data, "\n".join([lines, critic.NOTE, *left_out, *sized([*map(str, paths)])]))


def audit_flags(parser: Parser) -> None:
    parser.add_argument(
        "runs", nargs="+", metavar="RUN|AGENT", help=f"three or more run folders, {AGENTS}"
    )
    add_origin(parser)
    parser.add_argument(
        "--require",
        action="append",
        metavar="TEXT",
        help="'misgeneralization<0.1@95%% on deploy', 'intended>=0.8', 'return>0.8 on train',"
        " 'verdict=robust'; again for several (default: trained, and misgeneralization<0.1)",
    )
    parser.add_argument(
        "--against",
        action="append",
        metavar="SET",
        help="also these levels: a split or a file, such as what an attack found; repeatable",
    )
    parser.add_argument("--since", metavar="FILE.json", help="an earlier audit to compare with")
    parser.add_argument(
        "--zoo",
        metavar="DIR",
        help="a zoo that goalshift detect has ranked: where do these agents stand among its own?",
    )
    parser.add_argument(
        "--levels", type=count, default=512, metavar="N", help="held-out levels (default: 512)"
    )
    add_seed(parser)
    add_out(parser, "the audit and its evidence (default: runs/audit-...)")


@VERBS.verb(
    "audit",
    "RUN...",
    "sign for agents: claims with evidence, requirements; exit 0 pass, 3 fail, 4 undecided",
    audit_flags,
    (
        "goalshift audit runs/a0 runs/a1 runs/a2",
        "goalshift audit runs/a? --require 'misgeneralization<0.1@95% on deploy' --against found.jsonl",
        "goalshift audit runs/b? --since runs/audit-a/audit.json --json",
        "goalshift audit runs/a? --zoo runs/zoo",
    ),
)
def sign_for(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, *(args.against or ()))
    folder = args.out or preflight.fresh_folder("audit")
    out = preflight.check_folder(folder, args.force)
    from ..lab.audit.audit import Plan, audit
    from ..showing.audit.forms import headline, write_forms
    from ..showing.audit.walked import pictures

    plan = Plan(
        require=tuple(args.require or ()),
        against=tuple(args.against or ()),
        earlier=Path(args.since) if args.since else None,
        levels=args.levels,
        seed=args.seed,
        world=args.world,
        zoo=Path(args.zoo) if args.zoo else None,
        command=args.again,
    )
    found = audit(args.runs, out, plan, talk.progress)
    paths = write_forms(found, out, pictures(args.runs, [*found.levels], args.seed, args.world))
    lines = [f"{one.status:9} {one.claim}  (weakest link: {one.weakest})" for one in found.claims]
    text = "\n".join([f"{headline(found)}.", *lines, *found.changes, *sized(paths)])
    return Report({**found.plain(), "files": paths}, text, found.code_of_exit)
