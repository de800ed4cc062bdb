"""Time and randomness: the only place where the process asks for either."""

from __future__ import annotations

import random
import secrets
import time
from typing import Protocol

# Crockford's alphabet in lower case: no letter that is read as a digit.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH = 12  # 60 random bits


class Clock(Protocol):
    """What the server asks for, so that a test can hand in its own time.

    `monotonic` never goes back and is for durations; `now_ms` is the wall clock, which may jump,
    and is for what people and other machines read.
    """

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def token_bytes(self, size: int) -> bytes:
        """Random bytes that cannot be guessed."""

    def new_id(self, prefix: str) -> str:
        """`prefix-` and 60 random bits."""

    def jitter(self, spread: float) -> float:
        """Somewhere from 0 up to `spread`, so that many do not come back at once."""


class SystemClock:
    """The machine's clocks and its random source."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def token_bytes(self, size: int) -> bytes:
        return secrets.token_bytes(size)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{readable_id(self.token_bytes(8))}"

    def jitter(self, spread: float) -> float:
        return random.random() * spread


def readable_id(raw: bytes) -> str:
    """The id that these bytes, eight or more, stand for."""
    number = int.from_bytes(raw, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(0, 5 * _ID_LENGTH, 5))
