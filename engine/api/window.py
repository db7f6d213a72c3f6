"""A plain window for `render_mode="human"`; the live viewer is a thing of its own."""

from __future__ import annotations

import os

import numpy as np
import pygame

from ..errors import UserError


class Window:
    """A window of the size of its pictures: uint8[height, width, 3], at most `fps` a second."""

    def __init__(self, title: str, shape: tuple[int, ...], fps: int) -> None:
        # or SDL would take SIGTERM for itself, as a wish that programs may overhear
        os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
        pygame.display.init()
        self.screen = pygame.display.set_mode((shape[1], shape[0]))
        if pygame.display.get_driver() == "offscreen" and "SDL_VIDEODRIVER" not in os.environ:
            pygame.display.quit()
            raise UserError("there is no display: use render_mode='rgb_array' or 'ansi'")
        pygame.display.set_caption(title)
        self.clock, self.fps = pygame.time.Clock(), fps

    def show(self, frame: np.ndarray) -> bool:
        """Show a picture for one tick; False if somebody has pressed the close button."""
        if pygame.event.get(pygame.QUIT):
            return False
        pygame.event.clear(pygame.MOUSEMOTION)  # or it would fill the queue in time
        self.screen.blit(pygame.surfarray.make_surface(frame.swapaxes(0, 1)), (0, 0))
        pygame.display.flip()
        self.clock.tick(self.fps)
        return True

    def close(self) -> None:
        """Close the window."""
        pygame.display.quit()
