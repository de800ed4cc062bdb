"""Lock terms: the settings of a document's locks."""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_TTL, LONGEST_TTL = 1.0, 3600.0
# An insert above locks moves all of them: a row, a broadcast, a line of the audit trail. Above
# 900 it took 80 ms, and other documents waited for it (measured).
MAX_LOCKS = 250


@dataclass(frozen=True, slots=True)
class LockTerms:
    """In seconds."""

    ttl: float = 300.0  # where a request names none
    grace: float = 20.0  # for its holder to answer a take-over

    def ttl_ms(self, ttl: float | None) -> int:
        """How many milliseconds a lock is held, for the seconds that were asked for."""
        seconds = self.ttl if ttl is None else ttl
        return int(min(max(seconds, SHORTEST_TTL), LONGEST_TTL) * 1000)

    @property
    def grace_ms(self) -> int:
        return int(self.grace * 1000)


DEFAULT_TERMS = LockTerms()
