"""`attack`: the levels on which an agent does worst."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.counts import counted
from ...engine.errors import UserError
from ..learning import preflight
from .common import AGENTS, add_list, add_origin, add_seed, listed, refuse_knobs, sized, trust
from .films import KINDS, SHOWN
from .many import exit_code, goes_on, refuse_nothing
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count_to
from .verb import Group

if TYPE_CHECKING:
    from ..lab.hunting.campaign import Plan

VERBS = Group("lab")


def attack_flags(parser: Parser) -> None:
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help=f"run folders or checkpoints, of which the first is attacked; {AGENTS}",
    )
    add_list(parser)
    parser.add_argument(
        "--method",
        default="climb",
        metavar="NAME",
        help="climb, cem, map_elites, splits (which partner, opponent or cue is the worst), random, or"
        " ./my_attack.py, which is run as code (default: climb)",
    )
    parser.add_argument(
        "--objective",
        default="regret",
        metavar="NAME",
        help="regret (the intended goal's), proxy (proxy minus intended), or flip (of the outcome);"
        " default: regret",
    )
    parser.add_argument(
        "--within",
        default="legal",
        metavar="HOW",
        help="train (levels that training could deal), edits:K (at most K edits from one of them),"
        " or legal (any that can be solved); default: legal",
    )
    parser.add_argument(
        "--split",
        default="",
        metavar="NAME",
        help="the levels to begin from (default: train, and with legal the split judged on)",
    )
    parser.add_argument(
        "--budget",
        type=count_to(10_000_000),
        default=20_000,
        metavar="N",
        help="levels tried by the search, and as many by chance (default: 20k)",
    )
    parser.add_argument(
        "--each",
        action="store_true",
        help="attack each RUN by itself, whatever its world, for one table, without explanations",
    )
    parser.add_argument(
        "--film",
        action="append",
        metavar="FILE",
        help="film the level on which it is right beside the one on which it is wrong; again for several",
    )
    add_seed(parser)
    add_origin(parser)
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="default: runs/attack-WORLD-...; it resumes there"
    )


@VERBS.verb(
    "attack",
    "RUN...",
    "search for the levels on which an agent does worst, and say why",
    attack_flags,
    (
        "goalshift attack runs/a",
        "goalshift attack runs/a runs/b --within edits:2 --budget 100k",
        "goalshift attack runs/a --method map_elites --objective proxy --out runs/worst",
        "goalshift attack runs/a --within edits:2 --film pair.mp4",
        "goalshift attack agents/pretrained/*.safetensors --each --budget 8k",
        "goalshift attack runs/a --method ./my_attack.py",
    ),
    knobs=True,
)
def attack(args: argparse.Namespace, talk: Talk) -> Report:
    if args.list:
        from ..lab.hunting.attack import ATTACKS

        return listed(("NAME", "ABOUT", "SOURCE"), ATTACKS.told())
    if not args.runs:
        raise UserError("name the runs, of which the first is attacked: goalshift attack runs/a")
    trust(args.world, args.trained_on, args.split)
    from ..judging.runs import open_agents
    from ..lab.hunting import campaign

    plan = campaign.Plan(
        args.method, args.objective, args.within, args.split, args.budget, args.seed
    )
    if args.each:
        return attack_each(args, plan, talk)
    films = film_files(args.film)
    cast = open_agents(args.runs, args.knobs, args.world)
    out = Path(args.out) if args.out else preflight.fresh_folder(f"attack-{cast.world.name}")
    preflight.check_writable(out)
    agents = list(zip(map(str, args.runs), cast.agents, strict=True))
    with goes_on(args, out):
        told = campaign.run(cast.world, agents, plan, out, talk.progress)
    data, text = {"out": str(out), **told}, attack_text(told, out)
    if films and told["counterfactual"]:
        data["films"] = film(args, told, out, films, talk)
        text += "\n" + "\n".join(sized(data["films"]))
    elif films:
        talk.say("no level was found on which the agent is right, so there is nothing to film")
    return Report(data, text)


def film_files(names: list[str] | None) -> list[Path]:
    """Where to film to, checked before any work is done."""
    films = [Path(name) for name in names or ()]
    for one in films:
        if one.suffix.lower() not in KINDS:
            raise UserError(f"--film '{one}' must end in {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        preflight.check_writable(one.parent)
    return films


def film(
    args: argparse.Namespace, told: dict[str, Any], out: Path, films: list[Path], talk: Talk
) -> list[str]:
    """Film the pair that was found."""
    from ..lab.hunting.campaign import RIGHT, WRONG
    from ..showing.contrast import FilmPlan
    from ..showing.pair import film_pair
    from ..showing.record import open_replay

    episodes = [open_replay(str(out / name), None) for name in (RIGHT, WRONG)]
    plan = FilmPlan(
        films, split=told["split"], command=args.again if len(args.again) <= SHOWN else ""
    )
    found = {"episodes": told["episodes"], **told["counterfactual"]}
    with talk.progress("filming") as show:
        right, wrong = (replay for replay, _ in episodes)
        return film_pair(episodes[0][1], (right, wrong), found, plan, show)


def attack_each(args: argparse.Namespace, plan: "Plan", talk: Talk) -> Report:
    """Agents of many worlds, one after another."""
    from ..lab.hunting import each

    refuse_knobs(args, "each of these runs is attacked in the world it was trained in")
    if args.film:
        raise UserError("--film is for one attack: leave --each out")
    out = Path(args.out) if args.out else preflight.fresh_folder("attack-each")
    preflight.check_writable(out)
    with goes_on(args, out):
        rows, faults = each.attack_each(args.runs, plan, out, talk.progress)
    refuse_nothing(rows, faults)
    text = in_columns([tuple(name.upper() for name in each.HEAD), *map(each.cells, rows)])
    files = "  ".join(str(out / f"attacks.{end}") for end in ("csv", "md"))
    data = {"out": str(out), "rows": rows, "faults": faults}
    return Report(data, f"{text}\n{files}", exit_code(faults, talk))


def attack_text(told: dict[str, Any], out: Path) -> str:
    """What `attack` found, for people."""
    expert = told["expert"]
    word = {"regret": expert["word"], "proxy": "proxy minus intended", "flip": "flip"}
    rows = [("SEARCH", "LEVELS", "REFUSED", "FAILED", "WORST", "MEAN OF FOUND", "MISSED ON FOUND")]
    for name, one in told["searches"].items():
        played = one["evaluated"] - one["refused"]
        rows.append(
            (
                name,
                f"{one['evaluated']:,}",
                f"{one['refused']:,}",
                f"{one['failed'] / max(1, played):.1%}",
                f"{one['worst']:.3g}",
                f"{one['mean']:.3g}",
                f"{one['missed']:.1%}",
            )
        )
    lines = [
        f"{told['world']}: levels within {told['within']} of '{told['split']}',"
        f" by {word[told['objective']]}",
        in_columns(rows),
        *told["notes"],
        f"worst, mean and missed: {counted(told['found'], 'level')}, {counted(told['episodes'], 'episode')} each with"
        f" fresh dice; the expert is {claimed(expert, told['found'])}",
    ]
    if len(told["transfer"]) > 1:
        table = [("AGENT", "MISSED ON FOUND", "ON LEVELS BY CHANCE")]
        table += [
            (one["agent"], f"{one['missed_found']:.1%}", f"{one['missed_random']:.1%}")
            for one in told["transfer"]
        ]
        lines += ["", in_columns(table)]
    lines += ["", *explanations(told), "", str(out / "found.npz")]
    if told["counterfactual"]:
        lines += [f"{out / 'pair.png'}  {out / 'pair.npz'}"]
    if told["shrunk"]:
        lines += [f"{out / 'shrunk.npz'}"]
    return "\n".join(lines)


def claimed(expert: dict[str, Any], found: int) -> str:
    """What the expert's score is worth, in words."""
    if expert["claim"] == "exact":
        return "exact, so this is regret"
    if expert["exact_on"] is None:
        return "a heuristic: an agent may earn more"
    return f"exact on {expert['exact_on']} of {found} of these levels, where nobody can earn more"


def explanations(told: dict[str, Any]) -> list[str]:
    """The two explanations of the worst level, in words."""
    pair, shrunk = told["counterfactual"], told["shrunk"]
    if not shrunk:
        return ["the agent fails on no level surely enough to say why"]
    lines = ["no level within five edits was found on which the agent is right"]
    if pair:
        changes = "; ".join(f"{what}: {one} -> {other}" for what, one, other in pair["changes"])
        edits = counted(pair["edits"], "edit")
        lines = [
            f"{edits} from right ({pair['met_right']:.0%} met) to wrong"
            f" ({pair['met_wrong']:.0%}): {changes}"
        ]
    tries = told["single_edits"]
    if tries["tried"] < tries["of"]:
        lines.append(f"tried were {tries['tried']:,} of {counted(tries['of'], 'single edit')}")
    (h, w), (tall, wide) = shrunk["size"], shrunk["from"]
    lines.append(
        f"shrunk from {tall} x {wide} cells with {shrunk['walls_before']} inner walls to {h} x {w}"
        f" with {shrunk['walls']}, where it still fails ({shrunk['failed']:.0%})"
    )
    return lines
