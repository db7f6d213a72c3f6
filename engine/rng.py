"""Counter-based random numbers: a draw is a hash of a key and a counter, so it is the same in any
order and any thread.

Every record carries its own key and counter. There is no global generator and nothing to seed: a
level is named by its seed, its dynamics by the seed and the episode, and drawing a picture uses
neither. The mixer is the finaliser of splitmix64 (Steele, Lea and Flood 2014); the published
vectors are in the tests.
"""

import numpy as np

from .jit import PLAIN, rule

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1

# What a key is for; folding one of these in keeps the streams of one level apart.
LAYOUT, DYNAMICS, ROW, NEXT, PICK = (np.uint64(n) for n in range(1, 6))


def nth_plain(key, n):
    """`nth` on Python integers: NumPy would warn at every wrap-around that compiled code makes
    silently.
    """
    z = (int(key) + int(n) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return np.uint64(z ^ (z >> 31))


@rule
def _nth_compiled(key, n):
    """The `n`-th draw (uint64) of the stream `key`."""
    z = key + n * GAMMA
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


# one meaning, so one fingerprint of all that draws
nth_plain.stands_for = _nth_compiled  # pyright: ignore[reportFunctionMemberAccess]
nth = nth_plain if PLAIN else _nth_compiled


@rule
def fold(key, word):
    """A new key (uint64) from a key and a word; `fold(fold(k, a), b)` differs from `fold(fold(k,
    b), a)`.
    """
    return nth(nth(key, np.uint64(1)) ^ word, np.uint64(1))


@rule
def dynamics(seed, episode):
    """The key (uint64) of what happens by chance in an episode (uint64) of the level `seed`
    (uint64).
    """
    return fold(fold(seed, DYNAMICS), episode)


@rule
def draw(s):
    """The next 64 random bits of record `s`."""
    s.draws = s.draws + np.uint64(1)
    return nth(s.key, s.draws)


@rule
def below(s, n):
    """A uniform integer in 0..n-1, for 1 <= n < 2**31 (bias under 2**-32 * n)."""
    return (np.int64(draw(s) >> np.uint64(33)) * np.int64(n)) >> 31


@rule
def between(s, low, high):
    """A uniform integer in low..high, both included."""
    return low + below(s, high - low + 1)


@rule
def unit(bits):
    """64 bits as a float in [0, 1)."""
    return np.int64(bits >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@rule
def uniform(s):
    """A uniform float64 in [0, 1)."""
    return unit(draw(s))


@rule
def chance(s, probability):
    """True with the given probability; 0 is never and 1 is always."""
    return uniform(s) < probability


def folded(key: int, *words: int) -> np.uint64:
    """`fold` of one word after the other, in Python.

    A rule that is called there, of a kernel or not, is compiled for it in every process anew, which
    takes a second.
    """
    for word in words:
        key = int(nth_plain(int(nth_plain(key, 1)) ^ (int(word) & _MASK), 1))
    return np.uint64(key)


def narrow(seed: int) -> int:
    """A seed of any size (not negative) as 64 bits: itself if it fits, else a hash of all of it."""
    low, rest = seed & _MASK, seed >> 64
    while rest:
        low, rest = int(folded(low, rest)), rest >> 64
    return low


def fold_many(keys: np.ndarray, words: np.ndarray | np.integer | int) -> np.ndarray:
    """`fold` over arrays: a new key for each key (uint64) and word (integers), broadcast."""
    return first_draws(first_draws(keys) ^ np.asarray(words).astype(np.uint64))


def first_draws(keys: np.ndarray) -> np.ndarray:
    """`nth(key, 1)` of every key (uint64 array)."""
    z = keys + GAMMA  # arrays wrap around without a warning
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
