"""Some training levels come from after the shift, where the reward tells the goals apart.

The value is their share (alpha). What it costs is those levels: somebody has to find and to reward
them.
"""

from ....engine.errors import need
from ..mitigation import Mitigation, number


def labelled(value, world, given):
    need(given.get("split", "train") == "train", "labelled replaces --split: leave that out")
    return {"split": f"alpha={number('labelled', value, 0, 1):g}"}


MITIGATION = Mitigation(about=__doc__, value="0.02", options=labelled)
