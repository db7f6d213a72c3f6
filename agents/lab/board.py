"""The two leaderboards of detectors as text, and as plain data for a file."""

from __future__ import annotations

from typing import Any

from ..judging.intervals import Estimate
from ..judging.plain import to_plain
from .alarms import AlarmBoard
from .detect import Board, Standing
from .turning import Turns

FORMAT = "goalshift-detect/1"


def data(
    before: Board | None, live: AlarmBoard | None, during: Turns | None, zoo: dict[str, Any]
) -> dict[str, Any]:
    """The boards as plain data; `zoo` is its manifest."""
    about = {key: zoo[key] for key in ("agents", "labels", "weights", "goalshift")}
    return {
        "format": FORMAT,
        "zoo": about,
        "before": to_plain(before) if before else None,
        "live": to_plain(live) if live else None,
        "during": to_plain(during) if during else None,
    }


def before_rows(board: Board) -> list[tuple[str, ...]]:
    """The rows of the board before deployment, with a head."""
    head = "DETECTOR", "SEES", "AUROC", "LEARNED", "TPR@5%FPR", "ONE RECIPE", "LOG-LOSS"
    return [head, *(_before(s) for s in board.standings)]


def _before(s: Standing) -> tuple[str, ...]:
    name = f"{s.name} (control)" if s.control else s.name
    surprise = "-" if s.surprise is None else f"{s.surprise:.2f}"
    figures = (_figure(one) for one in (s.auroc, s.elsewhere, s.tpr, s.recipe))
    return (name, "+".join(s.sees), *figures, surprise)


def before_lines(board: Board) -> list[str]:
    """What the board rests on, and who beats the control, in words."""
    labels = ", ".join(f"{n} {label}" for label, n in board.labels.items())
    worlds = ", ".join(f"{w} {bad}/{good}" for w, (bad, good) in board.worlds.items())
    lines = [f"agents: {labels}", f"decided, astray/robust: {worlds}"]
    if board.base is not None:
        lines.append(f"log-loss of knowing the share alone: {board.base:.2f}")
    rest = [s for s in board.standings if not s.control and s.gain.value is not None]
    lines += [f"{s.name} beats both controls in {', '.join(s.beats)}" for s in rest if s.beats]
    nowhere = [s.name for s in rest if not s.beats]
    if nowhere:
        lines.append(f"beat the better control nowhere: {', '.join(nowhere)}")
    lacking = [f"{s.name} ({s.lacking})" for s in board.standings if s.lacking]
    if lacking:
        lines.append(f"agents that lack what a detector needs: {', '.join(lacking)}")
    return lines


def live_rows(board: AlarmBoard) -> list[tuple[str, ...]]:
    """The rows of the board at run time, with a head."""
    head = ("DETECTOR", "SEES", "SHIFT", "ASTRAY", "IN TIME", "LEAD", "FALSE/1000")
    rows: list[tuple[str, ...]] = [head]
    for s in board.sentries:
        figures = (s.shift, s.astray, s.timely)
        steps = (_figure(s.lead, 1), _figure(s.false, 0))
        name = f"{s.name} (control)" if s.control else s.name
        rows.append((name, "+".join(s.sees), *map(_figure, figures), *steps))
    return rows


def live_lines(board: AlarmBoard) -> list[str]:
    """What the board rests on, in words."""
    lines = [f"agents watched: {board.agents}"]
    if board.exact:
        lines.append(f"the last attainable step is exact in {', '.join(board.exact)}")
    if board.bound:
        lines.append(
            "it is the earliest that it can be, as found by an expert that may fall short, in"
            f" {', '.join(board.bound)}: leads there are at least these"
        )
    return lines


def turn_rows(found: Turns) -> list[tuple[str, ...]]:
    """What turned first in training, with a head."""
    head = (
        "DETECTOR",
        "AGENTS",
        "LEAD (SHARE OF TRAINING)",
        "TURNED FIRST",
        "ROBUST ONES COME AS FAR",
    )
    rows: list[tuple[str, ...]] = [head]
    for turn in found.rows:
        figures = (turn.lead, turn.first, turn.robust)
        rows.append((turn.name, str(turn.agents), *map(_figure, figures)))
    return rows


def _figure(estimate: Estimate, digits: int = 2) -> str:
    if estimate.value is None:
        return "-"
    parts = (estimate.value, estimate.low, estimate.high)
    value, low, high = (f"{part:.{digits}f}" for part in parts)
    return f"{value} [{low}, {high}]"
