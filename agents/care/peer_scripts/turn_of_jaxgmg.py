"""One turn of jaxgmg, on its own environments: a line of JSON, {what: figure}.

Run by the interpreter that has jax, as `turn_of_jaxgmg.py FOLDER BATCH WORK NAME:SIDE ...`. It
imports nothing of goalshift. Every function is compiled before the clock starts, and results are
waited for. Same levels again at reset, as its own environments do it.
"""

import json
import sys
import time
from importlib import import_module

MODULES = {
    "corner": "cheese_in_the_corner",
    "dish": "cheese_on_a_dish",
    "follow": "follow_me",
    "keys": "keys_and_chests",
    "lava": "lava_land",
    "monsters": "monster_world",
}
SECONDS, STEPS = 1.0, 64
TOGETHER = 4096  # cells of the levels that are solved together


def rate(work, each):
    """Items a second of `work`, one call of which does `each`; the first call counts only if it is
    all there is time for.
    """
    done, began = 0, time.perf_counter()
    work()
    if (first := time.perf_counter() - began) > SECONDS:
        return each / first
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS:
        work()
        done += each
    return done / spent


def _begun(name, side, batch):
    """An environment, levels of it, states that have begun on them, keys and actions of steps."""
    jax = import_module("jax")
    module = import_module(f"jaxgmg.environments.{MODULES[name]}")
    env, key = module.Env(), jax.random.PRNGKey(0)
    levels = module.LevelGenerator(height=side, width=side).vsample(key, num_levels=batch)
    _, states = env.vreset_to_level(levels)
    acts = jax.random.randint(key, (STEPS, batch), 0, env.num_actions)
    return env, levels, states, jax.random.split(key, STEPS), acts


def steps(name, side, batch):
    """Called from Python at every step."""
    jax = import_module("jax")
    env, _, states, keys, acts = _begun(name, side, batch)
    given = list(zip(list(keys), list(acts)))  # noqa: B905 (older Pythons)
    env.vstep(keys[0], states, acts[0])  # compiled

    def work():
        nonlocal states
        for key, act in given:
            obs, states, reward, ended, _ = env.vstep(key, states, act)
            jax.block_until_ready((obs, reward, ended))

    yield name, rate(work, STEPS * batch)


def many(name, side, batch):
    """All steps in one compiled loop, with what is seen at every step, and at the last alone."""
    jax = import_module("jax")
    env, _, first, keys, acts = _begun(name, side, batch)
    for each in (True, False):

        def loop(states, each=each):
            def one(states, given):
                obs, states, reward, ended, _ = env.vstep(given[0], states, given[1])
                return states, (reward, ended, obs if each else None)

            states, told = jax.lax.scan(one, states, (keys, acts))
            return states, told, jax.vmap(env.get_obs)(states)

        states, called = first, jax.jit(loop).lower(first).compile()

        def work(called=called):
            nonlocal states
            states, *told = called(states)
            jax.block_until_ready(told)

        yield f"{name}, {'each' if each else 'the last'} seen", rate(work, STEPS * batch)


def mazes(style, side, batch):
    """Walls of levels."""
    jax = import_module("jax")
    kind = import_module("jaxgmg.procgen.maze_generation").get_generator_class_from_name(style)()
    keys = jax.random.split(jax.random.PRNGKey(0), batch)
    called = jax.jit(jax.vmap(lambda key: kind.generate(key, side, side))).lower(keys).compile()
    yield f"{style} {side}x{side}", rate(lambda: called(keys).block_until_ready(), batch)


def solved(name, side, batch):
    """Levels made, and all their distances found, as its solver of the corner does it."""
    jax = import_module("jax")
    module = import_module(f"jaxgmg.environments.{MODULES[name]}")
    solving = import_module("jaxgmg.procgen.maze_solving")
    batch = max(TOGETHER // side**2, 1)
    keys = jax.random.split(jax.random.PRNGKey(0), batch)
    maker = module.LevelGenerator(height=side, width=side)

    def one(key):
        level = maker.sample(key)
        ways = solving.maze_directional_distances(level.wall_map)
        y, x = getattr(level, "cheese_pos", level.initial_mouse_pos)
        return level, ways[:, :, y, x]

    called = jax.jit(jax.vmap(one)).lower(keys).compile()
    yield f"{name} {side}x{side}", rate(lambda: jax.block_until_ready(called(keys)), batch)


WORKS = {work.__name__: work for work in (steps, many, mazes, solved)}

if __name__ == "__main__":
    folder, count, work, *which = sys.argv[1:]
    sys.path.insert(0, folder)
    found = {}
    for one in which:
        name, side = one.split(":")
        found.update(WORKS[work](name, int(side), int(count)))
    print(json.dumps(found))
