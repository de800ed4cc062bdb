"""Time and randomness. No other module reads a clock or a random source."""

from __future__ import annotations

import random
import secrets
import time
from typing import Protocol

# Crockford's alphabet in lower case: it has no letter that looks like a digit.
_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH = 12  # 60 random bits: five of each byte
_READABLE = _ALPHABET * 8  # for each byte, the letter of its last five bits


class Clock(Protocol):
    """The source of time and randomness. A test passes its own.

    Use `monotonic` for durations: it never goes back. Use `thread_seconds` for the cost of work:
    other processes and threads do not make it longer. Use `now_ms` for times that people or other
    machines read: it is the wall clock, which may jump.
    """

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start."""

    def thread_seconds(self) -> float:
        """Return the seconds of processor time that the calling thread has used."""

    def token_bytes(self, size: int) -> bytes:
        """Return random bytes that are safe for secrets."""

    def new_id(self, prefix: str) -> str:
        """Return `prefix-` followed by 60 random bits as text."""

    def jitter(self, spread: float) -> float:
        """Return a random number from 0 to `spread`, to spread out retries."""


class SystemClock:
    """The clocks and the random source of the machine."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    # The functions themselves, because each edit reads the clock several times.
    monotonic = staticmethod(time.monotonic)
    thread_seconds = staticmethod(time.thread_time)
    token_bytes = staticmethod(secrets.token_bytes)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{readable_id(self.token_bytes(_ID_LENGTH))}"

    def jitter(self, spread: float) -> float:
        return random.random() * spread


def readable_id(raw: bytes) -> str:
    """Return the id that random bytes give: a letter for each byte."""
    return raw.translate(_READABLE).decode()
