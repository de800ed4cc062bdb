"""A clock that a test advances by hand, with repeatable random bytes."""

from __future__ import annotations

from hashlib import sha256

from server.runtime.clock import readable_id


class ManualClock:
    """Time passes only by `advance`, and by `per_reading` at each call of `monotonic`.

    The same calls return the same bytes in every run.
    """

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self.ms = now_ms
        self.seconds = 1000.0
        self.per_reading = 0.0
        self._stalled = 0.0
        self._drawn = 0

    def advance(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        self.seconds += seconds

    def stall(self, seconds: float) -> None:
        """Let time pass in which no thread of the process runs."""
        self.advance(seconds)
        self._stalled += seconds

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        self.seconds += self.per_reading
        return self.seconds

    def thread_seconds(self) -> float:
        return self.seconds - self._stalled

    def token_bytes(self, size: int) -> bytes:
        self._drawn += 1
        blocks = (sha256(b"%d.%d" % (self._drawn, i)).digest() for i in range(size // 32 + 1))
        return b"".join(blocks)[:size]

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{readable_id(self.token_bytes(12))}"

    def jitter(self, spread: float) -> float:
        return spread / 2
