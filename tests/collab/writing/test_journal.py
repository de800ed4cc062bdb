"""The journal of a write: its ops and records, and that it is freed when the write is over."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from collab.patch.values import named_atomic
from collab.tree.tree import Tree
from collab.writing.write import Writer


@pytest.fixture
def tree() -> Iterator[Tree]:
    tree = Tree(1, (), named_atomic)
    yield tree
    tree.close()


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_the_journals_value_is_the_result_of_its_ops(tree: Tree) -> None:
    seen: list[Any] = []

    def work(writer: Writer) -> None:
        for key, value in (("title", "Hello"), ("n", 1)):
            writer.apply([{"op": "add", "path": f"/{key}", "value": value}])
            seen.append(writer.journal.value)

    _, journal = tree.write("1", {}, work)
    assert seen == [{"title": "Hello"}, {"title": "Hello", "n": 1}]
    assert [op["path"] for op in journal.ops] == ["/title", "/n"]
    assert len(journal.records) == 2


@pytest.mark.usefixtures("without_collector")
def test_a_finished_write_is_freed_without_garbage_collection(tree: Tree) -> None:
    kept: list[weakref.ref[Any]] = []

    def work(writer: Writer) -> None:
        writer.apply([{"op": "add", "path": "/rows", "value": [{"id": "a", "text": "one"}]}])
        kept.extend(map(weakref.ref, (writer, writer.journal, writer.elements)))

    tree.write("1", {}, work)
    assert [one() for one in kept] == [None, None, None]
