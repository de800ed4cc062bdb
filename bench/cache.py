"""The folder in which the benches keep what takes long to make: edits, and other servers."""

from __future__ import annotations

from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / "var" / "bench"
