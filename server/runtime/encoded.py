"""Values as JSON bytes: shared by all answers that are being sent, and compressed once."""

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
        """The text between the quotes of its entity tag."""
        return f"{self.epoch}.{self.version}"

    @property
    def tag(self) -> str:
        """The strong entity tag."""
        return f'"{self.opaque}"'


class ValueKey(NamedTuple):
    """A value of a document at a version: the whole one, or the part at `pointer`."""

    key: DocKey
    at: Position
    pointer: str = ""


class Encoded:
    """Bytes that can be referred to weakly."""

    __slots__ = ("__weakref__", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body


class EncodedValues:
    """The values that are being sent, and what was compressed of them.

    Invariant: the value of one version of a document is in memory once, however many clients it
    is sent to, and not at all when it was sent. Compressed bodies take at most `KEPT_BYTES`; the
    least recently used one is dropped first. One body is compressed at a time, because the worker
    threads are few, and edits need them too.
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
        """A response with the value as its body, which takes about `size` bytes.

        A compressed one has a weak tag: its bytes are others for each coding.
        """
        compressed = self._find_compressed(key, coding) if coding else None
        if compressed is not None:
            return _compressed_response(compressed, key, coding)
        encoded = await self._encoded(key, value, size)
        if not coding or len(encoded.body) <= PLAIN_BYTES:
            return _SharedResponse(encoded, key)
        return _compressed_response(await self._compress(key, coding, encoded.body), key, coding)

    async def encode(self, key: ValueKey, value: Json) -> Encoded:
        """A large value, encoded in a worker thread; it is shared for as long as it is held."""
        async with self._encoding:  # the next caller finds it
            return self._held.get(key) or self._hold(key, await run_in_thread(encode, value))

    async def _encoded(self, key: ValueKey, value: Json, size: int) -> Encoded:
        if size > LARGE:
            return await self.encode(key, value)
        return self._held.get(key) or self._hold(key, encode(value))

    def _hold(self, key: ValueKey, body: bytes) -> Encoded:
        encoded = self._held[key] = Encoded(body)
        return encoded

    # --- compressed -------------------------------------------------------------------------

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
    """Keeps its bytes shared until it is sent."""

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


# --- compression: `br` and `gzip`, slow where it is done once for all readers ---------------

_BROTLI_FAST = 256 * 1024  # beyond it the best compression takes too long: 0.4 s a megabyte


def compress_well(coding: str, body: bytes) -> bytes:
    """What is published: made once for all readers, so it may take its time."""
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    compressed: bytes = brotli.compress(body, quality=9 if len(body) <= _BROTLI_FAST else 5)
    return compressed


def compress_fast(coding: str, body: bytes) -> bytes:
    """A draft: the next edit makes another one."""
    if coding == "gzip":
        return gzip.compress(body, 4, mtime=0)
    compressed: bytes = brotli.compress(body, quality=3)
    return compressed
