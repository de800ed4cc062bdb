"""Four tabs lock, move, edit and undo at random, and all know the same locks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.locking import ask, heard
from tests.patch_client import Message, PatchClient
from tests.running import RunningServer

PAGE = {"l": [{"id": f"i{number}", "t": ""} for number in range(8)]}
ACTIONS = ("acquire", "acquire", "renew", "release", "take_over", "keep")
EDITS = ("set", "move", "add", "remove", "undo")
EXPECTED = {"locked", "stale_lock", "not_found", "conflict", "path_not_found", "nothing_to_undo"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(
        tmp_path_factory.mktemp("weft"), env={"WEFT_TAKE_OVER_GRACE": "0"}
    ) as running:
        yield running


def edit(choose: random.Random, what: str, length: int) -> dict[str, Any]:
    at, to = choose.randrange(length), choose.randrange(length)
    match what:
        case "set":
            return {"op": "replace", "path": f"/l/{at}/t", "value": str(choose.random())}
        case "move":
            return {"op": "move", "from": f"/l/{at}", "path": f"/l/{to}"}
        case "remove" if length > 5:
            return {"op": "remove", "path": f"/l/{at}"}
        case _:
            return {"op": "add", "path": f"/l/{at}", "value": {"t": ""}}


async def act(choose: random.Random, client: PatchClient) -> Message:
    what, length = choose.choice(ACTIONS + EDITS), len(client.value["l"])
    if what in ACTIONS:
        scope = f"/l/{choose.randrange(length)}"
        return await ask(client, what, scope=scope, base=client.version)
    if what == "undo":
        await client.send({"type": "undo", "id": (name := f"undo.{choose.random()}")})
        return await client.answer(name)
    return await client.answer(await client.patch(edit(choose, what, length)))


def known(client: PatchClient) -> dict[str, Message]:
    """Return the held locks, computed from all messages of a client."""
    table = {lock["id"]: lock for lock in client.opened["locks"]}
    for message in heard(client):
        lock = {name: value for name, value in message.items() if name != "type"}
        table.pop(lock["id"], None)
        if lock["holder"] is not None:
            table[lock["id"]] = lock
    return table


async def read_up(client: PatchClient) -> None:
    """Wait until the client has received all earlier messages."""
    await client.send({"type": "ping", "at": "last"})
    await client.until(lambda: any(message.get("at") == "last" for message in client.others))


async def test_all_clients_know_the_locks_that_opened_lists(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    tokens = [ada, bo, await server.mint("eve", Role.ADMIN), ada]
    clients = [
        await join(doc, token, create=PAGE, client=f"tab-{number}")
        for number, token in enumerate(tokens)
    ]

    async def work(seed: int, client: PatchClient) -> list[Message]:
        choose = random.Random(seed)
        return [await act(choose, client) for _ in range(80)]

    for answers in await asyncio.gather(*map(work, range(4), clients)):
        assert {answer["code"] for answer in answers if answer["type"] == "reject"} <= EXPECTED
    newcomer = await join(doc, bo, client="new")
    truth = known(newcomer)
    for client in clients:
        await read_up(client)
        assert (client.version, client.value) == (newcomer.version, newcomer.value)
        assert known(client) == truth
        ended = [message["id"] for message in heard(client) if message["holder"] is None]
        assert len(ended) == len(set(ended)) > 10
