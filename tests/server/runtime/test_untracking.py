"""The garbage collector does not visit the values of documents, and they are freed as before."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

from collab.patch.apply import apply
from server.runtime.untracking import untrack


def tracked(value: Any) -> int:
    """Return how many containers of a value the collector visits."""
    containers = [value] if isinstance(value, dict | list) else []
    found = 0
    while containers:
        each = containers.pop()
        found += gc.is_tracked(each)
        children = each.values() if isinstance(each, dict) else each
        containers += [child for child in children if isinstance(child, dict | list)]
    return found


def page() -> dict[str, Any]:
    return {"list": [{"id": f"e{n}", "deep": [[n], {"x": [n]}]} for n in range(50)], "n": 1}


def test_no_container_of_a_value_is_visited() -> None:
    value = page()
    assert tracked(value) > 100
    untrack([value, "text", 1, None, [], {}])
    assert tracked(value) == 0
    assert value == page()


def test_of_a_new_version_only_the_new_containers_are_untracked() -> None:
    value = page()
    untrack([value])
    ops = [{"op": "add", "path": "/list/7/deep/-", "value": {"new": [[1]]}}]
    changed = apply(value, ops).value
    untrack([changed])
    assert tracked(changed) == 0
    assert changed["list"][7]["deep"][-1] == {"new": [[1]]}
    assert apply(changed, [{"op": "remove", "path": "/list/7/deep/2"}]).value == page()


class Held(list[int]):
    """A list of another class, to which a weak reference is possible."""


def test_an_untracked_value_is_freed_with_its_last_reference() -> None:
    held = Held()
    value: Any = {"list": [[held]]}
    gone = weakref.ref(held)
    untrack([value])
    assert gc.is_tracked(held), "only plain lists and objects are values"
    del held, value
    assert gone() is None


def test_the_collector_may_run_while_values_are_untracked() -> None:
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            gc.collect()

    collecting = threading.Thread(target=collect)
    collecting.start()
    try:
        for _ in range(30):
            value = page()
            untrack([value])
            assert tracked(value) == 0
    finally:
        stop.set()
        collecting.join()
