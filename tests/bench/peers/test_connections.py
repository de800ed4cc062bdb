"""The bench of connections: clients share documents, and a failed round is named in its row."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.peers import connections
from bench.peers.connections import Figure, places, rows
from bench.peers.servers import HOCUSPOCUS, WEFT


def test_clients_share_documents_evenly_and_the_first_of_each_creates_it() -> None:
    found = places(100, 20, seeds=True)
    assert set(Counter(place.document for place in found).values()) == {5}
    assert [place.document for place in found if place.seeds] == list(range(20))
    assert not any(place.seeds for place in places(100, 20, seeds=False))


def test_each_server_is_measured_in_the_same_ways() -> None:
    measured: dict[str, set[str]] = {}
    for server, figures, _ in connections.measures():
        measured.setdefault(server.name, set()).update(each.scenario for each in figures)
    assert measured["hocuspocus"] == measured["y-websocket"]
    ours = {name.partition(",")[0] for name in measured["weft"]}
    assert {name.partition(",")[0] for name in measured["hocuspocus"]} <= ours


def test_a_row_has_the_median_of_its_rounds_and_names_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[list[float] | RuntimeError] = [
        [3.0, 30.0],
        RuntimeError("only 7 of 9 clients could connect"),
        [1.0, 10.0],
    ]
    values = iter(given)

    def measure(core: int | None) -> list[float]:
        found = next(values)
        if isinstance(found, RuntimeError):
            raise found
        return found

    two = [Figure("idle", "each", "KB"), Figure("more", "each", "KB")]
    monkeypatch.setattr(connections, "measures", lambda: iter([(WEFT, two, measure)]))
    first, second = rows(rounds=3)
    assert (first["value"], first["least"], first["most"], first["rounds"]) == (2, 1, 3, 2)
    assert (second["scenario"], second["value"], second["unit"]) == ("more", 20, "KB")
    assert first["refused"] == "only 7 of 9 clients could connect"


def test_a_server_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "present", lambda servers: [])
    one = [Figure("idle", "each", "KB")]
    monkeypatch.setattr(connections, "measures", lambda: iter([(HOCUSPOCUS, one, None)]))
    assert list(rows()) == []
