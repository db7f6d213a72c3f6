"""Domain randomisation: whatever the split holds, at random. What a training does without one."""

from ....engine.errors import need
from ..curriculum import Curriculum


class Random(Curriculum):
    def __init__(self, world, config, value=""):
        need(not value, "--curriculum dr takes no score")
        super().__init__(world, config.split, config.levels)


CURRICULUM = Random
