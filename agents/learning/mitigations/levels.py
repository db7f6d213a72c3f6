"""Fewer training levels, or more: a fixed set of so many.

The value is their number. Usually a training draws new ones for ever, so this one is a control: it
takes diversity away. After Cobbe et al. 2019 (arXiv 1812.02341).
"""

from ..mitigation import Mitigation, number

MITIGATION = Mitigation(
    about=__doc__,
    value="100",
    options=lambda value, world, given: {"levels": round(number("levels", value, 1, 10**7))},
)
