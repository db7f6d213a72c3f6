"""The worlds under the interfaces that others know: PettingZoo, Gymnasium, Stable-Baselines3.

    parallel_env("follow")             PettingZoo, all agents act at once: the main interface
    env("follow")                      PettingZoo, agents take turns (AEC)
    SingleEnv("corner")                Gymnasium, worlds with one agent that learns
    VectorEnv("corner", num_envs=64)   Gymnasium, natively batched, three kinds of autoreset
    sb3_vec("corner", num_envs=64)     Stable-Baselines3's VecEnv

Every array that leaves here is a new one, every flag a Python bool, every reward a Python float,
unless the zero-copy option of `VectorEnv` asks for speed. Each `info` says what every goal scores
so far ("goals"), which level this is ("level", a fingerprint of the start state) and its seed.

Observations come in four kinds:

    obs="symbols"   uint8[rows, columns]: indices into `world.symbols` obs="planes"    uint8[rows,
    columns, channels]: `world.looks` of them, of 0 and 1 (one-hot in most worlds) obs="rgb"
    uint8[rows * pixels, columns * pixels, 3], from above obs="eyes"      uint8[8 * pixels, 8 *
    pixels, 3], in first person (`engine/view/camera/eyes.py`)
"""

from __future__ import annotations

import copy
import logging
import operator
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.utils import EzPickle, seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from pettingzoo import ParallelEnv as PettingZooParallel

from .. import state
from ..catalogue import load
from ..errors import UserError, did_you_mean
from ..levels import level
from ..levels.splits import split_of
from ..vector import Vec, kernels
from ..world import World

OBSERVATIONS = ("symbols", "planes", "rgb", "eyes")
RENDER_MODES = ("human", "rgb_array", "ansi")
FPS = 8
OPTIONS = ("level", "split", "reset_mask")  # what `reset(options=...)` understands
KEYS = {"up": "w", "left": "a", "down": "s", "right": "d", "jump": " "}
AUTORESETS = {
    AutoresetMode.NEXT_STEP: "next",
    AutoresetMode.SAME_STEP: "same",
    AutoresetMode.DISABLED: "off",
}

log = logging.getLogger("goalshift")


class Lens:
    """Turns symbolic observations into the kind that was asked for."""

    def __init__(self, world: World, obs: str = "symbols", pixels: int = 8) -> None:
        if obs not in OBSERVATIONS:
            raise UserError(f"obs {obs!r} is not known.{did_you_mean(obs, OBSERVATIONS)}")
        if obs in ("rgb", "eyes") and not 1 <= pixels <= 64:
            raise UserError(f"pixels must be 1 to 64 for each tile, not {pixels}")
        self.world, self.kind, self.pixels = world, obs, pixels
        self._frames: dict[int, Any] = {}
        self.eyes = (8 * pixels, 8 * pixels) if obs == "eyes" else None
        self.shape = (*self.eyes, 3) if self.eyes else world.view  # of what `Batch.vec` observes

    def space(self) -> Box:
        """The space of one observation; a new object each time."""
        rows, columns = self.world.view
        top = len(self.world.symbols) - 1
        if self.kind == "symbols":
            return Box(0, top, (rows, columns), np.uint8)
        if self.kind == "planes":
            return Box(0, 1, (rows, columns, len(self.world.channels)), np.uint8)
        if self.eyes:
            return Box(0, 255, self.shape, np.uint8)
        return Box(0, 255, (rows * self.pixels, columns * self.pixels, 3), np.uint8)

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        """New observations [n, ...] for symbols uint8[n, rows, columns], or for what eyes saw."""
        if self.kind in ("symbols", "eyes"):
            return planes.copy()
        if self.kind == "planes":
            return self.world.looks[planes]
        if len(planes) not in self._frames:
            from ..view.camera.frames import Frames

            self._frames[len(planes)] = Frames(self.world, len(planes), self.pixels)
        return self._frames[len(planes)].draw(planes).copy()


