"""A claim of an audit: what is said, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from ...judging.intervals import Estimate


@dataclass(frozen=True)
class Claim:
    """One claim and what it rests on."""

    claim: str
    status: str  # PASS, FAIL or OPEN
    required: bool  # whether the outcome turns on it
    evidence: str  # a file of the audit
    agents: int
    levels: int
    estimate: Estimate | None
    weakest: str  # link
