"""What a goal axis shows, in words, and its figure for a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....engine import files
from ....engine.view.html import image
from ....engine.world import World
from ...lab.inside.axis import Axis
from ...lab.inside.axis_figure import draw

MOST = 4 << 20  # bytes of the figure


def axis_claim(axis: Axis) -> tuple[str, str]:
    """What reading shows, and what writing does, a sentence each."""
    held = sum(one.held_out and one.a is not None for one in axis.copies)
    kind, bar = max(((k, high) for k, (_, high) in axis.read_nulls.items()), key=lambda x: x[1])
    reads = "tells their goal" if axis.reads else "is not shown to tell their goal"
    if axis.goes_along and not axis.reads:
        reads = "goes with their goal, and in other directions as well"
    far, plain = axis.written[0], axis.plain
    worst = max(m.intended for some in axis.write_nulls.values() for m in some)
    writes = "moves it to the intended goal" if axis.writes else "is not shown to move its goal"
    return (
        f"Read: the place of {held} held-out copies on the goal axis {reads}: r {axis.read};"
        f" 95 % of the null '{kind}' lie below {bar:.2f}",
        f"Written: going {far.by:+.2f} along it {writes}: met on {100 * far.intended:.0f} %,"
        f" {100 * plain.intended:.0f} % as it is, {100 * axis.common.intended:.0f} % by what all copies share"
        f" (proxy instead {100 * far.instead:.0f}, {100 * plain.instead:.0f}, {100 * axis.common.instead:.0f};"
        f" neither {100 * far.neither:.0f}, {100 * plain.neither:.0f}, {100 * axis.common.neither:.0f});"
        f" as far in other directions at most {100 * worst:.0f} %",
    )


def elsewhere_claims(axis: Axis) -> list[str]:
    """A sentence for each other agent whose copies were read on it."""
    return [
        f"Read on {len(one.copies)} copies of '{one.agent}', from its own weights: r {one.read};"
        f" 95 % of random directions lie below {one.nulls['random direction'][1]:.2f}"
        for one in axis.elsewhere
    ]


def section(axis: Axis, world: World, agent: str, out: Path) -> dict[str, Any]:
    """What the page tells of it; draws OUT-axis.svg and .png beside the page."""
    stem = out.with_name(f"{out.stem}-axis")
    goals = world.intended.name, axis.proxy
    draw(axis, goals, f"{agent}: a goal axis in {axis.weights:,} weights", stem)
    picture = files.read(stem.with_suffix(".png"), MOST)
    read, written = axis_claim(axis)
    to = [("as it is", axis.plain), ("by what all copies have in common", axis.common)]
    to += zip(
        ("along it, to the intended goal", "along it, to the proxy"), axis.written, strict=True
    )
    told = {
        "read": read,
        "written": written,
        "goals": goals,
        "rows": to,
        "elsewhere": elsewhere_claims(axis),
    }
    return {**told, "figure": image(picture, "png")}
