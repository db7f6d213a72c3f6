"""Comparisons of mitigations in several worlds, laid side by side: a row for each mitigation, a column
for each world, and in each cell how far the intended goal is from plain PPO's.

What is laid together are the mitigate.csv of finished comparisons, wherever they lie. The same files
give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib import pyplot
from matplotlib.patches import Rectangle

from ...engine.errors import need
from ...engine.files import make_folder, read_csv, write
from ..judging.intervals import Estimate
from ..learning.mitigation import MITIGATIONS
from ..studies.markdown import in_markdown
from ..studies.picture_files import begin, lettered, save

LONGEST = 200  # characters of a name
LARGEST = 100.0  # a figure of a comparison is far below
NEEDED = ("world", "settings", "entry", "label", "seeds", "levels", "intended_value")
BLUE, RED = (0.0, 0.447, 0.698), (0.835, 0.369, 0.0)  # Okabe and Ito's: better, worse


@dataclass(frozen=True)
class Column:
    """One comparison: its world as a title, what plain PPO comes to, and by mitigation how far the
    intended goal (`apart`) is from it and its agents' competence.
    """

    world: str
    plain: Estimate
    apart: dict[str, Estimate]
    competence: dict[str, Estimate]
    made: str  # "3 seeds, 256 levels"


def read(path: Path) -> Column:
    """The column of a mitigate.csv, or of the folder it is in. Raises UserError."""
    path = path / "mitigate.csv" if path.is_dir() else path
    head, rows = read_csv(path)
    lacks = [name for name in NEEDED if name not in head]
    need(
        not lacks,
        f"{path}: no column '{(lacks or [''])[0]}': not a mitigate.csv, or one of before 0.2.0,"
        " which `goalshift mitigate WORLD ... --out DIR` writes again",
    )
    need(bool(rows) and rows[0]["entry"] == "plain", f"{path}: its first row is not 'plain'")
    told = [
        cell for row in rows for cell in (row["world"], row["entry"], row["seeds"], row["levels"])
    ]
    long = next((cell for cell in told if len(cell) > LONGEST), "")
    need(not long, f"{path}: '{long[:40]}...' is no name of a world or of a mitigation")
    size = [s.partition("=")[2] for s in rows[0]["settings"].split() if s.startswith("world.size=")]
    named = {usual(row["entry"]): row for row in rows}
    need(len(named) == len(rows), f"{path}: two rows are called alike")
    return Column(
        " ".join([rows[0]["world"], *(one.removesuffix(".0") for one in size)]),
        _estimate(path, rows[0], "intended"),
        {name: _estimate(path, row, "intended_apart") for name, row in named.items()},
        {name: _estimate(path, row, "competence") for name, row in named.items()},
        f"{rows[0]['seeds']} seeds, {rows[0]['levels']} levels",
    )


def usual(entry: str) -> str:
    """An entry with its value, also if that is the usual one: "penalty" is "penalty:0.2"."""
    known = entry in MITIGATIONS.shipped() and MITIGATIONS.load(entry).value
    return f"{entry}:{known}" if known else entry


def _estimate(path: Path, row: dict[str, str], name: str) -> Estimate:
    """A figure and its interval out of a row; all None where the cells are empty."""
    cells = [row.get(f"{name}_{end}", "") for end in ("value", "low", "high")]
    if cells == ["", "", ""]:
        return Estimate(None, None, None, ())
    try:
        value, low, high = (float(cell) for cell in cells)
    except ValueError:
        value = low = high = math.nan
    sound = all(abs(number) <= LARGEST for number in (value, low, high))
    need(sound, f"{path}, row '{row['entry']}': `{name}` must be three numbers")
    return Estimate(value, low, high, ())


def joined(columns: Sequence[Column]) -> list[Column]:
    """One column for each world: comparisons of one world whose plain row is the same have the same
    agents without any, and stand in one. Raises UserError for others of one world.
    """
    found: dict[str, Column] = {}
    for one in columns:
        if one.world not in found:
            found[one.world] = one
            continue
        same = found[one.world]
        need(
            (same.plain, same.made) == (one.plain, one.made),
            f"two of these files are of '{one.world}', and their plain rows differ: give one of them",
        )
        twice = (same.apart.keys() & one.apart.keys()) - {"plain"}
        need(
            not twice, f"two of these files of '{one.world}' have a row '{min(twice, default='')}'"
        )
        apart, competence = same.apart | one.apart, same.competence | one.competence
        found[one.world] = replace(same, apart=apart, competence=competence)
    return list(found.values())


def entries(columns: Sequence[Column]) -> list[str]:
    """All that was compared anywhere, but plain, in the order in which it was first named."""
    return list(dict.fromkeys(n for one in columns for n in one.apart if n != "plain"))


def sure(found: Estimate | None) -> bool:
    """Whether it is a difference whose interval does not hold 0."""
    if found is None or found.low is None or found.high is None:
        return False
    return found.low > 0 or found.high < 0


def cell(one: Column, name: str) -> str:
    """A difference in words: "+36 [13, 54]", bold where its interval does not hold 0; "" where it was
    not compared.
    """
    found = one.apart.get(name)
    if found is None or found.value is None:
        return ""
    text = ("+" if found.value >= 0 else "") + found.percent()
    return f"**{text}**" if sure(found) else text


def draw(columns: Sequence[Column], out: Path) -> list[Path]:
    """Write together.md, .svg and .png into `out`; returns their paths."""
    make_folder(out)
    head = ["mitigation", *(one.world for one in columns)]
    plain = ["*plain: intended goal after the shift*", *(one.plain.percent() for one in columns)]
    table = [
        plain,
        *([f"`{name}`", *(cell(c, name) for c in columns)] for name in entries(columns)),
    ]
    lines = [*in_markdown(head, table), "", note(columns)]
    write(out / "together.md", ("\n".join(lines) + "\n").encode())
    return [out / "together.md", *_picture(columns, out)]


def note(columns: Sequence[Column]) -> str:
    """What the cells say."""
    kinds = list(dict.fromkeys(one.made for one in columns))
    made = kinds[0]
    for kind in kinds[1:]:
        made += f" ({', '.join(c.world for c in columns if c.made == kind)}: {kind})"
    return (
        "Intended goal after the shift less plain PPO's, in points (random policy 0, expert 100), with"
        f" 95 % intervals; {made} each. Bold: the interval does not hold 0. Empty: not compared."
    )


def _picture(columns: Sequence[Column], out: Path) -> list[Path]:
    begin()
    names = entries(columns)
    wide, tall = max(8.0, 2.4 + 1.5 * len(columns)), 1.5 + 0.52 * (len(names) + 1)
    figure, axes = pyplot.subplots(figsize=(wide, tall), layout="constrained")
    for x, one in enumerate(columns):
        axes.text(x, 0, one.plain.percent(), ha="center", va="center", color="#5b6183")
        for y, name in enumerate(names, 1):
            found = one.apart.get(name)
            if found is None or found.value is None:
                continue
            strong = min(1.0, abs(found.value) / 0.6) * (0.75 if sure(found) else 0.2)
            colour = (*(BLUE if found.value > 0 else RED), strong)
            axes.add_patch(Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, color=colour, lw=0))
            bold = "bold" if sure(found) else "normal"
            axes.text(
                x, y - 0.13, f"{100 * found.value:+.0f}", ha="center", va="center", weight=bold
            )
            ends = f"[{100 * (found.low or 0):.0f}, {100 * (found.high or 0):.0f}]"
            axes.text(x, y + 0.24, ends, ha="center", va="center", fontsize=8.5)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(names) + 0.5, -0.5)
    axes.set_xticks(range(len(columns)), [lettered(one.world) for one in columns], weight="bold")
    axes.set_yticks(range(len(names) + 1), ["plain PPO", *map(lettered, names)])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.axhline(0.5, color="#20233f", lw=0.8)
    axes.spines[:].set_visible(False)
    figure.suptitle(
        "What keeps the intended goal after the shift: points more or less than plain PPO\n"
        "(random policy 0, expert 100); strong colour: the 95 % interval does not hold 0",
        fontsize=11,
    )
    paths = save(figure, out / "together", dpi=110)
    pyplot.close(figure)
    return paths
