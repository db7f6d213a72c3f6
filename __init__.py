"""goalshift: train an agent, change one thing about the world, watch it chase the wrong goal.

The public names below load on first use, so `import goalshift` costs nothing: neither torch, Numba
nor pygame is imported until a name that needs it is touched.

    from goalshift import MOVES, Goal, Thing, Tile, World, grid, layout, rule   # to write a world
    from goalshift import Vec, load                                             # to step one
    from goalshift import Require, Script, batch, shapes                        # to script levels
    from goalshift import Expert, Policy, Trained, evaluate, rollout, train     # to experiment
    from goalshift import foreign                                               # to bring agents
    from goalshift import FilmPlan, contrast, record                            # to film
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .engine.api.register import hook as _hook
from .engine.moved import hook as _hook_moved
from .engine.shown import pages as _pages
from .engine.version import __version__ as __version__

if TYPE_CHECKING:
    from .agents.designing.draw import batch as batch
    from .agents.judging.evaluate import evaluate as evaluate
    from .agents.judging.evaluation import Evaluation as Evaluation
    from .agents.judging.held_out import Training as Training
    from .agents.judging.rollout import rollout as rollout
    from .agents.judging.trace import Trace as Trace
    from .agents.learning.callback import Callback as Callback
    from .agents.learning.config import TrainConfig as TrainConfig
    from .agents.learning.run import train as train
    from .agents.learning.trained import Trained as Trained
    from .agents.policies import foreign as foreign
    from .agents.policies.expert import Expert as Expert
    from .agents.policies.policy import LearnedPolicy as LearnedPolicy
    from .agents.policies.policy import Policy as Policy
    from .agents.policies.simple import RandomPolicy as RandomPolicy
    from .agents.showing import record as record
    from .agents.showing.contrast import FilmPlan as FilmPlan
    from .agents.showing.contrast import contrast as contrast
    from .engine import grid as grid
    from .engine import layout as layout
    from .engine import rng as rng
    from .engine import shapes as shapes
    from .engine.api import adapters as adapters
    from .engine.api.register import register as register
    from .engine.catalogue import load as load
    from .engine.catalogue import names as names
    from .engine.errors import RunError as RunError
    from .engine.errors import UserError as UserError
    from .engine.grid import MOVES as MOVES
    from .engine.jit import rule as rule
    from .engine.levels.script import Require as Require
    from .engine.levels.script import Script as Script
    from .engine.replay import Replay as Replay
    from .engine.vector import Vec as Vec
    from .engine.world import Goal as Goal
    from .engine.world import Split as Split
    from .engine.world import Thing as Thing
    from .engine.world import Tile as Tile
    from .engine.world import World as World


# public name → (module, attribute inside it; None: the module itself)
_HOMES = {
    "adapters": ("engine.api.adapters", None),
    "register": ("engine.api.register", "register"),
    "grid": ("engine.grid", None),
    "layout": ("engine.layout", None),
    "rng": ("engine.rng", None),
    "shapes": ("engine.shapes", None),
    "rule": ("engine.jit", "rule"),
    "MOVES": ("engine.grid", "MOVES"),
    "Goal": ("engine.world", "Goal"),
    "Split": ("engine.world", "Split"),
    "Thing": ("engine.world", "Thing"),
    "Tile": ("engine.world", "Tile"),
    "World": ("engine.world", "World"),
    "load": ("engine.catalogue", "load"),
    "names": ("engine.catalogue", "names"),
    "Vec": ("engine.vector", "Vec"),
    "Replay": ("engine.replay", "Replay"),
    "Require": ("engine.levels.script", "Require"),
    "Script": ("engine.levels.script", "Script"),
    "batch": ("agents.designing.draw", "batch"),
    "record": ("agents.showing.record", None),
    "Policy": ("agents.policies.policy", "Policy"),
    "LearnedPolicy": ("agents.policies.policy", "LearnedPolicy"),
    "foreign": ("agents.policies.foreign", None),
    "RandomPolicy": ("agents.policies.simple", "RandomPolicy"),
    "Expert": ("agents.policies.expert", "Expert"),
    "Callback": ("agents.learning.callback", "Callback"),
    "TrainConfig": ("agents.learning.config", "TrainConfig"),
    "train": ("agents.learning.run", "train"),
    "Trained": ("agents.learning.trained", "Trained"),
    "rollout": ("agents.judging.rollout", "rollout"),
    "Trace": ("agents.judging.trace", "Trace"),
    "Training": ("agents.judging.held_out", "Training"),
    "evaluate": ("agents.judging.evaluate", "evaluate"),
    "Evaluation": ("agents.judging.evaluation", "Evaluation"),
    "contrast": ("agents.showing.contrast", "contrast"),
    "FilmPlan": ("agents.showing.contrast", "FilmPlan"),
    "UserError": ("engine.errors", "UserError"),
    "RunError": ("engine.errors", "RunError"),
}

# what shows itself in a notebook → the function that draws it
_PAGES = {
    "World": ("engine.view.sheets.notebook", "html"),
    "Replay": ("engine.view.sheets.notebook", "html"),
    "LevelSet": ("engine.view.sheets.notebook", "html"),
    "Evaluation": ("agents.judging.tables", "as_html"),
}

__all__ = [
    "MOVES",
    "Callback",
    "Evaluation",
    "Expert",
    "FilmPlan",
    "Goal",
    "LearnedPolicy",
    "Policy",
    "RandomPolicy",
    "Replay",
    "Require",
    "RunError",
    "Script",
    "Split",
    "Thing",
    "Tile",
    "Trace",
    "TrainConfig",
    "Trained",
    "Training",
    "UserError",
    "Vec",
    "World",
    "__version__",
    "adapters",
    "batch",
    "contrast",
    "evaluate",
    "foreign",
    "grid",
    "layout",
    "load",
    "names",
    "record",
    "register",
    "rng",
    "rollout",
    "rule",
    "shapes",
    "train",
]


def __getattr__(name: str):
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'goalshift' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    found = import_module(f".{module}", __name__)
    value = found if attribute is None else getattr(found, attribute)
    globals()[name] = value
    return value


def _page(module: str, function: str):
    """A function of a module that is imported when the function is first called."""
    return lambda thing: getattr(import_module(f".{module}", __name__), function)(thing)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_pages.update({name: _page(*home) for name, home in _PAGES.items()})
_hook()  # Gymnasium and PettingZoo learn of the worlds when somebody imports them
_hook_moved(__name__)  # old paths of public names lead to the new ones, with a warning
