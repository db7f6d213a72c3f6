"""One website that needs no network: every world, its films, results, levels, and how to run it.

    index.html  worlds/NAME.html  films/NAME.html  table.html  curves.html  levels.html
    commands.html  api/  cards/  pictures/  levels/  curves/  site.css

What was measured and recorded is taken from a folder such as `recordings/`; worlds, pictures and levels
are made from the worlds themselves.
"""

from __future__ import annotations

import importlib.util
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ....engine import child, files
from ....engine.catalogue import load, names
from ....engine.errors import MismatchError, RunError, UserError, need
from ....engine.files import make_folder, write
from ....engine.progress import Show, Steps, silent
from ....engine.vector import level_of
from ....engine.view.draw.ink import png
from ....engine.view.html import render
from ....engine.view.sheets import contact, gallery
from ....engine.world import World
from ..contrast import FilmPlan
from ..record import open_replay, record_replays

HERE = Path(__file__).parent
LEVELS = 8  # of each split on a world's sheet
FIRST = "corner"  # whose film opens the site
MOST = 1 << 20  # bytes of a table that is read
CARD = 380  # pixels of the longer side of a world's card
SIDES = ("intended", "learned")
MEASURES = {
    "trained": "paid goal, held-out training levels",
    "intended": "intended goal where it is judged",
    "instead": "a proxy met instead, where the goals part",
    "competence": "competence: any goal met where they part",
}
ENDS = ("", "_low", "_high")
MENU = [
    ("worlds", "index.html"),
    ("results", "table.html"),
    ("curves", "curves.html"),
    ("levels", "levels.html"),
    ("commands", "commands.html"),
    ("Python", "api/index.html"),
]


@dataclass(frozen=True)
class Site:
    """What a site is made of: where to, where recordings are, and every command with its help."""

    out: Path
    recordings: Path
    commands: Sequence[tuple[str, str]]
    worlds: Sequence[str] = field(default_factory=names)

    def page(self, file: str, template: str, **data: Any) -> None:
        """Write one page; `file` is its path in the site."""
        up = "../" * file.count("/")
        text = render(
            f"agents/showing/site/{template}.html.j2", up=up, menu=MENU, here=file, **data
        )
        make_folder((self.out / file).parent)
        write(self.out / file, text.encode())


def make(site: Site, show: Show = silent) -> list[str]:
    """Write the site; returns what could not be in it, in a line each."""
    begin = Steps(show, len(site.worlds) + 3)
    write(make_folder(site.out) / "site.css", (HERE / "site.css").read_bytes())
    rows = results(site.recordings / "table.csv")
    missing = [] if rows else [f"results: no table.csv in '{site.recordings}'"]
    worlds = [load(name) for name in site.worlds]
    films = {}
    for world in worlds:
        begin(world.name)
        pictures(site, world)
        films[world.name] = film(site, world)
        world_page(site, world, rows.get(world.name), films[world.name])
    unfilmed = [name for name, made in films.items() if not made]
    missing += [f"films: no replays that fit of {', '.join(unfilmed)}"] if unfilmed else []
    begin("pages")
    opening = films.get(FIRST) or next(filter(None, films.values()), "")
    verdicts = {name: row["label"] for name, row in rows.items()}
    told = {"worlds": worlds, "film": opening, "verdicts": verdicts}
    site.page("index.html", "index", title="Goal misgeneralization in tile worlds", **told)
    lists(site, worlds, rows)
    begin("Python")
    return missing + reference(site)


