"""The command line: one small function per verb, and the manners that all verbs share.

A verb reads its flags, calls the library and returns a Report. Data goes to stdout, talk to stderr;
with --json the report, or the fault, is one JSON object on stdout. Heavy libraries are imported
inside the verbs, so that --help is instant and works on a broken installation.

Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 verification mismatch, 130 interrupted.
"""

import argparse
import ast
import errno
import io
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from . import __version__
from .engine.errors import RunError, UserError, did_you_mean
from .engine.levels.splits import split_of
from .engine.vector import level_of

INTERRUPTED = 130
# as film.FORMATS, which is slow to load
FILMS = (".mp4", ".webm", ".webp", ".gif", ".png", ".html", ".srt", ".vtt")


class Report(NamedTuple):
    """What a verb found: plain data for --json, the same as text, and the exit code."""

    data: dict[str, Any]
    text: str
    code: int = 0


# -- values of flags -------------------------------------------------------------------------------


def count(text: str) -> int:
    """A positive whole number: 250000, 250_000, 250k, 2M or 1e6."""
    wanted = f"'{text}' is not a count; write it like 250000, 250_000, 250k, 2M or 1e6"
    form = r"([0-9][0-9_]*(?:\.[0-9]+)?(?:e\+?[0-9]{1,4})?)([kmg]?)"
    match = re.fullmatch(form, text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(wanted)
    number = Decimal(match[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2]]
    if number > 10**15:
        raise argparse.ArgumentTypeError(f"'{text}' is too large; the most is 1e15")
    if number == 0:
        raise argparse.ArgumentTypeError(f"'{text}' must be at least 1")
    if number != int(number):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(number)


def count_or_none(text: str) -> int:
    """A count, or 0 where that has a meaning of its own."""
    return 0 if re.fullmatch("0+", text) else count(text)


def seed(text: str) -> int:
    """A whole number from 0 to 2**63 - 1."""
    if re.fullmatch(r"[0-9][0-9_]*", text) and int(text[:40]) < 2**63 and len(text) < 40:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a seed; write a whole number, 0 or more")


def one_of(*choices: str) -> Callable[[str], str]:
    """A flag value out of a few words."""

    def choose(text: str) -> str:
        if text in choices:
            return text
        raise argparse.ArgumentTypeError(f"no choice '{text}'.{did_you_mean(text, choices)}")

    return choose


def film_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels; encoders want multiples of 16."""
    match = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text.lower())
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size; write it like 1280x720")
    width, height = int(match[1]), int(match[2])
    if width % 16 or height % 16 or not 848 <= width <= 7680 or not 480 <= height <= 4320:
        raise argparse.ArgumentTypeError(
            f"'{text}': width and height must be multiples of 16, from 848x480 to 7680x4320"
        )
    return width, height


def film_pick(text: str) -> str:
    """Which level to film."""
    if re.fullmatch(r"seed:[0-9]{1,20}", text) and int(text[5:]) < 2**64:
        return text
    return one_of("median", "first", "random", "worst", "best", "seed:N")(text)


def film_fps(text: str) -> int:
    """Frames a second."""
    if re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= 120:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a rate; write a whole number from 1 to 120")


def span(text: str) -> tuple[int, int]:
    """A range of whole numbers: 8:40, 8: or :40, or 8 alone."""
    match = re.fullmatch(r"([0-9]{0,9})(:?)([0-9]{0,9})", text)
    if not match or text in ("", ":"):
        raise argparse.ArgumentTypeError(f"'{text}' is no range; write it like 8:40, 8: or :40")
    low = int(match[1] or 0)
    high = int(match[3]) if match[3] else 10**9 if match[2] else low
    if high < low:
        raise argparse.ArgumentTypeError(f"'{text}' ends before it begins")
    return low, high


def part(text: str) -> float:
    """A share between 0 and 1."""
    if re.fullmatch(r"0?\.[0-9]{1,9}", text) and float(text):
        return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no share between 0 and 1; write it like 0.8")


def varied(text: str) -> tuple[str, tuple[float, ...]]:
    """A parameter and the values it takes in turn: density=0.1,0.3."""
    name, equals, values = text.partition("=")
    try:
        numbers = tuple(float(value) for value in values.split(","))
    except ValueError:
        numbers = ()
    if not (name and equals and numbers) or any(
        abs(number) > 1e9 or number != number for number in numbers
    ):
        raise argparse.ArgumentTypeError(f"'{text}' names no values; write it like density=0.1,0.3")
    return name.replace("-", "_"), numbers


def shares(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A measure and ranges that get an equal share each: steps=1:5,6:10."""
    name, equals, ranges = text.partition("=")
    if not (name and equals and ranges):
        raise argparse.ArgumentTypeError(f"'{text}' names no ranges; write it like steps=1:5,6:10")
    return name, tuple(span(part) for part in ranges.split(","))


# -- parsers ---------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """argparse that raises UserError, offers the closest flag and guesses no abbreviation."""

    def __init__(self, verb: str, summary: str, examples: tuple[str, ...] = ()) -> None:
        super().__init__(
            prog=f"goalshift {verb}".strip(),
            description=summary,
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"^argument (\S+?)(/\S+)?: ", r"\1: ", message)
        raise UserError(f"{message} (see {self.prog} --help)")

    def read(self, argv: list[str]) -> argparse.Namespace:
        """Parse everything in `argv`, or raise UserError with the closest flag."""
        args, unknown = self.parse_known_args(argv)
        if unknown and unknown[0].startswith("-") and unknown[0] != "--":
            flag = unknown[0].partition("=")[0]
            known = [name for action in self._actions for name in action.option_strings]
            hint = did_you_mean(flag, known) if close(flag, known) else ""
            raise UserError(f"{self.prog} has no flag '{flag}'.{hint} (see {self.prog} --help)")
        if unknown:
            raise UserError(f"unexpected argument '{unknown[0]}' (see {self.prog} --help)")
        return args


def close(word: str, choices: list[str]) -> bool:
    """Whether `did_you_mean` would offer one choice rather than list them all."""
    return "Did you mean" in did_you_mean(word, choices)


def add_manners(parser: argparse.ArgumentParser) -> None:
    """The flags that every verb takes."""
    group = parser.add_argument_group("every verb")
    group.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress, no remarks")
    group.add_argument("-v", "--verbose", action="store_true", help="a traceback with a fault")
    group.add_argument("--no-color", action="store_true", help="no colour (as with NO_COLOR set)")


def take_world_flags(argv: list[str]) -> tuple[list[str], dict[str, str]]:
    """Split `--world.KEY VALUE` and `--world.KEY=VALUE` off the other arguments."""
    rest, found, words = [], {}, iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word.startswith("--world."):
            key, equals, value = word.removeprefix("--world.").partition("=")
            if not equals:
                value = next(words, "")
            if not key or not value or (not equals and value.startswith("--")):
                raise UserError(f"'{word}' needs a value, as in --world.region 3")
            found[key.replace("-", "_")] = value
        else:
            rest.append(word)
    return rest, found


# -- talking ---------------------------------------------------------------------------------------


class Talk:
    """Remarks and progress on stderr; nothing with --quiet, plain lines if it is no terminal."""

    def __init__(self, quiet: bool = False, verbose: bool = False, color: bool = True) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.color = color and not os.environ.get("NO_COLOR") and sys.stderr.isatty()

    def say(self, line: str) -> None:
        """One remark."""
        if not self.quiet:
            print(line, file=sys.stderr, flush=True)

    def fault(self, message: str) -> None:
        """The one line that ends a failed command; not silenced."""
        label = "\x1b[1;31merror:\x1b[0m" if self.color else "error:"
        print(f"{label} {message}", file=sys.stderr, flush=True)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[..., None]]:
        """A progress bar: yields show(done, total, remark=""), to be called at will."""
        if self.quiet:
            yield lambda done, total, remark="": None
            return
        try:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
        except ImportError:  # the doctor must be able to say so
            yield self._plain_progress(title)
            return
        console = Console(stderr=True, no_color=not self.color, highlight=False)
        if not console.is_terminal:
            yield self._plain_progress(title)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[remark]}", markup=False),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(title, total=None, remark="")

            def show(done: float, total: float, remark: str = "") -> None:
                bar.update(task, completed=done, total=total, remark=remark)

            yield show

    def _plain_progress(self, title: str) -> Callable[..., None]:
        """Progress for a log file: a line at every tenth of the way."""
        printed = -1

        def show(done: float, total: float, remark: str = "") -> None:
            nonlocal printed
            tenth = int(10 * done / total) if total else 0
            if tenth > printed:
                printed = tenth
                self.say(f"{title}: {10 * tenth} % {remark}".rstrip())

        return show


