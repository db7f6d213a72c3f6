"""Which release this is."""

__version__ = "0.2.0.dev0"  # as the changelog has it, and .dev0 until that is released
