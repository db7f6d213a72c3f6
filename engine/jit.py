"""Rules are plain Python loops that Numba compiles; kernels are rules bound to one world and cached
on disk.

`rule` marks a function for compilation. `specialise` clones a kernel with a world's own rules as
its globals: to the compiler they are ordinary functions, so they are inlined, and unlike closures
or function arguments they can be cached on disk. Numba's cache notices edits in the kernel's own
file only, so the clone's name carries a fingerprint of every rule it can reach: an edit anywhere
compiles anew, and two worlds never share an entry.

With `NUMBA_DISABLE_JIT=1` the same files run as plain Python and give the same bytes.
"""

import contextlib
import hashlib
import re
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numba import config, njit, types
from numba.core.errors import NumbaError, UnsupportedBytecodeError

from .errors import UserError
from .parts import PartCompiler, furnish, known
from .travel import has_name

P = ParamSpec("P")
R = TypeVar("R")

PLAIN: bool = config.DISABLE_JIT  # pyright: ignore[reportAttributeAccessIssue]
"""Whether rules run as plain Python (NUMBA_DISABLE_JIT=1)."""

_built: dict[str, Callable] = {}  # the kernels of this process by qualified name
_numba: Any = njit  # its stubs know fewer options than it takes
# No rule is ever a C callback. The last two are said out loud, or a rule would take them over from
# whichever caller happens to compile it first.
_OPTIONS = {
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
    "_nrt": True,
    "forceinline": False,
}
_INLINE = {**_OPTIONS, "forceinline": True}
# Without Numba's runtime no reference is counted (two atomic operations for every array that is
# handed on) and no array can be made.
_LEAN = {**_OPTIONS, "_nrt": False, "forceinline": True}
_BUILDS = b"3"  # changes when builds of earlier releases must not be loaded any more


def _named(record: types.Record) -> tuple[str, tuple[int, ...]]:
    """What Numba calls a record type inside the names of compiled functions: here, after what it
    holds.

    Numba itself takes a number that every process counts anew. The helpers of two worlds that were
    compiled in two processes could then bear the same name, and a third process that loads both
    from the cache would call the one for the records of the other: wrong offsets, corrupted memory.
    """
    return "Record", (int(hashlib.sha256(record.name.encode()).hexdigest()[:12], 16),)


types.Record.mangling_args = property(_named)  # pyright: ignore[reportAttributeAccessIssue]


if not PLAIN:
    from .build_cache import BuildCache

    _Dispatcher = type(njit(lambda: None))

    class _Kernel(_Dispatcher):
        """A rule that Python calls and that is kept on disk."""

        def add_overload(self, cres: Any) -> None:
            """Note a build."""
            super().add_overload(furnish(cres))

        def enable_caching(self, mark: Callable[[], str] | None = None) -> None:
            """Keep builds in files that are checked when they are read."""
            self._cache = BuildCache(self.py_func, mark)

    class _Inner(_Dispatcher):
        """The build of a rule that other rules call: spared is what only a call from Python
        needs.
        """

        def add_overload(self, cres: Any) -> None:
            """Note a build where the rules that call this one look for it."""
            self.overloads[tuple(cres.signature.args)] = known(cres)

        def get_call_template(self, args: Any, kws: Any) -> Any:
            """One build for all whole numbers: Numba would make another for every constant that is
            passed.
            """
            return super().get_call_template(
                tuple(map(types.unliteral, args)),
                {name: types.unliteral(arg) for name, arg in kws.items()},
            )

    class _Rule(_Dispatcher):
        """A rule that Python calls; inside compiled code its name means its `inner` build."""

        options: Mapping[str, Any]

        @cached_property
        def inner(self) -> _Inner:
            """Made when compiled code first asks: most rules of a start are only ever loaded."""
            part = {"no_cpython_wrapper": True, "pipeline_class": PartCompiler}
            made = _numba(**part, **self.options)(self.py_func)
            made.__class__ = _Inner
            return made

        def add_overload(self, cres: Any) -> None:
            """Note a build."""
            super().add_overload(furnish(cres))

        def __reduce__(self) -> Any:
            """By name where any process finds it there, or else as the plain function: see
            `travel`.
            """
            return self.__qualname__ if has_name(self) else (rule, (self.py_func,))

        @property
        def _numba_type_(self) -> types.Dispatcher:
            return types.Dispatcher(self.inner)


