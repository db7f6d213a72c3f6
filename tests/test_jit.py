"""The kernel cache across fresh interpreters: cold misses, warm hits, edits anywhere compile anew,
no sharing.
"""

import os
import re
import subprocess
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.core.compiler_lock import global_compiler_lock

from goalshift.engine import grid
from goalshift.engine.catalogue import load
from goalshift.engine.jit import bind, fingerprint, rule, specialise
from goalshift.engine.kernels import kernels
from goalshift.engine.vector import Vec

needs_compiler = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="plain Python compiles nothing"
)

HELPER = "from goalshift.engine.jit import rule\n\n@rule\ndef twice(x):\n    return {factor} * x\n"
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import kernels, helper
from goalshift.engine.jit import fingerprint, rule, specialise

@rule
def add_one(x):
    return helper.twice(x) + 1

@rule
def add_two(x):
    return helper.twice(x) + 2

for name, step in (("one", add_one), ("two", add_two)):
    kernel = specialise(kernels.total, name, step=step)
    print(name, kernel(10), sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""
KERNELS = "def total(n):\n    t = 0\n    for k in range(n):\n        t += step(k)\n    return t\n"


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="plain Python has no cache")
def test_a_stored_kernel_notices_an_edit_in_another_file(tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import drawn; print(drawn.draw(10))"
    )
    (tmp_path / "drawn.py").write_text(
        "from goalshift.engine.jit import stored\nfrom mixed import mix\n\n"
        "@stored\ndef draw(n):\n    return mix(n) + 1\n"
    )
    for factor, told in ((2, "21"), (3, "31"), (2, "21")):
        (tmp_path / "mixed.py").write_text(
            "from goalshift.engine.jit import stored\n\n"
            f"@stored\ndef mix(n):\n    return n * {factor}\n"
        )
        done = subprocess.run(
            [sys.executable, "-B", "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == told


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="plain Python has no cache")
def test_cache_across_interpreters(tmp_path):
    def run(factor):
        (tmp_path / "helper.py").write_text(HELPER.format(factor=factor))
        done = subprocess.run(
            [sys.executable, "-B", "-c", PROGRAM.format(folder=str(tmp_path))],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        return [line.split() for line in done.stdout.splitlines()]

    (tmp_path / "kernels.py").write_text(KERNELS)
    assert run(2) == [["one", "100", "0", "1"], ["two", "110", "0", "1"]]  # cold
    assert run(2) == [["one", "100", "1", "0"], ["two", "110", "1", "0"]]  # warm, and each its own
    # An edit in a file that the kernel only reaches through a rule: new behaviour, and the old
    # builds are gone.
    assert run(3) == [["one", "145", "0", "1"], ["two", "155", "0", "1"]]
    assert len(list((tmp_path / "__pycache__").glob("*.nbi"))) == 2


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="plain Python has no cache")
def test_warm_start_loads_instead_of_compiling(tmp_path):
    program = (
        "import numpy as np; from goalshift.engine.catalogue import load\n"
        "from goalshift.engine.vector import Vec, kernels\n"
        "world = load('corner'); vec = Vec(world, 2); vec.reset(); vec.step(np.zeros((2, 1), np.int64))\n"
        "for k in (kernels(world).reset_many.kernel, kernels(world).step_many.kernel):\n"
        "    print(sum(k.stats.cache_hits.values()), sum(k.stats.cache_misses.values()))\n"
        # what Numba reads before it compiles, which takes as long as all else
        "import sys; print('numba.np.linalg' in sys.modules)\n"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
    assert done.stdout.split() == ["1", "0", "1", "0", "False"]


NAMES = """
import sys
import numpy as np
from numba import typeof
from numba.core.itanium_mangler import mangle_type
from goalshift.engine.vector import Vec
from goalshift.engine.catalogue import load
for name in sys.argv[1:]:
    print(name, mangle_type(typeof(Vec(load(name), 1).states.view(np.ndarray)).dtype))
"""


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="plain Python compiles nothing"
)
def test_compiled_functions_are_named_after_the_records_they_are_for():
    """Or else helpers of two worlds, compiled in two processes, would be taken for each other in a
    third.
    """

    def named(*worlds):
        done = subprocess.run(
            [sys.executable, "-c", NAMES, *worlds], capture_output=True, text=True, check=True
        )
        return dict(line.split() for line in done.stdout.splitlines())

    alone = {**named("corner"), **named("follow")}
    assert alone["corner"] != alone["follow"]
    assert named("follow", "corner") == alone


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="plain Python compiles nothing"
)
def test_bound_rules_are_named_after_what_is_bound():
    one, same, two = (bind(_size, SIDE=side) for side in (1, 1, 2))
    assert (one(), same(), two()) == (1, 1, 2)
    assert one.py_func.__qualname__ == same.py_func.__qualname__ != two.py_func.__qualname__


SIDE = 0


def _size():
    return SIDE


MARK = """
from goalshift.engine.catalogue import load
from goalshift.engine.kernels import kernels
from goalshift.engine.vector import Vec
print(kernels(load("corner")).mark)
"""


def test_the_mark_of_the_rules_is_the_same_compiled_and_in_plain_python():
    marks = {
        subprocess.run(
            [sys.executable, "-c", MARK],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
        ).stdout
        for off in "01"
    }
    assert len(marks) == 1


def test_the_mark_names_the_rules_and_not_the_parameters_or_what_is_seen(corner):
    def steps(s, p, me, act):
        grid.walk(s, me, act)

    mark = kernels(corner).mark
    assert kernels(corner.with_params(region=3)).mark == mark
    assert kernels(corner.but(view=None)).mark == mark
    assert kernels(corner.but(step=steps)).mark != mark
    assert kernels(load("dish")).mark != mark


