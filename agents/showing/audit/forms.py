"""An audit as Markdown, as one HTML page, and as JUnit for whatever runs the checks."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Sequence
from pathlib import Path

from ....engine import files
from ....engine.errors import printable
from ....engine.view.film import page as film_page
from ....engine.view.film import player_data
from ....engine.view.html import render
from ...lab.audit.audit import Audit, Claim
from ...lab.audit.require import FAIL, OPEN, PASS
from .walked import Picture

TEMPLATE = "agents/showing/audit/audit.html.j2"
REPORT = Path(__file__).parent.parent / "report" / "report.css"
WORDS = {PASS: "passes", FAIL: "fails", OPEN: "is undecided"}
TONES = {PASS: "right", FAIL: "wrong", OPEN: "open"}


def headline(found: Audit) -> str:
    """One line: "The audit of corner fails: 1 of 3 requirements is not met"."""
    required = [one for one in found.claims if one.required]
    missed = [one for one in required if one.status == found.outcome != PASS]
    how = f"all {len(required)} requirements are met"
    if missed:
        how = f"{len(missed)} of {len(required)} requirements " + (
            "not met" if found.outcome == FAIL else "open"
        )
    return f"The audit of {found.world} {WORDS[found.outcome]}: {how}"


def write_forms(found: Audit, out: Path, shown: Sequence[Picture] = ()) -> list[str]:
    """Write audit.md, audit.html and audit.xml into the folder; returns their paths."""
    forms = {
        "audit.md": markdown(found),
        "audit.html": page(found, shown),
        "audit.xml": junit(found),
    }
    for name, text in forms.items():
        files.write(out / name, text.encode())
    return [str(out / name) for name in ("audit.json", *forms)]


def markdown(found: Audit) -> str:
    """For a pull request."""
    lines = [f"# {_cell(headline(found))}", ""]
    lines += ["| status | claim | agents | levels | weakest link |", "|---|---|---|---|---|"]
    for one in found.claims:
        claim = one.claim if one.required else f"_{one.claim}_"
        cells = (one.status, claim, str(one.agents), f"{one.levels:,}", one.weakest)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    if found.changes:
        lines += ["", "Since the earlier audit:", "", *(f"- {_cell(x)}" for x in found.changes)]
    lines += ["", "What it does not show:", "", *(f"- {_cell(x)}" for x in found.limits), ""]
    lines += [f"- `{one['weights'][:16]}` {_cell(one['run'])}" for one in found.agents]
    return "\n".join([*lines, "", f"    {_cell(found.command)}", ""])


def _cell(text: object) -> str:
    """Words that stay in their cell, whatever name stands in them."""
    return printable(" ".join(str(text).split())).replace("|", "\\|").replace("<", "&lt;")


def page(found: Audit, shown: Sequence[Picture] = ()) -> str:
    """One page that needs no network."""
    return render(
        TEMPLATE,
        **film_page.document(player_data.Stamps(), REPORT),
        title=f"Audit: {found.world}",
        found=found,
        headline=headline(found),
        tone=TONES[found.outcome],
        shown=shown,
    )


def junit(found: Audit) -> str:
    """A test case for each requirement: undecided ones are errors, as nobody knows."""
    required = [one for one in found.claims if one.required]
    count = {status: sum(one.status == status for one in required) for status in (FAIL, OPEN)}
    suite = Xml.Element(
        "testsuite",
        name=f"goalshift audit of {found.world}",
        tests=str(len(required)),
        failures=str(count[FAIL]),
        errors=str(count[OPEN]),
    )
    for one in required:
        case = Xml.SubElement(suite, "testcase", classname=found.world, name=_name(one))
        if one.status != PASS:
            kind = "failure" if one.status == FAIL else "error"
            told = Xml.SubElement(case, kind, message=printable(one.claim))
            told.text = printable(f"weakest link: {one.weakest}")
    Xml.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suite, "unicode") + "\n"


def _name(one: Claim) -> str:
    return printable(one.claim.partition(":")[0])
