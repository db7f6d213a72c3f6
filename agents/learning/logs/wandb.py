"""Weights & Biases. Needs goalshift[wandb]; without WANDB_MODE it writes to the run's folder alone."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from ..callback import Callback
from ..config import TrainConfig


class WeightsAndBiases(Callback):
    """A run of wandb, offline unless WANDB_MODE says otherwise."""

    def begin(self, folder: Path, config: TrainConfig) -> None:
        wandb: Any = import_module("wandb")

        self.run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "goalshift"),
            name=folder.name,
            dir=str(folder),
            mode=os.environ.get("WANDB_MODE", "offline"),
            config=config.to_json(),
        )

    def row(self, row: dict[str, Any]) -> None:
        self.run.log({k: v for k, v in row.items() if v is not None}, step=row["step"])

    def end(self, folder: Path) -> None:
        self.run.finish()


LOG = WeightsAndBiases
