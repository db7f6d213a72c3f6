"""One self-contained web page that plays recorded episodes: no network, nothing to install.

The page holds the states as tiles, things and marks of every step, and the stamps that the top
camera lays on a frame; its script (`player.js`) lays the same stamps with the same whole-number
arithmetic, so it shows the pictures of the film. Everything that came from outside is data in it:
names are escaped, and the page's own policy lets no script run but the player.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import files
from ..camera import top
from ..draw import ink
from .story import Card, Side, Story, Take, goal_words, pale

if TYPE_CHECKING:
    from ...world import World

# as top.draw: world, states, i, size, and by name what else is drawn
Camera = Callable[..., np.ndarray]

HERE = Path(__file__).parent
PANE = {1: (540, 960), 2: (480, 616)}  # height and width of a pane, by how many stand side by side
NARROW = (320, 460)  # of a pane among more
# at speed 1, unless the play would take longer than so many seconds
STEPS_PER_SECOND, LONGEST = 8.0, 24.0
STILLS = 300  # pictures of a further camera that a page holds for each pane at most
SPEEDS = ((0.25, "¼×"), (0.5, "½×"), (1, "1×"), (2, "2×"), (4, "4×"), (8, "8×"))


# -- stamps


class Stamps:
    """The stamps of a page, each once, whatever panes and players lay it."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}
        self._shapes: list[tuple[int, int, int]] = []
        self._planes: list[bytes] = []

    def add(self, key: Any, make: Callable[[], top.Stamp | None]) -> int:
        """The number of the stamp called `key`, made if it is new; -1 if there is nothing to
        lay.
        """
        if key not in self._known:
            stamp = make()
            self._known[key] = -1 if stamp is None else self._keep(stamp.rgb, stamp.inverse)
        return self._known[key]

    def _keep(self, rgb: np.ndarray, inverse: np.ndarray | None) -> int:
        whole = rgb if inverse is None else np.concatenate([rgb, inverse], 2)
        rows = whole.astype(np.uint8).transpose(2, 0, 1)
        steps = rows.copy()
        steps[:, 1:] -= rows[:, :-1]  # differences of rows, as PNG has them: they pack far better
        self._planes.append(steps.tobytes())
        self._shapes.append((*rgb.shape[:2], int(inverse is None)))
        return len(self._shapes) - 1

    def data(self) -> dict[str, Any]:
        return {"shapes": self._shapes, "planes": _packed(b"".join(self._planes))}


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


# -- panes


def _pane(
    stamps: Stamps, story: Story, index: int, size: tuple[int, int], cameras: Mapping[str, Camera]
) -> dict[str, Any]:
    """One take as data of the player."""
    world, side = story.world, story.sides[index]
    states, colour = side.take.states, story.hue(index)
    h, w = int(states.h[0]), int(states.w[0])
    p = top.scale(world, h, w, size)
    size = (min(size[0], h * p), min(size[1], w * p))
    moved, faint = _things(stamps, world, states, p)
    cells, track = _track(stamps, world, states, h, w, p)
    shapes = (top.INTENDED, top.PROXY)
    dots = [colour if not agent else pale(colour) for agent in range(world.learners)]
    sky = top.seen_from_the_side(world)
    ghost, fork = story.forks.get(index, (None, None))
    return {
        "last": side.last,
        "size": size,
        "board": (h, w),
        "p": p,
        "things": world.entities,
        "learners": world.learners,
        "cells": cells,
        "track": _packed(track + moved),
        "pale": faint,
        "marks": _marks(side),
        "tint": {s: stamps.add((p, "tint", s), lambda s=s: top.tint_art(s, p)) for s in shapes},
        "badges": {
            s: stamps.add(
                (p, "badge", s), lambda s=s: top.mark_art(s, max(7, round(p * top.BADGE[s])))
            )
            for s in shapes
        },
        "dot": [
            stamps.add((p, "dot", rgb), lambda rgb=rgb: top.dot_art(rgb, p, False)) for rgb in dots
        ],
        "faint": stamps.add((p, "faint"), lambda: top.dot_art(ink.SIDES[0], p, True)),
        "scenery": stamps.add((size[0], "scenery"), lambda: _scenery(size[0])) if sky else None,
        "backdrop": top.BACKDROP,
        "ghost": ghost,
        "fork": fork,
        "scores": [_changes(side.scores[:, g]) for g in range(len(world.goals))],
        "captions": [[k, story.spoken(index, k)] for k in story.said[index]],
        "cameras": {name: _stills(camera, world, side, size) for name, camera in cameras.items()},
    }


