"""The agents that ship: one checkpoint for every world."""

from __future__ import annotations

from pathlib import Path

from ...engine.errors import UserError
from ...engine.files import write
from .files import CHECKPOINT, CONFIG, load_arrays, write_json

PRETRAINED = Path(__file__).parent.parent / "pretrained"


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
