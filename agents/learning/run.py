"""A run directory: configuration, log, checkpoints, and going on where it stopped.

    config.json               every option, settled; and the world's version
    log.jsonl  log.csv        one row per update
    checkpoint.safetensors    the weights, with all that is needed to use them in its header
                              (checkpoint.json: a copy)
    checkpoints/              some of those on the way, by their step, if they are kept
    resume.safetensors        everything an exact continuation needs (resume.json: its header)

Each file replaces its predecessor in one step, and the resume file before last is kept, so a crash
at any moment leaves something good. Nothing here is ever unpickled: files may come from strangers.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import hashlib
import io
import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as pack

from ...engine.catalogue import load, recall
from ...engine.errors import RunError, UserError
from ...engine.files import write
from ...engine.rng import fold_many
from ...engine.world import World
from ..policies.policy import Policy, episode_bits
from .config import TrainConfig
from .net import Net, Shape
from .ppo import Learner, resolve

CONFIG, LOG, TABLE = "config.json", "log.jsonl", "log.csv"
CHECKPOINT, RESUME, PREVIOUS = (
    "checkpoint.safetensors",
    "resume.safetensors",
    "resume.previous.safetensors",
)
KEPT = "checkpoints"  # folder of those on the way
FORMAT = 1
MAX_FILE, MAX_JSON = 2**30, 2**22  # bytes; larger files are refused unread
Progress = Callable[[dict[str, Any]], None]


class Interrupted(KeyboardInterrupt):
    """Training was stopped from outside, after saving.

    The message says how to go on. Exit code 130.
    """


# -- files -------------------------------------------------------------------------------------


def write_json(path: Path, data: Any) -> None:
    """`write`, for people to read: no NaN, no infinity."""
    write(path, (json.dumps(data, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; UserError, naming the file, if there is none."""
    try:
        if path.stat().st_size > MAX_JSON:
            raise UserError(
                f"'{path}' is larger than {MAX_JSON >> 20} MiB; that is not a file of goalshift"
            )
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UserError(f"cannot read '{path}': {fault.strerror}") from fault
    except (ValueError, RecursionError) as fault:
        raise UserError(f"'{path}' is not valid JSON") from fault
    if not isinstance(found, dict):
        raise UserError(f"'{path}' does not hold a JSON object")
    return found


def save_arrays(
    path: Path, arrays: dict[str, np.ndarray], about: dict[str, Any], keep: Path | None = None
) -> None:
    """Arrays and their description as one safetensors file with a digest.

    The description again beside it.
    """
    about = {**about, "format": FORMAT, "digest": _digest(arrays)}
    write(path, pack(arrays, {"goalshift": json.dumps(about, allow_nan=False)}), keep)
    write_json(path.with_suffix(".json"), about)


