"""Budgets: token buckets for bytes and messages that may go into debt by one frame.

Rules B1-B4 of SPEC.md. Nothing here reads a clock: `now` is in seconds of any clock that
does not go back, always the same one.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from collab import messages

# Of a unit: what many small earnings lose in floating point is no debt to wait 1e-16 s for.
NEGLIGIBLE = 1e-6
# Work that is dearer than its bytes: beyond a millisecond a request, a second of it counts as
# what may be sent in ten. So one user's updates take a tenth of the process, and a burst.
WORK_SECONDS = 0.001
WORK_SHARE = 0.1


class Budget:
    """Earns `rate` units a second up to `burst`; rate 0 is no budget at all.

    Invariant: what was spent never exceeds `burst + rate * time` by more than the last
    frame. So a frame larger than the whole burst can still go out; it is paid for by a
    longer wait afterwards.
    """

    __slots__ = ("_level", "_updated_at", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = float(burst)
        self._updated_at = now

    def spend(self, amount: float, now: float) -> None:
        """Charge a frame that goes out, or came in, now."""
        if self.rate:
            self._earn(now)
            self._level -= amount

    def try_spend(self, amount: float, now: float) -> bool:
        """Charge a frame if `would_fit`; this is asked of every reader for every frame."""
        if not self.rate:
            return True
        passed = now - self._updated_at
        level = self._level
        if passed > 0:
            self._updated_at = now
            level += passed * self.rate
            if level > self.burst:
                level = self.burst
        if level >= min(amount, self.burst) - NEGLIGIBLE:
            self._level = level - amount
            return True
        self._level = level
        return False

    def wait(self, now: float, amount: float = 0) -> float:
        """Seconds until a frame of `amount` may go; without it, until there is no debt."""
        if not self.rate:
            return 0.0
        self._earn(now)
        lacking = min(amount, self.burst) - self._level
        return lacking / self.rate if lacking > NEGLIGIBLE else 0.0

    def would_fit(self, amount: float, now: float) -> bool:
        """Whether `amount` may be spent now: from the level, or as more than any level holds."""
        return self.wait(now, amount) == 0.0

    def whole_units(self, now: float) -> int | None:
        """How many units are left before there is debt; None where there is no budget."""
        if not self.rate:
            return None
        self._earn(now)
        return max(0, int(self._level))

    def _earn(self, now: float) -> None:
        passed = now - self._updated_at
        if passed > 0:
            self._level = min(self.burst, self._level + passed * self.rate)
            self._updated_at = now


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one side of a connection may use, by the settings; a rate of 0 is no limit."""

    bytes_per_second: int
    bytes_burst: int
    messages_per_second: int = 0
    messages_burst: int = 0

    @property
    def on_wire(self) -> messages.Budget:
        return messages.Budget(bytes_per_second=self.bytes_per_second, burst=self.bytes_burst)


class Meter:
    """Bytes and messages spent together: neither moves without the other."""

    __slots__ = ("allowance", "bytes", "fill_time", "messages")

    def __init__(self, allowance: Allowance, now: float) -> None:
        self.allowance = allowance
        rate = allowance.bytes_per_second
        self.fill_time = allowance.bytes_burst / rate if rate else 0.0  # of the bytes, from none
        self.bytes = Budget(allowance.bytes_per_second, allowance.bytes_burst, now)
        self.messages = Budget(allowance.messages_per_second, allowance.messages_burst, now)

    def spend(self, size: int, now: float, count: int = 1) -> None:
        """Charge a frame of `size` bytes that holds `count` messages."""
        self.bytes.spend(size, now)
        self.messages.spend(count, now)

    def charge(self, seconds: float, now: float) -> None:
        """Charge the time that a request took, as bytes."""
        dear = seconds - WORK_SECONDS
        if dear > 0:
            self.bytes.spend(dear / WORK_SHARE * self.allowance.bytes_per_second, now)

    def try_spend(self, size: int, now: float) -> bool:
        """Charge a frame of one message if both budgets let it go now."""
        if not self.messages.rate:
            return self.bytes.try_spend(size, now)
        if not self.messages.would_fit(1, now) or not self.bytes.try_spend(size, now):
            return False
        self.messages.spend(1, now)
        return True

    def wait(self, now: float, size: int = 0, count: int = 0) -> float:
        """Seconds until both budgets let it; 0.0 when it may go now."""
        return max(self.bytes.wait(now, size), self.messages.wait(now, count))

    def would_fit(self, size: int, now: float, count: int = 1) -> bool:
        return self.wait(now, size, count) == 0.0

    def refill_time(self, now: float) -> float:
        """Seconds until it is as good as new."""
        allowance = self.allowance
        return self.wait(now, allowance.bytes_burst, allowance.messages_burst)


class Purse:
    """The budgets of one user in one document, whichever of their connections spends them."""

    __slots__ = ("_large_sender", "connections", "inbound", "outbound")

    def __init__(self, inbound: Allowance, outbound: Allowance, now: float) -> None:
        self.inbound = Meter(inbound, now)
        self.outbound = Meter(outbound, now)
        self.connections = 0
        self._large_sender: object | None = None

    def claim_large_frame(self, connection: object) -> bool:
        """Whether this connection may send one large frame: one of the user's may at a time."""
        if self._large_sender is not None:
            return False
        self._large_sender = connection
        return True

    def release_large_frame(self, connection: object) -> bool:
        """The connection has sent it, or is gone; whether it was the one that may."""
        if self._large_sender is not connection:
            return False
        self._large_sender = None
        return True

    def refill_time(self, now: float) -> float:
        return max(self.inbound.refill_time(now), self.outbound.refill_time(now))


class Purses:
    """Every user's purse, by (document, user).

    Invariant: a purse is forgotten only when nobody is connected and it is full again, so
    that to reconnect, or to wait for the sweep, earns nothing that time alone does not.
    """

    def __init__(self, inbound: Allowance, outbound: Allowance) -> None:
        self._inbound = inbound
        self._outbound = outbound
        self._purses: dict[Hashable, Purse] = {}
        self._idle: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._purses)

    def take(self, owner: Hashable, now: float) -> Purse:
        """The owner's purse for one more connection (or one HTTP request); `put_back` ends it."""
        self._idle.pop(owner, None)
        purse = self._purses.get(owner)
        if purse is None:
            purse = self._purses[owner] = Purse(self._inbound, self._outbound, now)
        purse.connections += 1
        return purse

    def put_back(self, owner: Hashable, now: float) -> None:
        purse = self._purses[owner]
        purse.connections -= 1
        if not purse.connections:
            self._idle[owner] = now + purse.refill_time(now)

    def forget(self, now: float) -> int:
        """Drop the purses that are full and in nobody's hands; how many went."""
        full = [owner for owner, full_at in self._idle.items() if full_at <= now]
        for owner in full:
            del self._idle[owner], self._purses[owner]
        return len(full)


def to_ms(seconds: float) -> int:
    """A wait as the wire states it: rounded up, so that nobody comes back a moment too early."""
    return -int(-seconds * 1000 // 1)
