"""A plan is written as lines that the load generator reads."""

from __future__ import annotations

from pathlib import Path

from bench.load_generator.plan import Client, Plan


def test_a_plan_has_its_values_documents_and_clients() -> None:
    plan = Plan(
        port=80,
        documents=["page", "other"],
        clients=[
            Client(0, "patch", "/live", 2, True, "weft.v1", ('{"type":"open"}',)),
            Client(1, "yjs", "/other", hello=(b"\0\xff",)),
        ],
        edits=Path("/edits.bin"),
        rate=200.0,
        most_edits=9,
        storm=7,
        seed=(900, 65),
        flags=frozenset({"markers", "hold"}),
        pids=[5, 6],
    )
    lines = plan.text().splitlines()
    assert lines[0] == "port 80"
    assert {"rate 200.0", "window 64", "edits 9", "storm 7", "seed 900 65"} <= set(lines)
    assert {"hold", "markers", "pid 5", "pid 6", "file /edits.bin"} <= set(lines)
    assert lines[-7:] == [
        "document page",
        "document other",
        "connection 0 patch 2 1 /live weft.v1",
        'text {"type":"open"}',
        "connection 1 yjs -1 0 /other",
        "binary 00ff",
        "run",
    ]


def test_what_is_not_wanted_is_left_out() -> None:
    words = {line.split()[0] for line in Plan(80, [], []).text().splitlines()}
    assert not words & {"edits", "storm", "seed", "file", "pid", "hold"}
