"""A world of one's own to begin with: `goalshift world new NAME`.

The template is a world like any other (`worlds/_template.py`), so it is tested like any other.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from ...engine.catalogue import WORLDS, names
from ...engine.errors import UserError
from ...engine.files import make_folder, write


def new_world(name: str, folder: Path, force: bool = False) -> tuple[Path, Path]:
    """Write `folder`/NAME.py and `folder`/test_NAME.py; returns both paths.

    Raises UserError if the name cannot be a world's, or if a file is there and `force` is false.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or keyword.iskeyword(name):
        raise UserError(
            f"'{name}' cannot be the name of a world: use small letters, digits and _, such as my_world"
        )
    if name in names():
        raise UserError(f"goalshift has a world '{name}' already: take another name")
    world, test = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in (world, test):
        if path.exists() and not force:
            raise UserError(
                f"'{path}' exists: take another name or folder, or add --force to replace it"
            )
    make_folder(folder)
    write(world, (WORLDS / "_template.py").read_bytes())
    write(
        test,
        (WORLDS / "_template_test.py").read_text(encoding="utf-8").replace("NAME", name).encode(),
    )
    return world, test