class Batch:
    """What all adapters share: a `Vec` of one world, options, infos and pictures."""

    def __init__(
        self,
        world: str | World,
        n: int,
        split: str,
        obs: str,
        pixels: int,
        max_cycles: int | None,
        pool: str,
        params: Mapping[str, float] | None,
        render_mode: str | None,
        autoreset: str = "off",
        threads: int = 1,
    ) -> None:
        if render_mode is not None and render_mode not in RENDER_MODES:
            hint = did_you_mean(render_mode, RENDER_MODES)
            raise UserError(f"render_mode {render_mode!r} is not known.{hint}")
        world = load(world)
        if params:
            world = world.with_params(**params)
        _ = kernels(world)  # compiled once, shared with the copy
        self.world = copy.copy(world)
        self.world.table = (
            world.table.copy()
        )  # its horizons may be changed here without touching the world
        self.max_cycles = max_cycles
        self.render_mode = render_mode
        self.lens = Lens(self.world, obs, pixels)
        if self.lens.eyes:
            from ..view.camera.sighted import Sighted

            self.vec: Vec = Sighted(
                self.world,
                n,
                split,
                pool=pool,
                autoreset=autoreset,
                threads=threads,
                size=self.lens.eyes,
            )
        else:
            self.vec = Vec(
                self.world,
                n,
                split_of(self.world, split),
                pool=pool,
                autoreset=autoreset,
                threads=threads,
            )
        self.window: Window | None = None
        self.running = False
        self._warned: set[str] = set()
        self.marks = np.full(n, "", object)

    @property
    def max_cycles(self) -> int:
        """Steps after which an episode is cut off."""
        return int(self.world.table.horizon.max())

    @max_cycles.setter
    def max_cycles(self, steps: int | None) -> None:
        if steps is not None:
            if steps < 1:
                raise UserError(f"max_cycles must be at least 1, not {steps}")
            self.world.table.horizon = steps

    def begin(
        self, seeds: list[int] | None, options: Mapping[str, Any] | None, mask: np.ndarray
    ) -> None:
        """Start episodes where `mask` is set: on new streams of levels, if `seeds` are given."""
        options = options or {}
        for key in set(options) - set(OPTIONS) - self._warned:
            self._warned.add(key)
            log.warning("reset ignores the option %r.%s", key, did_you_mean(key, OPTIONS))
        vec = self.vec
        if "split" in options:
            self.vec.choose(split_of(self.world, options["split"]))
        if seeds is not None:
            vec.restart(mask, np.array([seed % 2**64 for seed in seeds], np.uint64))
        if "level" in options:
            chosen = np.broadcast_to(np.asarray(options["level"], np.uint64), vec.n)
            vec.reset_where(mask, chosen)
        elif seeds is None:
            vec.reset_where(mask)
        self.running = True
        self.mark(mask)

    def mark(self, mask: np.ndarray) -> None:
        """Note which level has begun where `mask` is set."""
        where = np.flatnonzero(mask)
        names = [
            f"{mark:016x}" for mark in state.fingerprint(self.vec.states[where].view(np.recarray))
        ]
        self.marks[where] = names

    def step(self, actions: np.ndarray) -> None:
        """One step with actions int64[n, L]; what happened is in `vec`."""
        if not self.running:
            raise UserError("call reset() before step()")
        self.vec.step(actions)

    def info(self, i: int, a: int) -> dict[str, Any]:
        """What `infos` say about agent `a` of environment `i`."""
        s = self.vec.states[i]
        scores = self.world.scores(s.totals[a]).tolist()
        goals = dict(zip((g.name for g in self.world.goals), scores, strict=True))
        return {"goals": goals, "level": self.marks[i], "seed": s.seed}

    def picture(self, i: int = 0, mode: str | None = None) -> Any:
        """What `render` returns: a new uint8[h, w, 3], a text, or None for a window."""
        mode = mode or self.render_mode
        if mode is None:
            return None
        if not self.running:
            raise UserError("call reset() before render()")
        if mode == "ansi":
            return level.sketch(self.world, self.vec.states, i)
        from ..view.camera import shot, top

        s = self.vec.states[i]
        cell = 32 if max(s.h, s.w) <= 32 else 16  # both give sizes that video encoders take
        frame = top.draw(shot.Shot(self.world, s, (int(s.h) * cell, int(s.w) * cell)))
        if mode == "rgb_array":
            return frame
        self.window = self.window or Window(f"goalshift: {self.world.title}", frame.shape)
        self.window.show(frame)
        return None

    def close(self) -> None:
        """Close the window; what is closed cannot be stepped."""
        self.running = False
        if self.window is not None:
            self.window.close()
            self.window = None