def load_arrays(
    path: Path, kind: str, expected: Callable[[dict], dict[str, tuple[int, ...]]] | None = None
):
    """The arrays and description that `save_arrays` wrote: `(arrays, about)`.

    `expected` maps the description to the arrays' names and shapes, which are compared before
    anything is read. UserError, in one line that names the file, for whatever is wrong with it.
    """
    try:
        size = path.stat().st_size
    except OSError as fault:
        raise UserError(f"cannot read '{path}': {fault.strerror}") from fault
    if size > MAX_FILE:
        raise UserError(f"'{path}' holds {size >> 20} MiB; at most {MAX_FILE >> 20} are allowed")
    try:
        with safe_open(path, framework="np") as file:
            about = json.loads((file.metadata() or {}).get("goalshift", "null"))
            if not isinstance(about, dict) or about.get("kind") != kind:
                raise UserError(f"'{path}' is not a goalshift {kind}")
            if about.get("format") != FORMAT:
                raise UserError(
                    f"'{path}' has format {about.get('format')}; this version reads format {FORMAT}"
                )
            names = list(file.keys())
            if expected is not None:
                wanted = expected(about)
                found = {name: tuple(file.get_slice(name).get_shape()) for name in names}
                for name in sorted({*wanted, *found}):
                    if wanted.get(name) != found.get(name):
                        raise UserError(
                            f"'{path}' is broken: '{name}' has shape {found.get(name)},"
                            f" not {wanted.get(name)}"
                        )
            arrays = {name: file.get_tensor(name) for name in names}
    except (
        SafetensorError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as fault:
        if isinstance(fault, UserError):
            raise
        raise UserError(
            f"'{path}' is broken or cut short ({str(fault).splitlines()[0][:100]})"
        ) from fault
    if about.get("digest") != _digest(arrays):
        raise UserError(f"'{path}' is damaged: its contents do not match its digest")
    return arrays, about


def _digest(arrays: dict[str, np.ndarray]) -> str:
    seal = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        seal.update(f"{name} {array.dtype.str} {array.shape};".encode())
        seal.update(np.ascontiguousarray(array).tobytes())
    return seal.hexdigest()


# -- the log -----------------------------------------------------------------------------------


class Log:
    """One row per update, as JSON lines (null where there is no figure) and as CSV (empty)."""

    def __init__(self, folder: Path) -> None:
        self.lines, self.table = folder / LOG, folder / TABLE

    def add(self, row: dict[str, Any]) -> None:
        """Append one row to both files."""
        row = {
            k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()
        }
        try:
            first = not self.table.exists()
            with open(self.lines, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            with open(self.table, "a", encoding="utf-8", newline="") as file:
                file.write(_csv([row], header=first))
        except OSError as fault:
            raise RunError(f"cannot write '{fault.filename}': {fault.strerror}") from fault

    def rows(self) -> list[dict[str, Any]]:
        """All rows; a last line that was cut short by a crash is left out."""
        found = []
        if self.lines.exists():
            for line in self.lines.read_text(encoding="utf-8").splitlines():
                try:
                    found.append(json.loads(line))
                except ValueError:
                    break
        return found

    def rewind(self, step: int) -> None:
        """Forget the rows after `step`: they will be lived through again."""
        rows = [row for row in self.rows() if row["step"] <= step]
        write(self.lines, "".join(json.dumps(row) + "\n" for row in rows).encode())
        if rows:
            write(self.table, _csv(rows, header=True).encode())
        else:
            self.table.unlink(missing_ok=True)


def _csv(rows: list[dict[str, Any]], header: bool) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), extrasaction="ignore", lineterminator="\n")
    if header:
        table.writeheader()
    table.writerows(rows)
    return text.getvalue()


# -- training ----------------------------------------------------------------------------------