def _things(
    stamps: Stamps, world: World, states: np.recarray, p: int
) -> tuple[bytes, dict[int, int]]:
    """Where every thing is on every step, as differences; and the pale stamp of each of the
    learners' stamps.
    """
    faint: dict[int, int] = {}
    moved = np.zeros((len(states), world.entities, 4), np.int16)
    moved[..., 0], moved[..., 1] = states.y, states.x
    moved[..., 3] = states.alive > 0
    for k in range(world.entities):
        kind = int(world.kinds[k])
        for face in np.unique(states.face[:, k]).tolist():

            def stamp(opacity: float, kind: int = kind, face: int = face) -> int:
                key = (id(world), p, "thing", kind, face, opacity)
                return stamps.add(key, lambda: top.thing_art(world, kind, face, p, opacity))

            moved[states.face[:, k] == face, k, 2] = stamp(1.0)
            if k < world.learners:
                faint[stamp(1.0)] = stamp(top.GHOST)
    moved[1:] -= moved[:-1].copy()
    return moved.astype("<i2").tobytes(), faint


def _marks(side: Side) -> list[list[Any]]:
    """[step, [[shape, cells]...]] at the start and wherever the marks change."""
    changes: list[list[Any]] = []
    for k in range(side.last + 1):
        now = [[mark.shape, np.asarray(mark.cells).tolist()] for mark in side.marks[k]]
        if not changes or now != changes[-1][1]:
            changes.append([k, now])
    return changes


def _track(
    stamps: Stamps, world: World, states: np.recarray, h: int, w: int, p: int
) -> tuple[list[tuple[int, int]], bytes]:
    """The cells of the first step and what changes later; and for each kind of cell its two
    stamps.
    """
    kinds: dict[int, int] = {}
    cells: list[tuple[int, int]] = []

    def numbers(keys: np.ndarray) -> np.ndarray:
        for key in np.unique(keys).tolist():
            if key not in kinds:
                kinds[key] = len(cells)
                ground, thing = top.cell_art(world, key, p)
                name = (id(world), p, "cell", key)
                cells.append(
                    (
                        stamps.add((*name, 0), lambda g=ground: g),
                        stamps.add((*name, 1), lambda t=thing: t),
                    )
                )
        return np.array([kinds[key] for key in keys.ravel().tolist()], "<u2")

    first = last = top.cell_keys(world, states[0], 0, h, 0, w)
    counts, where, what = [], [], []
    for k in range(1, len(states)):
        changed = np.zeros(0, np.int64)
        if (states.tiles[k] != states.tiles[k - 1]).any():
            now = top.cell_keys(world, states[k], 0, h, 0, w)
            changed = np.flatnonzero(now != last)
            where.append(changed.astype("<u2"))
            what.append(numbers(now.ravel()[changed]))
            last = now
        counts.append(len(changed))
    parts = [numbers(first), np.array(counts, "<u2"), *where, *what]
    return cells, b"".join(part.tobytes() for part in parts)


