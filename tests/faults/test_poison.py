"""A document that kills the server twice is put into quarantine; the others are served."""

from __future__ import annotations

import sys
from http.client import RemoteDisconnected
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.faults import deadly_weft
from tests.faults.figures import record
from tests.live.http_client import Reply, call
from tests.running import RunningServer

DEADLY = (sys.executable, deadly_weft.__file__)


def make(server: RunningServer, doc: str, token: str) -> None:
    reply = call("PUT", f"{server.http}/v1/docs/{doc}", {"doc": doc}, token=token)
    assert reply.status == 201


def get(server: RunningServer, doc: str, token: str) -> Reply:
    return call("GET", f"{server.http}/v1/docs/{doc}", token=token)


def test_a_document_that_kills_the_server_twice_is_quarantined(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = server.token()
        for doc in ("poison", "bread"):
            make(server, doc, token)
    with RunningServer(tmp_path, prefix=DEADLY) as server:
        for crash in (1, 2):
            assert get(server, "bread", token).body == {"doc": "bread"}
            with pytest.raises((RemoteDisconnected, ConnectionError, URLError)):
                get(server, "poison", token)
            assert server.process is not None
            assert server.process.wait(10) != 0, f"crash {crash}"
            seconds = server.start()
        shut = get(server, "poison", token)
        assert (shut.status, shut.body["code"]) == (503, "storage_unavailable")
        assert get(server, "bread", token).body == {"doc": "bread"}
    record("poison document", others_served_again_s=seconds)


def test_one_crash_is_forgiven_when_the_document_opens_again(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = server.token()
        make(server, "poison", token)
    for _ in range(2):
        with RunningServer(tmp_path, prefix=DEADLY) as server:
            with pytest.raises((RemoteDisconnected, ConnectionError, URLError)):
                get(server, "poison", token)
            assert server.process is not None
            server.process.wait(10)
        with RunningServer(tmp_path) as server:
            assert get(server, "poison", token).body == {"doc": "poison"}
