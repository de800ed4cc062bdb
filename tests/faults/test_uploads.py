"""After `kill -9` in the middle of uploads, no half asset is served, and nothing is left over.

On a full disk an upload is refused, and leaves nothing.
"""

from __future__ import annotations

import hashlib
import http.client
import random
import sys
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.live.http_client import call
from tests.live.test_assets import files, listed
from tests.patience import PATIENCE
from tests.running import RunningServer

ENDLESS = {"WEFT_ASSET_BYTES_PER_SECOND": "0", "WEFT_IN_MESSAGES_PER_SECOND": "0"}
CLIENTS = 8
# Runs the server with a limit for the size of each file, which acts as a full disk.
LIMITED = (
    sys.executable,
    "-c",
    "import os, resource, sys; size = int(sys.argv[1]);"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)); os.execv(sys.argv[2], sys.argv[2:])",
)


def noise(rng: random.Random, width: int = 400, height: int = 300) -> bytes:
    """Return a PNG that cannot be compressed."""
    out = BytesIO()
    pixels = rng.randbytes(3 * width * height)
    Image.frombytes("RGB", (width, height), pixels).save(out, "PNG", compress_level=0)
    return out.getvalue()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, what


class Uploader(threading.Thread):
    """Uploads one picture after the other, until the server is gone."""

    def __init__(self, server: RunningServer, token: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.stored: list[str] = []
        self._server = server
        self._token = token
        self._rng = random.Random(seed)

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE)
        try:
            while True:
                body = noise(self._rng)
                connection.request("POST", "/v1/assets", body, headers)
                answer = connection.getresponse()
                raw = answer.read()
                assert answer.status == 201, raw
                self.stored.append(hashlib.sha256(body).hexdigest())
        except (OSError, http.client.HTTPException):
            connection.close()


def survive(home: Path, rounds: int) -> None:
    rng = random.Random(rounds)
    acknowledged: set[str] = set()
    with RunningServer(home, env=ENDLESS) as server:
        token = server.token()
        for round in range(rounds):
            uploaders = [Uploader(server, token, 100 * round + n) for n in range(CLIENTS)]
            acknowledged |= upload_until_killed(server, uploaders, rng.randint(5, 25))
            server.start()
            ids = {one["id"] for one in listed(server, token)}
            assert acknowledged <= ids, "an acknowledged upload is lost"
            for id in ids:
                read = call("GET", f"{server.http}/v1/assets/demo/{id}")
                assert read.status == 200
                assert hashlib.sha256(read.raw).hexdigest() == id
            wait_for_files(server, len(ids))


def upload_until_killed(server: RunningServer, uploaders: list[Uploader], wanted: int) -> set[str]:
    """Kill the server after so many uploads. Return the acknowledged ids."""
    for each in uploaders:
        each.start()
    wait_until(lambda: sum(len(each.stored) for each in uploaders) >= wanted, "no uploads")
    server.kill()
    for each in uploaders:
        each.join(PATIENCE)
    return {id for each in uploaders for id in each.stored}


def wait_for_files(server: RunningServer, count: int) -> None:
    wait_until(lambda: len(files(server)) == count, "files are left over")


def test_no_half_asset_is_served_after_three_kills(tmp_path: Path) -> None:
    survive(tmp_path, 3)


@pytest.mark.long
def test_no_half_asset_is_served_after_thirty_kills(tmp_path: Path) -> None:
    survive(tmp_path, 30)


@pytest.mark.parametrize("height", [1200, 700], ids=["the body", "the contents"])
def test_a_full_disk_refuses_an_upload_and_leaves_nothing(tmp_path: Path, height: int) -> None:
    """A file may have 3 MiB: the body has more, or the body with its smaller forms has more."""
    prefix = (*LIMITED, str(3 << 20))
    with RunningServer(tmp_path, env=ENDLESS, prefix=prefix) as server:
        token = server.token()
        body = noise(random.Random(1), 1400, height)
        before = call("POST", f"{server.http}/v1/assets", raw=noise(random.Random(2)), token=token)
        assert before.status == 201
        refused = call("POST", f"{server.http}/v1/assets", raw=body, token=token)
        assert (refused.status, refused.body["code"]) == (507, "storage_full"), refused.raw
        assert [one["id"] for one in listed(server, token)] == [before.body["id"]]
        assert len(files(server)) == 1
        after = call("POST", f"{server.http}/v1/assets", raw=noise(random.Random(3)), token=token)
        assert after.status == 201
