"""Run `weft` with another version of the page format. The first argument is its file."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from collab.schema import named

if __name__ == "__main__":
    body = Path(sys.argv[1]).read_bytes()
    named._read = lambda name: body  # type: ignore[assignment]  # the cache is not needed
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
