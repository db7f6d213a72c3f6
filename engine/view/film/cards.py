"""The title card and the end card of a film."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..camera import top
from ..camera.shot import Shot, Window
from ..draw import sprites
from ..draw.differ import frame_art
from ..draw.ink import (
    DARK,
    DIM,
    LINE,
    MARKS,
    PANEL,
    SIDES,
    TEXT,
    box,
    icon,
    in_pixels,
    pill,
    scaled,
    text_width,
    watching,
    whole_size,
    wrap,
    write,
    write_whole,
)
from ..draw.marks import INTENDED, PROXY, Trail, mark_of
from .layout import SLIM, in_units
from .story import Card, Story

# How many times larger a card is drawn, where there is room for all of it.
GROWN = 1.5, 1.4, 1.3, 1.2, 1.1
LARGEST = 56  # units of a cell on an end card
SMALLER = 0.9  # times: how much smaller larger letters may make a picture
AIR = 44  # units between two parts of an end card that are added at most
LISTED = 9  # takes whose outcomes an end card lists; of more it says how many


def title(story: Story, size: tuple[int, int], unit: float = 1.0) -> np.ndarray:
    """What this is, the claim, how it was trained; in units of so many pixels."""
    frame = _blank(story, size)
    for grown in (*GROWN, 1.0):
        frame, units = _blank(story, size), in_units(size, unit * grown)
        with scaled(unit * grown), watching() as cuts:
            left = _title(story, frame, units)
        if left >= 0 and not cuts.many and (units[1] < SLIM) == (size[1] / unit < SLIM):
            break
    return frame


def _title(story: Story, frame: np.ndarray, size: tuple[int, int]) -> int:
    """Draw all of it; returns the units that are left."""
    slim, width = size[1] < SLIM, size[1]
    card, world, x = story.card, story.world, 60 if slim else 288
    claim = wrap(card.claim, 27, width - x - (60 if slim else 90), 6 if slim else 3)
    facts = [line for fact in card.facts[:4] for line in wrap(fact, 19, width - x - 90, 2)]
    tall = 70 + 40 * len(claim) + 30 + 38 * len(world.goals) + 30 + 30 * len(facts)
    y = max(200 if slim else 40, (size[0] - tall) // 2 - 10)  # slim: the portrait lies above it
    _portrait(story, frame, *(y - 190, 60) if slim else (y + 8, 90), 150)
    write_whole(frame, story.title, y, x, (46, 20), width - x - 40)
    y += 74
    for line in claim:
        write(frame, line, y, x, 27, TEXT)
        y += 40
    y += 30
    for goal in world.goals:
        mark = mark_of(world, goal)
        icon(frame, mark, y, x, 26)
        kind = card.say("intended goal" if goal is world.intended else "proxy goal")
        write(frame, kind, y, x + 40, 20, MARKS[mark], True)
        paid = f"   ({card.say('paid in training')})" if goal is world.paid else ""
        write(frame, card.goal(goal) + paid, y, x + 200, 20, TEXT, width=width - x - 240)
        y += 38
    y += 30
    for line in facts:
        write(frame, line, y, x, 19, DIM)
        y += 30
    return size[0] - tall - (420 if slim else 120)


def _portrait(story: Story, frame: np.ndarray, y: int, x: int, size: int) -> None:
    """The learner on its ground, framed."""
    box(frame, y - 5, x - 5, y + size + 5, x + size + 5, LINE, 26)
    y, x, size, round_ = in_pixels(y, x, size, 22)
    with scaled(1.0):
        _framed(story, frame, y, x, size, round_)


def _framed(story: Story, frame: np.ndarray, y: int, x: int, size: int, corner: int) -> None:
    art = sprites.of(story.world)
    tile = np.full((size, size, 4), 255, np.uint8)
    tile[..., :3] = sprites.over(sprites.tile_art(art.tiles[art.ground], size), tile[..., :3])
    hero = art.things[int(story.world.kinds[0])].at(size * 4 // 5)
    edge = size // 10
    spot = tile[edge : edge + len(hero), edge : edge + len(hero)]
    spot[:] = sprites.pile(hero, spot)
    area = frame[y : y + size, x : x + size]
    mask = np.zeros((size, size, 3), np.uint8)
    box(mask, 0, 0, size, size, (255, 255, 255), corner)
    cover = mask.astype(np.uint16)
    area[:] = (tile[..., :3] * cover + area * (255 - cover) + 127) // 255


def end(story: Story, size: tuple[int, int], unit: float = 1.0) -> np.ndarray:
    """What became of each take, figures over many levels, how to see it again; in units of so many
    pixels, and as much larger as there is room for.
    """
    usual = _ended(story, size, unit, 1.0)
    best = usual
    for grown in GROWN:
        tried = _ended(story, size, unit, grown)
        same = (in_units(size, unit * grown)[1] < SLIM) == (size[1] / unit < SLIM)
        if same and tried.whole and tried.pictured >= SMALLER * usual.pictured:
            best = tried
            break
    air = min(max(best.left, 0) // 3, AIR)
    return _ended(story, size, unit, best.grown, air).frame if air else best.frame


class Ended(NamedTuple):
    """An end card: how much larger it is drawn, the units that are left at its foot, the pixels of a
    cell in its pictures, and whether all of it is there.
    """

    frame: np.ndarray
    grown: float
    left: int
    pictured: int
    whole: bool


def _ended(story: Story, size: tuple[int, int], unit: float, grown: float, air: int = 0) -> Ended:
    """The card, so much larger than usual, with `air` between its parts."""
    frame, unit = _blank(story, size), unit * grown
    with scaled(unit), watching() as cuts:
        left, pictured = _end(story, frame, in_units(size, unit), unit, air)
    return Ended(frame, grown, left, pictured, left >= 0 and not cuts.many)


def _end(
    story: Story, frame: np.ndarray, size: tuple[int, int], unit: float, air: int
) -> tuple[int, int]:
    """Draw all of it; returns the units that are left, and the pixels of a cell."""
    card, (height, width) = story.card, size
    level = (
        " · ".join(filter(None, (story.names[0] if story.same_level else "", card.pick)))
        if card.pick
        else ""
    )
    told = [("level", level), ("again", card.command), ("made with", card.versions)]
    slim, p = width < SLIM, 0
    foot = [(name, wrap(text, 16, width - 234, 4 if slim else 2)) for name, text in told if text]
    write_whole(frame, story.title, 22, 64, (26, 14), width - 128)
    top = 62
    for line in wrap(card.conclusion, 22, width - 128, 4 if slim else 2):
        write(frame, line, top, 64, 22, MARKS[INTENDED])
        top += 32
    top += 16 + air
    below = height - 28 * sum(len(lines) for _, lines in foot) - 20
    each = 56 if slim else 30  # of a rate
    listed = min(len(card.rates), 8)
    wanted = (64 if slim else 40) + each * listed if card.rates else 0
    room = below - top - wanted - 20 - air
    if len(story.sides) <= 2 and slim:
        y, many = top, len(story.sides)
        for index in range(many):
            y, p = _outcome(story, frame, index, y, 64, (room - 40) // many, unit)
            y += 20
    elif len(story.sides) <= 2:
        lefts = [64 + index * (width - 96) // 2 for index in range(len(story.sides))]
        drawn = [_outcome(story, frame, index, top, x, room, unit) for index, x in enumerate(lefts)]
        y, p = max(end for end, _ in drawn), min(cell for _, cell in drawn)
    else:
        y = _outcomes(story, frame, top + 6, width)
    y += air
    if card.rates:
        rows = (below - y - 18 - 40) // each
        _rates(card, frame, y + 18, rows, width)
        y += 18 + (54 if slim else 30) + each * listed
    for words, lines in foot:
        write(frame, words, below, 64, 16, DIM, True)
        for line in lines:
            write(frame, line, below, 170, 16, TEXT)
            below += 28
    return height - 20 - 28 * sum(len(lines) for _, lines in foot) - y - 10, p


def _outcome(
    story: Story, frame: np.ndarray, index: int, y: int, x: int, room: int, unit: float
) -> tuple[int, int]:
    """One take's whole level with its way, and the outcome of every goal; returns its end, and the
    pixels of a cell.
    """
    world, side = story.world, story.sides[index]
    colour = story.hue(index)
    across = in_units(frame.shape[:2], unit)[1]
    alone = across < SLIM or len(story.sides) == 1
    wide = (across - 96) // (1 if alone else len(story.sides)) - 32
    record = side.take.states[-1]
    h, w = int(record.h), int(record.w)
    told = [
        f"{story.card.goal(goal)}: {story.card.say(outcome.words)}"
        for goal, outcome in zip(world.goals, story.outcomes(side), strict=True)
    ]
    text = 48 + sum(2 + 24 * len(wrap(line, 16, wide - 28, 2)) for line in told)
    beside = max(1, min(room // h, wide * 52 // 100 // w))
    under = max(1, min((room - text) // h, wide // w))
    p = int(min(max(beside, under), LARGEST) * unit)
    trails = [Trail(side.path[:, agent], colour) for agent in range(world.learners)]
    whole = Shot(
        world, record, (h * p, w * p), at=Window(p, h / 2, w / 2), trails=trails,
        marks=side.marks[side.last], over=[(frame_art(p), *cell) for cell in side.take.framed],
    )  # fmt: skip
    most = int(max(room * unit, p)), int(wide * unit)
    with scaled(1.0):  # within a picture all is in pixels
        picture = top.draw(whole)[: most[0], : most[1]]
    high, broad = in_units(picture.shape[:2], unit)
    box(frame, y - 3, x - 3, y + high + 3, x + broad + 3, colour, 4)
    into = frame[round(y * unit) :, round(x * unit) :][: picture.shape[0], : picture.shape[1]]
    into[:] = picture[: into.shape[0], : into.shape[1]]
    end = y + high
    if under > beside:
        y, width = y + high + 12, wide
        used = pill(frame, side.take.role, y, x, 16, colour) + 10
        small = whole_size(side.take.label, (16, 13), width - used, False)
        write(frame, side.take.label, y, x + used, small, DIM, width=width - used)
    else:
        x, width = x + broad + 20, wide - broad - 20
        pill(frame, side.take.role, y, x, 16, colour)
        for line in wrap(side.take.label, 16, width, 4):
            y += 24
            write(frame, line, y + 6, x, 16, DIM)
    y += 34
    for g, (words, outcome) in enumerate(zip(told, story.outcomes(side), strict=True)):
        icon(frame, PROXY if g else INTENDED, y + 2, x, 20, 1.0 if outcome.met else 0.35)
        for line in wrap(words, 16, width - 28, 2 if under > beside else 4):
            write(frame, line, y, x + 28, 16, TEXT if outcome.met else DIM)
            y += 24
        y += 2
    return (y if under > beside else max(y, end)), p


def _outcomes(story: Story, frame: np.ndarray, y: int, width: int) -> int:
    """The outcomes of many takes, in a line each or in all; returns their end."""
    goals, found = story.world.goals, [story.outcomes(side) for side in story.sides]
    if len(found) > LISTED:
        for g, goal in enumerate(goals):
            met = sum(outcomes[g].met is True for outcomes in found)
            icon(frame, PROXY if g else INTENDED, y + 2, 64, 22)
            unknown = sum(outcomes[g].met is None for outcomes in found)
            words = f"{story.card.goal(goal)}: met on {met} of {len(found)}"
            words += f" ({unknown} unknown)" if unknown else ""
            write(frame, words, y, 96, 19, TEXT, width=width - 160)
            y += 34
        return y
    used = [text_width(side.take.role, 16, True) + 16 for side in story.sides]
    column = (width - 128 - max(used) - 20) // (len(goals) + 1)
    for index, (side, outcomes) in enumerate(zip(story.sides, found, strict=True)):
        pill(frame, side.take.role, y, 64, 16, story.hue(index))
        x = 64 + max(used) + 20
        write(frame, side.take.label, y, x, 16, DIM, width=column - 16)
        for g, (goal, outcome) in enumerate(zip(goals, outcomes, strict=True)):
            left = x + column * (g + 1)
            icon(frame, PROXY if g else INTENDED, y + 2, left, 20, 1.0 if outcome.met else 0.35)
            words, ink = f"{outcome.brief}: {story.card.goal(goal)}", TEXT if outcome.met else DIM
            write(frame, words, y, left + 28, 16, ink, width=max(column - 40, 1))
        y += 34
    return y


def _rates(card: Card, frame: np.ndarray, y: int, rows: int, width: int) -> None:
    """At most `rows` bars with their intervals; in a slim film below what they are of."""
    slim = width < SLIM
    used = write(frame, card.say(card.heading), y, 64, 15, TEXT, True)
    if slim:
        y, used = y + 24, -16
    write(frame, card.sample, y, 80 + used, 15, DIM, width=width - 144 - used)
    y += 30
    start, stop = 64 + (28 if slim else 420), width - 64 - 190
    for rate in card.rates[: max(rows, 0)]:
        if rate.mark:
            icon(frame, rate.mark, y + 2, 64, 20)
        room = width - 156 if slim else start - 108
        size = whole_size(rate.label, (17, 13), room, False)
        write(frame, rate.label, y + (17 - size) * 3 // 4, 92, size, TEXT, width=room)
        y += 26 if slim else 0
        box(frame, y + 4, start, y + 20, stop, PANEL, 6)
        ink = MARKS.get(rate.mark, (120, 170, 220))
        if rate.value > 0:
            far = start + max(12, round((stop - start) * min(rate.value, 1)))
            box(frame, y + 4, start, y + 20, far, ink, 6)
        words = f"{100 * rate.value:.0f} %"
        if rate.low is not None and rate.high is not None:
            low, high = (
                start + round((stop - start) * min(max(v, 0), 1)) for v in (rate.low, rate.high)
            )
            for grown, whisker in ((1, DARK), (0, TEXT)):  # white with a dark rim shows on any bar
                for y0, x0, y1, x1 in (
                    (y + 11, low, y + 13, high + 1),
                    (y + 7, low - 1, y + 17, low + 1),
                    (y + 7, high - 1, y + 17, high + 1),
                ):
                    box(frame, y0 - grown, x0 - grown, y1 + grown, x1 + grown, whisker)
            words += f"  [{100 * rate.low:.0f} - {100 * rate.high:.0f}]"
        write(frame, words, y, stop + 14, 17, TEXT, True)
        y += 30


def _blank(story: Story, size: tuple[int, int]) -> np.ndarray:
    """An empty card with the takes' colours at its foot."""
    frame = np.empty((*size, 3), np.uint8)
    frame[:] = DARK
    n = min(len(story.sides), len(SIDES))
    for k in range(n):
        frame[-6:, size[1] * k // n : size[1] * (k + 1) // n] = story.hue(k)
    return frame
