"""What installs cost, from an empty environment: `python .ci/installs.py [EXTRA...]`.

One line for each: the core, `[all]` and `[test]`, or the extras that are named ("core" is none):
seconds of pip with nothing cached, packages, megabytes, and what the new command says. Then the
archives: `python .ci/installs.py sdist` builds both, counts the files of the house that the wheel
lacks, and runs some tests from the unpacked source distribution against the installed wheel.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("engine", "worlds", "agents")
TESTS = ("test_rng.py", "test_shapes.py", "test_lock.py", "test_ids.py")


def python_of(home: Path) -> Path:
    """A new environment's Python."""
    venv.create(home, with_pip=True)
    return next(path for path in home.glob("*/python*") if path.stem == "python")


def run(*words: object, cwd: Path) -> str:
    """What a command prints; its output and an end of everything if it fails."""
    done = subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def copied(home: Path) -> Path:
    """The files of the house that git knows, or those of an unpacked archive."""
    here = home / "goalshift"
    here.mkdir()
    if (ROOT / ".git").exists():
        run("git", "-C", ROOT, "archive", "-o", home / "house.tar", "HEAD", cwd=home)
        with tarfile.open(home / "house.tar") as house:
            house.extractall(here, filter="data")
        return here
    import shutil

    return Path(shutil.copytree(ROOT, here, dirs_exist_ok=True))


def megabytes(folder: Path) -> float:
    """Of all files below."""
    return sum(f.lstat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def install(extra: str) -> None:
    """One line on what it costs."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        python, house = python_of(home / "env"), copied(home)
        before = megabytes(home / "env")
        what = f"{house}[{extra}]" if extra != "core" else str(house)
        began = time.perf_counter()
        run(python, "-m", "pip", "install", "-q", "--no-cache-dir", what, cwd=home)
        spent = time.perf_counter() - began
        packages = len(run(python, "-m", "pip", "list", "--format=freeze", cwd=home).split())
        size = megabytes(home / "env") - before
        began = time.perf_counter()
        said = run(python, "-m", "goalshift", "worlds", "coinline", cwd=home).splitlines()[0]
        first = time.perf_counter() - began
    print(
        f"{extra:<6} {spent:6.0f} s  {packages:3} packages  {size:6.0f} MB  first command", end=""
    )
    print(f" {first:.1f} s: {said[:50]}", flush=True)


def archives() -> None:
    """Build both, compare, and test the one with the other."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        python, house = python_of(home / "env"), copied(home)
        run(python, "-m", "pip", "install", "-q", "build", "pytest", "hypothesis", cwd=home)
        run(python, "-m", "build", "-q", "-o", home / "dist", house, cwd=home)
        [sdist], [wheel] = home.glob("dist/*.tar.gz"), home.glob("dist/*.whl")
        with zipfile.ZipFile(wheel) as held:
            inside = set(held.namelist())
        files = [p.relative_to(house) for room in ROOMS for p in (house / room).rglob("*")]
        lacking = [
            str(f) for f in files if (house / f).is_file() and f"goalshift/{f}" not in inside
        ]
        with tarfile.open(sdist) as held:
            held.extractall(home / "unpacked", filter="data")
        [source] = (home / "unpacked").iterdir()
        # the root is the package: in a folder of another name pytest cannot import it
        source = source.rename(source.with_name("goalshift"))
        known = {str(p.relative_to(house)) for p in house.rglob("*") if p.is_file()}
        gone = sorted(name for name in known if not (source / name).exists())
        run(python, "-m", "pip", "install", "-q", f"{wheel}[view]", cwd=home)
        tests = [source / "tests" / test for test in TESTS]
        flags = ["-o", "addopts=--import-mode=importlib", "-q", "-p", "no:cacheprovider"]
        said = run(python, "-m", "pytest", *flags, *tests, cwd=source).splitlines()[-1]
        where = run(python, "-c", "import goalshift; print(goalshift.__file__)", cwd=source)
    print(f"wheel  {wheel.name}: {len(inside)} files; the house has, and it lacks: {lacking}")
    print(f"sdist  {sdist.name}: {len(known)} files of git, of which it lacks: {gone}")
    print(f"tests from the unpacked archive, of {Path(where.strip()).parent.parent.name}: {said}")


if __name__ == "__main__":
    for one in sys.argv[1:] or ("core", "all", "test", "sdist"):
        archives() if one == "sdist" else install(one)
