"""Compiled schemas that several documents share.

Compiling a schema of 256 KiB takes 60 ms. A compiled schema takes up to 200 bytes of memory for
each byte of its text. So the cache is limited by these bytes, and not by the number of schemas.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from collab.schema.check import Schema

# Bytes of text of all schemas in the cache. A schema for landing pages has 10 KB.
MOST_BYTES: Final = 256 * 1024


class CompiledSchemas:
    """Keeps the compiled schemas that were used last, by their text.

    Invariant: together, their texts have at most `most_bytes`. Any thread may call `get`.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._schemas: OrderedDict[bytes, Schema] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, raw: bytes) -> Schema:
        """Return the schema of a stored document, or raise as `Schema.stored` does."""
        with self._lock:
            found = self._schemas.get(raw)
            if found is not None:
                self._schemas.move_to_end(raw)
                return found
        compiled = Schema.stored(raw)
        dropped: list[Schema] = []  # is freed without the lock
        with self._lock:
            if raw not in self._schemas:
                self._schemas[raw] = compiled
                self._bytes += len(raw)
            while self._bytes > self._most_bytes:
                oldest, schema = self._schemas.popitem(last=False)
                self._bytes -= len(oldest)
                dropped.append(schema)
        return compiled
