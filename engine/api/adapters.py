"""The worlds under the interfaces that others know: PettingZoo, Gymnasium, Stable-Baselines3.

    parallel_env("follow")             PettingZoo, all agents act at once: the main interface
    env("follow")                      PettingZoo, agents take turns (AEC)
    SingleEnv("corner")                Gymnasium, worlds with one agent that learns
    VectorEnv("corner", num_envs=64)   Gymnasium, natively batched, three kinds of autoreset
    SB3Vec("corner", num_envs=64)      Stable-Baselines3's VecEnv; sb3_vec is the same
    rllib("follow")                    RLlib's MultiAgentEnv

Every array that leaves here is a new one, every flag a Python bool, every reward a Python float,
unless the zero-copy option of `VectorEnv` asks for speed. Each `info` says what every goal scores
so far, in numbers that every client reads ("goal/cheese", "met/cheese"); with infos="full" also
"goals", and which level this is ("level", a fingerprint of the start state, and its "seed").

All take the options of `batch.Options`; by default levels are drawn from the training pool alone.
All are values: they can be copied and pickled as they run, and have `snapshot` and `restore`.

A library is imported only when a name is used that needs it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .gymnasium import SingleEnv as SingleEnv
    from .gymnasium import VectorEnv as VectorEnv
    from .observe import ARRAYS as ARRAYS
    from .observe import OBSERVATIONS as OBSERVATIONS
    from .pettingzoo import ParallelEnv as ParallelEnv
    from .pettingzoo import TurnEnv as TurnEnv
    from .pettingzoo import conventional as conventional
    from .pettingzoo import env as env
    from .pettingzoo import parallel_env as parallel_env
    from .rllib import rllib as rllib
    from .sb3 import SB3Vec as SB3Vec
    from .sb3 import sb3_vec as sb3_vec

_HOMES = {
    "gymnasium": ("SingleEnv", "VectorEnv"),
    "observe": ("ARRAYS", "OBSERVATIONS"),
    "pettingzoo": ("ParallelEnv", "TurnEnv", "conventional", "env", "parallel_env"),
    "rllib": ("rllib",),
    "sb3": ("SB3Vec", "sb3_vec"),
}


def __getattr__(name: str) -> Any:
    """Import a name on first use (PEP 562)."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{home}", __package__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *(name for names in _HOMES.values() for name in names)})
