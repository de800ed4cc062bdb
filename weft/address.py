"""The address of a server and a document, and the token: checked before the first request."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from weft.errors import BadAddressError, TokenRefusedError

# A token, or a function that returns one. It is called again when the token expires.
Token: TypeAlias = str | Callable[[], str] | Callable[[], Awaitable[str]]

_HTTP = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Address:
    """A document of a server. `server` begins with http, and has no slash at its end."""

    server: str
    document: str

    @property
    def socket(self) -> str:
        """The URL of the patch lane."""
        return f"ws{self.server.removeprefix('http')}/v1/docs/{quote(self.document, safe='')}/live"

    @property
    def path(self) -> str:
        return f"/v1/docs/{quote(self.document, safe='')}"


def server_of(url: str) -> str:
    """Return the address of a server, or raise `BadAddressError`."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in _HTTP and bool(parts.hostname) and parts.port != 0
    except (ValueError, AttributeError, TypeError):
        valid = False
    if not valid:
        raise BadAddressError(
            f"{url!r} is no address of a server: write it as https://weft.example"
        )
    if parts.query or parts.fragment:
        raise BadAddressError(f"{url!r} has a query or a fragment: leave it out")
    return f"{_HTTP[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}"


def address_of(url: str, document: str) -> Address:
    """Return the address of a document, or raise `BadAddressError`."""
    if not isinstance(document, str) or not document:
        raise BadAddressError("name the document: for example `weft.connect(url, 'home', ...)`")
    return Address(server_of(url), document)


async def fetch(token: Token) -> str:
    """Return the token itself, or the result of the function."""
    found = token() if callable(token) else token
    if inspect.isawaitable(found):
        found = await found
    if not isinstance(found, str) or not found:
        raise TokenRefusedError("`token` must be a text, or a function that returns one")
    return found
