"""docs/performance.md and its plots are those of bench/results/peers.json."""

from __future__ import annotations

import json
from typing import Any

from bench.page.__main__ import PAGE, PLOTS, replaced
from bench.page.section import plots, section
from bench.peers.results import FILE

RESULT: dict[str, Any] = json.loads(FILE.read_text("utf-8"))


def test_the_page_has_the_committed_results() -> None:
    page = PAGE.read_text("utf-8")
    assert replaced(page, section(RESULT)) == page, "run `python -m bench.page`"


def test_the_plots_have_the_committed_results() -> None:
    stored = {path.name: path.read_text("utf-8") for path in PLOTS.glob("peers-*.svg")}
    assert stored == plots(RESULT["rows"]), "run `python -m bench.page`"