def _scenery(height: int) -> top.Stamp:
    """One period of the landscape behind a platformer."""
    panorama = top._panorama(height)
    return top.Stamp(panorama[:, : panorama.shape[1] // 2], None)


def _changes(values: np.ndarray) -> list[list[float]]:
    """[step, value] at the start and wherever it changes."""
    steps = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()]
    return [[k, float(values[k])] for k in steps]


def _stills(camera: Camera, world: World, side: Side, size: tuple[int, int]) -> dict[str, Any]:
    """The pictures of a camera that the browser cannot draw itself: of every step, or every so
    many.
    """
    from PIL import Image

    every = max(1, math.ceil(len(side.take.states) / STILLS))
    pictures = []
    for k in range(0, len(side.take.states), every):
        buffer = io.BytesIO()
        picture = camera(world, side.take.states, k, size, marks=side.marks[k])
        Image.fromarray(picture).save(buffer, "WEBP", quality=82, method=4)
        pictures.append("data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode())
    return {"every": every, "pictures": pictures}


# -- pages

STAR = "M10 1l2.7 5.8 6.3.8-4.6 4.4 1.2 6.3L10 15.2l-5.6 3.1 1.2-6.3L1 7.6l6.3-.8z"
DIAMOND = "M10 1l8 9-8 9-8-9z"


def icon(intended: bool) -> str:
    """The mark of a goal: a star for the intended one, a diamond for any other."""
    name, path = ("star", STAR) if intended else ("diamond", DIAMOND)
    return (
        f'<svg class="mark {name}" viewBox="0 0 20 20" aria-hidden="true"><path d="{path}"/></svg>'
    )


def text(words: Any) -> str:
    """Words as HTML: whatever they are, they stay words."""
    return html.escape(str(words))


def data_block(data: Any, name: str = "") -> str:
    """Data inside a page. Nothing in it can end the block: there is no "<" left."""
    packed = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        packed = packed.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json"{f" id={name}" if name else ""}>{packed}</script>'


def player(
    stamps: Stamps,
    takes: Sequence[Take],
    card: Card,
    cameras: Mapping[str, Camera] | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> str:
    """The HTML of one player for these takes; the stamps that it needs are added to `stamps`.

    The browser draws the top camera itself; pictures of further `cameras` (name → draw function) go
    into the page.
    """
    story, cameras = Story(takes, card, pairs), cameras or {}
    room = PANE.get(len(takes), NARROW)
    panes = [_pane(stamps, story, k, room, cameras) for k in range(len(takes))]
    data = {
        "panes": panes,
        "fork": story.fork,
        "full": story.full,
        "rate": max(STEPS_PER_SECOND, story.steps / LONGEST),
    }
    shown = "".join(_pane_html(story, k, pane["size"]) for k, pane in enumerate(panes))
    facts = [story.together(), f"level {story.names[0]}" if story.same_level else ""]
    facts += [f"split {card.split}" if card.split else ""]
    return (
        f'<section class="player panes{min(len(takes), 4)}" tabindex="0" aria-label="player of recorded episodes">'
        f"<header><h2>{text(card.title or story.world.title)}</h2>"
        f"<p>{text(' · '.join(filter(None, facts)))}</p></header>"
        f'<div class="grid">{shown}</div>{_controls(story, list(cameras))}{data_block(data)}</section>'
    )


def _pane_html(story: Story, index: int, size: tuple[int, int]) -> str:
    """Heading, picture and scoreboard of one take."""
    side = story.sides[index]
    outcomes = story.outcomes(side)
    rows, ends = [], []
    record = side.take.states[-1]
    # not where it has come to stand
    place = " high" if 2 * int(record.y[0]) > int(record.h) else ""
    for goal, (words, met) in zip(story.world.goals, outcomes, strict=True):
        intended = goal is story.world.intended
        kind = "star" if intended else "diamond"
        rows.append(
            f'<tr class="score"><td>{icon(intended)}</td><th scope="row">{text(goal_words(goal))}</th>'
            f'<td class="bar"><span class="filled {kind}"></span></td><td class="figure">0</td>'
            f'<td class="tag">{text(story.tag(side.take, goal))}</td></tr>'
        )
        what = "intended goal" if intended else goal_words(goal)
        ends.append(
            f'<li class="{"met" if met else "missed"}">{icon(intended)} {text(what)}: {text(words)}</li>'
        )
    return (
        f'<div class="pane side{_hue(story, index)}"><h3><span class="role">{text(side.take.role)}</span> '
        f"{text(side.take.label)}</h3>"
        f'<div class="stage"><canvas width="{size[1]}" height="{size[0]}" role="img" '
        f'aria-label="{text(f"{side.take.role}: {side.take.label}")}"></canvas>'
        f'<ul class="outcome {"met" if outcomes[0][1] else "missed"}{place}">{"".join(ends)}</ul></div>'
        f'<table class="scores">{"".join(rows)}</table></div>'
    )


def _hue(story: Story, index: int) -> int:
    """The number of a take's colour in the style sheet."""
    return ink.SIDES.index(story.hue(index))


def _controls(story: Story, cameras: list[str]) -> str:
    """What the viewer can do."""
    speeds = "".join(
        f'<option value="{value:g}"{" selected" if value == 1 else ""}>{name}</option>'
        for value, name in SPEEDS
    )
    lanes = "".join(
        f'<div class="lane side{_hue(story, k)}"><span class="filled"></span><span class="end"></span></div>'
        for k in range(len(story.sides))
    )
    boxes = [("marks", "goal marks (g)"), ("trails", "trails")] + [
        ("ghost", "the way not taken")
    ] * bool(story.forks)
    toggles = "".join(
        f'<label><input type="checkbox" data-part="{n}" checked> {w}</label>' for n, w in boxes
    )
    choice = "".join(
        f'<option value="{text(name)}">{text(name)}</option>' for name in ["top", *cameras]
    )
    camera = (
        f'<label>camera <select data-part="camera">{choice}</select></label>' if cameras else ""
    )
    fork, diamond = "", ""
    if story.fork is not None:
        fork = (
            f'<button type="button" data-part="fork">◆ paths part at step {story.fork} (d)</button>'
        )
        diamond = '<span class="part" data-part="diamond">◆</span>'
    return (
        f'<div class="time"><div class="lanes">{lanes}{diamond}</div>'
        '<input type="range" data-part="scrub" min="0" step="1" value="0" aria-label="step"></div>'
        '<p class="caption" data-part="caption" aria-live="off"></p>'
        '<div class="controls"><button type="button" data-part="back" aria-label="one step back">◀❙</button>'
        '<button type="button" data-part="play" aria-label="play">▶</button>'
        '<button type="button" data-part="next" aria-label="one step on">❙▶</button>'
        f'<output data-part="step"></output><label>speed <select data-part="speed">{speeds}</select></label>'
        f"{toggles}{camera}{fork}</div>"
    )


def document(title: str, body: str, stamps: Stamps, style: str = "") -> str:
    """A whole page around `body`; its policy allows this very script and style, and no network at
    all.
    """
    script, style = asset("player.js"), asset("player.css") + style
    policy = (
        f"default-src 'none'; img-src data:; script-src {_seal(script)}; style-src {_seal(style)}"
    )
    policy += "; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style></head>\n<body>\n{body}\n"
        f"{data_block(stamps.data(), 'stamps')}\n<script>{script}</script>\n</body></html>\n"
    )


@cache
def asset(name: str) -> str:
    """The text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def _seal(code: str) -> str:
    """What a page's policy calls one script or style by: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def page(
    takes: Sequence[Take],
    card: Card,
    cameras: Mapping[str, Camera] | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> str:
    """A page with one player, and below it all that the end card of a film says."""
    stamps = Stamps()
    shown = player(stamps, takes, card, cameras, pairs)
    title = card.title or card.world.title
    claim = f'<p class="claim">{text(card.claim)}</p>' if card.claim else ""
    facts = "".join(f"<li>{text(fact)}</li>" for fact in card.facts)
    about = [("level", card.pick), ("again", card.command), ("made with", card.versions)]
    rows = "".join(f"<dt>{name}</dt><dd>{text(words)}</dd>" for name, words in about if words)
    codes = "".join(f"<dt>replay</dt><dd><code>{text(code)}</code></dd>" for code in card.codes)
    body = (
        f"<main>{claim}{shown}{_rates(card)}"
        f'{f"<ul class=facts>{facts}</ul>" if facts else ""}<dl class="about">{rows}{codes}</dl></main>'
    )
    return document(title, body, stamps)


def _rates(card: Card) -> str:
    """The figures over many levels, as a table."""
    rows = []
    for rate in card.rates:
        mark = icon(rate.mark == top.INTENDED) if rate.mark else ""
        sure = ""
        if rate.low is not None and rate.high is not None:
            sure = f"[{100 * rate.low:.0f} – {100 * rate.high:.0f}]"
        rows.append(
            f"<tr><td>{mark}</td><th scope=row>{text(rate.label)}</th>"
            f"<td>{100 * rate.value:.0f} %</td><td>{sure}</td></tr>"
        )
    if not rows:
        return ""
    return f'<table class="rates"><caption>Over many levels: {text(card.sample)}</caption>{"".join(rows)}</table>'


def save(path: Path, takes: Sequence[Take], card: Card, **options: Any) -> None:
    """Write a page with one player; it appears whole or not at all."""
    files.write(path, page(takes, card, **options).encode())
