"""Values as JSON bytes. Responses with the same value share its bytes, also the compressed ones."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import WeakValueDictionary

import brotli
from starlette.responses import Response

from collab import wire
from server.runtime.worker_threads import LARGE, run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey, Json

# A body of at most this many bytes fits in one packet, so it is not compressed.
PLAIN_BYTES = 1024
# The most bytes in the cache of compressed bodies. Each body counts `OVERHEAD` bytes more than its
# length.
KEPT_BYTES = 16 << 20
OVERHEAD = 512


def encode(value: Json) -> bytes:
    return wire.encode(cast(Any, value))


class Position(NamedTuple):
    """One version of a document, in its epoch."""

    epoch: int
    version: int

    @property
    def opaque(self) -> str:
        """The text between the quotes of the entity tag."""
        return f"{self.epoch}.{self.version}"

    @property
    def tag(self) -> str:
        """The strong entity tag."""
        return f'"{self.opaque}"'


class ValueKey(NamedTuple):
    """The value of a document at a version, or the part of it at `pointer`."""

    key: DocKey
    at: Position
    pointer: str = ""


class Encoded:
    """Encoded bytes in an object, because a weak reference cannot point to `bytes`."""

    __slots__ = ("__weakref__", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body


class EncodedValues:
    """The encoded values that responses send now, and a cache of compressed bodies.

    Invariant: the bytes of one version are in memory once, however many clients read them. Python
    frees them after the last response. The cache takes at most `KEPT_BYTES`, and drops the least
    recently used body first. Only one body is compressed at a time, because there are few worker
    threads, and edits need them too.
    """

    def __init__(self) -> None:
        self._held: WeakValueDictionary[ValueKey, Encoded] = WeakValueDictionary()
        self._encoding = asyncio.Lock()
        self._kept: OrderedDict[tuple[ValueKey, str], bytes] = OrderedDict()
        self._compressing = asyncio.Lock()
        self.kept_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    async def response(self, key: ValueKey, value: Json, size: int, coding: str = "") -> Response:
        """Return a response with the value as its body; `size` estimates its bytes.

        `coding` is `br`, `gzip`, or empty for an uncompressed body. A compressed response has a
        weak entity tag, because the bytes of each coding differ.
        """
        compressed = self._find_compressed(key, coding) if coding else None
        if compressed is not None:
            return _compressed_response(compressed, key, coding)
        encoded = await self._encoded(key, value, size)
        if not coding or len(encoded.body) <= PLAIN_BYTES:
            return _SharedResponse(encoded, key)
        return _compressed_response(await self._compress(key, coding, encoded.body), key, coding)

    async def encode(self, key: ValueKey, value: Json) -> Encoded:
        """Encode a large value in a worker thread. Callers at the same time share the bytes."""
        async with self._encoding:  # one caller at a time, so that the next one finds the result
            return self._held.get(key) or self._hold(key, await run_in_thread(encode, value))

    async def _encoded(self, key: ValueKey, value: Json, size: int) -> Encoded:
        if size > LARGE:
            return await self.encode(key, value)
        return self._held.get(key) or self._hold(key, encode(value))

    def _hold(self, key: ValueKey, body: bytes) -> Encoded:
        encoded = self._held[key] = Encoded(body)
        return encoded

    # --- the cache of compressed bodies -----------------------------------------------------

    def _find_compressed(self, key: ValueKey, coding: str) -> bytes | None:
        compressed = self._kept.get((key, coding))
        if compressed is not None:
            self._kept.move_to_end((key, coding))
        return compressed

    async def _compress(self, key: ValueKey, coding: str, body: bytes) -> bytes:
        async with self._compressing:
            compressed = self._find_compressed(key, coding)
            if compressed is None:
                compressed = await run_in_thread(compress_fast, coding, body)
                self._keep(key, coding, compressed)
            return compressed

    def _keep(self, key: ValueKey, coding: str, compressed: bytes) -> None:
        self._kept[key, coding] = compressed
        self.kept_bytes += _size(key, compressed)
        while self.kept_bytes > KEPT_BYTES:
            (oldest, _), gone = self._kept.popitem(last=False)
            self.kept_bytes -= _size(oldest, gone)


class _SharedResponse(Response):
    """An uncompressed response. It keeps the shared bytes in memory until it is sent."""

    media_type = "application/json"

    def __init__(self, encoded: Encoded, key: ValueKey) -> None:
        super().__init__(encoded.body)
        self._encoded = encoded
        self.headers["X-Content-Type-Options"] = "nosniff"
        self.headers["ETag"] = key.at.tag


def _size(key: ValueKey, compressed: bytes) -> int:
    return OVERHEAD + len(key.pointer) + len(compressed)


def _compressed_response(compressed: bytes, key: ValueKey, coding: str) -> Response:
    response = Response(compressed, media_type="application/json")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Encoding"] = coding
    response.headers["ETag"] = f"W/{key.at.tag}"
    return response


# --- compression: `br` and `gzip` ------------------------------------------------------------

_BROTLI_FAST = 256 * 1024  # for a larger body, quality 9 takes too long: 0.4 s a megabyte


def compress_well(coding: str, body: bytes) -> bytes:
    """Compress a published body well. This may be slow: it happens once for all readers."""
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    compressed: bytes = brotli.compress(body, quality=9 if len(body) <= _BROTLI_FAST else 5)
    return compressed


def compress_fast(coding: str, body: bytes) -> bytes:
    """Compress a draft (the newest version) fast, because the next edit makes another body."""
    if coding == "gzip":
        return gzip.compress(body, 4, mtime=0)
    compressed: bytes = brotli.compress(body, quality=3)
    return compressed
