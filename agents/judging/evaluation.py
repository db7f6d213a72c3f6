"""What an evaluation found, as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...engine.errors import RunError, UserError
from ...engine.files import write
from ...engine.world import Goal, World

FORMAT = "goalshift-evaluation/1"


def world_mark(world: World) -> dict[str, Any]:
    """How an evaluation names its world."""
    return {
        "name": world.name,
        "version": world.version,
        "title": world.title,
        "horizon": world.horizon,
    }


def role(world: World, goal: Goal) -> str:
    """ "intended", "proxy" or "paid"."""
    if goal is world.intended:
        return "intended"
    return "proxy" if goal in world.proxies else "paid"


def dump(evaluation: dict[str, Any]) -> str:
    """The text of an evaluation file."""
    return json.dumps(evaluation, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def save_evaluation(evaluation: dict[str, Any], path: str | Path) -> Path:
    """Write an evaluation (folders are made); the file appears whole or not at all."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise RunError(f"cannot write '{path}': {fault.strerror or fault}") from fault
    write(path, dump(evaluation).encode())
    return path


def load_evaluation(path: str | Path) -> dict[str, Any]:
    """Read an evaluation file. Raises UserError if it is none, or of another format."""
    try:
        evaluation = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as fault:
        raise UserError(f"cannot read '{path}': {fault.strerror or fault}") from fault
    except (ValueError, RecursionError) as fault:
        raise UserError(f"'{path}' is not an evaluation: {fault}") from fault
    if not isinstance(evaluation, dict) or evaluation.get("format") != FORMAT:
        raise UserError(f"'{path}' is not an evaluation of format '{FORMAT}': run goalshift eval")
    return evaluation
