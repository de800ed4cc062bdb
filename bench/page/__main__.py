"""Writes the peers' section of docs/performance.md and its plots: `python -m bench.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.page.section import BEGIN, END, plots, section
from bench.peers.results import FILE

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGE = DOCS / "performance.md"
PLOTS = DOCS / "plots"


def replaced(page: str, text: str) -> str:
    """Return the page with another text between the two comments."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def main() -> int:
    result: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    page = replaced(PAGE.read_text("utf-8"), section(result))
    PAGE.write_text(page, "utf-8")
    PLOTS.mkdir(exist_ok=True)
    for name, text in plots(result["rows"]).items():
        (PLOTS / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
