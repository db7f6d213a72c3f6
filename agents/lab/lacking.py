"""What is raised where an agent has not got what is asked of it."""

from ...engine.errors import UserError


class Lacking(UserError):
    """This agent does not have what the detector needs; it is left out, and counted."""
