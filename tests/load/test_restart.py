"""A server that is killed in the middle of a run: the clients come back, and no edit is lost."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.load.kit import BRIEF, K6, LOCUST, PATIENT, Done, key_of, run_k6, run_locust
from tests.patience import PATIENCE
from tests.running import RunningServer

DOC = "restart"
LONGER = {"LOAD_SECONDS": "8", "LOAD_RATE": "5", "LOAD_CLOSED": "1000", "LOAD_DOC": DOC}
pytestmark = [pytest.mark.real, pytest.mark.long]


def k6(home: Path, name: str, key: dict[str, str]) -> Done:
    return run_k6(home, name, key, BRIEF, PATIENT, LONGER)


def locust(home: Path, name: str, key: dict[str, str]) -> Done:
    return run_locust(name, key, BRIEF, PATIENT, LONGER)


@pytest.mark.skipif(not K6.exists() or not LOCUST.exists(), reason="k6 or locust is missing")
@pytest.mark.parametrize("run", [k6, locust])
@pytest.mark.parametrize("name", ["patch", "yjs"])
def test_the_clients_come_back_and_lose_nothing(
    tmp_path: Path, run: Callable[[Path, str, dict[str, str]], Done], name: str
) -> None:
    with RunningServer(tmp_path) as server:
        key = key_of(server)
        ended: list[Done] = []
        running = threading.Thread(target=lambda: ended.append(run(tmp_path, name, key)))
        running.start()
        until_version(server, 40)
        server.kill()
        server.start()
        running.join(3 * PATIENCE)
    (done,) = ended
    assert done.code == 0, done.output
    assert done.figures["weft_closed"] > 0
    assert done.figures["weft_edits"] == 4 * 5 * 8
    assert done.figures["weft_lost"] == done.figures["weft_twice"] == 0


def until_version(server: RunningServer, version: int) -> None:
    """Wait until the document has a version, so that the clients are in the middle of the run."""
    headers = {"Authorization": f"Bearer {server.token()}"}
    address = f"{server.http}/v1/docs/{DOC}/versions?limit=1"
    for _ in range(int(PATIENCE * 20)):
        threading.Event().wait(0.05)
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as got:
                if json.load(got)["items"][0]["version"] >= version:
                    return
        except OSError:
            continue
    raise AssertionError(f"{DOC} never had version {version}")
