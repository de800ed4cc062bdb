"""The clock, the random numbers and the names of this client. No other module reads them."""

from __future__ import annotations

import random
import secrets
import time

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0


def now() -> float:
    """Return seconds since an arbitrary start."""
    return time.monotonic()


def new_name() -> str:
    """Return a name that no other client has."""
    return f"py-{secrets.token_hex(6)}"


def delay(tries: int) -> float:
    """Return the seconds before attempt number `tries`, from 0.

    The delay doubles up to 30 seconds. A factor from 0.5 to 1.5 keeps many clients from
    connecting at the same time.
    """
    base = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(tries, 16))
    return base * (0.5 + random.random())


class Names:
    """Makes the ids of requests: the client's name, a part for this process, and a counter."""

    def __init__(self, client: str) -> None:
        self._prefix = f"{client[:128]}.{secrets.token_hex(4)}"
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"{self._prefix}.{self._count}"
