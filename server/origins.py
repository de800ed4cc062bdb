"""Origins: which web pages may connect. Who sends none is no page, and its token decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What a browser sends (RFC 6454, section 6.2): in small letters, an internationalised name in its
# ASCII form, no trailing dot added or dropped, no path. Whatever looks otherwise is nobody's.
_HOST = re.compile(r"([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Origins:
    """The allow-list; without one, the server's own address, as the Host header names it.

    Invariant: an Origin is admitted only when it equals, byte for byte, one that is listed;
    `null` is never listed. A listed origin's default port is left out, as browsers do.
    """

    def __init__(self, listed: Sequence[str] = ()) -> None:
        self.listed = tuple(map(_as_sent, listed))

    def admits(self, origins: Sequence[str], hosts: Sequence[str]) -> bool:
        """Whether a request with these Origin and Host headers may go on."""
        if not origins:
            return True
        if len(origins) > 1:
            return False
        return origins[0] in (self.listed or _own(hosts))

    def admits_headers(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """The same of a request's headers as ASGI gives them."""
        found: dict[bytes, list[str]] = {b"origin": [], b"host": []}
        for name, value in headers:
            if name.lower() in found:
                found[name.lower()].append(value.decode("latin-1"))
        return self.admits(found[b"origin"], found[b"host"])


def _own(hosts: Sequence[str]) -> frozenset[str]:
    """`http://` and `https://` + Host: a proxy may have taken TLS off before us."""
    if len(hosts) != 1 or _HOST.fullmatch(hosts[0].lower()) is None:
        return frozenset()
    return frozenset(_as_sent(f"{scheme}://{hosts[0]}") for scheme in _DEFAULT_PORT)


def _as_sent(origin: str) -> str:
    """The origin as a browser would write it."""
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORT[scheme])}"
