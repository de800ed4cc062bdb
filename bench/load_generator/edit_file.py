"""A file of prepared edits, which the load generator maps into its memory."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from bench.cache import CACHE

# When the edits of a name change, this number changes, too.
EDITION = 1


def write(path: Path, streams: Sequence[Sequence[bytes]]) -> None:
    """Write the number of streams; for each its number of edits, their ends, and their bytes."""
    parts = [struct.pack("<I", len(streams))]
    for edits in streams:
        ends = [0, *itertools.accumulate(map(len, edits))]
        parts.append(struct.pack(f"<I{len(ends)}I", len(edits), *ends))
        parts.extend(edits)
        parts.append(bytes(-ends[-1] % 4))
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_suffix(".new")
    made.write_bytes(b"".join(parts))
    made.replace(path)


def cached(name: str, make: Callable[[], Sequence[Sequence[bytes]]]) -> Path:
    """Return the file of some edits. The name says all that the edits depend on."""
    digest = sha256(f"{EDITION} {name}".encode()).hexdigest()[:16]
    path = CACHE / "edits" / f"{digest}.bin"
    if not path.exists():
        write(path, make())
    return path
