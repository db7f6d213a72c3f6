"""`reproduce`: claims made again."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import UserError, did_you_mean
from ...engine.files import PACKAGE
from ..learning import preflight
from .parser import Parser
from .talk import Report, Talk, in_columns
from .verb import Group

if TYPE_CHECKING:
    from ..studies.claims import Claim, Found

VERBS = Group("learn")


def reproduce_flags(parser: Parser) -> None:
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="none: list all there are")
    parser.add_argument(
        "--small", action="store_true", help="the reduced command, with what is expected of that"
    )
    parser.add_argument(
        "--ledger",
        metavar="FILE.toml",
        help="default: recordings/claims.toml of the checkout; its commands are run",
    )
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="default: runs/reproduce-TIME; a folder for each claim"
    )
    parser.add_argument(
        "--force", action="store_true", help="write into a folder that is not empty"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the ledger's pages anew (CLAIMS.md, papers.md), and stop",
    )


@VERBS.verb(
    "reproduce",
    "[CLAIM...]",
    "make a published figure again: exit 0 if it falls as claimed, 3 if not, 4: cannot tell",
    reproduce_flags,
    (
        "goalshift reproduce",
        "goalshift reproduce table-coinline --small",
        "goalshift reproduce mitigate-labelled law-more --out runs/again",
    ),
)
def reproduce(args: argparse.Namespace, talk: Talk) -> Report:
    path = Path(args.ledger or PACKAGE / "recordings" / "claims.toml")
    if not args.ledger and not path.is_file():
        raise UserError(
            "there is no recordings/claims.toml here: in a checkout there is, or --ledger FILE"
        )
    from ..studies import claims
    from ..studies.again import CODES, make_again

    known = {claim.name: claim for claim in claims.read(path)}
    for name in args.claims:
        if name not in known:
            raise UserError(
                f"no claim '{name}'.{did_you_mean(name, known)} (goalshift reproduce lists them)"
            )
    if args.write or not args.claims:
        found = [claims.find(claim, path.parent) for claim in known.values()]
        return write_pages(path, found) if args.write else listed(found)
    home = Path(args.out) if args.out else preflight.fresh_folder("reproduce")
    chosen = [claims.find(known[name], path.parent) for name in dict.fromkeys(args.claims)]
    sized = [claims.resized(one.claim) if args.small else one.claim for one in chosen]
    for claim in sized:
        preflight.check_folder(home / claim.name, args.force)
        talk.say(f"{claim.name}: {cost(claim)}: goalshift {claim.command}")
    made = []
    for one in chosen:
        made.append(make_again(one, home / one.claim.name, args.small))
        talk.say(str(made[-1]))
    code = max((CODES[one.falls] for one in made), key=[0, 4, 3].index)
    from ..judging.plain import to_plain

    return Report({"out": str(home), "again": to_plain(made)}, "\n".join(map(str, made)), code)


def cost(claim: "Claim") -> str:
    """How long its command takes, in words."""
    if not claim.minutes:
        return "how long it takes is not known"
    if claim.minutes >= 90:
        return f"about {claim.minutes / 60:.0f} core-hours"
    if claim.minutes >= 1:
        return f"about {claim.minutes:.0f} minutes on a quiet core"
    return f"about {60 * claim.minutes:.0f} seconds on a quiet core"


def listed(found: "list[Found]") -> Report:
    """Every claim in a line."""
    rows = [("CLAIM", "FIGURE", "STATUS", "FULL", "REDUCED")]
    data = []
    for one in found:
        claim, small = one.claim, one.claim.small
        full = cost(claim).removeprefix("about ") if claim.command else "-"
        less = f"{60 * small.minutes:.0f} s" if small and small.minutes else "yes" if small else "-"
        rows.append((claim.name, str(one.figure), one.status, short(full), less))
        data.append(
            {
                "name": claim.name,
                "says": claim.says,
                "value": one.figure.number,
                "low": one.figure.least,
                "high": one.figure.most,
                "unit": claim.unit,
                "status": one.status,
                "agents": claim.agents,
                "command": claim.command,
                "reduced": small.command if small else None,
            }
        )
    from ..studies.claims import hours, told_hours

    claims = [one.claim for one in found]
    told = f"all of them, each command once: {told_hours(claims)}"
    parts = [(part, [c for c in claims if c.part == part]) for part in {c.part: 0 for c in claims}]
    costs = [("PART", "CORE-HOURS"), *((part, f"{hours(here):.1f}") for part, here in parts)]
    cost_data = {part: hours(here) for part, here in parts}
    text = f"{in_columns(rows)}\n\n{in_columns(costs)}\n{told}"
    return Report({"claims": data, "core_hours": cost_data}, text)


def short(text: str) -> str:
    """A cost in a column."""
    words = text.replace("how long it takes is not known", "?").replace(" on a quiet core", "")
    return words.replace("minutes", "min").replace("seconds", "s")


def write_pages(path: Path, found: "list[Found]") -> Report:
    """CLAIMS.md beside the ledger, and papers.md where papers.toml is there."""
    from ...engine.files import write
    from ..studies import papers
    from ..studies.claims import markdown

    pages = {path.parent / "CLAIMS.md": markdown(found)}
    rows = path.parent / "papers.toml"
    if rows.is_file():
        by_name = {one.claim.name: one for one in found}
        pages[path.parent / "papers.md"] = papers.markdown(papers.read(rows), by_name)
    for page, text in pages.items():
        write(page, text.encode())
    return Report({"files": list(map(str, pages))}, "\n".join(f"wrote {page}" for page in pages))