def test_worlds_share_kernels_where_rules_sizes_and_records_are_the_same(corner):
    class Wide(NamedTuple):
        region: float = 1.0

    ours = kernels(corner)
    assert kernels(corner.with_params(region=3)) is ours is kernels(corner.but(horizon=9))
    rows = {
        "params": Wide,
        "train": Wide(),
        "deploy": Wide(9.0),
        "splits": {},
        "limits": {},
        "labels": {},
    }
    for changes in ({"size": (9, 9)}, {"view": (5, 5)}, {"ends_on": ()}, rows):
        assert kernels(corner.but(**changes)) is not ours


@needs_compiler
@pytest.mark.parametrize("name", ["corner", "monsters"])
def test_the_hot_way_counts_no_references_and_calls_no_runtime(name):
    """Every array that is handed on would otherwise cost two atomic operations."""
    world = load(name)
    vec = Vec(world, 2)
    kernel = vec.kernels.step_many.kernel
    options = {k: v for k, v in kernel.targetoptions.items() if k not in ("nopython", "cache")}
    built = numba.njit(**options)(kernel.py_func)  # one from the cache has forgotten its code
    given = np.zeros((2, world.learners), np.int64), *vec._cuts[0].moves
    built.compile(tuple(map(built.typeof_pyval, given)))
    code = built.inspect_llvm(built.signatures[0])
    assert "NRT_" not in code and "atomicrmw" not in code
    hot = max(re.split(r"(?m)^(?=define )", code), key=len)  # it holds all that it uses
    assert all("step" not in called for called in re.findall(r"call [^\n]*@\"?(\S+)", hot))


def test_the_fingerprint_knows_the_options_of_compilation():
    def one(x):
        return x

    assert len({fingerprint(one), fingerprint(one, {"a": 1}), fingerprint(one, {"a": 2})}) == 3


SUM = "def total(n):\n    t = 0\n    for k in range(n):\n        t += k\n    return t\n"
CACHED = """
import sys
sys.path.insert(0, {folder!r})
import kernels
from goalshift.engine.jit import specialise
kernel = specialise(kernels.total, "one")
print(kernel(10), sum(kernel.stats.cache_hits.values()), kernel._cache.cache_path)
"""
UNWRITABLE = """
from numba.core.caching import _CacheLocator
ensure = _CacheLocator.ensure_cache_path
def refuse(self):
    if "goalshift-cache-" not in str(self.get_cache_path()):
        raise OSError("read-only")
    ensure(self)
_CacheLocator.ensure_cache_path = refuse
"""


def run_cached(folder, before="", **environment):
    """(value, hits, folder of the cache), stderr: of a kernel in a new process."""
    if not (kernels := folder / "kernels.py").exists():  # older Numba goes by when it was written
        kernels.write_text(SUM)
    done = subprocess.run(
        [sys.executable, "-c", before + CACHED.format(folder=str(folder))],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    value, hits, cache = done.stdout.split()
    return (int(value), int(hits), cache), done.stderr


def cut(data):
    return data[: len(data) // 2]


def flip(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]


@needs_compiler
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize(
    "damage",
    [cut, flip, lambda data: b"", lambda data: bytes(range(256)) * 4],
    ids=["cut", "one byte", "empty", "garbage"],
)
def test_a_broken_cache_is_a_slow_start(tmp_path, ending, damage):
    (_, hits, cache), _ = run_cached(tmp_path)
    assert hits == 0
    [path] = (tmp_path / "__pycache__").glob(f"*.{ending}")
    path.write_bytes(damage(path.read_bytes()))
    (value, hits, _), said = run_cached(tmp_path)
    assert (value, hits) == (45, 0) and said.count("\n") <= 1 and "Traceback" not in said
    assert run_cached(tmp_path) == ((45, 1, cache), "")


@needs_compiler
def test_no_place_for_a_cache_costs_one_note(tmp_path):
    (value, _, cache), said = run_cached(tmp_path, UNWRITABLE, TMPDIR=str(tmp_path))
    assert value == 45 and cache.startswith(str(tmp_path / "goalshift-cache-"))
    assert said.count("\n") == 1 and "keeping them in" in said
    kept = next(tmp_path.glob("goalshift-cache-*"))
    assert not kept.stat().st_mode & 0o077
    assert run_cached(tmp_path, UNWRITABLE, TMPDIR=str(tmp_path))[0] == (45, 1, cache)


@needs_compiler
def test_a_cache_folder_that_others_may_write_to_is_not_trusted(tmp_path):
    shared = tmp_path / f"goalshift-cache-{os.getuid()}"
    shared.mkdir()
    shared.chmod(0o777)
    (_, _, cache), _ = run_cached(tmp_path, UNWRITABLE, TMPDIR=str(tmp_path))
    assert not cache.startswith(str(shared) + os.sep)


@rule
def told(x):
    print("told", x)
    return x + 1


def tell(n):
    t = 0
    for k in range(n):
        t += told(k)
    return t


def test_a_part_of_a_kernel_may_print(capsys):
    """Which needs Python objects: they are handed to the kernel that the part ends up in."""
    assert specialise(tell, "loud")(3) == 6
    assert capsys.readouterr().out.splitlines() == ["told 0", "told 1", "told 2"]


@needs_compiler
def test_machine_code_is_made_of_kernels_alone():
    """A part is optimised and made code of once, within its kernel, not at each call on the way."""

    @rule
    def part(x):
        return 3 * x

    part.inner.compile((numba.int64,))
    build = part.inner.overloads[(numba.int64,)]
    with global_compiler_lock:
        assert build.library.get_pointer_to_function(build.fndesc.llvm_func_name) == 0
    assert specialise(lambda x: part(x) + 1, "whole", part=part)(2) == 7
