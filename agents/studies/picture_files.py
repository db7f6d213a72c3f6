"""Figures as files: SVG and PNG, whole or not at all, the same bytes for the same figure."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ...engine.files import write


def save(figure: Figure, stem: Path, dpi: int = 120, **how: Any) -> list[Path]:
    """Write STEM.svg and STEM.png; returns their paths. `how`: what else `savefig` takes."""
    found = []
    for kind in ("svg", "png"):
        packed = io.BytesIO()
        # matplotlib would name parts of an SVG at random, date the file, and sign it
        unsigned = {"Date": None} if kind == "svg" else {"Software": None}
        with matplotlib.rc_context({"svg.hashsalt": "goalshift"}):
            figure.savefig(packed, format=kind, dpi=dpi, metadata=unsigned, **how)
        path = stem.with_suffix(f".{kind}")
        write(path, packed.getvalue())
        found.append(path)
    return found
