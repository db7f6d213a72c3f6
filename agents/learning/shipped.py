"""The agents that ship: one checkpoint for every world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...engine.errors import UserError
from ...engine.files import read_json, write
from .files import CHECKPOINT, CONFIG, load_arrays, write_json

PRETRAINED = Path(__file__).parent.parent / "pretrained"
OPENINGS = PRETRAINED / "openings.json"  # world -> split, seed and version of the level shown first


def shipped(world: str) -> Path:
    """The checkpoint that ships for this world; UserError if there is none."""
    source = PRETRAINED / f"{world}.safetensors"
    if not source.is_file():
        others = ", ".join(sorted(path.stem for path in PRETRAINED.glob("*.safetensors")))
        raise UserError(
            f"no checkpoint of '{world}' is shipped (there is: {others or 'none'});"
            f" train one: goalshift demo {world}"
        )
    return source


def openings() -> dict[str, dict[str, Any]]:
    """For each world the level on which its agent shows best what it learned: split, seed, and the
    version of the world.
    """
    return read_json(OPENINGS, 100_000) if OPENINGS.is_file() else {}


def unpack(world: str, out: Path) -> None:
    """Make a run folder of the checkpoint that ships for this world."""
    source = shipped(world)
    _, about = load_arrays(source, "checkpoint")
    out.mkdir(parents=True, exist_ok=True)
    target = out / CHECKPOINT
    write(target, source.read_bytes())
    write_json(target.with_suffix(".json"), about)
    stored = {**about["config"], "world_version": about["world_version"], "format": about["format"]}
    write_json(out / CONFIG, stored)
