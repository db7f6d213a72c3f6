"""How many of a thing there are, in words that fit the number."""


def counted(n: int, one: str, many: str = "") -> str:
    """The words "1 level", "2,000 levels". `many` is the plural where it is not the singular and an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
