"""setuptools, with everything in the source distribution: tests, recordings, examples, and this.

Two files are there for the time of a build only: a MANIFEST.in, as it would say what this file says,
and py.typed, which type checkers look for in the package that is installed (PEP 561).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - a build backend is what it offers

ALL = """
graft tests
graft recordings
graft engine
graft worlds
graft agents
graft .ci
graft .github
include *.md *.cff .pre-commit-config.yaml
global-exclude *.pyc *.nbi *.nbc *.tmp
prune tests/__pycache__
"""


@contextmanager
def for_now(name: str, text: str) -> Iterator[None]:
    """A file that is there while this lasts."""
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink()


def build_sdist(sdist_directory, config_settings=None):
    """The archive's name."""
    with for_now("MANIFEST.in", ALL):
        return build_meta.build_sdist(sdist_directory, config_settings)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """The wheel's name."""
    with for_now("py.typed", ""):
        return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
