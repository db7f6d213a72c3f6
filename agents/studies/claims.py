"""The ledger of claims: what is claimed, where its figure stands, how it is made again, how far to
trust it.

`recordings/claims.toml` names files and ways through them (`evidence`), never figures, so a claim
is what its evidence says. `CLAIMS.md` is written from it, and pages must tell the same: `told`
holds the very words of a page, with `{it}` for the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...engine.counts import counted, whole
from ...engine.errors import UserError, need
from ...engine.files import PACKAGE, read_csv, read_json, read_text
from ...engine.levels.text import parse_toml
from ..judging.plain import from_plain
from ..judging.verdict import MIN_SEEDS
from .evidence import Figure, figure, look, read_page, words_of
from .markdown import in_markdown

LEDGER = "claims.toml"
MOST = 1 << 20
SOLID, THIN, PROVISIONAL = "solid", "thin", "provisional"
MANY = 5  # agents of one recipe, from which on an interval over them is worth its name
PACE = 80e3  # steps a second and core that training took, roughly, for an estimate
STATUSES = (PROVISIONAL, THIN, SOLID)
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Small:
    """A smaller run for a claim.

    `expect` is a figure's interval at that size, if it is another than the claim's; without it,
    `agents` new agents are expected where so many would fall beside the claim's own.
    """

    command: str
    file: str = "report.json"
    at: tuple[str, ...] = ()
    expect: tuple[float, ...] = ()
    agents: int = 0
    minutes: float = 0.0


@dataclass(frozen=True)
class Claim:
    """One claim. `file` and `at`: its evidence, from the ledger's folder; `made` and `made_at`:
    where `command` leaves the new figure, in the folder that it is run in.

    `also`: further figures or texts by name, as ways, for what is `told` on which page. `minutes`
    are of one quiet core. `held` is a lower status than the number of agents gives.
    """

    name: str
    part: str
    says: str
    file: str
    at: tuple[str, ...]
    command: str = ""
    made: str = "report.json"
    made_at: tuple[str, ...] = ()
    unit: str = "percent"
    agents: int = 0
    budget: str = ""
    minutes: float = 0.0
    weakest: str = ""
    held: str = ""
    small: Small | None = None
    also: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A claim with the figure that its evidence holds, and how far it is to be trusted."""

    claim: Claim
    figure: Figure
    status: str


