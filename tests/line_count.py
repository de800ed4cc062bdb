"""Counts the lines of Python that a call runs: a measure of time that is equal on all machines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any


def lines_run(run: Callable[[], Any], module: ModuleType | None = None) -> int:
    """Return how many lines a call runs: of one module, or of all of them."""
    lines = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        if module is not None and frame.f_code.co_filename != module.__file__:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return lines
