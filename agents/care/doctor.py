"""What this machine has, what goalshift needs, and the exact fix for every difference.

Each check yields findings, and none needs the others. Dangerous ones (compiling, importing torch)
run in a process of their own, so that a crash there is a finding too.
"""

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from ...engine import child, extras, machine
from ...engine.counts import counted
from ...engine.files import PACKAGE
from ...engine.progress import Show, silent

_SILENT = "no answer"
_PIP = f"{shlex.quote(sys.executable)} -m pip"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    `state`: ok, note (good to know), warning (works, but slower or less) or problem (fails).
    """

    name: str
    state: str
    found: str
    fix: str = ""


def examine(show: Show = silent) -> list[Finding]:
    """Every finding about this machine, in the order of the report.

    Takes a few seconds, up to a minute where nothing is compiled yet; writes to Numba's cache only.
    `show(done, total, what)` is called along the way.
    """
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _packages,
        _pygame_twins,
        _torch,
        _numba,
        _ffmpeg,
        _display,
        _machine,
    ]
    findings = []
    for index, check in enumerate(checks):
        show(index, len(checks), check.__name__.strip("_"))
        try:
            findings += check()
        except Exception as fault:
            findings.append(
                Finding(check.__name__.strip("_"), "warning", f"could not be checked: {fault!r}")
            )
    return findings


def as_data(findings: list[Finding]) -> dict:
    """The report as plain data: {"healthy": bool, "findings": [{name, state, found, fix}, …]}."""
    return {
        "healthy": not any(f.state == "problem" for f in findings),
        "findings": [asdict(f) for f in findings],
    }


def as_text(findings: list[Finding]) -> str:
    """The report for a terminal: a line per finding, its fix below it."""
    lines = []
    for f in findings:
        lines.append(f"{f.state:8} {f.name:18} {f.found}")
        if f.fix:
            lines.append(f"{'':8} {'':18} fix: {f.fix}")
    problems = sum(f.state == "problem" for f in findings)
    warnings = sum(f.state == "warning" for f in findings)
    lines += ["", f"problems: {problems}, warnings: {warnings}"]
    return "\n".join(lines)


# -- packages --------------------------------------------------------------------------------------


def _python() -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} ({sys.executable})")


def satisfies(version: str, conditions: str) -> bool:
    """Whether '2.13.0+cpu' meets '>=2,<3' or '==2.13.*' (the forms that pyproject.toml uses)."""

    def numbers(text: str) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", text.split("+")[0].removesuffix(".*"))]

    have = numbers(version)
    for condition in filter(None, conditions.replace(" ", "").split(",")):
        match = re.fullmatch(r"(==|>=|<=|!=|<|>|~=)(.+)", condition)
        if not match:
            return False
        sign, wanted = match[1], numbers(match[2])
        if match[2].endswith(".*"):
            met = (have[: len(wanted)] == wanted) == (sign == "==")
        else:
            length = max(len(have), len(wanted))
            a, b = (n + [0] * (length - len(n)) for n in (have, wanted))
            same_series = a[: len(wanted) - 1] == b[: len(wanted) - 1]
            met = {
                "==": a == b,
                "!=": a != b,
                ">=": a >= b,
                "<=": a <= b,
                "<": a < b,
                ">": a > b,
                "~=": a >= b and same_series,
            }[sign]
        if not met:
            return False
    return True


def _packages() -> Iterator[Finding]:
    """The core, which must be there, then each everyday extra: whole, or what would add it."""
    listed = extras.requirements()
    for requirement in listed[""]:
        yield _package(requirement, "problem")
    for extra in extras.EVERYDAY:
        ours = [text for text in listed.get(extra, ()) if not text.startswith("goalshift[")]
        found = [_package(text, "note") for text in ours]
        if any(one.state == "problem" for one in found) or all(f.state == "ok" for f in found):
            yield from found
        else:
            names = ", ".join(one.name for one in found if one.state != "ok")
            fix = f"{_PIP} {extras.remedy(extra).partition(' ')[2]}"
            yield Finding(f"extra: {extra}", "note", f"not installed ({names})", fix)


def _package(requirement: str, absent: str) -> Finding:
    """One requirement; `absent` is what it is called if it is not there."""
    name, conditions = re.fullmatch(r"([\w.-]+)\s*\(?([^;)]*)\)?.*", requirement).groups()  # type: ignore[union-attr]
    fix = f"{_PIP} install '{name}{conditions.replace(' ', '')}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, absent, f"missing (needs {conditions or 'any version'})", fix)
    if satisfies(version, conditions):
        return Finding(name, "ok", version)
    return Finding(name, "problem", f"{version}, but goalshift needs {conditions}", fix)


def _pygame_twins() -> Iterator[Finding]:
    """Both unpack into the same folder: the last one wins, and removing one breaks the other."""
    try:
        version = metadata.version("pygame")
    except metadata.PackageNotFoundError:
        return
    yield Finding(
        "pygame",
        "problem",
        f"{version} is installed in the same folder as pygame-ce",
        f"{_PIP} uninstall -y pygame pygame-ce && {_PIP} install pygame-ce",
    )


# -- processors and compilers ----------------------------------------------------------------------


def _ask_python(code: str, timeout: float = 120) -> tuple[dict, str]:
    """Run `code`, which prints a JSON object, in a new process: (the object, what went wrong)."""
    environment = child.environment(PYTHONIOENCODING="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return {}, f"{_SILENT} within {timeout:g} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {}, f"exit code {done.returncode}: {last}"
    return json.loads(done.stdout.strip().splitlines()[-1]), ""


_TORCH = """
import json, torch
cuda = torch.cuda.is_available()
print(json.dumps({
    "version": torch.__version__,
    "built_for": torch.version.cuda,
    "threads": torch.get_num_threads(),
    "gpu": torch.cuda.get_device_name(0) if cuda else None,
    "gpu_bf16": torch.cuda.is_bf16_supported() if cuda else False,
}))
"""


def _torch() -> Iterator[Finding]:
    if not _installed("torch"):
        return  # already reported among the packages
    data, fault = _ask_python(_TORCH)
    if fault:
        fix = f"{_PIP} install --force-reinstall 'torch==2.13.*'"
        yield Finding("torch import", "problem", fault, fix)
        return
    flags = machine.instructions()
    fast = [name for name in ("amx_bf16", "avx512_bf16") if name in flags]
    bf16 = ", ".join(fast) if fast else "no (training runs in float32)"
    yield Finding(
        "torch cpu", "ok", f"{counted(data['threads'], 'thread')}, bfloat16 instructions: {bf16}"
    )
    if data["gpu"]:
        half = "with bfloat16" if data["gpu_bf16"] else "without bfloat16"
        yield Finding("torch cuda", "ok", f"{data['gpu']}, {half}")
    elif Path("/dev/nvidia0").exists() and data["built_for"] is None:
        yield Finding(
            "torch cuda",
            "warning",
            "the machine has an NVIDIA card, but this torch is built for the processor only",
            f"{_PIP} install --force-reinstall torch=={data['version'].split('+')[0]}",
        )
    elif Path("/dev/nvidia0").exists():
        yield Finding(
            "torch cuda",
            "warning",
            f"the machine has an NVIDIA card that torch (CUDA {data['built_for']}) cannot use",
            "update the NVIDIA driver; see nvidia-smi",
        )
    else:
        yield Finding("torch cuda", "note", "no GPU: everything runs on the processor")


_COMPILE = """
import json, time
from goalshift import Vec, load
from numba import config
from numba.core import event
compiled = event.RecordingListener()
event.register("numba:compile", compiled)
begun = time.perf_counter()
vec = Vec(load("corner"), 2)
vec.reset()
vec.step(vec.states.t.reshape(2, 1) * 0)
seconds = time.perf_counter() - begun
print(json.dumps({"seconds": seconds, "off": bool(config.DISABLE_JIT), "compiled": len(compiled.buffer)}))
"""


def _numba() -> Iterator[Finding]:
    if not (_installed("numba") and _installed("numpy")):
        return
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or PACKAGE / "engine" / "__pycache__")
    fix = "export NUMBA_CACHE_DIR=/a/folder/you/can/write (compiled rules are kept there)"
    if _writable(folder):
        yield Finding("numba cache", "ok", str(folder))
    else:
        yield Finding("numba cache", "warning", f"'{folder}' cannot be written", fix)
    first, fault = _ask_python(_COMPILE, 300)
    if fault.startswith(_SILENT):
        busy = "is the machine busy with other work? try again when it is not"
        yield Finding("compiling rules", "warning", fault, busy)
        return
    if fault:
        remove = f"delete the *.nbi and *.nbc files in '{folder}' and try again"
        yield Finding("compiling rules", "problem", fault, remove)
        return
    if first["off"]:
        yield Finding(
            "compiling rules",
            "warning",
            "NUMBA_DISABLE_JIT is set: about 100 times slower",
            "unset NUMBA_DISABLE_JIT",
        )
        return
    again, fault = _ask_python(_COMPILE, 300)
    found = f"first {first['seconds']:.1f} s, again {again.get('seconds', first['seconds']):.1f} s"
    if fault or again["compiled"]:
        found = f"{found}: compiled rules are not kept {fault}".strip()
        yield Finding("compiling rules", "warning", found, fix)
    else:
        yield Finding("compiling rules", "ok", found)


# -- films, display, machine -----------------------------------------------------------------------


def _ffmpeg() -> Iterator[Finding]:
    if not _installed("imageio-ffmpeg"):
        return
    fix = (
        f"{_PIP} install --force-reinstall imageio-ffmpeg,"
        " or export IMAGEIO_FFMPEG_EXE=/path/to/ffmpeg"
    )
    try:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
        command = [program, "-hide_banner", "-encoders"]
        done = subprocess.run(command, capture_output=True, timeout=30)
    except (OSError, RuntimeError, subprocess.SubprocessError) as fault:
        found = f"{fault} (films as .mp4 fail; .webp and .gif work)"
        yield Finding("ffmpeg", "problem", found, fix)
        return
    if done.returncode or b"libx264" not in done.stdout:
        yield Finding("ffmpeg", "problem", f"'{program}' has no H.264 encoder", fix)
    else:
        yield Finding("ffmpeg", "ok", program)


def _display() -> Iterator[Finding]:
    chosen = os.environ.get("SDL_VIDEODRIVER")
    if chosen:
        yield Finding("display", "note", f"SDL_VIDEODRIVER={chosen}")
    elif sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        yield Finding("display", "note", "none: training, films and tests do not need one")
    else:
        yield Finding("display", "ok", os.environ.get("DISPLAY") or sys.platform)


def _machine() -> Iterator[Finding]:
    found = f"{machine.processors()} usable of {os.cpu_count()} ({platform.machine()})"
    yield Finding("processors", "ok", found)
    memory = machine.free_memory()
    if memory is not None:
        low = memory < 2 << 30
        fix = "close other programs, or train with fewer --envs" if low else ""
        yield Finding("memory", "warning" if low else "ok", f"{memory / 1e9:.1f} GB free", fix)
    free = shutil.disk_usage(Path.cwd()).free
    low = free < 1 << 30
    fix = "free some space, or write runs elsewhere with --out" if low else ""
    found = f"{free / 1e9:.1f} GB free in this folder"
    yield Finding("disk", "warning" if low else "ok", found, fix)
    if not _writable(Path.cwd()):
        yield Finding(
            "this folder",
            "warning",
            f"'{Path.cwd()}' cannot be written",
            "change to another folder, or give --out",
        )


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
