"""A film of every world's shipped agent, and one montage of them all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...engine.catalogue import load, names
from ...engine.errors import need
from ...engine.files import make_folder
from ...engine.progress import Bar, no_bar
from ...engine.view.film import encode
from ..judging.runs import evaluate_runs
from ..learning.shipped import PRETRAINED, unpack
from .contrast import FilmPlan
from .demo import film_run

MONTAGE = "montage.mp4"


def shown(only: Sequence[str] = ()) -> list[str]:
    """The worlds that an agent ships for; UserError if one of `only` has none."""
    known = [name for name in names() if (PRETRAINED / f"{name}.safetensors").is_file()]
    wanted = [load(name).name for name in only] or known
    for name in wanted:
        need(name in known, f"no agent ships for '{name}'")
    need(bool(wanted), "no agents ship with this goalshift")
    return wanted


def every_world(
    out: Path,
    only: Sequence[str] = (),
    levels: int = 512,
    anew: bool = False,
    say: Callable[[str], None] = lambda line: None,
    bar: Bar = no_bar,
) -> dict[str, Any]:
    """A film of every world (or of `only` those) into the folder `out`, and the montage: all films one
    after another, a chapter each.

    Films that are there already are not made again, unless `anew`, so a second call goes on where the
    first was stopped. Returns {worlds: [{world, film}], montage}.
    """
    make_folder(out)
    made = []
    for name in shown(only):
        path = out / f"{name}.mp4"
        if anew or not path.exists():
            with tempfile.TemporaryDirectory() as folder:
                run = Path(folder) / name
                unpack(name, run)
                world = load(name)
                splits = list(dict.fromkeys(["train", world.judged]))
                found = evaluate_runs([run], splits, levels, bar=bar)
                command = f"goalshift demo {name} --pretrained"
                film_run(run, found, FilmPlan([path], run / "replays", command=command), bar=bar)
        say(f"{name}: {path}")
        made.append({"world": name, "film": str(path)})
    montage = ""
    if len(made) > 1:
        montage = str(out / MONTAGE)
        titles = [load(one["world"]).title for one in made]
        encode.joined([Path(one["film"]) for one in made], titles, out / MONTAGE)
    return {"worlds": made, "montage": montage}
