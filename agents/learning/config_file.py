"""Options of a training from a file: TOML, or JSON such as a run's own config.json."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...engine.errors import UserError, need
from ...engine.files import read_json, read_text, refuse_newer
from ...engine.levels.text import parse_toml
from .config import TrainConfig
from .files import FORMAT

MOST = 100_000  # bytes
ABOUT = ("world_version", "format")  # in a run's own file, and no options


def read(path: Path) -> dict[str, Any]:
    """What the file says, by option. Raises UserError, naming the file, for anything else."""
    if path.suffix.lower() == ".toml":
        try:
            found = parse_toml(read_text(path, MOST), str(path))
        except UserError as fault:
            raise UserError(f"--config {fault}") from None
    else:
        found = read_json(path, MOST)
    need(isinstance(found, dict), f"--config {path}: it must hold options by name")
    refuse_newer(f"--config {path}", found.get("format"), FORMAT)
    found = {name: value for name, value in found.items() if name not in ABOUT}
    try:
        checked = TrainConfig.from_json(found).to_json()
    except UserError as fault:
        raise UserError(f"--config {path}: {fault}") from None
    texts = (str(found.get(name, "")) for name in ("world", "mitigate", "curriculum"))
    for code in (part for text in texts for part in re.split("[,:]", text) if part.endswith(".py")):
        raise UserError(f"--config {path} names the file '{code}', which is code: name it yourself")
    return {name: checked[name] for name in found}
