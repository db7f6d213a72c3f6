"""Robust replay: new levels are only scored, and all learning is on levels that are met again.

After Jiang et al. 2021 (arXiv 2110.02439).
"""

from ..replay import Replay


class Robust(Replay):
    score = "maxmc"
    robust = True


CURRICULUM = Robust
