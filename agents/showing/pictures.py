"""The pictures of the README, drawn anew from the agents that ship."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ...engine.catalogue import load, names
from ...engine.files import write
from ...engine.progress import Show
from ...engine.view.camera import registry
from ...engine.view.camera.shot import Shot
from ...engine.view.draw import ink
from ...engine.view.draw.ink import png
from ...engine.view.draw.marks import goal_marks
from ...engine.view.film import cards, film, story
from ...engine.view.film.options import SIZE
from ...engine.view.sheets import gallery
from ..judging.evaluation import Evaluation
from ..judging.runs import evaluate_runs
from ..learning.shipped import shipped
from ..live.compose import compose
from ..live.look import Look
from ..live.open import open_session
from ..live.session import Session
from .contrast import FilmPlan
from .demo import film_run
from .record import mosaic, open_replay, record_replays

SIDES = ("intended", "learned")  # whose replays ship
ACROSS = 4  # cards in a row
LEVELS = 128  # that the levels of these pictures are chosen from
PATIENCE = 60.0  # seconds for what an overlay asks of an agent


@dataclass(frozen=True)
class Still(FilmPlan):
    """A plan that keeps one picture of the film: the one after so much of it."""

    share: float = 0.5

    def save(self, takes: Sequence[story.Take], card: story.Card, show: Show) -> list[str]:
        total, frames = film.frames(takes, card, self.options)
        for k, frame in enumerate(frames):
            if k >= self.share * (total - 1):
                write(self.films[0], png(frame))
                break
        return [str(self.films[0])]


@dataclass(frozen=True)
class EndCard(FilmPlan):
    """A plan that keeps the last card of the film."""

    def save(self, takes: Sequence[story.Take], card: story.Card, show: Show) -> list[str]:
        write(self.films[0], png(cards.end(story.Story(takes, card), self.options.size)))
        return [str(self.films[0])]


def ends(path: Path, scratch: Path) -> None:
    """The last cards of the films of all worlds that have an agent that ships."""
    made = []
    for replay in sorted(path.parent.glob("*-learned.gmr")):
        pair = (replay.with_name(replay.name.replace("learned", side)) for side in SIDES)
        card = scratch / f"{replay.stem}.png"
        record_replays([open_replay(str(one)) for one in pair], EndCard([card], scratch))
        with Image.open(card) as picture:
            made.append(picture.convert("RGB").resize((SIZE[1] // 2, SIZE[0] // 2)))
    wide, high = made[0].size
    sheet = Image.new("RGB", (ACROSS * wide, -(-len(made) // ACROSS) * high))
    for k, picture in enumerate(made):
        sheet.paste(picture, (k % ACROSS * wide, k // ACROSS * high))
    packed = io.BytesIO()
    sheet.save(packed, "WEBP", quality=80)
    write(path, packed.getvalue())


def worlds(path: Path, scratch: Path) -> None:
    """Every world, in training and after the shift."""
    gallery.save(gallery.gallery([load(name) for name in names()], 1, "top"), path)


def four(path: Path, scratch: Path) -> None:
    """Four panes: in training both reach the cheese, after the shift only the expert does."""
    _still("corner", Still([path], scratch, share=0.6), "2x2")


def behind(path: Path, scratch: Path) -> None:
    """From behind: the learned mouse follows its partner to a wrong sphere."""
    plan = Still([path], scratch, share=0.4)
    _still("follow", replace(plan, options=replace(plan.options, cameras=("chase",))))


def many(path: Path, scratch: Path) -> None:
    """Sixteen levels at once."""
    mosaic(shipped("coinrun"), Still([path], scratch, share=0.45))


def window(path: Path, scratch: Path) -> None:
    """The window, with what the agent would do everywhere and what it expects."""
    session = open_session("corner")
    _steps(session, 12)
    _shot(session, Look(shown={"trail", "marks", "ghost", "value", "arrows"}), path)


def editing(path: Path, scratch: Path) -> None:
    """The editor under a running agent, with what its next step hangs on."""
    session = open_session("corner")
    _steps(session, 2)
    y, x = np.argwhere(session.pane.history.state.tiles[0, 2:-2, 2:-2] == 1)[0].tolist()
    session.editor.paint(y + 2, x + 2, 0)
    _shot(session, Look(shown={"trail", "marks", "saliency"}, edit=True, brush=1), path)


def cameras(path: Path, scratch: Path) -> None:
    """Three worlds through all four cameras: a maze, a platformer, and one with keys and chests."""
    shown, (high, wide), gap, left, head = ("corner", "coinrun", "keys"), (288, 384), 8, 110, 32
    views = [registry.camera(name) for name in ("top", "chase", "iso", "eyes")]
    size = head + len(shown) * (high + gap), left + len(views) * (wide + gap)
    sheet = np.empty((*size, 3), np.uint8)
    ink.fill(sheet, ink.DARK)
    for k, view in enumerate(views):
        x = left + k * (wide + gap) + wide // 2
        ink.write(sheet, view.words, 6, x, 17, ink.TEXT, True, "middle")
    for row, name in enumerate(shown):
        session, y = open_session(name), head + row * (high + gap)
        _steps(session, 3)
        states, world = session.panes[0].history.state, session.world
        ink.write(sheet, name, y + high // 2 - 10, 12, 19, ink.TEXT, True)
        for k, view in enumerate(views):
            here, x = states[0], left + k * (wide + gap)
            at = view.window(world, here, (high, wide), float(here.y[0]), float(here.x[0]), 0)
            shot = Shot(world, here, (high, wide), at=at, marks=goal_marks(world, states))
            sheet[y : y + high, x : x + wide] = view.draw(shot)
    write(path, png(sheet))


PICTURES: Mapping[str, Callable[[Path, Path], None]] = {
    "cards.webp": ends,
    "worlds.png": worlds,
    "film-2x2.png": four,
    "film-chase.png": behind,
    "mosaic.png": many,
    "window.png": window,
    "window-editing.png": editing,
    "cameras.png": cameras,
}


def _still(world: str, plan: Still, layout: str = "1x2") -> None:
    film_run(shipped(world), _evaluation(world), plan, layout)


def _evaluation(world: str) -> Evaluation:
    return evaluate_runs([shipped(world)], ["train", load(world).judged], LEVELS)


def _steps(session: Session, many: int) -> None:
    for _ in range(many):
        session.clock.step()
    session.moved = 0.0


def _shot(session: Session, look: Look, path: Path) -> None:
    """A picture of the session, once all that was asked for is known."""
    end = time.perf_counter() + PATIENCE
    frame, before = compose(session, look, SIZE)[0], None
    while time.perf_counter() < end:
        waits = [pane.mapper.busy for pane in session.panes] + [session.facts.prover.busy]
        if not any(waits) and before is not None and (frame == before).all():
            break
        time.sleep(0.2)
        before, frame = frame, compose(session, look, SIZE)[0]
    write(path, png(np.ascontiguousarray(frame)))
