"""Scenarios: who writes and reads what, and the plan that the load generator gets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench.load_generator.plan import READER
from bench.peers import servers
from bench.peers.rows import SHORT, shown
from bench.peers.scenarios import GROUPS, Scenario, all_write, one_writer, patches, rooms
from bench.peers.servers import HOCUSPOCUS, SHAREDB, WEFT, Running
from bench.table import Row

EVERY = [each for group in GROUPS.values() for each in group]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.load_generator.edit_file.CACHE", tmp_path)
    monkeypatch.setattr("bench.peers.scenarios.MOST_PER_WRITER", 600)


@pytest.mark.parametrize("scenario", EVERY, ids=lambda each: each.name)
def test_each_document_has_one_client_that_creates_it(scenario: Scenario) -> None:
    places = scenario.places()
    assert Counter(place.document for place in places if place.seeds) == dict.fromkeys(
        range(scenario.documents), 1
    )
    clients = scenario.writers + scenario.readers + scenario.patch_readers
    assert len(places) == scenario.documents * clients
    streams = Counter((place.document, place.stream) for place in places if place.stream >= 0)
    assert set(streams.values()) == {1}
    assert len(streams) == scenario.documents * scenario.writers


@pytest.mark.parametrize(
    ("scenario", "documents", "writers", "readers"),
    [
        (one_writer(500), 1, 1, 500),
        (all_write(), 1, 100, 0),
        (rooms(1000), 200, 5, 0),
        (patches(10, 800), 1, 1, 10),
    ],
    ids=lambda each: each.name if isinstance(each, Scenario) else str(each),
)
def test_the_scenarios_are_those_of_the_table(
    scenario: Scenario, documents: int, writers: int, readers: int
) -> None:
    assert (scenario.documents, scenario.writers, scenario.readers) == (
        documents,
        writers,
        readers,
    )


def test_names_are_unique() -> None:
    assert len({each.name for each in EVERY}) == len(EVERY)


def test_tabs_of_the_writer_have_the_same_user() -> None:
    assert {place.user for place in patches(10, 200, same_user=True).places()} == {"ada"}
    assert len({place.user for place in patches(10, 200).places()}) == 11


def test_a_plan_for_hocuspocus_names_the_document_in_each_message() -> None:
    scenario = one_writer(2)
    running = Running(80, [5], servers.hocuspocus_clients)
    plan = scenario.plan(HOCUSPOCUS, running)
    assert (plan.port, plan.pids, plan.rate, plan.window) == (80, [5], 0, 64)
    assert plan.seed is not None
    (writer,) = [client for client in plan.clients if client.stream != READER]
    assert writer.seeds
    assert [hello[:5] for hello in writer.hello] == [b"\4page"] * 2
    assert "connection 0 hocuspocus 0 1 /" in plan.text().splitlines()


def test_a_client_of_sharedb_waits_for_its_answers() -> None:
    plan = patches(10, 200).plan(SHAREDB, Running(80, [], servers.sharedb_clients))
    assert plan.in_flight == 1
    assert plan.flags == {"markers"}
    assert all("subscribe" not in str(hello) for client in plan.clients for hello in client.hello)
    assert {client.hello[-1] for client in plan.clients} == {'{"a":"s","c":"pages","d":"page"}'}


def test_the_short_form_has_a_scenario_of_each_kind() -> None:
    assert set(SHORT) == {"saturation", "fixed", "patch"}
    assert all(WEFT in scenario.servers for group in SHORT.values() for scenario in group)


def test_a_shown_row_fits_into_a_line() -> None:
    row: Row = {"group": "fixed", "about": "words", "scenario": "F", "CPU µs": 1, "CPU µs, most": 2}
    assert shown(row) == {"scenario": "F", "CPU µs": 1}
