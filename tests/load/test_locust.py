"""bench/locustfile.py against a real server."""

from __future__ import annotations

import pytest

from tests.load.kit import BRIEF, EDITS, FEW, LOCUST, PATIENT, key_of, run_locust
from tests.running import RunningServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not LOCUST.exists(), reason="locust is not installed: tests/provision.py"),
]


@pytest.mark.parametrize("mix", ["patch", "yjs"])
def test_every_edit_reaches_the_document(server: RunningServer, mix: str) -> None:
    done = run_locust(mix, key_of(server), BRIEF, PATIENT, {"LOAD_PRESENCE": "2"})
    assert done.code == 0, done.output
    assert done.broken == set()
    assert done.figures["weft_edits"] == EDITS
    assert (
        done.figures["weft_lost"] == done.figures["weft_unseen"] == done.figures["weft_gaps"] == 0
    )
    assert done.figures["weft_peer_ms"] >= 0


def test_edits_and_reads_over_http_are_counted(server: RunningServer) -> None:
    done = run_locust("http", key_of(server), BRIEF, PATIENT, {"LOAD_STALE": "1"})
    assert done.code == 0, done.output
    assert done.figures["weft_edits"] == EDITS
    assert done.figures["weft_reads"] >= EDITS + 10  # before each edit, and by two readers


@pytest.mark.parametrize("mix", ["mixed", pytest.param("previews", marks=pytest.mark.long)])
def test_clients_of_several_kinds_share_documents(server: RunningServer, mix: str) -> None:
    done = run_locust(mix, key_of(server), BRIEF, PATIENT, {"LOAD_READERS": "3"})
    assert done.code == 0, done.output
    assert done.figures["weft_edits"] == EDITS
    assert done.figures["weft_reads"] > 0


def test_a_budget_that_is_too_small_fails_the_run_and_loses_nothing(
    poor_server: RunningServer,
) -> None:
    done = run_locust("patch", key_of(poor_server), BRIEF, PATIENT, {"LOAD_ACK_P95_MS": "0"})
    assert done.code == 1, done.output
    assert done.broken >= {"weft_ack_ms"}
    assert done.figures["weft_pauses"] + done.figures["weft_rate_limited"] > 0
    assert done.figures["weft_lost"] == done.figures["weft_unanswered"] == 0
    assert done.figures["weft_edits"] == EDITS


def test_refusals_over_http_fail_the_run_and_lose_nothing(
    poor_server: RunningServer,
) -> None:
    done = run_locust("http", key_of(poor_server), BRIEF, PATIENT, FEW, {"LOAD_READERS": "0"})
    assert done.code == 1, done.output
    assert done.broken >= {"weft_rate_limited"}
    assert done.figures["weft_edits"] == 2 * 3
    assert done.figures["weft_lost"] == done.figures["weft_unanswered"] == 0


def test_a_run_without_a_server_ends_with_the_reason() -> None:
    done = run_locust("patch", BRIEF, {"LOAD_URL": "http://127.0.0.1:1", "LOAD_TOKEN": "none"})
    assert done.code != 0
    assert "http://127.0.0.1:1 did not create" in done.output
