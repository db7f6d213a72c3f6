"""`goalshift`, and `python -m goalshift`: the command line. Its verbs are in agents/command."""

import sys

from .agents.command.main import main

if __name__ == "__main__":
    sys.exit(main())
