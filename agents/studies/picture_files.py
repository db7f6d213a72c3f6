"""Figures as files: SVG and PNG, whole or not at all, the same bytes for the same figure."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ...engine.errors import printable
from ...engine.files import write

# Okabe and Ito's colours, which the colour-blind tell apart
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def begin(letters: float = 11, titles: float | str = "large") -> None:
    """Draw without a screen, in letters of so many points, whatever was drawn before."""
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"font.size": letters, "axes.titlesize": titles})


def lettered(text: object) -> str:
    """A name as a figure shows it, which may come from a file: matplotlib would read what stands
    between dollars as a formula, and leave what begins with "_" out of a legend.
    """
    hair = "\u200a" * str(text).startswith("_")
    return hair + printable(text).replace("$", r"\$")


def save(figure: Figure, stem: Path, dpi: int = 120, **how: Any) -> list[Path]:
    """Write STEM.svg and STEM.png; returns their paths. `how`: what else `savefig` takes."""
    found = []
    for kind in ("svg", "png"):
        packed = io.BytesIO()
        # matplotlib would name parts of an SVG at random, date the file, and sign it
        unsigned = {"Date": None} if kind == "svg" else {"Software": None}
        with matplotlib.rc_context({"svg.hashsalt": "goalshift"}), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of letters that the font lacks
            figure.savefig(packed, format=kind, dpi=dpi, metadata=unsigned, **how)
        path = stem.with_suffix(f".{kind}")
        write(path, packed.getvalue())
        found.append(path)
    return found
