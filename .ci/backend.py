"""setuptools, with everything in the source distribution: tests, recordings, examples, and this.

A MANIFEST.in is written for the time of the build only, as it would say what this file says.
"""

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
include *.md *.cff py.typed .pre-commit-config.yaml
global-exclude *.pyc *.nbi *.nbc *.tmp
prune tests/__pycache__
"""


def build_sdist(sdist_directory, config_settings=None):
    """The archive's name."""
    manifest = Path("MANIFEST.in")
    manifest.write_text(ALL, encoding="utf-8")
    try:
        return build_meta.build_sdist(sdist_directory, config_settings)
    finally:
        manifest.unlink()
