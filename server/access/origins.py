"""Origins: which web pages may connect. Browsers send an Origin header; other clients need none."""

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

# A Host as browsers send it (RFC 6454, section 6.2): in lower case, with internationalised names in
# ASCII, and without a path. Browsers neither add nor remove a trailing dot. A request with another
# Host has no own origin.
_HOST = re.compile(r"([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}
# Each refused origin is logged once in `LOGGED_EVERY` seconds. At most `MOST_LOGGED` origins are
# logged in that time, and at most `LONGEST_LOGGED` characters of each.
LOGGED_EVERY = 60.0
MOST_LOGGED = 64
LONGEST_LOGGED = 256

Headers = Iterable[tuple[bytes, bytes]]


class Origins:
    """The allow-list of origins.

    Invariant: an Origin is allowed only when it equals, byte for byte, a listed origin or the
    server's own. The server's own origins are that of the public URL and that of the Host header.
    `null` is never allowed. Browsers omit the default port, so this class removes it from listed
    origins. A refused origin is logged at most once a minute.
    """

    def __init__(
        self, listed: Sequence[str] = (), public_url: str = "", clock: Clock | None = None
    ) -> None:
        self.listed = frozenset(_as_sent(each) for each in (*listed, public_url) if each)
        self._clock = clock or SystemClock()
        self._logged: OrderedDict[str, float] = OrderedDict()

    def allows(self, origins: Sequence[str], hosts: Sequence[str]) -> bool:
        """Whether a request with these Origin and Host headers is allowed."""
        if not origins:
            return True
        if len(origins) > 1:
            return False
        return origins[0] in self.listed or origins[0] in _own(hosts)

    def allows_request(self, headers: Headers) -> bool:
        """Whether a request with these headers is allowed. A refused origin is logged."""
        origins, hosts = _values(headers, b"origin"), _values(headers, b"host")
        if self.allows(origins, hosts):
            return True
        self._log(", ".join(origins), ", ".join(hosts))
        return False

    def _log(self, origin: str, host: str) -> None:
        """Log the origin, unless it was logged within the last minute."""
        now, origin = self._clock.monotonic(), origin[:LONGEST_LOGGED]
        while self._logged and now - next(iter(self._logged.values())) >= LOGGED_EVERY:
            self._logged.popitem(last=False)
        if origin in self._logged or len(self._logged) >= MOST_LOGGED:
            return
        self._logged[origin] = now
        logger.warning(
            "refused a page of the origin %s: it is not in WEFT_ORIGINS and not WEFT_PUBLIC_URL",
            origin,
            extra={"origin": origin, "host": host[:LONGEST_LOGGED]},
        )


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for found, value in headers if found.lower() == name]


def _own(hosts: Sequence[str]) -> frozenset[str]:
    """Return the Host with `http://` and with `https://`, because a proxy may have removed TLS."""
    if len(hosts) != 1 or _HOST.fullmatch(hosts[0].lower()) is None:
        return frozenset()
    return frozenset(_as_sent(f"{scheme}://{hosts[0]}") for scheme in _DEFAULT_PORT)


def _as_sent(origin: str) -> str:
    """Return the origin as a browser writes it."""
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORT[scheme])}"
