"""One short run of Weft and of Hocuspocus: every edit arrives, and the row has its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.peers import rounds
from bench.peers.scenarios import Scenario, one_writer, patches
from bench.peers.servers import HOCUSPOCUS, SHAREDB, WEFT, Server

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("scenario", "peer"),
    [(one_writer(3), HOCUSPOCUS), (patches(3, 50), SHAREDB)],
    ids=["yjs", "patch"],
)
def test_weft_and_a_peer_run_the_same_scenario(
    scenario: Scenario, peer: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.load_generator.edit_file.CACHE", tmp_path)
    monkeypatch.setattr("bench.peers.scenarios.MOST_PER_WRITER", 10_000)
    # A busy machine may delay the load generator; only its own checks would refuse the run.
    monkeypatch.setattr("bench.load_generator.generator.LATE", 60_000_000)
    short = replace(scenario, warm=0.0, measure=0.4)
    ours, theirs = rounds.rows("saturation", [short], rounds=1, only=(WEFT, peer))
    assert (ours["server"], theirs["server"]) == ("weft", peer.name)
    for row in (ours, theirs):
        assert (row["rounds"], row["refused"]) == (1, "")
        assert row["deliveries/s"] > 0
        assert row["CPU µs"] > 0
    assert ours["ratio"] > 0
    assert ours["ratio to"] == peer.name
    assert "ratio" not in theirs
