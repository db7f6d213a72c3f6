"""ACCEL: robust replay whose levels are edited after they were met, so that children grow harder.

After Parker-Holder et al. 2022 (arXiv 2203.01302). An edit moves whatever
stands on the board, the goal's target too: children may tell goals apart that no level of the
training split does.
"""

from ..replay import Replay


class Accel(Replay):
    score = "maxmc"
    robust = True
    edits = 5
    again = 0.8


CURRICULUM = Accel
