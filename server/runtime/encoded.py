"""Values as JSON bytes: shared by all answers that are on their way, and compressed once."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import WeakValueDictionary

import brotli
from starlette.responses import Response

from collab import wire
from server.runtime.worker_threads import LARGE, beside

if TYPE_CHECKING:
    from collab.ids import DocKey, Json

# A body of so many bytes fits in one packet, and is sent as it is.
PLAIN_BYTES = 1024
# Compressed bodies that are kept for the next client, and what each takes beside its bytes.
KEPT_BYTES = 16 << 20
OVERHEAD = 512


def encode(value: Json) -> bytes:
    return wire.encode(cast(Any, value))


class Position(NamedTuple):
    """One version of a document; another epoch's versions are other ones."""

    epoch: int
    version: int

    @property
    def opaque(self) -> str:
        """What stands between the quotes of its entity tag."""
        return f"{self.epoch}.{self.version}"

    @property
    def tag(self) -> str:
        """The strong entity tag."""
        return f'"{self.opaque}"'


class Place(NamedTuple):
    """A value of a document at a version: the whole one, or what stands under `pointer`."""

    key: DocKey
    at: Position
    pointer: str = ""


class Encoded:
    """Bytes that can be referred to weakly."""

    __slots__ = ("__weakref__", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body


class Encodings:
    """The values that are being sent, and what was compressed of them.

    Invariant: the value of one version of a document is in memory once, however many clients it
    is sent to, and not at all when it was sent. Compressed bodies take at most `KEPT_BYTES`, the
    one that was asked for longest ago goes first. One body is compressed at a time, because the
    threads beside the loop are few, and edits need them too.
    """

    def __init__(self) -> None:
        self._held: WeakValueDictionary[Place, Encoded] = WeakValueDictionary()
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[tuple[Place, str], bytes] = OrderedDict()
        self._packing = asyncio.Lock()
        self.kept_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    async def answer(self, place: Place, value: Json, size: int, coding: str = "") -> Response:
        """A response with the value as its body, which takes about `size` bytes.

        A compressed one has a weak tag: its bytes are others for each coding.
        """
        packed = self._packed(place, coding) if coding else None
        if packed is not None:
            return _compressed(packed, place, coding)
        encoded = await self._encoded(place, value, size)
        if not coding or len(encoded.body) <= PLAIN_BYTES:
            return _SharedResponse(encoded, place)
        return _compressed(await self._pack(place, coding, encoded.body), place, coding)

    async def encode(self, place: Place, value: Json) -> Encoded:
        """A large value, encoded beside the loop; it is shared for as long as it is held."""
        async with self._turn:  # the next who wants it finds it
            return self._held.get(place) or self._hold(place, await beside(encode, value))

    async def _encoded(self, place: Place, value: Json, size: int) -> Encoded:
        if size > LARGE:
            return await self.encode(place, value)
        return self._held.get(place) or self._hold(place, encode(value))

    def _hold(self, place: Place, body: bytes) -> Encoded:
        encoded = self._held[place] = Encoded(body)
        return encoded

    # --- compressed -------------------------------------------------------------------------

    def _packed(self, place: Place, coding: str) -> bytes | None:
        packed = self._kept.get((place, coding))
        if packed is not None:
            self._kept.move_to_end((place, coding))
        return packed

    async def _pack(self, place: Place, coding: str, body: bytes) -> bytes:
        async with self._packing:
            packed = self._packed(place, coding)
            if packed is None:
                packed = await beside(compress_fast, coding, body)
                self._keep(place, coding, packed)
            return packed

    def _keep(self, place: Place, coding: str, packed: bytes) -> None:
        self._kept[place, coding] = packed
        self.kept_bytes += _size(place, packed)
        while self.kept_bytes > KEPT_BYTES:
            (oldest, _), gone = self._kept.popitem(last=False)
            self.kept_bytes -= _size(oldest, gone)


class _SharedResponse(Response):
    """Keeps its bytes shared until it is sent."""

    media_type = "application/json"

    def __init__(self, encoded: Encoded, place: Place) -> None:
        super().__init__(encoded.body)
        self._encoded = encoded
        self.headers["X-Content-Type-Options"] = "nosniff"
        self.headers["ETag"] = place.at.tag


def _size(place: Place, packed: bytes) -> int:
    return OVERHEAD + len(place.pointer) + len(packed)


def _compressed(packed: bytes, place: Place, coding: str) -> Response:
    response = Response(packed, media_type="application/json")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Encoding"] = coding
    response.headers["ETag"] = f"W/{place.at.tag}"
    return response


# --- compression: `br` and `gzip`, slow where it is done once for all readers ---------------

_BROTLI_FAST = 256 * 1024  # beyond it the best compression takes too long: 0.4 s a megabyte


def compress_well(coding: str, body: bytes) -> bytes:
    """What is published: made once for all readers, so it may take its time."""
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    packed: bytes = brotli.compress(body, quality=9 if len(body) <= _BROTLI_FAST else 5)
    return packed


def compress_fast(coding: str, body: bytes) -> bytes:
    """A draft: the next edit makes another one."""
    if coding == "gzip":
        return gzip.compress(body, 4, mtime=0)
    packed: bytes = brotli.compress(body, quality=3)
    return packed
