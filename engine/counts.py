"""How many of a thing there are, in words that fit the number; and numbers that read back."""


def counted(n: int, one: str, many: str = "") -> str:
    """The words "1 level", "2,000 levels". `many` is the plural where it is not the singular and an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def digits(number: float) -> str:
    """A number in the fewest digits that read back as it: "17", "1234567", "0.05"."""
    if number == number // 1 and abs(number) < 1e15:
        return str(int(number))
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))
