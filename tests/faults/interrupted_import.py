"""Checks that an import is whole or absent after a `kill -9`, or beside a writer."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException

import msgspec

from collab.rights.user_rights import Role
from server.archives.archive import Archive
from tests.live.http_client import Reply, call
from tests.running import RunningServer
from tests.server.archives.test_archive import history

EDITS = 600
PATCH = "application/json-patch+json"


def large_archive() -> bytes:
    """Return the archive of a document with many versions, so that its import takes a while."""
    texts = {f"k{number}": f"{number} " * 50 for number in range(EDITS)}
    ops = [[{"op": "add", "path": f"/{name}", "value": text}] for name, text in texts.items()]
    entries = history([[{"op": "replace", "path": "", "value": {"k": "0"}}], *ops])
    at = "2026-03-01T12:00:00.123Z"
    whole = Archive(
        "weft-archive/1", "home", 1, len(entries), at, {"k": "0", **texts}, None, [], entries
    )
    return msgspec.json.encode(whole)


class Importing:
    """A running import. `looks` requests the document while the import runs."""

    def __init__(self, server: RunningServer, pool: ThreadPoolExecutor, archive: bytes) -> None:
        self._token = server.token("root", Role.ADMIN)
        self.url = f"{server.http}/v1/docs/copy"
        self._archive = archive
        self.sending: Future[Reply | None] = pool.submit(self.send)

    def send(self) -> Reply | None:
        """Send the archive. Return None when the server dies during the request."""
        try:
            return call("POST", f"{self.url}/import", raw=self._archive, token=self._token)
        except (urllib.error.URLError, HTTPException, OSError):
            return None

    def get(self) -> Reply:
        return call("GET", self.url, token=self._token)

    def looks(self) -> Iterator[Reply]:
        while not self.sending.done():
            yield self.get()

    def edit(self) -> Reply:
        body = json.dumps([{"op": "add", "path": "/mine", "value": 1}]).encode()
        return call("PATCH", self.url, raw=body, token=self._token, Content_Type=PATCH)

    def delete(self) -> None:
        assert call("DELETE", self.url, token=self._token).status == 204


def is_whole_or_absent(found: Reply) -> bool:
    if found.status == 404:
        return False
    assert (found.status, found.position[1]) == (200, EDITS + 1)
    assert len(found.body) == EDITS + 1
    return True


def check_kills(server: RunningServer, rounds: int) -> int:
    """Kill the server during imports, each time a bit later. Return how many were whole."""
    archive, whole = large_archive(), 0
    with ThreadPoolExecutor(1) as pool:
        for number in range(rounds):
            one = Importing(server, pool, archive)
            for look, found in enumerate(one.looks()):
                is_whole_or_absent(found)
                if look >= number * 3:
                    break
            server.kill()
            one.sending.result()
            server.start()
            if is_whole_or_absent(one.get()):
                whole += 1
                return whole  # the import is complete, so its name is taken
            assert one.get().status == 404
    made = Importing.send(one)
    assert made is not None
    assert made.status == 201
    assert is_whole_or_absent(one.get())
    return whole


def check_writer(server: RunningServer) -> None:
    """Edit the document during its import, and check that no edit is accepted before it ends."""
    with ThreadPoolExecutor(1) as pool:
        one = Importing(server, pool, large_archive())
        edited = []
        for _ in one.looks():
            reply = one.edit()
            assert reply.status in (200, 404), reply.body
            if reply.status == 200:
                edited.append(reply.body["version"])
        made = one.sending.result()
    assert made is not None
    assert (made.status, made.body["version"]) == (201, EDITS + 1)
    assert all(version > EDITS + 1 for version in edited)
