"""Short functions that make ops and conflicts."""

from __future__ import annotations

from typing import Any

from collab.entry import Op
from collab.messages import Conflict


def added(path: str, value: Any) -> Op:
    return {"op": "add", "path": path, "value": value}


def moved(source: str, path: str) -> Op:
    return {"op": "move", "from": source, "path": path}


def removed(path: str) -> Op:
    return {"op": "remove", "path": path}


def replaced(path: str, value: Any) -> Op:
    return {"op": "replace", "path": path, "value": value}


def named(path: str, base: Any, theirs: Any, yours: Any) -> Conflict:
    return Conflict(path=path, base=base, theirs=theirs, yours=yours, resolution="yours")
