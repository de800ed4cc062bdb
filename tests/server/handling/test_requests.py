"""The helpers of all HTTP handlers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from collab.entry import Op
from collab.patch.diff import diff
from server.handling import requests


async def test_diffs_are_computed_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()

    def watched(old: Any, new: Any) -> list[Op]:
        threads.add(threading.current_thread().name)
        return diff(old, new)

    monkeypatch.setattr(requests, "diff", watched)
    ops = await requests.diff_in_thread({"a": 1}, {"a": 2})
    assert ops == [{"op": "replace", "path": "/a", "value": 2}]
    await requests.diff_in_thread({"a": 1}, {"a": 1})
    assert all(name.startswith("worker") for name in threads)
