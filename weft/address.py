"""The address of a server and a document, and the token: checked before the first request."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from weft.errors import BadAddressError, TokenRefusedError, WeftError

# A token, or a function that returns one. It is called again when the token expires.
Token: TypeAlias = str | Callable[[], str] | Callable[[], Awaitable[str]]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
_LONGEST_CLIENT = 128
TOKEN_WITHIN = 15.0
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
        (parts.hostname or "").encode("idna")  # raises for a name that DNS cannot have
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
    if not _NAME.fullmatch(document):
        raise BadAddressError(
            f"{document!r} is no name of a document: use at most 128 letters, digits and ._:~- "
            "and begin with a letter or a digit"
        )
    return Address(server_of(url), document)


def client_name(given: str) -> str:
    """Return the name of the program as the server keeps it, or raise `BadAddressError`."""
    if not isinstance(given, str) or not given.isprintable():
        raise BadAddressError("`client` must be a text without line breaks and control characters")
    return given[:_LONGEST_CLIENT]


async def fetch(token: Token) -> str:
    """Return the token itself, or the result of the function.

    Raise `TokenRefusedError` when the result is no token, and any other error when the function
    fails or takes too long.
    """
    found = token() if callable(token) else token
    if inspect.isawaitable(found):
        found = await _result(found)
    if not isinstance(found, str) or not found.strip():
        raise TokenRefusedError("`token` must be a text, or a function that returns one")
    found = found.strip()  # a token that was read from a program or a file ends with a line break
    if not (found.isascii() and found.isprintable()):
        raise TokenRefusedError("the token is not a JSON Web Token: get a new token")
    return found


async def _result(function: Awaitable[str]) -> str:
    """Await the program's function, in a task of its own: when it is cancelled, we are not."""
    task = asyncio.ensure_future(function)
    try:
        await asyncio.wait({task}, timeout=TOKEN_WITHIN)
        if not task.done():
            raise WeftError(f"it has not returned within {TOKEN_WITHIN:g} seconds", "token_failed")
        if task.cancelled():
            raise WeftError("it was cancelled", "token_failed")
        return task.result()
    finally:
        task.cancel()
