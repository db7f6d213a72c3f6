"""How high the letters of a picture are."""

from contextlib import contextmanager

import numpy as np

from goalshift.engine.view.draw import ink


@contextmanager
def capitals(monkeypatch):
    """A list that the height in pixels of a capital letter of every line written here goes into."""
    found, sizes = [], {int(size * 1.4): size for size in range(200, 4, -1)}
    lay = ink._lay_ink

    def measured(frame, cover, *rest):
        letter = np.asarray(ink._run("H", sizes[cover.shape[0]], False))[..., 0]
        found.append(int((letter.max(1) > 127).sum()))
        lay(frame, cover, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(ink, "_lay_ink", measured)
        yield found
