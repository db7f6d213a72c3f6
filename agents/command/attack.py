"""`attack`: the levels on which an agent does worst."""

import argparse
from pathlib import Path
from typing import Any

from ...engine.counts import counted
from ..learning import preflight
from .common import AGENTS, add_origin, add_seed, trust
from .many import goes_on
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count_to
from .verb import Group

VERBS = Group("lab")


def attack_flags(parser: Parser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help=f"run folders or checkpoints, of which the first is attacked; {AGENTS}",
    )
    parser.add_argument(
        "--method",
        default="climb",
        metavar="NAME",
        help="climb, cem, map_elites, random, or ./my_attack.py, which is run as code (default: climb)",
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
        "goalshift attack runs/a --method ./my_attack.py",
    ),
    knobs=True,
)
def attack(args: argparse.Namespace, talk: Talk) -> Report:
    trust(args.world, args.trained_on, args.split)
    from ..judging.runs import open_agents
    from ..lab.hunting import campaign

    cast = open_agents(args.runs, args.knobs, args.world)
    plan = campaign.Plan(
        args.method, args.objective, args.within, args.split, args.budget, args.seed
    )
    out = Path(args.out) if args.out else preflight.fresh_folder(f"attack-{cast.world.name}")
    preflight.check_writable(out)
    agents = list(zip(map(str, args.runs), cast.agents, strict=True))
    with goes_on(args, out):
        told = campaign.run(cast.world, agents, plan, out, talk.progress)
    return Report({"out": str(out), **told}, attack_text(told, out))


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
    (h, w), (tall, wide) = shrunk["size"], shrunk["from"]
    lines.append(
        f"shrunk from {tall} x {wide} cells with {shrunk['walls_before']} inner walls to {h} x {w}"
        f" with {shrunk['walls']}, where it still fails ({shrunk['failed']:.0%})"
    )
    return lines
