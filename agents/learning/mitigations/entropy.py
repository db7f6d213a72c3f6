"""A larger entropy bonus: the policy keeps trying other ways.

The value is the weight of the bonus (`--entropy`). After Williams and Peng 1991.
"""

from ..mitigation import Mitigation, number

MITIGATION = Mitigation(
    about=__doc__,
    value="0.05",
    options=lambda value, world, given: {"entropy": number("entropy", value, 0, 10)},
)