def table(rows: list[tuple[str, ...]], indent: str = "") -> str:
    """Rows as aligned columns; the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        indent + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def plain_data(value: Any) -> Any:
    """`value` as strict JSON allows: NumPy values and paths become plain, NaN becomes null."""
    if isinstance(value, dict):
        return {str(key): plain_data(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain_data(value.tolist())
    if isinstance(value, (list, tuple, set)):
        return [plain_data(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


def human_bytes(path: str) -> str:
    """The size of a file: '412 KB'."""
    size = os.path.getsize(path)
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, size // 1000)} KB"


# -- verbs -----------------------------------------------------------------------------------------


def demo(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    folder = args.out or preflight.fresh_folder(f"demo-{Path(args.world).stem}")
    out = preflight.check_folder(folder, args.force)
    from .agents.judging.evaluate import as_text
    from .agents.showing.demo import demo as show_it
    from .agents.showing.demo import shipped
    from .engine.catalogue import load

    found = load(args.world)
    if args.pretrained:
        shipped(found.name)
    if args.force:  # last: what cannot be shown must not cost the old run
        preflight.forget_run(out)

    done = show_it(
        out,
        args.world,
        args.pretrained,
        args.steps,
        args.seed,
        args.levels,
        talk.progress,
        talk.say,
    )
    text = [as_text(done["evaluation"]), film_lines(done["contrast"]), ""]
    text += [f"done in {done['seconds']:.0f} s: {done['run']}"]
    text += [f"several seeds give a verdict: goalshift train {done['world']} --seed 1, then"]
    text += [f"goalshift eval {done['run']} RUN RUN ..."]
    return Report(done, "\n".join(text))


def film_lines(filmed: dict[str, Any]) -> str:
    """What was filmed, for people."""
    lines = [f"level {filmed['level']}, {filmed['pick']}"]
    if filmed["parts_at"] is not None:
        lines.append(f"paths part at step {filmed['parts_at']}")
    lines += [f"{path}  {human_bytes(path)}" for path in filmed["films"]]
    lines += [f"{path}  (goalshift replay shows and verifies it)" for path in filmed["replays"]]
    return "\n".join(lines)


def train(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    if args.resume:
        return resume(args, talk)
    if not args.world:
        raise UserError("name a world to train in, such as: goalshift train corner")
    given = {name: getattr(args, name) for name in learner_options() if hasattr(args, name)}
    folder = args.out or preflight.fresh_folder(f"{Path(args.world).stem}-{given.get('seed', 0)}")
    out = preflight.check_folder(folder, args.force)
    from .engine.catalogue import load

    world = load(args.world).with_params(**args.knobs)
    preflight.check_training(world, given)
    from .agents.learning.ppo import configure
    from .agents.showing.demo import train_run

    if args.knobs:
        given["params"] = world.numbers(args.knobs)
    config = configure(args.world, **given)
    split_of(world, config.split)
    if args.force:  # last: a mistyped flag must not cost the old run
        preflight.forget_run(out)
    talk.say(f"{world.name} · {config.split} · {config.envs} envs · seed {config.seed} · {out}")
    run = train_run(config, out, talk.progress)
    data = {"run": str(run), "config": config.to_json()}
    return Report(data, f"{run}\n\nnext: goalshift eval {run}   goalshift contrast {run}")


def resume(args: argparse.Namespace, talk: Talk) -> Report:
    """`train --resume RUN`: everything but the number of steps is the run's own."""
    changed = [name for name in learner_options() if hasattr(args, name) and name != "steps"]
    if args.world and args.world.endswith(".py"):
        trust(args.world)
    elif args.world:
        changed.append("world")
    if changed or args.out or args.knobs:
        flag = "--" + (changed[0] if changed else "out" if args.out else "world").replace("_", "-")
        raise UserError(
            f"--resume continues the run as it was begun: leave out {flag} (--steps may be given)"
        )
    from .agents.showing.demo import resume_run

    run = resume_run(Path(args.resume), getattr(args, "steps", None), talk.progress, talk.say)
    return Report({"run": str(run)}, f"{run}\n\nnext: goalshift eval {run}")


def trust(world: str | None) -> None:
    """Load the world file that a run or checkpoint was made with: it is code, so the user has to
    name it.
    """
    if world:
        from .engine.catalogue import load

        load(world)


