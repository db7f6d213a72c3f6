"""One page on one agent: where the ways to its goals are read, and what writing the cue does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ....engine import files, machine
from ....engine.levels.splits import split_of
from ....engine.vector import level_of
from ....engine.view.camera import top
from ....engine.view.camera.shot import Shot, Window
from ....engine.view.draw import charts, overlays
from ....engine.view.draw.ink import png
from ....engine.view.draw.marks import goal_marks
from ....engine.view.draw.signs import Lying
from ....engine.view.film import page as film_page
from ....engine.view.film import player_data
from ....engine.view.html import image, render
from ....engine.world import World
from ...judging.plain import to_plain
from ...judging.rollout import rollout
from ...lab.inside.attribution import View, maps_of
from ...lab.inside.cues import cue
from ...lab.inside.steering import CueVector, Steered
from ...lab.inside.study import Inside
from ...live.thoughts import fields as ways
from ...policies.policy import Policy
from ..contrast import versions
from ..report.figures import COLOURS, mind_picture
from .axis import section

FORMAT = "goalshift-inside/1"
TEMPLATE = "agents/showing/inside/inside.html.j2"
REPORT = Path(__file__).parent.parent / "report" / "report.css"


def to_json(found: Inside, command: str = "") -> dict[str, Any]:
    """What was found as plain data; directions are left out."""
    data = to_plain(found)
    data["world"] = found.world.name
    for reading in data["readings"]:
        del reading["direction"]
    return {"format": FORMAT, **data, "command": command, "versions": versions()}


def claim(found: Inside) -> tuple[str, str]:
    """What writing shows, in one sentence, and the tone of it: "wrong" is an effect, "open" none."""
    w = found.written
    to, of = w.steered.intended, w.plain.intended
    nulls = [x for draws in w.nulls.values() for x in draws]
    spread = f"{100 * min(nulls):.0f} to {100 * max(nulls):.0f} %" if nulls else "none drawn"
    what = f"{w.chosen:+g} times the vector of '{found.cue}' in '{w.layer}'"
    if not w.chosen:
        return f"No multiple of the vector of '{found.cue}' that was tried helps", "open"
    if w.beyond:
        return (
            f"Writing {what} moves it to the intended goal: met on {to.share()} of the levels"
            f" where goals part, {of.share()} without; nulls of the same length {spread}"
        ), "wrong"
    return (
        f"Writing {what} is not shown to move it: {to.share()}, {of.share()} without;"
        f" nulls of the same length {spread}"
    ), "open"


def write_page(
    found: Inside, agent: Policy, out: Path, command: str = "", seed: int = 0
) -> dict[str, str]:
    """Write the page to `out` (.html) and its data beside it (.json)."""
    world, w = found.world, found.written
    source = CueVector(agent, w.layer, cue(world, found.cue))
    steered = Steered(agent, w.layer, source, w.chosen)
    sides: list[tuple[str, Policy]] = [("as it is", agent), ("steered", steered)]
    boards, maps, fields = [], [], []
    states = level_of(world, _telling(found, sides, seed), split_of(world, found.split))
    for words, policy in sides:
        picture, _ = mind_picture(world, policy, states)
        boards.append({"words": words, "source": image(png(picture), "png"), "size": picture.shape})
        fields.append(ways(world, policy, states, 0)[1])
        maps.append(Markup(charts.cells(words.capitalize(), _places(found, policy, seed), "")))
    data = to_json(found, command)
    said, tone = claim(found)
    text = render(
        TEMPLATE,
        **film_page.document(player_data.Stamps(), REPORT),
        title=f"Inside {found.agent}: {world.title}",
        found=found,
        goals=[goal.name for goal in (world.intended, *world.proxies)],
        claim=said,
        tone=tone,
        sweep=Markup(_sweep(found)),
        legend=layer_colours(found),
        strips=_strips(found),
        boards=[*boards, _difference(world, states, fields)],
        seen=_seen(world, agent, states) if found.attributed else [],
        maps=maps,
        axis=section(found.axis, world, found.agent, out) if found.axis else None,
        data=data,
        machine=machine.describe(),
    )
    files.write(out, text.encode())
    files.write(out.with_suffix(".json"), files.json_bytes(data))
    return {"page": str(out), "data": str(out.with_suffix(".json"))}


def _board(world: World, states: np.recarray, lying: Lying, words: str) -> dict[str, Any]:
    """A picture of a state with what lies on its cells, for the page."""
    s, p = states[0], 28
    shot = Shot(
        world, s, (int(s.h) * p, int(s.w) * p), at=Window(p, s.h / 2, s.w / 2),
        marks=goal_marks(world, states), under=lying,
    )  # fmt: skip
    picture = top.draw(shot)
    return {"words": words, "source": image(png(picture), "png"), "size": picture.shape}


def _difference(world: World, states: np.recarray, fields: Sequence[np.ndarray]) -> dict[str, Any]:
    """Where the policy's arrows turn when it is steered: the difference of the two."""
    turned = fields[1] - fields[0]
    turned[np.hypot(turned[..., 0], turned[..., 1]) < 0.08] = (
        np.nan
    )  # a dot everywhere tells nothing
    return _board(world, states, overlays.arrows(turned, 28), "steered less unsteered")


