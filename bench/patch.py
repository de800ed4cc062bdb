"""The cost of patch functions: apply, diff, rebase, merge, and check a schema."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import collab.schema
from collab.entry import Author, Op
from collab.errors import Rejected
from collab.patch.apply import apply
from collab.patch.bounds import Bounds, json_size
from collab.patch.diff import diff
from collab.patch.relocate import AppliedChange
from collab.rebase.pipeline import Pipeline
from collab.rebase.rebase import rebase
from collab.rebase.text_merge import merge
from collab.schema.check import Schema

ROUNDS = 5
SECTION = "/pages/home/sections/17"
EDIT: Op = {"op": "replace", "path": f"{SECTION}/content/headline", "value": "A new headline"}
INSERT: Op = {
    "op": "add",
    "path": "/pages/home/sections/3",
    "value": {"id": "new", "type": "hero", "content": {"headline": "Hi"}},
}
MOVE: Op = {"op": "move", "from": SECTION, "path": "/pages/home/sections/2"}
REMOVE: Op = {"op": "remove", "path": SECTION}


def page(sections: int = 40) -> dict[str, Any]:
    """Return a landing page. With 40 sections it has about 480 texts and 50 KB."""
    chance = random.Random(7)
    words = ["fast", "pages", "for", "everybody", "who", "sells", "things", "online", "today"]

    def text() -> str:
        return " ".join(chance.choices(words, k=20))

    def section(number: int) -> dict[str, Any]:
        cards = [{"id": f"c{card}", "title": text(), "body": text()} for card in range(4)]
        content = {"headline": text(), "body": text(), "items": cards}
        return {"id": f"s{number}", "type": "features", "content": content}

    home = {"title": "Home", "sections": [section(number) for number in range(sections)]}
    return {"site": {"name": "Acme"}, "theme": {"mode": "light"}, "pages": {"home": home}}


def microseconds(call: Callable[[], object], count: int = 400) -> float:
    """Return the lowest median of some rounds, because other work on the machine only adds time."""
    medians: list[float] = []
    for _ in range(ROUNDS):
        times: list[int] = []
        for _ in range(count):
            start = perf_counter_ns()
            call()
            times.append(perf_counter_ns() - start)
        medians.append(sorted(times)[count // 2] / 1000)
    return min(medians)


def rows() -> list[dict[str, Any]]:
    """Return every figure as `name`, `value`, `unit`."""
    value = page()
    figures = {**apply_figures(value), **stale_figures(value), **other_figures(value)}
    return [{"name": name, "value": round(us, 2), "unit": "us"} for name, us in figures.items()]


def apply_figures(value: Any) -> dict[str, float]:
    size, bounds = json_size(value), Bounds()

    def applied(op: Op) -> float:
        return microseconds(lambda: apply(value, [op], size=size, bounds=bounds))

    return {
        "patch: replace a text": applied(EDIT),
        "patch: insert a section": applied(INSERT),
        "patch: move a section": applied(MOVE),
        "patch: remove a section": applied(REMOVE),
        "patch: refuse 20 doubling copies": microseconds(bomb, 20),
    }


def bomb() -> None:
    value = {"a": "x" * 700}
    ops = [{"op": "copy", "from": "", "path": f"/k{number}"} for number in range(20)]
    try:
        apply(value, ops, size=json_size(value), bounds=Bounds())
    except Rejected:
        return
    raise AssertionError("the copies were accepted")


def history(value: Any, ops: list[Op]) -> list[AppliedChange]:
    changes: list[AppliedChange] = []
    for version, op in enumerate(ops, 1):
        changes.append(AppliedChange(version, Author("bo"), [op], value))
        value = changes[-1].after
    return changes


def stale_figures(value: Any) -> dict[str, float]:
    texts: list[Op] = [
        {"op": "replace", "path": f"/pages/home/sections/{n % 16}/content/body", "value": f"v{n}"}
        for n in range(64)
    ]
    figures = {
        "rebase: nobody ahead": microseconds(lambda: Pipeline(0).submit(0, [EDIT], _none, value))
    }
    for name, others in (
        ("1 edit ahead", texts[:1]),
        ("64 edits ahead", texts),
        ("64 inserts ahead", [INSERT] * 64),
    ):
        changes = history(value, others)
        figures[f"rebase: {name}"] = _rebased(changes)
        figures[f"relocate a pointer: {name}"] = microseconds(
            partial(changes[-1].relocate, ("pages", "home", "sections", "17"))
        )
    return figures


def _rebased(changes: list[AppliedChange]) -> float:
    head = changes[-1].after
    return microseconds(lambda: rebase([EDIT], changes, head), 100)


def _none(version: int) -> list[AppliedChange]:
    return []


def other_figures(value: Any) -> dict[str, float]:
    edited, moved = apply(value, [EDIT]).value, apply(value, [MOVE]).value
    apart = page()
    path = Path(collab.schema.__file__).parent / "schemas" / "landing-page.json"
    schema = Schema.compile(path.read_bytes())
    text = value["pages"]["home"]["sections"][0]["content"]["body"]
    return {
        "diff: one text of two versions": microseconds(lambda: diff(value, edited)),
        "diff: one move of two versions": microseconds(lambda: diff(value, moved)),
        "diff: two equal values that share nothing": microseconds(lambda: diff(value, apart), 50),
        "merge: a text of 20 words": microseconds(lambda: merge(text, f"a {text}", f"{text} b")),
        "schema: a text": microseconds(lambda: schema.check(edited, [EDIT])),
        "schema: an inserted section": microseconds(lambda: schema.check(value, [INSERT])),
        "schema: the whole page": microseconds(lambda: schema.check(value)),
    }


def main() -> None:
    for row in rows():
        print(f"{row['name']:<44} {row['value']:>10.2f} {row['unit']}")


if __name__ == "__main__":
    main()
