"""How things show themselves in a notebook: a mixin that reaches up, by name, for what draws them.

Without the extra that draws (`view`), or for what cannot be drawn, a notebook falls back to the
short line of `repr`.
"""

from __future__ import annotations

import importlib


class Shown:
    """Has a picture or a table in `view/sheets/notebook.py`, in a function called as its class."""

    def _repr_html_(self) -> str | None:
        """HTML for IPython; None: it shows the `repr`."""
        try:
            pages = importlib.import_module(".view.sheets.notebook", __package__)
        except ImportError:
            return None
        return pages.html(self)
