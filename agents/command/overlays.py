"""`overlay`: what several studies wrote, into one table and figure."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import UserError
from ..learning import preflight
from .parser import Parser
from .talk import Report, Talk, in_columns
from .values import count
from .verb import Group

if TYPE_CHECKING:
    from ..studies.overlay import Line

VERBS = Group("learn")
PLAIN = ("map", "curve")  # files that are called as their folder is


def overlay_flags(parser: Parser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE.csv[:N]",
        help="a map.csv, or the curve.csv over alpha of runs of N episodes each (such as :45k);"
        " or nothing but curve.csv over alpha with a second knob (--by), its values over one another;"
        " or nothing but seeds.csv of tables and maps, into one",
    )
    parser.add_argument(
        "--out", "-o", default="runs/overlay", metavar="DIR", help="default: runs/overlay"
    )


@VERBS.verb(
    "overlay",
    "FILE.csv[:N]...",
    "worlds' maps and curves over one another, in shifted episodes met",
    overlay_flags,
    (
        "goalshift overlay runs/map-coinrun/map.csv runs/curve-corner-alpha/curve.csv:45k",
        "goalshift overlay runs/curve-corner-alpha/curve.csv -o runs/curricula",
        "goalshift overlay runs/table/seeds.csv runs/map-lava/seeds.csv -o runs/seeds",
    ),
)
def lay_over(args: argparse.Namespace, talk: Talk) -> Report:
    from ..studies import map as studied
    from ..studies import seeds
    from ..studies.halves import draw as draw_halves
    from ..studies.overlay import draw, has_recipes, read, recipes

    out = Path(args.out)
    preflight.check_writable(out)
    if all(":" not in text and seeds.is_of_seeds(Path(text)) for text in args.files):
        return together(args.files, out)
    if all(":" not in text and has_recipes(Path(text)) for text in args.files):
        found = [line for text in args.files for line in recipes(Path(text))]
        return laid(found, draw(found, out, shares=True), "alpha")
    lines, maps = [], {}
    for text in args.files:
        name, colon, number = text.rpartition(":")
        path = Path(name if colon else text)
        try:
            episodes = count(number) if colon else None
        except argparse.ArgumentTypeError as fault:
            raise UserError(f"{text}: {fault}") from None
        called = path.stem if path.stem not in PLAIN else path.parent.name
        lines.append(read(path, called, episodes))
        if not colon:  # a map: a curve is told how many episodes there were
            maps[called] = studied.read(path)
    return laid(lines, draw(lines, out) + draw_halves(maps, out), "shifted")


def laid(lines: list["Line"], made: list[Path], over: str) -> Report:
    """The points of lines over `over`, and the files `made` of them."""
    points = [
        (one.name, float(x), float(y))
        for one in lines
        for x, y in zip(one.shifted, one.instead, strict=True)
    ]
    keys = ("name", over, "instead")
    data = {
        "files": [str(path) for path in made],
        "points": [dict(zip(keys, point, strict=True)) for point in points],
    }
    rows = [("NAME", over.upper(), "instead")]
    rows += [
        (name, f"{x:g}" if over == "alpha" else f"{x:,.0f}", f"{100 * y:.0f}")
        for name, x, y in points
    ]
    return Report(data, f"{in_columns(rows)}\n{'  '.join(data['files'])}")


def together(files: list[str], out: Path) -> Report:
    """The agents of several seeds.csv in one file and figure."""
    from ..judging.plain import to_plain
    from ..studies import seeds
    from ..studies.seeds_figure import draw

    agents = [agent for text in files for agent in seeds.read(Path(text))]
    seeds.save(agents, out)
    draw(agents, out)
    made = [str(out / f"seeds.{end}") for end in ("csv", "svg", "png")]
    data = {"files": made, "agents": to_plain(agents)}
    return Report(data, "\n".join([*seeds.told(agents), "  ".join(made)]))
