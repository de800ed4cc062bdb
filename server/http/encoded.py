"""Values as JSON bytes, shared by all answers with the same value that are on their way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

from starlette.responses import Response

from collab import wire
from server.beside import LARGE, beside

if TYPE_CHECKING:
    from collab.ids import DocKey, Json


def encode(value: Json) -> bytes:
    return wire.encode(cast(Any, value))


class Encoded:
    """Bytes that can be referred to weakly."""

    __slots__ = ("__weakref__", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body


class Encodings:
    """The values that are being sent.

    Invariant: the value of one version of a document is in memory once, however many clients it
    is sent to, and not at all when it was sent.
    """

    def __init__(self) -> None:
        self._held: WeakValueDictionary[tuple[DocKey, int, int], Encoded] = WeakValueDictionary()
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._held)

    async def answer(
        self, key: DocKey, epoch: int, version: int, value: Json, size: int
    ) -> Response:
        """A response with the value as its body, which takes about `size` bytes."""
        at = key, epoch, version
        if size > LARGE:
            return _SharedResponse(await self.encode(key, epoch, version, value))
        return _SharedResponse(self._held.get(at) or self._hold(at, encode(value)))

    async def encode(self, key: DocKey, epoch: int, version: int, value: Json) -> Encoded:
        """A large value, encoded beside the loop; it is shared for as long as it is held."""
        at = key, epoch, version
        async with self._turn:  # the next who wants it finds it
            return self._held.get(at) or self._hold(at, await beside(encode, value))

    def _hold(self, at: tuple[DocKey, int, int], body: bytes) -> Encoded:
        encoded = self._held[at] = Encoded(body)
        return encoded


class _SharedResponse(Response):
    """Keeps its bytes shared until it is sent."""

    media_type = "application/json"

    def __init__(self, encoded: Encoded) -> None:
        super().__init__(encoded.body)
        self._encoded = encoded
        self.headers["X-Content-Type-Options"] = "nosniff"
