"""CSV: every run has log.csv already, so this only says so."""

from __future__ import annotations

from ..callback import Callback


class Csv(Callback):
    """Nothing to do: the run writes log.csv and log.jsonl itself."""


LOG = Csv
