"""State vectors of our own making, as clocks by client id; a client's pass the validator first."""

from __future__ import annotations

from collections.abc import Iterator


def decode_state_vector(encoded: bytes) -> dict[int, int]:
    numbers = _numbers(encoded)
    count = next(numbers)
    return {next(numbers): next(numbers) for _ in range(count)}


def _numbers(encoded: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in encoded:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