def results(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a table by world; nothing without the file."""
    if not path.is_file():
        return {}
    head, rows = files.read_csv(path, MOST)
    lacks = {"world", "split", "proxy", "label", "seeds"} - set(head)
    need(not lacks, f"{path}: no table of results: it has no column '{min(lacks, default='')}'")
    for number, row in enumerate(rows, 1):
        for cell in (row.get(f"{name}{end}", "") for name in MEASURES for end in ENDS):
            sound = not cell or _finite(cell)
            need(sound, f"{path}, row {number}: '{cell[:40]}' is no number")
    return {row["world"]: row for row in rows}


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def percent(row: dict[str, str], name: str) -> tuple[str, str, str]:
    """A measure and its interval in per cent."""
    value, low, high = (row.get(f"{name}{end}", "") for end in ENDS)
    return tuple(f"{100 * float(x):.0f}" if x else "-" for x in (value, low, high))  # type: ignore[return-value]


def pictures(site: Site, world: World) -> None:
    """A level in training beside the same after the shift, and a sheet of several."""
    for folder in ("cards", "pictures", "levels"):
        make_folder(site.out / folder)
    write(site.out / "pictures" / f"{world.name}.png", png(gallery.gallery([world])))
    after = level_of(world, 1, world.judged)
    pixels = max(4, CARD // int(max(after.h[0], after.w[0])))
    card = contact.portrait(world, after, 0, pixels)
    write(site.out / "cards" / f"{world.name}.png", png(card))
    splits = ("train", "deploy")
    drawn = [level_of(world, seed, split) for split in splits for seed in range(LEVELS)]
    states = np.concatenate(drawn).view(np.recarray)
    captions = [f"{split} {seed}" for split in splits for seed in range(LEVELS)]
    sheet = contact.sheet(world, states, captions, f"{world.title}: levels 0 to {LEVELS - 1}")
    write(site.out / "levels" / f"{world.name}.png", png(sheet))


def film(site: Site, world: World) -> str:
    """The page that plays the expert beside the learned agent; "" without recordings of them that
    fit the world as it is.
    """
    paths = [site.recordings / f"{world.name}-{side}.gmr" for side in SIDES]
    if not all(path.is_file() for path in paths):
        return ""
    name = f"films/{world.name}.html"
    try:
        with tempfile.TemporaryDirectory() as scratch:
            pair = [open_replay(str(path)) for path in paths]
            record_replays(pair, FilmPlan([site.out / name], Path(scratch)))
    except (UserError, MismatchError):  # recorded before the world was changed
        return ""
    return name


def world_page(site: Site, world: World, row: dict[str, str] | None, film: str) -> None:
    """All about one world."""
    roles = {goal.name: "intended" if goal is world.intended else "proxy" for goal in world.goals}
    roles[world.paid.name] = roles.get(world.paid.name, "") + ", paid"
    goals = [
        (goal.name, roles[goal.name].lstrip(", "), prices(goal.weights), goal.wish)
        for goal in world.goals
    ]
    splits = {"train": world.train, "deploy": world.deploy, **world.splits}
    knobs: list[tuple[str, ...]] = [("parameter", *splits)]
    knobs += [
        (name, *(world.say(name, getattr(given, name)) for given in splits.values()))
        for name in world.params._fields
    ]
    story = (world.story or "").strip().split("\n\n")[1:]
    figures = [(MEASURES[name], *percent(row, name)) for name in MEASURES] if row else []
    told = {"story": story, "goals": goals, "knobs": knobs, "row": row, "figures": figures}
    file = f"worlds/{world.name}.html"
    site.page(file, "world", title=world.title, world=world, film=film, **told)


def prices(weights: Any) -> str:
    """What a goal earns, in words."""
    return ", ".join(f"{event} {price:+g}" for event, price in weights.items())


def lists(site: Site, worlds: Sequence[World], rows: dict[str, dict[str, str]]) -> None:
    """Results, curves, levels and commands: a page each."""
    empty: dict[str, Any] = {"table": [], "figures": [], "commands": []}
    head = ("world", "judged on", *MEASURES.values(), "proxy", "verdict", "seeds")
    table: list[tuple[str, ...]] = [head]
    for name, row in rows.items():
        shown = ["{} [{}, {}]".format(*percent(row, measure)) for measure in MEASURES]
        table.append((name, row["split"], *shown, row["proxy"], row["label"], row["seeds"]))
    lead = (
        "Agents of every world on held-out levels, in per cent. Goals are returns: the random policy has 0, the"
        " goal's expert 100; the others are shares of levels. Brackets are 95 % intervals over seeds and levels."
    )
    known = {world.name for world in worlds}
    table = [head, *(line for line in table[1:] if line[0] in known)]
    site.page("table.html", "plain", title="Results", lead=lead, **empty | {"table": table})
    drawn = []
    for path in sorted((site.recordings / "curves").glob("*.png")):
        write(make_folder(site.out / "curves") / path.name, path.read_bytes())
        name, _, knob = path.stem.partition("-")
        drawn.append((f"{name} over {knob}", f"curves/{path.name}"))
    lead = "One recipe trained anew at every value of a knob. Bands are 95 % intervals over seeds and levels."
    site.page("curves.html", "plain", title="Curves", lead=lead, **empty | {"figures": drawn})
    sheets = [(world.title, f"levels/{world.name}.png") for world in worlds]
    lead = "The first levels of every world, in training and after the shift."
    site.page("levels.html", "plain", title="Levels", lead=lead, **empty | {"figures": sheets})
    lead = "Every command takes --help, --json, -q and -v; its examples can be pasted."
    told = empty | {"commands": site.commands}
    site.page("commands.html", "plain", title="Commands", lead=lead, **told)


def reference(site: Site) -> list[str]:
    """The public names in api/, by pdoc; a line instead where it is not installed."""
    from ....engine.extras import remedy

    if importlib.util.find_spec("pdoc") is None:
        lead = f"The reference of the Python names is made by pdoc, which was not there: {remedy('site')}"
        site.page(
            "api/index.html", "plain", title="Python", lead=lead, table=[], figures=[], commands=[]
        )
        return [f"the Python reference needs pdoc: {remedy('site')}"]
    looks = ["--no-search", "--template-directory", str(HERE / "pdoc")]
    words = ["-m", "pdoc", "-o", str(site.out / "api"), *looks, "goalshift", *HIDDEN]
    done = subprocess.run(
        [sys.executable, "-P", *words], capture_output=True, text=True, env=child.environment()
    )
    if done.returncode:
        raise RunError(f"pdoc: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    for path in (site.out / "api").rglob("*.html"):
        write(path, unlinked(path.read_text(encoding="utf-8")).encode())
    return []


def unlinked(page: str) -> str:
    """A page without its links to places that it does not have: pdoc makes them of fields that a
    class inherits from a module which is not shown.
    """
    places = set(re.findall(r'id="([^"]+)"', page))

    def kept(link: re.Match[str]) -> str:
        return link[0] if link[1] in places else link[2]

    return re.sub(r'<a href="#([^"]+)">([^<]*)</a>', kept, page)


HIDDEN = ("!goalshift.agents", "!goalshift.engine", "!goalshift.worlds", "!goalshift.__main__")