def evaluate(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    trust(args.world)
    if args.out:
        folder = preflight.check_folder(args.out, args.force)
    else:
        folder = Path(args.runs[0]) if len(args.runs) == 1 and not args.mirrored else None
        if folder is not None and folder.is_dir():
            preflight.check_writable(folder, "the run's folder")
        elif args.controls and not Path(args.runs[0]).is_dir():
            raise UserError("--controls trains agents of its own: say with --out in which folder")
    from .agents.judging.evaluate import as_text, save_evaluation
    from .agents.showing.demo import EVALUATION, evaluate_runs

    splits = args.split or ["train", "deploy"]
    found = evaluate_runs(
        args.runs, splits, args.levels, args.seed, args.knobs, args.mirrored, talk.progress
    )
    text = as_text(found)
    if args.controls:
        text += "\n" + eval_controls(args, splits, folder, found, talk)
    if folder is not None and (args.out or folder.is_dir()) and not args.knobs:
        path = save_evaluation(found, folder / EVALUATION)
        talk.say(f"wrote {path}")
    return Report(found, text)


def eval_controls(
    args: argparse.Namespace, splits: list[str], folder: Path | None, found: dict, talk: Talk
) -> str:
    """Evaluate the controls, keep them beside the evaluation, enter their verdicts in `found`."""
    from .agents.judging.controls import as_lines, controls
    from .agents.judging.evaluate import save_evaluation
    from .agents.showing.demo import progress_of

    home = (folder or Path(args.runs[0])) / "controls"
    with talk.progress("controls") as show:
        made = controls(
            args.runs,
            home,
            splits,
            args.levels,
            args.seed,
            tell=lambda line: show(0, 1, line),
            progress=lambda total, row: show(*progress_of(total, row)),
        )
    for name, evaluation in made.items():
        save_evaluation(evaluation, home / f"{name.replace(' ', '-')}.json")
    found["controls"] = {name: evaluation["verdicts"] for name, evaluation in made.items()}
    return "\n".join(as_lines(made)) + "\n"


def bank(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight
    from .engine.catalogue import load

    out = Path(args.out or preflight.fresh_folder(f"bank-{Path(args.world).stem}"))
    if not (out / "config.json").is_file():  # else it goes on where it stopped
        preflight.check_folder(out)
    world = load(args.world).with_params(**args.knobs)
    from .agents.studies import bank as banks
    from .agents.studies import bank_figures as figures
    from .engine.files import write

    given = {
        name: getattr(args, name)
        for name in options_of("studies/bank", "BankConfig")
        if hasattr(args, name)
    }
    config = banks.BankConfig(**{"gamma": world.training.get("gamma", 0.95), **given})
    axes, splits = banks.parse_over(args.over or ()), args.on or list(world.split_names)
    for split in splits:
        split_of(world, split)
    about = {
        "world": world.name,
        "version": world.version,
        "params": world.numbers(args.knobs),
        "on": splits,
    }
    with talk.progress("bank") as show:
        found = banks.run(world, config, axes, splits, out, about, args.threads, show)
    data = {
        **about,
        "config": vars(config),
        "over": axes,
        "columns": banks.fields(world, splits),
        "banks": [{"name": cell.name, "at": cell.at, "measured": summed} for cell, summed in found],
    }
    write(out / "summary.json", (json.dumps(plain_data(data), indent=2) + "\n").encode())
    if axes:
        drawn = figures.grid(
            f"{world.title}: {config.nets:,} nets to a cell", found, axes, splits[-1]
        )
    else:
        rows = banks.read_csv(out / "cells" / f"{found[0][0].name}.csv")
        drawn = figures.bank(
            f"{world.title}: {config.nets:,} nets", rows, found[0][1], banks.parting(found[0][1])
        )
    paths = figures.save(drawn, out / "bank")
    return Report(
        {"out": str(out), **data},
        "\n".join((bank_table(found, axes, splits), "", *map(str, paths))),
    )


def bank_table(found: list, axes: dict[str, list[str]], splits: list[str]) -> str:
    """A row for each bank of a grid, or for each time that a single bank was measured; shares in
    per cent.
    """

    def percent(figure: dict[str, float | None]) -> str:
        low, value, high = (figure[k] for k in ("low", "value", "high"))
        if value is None or low is None or high is None:
            return "-"
        return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"

    rows = [(*(axes or ("updates",)), "trained", *(f"missed on {split}" for split in splits))]
    for cell, summed in found:
        for entry in summed[-1:] if axes else summed:
            missed = [percent(entry["splits"][split]["missed"]) for split in splits]
            place = list(cell.at.values()) if axes else [str(entry["updates"])]
            rows.append((*place, percent(entry["trained"]), *missed))
    text = table([tuple(cell.upper() for cell in rows[0]), *rows[1:]])
    if not axes:
        text += "\n"
        for split, known in found[0][1][-1]["splits"].items():
            if known["astray"]["value"] is None:
                continue  # the goals part nowhere: there is nothing to judge
            labels = {label: figure for label, figure in known["labels"].items() if figure["value"]}
            text += f"\n{split}: " + ", ".join(
                f"{label} {percent(figure)}" for label, figure in labels.items()
            )
    return text


def contrast(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    trust(args.world)
    run = Path(args.run)
    home = run if run.is_dir() else preflight.fresh_folder(f"contrast-{run.stem}")
    films = film_names(args)
    if home.exists():
        preflight.check_writable(home, "the run's folder")
    from .agents.judging.evaluate import save_evaluation
    from .agents.showing.demo import (
        EVALUATION,
        FILMS,
        FORMATS,
        REPLAYS,
        evaluate_runs,
        film_run,
        known_evaluation,
    )

    looks = film_options(args)
    films = films or [home / FILMS / f"contrast{suffix}" for suffix in FORMATS]
    found = None if args.levels else known_evaluation(run, args.split)
    if found is None:
        levels = args.levels or 512
        found = evaluate_runs([run], ["train", args.split], levels, args.seed, bar=talk.progress)
        if run.is_dir() and not args.levels:
            save_evaluation(found, run / EVALUATION)
    width, height = args.size
    filmed = film_run(
        run,
        films,
        home / REPLAYS,
        found,
        args.split,
        args.pick,
        f"goalshift contrast {run.name}"
        + (f" --split {args.split}" if args.split != "deploy" else "")
        + (f" --pick {args.pick}" if args.pick != "median" else ""),
        talk.progress,
        fps=args.fps,
        size=(height, width),
        layout=args.layout,
        **looks,
    )
    return Report(filmed, film_lines(filmed))


def film_options(args: argparse.Namespace) -> dict[str, Any]:
    """What `contrast` and `record` say alike about the film."""
    from .agents.showing.record import read_notes

    notes = read_notes(Path(args.captions)) if args.captions else ()
    return {"sync": args.sync, "cameras": args.camera or ["top"], "notes": notes}


def record(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    trust(args.world)
    films = film_names(args)
    are_replays = [source.startswith("GM1.") or source.endswith(".gmr") for source in args.sources]
    if any(are_replays) and not all(are_replays):
        raise UserError("name either replays or runs, not both")
    if args.mosaic and (any(are_replays) or len(args.sources) > 1):
        raise UserError("--mosaic films one run on many levels: name one run")
    home = Path(args.sources[0])
    if any(are_replays) or not home.is_dir():
        home = preflight.fresh_folder("record")
    films = films or [home / "films" / f"record{suffix}" for suffix in (".mp4", ".webp")]
    preflight.check_writable(films[0].parent)
    from .agents.showing import record as recorder
    from .engine.catalogue import load

    width, height = args.size
    options = {"fps": args.fps, "size": (height, width), **film_options(args)}
    options["command"] = " ".join(["goalshift record", *(Path(s).name[:40] for s in args.sources)])
    with talk.progress("filming") as show:
        options["progress"] = lambda done, total: show(done, total, f"{done}/{total} frames")
        if all(are_replays):
            world = load(args.world) if args.world else None
            made = recorder.record_replays(
                [recorder.open_replay(s, world) for s in args.sources], films, **options
            )
        elif args.mosaic:
            options["command"] += f" --mosaic {args.mosaic}"
            made = recorder.mosaic(
                home if home.is_dir() else args.sources[0],
                films,
                home / "replays",
                args.mosaic,
                args.split,
                args.seed,
                **options,
            )
        else:
            options["command"] += f" --pick {args.pick}" if args.pick != "median" else ""
            made = recorder.record_runs(
                checkpoints(args),
                films,
                home / "replays",
                args.split,
                args.pick,
                args.levels,
                args.seed,
                **options,
            )
    lines = [made["pick"]] if "pick" in made else []
    lines += [f"{path}  {human_bytes(path)}" for path in [*made["films"], *made.get("replays", [])]]
    return Report(made, "\n".join(lines))


def report(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    trust(args.world)
    first = Path(args.runs[0])
    out = Path(
        args.out or (first if first.is_dir() else preflight.fresh_folder("report")) / "report.html"
    )
    if out.suffix.lower() != ".html":
        raise UserError(f"--out '{out}' must end in .html")
    for path in (out, out.with_suffix(".json")):
        preflight.check_file(path, args.force)
    from .agents.judging.evaluate import open_runs
    from .agents.showing.demo import evaluate_runs
    from .agents.showing.report import report as write_report
    from .agents.showing.report_figures import read_curve

    curve = Path(args.curve) if args.curve else None
    if curve is not None:
        read_curve(curve, open_runs(args.runs)[0])  # a bad file is told before hours of evaluation
    splits = ["train", *(args.split or ["deploy"])]
    found = evaluate_runs(args.runs, splits, args.levels, args.seed, bar=talk.progress)
    out.parent.mkdir(parents=True, exist_ok=True)
    words = ["goalshift report", *args.runs, *(f"--split {name}" for name in args.split or ())]
    words += [f"--levels {args.levels}"] * (args.levels != 512) + [f"--seed {args.seed}"] * bool(
        args.seed
    )
    words += [f"--curve {args.curve}"] * bool(args.curve)
    figures = Path(args.figures) if args.figures else None
    made = write_report(
        args.runs, out, found, " ".join(words), args.title or "", figures, curve, talk.say
    )
    lines = [
        made["claim"],
        *(f"{made[name]}  {human_bytes(made[name])}" for name in ("report", "data")),
    ]
    return Report(made, "\n".join(lines))


def checkpoints(args: argparse.Namespace) -> list[str]:
    """The runs or checkpoints to film: with --history, all that a run has kept along the way."""
    if not args.history:
        return args.sources
    from .agents.learning.run import history

    return [str(path) for source in args.sources for path in history(source)]


def film_names(args: argparse.Namespace) -> list[Path]:
    """Where to film to: every --out, checked before any work is done."""
    from .agents.learning import preflight

    films = [Path(name) for name in args.out or ()]
    for film in films:
        if film.suffix.lower() not in FILMS:
            raise UserError(f"--out '{film}' must end in {', '.join(FILMS[:-1])} or {FILMS[-1]}")
        preflight.check_file(film, args.force)
    return films


def watch(args: argparse.Namespace, talk: Talk) -> Report:
    return show(args, False)


def play(args: argparse.Namespace, talk: Talk) -> Report:
    return show(args, True)


def show(args: argparse.Namespace, play: bool) -> Report:
    """Open the window, or the terminal, and stay until it is closed."""
    trust(args.world)
    from .agents.live.open import open_session, show_session

    session = open_session(args.what, args.seed, args.split, play, args.world, args.knobs)
    steps = show_session(
        session,
        args.what,
        args.size,
        args.terminal,
        args.headless,
        args.follow,
        not args.no_color,
        args.settings,
    )
    return Report({"world": session.world.name, "steps": steps}, "")


def bench(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.care import bench_engine as engine
    from .agents.care import bench_learner as learner
    from .agents.care.doctor import machine

    parts = {**engine.PARTS, **learner.PARTS}
    only = args.only or [part for part in parts if part != "learning"]
    measured = engine.rows(args.passes, only, parts)
    here = machine()
    talk.say(here)
    found = [("WORK", "MEDIAN", "SLOWEST", "FASTEST", "UNIT", "TARGET")]
    data = []
    for row in measured:
        low, high = sorted((min(row.figures), max(row.figures)), reverse=row.lower_is_better)
        target = "" if row.target is None else f"{short(row.target)}{'' if row.met else ' missed'}"
        cells = (row.name, short(row.middle), short(low), short(high), row.unit, target)
        found.append(cells)
        talk.say("  ".join(filter(None, cells)))
        data.append({**vars(row), "middle": row.middle, "met": row.met})
    return Report({"machine": here, "rows": data}, f"{here}\n{table(found)}")


def short(number: float) -> str:
    """Three digits: 23.4M, 812k, 0.31."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def draw_worlds(args: argparse.Namespace) -> Report:
    from .engine.catalogue import load, names
    from .engine.errors import UserError
    from .engine.view.sheets import gallery

    path = Path(args.picture)
    if path.suffix != ".png":
        raise UserError(f"--picture {path}: the name must end in .png")
    found = [
        load(name).with_params(**args.knobs) for name in ([args.world] if args.world else names())
    ]
    gallery.save(gallery.gallery(found, args.seed, args.camera), path)
    return Report({"picture": str(path)}, f"wrote {path}")


def worlds(args: argparse.Namespace, talk: Talk) -> Report:
    from .engine.catalogue import load, names

    if args.picture:
        return draw_worlds(args)
    if args.world:
        return describe(load(args.world).with_params(**args.knobs))
    found = [load(name) for name in names()]
    rows = [("WORLD", "INTENDED", "PROXIES", "TRAIN -> DEPLOY")]
    for world in found:
        proxies = ", ".join(goal.name for goal in world.proxies)
        rows.append((world.name, world.intended.name, proxies, shift(world)))
    data = {
        "worlds": [
            {
                "name": world.name,
                "title": world.title,
                "intended": world.intended.name,
                "proxies": [goal.name for goal in world.proxies],
                "splits": list(world.split_names),
            }
            for world in found
        ]
    }
    return Report(data, f"{table(rows)}\n\ngoalshift worlds NAME tells more.")


def shift(world: Any) -> str:
    """What differs between train and deploy: 'region 1 -> 0'."""
    say, pairs = world.say, zip(world.params._fields, world.train, world.deploy, strict=True)
    return ", ".join(
        f"{name} {say(name, old)} -> {say(name, new)}" for name, old, new in pairs if old != new
    )


def describe(world: Any) -> Report:
    """All about one world."""
    goals = [("GOAL", "ROLE", "POINTS", "WANTS TO")]
    for goal in world.goals:
        role = "intended" if goal is world.intended else "proxy" if goal in world.proxies else ""
        role = ", ".join(filter(None, (role, "paid" if goal is world.paid else "")))
        prices = ", ".join(f"{event} {price:+g}" for event, price in goal.weights.items())
        goals.append((goal.name, role, prices + (" (once)" if goal.once else ""), goal.wish))
    splits = {"train": world.train, "deploy": world.deploy, **world.splits}
    knobs = [("PARAMETER", *(name.upper() for name in splits))]
    for name in world.params._fields:
        knobs += [(name, *(world.say(name, getattr(row, name)) for row in splits.values()))]
    height, width = world.size
    facts = [
        ("board", f"{height} x {width} cells, {world.horizon} steps at most"),
        (
            "seen",
            f"{world.view[0]} x {world.view[1]} cells" + (" around the agent" * world.centred),
        ),
        ("agents", f"{world.learners} learning, {world.agents - world.learners} scripted"),
        ("actions", ", ".join(world.actions)),
        ("events", ", ".join(world.events)),
        ("ends on", ", ".join(world.ends_on) or "nothing but the step limit"),
    ]
    if world.source:
        facts.append(("after", world.source))
    text = "\n\n".join(
        (f"{world.name}: {world.story.strip()}", table(facts), table(goals), table(knobs))
    )
    data = {
        "name": world.name,
        "title": world.title,
        "story": world.story.strip(),
        "source": world.source,
        "version": world.version,
        "size": world.size,
        "horizon": world.horizon,
        "view": world.view,
        "learners": world.learners,
        "agents": world.agents,
        "actions": world.actions,
        "events": world.events,
        "ends_on": world.ends_on,
        "goals": [
            {
                "name": goal.name,
                "intended": goal is world.intended,
                "paid": goal is world.paid,
                "points": dict(goal.weights),
                "once": goal.once,
                "wish": goal.wish,
            }
            for goal in world.goals
        ],
        "splits": {name: row._asdict() for name, row in splits.items()},
    }
    return Report(data, text)


def make_table(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight
    from .agents.studies import table as catalogue

    out = Path(args.out)
    preflight.check_writable(out)
    with talk.progress("table") as show:
        tell = sweep_teller(talk, show)
        rows, faults = catalogue.make(
            args.worlds, out, args.seeds, args.levels, args.jobs, args.steps, tell
        )
    if args.ship:
        for world in dict.fromkeys(row["world"] for row in rows):
            talk.say(catalogue.ship(world, out))
    columns = catalogue.HEAD[:-1]  # what the source reports is too long for a line
    text = table([columns, *(catalogue.cells(row)[:-1] for row in rows)])
    data = {"out": str(out), "rows": rows, "faults": faults}
    return Report(data, f"{text}\n{out / 'table.md'}", sweep_code(faults, talk))


def sweep_teller(talk: Talk, show: Callable[..., None]) -> Callable[[int, int, str], None]:
    """Progress of a sweep: the bar moves on, and every finished job is a line."""

    def tell(done: int, total: int, line: str) -> None:
        show(done, total)
        talk.say(f"[{done}/{total}] {line}")

    return tell


def sweep_code(faults: list[str], talk: Talk) -> int:
    """1, after a line for each fault, if a sweep had any."""
    for fault in faults:
        talk.fault(fault)
    if faults:
        talk.say("the rest is done; the same command tries again")
    return 1 if faults else 0


def make_curve(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight

    out = Path(args.out or f"runs/curve-{Path(args.world).stem}-{args.over.partition('=')[0]}")
    preflight.check_writable(out)
    given: dict[str, Any] = {f"world.{name}": value for name, value in args.knobs.items()}
    for pair in args.set or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--set '{pair}': write it like --set steps=2M")
        given[name.replace("-", "_")] = (
            count(value) if re.fullmatch(r"[0-9.]+[kMG]", value) else value
        )
    from .agents.studies import curve
    from .agents.studies.table import percent
    from .engine.catalogue import load

    world = load(args.world)
    with talk.progress("curve") as show:
        tell = sweep_teller(talk, show)
        points, faults = curve.make(
            args.world,
            args.over,
            out,
            args.by or "",
            args.seeds,
            args.levels,
            args.jobs,
            given,
            args.split,
            tell,
        )
    rows = [("VALUE", "BY", *curve.MEASURES, "verdict")]
    for point in points:
        figures = (percent(point[name]) for name in curve.MEASURES)
        value = curve.tick(point["over"], point["value"], world)
        rows.append(
            (value, curve.tick(point["by"], point["by_value"], world), *figures, point["label"])
        )
    return Report(
        {"out": str(out), "points": points, "faults": faults},
        f"{table(rows)}\n{out / 'curve.csv'}  {out / 'curve.svg'}  {out / 'curve.png'}",
        sweep_code(faults, talk),
    )


def world_verb(args: argparse.Namespace, talk: Talk) -> Report:
    if args.action != "new":
        raise UserError(f"no action '{args.action}': goalshift world new NAME")
    from .agents.designing.new_world import new_world

    made = new_world(args.name, Path(args.out or "."), args.force)
    lines = [f"wrote {path}" for path in made]
    lines += [
        "",
        "next:",
        f"  goalshift worlds {made[0]}",
        f"  pytest {made[1]}",
        f"  goalshift demo {made[0]}",
    ]
    return Report({"files": [str(path) for path in made]}, "\n".join(lines))


def replay(args: argparse.Namespace, talk: Talk) -> Report:
    from .engine.catalogue import load
    from .engine.replay import PREFIX, Replay

    source, films = args.replay, film_names(args)
    found = Replay.from_code(source) if source.startswith(PREFIX) else Replay.load(source)
    world = found.fitted(load(args.world)) if args.world else found.find_world()
    states = found.states(world)
    scores = world.scores(states["totals"][-1, : world.learners].mean(0))
    points = {goal.name: float(x) for goal, x in zip(world.goals, scores, strict=True)}
    how = "ended" if states["ended"][-1] else "cut"
    facts = [
        ("world", f"{found.world}, version {found.version}"),
        (
            "parameters",
            ", ".join(f"{name} {world.say(name, value)}" for name, value in found.params.items()),
        ),
        ("level", "a start state of its own" if found.start is not None else f"seed {found.seed}"),
        ("who acted", found.label or "not said"),
        ("steps", f"{len(found.actions)}, then {how}"),
        ("scores", ", ".join(f"{name} {value:g}" for name, value in points.items())),
        ("verified", f"{len(found.checks)} checksums agree"),
    ]
    data = {
        "world": found.world,
        "version": found.version,
        "params": found.params,
        "seed": found.seed,
        "episode": found.episode,
        "label": found.label,
        "engine": found.engine,
        "steps": len(found.actions),
        "ended": bool(states["ended"][-1]),
        "scores": points,
        "verified": True,
        "code": found.code(),
    }
    text = f"{table(facts)}\n\n{data['code']}"
    if films:
        from .agents.showing.record import record_replays

        made = record_replays(
            [(found, world)], films, command=f"goalshift replay {data['code'][:20]}..."
        )
        data["films"] = made["films"]
        text += "\n\n" + "\n".join(f"{path}  {human_bytes(path)}" for path in made["films"])
    return Report(data, text)


def level_new(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.learning import preflight
    from .engine.catalogue import load
    from .engine.levels import formats
    from .engine.levels.kind import Levels

    path = preflight.check_file(args.out or f"{Path(args.world).stem}.toml", args.force)
    formats.check_kind(path)
    world = load(args.world).with_params(**args.knobs)
    made = formats.write(Levels(world, level_of(world, args.seed, args.split), [""]), path)
    files = ", ".join(map(str, made))
    return Report(
        {"files": made}, f"wrote {files}\n\nnext: edit it, then goalshift level check {path}"
    )


def level_edit(args: argparse.Namespace, talk: Talk) -> Report:
    """Open the editor on a file of levels, and stay until it is closed."""
    trust(args.world)
    from .agents.live.open import edit_session, show_session

    session = edit_session(Path(args.file), args.world, args.at, args.seed)
    show_session(
        session, args.file, args.size, headless=args.headless, settings=args.settings, edit=True
    )
    return Report({"file": args.file, "world": session.world.name}, "")


def level_gen(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.designing.draw import batch, tally_text
    from .agents.designing.levelset import LevelSet
    from .agents.designing.order import order_for
    from .agents.designing.store import clear, gather
    from .agents.learning import preflight
    from .engine.catalogue import load
    from .engine.levels import formats
    from .engine.levels import recipe as recipes
    from .engine.levels import script as scripts
    from .engine.levels.kind import Levels, named

    asked, world = recipes.Recipe(), args.world
    if world and world.endswith(".toml"):
        asked, found = recipes.read(Path(world), load(args.world_file) if args.world_file else None)
        world = args.world_file or found.name
    name = args.script or asked.script
    if not world and not name:
        raise UserError(
            "name a world, or a script with --script, such as: goalshift level gen corner --n 1k"
        )
    script = scripts.load(name) if name else None
    world = world or (script.world if script else "")
    given = (
        "goal",
        "proxy",
        "distance",
        "steps",
        "effort",
        "decision",
        "parts",
        "distinct",
        "pool",
    )
    flags = {name: getattr(args, name) for name in given if getattr(args, name)}
    require = (script.require if script else scripts.Require()).but(**{**asked.require, **flags})
    options = {
        name: getattr(args, name) or getattr(asked, name)
        for name in ("split", "vary", "spread", "tries")
    }
    options |= {"knobs": args.knobs, "params": asked.params}
    n, draw_seed = args.n or asked.count, asked.seed if args.seed is None else args.seed
    order, share = args.order or asked.order, args.share or asked.share
    stem = Path(args.world if asked.world else name or world).stem
    out = Path(args.out) if args.out else preflight.fresh_folder(stem, "levels")
    if (order or share) and not out.suffix:
        flag = "--order" if order else "--share"
        raise UserError(
            f"{flag} needs all levels at once: name a file with --out, such as levels.npz"
        )
    if out.suffix:
        formats.check_kind(out)
        tails = ("-train", "-test") if share else ("",)
        files = [preflight.check_file(out.with_stem(out.stem + tail), args.force) for tail in tails]
    with talk.progress("levels") as show:
        if out.suffix:
            found = batch(
                world, n, draw_seed, name or None, require, args.workers, order, show, **options
            )
            parts: tuple[LevelSet, ...] = (found,)
            if share:
                parts = found.split(share, "turned" if require.distinct == "turned" else "same")
                if not all(map(len, parts)):
                    raise UserError(f"all {n:,} levels fall to one side of {share:g}: draw more")
            for part, file in zip(parts, files, strict=True):
                formats.write(
                    Levels(part.world, part.states, named(part.states, name), part.facts), file
                )
            count, tried, tally = len(found), found.tried, found.tally
        else:
            files = [preflight.check_folder(out, True)]
            asking, source = order_for(world, n, draw_seed, name or None, require, **options)
            if args.force:
                clear(out)
            told = gather(out, asking, source, args.workers, show)["cursor"]
            count, tried, tally = told["accepted"], told["tried"], told["tally"]
    data = {"out": str(out), "files": files, "levels": count, "tried": tried, "refused": tally}
    lines = [
        tally_text(count, tried, tally),
        *map(str, files),
        "",
        f"next: goalshift level preview {files[0]}",
    ]
    return Report(data, "\n".join(lines))


def level_check(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.designing.describe import examine, report
    from .engine.catalogue import load

    world = load(args.world).with_params(**args.knobs) if args.world else None
    found = [examine(Path(name), world) for name in args.files]
    sound = all(one["sound"] for one in found)
    return Report(
        {"files": found}, "\n".join(map(report, found)), 0 if sound else UserError.exit_code
    )


def level_preview(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.designing.describe import captions, open_levels
    from .agents.learning import preflight
    from .engine.catalogue import load
    from .engine.view.sheets import contact

    path = Path(args.out or f"{Path(args.file).stem}-preview.png")
    if path.suffix not in (".png", ".html"):
        raise UserError(f"--out '{path}' must end in .png or .html")
    preflight.check_file(path, args.force)
    world = load(args.world).with_params(**args.knobs) if args.world else None
    found = open_levels(args.file, world)
    total = len(found.states)
    chosen = [k * total // min(args.n, total) for k in range(min(args.n, total))]
    title = f"{Path(args.file).name}: {len(chosen)} of {total:,} levels of {found.world.name}"
    contact.save(
        found.world,
        found.states[chosen].view(type(found.states)),
        captions(found, chosen),
        title,
        path,
    )
    return Report({"picture": str(path), "levels": total, "shown": len(chosen)}, f"wrote {path}")


def level_stats(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.designing.describe import open_levels, rows, statistics
    from .agents.designing.describe import table as bars
    from .agents.learning import preflight
    from .engine.catalogue import load
    from .engine.files import write

    path = preflight.check_file(args.out, args.force) if args.out else None
    if path and path.suffix != ".csv":
        raise UserError(f"--out '{path}' must end in .csv")
    world = load(args.world).with_params(**args.knobs) if args.world else None
    found = open_levels(args.file, world)
    told, text = statistics(found, args.goal, args.proxy), ""
    if path:
        with talk.progress("levels") as show:
            write(path, rows(found, args.goal, args.proxy, show).encode())
        told["table"], text = str(path), f"\n\nwrote {path}"
    return Report(told, bars(told) + text)


def level_diff(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.designing.describe import difference, open_levels
    from .engine.catalogue import load

    world = load(args.world).with_params(**args.knobs) if args.world else None
    one = open_levels(args.one, world)
    told, text = difference(one, open_levels(args.other, one.world), args.at)
    return Report(told, text)


def level_convert(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.designing.describe import open_levels
    from .agents.learning import preflight
    from .engine.catalogue import load
    from .engine.levels import formats

    path = preflight.check_file(args.out, args.force)
    formats.check_kind(path)
    found = open_levels(
        args.file, load(args.world).with_params(**args.knobs) if args.world else None
    )
    made = formats.write(found, path)
    text = f"wrote {made[0]}" + (f" and {len(made) - 1:,} more" if len(made) > 1 else "")
    return Report({"files": made, "levels": len(found.states)}, text)


def doctor(args: argparse.Namespace, talk: Talk) -> Report:
    from .agents.care.doctor import as_data, as_text, examine

    with talk.progress("looking at this machine") as show:
        findings = examine(show)
    data = as_data(findings)
    return Report(data, as_text(findings), 0 if data["healthy"] else 1)


# -- what each verb takes --------------------------------------------------------------------------


def options_of(module: str, name: str) -> dict[str, tuple[Any, str]]:
    """Name -> (default, what it means) of every field of a configuration, read from its source.

    The source, not the class: importing it takes seconds, and --help must not.
    """
    source = (Path(__file__).parent / "agents" / f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name).body
    found = {}
    for field, doc in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr) and field.value:
            name = ast.unparse(field.target)
            if name not in ("world", "params"):
                found[name] = (ast.literal_eval(field.value), ast.literal_eval(doc.value))
    return found


def learner_options() -> dict[str, tuple[Any, str]]:
    """The options of a training run."""
    return options_of("learning/ppo", "TrainConfig")


def add_options(group: Any, options: dict[str, tuple[Any, str]]) -> None:
    """A flag for each option, absent from what is parsed unless it is given."""
    kinds = {bool: None, int: count, float: float, str: str}
    metavar = {
        "split": "NAME",
        "obs": "symbols|eyes",
        "device": "auto|cpu|cuda",
        "precision": "auto|fp32|bf16",
    }
    metavar["see"] = "places|view"
    for name, (default, doc) in options.items():
        flag = "--" + name.replace("_", "-")
        shown = f"{doc} Default: {default}.".replace("%", "%%")
        given: dict[str, Any] = {"default": argparse.SUPPRESS, "help": shown, "dest": name}
        if isinstance(default, bool):
            group.add_argument(flag, action=argparse.BooleanOptionalAction, **given)
            continue
        kind = kinds[type(default)]
        if default == 0 and kind is count:
            kind = seed if name == "seed" else count_or_none
        letter = "N" if isinstance(default, (int, float)) else "WORD"
        group.add_argument(flag, type=kind, metavar=metavar.get(name, letter), **given)


def add_seed(parser: Parser) -> None:
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="default: 0")


def add_out(parser: Parser, what: str) -> None:
    parser.add_argument("--out", "-o", metavar="DIR", help=f"folder for {what}")
    parser.add_argument("--force", action="store_true", help="write into --out even if it is used")


def demo_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", default="coinrun", help="default: coinrun")
    parser.add_argument("--pretrained", action="store_true", help="skip training: shipped agent")
    parser.add_argument("--steps", type=count, metavar="N", help="environment steps, such as 2M")
    parser.add_argument("--levels", type=count, default=512, metavar="N", help="held-out levels")
    add_seed(parser)
    add_out(parser, "the run (default: runs/demo-...)")


def train_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", help="a world, or ./a_file.py")
    parser.add_argument("--resume", metavar="RUN", help="continue a run exactly where it stopped")
    add_out(parser, "the run (default: runs/WORLD-SEED-...)")
    group = parser.add_argument_group("training (a world may have defaults of its own)")
    add_options(group, learner_options())


def add_world(parser: Parser) -> None:
    parser.add_argument(
        "--world", metavar="FILE", help="the world file, if it is one of yours (it is run as code)"
    )


def eval_flags(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders; seeds of one setting")
    add_world(parser)
    parser.add_argument(
        "--split", action="append", metavar="NAME", help="again for several (default: train deploy)"
    )
    parser.add_argument("--levels", type=count, default=512, metavar="N", help="held-out levels")
    parser.add_argument(
        "--mirrored", action="store_true", help="control: mirror what is seen after the shift"
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="also judge untrained, few-levels (trained now) and mirrored agents",
    )
    add_seed(parser)
    add_out(parser, "evaluation.json (default: the run's own, if it is one)")


def bank_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument(
        "--over",
        action="append",
        metavar="KEY=V,V",
        help="a bank for each value of an option below, of alpha (the share of deploy), or of world.PARAMETER;"
        " again for a grid",
    )
    parser.add_argument(
        "--on", action="append", metavar="NAME", help="a split to measure on (default: all by name)"
    )
    parser.add_argument(
        "--threads",
        type=count,
        default=1,
        metavar="N",
        help="groups of nets side by side; default: 1",
    )
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="folder for tables and figures; one begun before goes on"
    )
    add_options(parser.add_argument_group("the bank"), options_of("studies/bank", "BankConfig"))


def report_flags(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders; seeds of one setting")
    add_world(parser)
    parser.add_argument(
        "--split", action="append", metavar="NAME", help="again for several (default: deploy)"
    )
    parser.add_argument(
        "--levels", type=count, default=512, metavar="N", help="held-out levels (default: 512)"
    )
    parser.add_argument("--title", metavar="WORDS", help="default: the world's, and the split")
    parser.add_argument(
        "--figures", metavar="DIR", help="also write every figure there, as SVG or PNG"
    )
    parser.add_argument(
        "--curve", metavar="FILE.csv", help="show a curve too: the curve.csv of goalshift curve"
    )
    add_seed(parser)
    parser.add_argument(
        "--out", "-o", metavar="FILE.html", help="default: report.html in the first run's folder"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing --out")


def add_pick(parser: Parser) -> None:
    """Which levels are filmed: the world, the split and the pick."""
    add_world(parser)
    parser.add_argument("--split", default="deploy", metavar="NAME", help="default: deploy")
    parser.add_argument(
        "--pick",
        type=film_pick,
        default="median",
        metavar="HOW",
        help="median, first, random, worst, best or seed:N (default: median)",
    )


def contrast_flags(parser: Parser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run folder or a checkpoint")
    add_pick(parser)
    parser.add_argument("--levels", type=count, metavar="N", help="evaluate anew on N levels")
    parser.add_argument("--fps", type=film_fps, default=30, metavar="N", help="default: 30")
    parser.add_argument(
        "--size", type=film_size, default=(1280, 720), metavar="WxH", help="default: 1280x720"
    )
    add_seed(parser)
    parser.add_argument(
        "--layout",
        type=one_of("1x2", "2x2"),
        default="1x2",
        metavar="RxC",
        help="1x2, or 2x2 with the same seed in training above (default: 1x2)",
    )
    add_film_looks(parser)
    add_films(parser, f"{' '.join(FILMS)} (default: RUN/films/contrast.mp4 and .webp)")


def add_film_looks(parser: Parser) -> None:
    parser.add_argument(
        "--sync",
        type=one_of("divergence", "step", "event"),
        default="divergence",
        metavar="HOW",
        help="divergence (slow where paths part), step, or event (who is first waits); default: divergence",
    )
    parser.add_argument(
        "--camera",
        action="append",
        type=one_of("top", "iso", "eyes"),
        metavar="NAME",
        help="top, iso or eyes; a page takes several (default: top)",
    )
    parser.add_argument(
        "--captions", metavar="FILE.toml", help="what to say when: [[caption]] from, to, text"
    )


def record_flags(parser: Parser) -> None:
    parser.add_argument(
        "sources", nargs="+", metavar="RUN|REPLAY", help="runs, checkpoints, .gmr files or codes"
    )
    add_pick(parser)
    parser.add_argument(
        "--levels", type=count, default=256, metavar="N", help="held-out levels to pick from"
    )
    parser.add_argument("--mosaic", type=count, metavar="N", help="N x N held-out levels at once")
    parser.add_argument(
        "--history", action="store_true", help="every checkpoint kept in training (train --keep N)"
    )
    parser.add_argument("--fps", type=film_fps, default=30, metavar="N", help="default: 30")
    parser.add_argument(
        "--size", type=film_size, default=(1280, 720), metavar="WxH", help="default: 1280x720"
    )
    add_seed(parser)
    add_film_looks(parser)
    add_films(parser, f"{' '.join(FILMS)} (default: RUN/films/record.mp4 and .webp)")


def add_films(parser: Parser, what: str) -> None:
    parser.add_argument(
        "--out", "-o", action="append", metavar="FILE", help=f"{what}; again for several"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing --out")


def window_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT of a window."""
    match = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text.lower())
    if not match or not (64 <= int(match[1]) <= 7680 and 64 <= int(match[2]) <= 4320):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size from 64x64 to 7680x4320; write it like 1280x720"
        )
    return int(match[1]), int(match[2])


def show_flags(parser: Parser, what: str) -> None:
    parser.add_argument(
        "what", metavar=what, help="a world or ./a_file.py, a level, a replay or its code, a run"
    )
    add_world(parser)
    parser.add_argument("--seed", type=seed, metavar="N", help="the level (default: 0)")
    parser.add_argument("--split", metavar="NAME", help="default: deploy")
    parser.add_argument(
        "--follow", action="store_true", help="load the newest checkpoint whenever there is one"
    )
    parser.add_argument("--terminal", action="store_true", help="in text, without a window")
    window_flags(parser)


def window_flags(parser: Parser) -> None:
    from .agents.live.keys import text

    parser.add_argument(
        "--size", type=window_size, default=(1280, 720), metavar="WxH", help="default: 1280x720"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="other keys and sizes (default: ~/.config/goalshift/window.toml)",
    )
    parser.add_argument(
        "--headless", action="store_true", help="open the window without a display (for tests)"
    )
    assert parser.epilog
    parser.epilog += "\n\nkeys in the window:\n" + text()


def watch_flags(parser: Parser) -> None:
    show_flags(parser, "WORLD|LEVEL|REPLAY|RUN")


def play_flags(parser: Parser) -> None:
    show_flags(parser, "WORLD|LEVEL")


def bench_flags(parser: Parser) -> None:
    parser.add_argument(
        "--only",
        action="append",
        metavar="PART",
        help="steps, pixels, films, levels, start, fingerprints, training or learning (minutes);"
        " again for several (default: all but learning)",
    )
    parser.add_argument("--passes", type=count, default=7, metavar="N", help="default: 7")


def sweep_flags(parser: Parser, levels: int) -> None:
    parser.add_argument(
        "--seeds", type=count, default=3, metavar="N", help="agents trained for each (default: 3)"
    )
    parser.add_argument(
        "--levels", type=count, default=levels, metavar="N", help=f"held out (default: {levels})"
    )
    parser.add_argument(
        "--jobs", type=count, default=1, metavar="N", help="processes at a time (default: 1)"
    )


def table_flags(parser: Parser) -> None:
    parser.add_argument(
        "worlds", nargs="*", metavar="WORLD", help="worlds or ./files.py (default: all that ship)"
    )
    parser.add_argument(
        "--steps", type=count, metavar="N", help="steps of training, instead of the worlds' own"
    )
    sweep_flags(parser, 512)
    parser.add_argument(
        "--out",
        "-o",
        default="runs/table",
        metavar="DIR",
        help="default: runs/table; resumes there",
    )
    parser.add_argument(
        "--ship", action="store_true", help="in a checkout: make each seed 0 the agent that ships"
    )


def curve_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument(
        "--over",
        required=True,
        metavar="KNOB=V,V,...",
        help="alpha, levels, steps, width, ... or world.KEY, world.SPLIT.KEY; values V,V,... or A..B",
    )
    parser.add_argument(
        "--by", metavar="KNOB=V,V,...", help="a second knob: a panel for each value"
    )
    parser.add_argument(
        "--set",
        action="append",
        metavar="KEY=VALUE",
        help="a training option of all runs; repeatable",
    )
    parser.add_argument(
        "--split",
        default="deploy",
        metavar="NAME",
        help="where agents are judged (default: deploy)",
    )
    sweep_flags(parser, 256)
    parser.add_argument(
        "--out", "-o", metavar="DIR", help="default: runs/curve-WORLD-KNOB; it resumes there"
    )


def world_flags(parser: Parser) -> None:
    parser.add_argument("action", metavar="new", help="new: write a world file and its test")
    parser.add_argument("name", metavar="NAME", help="a Python identifier, such as my_world")
    parser.add_argument("--out", "-o", metavar="DIR", help="default: this folder")
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def worlds_flags(parser: Parser) -> None:
    parser.add_argument("world", nargs="?", metavar="NAME", help="a world, or ./a_file.py")
    parser.add_argument(
        "--picture",
        metavar="FILE.png",
        help="draw a level in training beside the same after the shift",
    )
    parser.add_argument(
        "--seed", type=seed, default=1, metavar="N", help="the level drawn (default: 1)"
    )
    cameras = one_of("top", "iso", "eyes")
    parser.add_argument(
        "--camera",
        type=cameras,
        default="top",
        metavar="NAME",
        help="top, iso or eyes; default: top",
    )


def replay_flags(parser: Parser) -> None:
    parser.add_argument("replay", metavar="FILE|CODE", help="a .gmr file, or a text GM1....")
    add_world(parser)
    add_films(parser, "a page that plays it (.html), or a film of it")


def level_new_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    parser.add_argument("--split", default="train", metavar="NAME", help="default: train")
    add_seed(parser)
    add_level_out(parser, "FILE", "default: WORLD.toml")


def level_edit_flags(parser: Parser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a file of levels; with --world it may be a new one"
    )
    add_world(parser)
    parser.add_argument(
        "--at", type=count, default=1, metavar="N", help="edit the N-th level (default: 1)"
    )
    add_seed(parser)
    window_flags(parser)


def level_gen_flags(parser: Parser) -> None:
    what = (
        "a world, ./a_file.py, or a recipe.toml that says all of this (default: the script's world)"
    )
    parser.add_argument("world", nargs="?", metavar="WORLD|RECIPE", help=what)
    parser.add_argument(
        "--script",
        metavar="NAME",
        help="lays the levels out: a shipped script, or ./a_file.py (code)",
    )
    parser.add_argument("--n", type=count, metavar="N", help="how many (default: 100)")
    parser.add_argument(
        "--split", default="", metavar="NAME", help="default: the script's, or train"
    )
    parser.add_argument(
        "--workers", type=count, default=1, metavar="N", help="processes; the set is the same"
    )
    parser.add_argument(
        "--tries",
        type=count,
        default=0,
        metavar="N",
        help="candidates at most (default: 1k a level)",
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="default: 0")
    parser.add_argument(
        "--world",
        dest="world_file",
        metavar="FILE",
        help="the recipe's world, if it is one of yours",
    )
    add_level_out(parser, "PATH", "a file, or a folder for many (default: levels/WORLD-...)")
    group = parser.add_argument_group("what every level must be")
    group.add_argument("--goal", default="", metavar="NAME", help="can be got (default: intended)")
    group.add_argument("--steps", type=span, metavar="A:B", help="of the goal's expert")
    group.add_argument(
        "--distance", type=span, metavar="A:B", help="rows plus columns to the nearest target"
    )
    group.add_argument(
        "--effort", type=span, metavar="A:B", help="cells or records that the expert looks at"
    )
    group.add_argument(
        "--decision", action="store_true", help="goal and proxy set out in different directions"
    )
    group.add_argument(
        "--parts", action="store_true", help="who wants the proxy does not get the goal"
    )
    group.add_argument("--proxy", default="", metavar="NAME", help="default: the world's first")
    group.add_argument(
        "--distinct", default="", metavar="HOW", help="no, same or turned (default: same)"
    )
    group.add_argument(
        "--pool", default="", metavar="NAME", help="train or test, as training tells them apart"
    )
    group = parser.add_argument_group("equal shares, and order")
    group.add_argument(
        "--vary",
        type=varied,
        metavar="NAME=V,V",
        help="over values of a parameter: density=0.1,0.3",
    )
    group.add_argument(
        "--spread",
        type=shares,
        metavar="M=A:B,A:B",
        help="over ranges of a measure: steps=1:5,6:10",
    )
    group.add_argument(
        "--order", default="", metavar="MEASURE", help="distance, steps or effort, least first"
    )
    group.add_argument(
        "--share",
        type=part,
        metavar="A",
        help="two files, PATH-train and -test, told apart for good",
    )


def add_level_out(parser: Parser, letter: str, what: str) -> None:
    parser.add_argument("--out", "-o", metavar=letter, help=what)
    parser.add_argument("--force", action="store_true", help="replace an existing --out")


def level_check_flags(parser: Parser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="files of levels, or folders of level gen"
    )
    add_world(parser)


def level_preview_flags(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of levels, or a folder of level gen")
    parser.add_argument(
        "--n",
        type=count,
        default=64,
        metavar="N",
        help="levels shown, spread over all (default: 64)",
    )
    add_world(parser)
    add_level_out(parser, "FILE", ".png or .html (default: FILE-preview.png)")


def level_stats_flags(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of levels, or a folder of level gen")
    parser.add_argument("--goal", default="intended", metavar="NAME", help="default: intended")
    parser.add_argument("--proxy", default="", metavar="NAME", help="default: the world's first")
    add_world(parser)
    add_level_out(parser, "FILE.csv", "also a table with a row for each level")


def level_diff_flags(parser: Parser) -> None:
    parser.add_argument("one", metavar="FILE")
    parser.add_argument("other", metavar="FILE")
    parser.add_argument(
        "--at",
        type=count,
        default=1,
        metavar="N",
        help="compare the N-th level of each (default: 1)",
    )
    add_world(parser)


def level_convert_flags(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of levels, or a folder of level gen")
    parser.add_argument(
        "out", metavar="TO", help="ends in .toml, .txt, .jsonl, .npz, .tmj, .tmx or .png"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_world(parser)


def no_flags(parser: Parser) -> None:
    pass


class Verb(NamedTuple):
    """One verb: its place in the overview, what it does, its flags, and what runs it."""

    group: str
    usage: str
    summary: str
    flags: Callable[[Parser], None]
    run: Callable[[argparse.Namespace, Talk], Report]
    examples: tuple[str, ...]
    knobs: bool = False  # whether it takes --world.KEY VALUE


VERBS = {
    "demo": Verb(
        "show",
        "demo [WORLD]",
        "train an agent, change the world, film it chasing the wrong goal",
        demo_flags,
        demo,
        ("goalshift demo", "goalshift demo --pretrained", "goalshift demo corner --steps 1M"),
    ),
    "contrast": Verb(
        "show",
        "contrast RUN",
        "film an expert that wants the intended goal beside the agent of a run",
        contrast_flags,
        contrast,
        (
            "goalshift contrast runs/a",
            "goalshift contrast runs/a --pick worst -o worst.mp4 -o worst.gif",
            "goalshift contrast runs/a --split alpha=0.5 --size 1920x1088",
        ),
    ),
    "record": Verb(
        "show",
        "record RUN|REPLAY",
        "film one agent, several side by side, its training, or a mosaic of levels",
        record_flags,
        record,
        (
            "goalshift record runs/a",
            "goalshift record runs/a --history -o training.mp4",
            "goalshift record runs/a --mosaic 4 -o mosaic.webm",
            "goalshift record a.gmr b.gmr -o both.html --camera top --camera eyes",
        ),
    ),
    "report": Verb(
        "show",
        "report RUN...",
        "one page with claim, figures, curves, episodes to play, and limits",
        report_flags,
        report,
        (
            "goalshift report runs/a",
            "goalshift report runs/a runs/b runs/c -o verdict.html --levels 1k",
        ),
    ),
    "train": Verb(
        "learn",
        "train WORLD",
        "train an agent with PPO into a run folder",
        train_flags,
        train,
        (
            "goalshift train corner --steps 2M --out runs/a",
            "goalshift train coinrun --split alpha=0.05 --seed 3 --device cpu",
            "goalshift train corner --world.region 3 --levels 20",
            "goalshift train --resume runs/a --steps 4M",
        ),
        knobs=True,
    ),
    "bank": Verb(
        "learn",
        "bank WORLD",
        "train thousands of tiny networks at once and see what each comes to want",
        bank_flags,
        bank,
        (
            "goalshift bank coinline",
            "goalshift bank coinline --split alpha=0.05 --nets 2k --width 64 --out runs/bank",
            "goalshift bank coinline --over world.length=4,8,16 --over alpha=0,0.01,0.1 --nets 200 --out runs/atlas",
        ),
        knobs=True,
    ),
    "eval": Verb(
        "learn",
        "eval RUN...",
        "score runs for every goal on held-out levels; several seeds give a verdict",
        eval_flags,
        evaluate,
        (
            "goalshift eval runs/a",
            "goalshift eval runs/a runs/b runs/c --levels 1k --out runs/verdict",
            "goalshift eval runs/a --split train --split alpha=0.5 --json",
        ),
        knobs=True,
    ),
    "table": Verb(
        "learn",
        "table [WORLD...]",
        "train and judge whole worlds, several seeds each, into one table; resumes",
        table_flags,
        make_table,
        (
            "goalshift table corner follow --jobs 2",
            "goalshift table --seeds 5",
            "goalshift table ./mine.py --steps 1M",
        ),
    ),
    "curve": Verb(
        "learn",
        "curve WORLD --over ...",
        "train and judge at every value of a knob: CSV and figures; resumes",
        curve_flags,
        make_curve,
        (
            "goalshift curve corner --over alpha=0,1e-3,1e-2,0.1,1 --jobs 2",
            "goalshift curve corner --over world.region=1..11",
            "goalshift curve corner --over levels=100,1k,10k,0 --by alpha=0,0.1 --set steps=2M",
        ),
        knobs=True,
    ),
    "watch": Verb(
        "look",
        "watch WORLD|RUN|...",
        "watch agents live: step back, compare, edit the level under them",
        watch_flags,
        watch,
        (
            "goalshift watch corner",
            "goalshift watch runs/a --follow",
            "goalshift watch chase.gmr --terminal",
        ),
        knobs=True,
    ),
    "play": Verb(
        "look",
        "play WORLD|LEVEL",
        "play yourself, with arrow keys or WASD",
        play_flags,
        play,
        (
            "goalshift play coinrun",
            "goalshift play corner --split train",
            "goalshift play fork.toml --terminal",
        ),
        knobs=True,
    ),
    "worlds": Verb(
        "look",
        "worlds [NAME]",
        "list the worlds, or one world's goals, splits and parameters",
        worlds_flags,
        worlds,
        (
            "goalshift worlds",
            "goalshift worlds corner --picture corner.png",
            "goalshift worlds ./my_world.py --json",
        ),
        knobs=True,
    ),
    "replay": Verb(
        "look",
        "replay FILE|CODE",
        "live a recorded episode again, verify it, and print it as a code",
        replay_flags,
        replay,
        (
            "goalshift replay runs/demo/replays/learned.gmr",
            "goalshift replay GM1.eJwrSS0u --json",
            "goalshift replay chase.gmr -o chase.html",
            "goalshift replay chase.gmr --world ./my_world.py",
        ),
    ),
    "world": Verb(
        "build",
        "world new NAME",
        "write a world of your own, ready to run, with its test",
        world_flags,
        world_verb,
        ("goalshift world new my_world", "goalshift world new my_world -o experiments"),
    ),
    "level new": Verb(
        "build",
        "level new WORLD",
        "write a level of a world as a file to edit",
        level_new_flags,
        level_new,
        ("goalshift level new corner", "goalshift level new follow --seed 7 -o follow.tmx"),
        knobs=True,
    ),
    "level edit": Verb(
        "build",
        "level edit FILE",
        "paint a level in the window, with an agent in it; Ctrl+S writes the file",
        level_edit_flags,
        level_edit,
        ("goalshift level edit fork.toml", "goalshift level edit new.tmx --world corner"),
    ),
    "level gen": Verb(
        "build",
        "level gen WORLD|RECIPE",
        "draw a set of levels that are what you ask for",
        level_gen_flags,
        level_gen,
        (
            "goalshift level gen corner --n 1k --split deploy --decision --steps 8:40 -o forks.npz",
            "goalshift level gen --script curriculum -o easy_to_hard.toml",
            "goalshift level gen my_recipe.toml --workers 2",
            "goalshift level gen corner --n 1M --distinct turned --workers 2 -o levels/corner",
        ),
        knobs=True,
    ),
    "level check": Verb(
        "build",
        "level check FILE...",
        "say what is wrong with files of levels, and whether they can be solved",
        level_check_flags,
        level_check,
        ("goalshift level check corner.toml", "goalshift level check levels/corner *.tmx --json"),
        knobs=True,
    ),
    "level preview": Verb(
        "build",
        "level preview FILE",
        "draw a contact sheet of levels as a picture or a page",
        level_preview_flags,
        level_preview,
        (
            "goalshift level preview forks.npz",
            "goalshift level preview levels/corner --n 200 -o corner.html",
        ),
        knobs=True,
    ),
    "level stats": Verb(
        "build",
        "level stats FILE",
        "count: distances, steps, effort, where goals part, doubles",
        level_stats_flags,
        level_stats,
        (
            "goalshift level stats forks.npz -o forks.csv",
            "goalshift level stats levels/corner --json",
        ),
        knobs=True,
    ),
    "level diff": Verb(
        "build",
        "level diff FILE FILE",
        "say how two levels, or two sets of levels, differ",
        level_diff_flags,
        level_diff,
        ("goalshift level diff a.toml b.toml", "goalshift level diff train.npz test.npz"),
        knobs=True,
    ),
    "level convert": Verb(
        "build",
        "level convert FILE TO",
        "write levels as another kind of file, such as one for Tiled",
        level_convert_flags,
        level_convert,
        (
            "goalshift level convert corner.toml corner.tmx",
            "goalshift level convert forks.npz forks.jsonl",
        ),
        knobs=True,
    ),
    "bench": Verb(
        "care",
        "bench",
        "measure the speed of stepping, drawing, generating and training",
        bench_flags,
        bench,
        (
            "goalshift bench",
            "goalshift bench --only steps --passes 3",
            "goalshift bench --only learning",
        ),
    ),
    "doctor": Verb(
        "care",
        "doctor",
        "look for what is missing or broken on this machine, and how to fix it",
        no_flags,
        doctor,
        ("goalshift doctor", "goalshift doctor --json > doctor.json"),
    ),
}


def overview() -> str:
    """The page of `goalshift --help`."""
    lines = [
        f"goalshift {__version__} - train an agent, change the world, watch it chase the wrong goal"
    ]
    lines += ["", "usage: goalshift VERB ..."]
    group = ""
    for verb in VERBS.values():
        head = "" if verb.group == group else verb.group
        lines += ([""] if head else []) + [f"  {head:6} {verb.usage:24} {verb.summary}"]
        group = verb.group
    lines += ["", "every verb: --help  --json  -q/-v  --no-color", "examples:"]
    lines += [f"  {verb.examples[0]}" for verb in VERBS.values()]
    return "\n".join(lines)


# -- running one -----------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; nothing is raised, and faults are one line each."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an ASCII console prints "?" rather than failing
    as_json = "--json" in argv
    talk = Talk(
        "-q" in argv or "--quiet" in argv,
        "-v" in argv or "--verbose" in argv,
        "--no-color" not in argv,
    )
    try:
        with sigterm_as_interrupt():
            report = run(argv, talk)
            print_report(report, as_json)
        return report.code
    except BrokenPipeError:
        # The reader (`| head`) has gone: no fault. Python would complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:  # argparse has printed --help
        return int(end.code or 0)
    except BaseException as fault:
        code, message = explain(fault)
        message = " ".join(message.split())
        if talk.verbose:
            traceback.print_exc()
        talk.fault(message)
        if as_json:
            print(json.dumps({"ok": False, "exit_code": code, "error": message}))
        return code


MANNERS = ("--json", "-q", "--quiet", "-v", "--verbose", "--no-color")


def run(argv: list[str], talk: Talk) -> Report:
    """Find the verb, read its flags, call it."""
    argv = joined(argv)
    name = next((word for word in argv if word not in MANNERS), "--help")
    if name in ("-h", "--help", "help"):
        data = {"version": __version__, "verbs": {n: v.summary for n, v in VERBS.items()}}
        return Report(data, overview())
    if name == "--version":
        return Report({"version": __version__}, f"goalshift {__version__}")
    family = {n: v.summary for n, v in VERBS.items() if n.startswith(f"{name} ")}
    if family:
        return Report(
            {"verbs": family}, table([(VERBS[n].usage, text) for n, text in family.items()], "  ")
        )
    verb, args = parse(name, argv)
    return verb.run(args, talk)


def joined(argv: list[str]) -> list[str]:
    """The words with those of a two-word verb as one: "level gen"."""
    at = next((k for k, word in enumerate(argv) if word not in MANNERS), len(argv))
    first, second = [*argv[at : at + 2], "", ""][:2]
    if second[:1].isalpha() and any(name.startswith(f"{first} ") for name in VERBS):
        return [*argv[:at], f"{first} {second}", *argv[at + 2 :]]
    return argv


def parse(name: str, argv: list[str]) -> tuple[Verb, argparse.Namespace]:
    """The verb called `name` and its flags; raises UserError with the closest match."""
    if name not in VERBS:
        flag = name.startswith("-")
        hint = did_you_mean(name, [*MANNERS, "--version", "--help"] if flag else VERBS)
        raise UserError(f"no {'flag' if flag else 'command'} '{name}'.{hint}")
    verb = VERBS[name]
    words = list(argv)
    words.remove(name)
    words, knobs = take_world_flags(words) if verb.knobs else (words, {})
    parser = Parser(name, verb.summary, verb.examples)
    verb.flags(parser)
    if verb.knobs:
        # never parsed here (see take_world_flags); declared so that --help shows it
        parser.add_argument(
            "--world.KEY", metavar="VALUE", help="change a parameter: a number, or its label"
        )
    add_manners(parser)
    args = parser.read(words)
    args.knobs = knobs
    return verb, args


def print_report(report: Report, as_json: bool) -> None:
    """The data on stdout: text, or one JSON object with `ok` and `exit_code` first."""
    if as_json:
        found = {"ok": report.code == 0, "exit_code": report.code, **plain_data(report.data)}
        print(json.dumps(found, allow_nan=False), flush=True)
    elif report.text:
        print(report.text, flush=True)


def explain(fault: BaseException) -> tuple[int, str]:
    """The exit code of a fault and its one line."""
    if isinstance(fault, (UserError, RunError)):
        return fault.exit_code, str(fault)
    if isinstance(fault, KeyboardInterrupt):
        return INTERRUPTED, str(fault) or "interrupted"
    if isinstance(fault, ImportError) and fault.name and not fault.name.startswith("goalshift"):
        package = fault.name.partition(".")[0]
        package = {"PIL": "pillow", "pygame": "pygame-ce"}.get(package, package).replace("_", "-")
        return (
            1,
            f"cannot import '{fault.name}'; run: pip install {package} (goalshift doctor checks everything)",
        )
    if isinstance(fault, MemoryError):
        return 1, "out of memory; use fewer --envs, or a smaller --size for films"
    if isinstance(fault, OSError) and fault.errno is not None:
        where = f" while writing '{fault.filename}'" if fault.filename else ""
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return 1, f"the disk is full{where}; free some space, or write elsewhere with --out"
        named = f"'{fault.filename}': " if fault.filename else ""
        return 1, f"{named}{(fault.strerror or 'system error').lower()}"
    return (
        1,
        f"internal error, {type(fault).__name__}: {fault} (add -v for the traceback, and please report it)",
    )


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """A cluster's SIGTERM ends a run as Ctrl-C does: finish the update, save, leave."""

    def stop(number: int, frame: Any) -> NoReturn:
        raise KeyboardInterrupt("terminated")

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # only the main thread may; elsewhere signals are the caller's business
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
