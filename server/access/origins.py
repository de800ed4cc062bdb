"""Origins: which web pages may connect. A client that sends none is no page; its token decides."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from server.runtime.clock import SystemClock

if TYPE_CHECKING:
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

# What a browser sends (RFC 6454, section 6.2): in small letters, an internationalised name in its
# ASCII form, no trailing dot added or dropped, no path. Anything else is refused.
_HOST = re.compile(r"([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}
# How often one origin is logged, how many are in that time, and how much of a name.
LOGGED_EVERY = 60.0
MOST_LOGGED = 64
LONGEST_LOGGED = 256

Headers = Iterable[tuple[bytes, bytes]]


class Origins:
    """The allow-list, and the server's own address, as the Host header or its public URL names it.

    Invariant: an Origin is allowed only when it equals, byte for byte, one that is listed or the
    server's own; `null` is neither. A listed origin's default port is left out, as browsers do.
    A refused origin is logged once a minute at most.
    """

    def __init__(
        self, listed: Sequence[str] = (), public_url: str = "", clock: Clock | None = None
    ) -> None:
        self.listed = frozenset(_as_sent(each) for each in (*listed, public_url) if each)
        self._clock = clock or SystemClock()
        self._logged: OrderedDict[str, float] = OrderedDict()

    def allows(self, origins: Sequence[str], hosts: Sequence[str]) -> bool:
        """Whether a request with these Origin and Host headers may go on."""
        if not origins:
            return True
        if len(origins) > 1:
            return False
        return origins[0] in self.listed or origins[0] in _own(hosts)

    def allows_request(self, headers: Headers) -> bool:
        """Whether a request with these headers may go on; a refused origin is logged."""
        origins, hosts = _values(headers, b"origin"), _values(headers, b"host")
        if self.allows(origins, hosts):
            return True
        self._log(", ".join(origins), ", ".join(hosts))
        return False

    def _log(self, origin: str, host: str) -> None:
        """Name the origin, unless it was named within the last minute."""
        now, origin = self._clock.monotonic(), origin[:LONGEST_LOGGED]
        while self._logged and now - next(iter(self._logged.values())) >= LOGGED_EVERY:
            self._logged.popitem(last=False)
        if origin in self._logged or len(self._logged) >= MOST_LOGGED:
            return
        self._logged[origin] = now
        logger.warning(
            "a page of the origin %s was refused; it is not in WEFT_ORIGINS, nor WEFT_PUBLIC_URL",
            origin,
            extra={"origin": origin, "host": host[:LONGEST_LOGGED]},
        )


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for found, value in headers if found.lower() == name]


def _own(hosts: Sequence[str]) -> frozenset[str]:
    """`http://` and `https://` + Host: a proxy may have taken TLS off before us."""
    if len(hosts) != 1 or _HOST.fullmatch(hosts[0].lower()) is None:
        return frozenset()
    return frozenset(_as_sent(f"{scheme}://{hosts[0]}") for scheme in _DEFAULT_PORT)


def _as_sent(origin: str) -> str:
    """The origin as a browser would write it."""
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORT[scheme])}"
