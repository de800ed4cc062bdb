"""Lock terms: how long a lock lasts, how long a take-over waits, how many locks are allowed."""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_TTL, LONGEST_TTL = 1.0, 3600.0
# The most locks of a document. An insertion before locked elements moves all their locks. Each
# moved lock costs a row, a broadcast and a line of the audit trail. With 900 locks, an insertion
# took 80 ms, and other documents waited for it (measured).
MAX_LOCKS = 250


@dataclass(frozen=True, slots=True)
class LockTerms:
    """The durations of locks, in seconds."""

    ttl: float = 300.0  # used when a request has no `ttl`
    grace: float = 20.0  # the holder's time to answer a take-over

    def ttl_ms(self, ttl: float | None) -> int:
        """Return how long a lock lasts, in milliseconds; `ttl` is the requested time in seconds."""
        seconds = self.ttl if ttl is None else ttl
        return int(min(max(seconds, SHORTEST_TTL), LONGEST_TTL) * 1000)

    @property
    def grace_ms(self) -> int:
        """The grace in milliseconds."""
        return int(self.grace * 1000)


DEFAULT_TERMS = LockTerms()