def train(config: TrainConfig, out: str | Path, progress: Progress | None = None) -> Path:
    """Train from nothing into the new run directory `out`; returns it.

    `progress` gets every row of the log. Raises Interrupted (after saving) on SIGINT or SIGTERM,
    UserError if `out` already holds a run or something does not fit, RunError if the disk is full
    or the training diverges.
    """
    folder = Path(out)
    if (folder / CONFIG).exists():
        raise UserError(
            f"'{folder}' already holds a run; continue it with --resume {folder},"
            " or choose another --out"
        )
    config = resolve(config)
    learner = Learner(load(config.world), config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise RunError(f"cannot make the folder '{folder}': {fault.strerror}") from fault
    world = learner.world
    write_json(
        folder / CONFIG, {**config.to_json(), "world_version": world.version, "format": FORMAT}
    )
    return _go_on(folder, learner, 0.0, progress)


def resume(
    run: str | Path,
    steps: int | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Continue a run exactly where its last good checkpoint stands, to its own number of `steps` or
    to a new one.

    `say` gets one line for people if the newest checkpoint is broken and the one before it is used.
    UserError if there is nothing to continue, or the world has changed since.
    """
    folder = Path(run)
    if not (folder / CONFIG).exists():
        raise UserError(f"'{folder}' holds no run: there is no {CONFIG} in it")
    data = read_json(folder / CONFIG)
    version, _ = data.pop("world_version", None), data.pop("format", None)
    config = TrainConfig.from_json(data)
    world = recall(config.world, folder)
    if world.version != version:
        raise UserError(
            f"'{folder}' was trained on version {version} of world '{world.name}',"
            f" which is now at version {world.version}: start a new run"
        )
    extended = steps is not None and steps != config.steps
    if extended:
        config = dataclasses.replace(config, steps=steps)
    learner = Learner(world, resolve(config))
    seconds = _restore(folder, learner, say)
    if extended:  # only now is it sure that the run can go on
        write_json(
            folder / CONFIG, {**config.to_json(), "world_version": version, "format": FORMAT}
        )
    Log(folder).rewind(learner.steps)
    return _go_on(folder, learner, seconds, progress)


def _restore(folder: Path, learner: Learner, say: Callable[[str], None]) -> float:
    """Bring the learner to the newest good checkpoint of the run.

    Returns the seconds trained until then.
    """
    blank, _ = learner.state()
    shapes = {name: array.shape for name, array in blank.items()}

    faults = []
    for name in (RESUME, PREVIOUS):
        try:
            arrays, about = load_arrays(folder / name, "resume file", lambda about: shapes)
            counters = {key: int(about[key]) for key in ("steps", "updates")}
            seconds = float(about["seconds"])
        except (UserError, KeyError, ValueError, TypeError) as fault:
            faults.append(
                str(fault) if isinstance(fault, UserError) else f"'{folder / name}' is broken"
            )
            continue
        learner.restore(arrays, counters)
        if faults:
            say(f"{faults[0]}; going on from the checkpoint before it, at step {learner.steps:,}")
        return seconds
    raise UserError(f"'{folder}' cannot be continued: {'; '.join(faults)}")


def _go_on(folder: Path, learner: Learner, seconds: float, progress: Progress | None) -> Path:
    """Update, log and save until the steps are done or a signal comes."""
    config, log = learner.config, Log(folder)
    began = time.perf_counter() - seconds
    saved = time.perf_counter()
    with stop_signals() as stop:
        if config.keep and not learner.steps:
            keep(folder, learner)
        while learner.steps < config.steps and not stop.is_set():
            passed = learner.steps * config.keep // config.steps
            row = learner.update()
            if learner.steps * config.keep // config.steps > passed:
                keep(folder, learner)
            row = {"step": row.pop("step"), "seconds": round(time.perf_counter() - began, 3), **row}
            log.add(row)
            if progress is not None:
                progress(row)
            if time.perf_counter() - saved >= config.save_every:
                save(folder, learner, time.perf_counter() - began)
                saved = time.perf_counter()
        save(folder, learner, time.perf_counter() - began)
    if learner.steps < config.steps:
        raise Interrupted(
            f"Stopped at step {learner.steps:,}, saved. Continue: goalshift train --resume {folder}"
        )
    return folder


def keep(folder: Path, learner: Learner) -> None:
    """Write the weights as they are now, to stay."""
    home = folder / KEPT
    try:
        home.mkdir(exist_ok=True)
    except OSError as fault:
        raise RunError(f"cannot make the folder '{home}': {fault.strerror}") from fault
    save_arrays(
        home / f"{learner.steps:012}.safetensors", _weights(learner.state()[0]), describe(learner)
    )


def history(run: str | Path) -> list[Path]:
    """The checkpoints that a run has kept, the earliest first. UserError if there are none."""
    found = sorted((Path(run) / KEPT).glob("*.safetensors"))
    if not found:
        raise UserError(
            f"'{run}' has kept no checkpoints along the way: train it with --keep 4, say"
        )
    return found


def _weights(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those of the network alone."""
    return {k.removeprefix("net."): v for k, v in arrays.items() if k.startswith("net.")}


def save(folder: Path, learner: Learner, seconds: float) -> None:
    """Write weights and resume file; the last resume file becomes the previous one."""
    arrays, counters = learner.state()
    save_arrays(folder / CHECKPOINT, _weights(arrays), describe(learner))
    about = {"kind": "resume file", **counters, "seconds": seconds}
    save_arrays(folder / RESUME, arrays, about, keep=folder / PREVIOUS)


@contextlib.contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT or SIGTERM sets. A second signal raises KeyboardInterrupt at once.

    Outside the main thread signals cannot be caught; then the event is simply never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def heard(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# -- what was learned --------------------------------------------------------------------------


def describe(learner: Learner) -> dict[str, Any]:
    """What a checkpoint says about itself.

    The network, the world it belongs to, and how it was made.
    """
    return {
        "kind": "checkpoint",
        "net": {
            k: v for k, v in dataclasses.asdict(learner.net.shape).items() if k != "channels" or v
        },
        **interface(learner.world),
        "config": learner.config.to_json(),
        "steps": learner.steps,
    }


def interface(world: World) -> dict[str, Any]:
    """What a network relies on in its world: a change in any of these makes it meaningless."""
    return {
        "world": world.name,
        "world_version": world.version,
        "view": list(world.view or ()),
        "actions": list(world.actions),
        "symbols": [
            f"{s.group} {s.name}" + (f" {s.pose}" if s.pose else "") for s in world.symbols
        ],
        "learners": world.learners,
        **({} if world.one_hot else {"looks": looks(world)}),
    }


def looks(world: World) -> list[list[str]]:
    """The channels that each symbol is seen through."""
    return [[world.channels[c] for c in row.nonzero()[0]] for row in world.looks]


def differences(about: dict[str, Any], world: World) -> list[str]:
    """How a checkpoint's world differs from `world`, one phrase each; empty if the network fits."""
    found = []
    if about.get("world") != world.name:
        return [f"it was trained on world '{_short(about.get('world'))}'"]
    names = {
        "world_version": "world version",
        "view": "view",
        "learners": "number of learners",
    }
    now = interface(world)
    if about.get("looks") != now.get("looks"):
        found.append("symbols are seen through other channels")
    for key, name in names.items():
        if about.get(key) != now[key]:
            found.append(f"{name} {_short(about.get(key))} is now {_short(now[key])}")
    for key in ("actions", "symbols"):
        was = about.get(key)
        old = was if isinstance(was, list) else []
        gone, new = [x for x in old if x not in now[key]], [x for x in now[key] if x not in old]
        if gone:
            found.append(f"{key} no longer there: {_short(', '.join(map(str, gone)))}")
        if new:
            found.append(f"{key} it has not seen: {_short(', '.join(new))}")
        if not gone and not new and old != now[key]:
            found.append(f"{key} are in another order")
    return found


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


class Trained(Policy):
    """A trained network as a policy.

    It draws its actions by their probabilities unless `greedy`. That is what was trained and what
    its training scores measured; the most likely action alone can get caught in loops that the
    trained policy always leaves. The dice are a hash of `seed`, level, episode, step and learner,
    so a level goes the same way whatever else is in the batch, and every run of it is the same.
    That holds for actions at random too (see `loosen`).
    """

    def __init__(
        self, net: Net, world: World, name: str = "learned", greedy: bool = False, seed: int = 0
    ) -> None:
        self.net, self.world, self.name, self.greedy, self.seed = (
            net.eval(),
            world,
            name,
            greedy,
            seed,
        )
        self.temperature, self.epsilon = 1.0, 0.0
        self.remembers = net.shape.memory > 0
        self.device = net.actor.weight.device
        self.about: dict[str, Any] = {}
        self._eyes: Any = None
        self.start(0, world.learners)

    @classmethod
    def load(
        cls,
        path: str | Path,
        world: World | str | None = None,
        greedy: bool = False,
        seed: int = 0,
        precision: str = "fp32",
    ) -> Trained:
        """From a run directory or a checkpoint file. `world` defaults to the one it was trained on.

        `about` on the result is the checkpoint's description. UserError, in one line, if the file
        is missing, broken or not finite, or lists how it differs from the world if it does not fit.
        """
        path = Path(path)
        if path.is_dir():
            if not (path / CHECKPOINT).exists():
                raise UserError(f"'{path}' holds no {CHECKPOINT} yet")
            path = path / CHECKPOINT

        def expected(about: dict) -> dict[str, tuple[int, ...]]:
            if not isinstance(about.get("net"), dict):
                raise UserError(f"'{path}' does not describe its network")
            with torch.device("meta"):  # shapes without memory
                blank = Net(Shape(**about["net"]))
            return {name: tuple(weight.shape) for name, weight in blank.state_dict().items()}

        arrays, about = load_arrays(path, "checkpoint", expected)
        for name, array in arrays.items():
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise UserError(f"'{path}' is unusable: '{name}' holds values that are not finite")
        if world is None:
            config = about.get("config")
            if not isinstance(config, dict) or not isinstance(config.get("params"), dict):
                raise UserError(f"'{path}' does not say which world it was trained on")
            loaded = recall(str(config.get("world")), path).with_params(**config["params"])
        else:
            loaded = load(world)
        wrong = differences(about, loaded)
        shape = Shape(**about["net"])
        sees = (
            tuple(loaded.view or ()),
            len(loaded.symbols),
            0 if loaded.one_hot else len(loaded.channels),
        )
        if not shape.symbols:  # colours: what eyes see
            sees = ((*shape.view[:2], 3), 0, 0)
        if not wrong and (shape.view, shape.symbols, shape.channels, shape.actions) != (
            *sees,
            len(loaded.actions),
        ):
            wrong = ["its network contradicts its own description"]
        if wrong:
            raise UserError(f"'{path}' does not fit world '{loaded.name}': {'; '.join(wrong)}")
        net = Net(shape, torch.bfloat16 if precision == "bf16" else torch.float32, loaded.looks)
        net.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
        policy = cls(
            net, loaded, path.parent.name if path.name == CHECKPOINT else path.stem, greedy, seed
        )
        policy.about = about
        return policy

    def start(self, n: int, agents: int) -> None:
        self.memory = self.net.blank(n * agents)
        self.dice = np.random.default_rng(self.seed)  # for where there are no states to hash

    def act(self, obs: np.ndarray, states: np.recarray | None, fresh: np.ndarray) -> np.ndarray:
        logits, _ = self._look(self.seen(obs, states), fresh, remember=True)
        n, learners = obs.shape[:2]
        bits = episode_bits(self.seed, states, learners) if states is not None else None
        if self.greedy or not self.temperature:
            chosen = logits.argmax(-1)
        else:
            u = self._units(n, learners, bits)
            upto = self._softmax(logits).cumsum(-1)
            chosen = np.minimum(
                (u[..., None] * upto[..., -1:] >= upto).sum(-1), logits.shape[-1] - 1
            ).astype(np.int64)
        if self.epsilon:  # dice of their own, so that all other actions stay what they are
            u, v = (
                self._units(n, learners, fold_many(bits, k) if bits is not None else None)
                for k in (1, 2)
            )
            chosen = np.where(u < self.epsilon, (v * logits.shape[-1]).astype(np.int64), chosen)
        return chosen

    def loosen(self, temperature: float, epsilon: float) -> None:
        self.temperature, self.epsilon = temperature, epsilon

    def _units(self, n: int, learners: int, bits: np.ndarray | None) -> np.ndarray:
        """Numbers from 0 to below 1 out of random bits, or from the dice where there are none:
        float64[n, learners].
        """
        return (
            self.dice.random((n, learners)) if bits is None else (bits >> np.uint64(11)) * 2.0**-53
        )

    def _softmax(self, logits: np.ndarray) -> np.ndarray:
        """How likely each action is at the temperature, not yet normalised."""
        if not self.temperature:
            return np.eye(logits.shape[-1])[logits.argmax(-1)]
        return np.exp((logits - logits.max(-1, keepdims=True)) / self.temperature)

    def look(
        self, obs: np.ndarray, fresh: np.ndarray | None = None, states: np.recarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What it thinks of observations [N, L, ...] without acting.

        Probabilities float64[N, L, A], values [N, L].
        """
        if fresh is None:
            fresh = np.ones(len(obs), np.bool_)
        logits, value = self._look(self.seen(obs, states), fresh, remember=False)
        chances = self._softmax(logits)
        chances /= chances.sum(-1, keepdims=True)
        return (1 - self.epsilon) * chances + self.epsilon / logits.shape[-1], value

    def seen(self, obs: np.ndarray, states: np.recarray | None) -> np.ndarray:
        """The observations as the network wants them: if it has eyes, what they see of the
        states.
        """
        shape = self.net.shape
        if shape.symbols or obs.shape[2:] == shape.view:
            return obs
        if states is None:
            raise UserError(
                f"the agent '{self.name}' sees pictures in first person: it needs the states to draw them"
            )
        if self._eyes is None or self._eyes.n != len(states):
            from ...engine.view.camera.eyes import Eyes

            self._eyes = Eyes(self.world, len(states), (shape.view[0], shape.view[1]))
        return self._eyes.draw(states)

    @torch.inference_mode()
    def _look(
        self, obs: np.ndarray, fresh: np.ndarray, remember: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        n, learners = obs.shape[:2]
        rows = n * learners
        memory = self.memory if len(self.memory) == rows else self.net.blank(rows)
        seen = (
            torch.from_numpy(np.ascontiguousarray(obs))
            .view(1, rows, *obs.shape[2:])
            .to(self.device)
        )
        begins = torch.from_numpy(np.repeat(fresh, learners)).view(1, rows).to(self.device)
        logits, value, memory = self.net(seen, memory, begins)
        if remember:
            self.memory = memory
        return logits.double().cpu().numpy().reshape(n, learners, -1), value.cpu().numpy().reshape(
            n, learners
        )
