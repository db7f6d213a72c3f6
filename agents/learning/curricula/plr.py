"""Prioritised level replay: levels with a high score are met again.

After Jiang et al. 2021 (arXiv 2010.03934).
"""

from ..replay import Replay


class Prioritised(Replay):
    """As the base class has it."""


CURRICULUM = Prioritised
