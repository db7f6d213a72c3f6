"""Curricula at every moment of their training that was kept: what stands beside this file.

    goalshift curve corner --world.size 9x9 --over alpha=0,0.01,0.1 --by curriculum=dr,...
    python recordings/curricula/moments.py OUT/*/seed-*

A row for each checkpoint: `met` (the intended goal), `instead` (a proxy) and `neither` on the held-out
shifted levels where the goals part, `trained` (the paid goal in training, normalised), all as
`goalshift map` has them. `gradients`: gradient steps until then. `parts`: the share of the buffer's
levels on which the goals part, in a sample near that moment. `regret`: the intended goal's, over
solvable shifted levels, `cvar` that of the worst tenth of them: chosen by two episodes each, and
measured in two others, so that no level is called bad for its bad luck.
"""

import csv
import sys
from dataclasses import asdict
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot

from goalshift import Vec, load
from goalshift.agents.lab.hunting.arena import episode, play
from goalshift.agents.learning.config import TrainConfig
from goalshift.agents.learning.files import Log
from goalshift.agents.learning.run import history
from goalshift.agents.learning.scores import ideals
from goalshift.agents.learning.trained import Trained
from goalshift.agents.studies.jobs import Plan
from goalshift.agents.studies.map import judge
from goalshift.agents.studies.picture_files import save

HERE = Path(__file__).parent
LEVELS, TRIES, WORST = 256, 2, 0.1
COLOURS = ("#20233f", "#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7")  # of Okabe and Ito


def rows_of(run):
    """A row for each checkpoint of a run but the untrained one."""
    about = Trained.load(run).about["config"]
    config = TrainConfig.from_json(about)
    world = load(config.world).with_params(**dict(config.params))
    log = list(Log(Path(run)).rows())
    each = config.epochs * max(round(config.rollout * config.envs / config.minibatch), 1)
    for spot, path in zip(
        judge(world, Path(run), Plan(levels=LEVELS)), history(run)[1:], strict=True
    ):
        until = [row for row in log if row["step"] <= spot.steps]
        parts = [row["buffer_parts"] for row in until if row.get("buffer_parts") is not None]
        usual = each * len(until)
        row = {"curriculum": config.curriculum or "dr"} | asdict(spot)
        row["gradients"] = int(until[-1].get("gradient_steps", usual))
        row["parts"] = parts[-1] if parts else ""
        yield row | regrets(world, Trained.load(path, world))


def regrets(world, agent):
    """Mean regret of the intended goal, and that of the worst tenth of levels."""
    vec = Vec(world, LEVELS, "deploy", 7, pool="test", autoreset="off")
    levels = vec.reset_states()
    best = ideals(world, levels)[:, 0]
    levels, best = levels[best > 0].view(np.recarray), best[best > 0]

    def regret(first):
        tries = [play(world, agent, episode(levels, first + k))[0][:, 0] for k in range(TRIES)]
        return best - np.mean(tries, 0)

    chosen, measured = regret(1), regret(1 + TRIES)
    worst = np.argsort(-chosen, kind="stable")[: max(round(WORST * len(levels)), 1)]
    return {"regret": measured.mean(), "cvar": measured[worst].mean()}


def draw(rows):
    """A column for each alpha: what is met and what instead, against environment steps and gradient
    steps; below, what is in the buffer.
    """
    matplotlib.use("Agg")
    names = list(dict.fromkeys(row["curriculum"] for row in rows))
    alphas = sorted({row["alpha"] for row in rows})
    panels = (
        ("steps", "met", "intended goal met"), ("gradients", "met", "intended goal met"),
        ("steps", "instead", "a proxy instead"), ("steps", "cvar", "regret, worst tenth"),
        ("steps", "parts", "buffer: goals part"),
    )  # fmt: skip
    figure, axes = pyplot.subplots(
        len(panels), len(alphas), figsize=(4.2 * len(alphas), 2.5 * len(panels)), sharey="row",
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for j, alpha in enumerate(alphas):
        for i, (across, up, what) in enumerate(panels):
            at = axes[i][j]
            for name, colour in zip(names, COLOURS, strict=False):
                mine = [r for r in rows if (r["curriculum"], r["alpha"]) == (name, alpha)]
                mine = [r for r in mine if r[up] != ""]
                moments = sorted({r["steps"] for r in mine})
                there = [[r for r in mine if r["steps"] == step] for step in moments]
                x = [np.mean([r[across] for r in some]) / 1e3 for some in there]
                at.plot(
                    x,
                    [np.mean([r[up] for r in some]) for some in there],
                    "-",
                    color=colour,
                    label=name,
                )
                at.plot(
                    [r[across] / 1e3 for r in mine],
                    [r[up] for r in mine],
                    ".",
                    color=colour,
                    alpha=0.5,
                )
            at.set_ylim(-0.03, 1.03)
            at.grid(axis="y", alpha=0.15)
            at.spines[["top", "right"]].set_visible(False)
            at.set_xlabel(
                "thousand environment steps" if across == "steps" else "thousand gradient steps"
            )
            if not j:
                at.set_ylabel(what)
        axes[0][j].set_title(f"alpha = {alpha:g}")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(names), frameon=False)
    save(figure, HERE / "corner")


if __name__ == "__main__":
    found = []
    with open(HERE / "corner.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        for run in sys.argv[1:]:
            made = list(rows_of(run))
            if not found:
                out.writerow(made[0])
            out.writerows(
                [round(v, 4) if isinstance(v, float) else v for v in r.values()] for r in made
            )
            file.flush()
            found += made
    draw(found)
