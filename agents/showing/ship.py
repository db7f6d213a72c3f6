"""Making a table's agents the ones that ship; for use in a checkout of the repository."""

from __future__ import annotations

from pathlib import Path

from ...engine.catalogue import load
from ...engine.errors import need
from ...engine.files import write
from ..judging.evaluation import Evaluation
from ..learning.files import CHECKPOINT, EVALUATION
from ..learning.shipped import PRETRAINED
from ..studies.table import rows_of
from .contrast import FilmPlan
from .demo import film_run


def ship(world: str, out: Path) -> str:
    """Make the first seed's agent of a table the one that ships, with its replays; for use in a
    checkout.

    The median level after the shift (on the training split where only that one is judged) is played
    twice, by the expert of the intended goal and by the agent. Returns a line that says so.
    """
    recordings = PRETRAINED.parent.parent / "recordings"
    need(
        recordings.is_dir(),
        "--ship is for a checkout of the repository: there is no recordings/ here",
    )
    run = out / world / "seed-0"
    evaluation = Evaluation.load(out / world / EVALUATION)
    split = rows_of(load(world), evaluation)[0]["split"]
    made = (run / CHECKPOINT).read_bytes()
    write(PRETRAINED / f"{world}.safetensors", made)
    write(PRETRAINED / f"{world}.json", (run / CHECKPOINT).with_suffix(".json").read_bytes())
    film_run(run, evaluation, FilmPlan([], run / "shipped", split))
    for who in ("intended", "learned"):
        newest = max(
            (run / "shipped").glob(f"{split}-*-{who}.gmr"), key=lambda path: path.stat().st_mtime
        )
        write(recordings / f"{world}-{who}.gmr", newest.read_bytes())
    return f"{world}: shipped seed 0 ({len(made) // 1000} kB) and its two replays on '{split}'"
