"""The same code compiled and in plain Python: one of the two is this process, the other a new one."""

import os
import subprocess
import sys

from goalshift.engine.jit import PLAIN


def both(code, name, cwd=None, timeout=None):
    """What `code` leaves in the variable `name` here, and what a process of the other kind prints of
    it; any warning there is a failure.
    """
    here: dict = {}
    exec(code, here)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print({name})"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0" if PLAIN else "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return here[name], done.stdout.strip()
