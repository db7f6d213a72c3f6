"""LaTeX tables for papers (booktabs): an evaluation, or any rows of cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...engine.counts import counted
from .evaluation import Evaluation

SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def escaped(text: str) -> str:
    """The text as LaTeX prints it."""
    return "".join({**SPECIAL, "\\": r"\textbackslash{}"}.get(char, char) for char in text)


def rows_as_latex(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells, as they are, under a head."""
    lines = [" & ".join(map(escaped, row)) + r" \\" for row in (head, *rows)]
    begin = [rf"\begin{{tabular}}{{{'l' * len(head)}}}", r"\toprule", lines[0], r"\midrule"]
    return "\n".join([*begin, *lines[1:], r"\bottomrule", r"\end{tabular}"])


def as_latex(evaluation: Evaluation) -> str:
    """A row for each split and policy: the normalised return of every goal, in per cent, with its
    95 % interval for the agents.
    """
    goals = [goal.name for goal in evaluation.goals]
    head = " & ".join(["split", "policy", *(escaped(f"{name}") for name in goals)])
    lines = [
        f"% {escaped(evaluation.world.name)} version {evaluation.world.version}, goalshift"
        f" {evaluation.goalshift}, {counted(len(evaluation.agents), 'agent')}; random policy 0, expert 100",
        r"\begin{tabular}{ll" + "r" * len(goals) + "}",
        r"\toprule",
        head + r" \\",
    ]
    for name, split in evaluation.splits.items():
        lines.append(r"\midrule")
        for who, policy in split.policies.items():
            cells = [policy.goals[g].normalised.percent(who == "agent") for g in goals]
            lines.append(" & ".join([escaped(name), escaped(who), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])
