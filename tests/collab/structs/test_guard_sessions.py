"""The guard refuses no update of a real client, and pycrdt applies each as the guard promises."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text, XmlFragment

from collab.structs.guard import StructIndex, check, inspect, inspect_state_vector
from tests.collab.yjs.sessions import session

HERE = Path(__file__).parent
NODE_MODULES = HERE.parents[1] / "node" / "node_modules" / "yjs"


class Server:
    """A document behind the guard, as in a hub."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.index = StructIndex()
        self.leases: dict[int, str] = {}
        self.doc.observe(lambda event: self.index.add(inspect(event.update)))

    def receive(self, user: str, update: bytes) -> None:
        before = self.doc.get_update()
        clocks = dict(self.index.clocks)
        checked = check(inspect(update), clocks, leases=self.leases, user=user, index=self.index)
        self.leases.update(dict.fromkeys(checked.new_clients, user))
        self.doc.apply_update(update)
        state = inspect_state_vector(self.doc.get_state())
        assert state == {**clocks, **checked.clocks} == self.index.clocks
        assert checked.has_effect == (self.doc.get_update() != before)

    def check_index(self) -> None:
        """Check that the index of the whole state has the clocks of the index of all updates."""
        assert StructIndex.of(self.doc.get_update()).clocks == self.index.clocks


def serve(log: Iterable[tuple[int, str]]) -> Server:
    server = Server()
    for client, update in log:
        server.receive(str(client), bytes.fromhex(update))
    server.check_index()
    return server


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(60))
def test_g18_updates_of_pycrdt_clients_are_accepted(seed: int) -> None:
    for peer in session(seed, 25):
        for update in [*peer.sent, peer.doc.get_update()]:
            inspect(update)
        server = Server()
        server.receive("ada", peer.doc.get_update())
        server.receive("bo", peer.doc.get_update())
        server.check_index()


def test_g18_recorded_updates_of_yjs_clients_are_accepted() -> None:
    for log in json.loads((HERE / "yjs_updates.json").read_text()):
        serve(log)


def run_yjs(seed: int, count: int) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None or not NODE_MODULES.exists():
        pytest.skip("node or tests/node/node_modules is not there")
    command = [node, str(HERE / "yjs_sessions.mjs"), str(seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_yjs(seed: int, count: int) -> None:
    for made in run_yjs(seed, count):
        server = serve(made["log"])
        assert str(server.doc.get("t", type=Text)) == made["text"]
        assert {str(k): v for k, v in server.index.clocks.items()} == made["state"]
        assert len(str(server.doc.get("x", type=XmlFragment))) == len(made["xml"])


@pytest.mark.real
def test_g18_yjs_clients_are_accepted_and_converge() -> None:
    check_yjs(seed=1, count=60)


@pytest.mark.long
@pytest.mark.real
def test_g18_yjs_clients_of_2_000_sessions_converge() -> None:
    check_yjs(seed=10_000, count=2_000)
