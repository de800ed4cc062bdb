"""Values as JSON bytes, shared by all answers with the same value that are on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

from starlette.responses import Response

from collab import wire

if TYPE_CHECKING:
    from collab.ids import DocKey, Json


class _Encoded:
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
        self._held: WeakValueDictionary[tuple[DocKey, int, int], _Encoded] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._held)

    def answer(self, key: DocKey, epoch: int, version: int, value: Json) -> Response:
        """A response with the value as its body."""
        encoded = self._held.get((key, epoch, version))
        if encoded is None:
            encoded = self._held[key, epoch, version] = _Encoded(wire.encode(cast(Any, value)))
        return _SharedResponse(encoded)


class _SharedResponse(Response):
    """Keeps its bytes shared until it is sent."""

    media_type = "application/json"

    def __init__(self, encoded: _Encoded) -> None:
        super().__init__(encoded.body)
        self._encoded = encoded
        self.headers["X-Content-Type-Options"] = "nosniff"
