"""A server that is killed in the middle of a run: the clients come back, and no edit is lost."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.load.kit import BRIEF, K6, LOCUST, PATIENT, Done, Runs, key_of, run
from tests.patience import PATIENCE
from tests.running import RunningServer

RUNS = [f"{tool}-{mix}" for tool in ("k6", "locust") for mix in ("patch", "yjs")]
LONGER = {"LOAD_SECONDS": "10", "LOAD_RATE": "5", "LOAD_CLOSED": "1000"}
pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs of both tools, each with a document of its own. One kill of the server hits all."""
    home: Path = tmp_path_factory.mktemp("restart")
    with RunningServer(home) as server:
        key = key_of(server)
        calls = {}
        for name in RUNS:
            tool, mix = name.split("-")
            own = {**LONGER, "LOAD_DOC": name}
            calls[name] = partial(run, tool, home, mix, key, BRIEF, PATIENT, own)
        made = Runs(calls)
        for name in RUNS:
            until_version(server, name, 20)
        server.kill()
        server.start()
        yield made
        made.close()


@pytest.mark.skipif(not K6.exists() or not LOCUST.exists(), reason="k6 or locust is missing")
@pytest.mark.parametrize("name", RUNS)
def test_the_clients_come_back_and_lose_nothing(runs: Runs, name: str) -> None:
    done: Done = runs[name]
    assert done.code == 0, done.output
    assert done.figures["weft_closed"] > 0
    assert done.figures["weft_edits"] == 4 * 5 * 10
    assert done.figures["weft_lost"] == done.figures["weft_twice"] == 0


def until_version(server: RunningServer, doc: str, version: int) -> None:
    """Wait until a document has a version, so that the clients are in the middle of the run."""
    headers = {"Authorization": f"Bearer {server.token()}"}
    address = f"{server.http}/v1/docs/{doc}/versions?limit=1"
    for _ in range(int(PATIENCE * 20)):
        threading.Event().wait(0.05)
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as got:
                if json.load(got)["items"][0]["version"] >= version:
                    return
        except OSError:
            continue
    raise AssertionError(f"{doc} never had version {version}")
