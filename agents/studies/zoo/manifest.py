"""What a zoo is: how many agents, of which recipes and labels, and hashes that name them all."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ....engine.files import json_bytes, write
from ....engine.version import __version__
from ...learning.files import CONFIG, read_config
from .labels import TABLE, Label
from .members import PPO, Member
from .nets import read_nets

FILE, FORMAT = "manifest.json", "goalshift-zoo/1"
APART = (
    "seed",
    "params",
    "device",
    "threads",
    "precision",
    "save_every",
)  # said elsewhere, or moot


def manifest(out: Path, found: Sequence[Member], rows: Sequence[Label]) -> dict[str, Any]:
    """The manifest as plain data; `weights` is a hash of all agents' names and weights."""
    seal = hashlib.sha256()
    for member in found:
        seal.update(f"{member.name} {member.digest}\n".encode())
    worlds: dict[str, Any] = {}
    for stratum in dict.fromkeys(member.stratum for member in found):
        mine = [member for member in found if member.stratum == stratum]
        world = mine[0].world()
        labels = Counter(row.label for row in rows if row.stratum == stratum)
        worlds[stratum] = {
            "world": world.name,
            "version": world.version,
            "judged": world.judged,
            "agents": len(mine),
            "labels": dict(sorted(labels.items())),
        }
    recipes = {}
    for member in found:
        if member.recipe not in recipes:
            recipes[member.recipe] = {"kind": member.kind, "agents": 0, **_options(member)}
        recipes[member.recipe]["agents"] += 1
    return {
        "format": FORMAT,
        "goalshift": __version__,
        "agents": len(found),
        "labels": dict(sorted(Counter(row.label for row in rows).items())),
        "levels": rows[0].levels if rows else 0,
        "worlds": worlds,
        "recipes": recipes,
        "weights": seal.hexdigest(),
        "table": hashlib.sha256((out / TABLE).read_bytes()).hexdigest(),
    }


def _options(member: Member) -> dict[str, Any]:
    """How the agents of a recipe were trained."""
    if member.kind == PPO:
        made = read_config(member.home / CONFIG)[0].to_json()
    else:
        made = asdict(read_nets(member.home).config)
    return {"options": {name: value for name, value in made.items() if name not in APART}}


def save(out: Path, found: Sequence[Member], rows: Sequence[Label]) -> dict[str, Any]:
    """Write manifest.json; returns what it holds."""
    made = manifest(out, found, rows)
    write(out / FILE, json_bytes(made))
    return made
