"""Compression of answers: `br` and `gzip`, slow where it is done once for all readers."""

from __future__ import annotations

import gzip

import brotli

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
