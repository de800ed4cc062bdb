"""Clients and a model server at random: all converge, each change ends once, nothing is doubled.

The server is the server's own rules. Connections delay messages, and are lost with everything on
their way.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.weft.core.model_server import ModelClient, ModelServer
from weft.core.effects import Reason
from weft.core.patch import get
from weft.core.steps import Ask
from weft.errors import PatchError

PAGE = {
    "title": "Hello you",
    "list": [{"id": name, "text": "some words here"} for name in "abc"],
    "log": [],
}
CLIENTS = 3
FAST, SHORT, LONG = 20, 60, 1000


class World:
    """Three clients of one document."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.undoes = seed % 2 == 1
        self.server = ModelServer(PAGE)
        self.clients = [ModelClient(self.server, f"u{n}") for n in range(CLIENTS)]
        self.logged: dict[str, str] = {}  # each logged text, and the entry that it is a part of
        self.now = 0.0
        for client in self.clients:
            client.connect()
            client.deliver_down()

    def step(self) -> None:
        client = self.dice.choice(self.clients)
        self.now += self.dice.choice((0.0, 0.01, 0.2, 2.0))
        kind = self.dice.random()
        if kind < 0.3:
            self.edit(client)
        elif kind < 0.36 and self.undoes:
            self.undo(client)
        elif client.line is None:
            client.connect(resync=self.dice.random() < 0.3)
        elif kind < 0.42 or client.must_reload:
            client.cut()
        elif kind < 0.7 and client.line.up:
            client.deliver_up()
        elif client.line.down:
            client.deliver_down()

    def edit(self, client: ModelClient) -> None:
        machine, id = client.machine, client.next_id()
        ops = self.ops(machine.value, id)
        step = "drag" if self.dice.random() < 0.1 else None
        try:
            machine.edit(id, ops, self.now, step)
        except PatchError:
            return
        entry = machine.queue[-1].id
        for op in ops:
            if op["path"] == "/log/-":
                self.logged[op["value"]] = entry
        client.perform()

    def ops(self, value: Any, id: str) -> list[dict[str, Any]]:
        dice = self.dice
        items = value["list"]
        at = dice.randrange(len(items)) if items else 0
        kinds: list[dict[str, Any]] = [
            {"op": "add", "path": "/log/-", "value": id},
            {"op": "replace", "path": "/title", "value": f"Hello {id}"},
            {"op": "add", "path": f"/list/{at}", "value": {"id": id, "text": "new"}},
            {"op": "splice", "path": "/title", "offset": 0, "delete": 1, "insert": "J"},
        ]
        if items:
            kinds += [
                {"op": "remove", "path": f"/list/{at}"},
                {"op": "move", "from": f"/list/{at}", "path": "/list/0"},
                {"op": "replace", "path": f"/list/{at}/text", "value": f"words {id} here"},
            ]
        return dice.sample(kinds, k=dice.choice((1, 1, 2)))

    def undo(self, client: ModelClient) -> None:
        client.machine.undo(Ask(client.next_id(), self.dice.random() < 0.4), self.now)
        client.perform()

    def settle(self) -> None:
        """Deliver everything, until no message is on its way."""
        for _ in range(10_000):
            busy = False
            for client in self.clients:
                if client.line is None or client.must_reload:
                    if client.line is not None:
                        client.cut()
                    client.connect()
                    busy = True
                elif client.line.up:
                    client.deliver_up()
                    busy = True
                elif client.line.down:
                    client.deliver_down()
                    busy = True
            if not busy:
                return
        raise AssertionError("the clients never come to rest")

    def check(self) -> None:
        value = self.server.value
        for client in self.clients:
            machine = client.machine
            assert machine.queue == machine.own == []
            assert machine.value == machine.confirmed.value == value
            assert not machine.steps.asks
            assert all(len(ends) == 1 for ends in client.ends.values()), client.ends
            for id, (end,) in client.ends.items():
                assert (end == "overwritten") == (id in self.server.overwrote), id
        log = get(value, "/log")
        assert isinstance(log, list)
        assert len(set(log)) == len(log), "an edit was applied twice"
        ends = {id: ends[0] for client in self.clients for id, ends in client.ends.items()}
        assert set(self.logged.values()) <= set(ends), "a change has not ended"
        lost = {text for text, entry in self.logged.items() if ends[entry] == "refused"}
        assert not lost & set(log), "a refused edit was applied"
        if not self.undoes:
            assert set(log) == self.logged.keys() - lost, "an edit is lost"


def walk(seed: int, steps: int) -> None:
    world = World(seed)
    for _ in range(steps):
        world.step()
    world.settle()
    world.check()


# `make check` tries the first worlds.
@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(seed, marks=() if seed < FAST else pytest.mark.thorough)
        for seed in range(SHORT)
    ],
)
def test_clients_converge_and_each_change_ends_once(seed: int) -> None:
    walk(seed, 120)


@pytest.mark.long
def test_many_random_worlds() -> None:
    for seed in range(SHORT, LONG):
        walk(seed, 150)


def test_edits_without_a_connection_arrive_once() -> None:
    server = ModelServer(PAGE)
    client = ModelClient(server, "ada")
    client.connect()
    client.deliver_down()
    client.cut()
    for n in range(20):
        edit = {"op": "add", "path": "/log/-", "value": n}
        client.machine.edit(client.next_id(), [edit], float(n))
        client.perform()
    client.connect()
    client.deliver_down()
    lost = 0
    while client.line is not None and (client.line.up or client.line.down):
        if client.line.up:
            client.deliver_up()
            if server.room.version >= lost + 5:  # the answer is lost with the connection
                lost = server.room.version
                client.cut()
                client.connect()
        client.deliver_down()
    assert server.value["log"] == list(range(20))
    assert client.machine.value == server.value
    assert [ends for ends in client.ends.values() if ends != ["durable"]] == []


def test_every_change_fails_when_the_connection_never_comes_back() -> None:
    server = ModelServer(PAGE)
    client = ModelClient(server, "ada")
    client.connect()
    client.deliver_down()
    for n in range(3):
        edit = {"op": "add", "path": "/log/-", "value": n}
        client.machine.edit(client.next_id(), [edit], 10.0 * n)
        client.perform()
    client.machine.undo(Ask("u", False), 50.0)
    client.machine.undo(Ask("v", False), 50.0)
    client.machine.undo(Ask("w", False), 50.0)
    client.machine.fail_all(Reason("token_expired", "the token has expired"))
    client.perform()
    assert sorted(ends[0] for ends in client.ends.values()) == ["failed", "undone", "undone"]
    assert client.asked == ["u", "v", "w"]
    assert client.machine.value == PAGE