def read(path: Path) -> tuple[Claim, ...]:
    """The claims of a ledger. Raises UserError, with the claim at fault."""
    data = parse_toml(read_text(path, MOST), str(path))
    found: list[Claim] = []
    listed = data.get("claim", [])
    tables = isinstance(listed, list) and all(isinstance(entry, dict) for entry in listed)
    need(tables, f"{path}: claims are tables [[claim]]")
    for number, entry in enumerate(listed, 1):
        where = f"{path}: claim {number} ({entry.get('name', 'without a name')})"
        try:
            found += [from_plain(Claim, one) for one in _each(entry, path.parent)]
        except ValueError as fault:
            raise UserError(f"{where}: {fault}") from None
        unknown = set(entry) - set(Claim.__dataclass_fields__) - {"each", "but"}
        need(not unknown, f"{where}: no field '{min(unknown, default='')}'")
    need(bool(found), f"{path}: holds no [[claim]]")
    names = [claim.name for claim in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    need(not twice, f"{path}: two claims are called '{(twice or [''])[0]}'")
    return tuple(found)


def _each(entry: Given, home: Path) -> Iterator[Given]:
    """The entry itself, or with `each`: one for the first row of each of that column's values, whose
    cells stand for `<column>`. `but` holds other fields for some of these values.
    """
    if "each" not in entry:
        yield entry
        return
    head, rows = read_csv(home / str(entry.get("file", "")))
    need(entry["each"] in head, f"`each`: its file has no column '{entry['each']}'")
    others = entry.get("but", {})
    fine = isinstance(others, dict) and all(isinstance(one, dict) for one in others.values())
    need(fine, "`but` is a table of fields for each value")
    first = {row[entry["each"]]: row for row in reversed(rows)}
    for value in sorted(first):
        row = {**first[value], **_trained(value)}
        kept = {key: entry[key] for key in entry if key not in ("each", "but")}
        yield _filled({**kept, **others.get(value, {})}, row)


def _trained(world: str) -> dict[str, str]:
    """How long the agent that ships of a world was trained, and what three take a quiet core."""
    path = PACKAGE / "agents" / "pretrained" / f"{world}.json"
    if not path.is_file():
        return {}
    steps = read_json(path)["config"]["steps"]
    return {"steps": f"{steps / 1e6:g} M", "minutes": f"{3 * steps / PACE / 60 + 1:.0f}"}


def _filled(found: Any, row: Mapping[str, str]) -> Any:
    """Plain data in whose texts the row's cells stand for `<column>`."""
    if isinstance(found, dict):
        return {key: _filled(value, row) for key, value in found.items()}
    if isinstance(found, list):
        return [_filled(value, row) for value in found]
    if isinstance(found, str):
        for column, cell in row.items():
            found = found.replace(f"<{column}>", cell)
        if (number := whole(found)) is not None:
            return number
    return found


def find(claim: Claim, home: Path) -> Found:
    """The claim's figure in its evidence. Raises UserError if it is not there."""
    made = figure(home / claim.file, claim.at, claim.unit)
    kept = not claim.file.endswith(".md")
    enough = 2 if claim.agents >= MANY else 1 if claim.agents >= MIN_SEEDS.value else 0
    status = STATUSES[enough if kept else 0]
    if claim.held:
        need(
            claim.held in STATUSES[: STATUSES.index(status) + 1],
            f"{claim.name}: {counted(claim.agents, 'agent')} can make it {status}, and no better",
        )
        status = claim.held
    return Found(claim, made, status)


def untold(claim: Claim, home: Path, pages: Mapping[str, str]) -> list[str]:
    """What pages should tell of a claim and do not; `pages` are their words by name."""
    lacking = []
    for page, sentences in claim.told.items():
        lacking += [
            f"{page}: {s}" for s in sentences_of(claim, home, sentences) if s not in pages[page]
        ]
    return lacking


def sentences_of(claim: Claim, home: Path, sentences: Sequence[str]) -> list[str]:
    """Words of pages with today's figures in them."""
    path = home / claim.file
    said: dict[str, Figure | str] = {"it": figure(path, claim.at, claim.unit)}
    said |= {name: look(path, at, claim.unit) for name, at in claim.also.items()}
    try:
        return [words_of(text).format(**said) for text in sentences]
    except (AttributeError, IndexError, LookupError, ValueError) as fault:
        raise UserError(f"{claim.name}: what pages tell holds a wrong {{...}} ({fault})") from None


def pages_of(claims: Sequence[Claim], top: Path) -> dict[str, str]:
    """The words of every page that tells of a claim; pages are named from `top`."""
    return {page: read_page(top / page) for page in sorted({p for c in claims for p in c.told})}


def expected(small: Small, found: Found) -> Figure | None:
    """Where the figure of a smaller run should fall; None if that cannot be said.

    The interval of n agents is about their mean. The mean of m others falls within one that is
    sqrt(1 + n / m) times as wide, if they are of the same recipe.
    """
    told, unit = found.figure, found.figure.unit
    if small.expect:
        low, high = small.expect
        return Figure((low + high) / 2, low, high, unit=unit)
    if small.agents and not told.spread and told.least is not None and told.most is not None:
        wider = (1 + found.claim.agents / small.agents) ** 0.5
        low, high = (told.number + wider * (end - told.number) for end in (told.least, told.most))
        if (
            unit == "percent"
        ):  # a share, or a return whose interval says how far it may leave 0 to 1
            low, high = max(low, min(0.0, told.least)), min(high, max(1.0, told.most))
        return Figure(told.number, low, high, unit=unit)
    return None


def judged(new: Figure, where: Figure | None, claimed: Figure) -> str:
    """ "yes": the new figure lies where it should. "no": it does not. "cannot tell": nothing was said
    of this size, and the new interval and the claim's meet.
    """
    if where is not None:
        return "yes" if where.holds(new.number) else "no"
    if claimed.holds(new.number):
        return "yes"
    if new.spread or new.least is None or new.most is None:
        return "cannot tell"
    if claimed.least is None or claimed.most is None:
        return "cannot tell"
    return "no" if new.least > claimed.most or new.most < claimed.least else "cannot tell"


def hours(claims: Sequence[Claim]) -> float:
    """Core-hours that making them all again takes, each command once."""
    minutes = {claim.command: claim.minutes for claim in claims if claim.command}
    return sum(minutes.values()) / 60


def told_hours(claims: Sequence[Claim]) -> str:
    """ "about 1.2 core-hours on a quiet core, and 2 claims have no command"."""
    bare = sum(not claim.command for claim in claims)
    without = f", and {counted(bare, 'claim')} {'has' if bare == 1 else 'have'} no command"
    return f"about {hours(claims):.1f} core-hours on a quiet core{without if bare else ''}"


def markdown(found: Sequence[Found]) -> str:
    """CLAIMS.md."""
    counts = {s: sum(one.status == s for one in found) for s in STATUSES}
    lines = [
        "# Claims",
        "",
        "What goalshift claims, and how far to trust it. Written from [claims.toml](claims.toml) by",
        "`goalshift reproduce --write`; figures are read out of the evidence, and a test holds pages to them.",
        "[lo, hi] is a 95 % interval, (lo to hi) the least and the most of several agents or draws.",
        f"**{SOLID}**: {MANY} or more agents of one recipe, and the file is kept. **{THIN}**: fewer, at least"
        f" {MIN_SEEDS.value:g}. **{PROVISIONAL}**: one agent, one",
        "processor, or no file of evidence is kept (the evidence is a page: it was measured, and only told).",
        f"Of {len(found)} claims {counts[SOLID]} are solid, {counts[THIN]} thin, {counts[PROVISIONAL]} provisional."
        " `goalshift reproduce CLAIM` makes one again.",
        "",
        f"To make all of them again, each command once, takes {told_hours([one.claim for one in found])};",
        "the parts below say what each takes. What was tried and came to nothing is not in it.",
    ]
    for part in dict.fromkeys(one.claim.part for one in found):
        here = [one for one in found if one.claim.part == part]
        lines += ["", f"## {part}", ""]
        lines += [f"To make them again: {told_hours([one.claim for one in here])}.", ""]
        lines += in_markdown(
            ("claim", "it says", "figure", "agents", "budget", "status", "weakest link"),
            [
                (
                    f"`{c.name}`",
                    c.says,
                    f"{one.figure}{UNITS[c.unit]}",
                    str(c.agents or "-"),
                    c.budget,
                    one.status,
                    c.weakest,
                )
                for one in here
                for c in (one.claim,)
            ],
        )
        lines += ["", "<details><summary>Evidence and commands</summary>", ""]
        lines += in_markdown(
            ("claim", "evidence", "command", "reduced"),
            [
                (
                    f"`{c.name}`",
                    f"[{c.file}]({c.file}): {' / '.join(c.at)}",
                    _command(c.command),
                    _command(c.small.command if c.small else ""),
                )
                for c in (one.claim for one in here)
            ],
        )
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


UNITS = {
    "percent": " %",
    "tenths": " %",
    "points": " points",
    "thousands": " k",
    "auroc": "",
    "ratio": "",
    "number": "",
}


def _command(text: str) -> str:
    return " && ".join(f"`goalshift {one.strip()}`" for one in text.split("&&")) if text else "-"


def resized(claim: Claim) -> Claim:
    """The claim as its smaller run is read."""
    small = claim.small
    if small is None:
        raise UserError(f"'{claim.name}' has no reduced size: leave --small out")
    return replace(
        claim, command=small.command, made=small.file, made_at=small.at, minutes=small.minutes
    )
