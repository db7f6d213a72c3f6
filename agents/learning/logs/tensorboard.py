"""TensorBoard: `tensorboard --logdir runs`. Needs goalshift[tensorboard]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..callback import Callback
from ..config import TrainConfig


class TensorBoard(Callback):
    """Scalars in the run's folder tensorboard/."""

    def begin(self, folder: Path, config: TrainConfig) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder / "tensorboard"))

    def row(self, row: dict[str, Any]) -> None:
        for name, value in row.items():
            if name != "step" and isinstance(value, int | float):
                self.writer.add_scalar(name, value, row["step"])

    def end(self, folder: Path) -> None:
        self.writer.close()


LOG = TensorBoard
