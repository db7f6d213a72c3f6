"""The landscape behind platformers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kept import kept


def scenery(size: tuple[int, int], left: int) -> np.ndarray:
    """Sky, clouds and hills behind a platformer, scrolling at a quarter of the level's speed."""
    height, width = size
    seen = panorama(height)
    x = (left // 4) % (seen.shape[1] // 2)
    while x + width > seen.shape[1]:  # a pane wider than half the panorama
        seen = np.concatenate([seen, seen[:, : seen.shape[1] // 2]], 1)
    return seen[:, x : x + width].copy()


@kept
def panorama(height: int) -> np.ndarray:
    """A landscape that repeats after half its width: uint8[height, 2 * 1024, 3]."""
    period = 1024
    y = (np.arange(height)[:, None] + 0.5) / height
    x = np.arange(period)[None, :] * (2 * np.pi / period)
    ramp = y[..., None]
    picture = np.array([128.0, 200.0, 240.0]) * (1 - ramp) + np.array([226.0, 245.0, 252.0]) * ramp
    picture = np.broadcast_to(picture, (height, period, 3)).copy()

    def lay(cover: np.ndarray, rgb: tuple[int, int, int], opacity: float, at: Any) -> None:
        cover = np.clip(cover, 0, 1)[..., None] * opacity
        picture[at] = picture[at] * (1 - cover) + np.array(rgb, float) * cover

    clouds = ((0.16, 90, 1.0), (0.30, 420, 0.75), (0.12, 700, 1.2), (0.36, 900, 0.6))
    for cy, cx, big in clouds:
        for dy, dx, r in (
            (0, 0, 26),
            (6, -30, 18),
            (5, 30, 20),
            (10, -54, 12),
            (10, 56, 12),
            (12, 0, 24),
        ):
            away = (np.arange(period)[None, :] - cx - dx * big + period / 2) % period - period / 2
            down = (np.arange(height)[:, None] - cy * height - dy * big) * 1.25
            reach = r * big + 0.5  # beyond it there is nothing to lay
            columns, rows = abs(away[0]) < reach, abs(down[:, 0]) < reach
            cover = r * big - np.sqrt(away[:, columns] ** 2 + down[rows] ** 2) + 0.5
            lay(cover, (247, 252, 255), 0.9, np.ix_(rows, columns))
    far = 0.66 + 0.06 * np.sin(2 * x + 0.5) + 0.035 * np.sin(5 * x + 2.0) + 0.012 * np.sin(11 * x)
    lay((y - far) * height + 0.5, (154, 205, 214), 1.0, ...)
    near = 0.80 + 0.05 * np.sin(3 * x + 4.0) + 0.03 * np.sin(4 * x + 1.0) + 0.008 * np.sin(17 * x)
    lay((y - near) * height + 0.5, (139, 203, 168), 1.0, ...)
    done = np.rint(picture).astype(np.uint8)
    done = np.concatenate([done, done], 1)
    done.setflags(write=False)
    return done