def rule(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a rule: plain loops over one record, no allocation, no exceptions, no Python
    objects.
    """
    return _rule(function, _OPTIONS)


def _rule(function: Callable[P, R], options: Mapping[str, Any]) -> Callable[P, R]:
    if PLAIN:
        return function
    compiled = _numba(**options)(function)
    compiled.__class__ = _Rule
    compiled.options = options
    return compiled


def plain(function: Callable) -> Callable:
    """The Python function behind a rule."""
    return getattr(function, "py_func", function)


def _meant(value: Any) -> Any:
    """The Python function behind a rule, or behind the one that it stands for in plain Python."""
    return plain(getattr(value, "stands_for", value))


def _clone(function: Any, bindings: dict[str, Any]) -> FunctionType:
    clone = FunctionType(
        function.__code__,
        {**function.__globals__, **bindings},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    clone.__module__ = function.__module__
    clone.__doc__ = function.__doc__
    return clone


def bind(function: Callable, lean: bool = False, **bindings: Any) -> Callable:
    """A rule in which the free names in `bindings` mean the given rules and constants; for use
    inside kernels.

    A `lean` one becomes part of whoever calls it, and makes no arrays.
    """
    return _bound(function, bindings, _LEAN if lean else _OPTIONS)


def inline(function: Callable) -> Callable:
    """A rule as one that becomes part of whoever calls it."""
    if PLAIN or not isinstance(function, _Rule):
        return function
    return _bound(function.py_func, {}, _INLINE)


def _bound(function: Callable, bindings: dict[str, Any], options: Mapping[str, Any]) -> Callable:
    clone = _clone(function, bindings)
    mark = fingerprint(clone, options)
    clone.__qualname__ = f"{function.__name__}__{_constants(bindings)}_{mark}"
    return _rule(clone, options)


def specialise(kernel: Callable, name: str, lean: bool = False, **bindings: Any) -> Callable:
    """A compiled copy of `kernel` in which the free names in `bindings` mean the given rules and
    constants.

    `name` (letters, digits and underscores) tells the copies of one kernel apart. The copy releases
    the interpreter's lock while it runs and is cached on disk under a name that changes whenever
    any rule within reach does. A `lean` one counts no references and makes no arrays.
    """
    options = {**_LEAN, "forceinline": False} if lean else _OPTIONS
    clone = _clone(kernel, bindings)
    mark = fingerprint(clone, options)
    clone.__name__ = f"{kernel.__name__}__{name}"
    clone.__qualname__ = f"{clone.__name__}__{_constants(bindings)}_{mark}"
    if clone.__qualname__ not in _built:
        if not PLAIN:
            _prune(clone)
        _built[clone.__qualname__] = _stored(clone, options)
    return _built[clone.__qualname__]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """What Python calls and no rule does: compiled, and cached on disk as `specialise` does it."""
    return specialise(function, "any")


def stored(function: Callable[P, R]) -> Callable[P, R]:
    """A rule that is the same for every world, compiled for Python and for other rules, and kept on
    disk under its own name, until it or a rule that it calls changes.
    """
    return _stored(function, _OPTIONS, lambda: fingerprint(function, _OPTIONS))


def lean(function: Callable[P, R]) -> Callable[P, R]:
    """A rule for kernels of its own file or room alone: it becomes part of whoever calls it, counts
    no references and makes no arrays.
    """
    return _rule(function, _LEAN)


def _stored(
    function: Callable[P, R],
    options: Mapping[str, Any],
    mark: Callable[[], str] | None = None,
) -> Callable[P, R]:
    if PLAIN:
        return function
    compiled = _numba(nogil=True, **options)(function)
    compiled.__class__ = _Kernel
    compiled.enable_caching(mark)
    return compiled


def direct(kernel: Callable) -> Callable:
    """A quicker way to call a kernel that always gets arguments of the same types: 1 us instead of
    3.

    The first call goes through Numba's dispatcher, which compiles or loads it; later ones go
    straight to the machine code, which still checks that every argument is an array of the expected
    item size.
    """
    if PLAIN:

        def quiet(*arguments: Any) -> Any:
            with np.errstate(over="ignore"):  # as compiled code wraps around
                return kernel(*arguments)

        return quiet
    entry = None

    def call(*arguments: Any) -> Any:
        nonlocal entry
        if entry is None:
            try:
                result = kernel(*arguments)
            except (NumbaError, UnsupportedBytecodeError) as fault:
                raise UserError(_told(fault)) from fault
            types_now = tuple(map(kernel.typeof_pyval, arguments))  # type: ignore[attr-defined]
            overload = kernel.overloads.get(types_now)  # type: ignore[attr-defined]
            if overload is not None:  # else a conversion was made: keep to the dispatcher
                entry = overload.entry_point
            return result
        return entry(*arguments)

    call.kernel = kernel  # type: ignore[attr-defined]
    return call


def _told(fault: Exception) -> str:
    """What the compiler does not take, and where, out of a page of its words."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(fault))
    places = re.findall(r'File "([^"]+)", line (\d+)', text)
    places = places or re.findall(r"Raised from (\S+) \((\d+)\)", text)
    where = f"'{places[-1][0]}', line {places[-1][1]}: " if places else ""
    says = [line.strip() for line in text.splitlines() if line.strip()]
    noise = r"(Failed in|During:|File \"|<source elided>|\^|>>>|There are \d+ candidate|\[\d+\])"
    plain_words = [line for line in says if not re.match(noise, line)]
    return f"{where}Numba cannot compile this rule: {' '.join(plain_words[:2])[:300]}"


def fingerprint(function: Callable, options: Mapping[str, Any] | None = None) -> str:
    """16 hex digits over the bytecode, constants and read globals of `function` and of every rule
    it can reach, and over the `options` that they are compiled with.

    Without options it names what the rules mean, compiled or not: Python's version counts, as it
    writes other bytecode.
    """
    digest = hashlib.sha256(_BUILDS if options else b"")
    digest.update(repr(sorted((options or {}).items())).encode())
    for kind, met in _within_reach(function):
        if kind == "code":
            digest.update(met.co_code)
        elif kind == "name":
            digest.update(met.encode())
        elif isinstance(met, np.ndarray):
            digest.update(met.dtype.str.encode() + met.tobytes())
        else:
            digest.update(repr(met).encode())
    return digest.hexdigest()[:16]


def mentions(function: Callable) -> set[str]:
    """Every name that the code of a rule mentions, and that of every rule within reach: if a field
    of the record is not among them, the rule does not read it.
    """
    return {met for kind, met in _within_reach(function) if kind == "name"}


def _within_reach(function: Callable) -> list[tuple[str, Any]]:
    """What a rule and every rule it can reach are made of, in order: pairs of a kind and what was
    met, "code", "name" (that code mentions), or "value" (a constant, a default, a global).
    """
    met: list[tuple[str, Any]] = []
    seen: set[int] = set()

    def visit(value: Any) -> None:
        value = _meant(value)
        if isinstance(value, FunctionType):
            if id(value) not in seen:
                seen.add(id(value))
                read(value.__code__, value.__globals__)
                met.append(("value", value.__defaults__ or ""))
                for cell in value.__closure__ or ():  # a rule made inside a function
                    visit(cell.cell_contents)
        elif isinstance(value, (np.ndarray, bool, int, float, tuple, np.generic)):
            met.append(("value", value))

    def read(code: CodeType, names: dict[str, Any]) -> None:
        met.append(("code", code))
        for place, constant in enumerate(code.co_consts):
            if isinstance(constant, CodeType):
                read(constant, names)
            elif place or not isinstance(constant, str):  # a docstring changes nothing
                met.append(("value", constant))
        for name in code.co_names:
            met.append(("name", name))
            value = names.get(name)
            if isinstance(value, ModuleType):
                if value.__name__.split(".")[0] not in ("numpy", "numba", "math"):
                    # `layout.maze(...)`: any name of ours that the code mentions
                    for attribute in code.co_names:
                        visit(value.__dict__.get(attribute))
            else:
                visit(value)

    visit(function)
    return met


def _constants(bindings: dict[str, Any]) -> str:
    """8 hex digits over the bindings that are no rules: the sizes of a world."""
    digest = hashlib.sha256()
    for name, value in sorted(bindings.items()):
        if not callable(value):
            digest.update(
                f"{name} {np.asarray(value).dtype.str} {np.asarray(value).tolist()};".encode()
            )
    return digest.hexdigest()[:8]


def _prune(clone: FunctionType) -> None:
    """Delete cached builds of older fingerprints of this clone, so that editing a world does not
    fill the disk.

    Builds for other constants (the same world in another size) and other Pythons stay, as they are
    in use; so does what cannot be deleted (somebody else's, or open).
    """
    folder = Path(clone.__code__.co_filename).parent / "__pycache__"
    stem = Path(clone.__code__.co_filename).stem
    python = "py{}{}".format(*sys.version_info)
    for old in folder.glob(f"{stem}.{clone.__qualname__.rpartition('_')[0]}_*.{python}*.nb?"):
        if clone.__qualname__ not in old.name:
            with contextlib.suppress(OSError):
                old.unlink()
