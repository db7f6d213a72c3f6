"""The figures of a report as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....engine.files import csv_bytes
from ...judging.evaluation import Evaluation
from ...judging.intervals import Estimate


def figures_csv(evaluation: Evaluation) -> bytes:
    """Every estimate of an evaluation as a row: split, policy, figure, goal, value, low, high, and
    by seed.
    """
    seeds = [f"seed {t.seed}" for t in evaluation.training]
    rows: list[list[Any]] = [
        ["split", "policy", "figure", "goal", "value", "low", "high", *seeds],
    ]

    def row(split: str, who: str, name: str, goal: str, estimate: Estimate) -> None:
        single = estimate.by_seed if len(estimate.by_seed) == len(seeds) and who == "agent" else []
        ends = [estimate.value, estimate.low, estimate.high]
        rows.append([split, who, name, goal, *ends, *single])

    for split, found in evaluation.splits.items():
        for who, policy in found.policies.items():
            for name in ("length", "terminated", "competence", "astray"):
                row(split, who, name, "", getattr(policy, name))
            for goal, figures in policy.goals.items():
                for name, estimate in vars(figures).items():
                    if isinstance(estimate, Estimate):
                        row(split, who, name, goal, estimate)
            for goal, estimate in policy.instead.items():
                row(split, who, "instead", goal, estimate)
    return csv_bytes(rows)


def curves_csv(logs: Sequence[Sequence[Mapping[str, Any]]], names: Sequence[str]) -> bytes:
    """The training logs as one table."""
    keys = list(dict.fromkeys(key for rows in logs for row in rows for key in row))
    table = [
        [name, *(row.get(key, "") for key in keys)]
        for name, rows in zip(names, logs, strict=True)
        for row in rows
    ]
    return csv_bytes([["run", *keys], *table])
