"""ACCEL whose edits leave every target where it is: only walls and whoever walks are moved.

Children tell goals apart exactly as their parents do, so whatever share of such levels is met
beyond the split's comes of choosing them.
"""

from .accel import Accel


class Still(Accel):
    still = True


CURRICULUM = Still
