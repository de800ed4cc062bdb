"""The cost of the guard: for a keystroke, a section, and a whole document that is sent again."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from pycrdt import Doc, Map, Text

from collab.structs.guard import StructIndex, check, inspect
from collab.yjs import frames


def micros(work: Callable[[], object], times: int, rounds: int = 9) -> float:
    """Return the microseconds of a call: the median over rounds of the mean in a round."""
    means = []
    for _ in range(rounds):
        start = perf_counter()
        for _ in range(times):
            work()
        means.append((perf_counter() - start) / times * 1e6)
    return median(means)


def page(doc: Doc[Any]) -> Map[Any]:
    """Return a page of about 50 KB: 40 sections of 12 texts."""
    root: Map[Any] = doc.get("content", type=Map)
    with doc.transaction():
        for number in range(40):
            texts = {f"field{n}": Text("a sentence of a landing page, " * 3) for n in range(12)}
            root[f"section{number}"] = Map(texts)
    return root


def rows() -> list[dict[str, Any]]:
    doc: Doc[Any] = Doc(client_id=4_000_000_001)
    root = page(doc)
    before = doc.get_update()
    sent: list[bytes] = []
    doc.observe(lambda event: sent.append(event.update))
    root["section7"]["field3"].insert(9, "q")
    root["section8"] = Map({f"field{n}": Text("new") for n in range(12)})
    keystroke, section = sent
    index = StructIndex.of(before)
    leases = {4_000_000_001: "ada"}

    def judge(update: bytes) -> None:
        check(inspect(update), index.clocks, leases=leases, user="ada", index=index)

    frame = frames.update(keystroke)
    inspected = inspect(keystroke)
    after = StructIndex.of(before)
    after.add(inspected)
    index_of_section = StructIndex.of(before)
    index_of_section.add(inspected)

    def judge_section() -> None:
        clocks = index_of_section.clocks
        check(inspect(section), clocks, leases=leases, user="ada", index=index_of_section)

    figures = {
        "decode the frame of a keystroke": micros(lambda: frames.decode(frame), 5000),
        "inspect a keystroke": micros(lambda: inspect(keystroke), 5000),
        "inspect and check a keystroke": micros(lambda: judge(keystroke), 5000),
        "inspect and check a new section": micros(judge_section, 500),
        "inspect and check 50 KB of known structs": micros(lambda: judge(before), 5),
        "index 50 KB": micros(lambda: StructIndex.of(before), 5),
    }
    return [{"name": name, "value": value, "unit": "µs"} for name, value in figures.items()]


if __name__ == "__main__":
    for row in rows():
        print(f"{row['value']:10.1f} {row['unit']}  {row['name']}")
