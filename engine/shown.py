"""How things show themselves in a notebook. Who draws them stands above them and is entered in
`pages` by the package itself, which knows all names; so nothing here reaches up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# of a class by its name: HTML, or None for what cannot be drawn
pages: dict[str, Callable[[Any], str | None]] = {}


class Shown:
    """Has a picture or a table for notebooks, if `pages` has one for its class."""

    def _repr_html_(self) -> str | None:
        """HTML for IPython; None, without the extra that draws: it shows the `repr`."""
        try:
            return pages[type(self).__name__](self)
        except ImportError:
            return None
