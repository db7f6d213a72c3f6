"""Pages from templates (Jinja2), in which whatever comes from outside stays words.

Every value is escaped where it is put in. Scripts and styles of our own are passed as Markup, data
for scripts through `tojson`, which leaves no "<" in it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..files import PACKAGE

# marks by which a name turns what follows round
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _kept_straight(value: Any) -> Any:
    """What is put in; in words, marks that turn text round are written out: "\\u202e"."""
    if type(value) is not str:  # Markup is ours
        return value
    return TURNING.sub(lambda mark: mark[0].encode("unicode_escape").decode(), value)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(PACKAGE),
        autoescape=True,
        finalize=_kept_straight,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return made


def render(template: str, **data: Any) -> Markup:
    """The HTML that a template makes of `data`; its path begins at the package: "engine/...".

    Templates name each other in the same way.
    """
    return Markup(_environment().get_template(template).render(**data))


@cache
def asset(path: Path) -> Markup:
    """A script or a style sheet of our own, to be put into a page as it is."""
    return Markup(path.read_text(encoding="utf-8"))


def seal(code: str) -> str:
    """What a page's policy calls one script or style by: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def image(data: bytes, kind: str) -> str:
    """The address of a picture that lies in the page itself; kind: "png", "webp", "svg+xml"."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
