"""What is installed only if asked for: which extra brings a library, and the command that adds it."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from functools import cache
from importlib import metadata

from .errors import UserError
from .files import PACKAGE

# the extra that brings a module; the rest is the core, which is always there
EXTRAS = {
    "torch": "train",
    "pygame": "view",
    "PIL": "view",
    "imageio": "film",
    "imageio_ffmpeg": "film",
    "matplotlib": "report",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "tensorboard": "tensorboard",
    "wandb": "wandb",
    "ray": "ray",
    "submitit": "slurm",
    "pdoc": "site",
    "websockets": "web",
}
EVERYDAY = ("train", "view", "film", "report", "web")  # what `all` brings


def remedy(extra: str) -> str:
    """The one command that adds it."""
    here = (PACKAGE / "pyproject.toml").is_file()
    return f"pip install {'-e ' if here else ''}'{PACKAGE if here else 'goalshift'}[{extra}]'"


def missing(module: str) -> str:
    """The line for a module that is not there, and the command that adds it; "" if it is no
    extra's.
    """
    top = module.partition(".")[0]
    extra = EXTRAS.get(top)
    if extra is None:
        return ""
    whole = f"; everything: {remedy('all')}" if extra in EVERYDAY else ""
    doctor = " (goalshift doctor checks everything)"
    return f"this needs '{top}', which is not installed: {remedy(extra)}{whole}{doctor}"


def need(module: str, what: str) -> None:
    """Raise UserError, which begins with `what`, if a module of an extra is not installed."""
    if not _there(module):
        raise UserError(f"{what} needs '{module}': {remedy(EXTRAS[module])}")


def require(*modules: str) -> None:
    """Raise UserError for the first of these that is not installed, before work is done that needs it
    at its end, or in other processes.
    """
    for module in modules:
        if not _there(module):
            raise UserError(missing(module))


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@cache
def requirements() -> dict[str, list[str]]:
    """What the core ("") and each extra require: "numpy>=2.0"."""
    if (PACKAGE / "pyproject.toml").is_file():  # a checkout
        with open(PACKAGE / "pyproject.toml", "rb") as file:
            project = tomllib.load(file)["project"]
        return {"": project["dependencies"], **project["optional-dependencies"]}
    listed = metadata.requires("goalshift") or []
    found: dict[str, list[str]] = {"": []}
    for line in listed:
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", line)
        found.setdefault(extra[1] if extra else "", []).append(line.partition(";")[0].strip())
    return found
