"""A document together with real Yjs clients (npm), connected by bytes."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collab.structs import guard
from collab.types.layout import read_object
from tests.collab.document.world import World

NODE = Path(__file__).resolve().parents[2] / "node"
PEERS = 3

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        shutil.which("node") is None or not (NODE / "node_modules" / "yjs").is_dir(),
        reason="Node and its modules are not there",
    ),
]


class Clients:
    """Yjs clients in one Node process."""

    def __init__(self, seed: int) -> None:
        command = ["node", "document_peers.mjs", str(seed), str(PEERS)]
        self._process = subprocess.Popen(
            command, cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, do: str, peer: int, **rest: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "peer": peer, **rest}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


def to_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class RealWorld(World):
    """A world with Yjs peers in Node."""

    def __init__(self, seed: int, clients: Clients) -> None:
        super().__init__(seed, peers=0)
        self.peers: list[Any] = list(range(PEERS))
        self.clients = clients
        self.chance = random.Random(seed + 1)

    def edit_peer(self) -> None:
        peer = self.chance.randrange(PEERS)
        self.clients.ask("edit", peer)
        self.log.append(f"edit {peer}")

    def push(self, index: int | None = None) -> None:
        peer = self.chance.randrange(PEERS) if index is None else index
        vector = to_text(self.document.encode_state_vector())
        update = base64.b64decode(self.clients.ask("diff", peer, vector=vector))
        guard.inspect(update)
        self.log.append(f"push {peer}")
        user = ("ada", "bo", "cy")[peer]
        change = self.document.integrate(update, version=self.version + 1, user=user, at=self.now)
        self.accept(change, user, "edit")

    def pull(self, peer: Any) -> None:
        vector = base64.b64decode(self.clients.ask("vector", peer))
        self.clients.ask("apply", peer, update=to_text(self.document.update_since(vector)))

    def settle(self) -> None:
        """Exchange all changes between all peers."""
        for peer in range(PEERS):
            self.push(peer)
        for peer in range(PEERS):
            self.pull(peer)


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    clients = Clients(request.param)
    yield clients
    clients.close()


def converge(seed: int, clients: Clients, steps: int) -> None:
    world = RealWorld(seed, clients)
    for number in range(steps):
        try:
            world.step()
            world.check()
        except BaseException as error:
            error.add_note(f"seed {seed}, step {number}:\n" + "\n".join(world.log[-6:]))
            raise
    world.settle()
    world.check()
    expected = json.dumps(world.document.value, sort_keys=True)
    for peer in range(PEERS):
        value, _ = read_object(clients.ask("read", peer))
        assert json.dumps(value, sort_keys=True) == expected
    world.close()


@pytest.mark.parametrize(("clients", "seed"), [(1, 1), (2, 2)], indirect=["clients"])
def test_real_yjs_clients_and_patches_converge(clients: Clients, seed: int) -> None:
    converge(seed, clients, 200)


@pytest.mark.long
@pytest.mark.parametrize(
    ("clients", "seed"), [(seed, seed) for seed in range(10, 30)], indirect=["clients"]
)
def test_real_yjs_clients_converge_over_thousands_of_edits(clients: Clients, seed: int) -> None:
    converge(seed, clients, 600)
