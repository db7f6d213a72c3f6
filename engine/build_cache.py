"""Compiled kernels on disk: a cache that is at worst slow.

Numba's own cache fails every call when a file of it is cut, empty or garbage, and raises where no
folder can be written to. Here each file carries a digest of its content: what does not match is
removed and compiled anew, and without a place to write, a private temporary folder serves. Either
is said once, in one line.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.runtime.nrt import rtsys

log = logging.getLogger("goalshift")
_said: set[str] = set()


def _note(kind: str, line: str) -> None:
    """Say a thing once in a process."""
    if kind not in _said:
        _said.add(kind)
        log.warning(line)


class _Sealed(IndexDataCacheFile):
    """Index and builds of one kernel, each behind the SHA-256 of its content."""

    def __init__(self, *place: Any, **named: Any) -> None:
        super().__init__(*place, **named)
        self._version = f"sealed {self._version}"  # files that Numba itself wrote are passed over

    def _dump(self, obj: Any) -> bytes:
        content = super()._dump(obj)
        return hashlib.sha256(content).digest() + content

    def _load_index(self) -> dict[Any, str]:
        try:
            data = Path(self._index_path).read_bytes()
        except FileNotFoundError:
            return {}
        # the version comes first, as a pickle of its own: see `_save_index` of the base class
        version = self._version_bytes()
        if not data.startswith(version):
            return {}
        stamp, overloads = self._opened(data[len(version) :])
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        return self._opened(Path(self._data_path(name)).read_bytes())

    def _version_bytes(self) -> bytes:
        return pickle.dumps(self._version, protocol=-1)

    @staticmethod
    def _opened(data: bytes) -> Any:
        """What sealed bytes hold; ValueError if they are not what was written."""
        seal, content = data[:32], data[32:]
        if hashlib.sha256(content).digest() != seal:
            raise ValueError("not what was written")
        return pickle.loads(content)

    def remove(self) -> None:
        """Delete the index; builds that it named are written over in time."""
        Path(self._index_path).unlink(missing_ok=True)


class BuildCache(FunctionCache):
    """The cache of one kernel.

    mark: what must be as it was for a build to be used, beside the file that the kernel stands in;
    asked at the first call, when all that the kernel mentions is there.
    """

    def __init__(self, function: Any, mark: Callable[[], str] | None = None) -> None:
        try:
            super().__init__(function)
        except (RuntimeError, OSError):  # no folder that may be written to
            config.CACHE_DIR = _private_folder()  # pyright: ignore[reportAttributeAccessIssue]
            super().__init__(function)
        self._cache_file = _Sealed(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )
        self._mark = mark

    def _settle(self) -> None:
        if self._mark is not None:
            file: Any = self._cache_file
            file._source_stamp, self._mark = (file._source_stamp, self._mark()), None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The build for a signature, or None: then it is compiled.

        Numba reads all that it knows of types first, a fifth of a second; machine code asks for its
        memory manager alone, and who compiles reads the rest.
        """
        self._settle()
        rtsys.initialize(target_context)
        try:
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)
            return None
        except Exception:
            _note("broken", f"the cache in '{self._cache_path}' is damaged: compiling anew")
            try:
                self._cache_file.remove()
            except OSError:
                self.disable()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a build, if the disk takes it."""
        self._settle()
        try:
            super().save_overload(sig, data)
        except Exception as fault:
            if not isinstance(fault, OSError):  # an index that cannot be read: begin a new one
                self._cache_file.remove()
                super().save_overload(sig, data)
                return
            _note("full", f"cannot keep compiled rules in '{self._cache_path}': {fault.strerror}")


def _private_folder() -> str:
    """A folder for compiled code that nobody else may write to: its content is run."""
    mine = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"goalshift-cache-{mine}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and found.st_uid == mine
        private = private and (os.name == "nt" or not found.st_mode & 0o077)
    except OSError:
        private = False
    if not private:
        folder = Path(tempfile.mkdtemp(prefix="goalshift-cache-"))
    _note("place", f"no folder for compiled rules can be written to: keeping them in '{folder}'")
    return str(folder)
