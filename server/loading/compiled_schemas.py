"""Compiled schemas that several documents share.

Compiling a schema of 256 KiB takes 60 ms. A compiled schema takes up to 200 bytes of memory for
each byte of its text. So the cache is limited by these bytes, and not by the number of schemas.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from collab.schema.check import Schema, compiled_text

# Bytes of text of all schemas in the cache. A schema for landing pages has 10 KB.
MOST_BYTES: Final = 256 * 1024


class CompiledSchemas:
    """Keeps the compiled schemas that were used last, by the texts that were compiled.

    A document may name a schema. Then this is the text of the named schema, and not the short text
    that names it.

    Invariant: together, these texts have at most `most_bytes`. Any thread may call the methods.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._schemas: OrderedDict[bytes, Schema] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, raw: bytes) -> Schema:
        """Return the schema of a stored document, or raise as `Schema.stored` does."""
        return self.find(raw) or self.add(raw, Schema.stored(raw))

    def find(self, raw: bytes) -> Schema | None:
        """Return the schema of this text if it is here. Raise when the text is no schema."""
        text = compiled_text(raw)
        with self._lock:
            found = self._schemas.get(text)
            if found is not None:
                self._schemas.move_to_end(text)
        return found

    def add(self, raw: bytes, schema: Schema) -> Schema:
        """Add the schema of this text. Return the schema that all documents share."""
        text = compiled_text(raw)
        dropped: list[Schema] = []  # is freed without the lock
        with self._lock:
            if text in self._schemas:
                self._schemas.move_to_end(text)
                return self._schemas[text]
            self._schemas[text] = schema
            self._bytes += len(text)
            while self._bytes > self._most_bytes:
                oldest, last = self._schemas.popitem(last=False)
                self._bytes -= len(oldest)
                dropped.append(last)
        return schema
