"""The two kinds of fault a person can cause or meet; the command line turns each into one line and an exit code."""


class UserError(ValueError):
    """Bad usage or input: the message names the flag, file or value at fault and the fix. Exit code 2."""


class RunError(RuntimeError):
    """Something failed while running (disk full, broken file, encoder died). Exit code 1."""
