"""Eight agents of one recipe, made three ways: `python .ci/seeds.py [WORLD [STEPS [ROUNDS]]]`.

`train --seeds 8`; eight processes, two at a time; eight processes, one after the other. Each way in
turn, and that some rounds, as other work on the machine comes and goes. Prints steps of all agents
per second, and seconds of the processors, with the starts of all processes in both.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEDS = 8


def words(world: str, steps: int, out: Path, *more: object) -> str:
    """A command."""
    train = [sys.executable, "-m", "goalshift", "train", world, f"--steps={steps}", "--threads=1"]
    return shlex.join(map(str, [*train, "-q", "--out", out, *more]))


def measured(commands: list[str], abreast: int) -> tuple[float, float]:
    """Seconds on the clock and of the processors to run these, so many at a time."""
    clock, before = time.perf_counter(), os.times()
    waiting, going = list(commands), []
    while waiting or going:
        while waiting and len(going) < abreast:
            going.append(subprocess.Popen(shlex.split(waiting.pop(0)), stdout=subprocess.DEVNULL))
        done = next((p for p in going if p.poll() is not None), None)
        if done is None:
            time.sleep(0.02)
            continue
        going.remove(done)
        assert done.returncode == 0, done.args
    after = os.times()
    spent = sum(after[2:4]) - sum(before[2:4])
    return time.perf_counter() - clock, spent


def main(world: str = "coinline", steps: str = "130000", rounds: str = "3") -> None:
    count = int(steps)
    for turn in range(int(rounds)):
        with tempfile.TemporaryDirectory() as home:
            at = Path(home)
            each = [
                [words(world, count, at / f"{way}-{k}", f"--seed={k}") for k in range(SEEDS)]
                for way in "ab"
            ]
            ways = {
                f"--seeds {SEEDS}": ([words(world, count, at / "x", f"--seeds={SEEDS}")], 1),
                "processes, two at a time": (each[0], 2),
                "processes, one by one": (each[1], 1),
            }
            for name, (commands, abreast) in ways.items():
                wall, spent = measured(commands, abreast)
                speed = SEEDS * count / wall
                print(
                    f"{world} {turn}: {name:<26} {speed:>9,.0f} steps/s  {wall:6.1f} s"
                    f"  {spent:6.1f} processor-s",
                    flush=True,
                )


if __name__ == "__main__":
    main(*sys.argv[1:])
