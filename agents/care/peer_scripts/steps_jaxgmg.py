"""One turn of jaxgmg: steps a second of its worlds, called from Python at every step.

Run by the interpreter that has jax, as `steps_jaxgmg.py FOLDER BATCH world:side ...`; prints one
JSON line. It imports nothing of goalshift, and waits for the results of every step, as a learner
does. Same levels again at reset, as its own environments do it.
"""

import json
import sys
import time

MODULES = {
    "corner": "cheese_in_the_corner",
    "dish": "cheese_on_a_dish",
    "follow": "follow_me",
    "keys": "keys_and_chests",
    "lava": "lava_land",
    "monsters": "monster_world",
}
SECONDS = 2.0


def rate(name: str, side: int, batch: int) -> float:
    """Steps a second of one world."""
    from importlib import import_module

    jax = import_module("jax")
    module = import_module(f"jaxgmg.environments.{MODULES[name]}")
    env = module.Env()
    key = jax.random.PRNGKey(0)
    levels = module.LevelGenerator(height=side, width=side).vsample(key, num_levels=batch)
    _, states = env.vreset_to_level(levels)
    keys = list(jax.random.split(key, 64))
    actions = [jax.random.randint(k, (batch,), 0, env.num_actions) for k in keys]
    done, began = 0, 0.0
    while not done or time.perf_counter() - began < SECONDS:
        for k, act in zip(keys, actions):  # noqa: B905 (older Pythons)
            obs, states, reward, ended, _ = env.vstep(k, states, act)
            jax.block_until_ready((obs, reward, ended))
        if began:
            done += 64 * batch
        else:  # the first pass compiled
            began = time.perf_counter()
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    folder, batch, *works = sys.argv[1:]
    sys.path.insert(0, folder)
    found = {}
    for work in works:
        name, side = work.split(":")
        found[name] = rate(name, int(side), int(batch))
    print(json.dumps(found))