class Window:
    """A plain window for `render_mode="human"`; the live viewer is a thing of its own."""

    def __init__(self, title: str, shape: tuple[int, ...]) -> None:
        import os

        import pygame

        pygame.display.init()
        self.screen = pygame.display.set_mode((shape[1], shape[0]))
        if pygame.display.get_driver() == "offscreen" and "SDL_VIDEODRIVER" not in os.environ:
            pygame.display.quit()
            raise UserError("there is no display: use render_mode='rgb_array' or 'ansi'")
        pygame.display.set_caption(title)
        self.clock = pygame.time.Clock()

    def show(self, frame: np.ndarray) -> None:
        """Show a picture (uint8[h, w, 3]) for one tick."""
        import pygame

        pygame.event.pump()
        self.screen.blit(pygame.surfarray.make_surface(frame.swapaxes(0, 1)), (0, 0))
        pygame.display.flip()
        self.clock.tick(FPS)

    def close(self) -> None:
        """Close the window."""
        import pygame

        pygame.display.quit()


# -- PettingZoo


class ParallelEnv(PettingZooParallel, EzPickle):
    """A world as a PettingZoo parallel environment.

    world: name, file or `World`. split: name of a split, or "alpha=0.1". obs, pixels: see the
    module. max_cycles: when to cut an episode off (default: the world's horizon); may be changed
    between episodes. params: changes to the world's parameters. pool: "train", "test" or "all"
    levels. on_done: an agent that is out of play before the episode ends may "wait" (keep its seat,
    do nothing, earn nothing) or "leave".

    `reset(seed)` names a stream of levels and `reset()` takes its next one; options: `level` (start
    on the level of this seed), `split` (change over to it). Unknown options are logged and ignored.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": list(RENDER_MODES),
        "render_fps": FPS,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        world: str | World,
        split: str = "train",
        obs: str = "symbols",
        pixels: int = 8,
        max_cycles: int | None = None,
        render_mode: str | None = None,
        pool: str = "all",
        params: Mapping[str, float] | None = None,
        on_done: str = "wait",
    ) -> None:
        EzPickle.__init__(
            self, world, split, obs, pixels, max_cycles, render_mode, pool, params, on_done
        )
        if on_done not in ("wait", "leave"):
            raise UserError(f"on_done {on_done!r} is neither 'wait' nor 'leave'")
        self._batch = Batch(world, 1, split, obs, pixels, max_cycles, pool, params, render_mode)
        self.world = self._batch.world
        self.metadata = {**type(self).metadata, "name": f"{self.world.name}_v{self.world.version}"}  # pyright: ignore[reportAttributeAccessIssue]
        self.metadata["render_modes"] = list(RENDER_MODES)
        self.render_mode = render_mode
        self.on_done = on_done
        self.possible_agents = agent_names(self.world)
        self.agents: list[str] = []
        self._index = {name: i for i, name in enumerate(self.possible_agents)}
        self._observations = {name: self._batch.lens.space() for name in self.possible_agents}
        self._actions = {name: Discrete(len(self.world.actions)) for name in self.possible_agents}
        self.state_space = Box(0, len(self.world.symbols) - 1, self.world.size, np.uint8)
        self._seeded = False

    @property
    def max_cycles(self) -> int:
        """Steps after which an episode is cut off."""
        return self._batch.max_cycles

    @max_cycles.setter
    def max_cycles(self, steps: int) -> None:
        self._batch.max_cycles = steps

    def observation_space(self, agent: str) -> Box:
        """The space of the agent's observations; the same object every time."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Discrete:
        """The agent's actions, 0 being "stay"; the same object every time."""
        return self._actions[agent]

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        """Begin an episode; returns observations and infos by agent."""
        if seed is None and not self._seeded:
            seed = fresh_seed()
        self._seeded = True
        self._batch.begin(None if seed is None else [seed], options, np.ones(1, np.bool_))
        self.agents = self.possible_agents[:]
        return self._see(self.agents), {name: self._info(name) for name in self.agents}

    def step(self, actions: Mapping[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
        """One step: observations, rewards, terminations, truncations, infos of those who acted."""
        if not self._batch.running:
            raise UserError("call reset() before step()")
        acting = self.agents
        if not acting:
            return {}, {}, {}, {}, {}
        chosen = np.zeros((1, self.world.learners), np.int64)
        for name in acting:
            if name not in actions:
                raise UserError(f"no action for the agent '{name}'")
            chosen[0, self._index[name]] = whole(actions[name], name)
        batch = self._batch
        batch.step(chosen)
        s = batch.vec.states[0]
        ended = bool(batch.vec.terminated[0])
        cut = bool(s.t >= self.world.table["horizon"][s.row])
        rewards, terminations = {}, {}
        for name in acting:
            index = self._index[name]
            rewards[name] = float(batch.vec.reward[0, index])
            terminations[name] = ended or (self.on_done == "leave" and not s.alive[index])
        out = (
            self._see(acting),
            rewards,
            terminations,
            dict.fromkeys(acting, cut),
            {name: self._info(name) for name in acting},
        )
        self.agents = [name for name in acting if not (terminations[name] or cut)]
        return out

    def state(self) -> np.ndarray:
        """The whole board as uint8[H, W] symbols, as nobody in particular sees it."""
        return board(self.world, self._batch.vec.states)

    def render(self) -> Any:
        """The picture for `render_mode`: uint8[h, w, 3], a text for "ansi", else None."""
        return self._batch.picture()

    def close(self) -> None:
        """Close the window, if there is one."""
        self._batch.close()
        self.agents = []

    def _see(self, names: list[str]) -> dict[str, np.ndarray]:
        views = self._batch.lens(self._batch.vec.obs[0])
        return {name: views[self._index[name]].copy() for name in names}

    def _info(self, name: str) -> dict[str, Any]:
        info = self._batch.info(0, self._index[name])
        return {**info, "seed": int(info["seed"])}


def parallel_env(world: str | World, **options: Any) -> ParallelEnv:
    """The world as a PettingZoo parallel environment; options as for `ParallelEnv`."""
    return ParallelEnv(world, **options)


def env(world: str | World, **options: Any) -> Any:
    """The world as a PettingZoo AEC environment: agents take turns within a step."""
    from pettingzoo.utils import wrappers
    from pettingzoo.utils.conversions import parallel_to_aec

    return wrappers.OrderEnforcingWrapper(parallel_to_aec(ParallelEnv(world, **options)))


def conventional(world: str | World) -> SimpleNamespace:
    """What PettingZoo expects in a world's module: `parallel_env`, `env` and `raw_env`."""
    return SimpleNamespace(
        parallel_env=lambda **kw: parallel_env(world, **kw),
        env=lambda **kw: env(world, **kw),
        raw_env=lambda **kw: env(world, **kw).env,
        __name__=f"goalshift.{load(world).name}",
    )


# -- Gymnasium


class SingleEnv(gymnasium.Env, EzPickle):
    """A world with one learning agent for Gymnasium; arguments as for `ParallelEnv`."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": list(RENDER_MODES), "render_fps": FPS}

    def __init__(
        self,
        world: str | World,
        split: str = "train",
        obs: str = "symbols",
        pixels: int = 8,
        max_cycles: int | None = None,
        render_mode: str | None = None,
        pool: str = "all",
        params: Mapping[str, float] | None = None,
    ) -> None:
        EzPickle.__init__(self, world, split, obs, pixels, max_cycles, render_mode, pool, params)
        self._batch = Batch(world, 1, split, obs, pixels, max_cycles, pool, params, render_mode)
        self.world = one_learner(self._batch.world)
        self.metadata = {**type(self).metadata, "render_modes": list(RENDER_MODES)}  # pyright: ignore[reportAttributeAccessIssue]
        self.render_mode = render_mode
        self.observation_space = self._batch.lens.space()
        self.action_space = Discrete(len(self.world.actions))
        self._seeded = False

    def reset(
        self, *, seed: int | None = None, options: dict | None = None
    ) -> tuple[np.ndarray, dict]:
        """Begin an episode: on the stream of levels that `seed` names, or on its next level."""
        super().reset(seed=seed)
        seeds = None
        if seed is not None or not self._seeded:
            seeds = [stream_seed(self.np_random)]
        self._seeded = True
        self._batch.begin(seeds, options, np.ones(1, np.bool_))
        self._maybe_show()
        return self._see(), self._batch.info(0, 0)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
        """One step: observation, reward, terminated, truncated, info."""
        batch = self._batch
        batch.step(np.array([[whole(action, "agent")]], np.int64))
        self._maybe_show()
        vec = batch.vec
        ended, cut = bool(vec.terminated[0]), bool(vec.truncated[0])
        return self._see(), float(vec.reward[0, 0]), ended, cut, batch.info(0, 0)

    def render(self) -> Any:
        """The picture for `render_mode`: uint8[h, w, 3], a text for "ansi", else None."""
        return self._batch.picture()

    def close(self) -> None:
        """Close the window, if there is one."""
        self._batch.close()

    def get_keys_to_action(self) -> dict[tuple[str, ...], int]:
        """Which keys play which action, for `gymnasium.utils.play`."""
        return {(KEYS[name],): k for k, name in enumerate(self.world.actions) if name in KEYS}

    def _see(self) -> np.ndarray:
        return self._batch.lens(self._batch.vec.obs[0])[0]

    def _maybe_show(self) -> None:
        if self.render_mode == "human":
            self._batch.picture()


class VectorEnv(gymnasium.vector.VectorEnv):
    """N environments of a world with one learning agent, stepped by one compiled call.

    Equal, bit for bit, to `SyncVectorEnv` over `SingleEnv` in every autoreset mode, and much
    faster. Arguments as for `ParallelEnv`; also threads, and copy: False hands out the engine's own
    buffers, which the next step overwrites (symbols only).
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": list(RENDER_MODES[1:]), "render_fps": FPS}

    def __init__(
        self,
        world: str | World,
        num_envs: int = 1,
        split: str = "train",
        obs: str = "symbols",
        pixels: int = 8,
        max_cycles: int | None = None,
        render_mode: str | None = None,
        pool: str = "all",
        params: Mapping[str, float] | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        threads: int = 1,
        copy: bool = True,
        max_episode_steps: int | None = None,
    ) -> None:
        if render_mode == "human":
            raise UserError(
                "many environments have no window: use render_mode='rgb_array' or 'ansi'"
            )
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self._batch = Batch(
            world, num_envs, split, obs, pixels, max_cycles or max_episode_steps, pool, params,
            render_mode, AUTORESETS[self.autoreset_mode], threads,
        )  # fmt: skip
        self.world = one_learner(self._batch.world)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}  # pyright: ignore[reportAttributeAccessIssue]
        self.render_mode, self.num_envs = render_mode, num_envs
        self.copy = copy or obs != "symbols"
        self.single_observation_space = self._batch.lens.space()
        self.single_action_space = Discrete(len(self.world.actions))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._done = np.zeros(num_envs, np.bool_)
        self._seeded = False

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict | None = None
    ) -> tuple[np.ndarray, dict]:
        """Begin episodes in all environments, or in those of `options["reset_mask"]` (bool[N]).

        `seed` may be a list with one seed for each environment; an int s stands for s, s + 1, ...
        """
        mask = np.ones(self.num_envs, np.bool_)
        if options and "reset_mask" in options:
            mask = options["reset_mask"]
            if (
                not isinstance(mask, np.ndarray)
                or mask.shape != (self.num_envs,)
                or mask.dtype != np.bool_
            ):
                raise UserError(f"reset_mask must be a bool array of shape ({self.num_envs},)")
            if not mask.any():
                raise UserError("reset_mask selects no environment")
        each: list[int | None] | None = None
        if isinstance(seed, (int, np.integer)):
            super().reset(seed=int(seed))
            each = [int(seed) + i for i in range(self.num_envs)]
        elif seed is not None:
            each = list(seed)
        elif not self._seeded:
            each = list[int | None]([None] * self.num_envs)
        if each is not None and len(each) != self.num_envs:
            raise UserError(f"{len(each)} seeds for {self.num_envs} environments")
        seeds = None if each is None else [stream_seed(seeding.np_random(one)[0]) for one in each]
        self._seeded = True
        self._batch.begin(seeds, options, mask)
        self._done[mask] = False
        return self._see(self._batch.vec.obs), self._infos(mask)

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict]:
        """One step: observations [N, ...], rewards float64[N], two flags bool[N], infos."""
        batch, vec = self._batch, self._batch.vec
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,):
            raise UserError(
                f"actions must be integers of shape ({self.num_envs},), not {actions.shape}"
            )
        if self.autoreset_mode is AutoresetMode.DISABLED and self._done.any():
            raise UserError("an environment is done: reset it with options={'reset_mask': ...}")
        batch.step(actions[:, None])
        rewards = vec.reward[:, 0].astype(np.float64)
        terminated, truncated = vec.terminated.copy(), vec.truncated.copy()
        self._done = terminated | truncated
        infos: dict[str, Any] = {}
        fresh = vec.fresh
        if self.autoreset_mode is AutoresetMode.SAME_STEP and self._done.any():
            final = self._infos(self._done, final=True)
            last = np.full(self.num_envs, None, object)
            views = batch.lens(vec.final_obs[self._done, 0])
            for i, view in zip(np.flatnonzero(self._done), views, strict=True):
                last[i] = view.copy()
            infos = {"final_obs": last, "_final_obs": self._done.copy(), "final_info": final}
            infos["_final_info"] = self._done.copy()
        if fresh.any():
            batch.mark(fresh)
        infos |= self._infos(np.ones(self.num_envs, np.bool_))
        return self._see(vec.obs), rewards, terminated, truncated, infos

    def render(self) -> tuple[Any, ...] | None:
        """A picture of every environment, as `SingleEnv.render` gives it."""
        if self.render_mode is None:
            return None
        return tuple(self._batch.picture(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing can be stepped after this."""
        self._batch.close()

    def _see(self, planes: np.ndarray) -> np.ndarray:
        return self._batch.lens(planes[:, 0]) if self.copy else planes[:, 0]

    def _infos(self, mask: np.ndarray, final: bool = False) -> dict[str, Any]:
        """Infos of the environments in `mask` as Gymnasium has them: arrays, masks under "_key"."""
        vec = self._batch.vec
        totals = vec.final_totals if final else vec.states["totals"]
        scores = np.where(mask[:, None], self.world.scores(totals[:, 0]), 0.0)
        goals: dict[str, Any] = {}
        for k, goal in enumerate(self.world.goals):
            goals[goal.name], goals[f"_{goal.name}"] = scores[:, k].copy(), mask.copy()
        seeds = vec.final_seed if final else vec.states["seed"]
        marks = np.where(mask, self._batch.marks, None)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return {
            "goals": goals, "_goals": mask.copy(),
            "level": marks, "_level": mask.copy(),
            "seed": np.where(mask, seeds, np.uint64(0)), "_seed": mask.copy(),
        }  # fmt: skip


# -- Stable-Baselines3


def sb3_vec(world: str | World, num_envs: int = 1, seed: int | None = None, **options: Any) -> Any:
    """The world as a Stable-Baselines3 `VecEnv`, reset in the same step; needs stable-baselines3.

    `world` may also be a Gymnasium id ("goalshift/Corner-v0"). In a world with L learning agents
    each one is a row of its own, num_envs * L in all, so one policy learns for all of them. `obs`:
    "planes" for `MlpPolicy`, "rgb" (at least 36 pixels a side) for `CnnPolicy`. options: split,
    obs, pixels, max_cycles, pool, params, threads.
    """
    from stable_baselines3.common.vec_env import VecEnv  # pyright: ignore[reportMissingImports]

    found = re.fullmatch(r"goalshift/(\w+)-v\d+", world) if isinstance(world, str) else None
    if found:
        world = re.sub(r"(?<!^)(?=[A-Z])", "_", found[1]).lower()
    given = {
        "split": "train",
        "obs": "planes",
        "pixels": 8,
        "max_cycles": None,
        "pool": "all",
        "params": None,
    }
    for name in options:
        if name not in (*given, "threads"):
            raise UserError(
                f"sb3_vec has no option {name!r}.{did_you_mean(name, (*given, 'threads'))}"
            )
    batch = Batch(
        world, num_envs, render_mode="rgb_array", autoreset="same", **{**given, **options}
    )

    class GoalshiftVec(VecEnv):
        """The worlds' batch behind Stable-Baselines3's interface."""

        def __init__(self) -> None:
            self.batch, self.world = batch, batch.world
            self.render_mode = "rgb_array"
            rows = num_envs * batch.world.learners
            super().__init__(rows, batch.lens.space(), Discrete(len(batch.world.actions)))
            self._next_seed = fresh_seed() if seed is None else seed
            self._actions = np.zeros((num_envs, batch.world.learners), np.int64)

        def seed(self, seed: int | None = None) -> list[int]:
            """The stream of levels from the next reset on."""
            self._next_seed = fresh_seed() if seed is None else seed
            return [self._next_seed] * self.num_envs

        def reset(self) -> np.ndarray:
            """Begin in every environment; environment i runs on the stream seed + i."""
            seeds = None
            if self._next_seed is not None:
                seeds = [self._next_seed + i for i in range(num_envs)]
            self._next_seed = None
            batch.begin(seeds, None, np.ones(num_envs, np.bool_))
            self.reset_infos = [
                batch.info(i, a) for i in range(num_envs) for a in range(batch.world.learners)
            ]
            return self._see(batch.vec.obs)

        def step_async(self, actions: np.ndarray) -> None:
            """Keep the actions for `step_wait`."""
            self._actions = np.asarray(actions).reshape(num_envs, -1)

        def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict]]:
            """One step: observations, rewards float32[rows], done bool[rows], a list of infos."""
            batch.step(self._actions)
            vec, learners = batch.vec, batch.world.learners
            done = vec.terminated | vec.truncated
            infos: list[dict] = [{} for _ in range(self.num_envs)]
            if done.any():
                where = np.flatnonzero(done)
                final = batch.lens(vec.final_obs[where].reshape(-1, *batch.lens.shape))
                scores = batch.world.scores(vec.final_totals)
                names = [g.name for g in batch.world.goals]
                for j, (i, a) in enumerate((i, a) for i in where for a in range(learners)):
                    infos[i * learners + a] = {
                        "terminal_observation": final[j].copy(),
                        "TimeLimit.truncated": bool(vec.truncated[i]),
                        "goals": dict(zip(names, scores[i, a].tolist(), strict=True)),
                        "level": batch.marks[i],
                        "seed": int(vec.final_seed[i]),
                    }
                batch.mark(done)
            rewards = vec.reward.reshape(-1).copy()
            return self._see(vec.obs), rewards, np.repeat(done, learners), infos

        def _see(self, planes: np.ndarray) -> np.ndarray:
            return batch.lens(planes.reshape(-1, *batch.lens.shape))

        def get_images(self) -> list[np.ndarray]:
            """A picture of every environment."""
            return [batch.picture(i, "rgb_array") for i in range(num_envs)]

        def close(self) -> None:
            """Nothing can be stepped after this."""
            batch.close()

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            """The batch's own attribute, once for each row asked for."""
            return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
            """Set an attribute of the whole batch."""
            setattr(self, attr_name, value)

        def env_method(
            self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
        ) -> list[Any]:
            """Call a method of the batch, once."""
            return [getattr(self, method_name)(*args, **kwargs)] * len(
                list(self._get_indices(indices))
            )

        def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
            """No: the batch is one object."""
            return [False] * len(list(self._get_indices(indices)))

    return GoalshiftVec()


# -- small parts


def agent_names(world: World) -> list[str]:
    """PettingZoo's names of the learning agents: letters and a number, such as "mouse_0"."""
    names = []
    for thing in world.things:
        if thing.agent:
            stem = re.sub(r"[^a-z]", "", thing.name.lower()) or "agent"
            names += [f"{stem}_{k}" for k in range(thing.count)]
    return names


def board(world: World, states: np.recarray, i: int = 0) -> np.ndarray:
    """The whole board of state `i` as symbols uint8[H, W], with no agent marked as the observer."""
    s = states[i]
    cells = np.zeros(world.size, np.uint8)
    cells[: s.h, : s.w] = s.tiles[: s.h, : s.w] + np.uint8(1)
    for k in range(world.entities):
        if s.alive[k]:
            pose = s.face[k] if s.face[k] < world.told_poses[k] else 0
            cells[s.y[k], s.x[k]] = world.first_symbol[k] + pose
    return cells


def one_learner(world: World) -> World:
    """The world, if one agent learns in it."""
    if world.learners != 1:
        raise UserError(
            f"world '{world.name}' has {world.learners} agents that learn; Gymnasium is for one:"
            " use goalshift.adapters.parallel_env"
        )
    return world


def whole(action: Any, name: str) -> int:
    """The action as an int of 64 bits; UserError if it is not a whole number, or beyond all
    range.
    """
    try:
        number = operator.index(
            action.item() if isinstance(action, np.ndarray) and action.size == 1 else action
        )
    except TypeError:
        raise UserError(f"the action of '{name}' must be a whole number, not {action!r}") from None
    if not -(2**63) <= number < 2**63:
        raise UserError(f"the action of '{name}' is out of range")
    return number


def fresh_seed() -> int:
    """A seed nobody chose."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])


def stream_seed(generator: np.random.Generator) -> int:
    """The engine's seed for a Gymnasium generator."""
    return int(generator.integers(2**63))