def _seen(world: World, agent: Policy, states: np.recarray) -> list[dict[str, Any]]:
    """What is seen of each cell, as it adds to the likeliest action, and to the value."""
    view, found = View.of(agent, world, states, None), []
    if view.pictures:
        return []
    for towards, cells in maps_of(agent, view).items():
        lying = overlays.saliency(view.on_board(cells[0], 0), 28)
        found.append(_board(world, states, lying, f"what adds to its {towards}"))
    return found


def _telling(found: Inside, sides: Sequence[tuple[str, Policy]], seed: int) -> int:
    """The seed of a level on which steering changes what is met; the first one if there is none."""
    plain, steered = (
        rollout(found.world, policy, found.split, min(found.levels, 64), seed)
        for _, policy in sides
    )
    turned = (plain.scores[:, 0] <= 0) & (steered.scores[:, 0] > 0)
    return int(plain.seeds[int(turned.argmax())])


def _places(found: Inside, policy: Policy, seed: int) -> np.ndarray:
    """On how many levels the first learner was on each cell: int[h, w]."""
    trace = rollout(
        found.world, policy, found.split, min(found.levels, 64), seed, trace=("states",)
    ).trace
    assert trace is not None and trace.states is not None
    counts = np.zeros(found.world.size, int)
    for level in range(trace.running.shape[1]):
        lived = trace.states[trace.running[:, level], level]
        cells = np.unique(np.stack([lived["y"][:, 0], lived["x"][:, 0]]), axis=1)
        counts[cells[0], cells[1]] += 1
    return counts


def _sweep(found: Inside) -> str:
    """The intended goal met over the coefficient, a line for each layer."""
    x = np.arange(len(found.coefficients), dtype=float)
    lines = [
        charts.Curve(x, np.array(shares), COLOURS[k % len(COLOURS)])
        for k, shares in enumerate(found.sweeps.values())
    ]
    ticks = [f"{c:g}" for c in found.coefficients]
    return charts.curves("Intended goal met", lines, "coefficient", "share", (260, 520), ticks)


def _strips(found: Inside) -> list[Mapping[str, Any]]:
    """Rows of the figure of nulls: each draw as a place between 0 and 1."""
    w = found.written
    rows: list[Mapping[str, Any]] = [
        {"words": "as it is", "draws": [], "mark": w.plain.intended, "p": None},
        {"words": "steered by the cue", "draws": [], "mark": w.steered.intended, "p": None},
    ]
    for kind, draws in w.nulls.items():
        rows.append({"words": kind, "draws": draws, "mark": None, "p": w.p[kind]})
    return rows


def layer_colours(found: Inside) -> list[tuple[str, Markup]]:
    """The legend of the sweep."""
    keys = (charts.key(COLOURS[k % len(COLOURS)], "") for k in range(len(found.sweeps)))
    return [(layer, Markup(sign)) for layer, sign in zip(found.sweeps, keys, strict=True)]
