"""The scripts of bench/k6 against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.load.kit import BRIEF, EDITS, FEW, K6, K6_BROKEN, PATIENT, key_of, run_k6
from tests.running import RunningServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not K6.exists(), reason="k6 is not installed: tests/provision.py"),
]


@pytest.mark.parametrize("script", ["patch", "yjs"])
def test_every_edit_reaches_the_peers_and_the_document(
    server: RunningServer, tmp_path: Path, script: str
) -> None:
    done = run_k6(tmp_path, script, key_of(server), BRIEF, PATIENT, {"LOAD_PRESENCE": "2"})
    assert done.code == 0, done.output
    assert done.broken == set()
    assert done.figures["weft_edits"] == EDITS
    assert 0 < done.figures["weft_peer_ms"] <= EDITS * 5  # three editors and two readers
    assert (
        done.figures["weft_lost"] == done.figures["weft_unseen"] == done.figures["weft_gaps"] == 0
    )
    assert done.figures["weft_ack_ms"] == (EDITS if script == "patch" else 0)


def test_edits_and_reads_over_http_are_counted(server: RunningServer, tmp_path: Path) -> None:
    # All clients edit one document with `If-Match`, so some of their edits are stale.
    done = run_k6(tmp_path, "http", key_of(server), BRIEF, PATIENT, {"LOAD_STALE": "1"})
    assert done.code == 0, done.output
    assert done.figures["weft_edits"] == EDITS
    assert done.figures["weft_reads"] >= EDITS + 10  # before each edit, and by two readers


@pytest.mark.parametrize("script", ["mixed", pytest.param("previews", marks=pytest.mark.long)])
def test_clients_of_several_kinds_share_documents(
    server: RunningServer, tmp_path: Path, script: str
) -> None:
    done = run_k6(tmp_path, script, key_of(server), BRIEF, PATIENT, {"LOAD_READERS": "3"})
    assert done.code == 0, done.output
    assert done.figures["weft_edits"] == EDITS
    assert done.figures["weft_peer_ms"] > 0
    assert done.figures["weft_reads"] > 0


def test_a_budget_that_is_too_small_fails_the_run_and_loses_nothing(
    poor_server: RunningServer, tmp_path: Path
) -> None:
    done = run_k6(tmp_path, "patch", key_of(poor_server), BRIEF, PATIENT, {"LOAD_ACK_P95_MS": "0"})
    assert done.code == K6_BROKEN, done.output
    assert done.broken >= {"weft_ack_ms"}
    assert done.figures["weft_pauses"] + done.figures["weft_rate_limited"] > 0
    assert done.figures["weft_lost"] == done.figures["weft_unanswered"] == 0
    assert done.figures["weft_edits"] == EDITS


def test_refusals_over_http_fail_the_run_and_lose_nothing(
    poor_server: RunningServer,
    tmp_path: Path,
) -> None:
    done = run_k6(tmp_path, "http", key_of(poor_server), BRIEF, PATIENT, FEW, {"LOAD_READERS": "0"})
    assert done.code == K6_BROKEN, done.output
    assert done.broken >= {"weft_rate_limited"}
    assert done.figures["weft_edits"] == 2 * 3
    assert done.figures["weft_lost"] == done.figures["weft_unanswered"] == 0


def test_a_run_without_a_server_ends_with_the_reason(tmp_path: Path) -> None:
    done = run_k6(
        tmp_path, "patch", BRIEF, {"LOAD_URL": "http://127.0.0.1:1", "LOAD_TOKEN": "none"}
    )
    assert done.code != 0
    assert "http://127.0.0.1:1 did not create the document" in done.output
