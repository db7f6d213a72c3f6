"""What a notebook shows of a world, a replay and levels: pictures with a line each, in HTML."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup, escape

from ...errors import UserError
from ...replay import Replay
from ...world import World
from ..draw.ink import png
from ..html import image
from . import contact, gallery

MOST = 32  # levels on one picture
MOMENTS = 8  # of an episode


def html(thing: Any) -> str | None:
    """The page of a thing; None if it cannot be shown, such as a replay of a world of elsewhere."""
    try:
        if isinstance(thing, World):
            return world(thing)
        if isinstance(thing, Replay):
            return replay(thing)
        return levels(thing.world, thing.states, repr(thing))
    except UserError:
        return None


def picture(pixels: np.ndarray, title: str) -> Markup:
    """A picture in the page."""
    return Markup('<img alt="{}" style="max-width:100%" src="{}">').format(
        title, image(png(pixels), "png")
    )


def world(shown: World) -> str:
    """Title, training and deployment side by side, and the goals."""
    rows = [
        (goal.name, ", ".join(goal_roles(shown, goal)), goal.wish)
        for goal in (shown.intended, *shown.proxies)
    ]
    cells = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(c) for c in row))
        for row in rows
    )
    head = Markup("<tr><th>goal</th><th>role</th><th>wants to</th></tr>")
    return Markup("<div><b>{}</b> ({})<br>{}<table>{}{}</table></div>").format(
        shown.title, shown.name, picture(gallery.gallery([shown]), shown.title), head, cells
    )


def goal_roles(shown: World, goal: Any) -> list[str]:
    """What a goal is in its world, in words."""
    roles = ["intended" if goal is shown.intended else "proxy"]
    return roles + ["paid"] * (goal.name == shown.paid.name)


def replay(shown: Replay) -> str:
    """Moments of the episode, from its first state to its last."""
    home = shown.find_world()
    states = shown.states(home)
    at = np.unique(np.linspace(0, len(states) - 1, MOMENTS).round().astype(int))
    drawn = contact.sheet(
        home, states[at].view(np.recarray), [f"step {k}" for k in at], repr(shown)
    )
    return Markup("<div>{}</div>").format(picture(drawn, repr(shown)))


def levels(home: World, states: np.recarray, title: str) -> str:
    """The first levels of a set."""
    first = states[:MOST].view(np.recarray)
    drawn = contact.sheet(home, first, [str(k + 1) for k in range(len(first))], title)
    return Markup("<div>{}</div>").format(picture(drawn, str(escape(title))))
