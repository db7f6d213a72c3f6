"""One self-contained web page that plays recorded episodes: no network, nothing to install.

Everything that came from outside is data in it: names are escaped, and the page's own policy lets
no script run but the player.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ... import files
from ..camera import top
from ..camera.registry import Camera
from ..draw.ink import SIDES
from ..html import asset, render, seal
from .player_data import Stamps, pane
from .story import PARTING, Card, Story, Take

HERE = Path(__file__).parent
PANE = {1: (540, 960), 2: (480, 616)}  # height and width of a pane, by how many stand side by side
NARROW = (320, 460)  # of a pane among more
# at speed 1, unless the play would take longer than so many seconds
STEPS_PER_SECOND, LONGEST = 8.0, 24.0


def player(
    stamps: Stamps,
    takes: Sequence[Take],
    card: Card,
    cameras: Mapping[str, Camera] | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Markup:
    """The HTML of one player for these takes; the stamps that it needs are added to `stamps`.

    The browser draws the top camera itself; pictures of further `cameras` go into the page.
    """
    story = Story(takes, card, pairs)
    stills = {name: view for name, view in (cameras or {}).items() if view is not top.CAMERA}
    room = PANE.get(len(takes), NARROW)
    panes = [pane(stamps, story, k, room, stills) for k in range(len(takes))]
    data = {
        "panes": panes,
        "fork": story.fork,
        "here": story.card.say(PARTING, story.fork),
        "full": story.full,
        "rate": max(STEPS_PER_SECOND, story.steps / LONGEST),
    }
    hues = [SIDES.index(story.hue(k)) for k in range(len(takes))]  # colours of the style sheet
    return render(
        "engine/view/film/player.html.j2",
        story=story,
        data=data,
        stills=list(stills),
        panes=list(zip(story.sides, hues, (one["size"] for one in panes), strict=True)),
    )


def document(stamps: Stamps, style: Path | None = None) -> dict[str, Any]:
    """What `document.html.j2` needs beside a title: script, styles, stamps, and a policy that
    allows this very script and style, and no network at all.
    """
    script, sheet = asset(HERE / "player.js"), asset(HERE / "player.css")
    if style is not None:
        sheet += asset(style)
    policy = (
        f"default-src 'none'; img-src data:; script-src {seal(script)}; style-src {seal(sheet)}"
        "; base-uri 'none'; form-action 'none'"
    )
    return {"script": script, "style": sheet, "policy": policy, "stamps": stamps.data()}


def page(
    takes: Sequence[Take],
    card: Card,
    cameras: Mapping[str, Camera] | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> str:
    """A page with one player, and below it all that the end card of a film says."""
    stamps = Stamps()
    shown = player(stamps, takes, card, cameras, pairs)
    return render(
        "engine/view/film/page.html.j2",
        title=card.title or card.world.title,
        player=shown,
        card=card,
        **document(stamps),
    )


def save(
    path: Path,
    takes: Sequence[Take],
    card: Card,
    cameras: Mapping[str, Camera] | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> None:
    """Write a page with one player; it appears whole or not at all."""
    files.write(path, page(takes, card, cameras, pairs).encode())
