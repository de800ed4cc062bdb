"""Where the benches keep what takes long to make: edits, servers, and the load generator."""

from __future__ import annotations

from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / "var" / "bench"
