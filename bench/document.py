"""The cost of a document: a page of about 50 KB, with 40 sections and 480 strings."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import psutil
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.entry import Op

SECTIONS = 40
STRINGS = 12
SENTENCE = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor. "
PATH = "/pages/home/sections"
ROUNDS = 5
EDITS = 200


def section(number: int) -> dict[str, Any]:
    content = {f"field{index}": SENTENCE + str(number * index) for index in range(STRINGS - 2)}
    return {"id": f"s{number}", "type": "hero", "content": content, "width": number, "shown": True}


def page(sections: int = SECTIONS) -> dict[str, Any]:
    return {"home": {"sections": [section(number) for number in range(sections)]}}


def opened(sections: int = SECTIONS) -> Document:
    document = Document.create(1)
    ops = [{"op": "add", "path": "/pages", "value": page(sections)}]
    document.patch(ops, version=1, user="ada", at=0, kind="create")
    return document


def field_of(document: Document, number: int) -> tuple[str, str]:
    value: Any = document.value
    where, name = number % SECTIONS, f"field{number % (STRINGS - 2)}"
    text = value["pages"]["home"]["sections"][where]["content"][name]
    return f"{PATH}/{where}/content/{name}", text


def type_text(document: Document, number: int) -> list[Op]:
    path, text = field_of(document, number)
    return [{"op": "replace", "path": path, "value": text[:20] + "x" + text[20:]}]


def set_number(document: Document, number: int) -> list[Op]:
    return [{"op": "replace", "path": f"{PATH}/{number % SECTIONS}/width", "value": number + 1000}]


def move_section(document: Document, number: int) -> list[Op]:
    source, target = number % SECTIONS, (number * 7 + 3) % SECTIONS
    return [{"op": "move", "from": f"{PATH}/{source}", "path": f"{PATH}/{target}"}]


def insert_section(document: Document, number: int) -> list[Op]:
    new = {"id": f"n{number}", "type": "faq", "content": {"title": "Hello", "text": SENTENCE}}
    return [{"op": "add", "path": f"{PATH}/{number % SECTIONS}", "value": new}]


def remove_section(document: Document, number: int) -> list[Op]:
    return [{"op": "remove", "path": f"{PATH}/{number % (SECTIONS // 2)}"}]


def patched(make: Callable[[Document, int], list[Op]], edits: int = EDITS) -> float:
    """Return the median microseconds of a patch, in the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        document, times = opened(), []
        for number in range(edits):
            ops = make(document, number)
            start = time.perf_counter()
            document.patch(ops, version=number + 2, user="ada", at=number * 2_000)
            times.append(time.perf_counter() - start)
        best = min(best, statistics.median(times))
        document.close()
    return round(best * 1e6, 1)


def integrated() -> tuple[float, float]:
    """Return the median microseconds of a keystroke on the Yjs lane, and of undoing one."""
    document = opened()
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(document.update_since(b"\x00"))
    updates: list[bytes] = []
    subscription = peer.observe(lambda event: updates.append(event.update))
    sections = content["pages"]["home"]["sections"]
    for number in range(EDITS * 2):
        held = sections[f"s{number % SECTIONS}"]["content"]
        held[f"field{number % (STRINGS - 2)}"].insert(20, "q")
    peer.unobserve(subscription)
    times, version = [], 1
    for update in updates:
        version += 1
        start = time.perf_counter()
        document.integrate(update, version=version, user="bo", at=version * 2_000)
        times.append(time.perf_counter() - start)
    undos = []
    for _ in range(90):
        version += 1
        start = time.perf_counter()
        document.undo("bo", version=version, at=version * 2_000)
        undos.append(time.perf_counter() - start)
    document.close()
    return round(statistics.median(times) * 1e6, 1), round(statistics.median(undos) * 1e6, 1)


def opening(edits: int) -> float:
    """Return the milliseconds to open a document from a snapshot after so many edits."""
    document = opened()
    for number in range(edits):
        ops = type_text(document, number)
        document.patch(ops, version=number + 2, user="ada", at=number * 2_000)
    body, times = document.snapshot(), []
    for _ in range(20):
        start = time.perf_counter()
        again = Document.open(body, [], 1)
        times.append(time.perf_counter() - start)
        again.close()
    document.close()
    return round(statistics.median(times) * 1e3, 2)


def memory(documents: int = 100) -> tuple[float, float]:
    """Return the kilobytes of RSS of an open document, and those left by an unloaded one."""
    document = opened()
    body = document.snapshot()
    document.close()
    process = psutil.Process()
    held = [Document.open(body, [], 1) for _ in range(20)]
    start = process.memory_info().rss
    held += [Document.open(body, [], 1) for _ in range(documents)]
    each = (process.memory_info().rss - start) / documents / 1024
    for document in held:
        document.close()
    held.clear()
    del document
    gc.collect()
    start = process.memory_info().rss
    for _ in range(1_000):
        Document.open(body, [], 1).close()
    gc.collect()
    left = (process.memory_info().rss - start) / 1_000 / 1024
    return round(each, 1), round(left, 2)


def rows() -> list[dict[str, Any]]:
    each, left = memory()
    keystroke, undo = integrated()
    figures: list[tuple[str, float, str]] = [
        ("patch: text", patched(type_text), "µs"),
        ("patch: number", patched(set_number), "µs"),
        ("patch: move a section", patched(move_section), "µs"),
        ("patch: insert a section", patched(insert_section, 100), "µs"),
        ("patch: remove a section", patched(remove_section, 20), "µs"),
        ("integrate a keystroke", keystroke, "µs"),
        ("undo a keystroke", undo, "µs"),
        ("open from a snapshot", opening(0), "ms"),
        ("open from a snapshot after 1,000 edits", opening(1_000), "ms"),
        ("memory of an open document", each, "KB"),
        ("memory left by an unloaded document", left, "KB"),
    ]
    return [{"name": name, "value": value, "unit": unit} for name, value, unit in figures]


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:42} {row['value']:>10} {row['unit']}")
