"""What ships, made anew: the agents of a table, and all that is recorded of them; for use in a
checkout of the repository.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ...engine import files
from ...engine.catalogue import load, names
from ...engine.errors import UserError, need
from ...engine.files import write
from ...engine.replay import Replay, engine_mark
from ...engine.world import World
from ..judging.evaluation import Evaluation
from ..judging.rollout import LEVELS
from ..judging.runs import evaluate_runs, open_run
from ..learning.files import CHECKPOINT, EVALUATION
from ..learning.shipped import OPENINGS, PRETRAINED, openings, shipped, unpack
from .contrast import FilmPlan
from .demo import film_run
from .pictures import PICTURES, SIDES

FILMED = ("coinrun", "corner", "follow")  # worlds whose film the README shows


def recordings() -> Path:
    """The folder of all that is recorded; UserError outside a checkout."""
    found = PRETRAINED.parent.parent / "recordings"
    need(found.is_dir(), "--ship is for a checkout of the repository: there is no recordings/ here")
    return found


def ship(world: str, out: Path) -> str:
    """Make the first seed's agent of a table the one that ships, with its replays.

    Returns a line that says so.
    """
    run = out / world / "seed-0"
    recordings()
    made = (run / CHECKPOINT).read_bytes()
    write(PRETRAINED / f"{world}.safetensors", made)
    write(PRETRAINED / f"{world}.json", (run / CHECKPOINT).with_suffix(".json").read_bytes())
    _record(load(world), run, Evaluation.load(out / world / EVALUATION))
    return f"{world}: shipped seed 0 ({len(made) // 1000} kB) and its two replays"


def ship_again(
    worlds: Sequence[str] = (),
    levels: int = LEVELS,
    anew: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Record anew all that shows the agents that ship: replays, openings, and the README's films.

    `worlds`: all by default. What was recorded of the same agent by the same engine is left as it
    is, so that a second call goes on where the first was stopped; `anew` makes that again too.
    Pictures are drawn once all worlds are done. Returns what was made.
    """
    recordings()
    done = []
    for world in map(load, worlds or names()):
        if not anew and current(world):
            say(f"{world.name}: as it should be")
            continue
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / world.name
            unpack(world.name, run)
            splits = list(dict.fromkeys(["train", world.judged]))
            say(_record(world, run, evaluate_runs([run], splits, levels)))
        done.append(world.name)
    return done if worlds else done + _pictures(anew, say)


def _pictures(anew: bool, say: Callable[[str], None]) -> list[str]:
    """The pictures that are older than the newest replay, made anew; returns their names."""
    kept, done = recordings(), []
    newest = max(path.stat().st_mtime for path in kept.glob("*.gmr"))
    for name, draw in PICTURES.items():
        path = kept / name
        if anew or not path.exists() or path.stat().st_mtime < newest:
            with tempfile.TemporaryDirectory() as folder:
                draw(path, Path(folder))
            say(f"{name}: drawn anew")
            done.append(name)
    return done


def current(world: World) -> bool:
    """Were the replays that ship recorded of the agent that ships, by this very engine?"""
    try:
        found = [Replay.load(recordings() / f"{world.name}-{who}.gmr") for who in SIDES]
    except UserError:
        return False
    told, agent = found[1].known, open_run(shipped(world.name))[0]
    rules = engine_mark(world).rpartition("/")[2]  # a release may change none
    alike = all(replay.known and replay.engine.rpartition("/")[2] == rules for replay in found)
    entry = openings().get(world.name, {})
    same = entry.get("seed") == found[1].seed and entry.get("version") == world.version
    return alike and same and told is not None and told.mark == mark_of(agent.about)


def mark_of(about: dict) -> str:
    """Which agent it is: the beginning of its checkpoint's digest."""
    return str(about.get("digest", ""))[:16]


def _record(world: World, run: Path, evaluation: Evaluation) -> str:
    """Replays of the median level, where the window opens, and the film; returns a line."""
    kept, split = recordings(), world.judged
    films = [kept / f"{world.name}.webp"] if world.name in FILMED else []
    command = f"goalshift contrast agents/pretrained/{world.name}.safetensors"
    filmed = film_run(run, evaluation, FilmPlan(films, run / "shipped", split, command=command))
    for who, path in zip(SIDES, filmed["replays"], strict=True):
        write(kept / f"{world.name}-{who}.gmr", Path(path).read_bytes())
    seed = Replay.load(filmed["replays"][1]).seed
    found = openings() | {world.name: {"split": split, "seed": seed, "version": world.version}}
    write(OPENINGS, files.json_bytes(dict(sorted(found.items()))))
    verdict = evaluation.verdicts.get(split)
    label = verdict.label if verdict else "no verdict"
    return f"{world.name}: {label}; level {filmed['level']} of {split}, {filmed['pick']}"
