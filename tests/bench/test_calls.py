"""The bench of calls: it counts Python functions of the server, and groups them."""

from __future__ import annotations

from bench.calls import CallCounter, FunctionCalls, PackageCalls
from collab.patch.pointer import parse, render
from collab.yjs.lib0 import Reader


def test_counts_are_for_one_edit_and_the_most_frequent_come_first() -> None:
    counter = CallCounter()
    counter.calls.update({parse.__code__: 4, render.__code__: 2, Reader.uint.__code__: 40})
    assert counter.packages(4) == [
        PackageCalls(10.0, "collab/yjs"),
        PackageCalls(1.5, "collab/patch"),
    ]
    lines = [one.__code__.co_firstlineno for one in (Reader.uint, parse, render)]
    assert counter.functions(4) == [
        FunctionCalls(10.0, f"collab/yjs/lib0.py:{lines[0]}", "Reader.uint"),
        FunctionCalls(1.0, f"collab/patch/pointer.py:{lines[1]}", "parse"),
        FunctionCalls(0.5, f"collab/patch/pointer.py:{lines[2]}", "render"),
    ]


def test_rare_functions_are_not_listed() -> None:
    counter = CallCounter()
    counter.calls.update({parse.__code__: 1})
    assert counter.functions(4) == []
