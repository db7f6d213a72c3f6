"""Zeros that are small until they are unpacked."""

import zlib


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, compressed to a thousandth of that, without compressing them all."""
    box = zlib.compressobj(9)  # after a full flush, the same zeros are the same bytes again
    first, again = (box.compress(bytes(1 << 20)) + box.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    checksum = (megabytes << 20) % 65521 << 16 | 1  # Adler-32 of zeros
    return first + (megabytes - 1) * again + box.flush()[:-4] + checksum.to_bytes(4, "big")
