"""Hostile presence must not cost other users their connection or their name."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from collab.rights.user_rights import Role
from collab.yjs import awareness, frames
from collab.yjs.awareness import State
from tests.attacks.attacker import Bystander, Intruder, close_code, upgrade
from tests.patch_client import PatchClient
from tests.running import RunningServer


class Awareness:
    """A Yjs client that sends any awareness state, and keeps what it receives."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.states: dict[int, State] = {}

    @classmethod
    async def open(cls, server: RunningServer, doc: str, token: str) -> Awareness:
        return cls(await upgrade(server, f"/v1/yjs/{doc}?token={token}"))

    async def say(self, *states: State) -> None:
        await self.socket.send(frames.awareness(awareness.encode(states)))

    async def hear(self) -> list[State]:
        """Return the next awareness message that has a state."""
        async with asyncio.timeout(10):
            while True:
                for message in frames.decode(await self.socket.recv()):
                    if isinstance(message, frames.AwarenessUpdate) and message.body != b"\0":
                        raw = awareness.AwarenessBounds(state_bytes=1 << 20)
                        states = awareness.decode(message.body, raw)
                        self.states |= {state.client: state for state in states}
                        return states

    async def until(self, client: int) -> State:
        while client not in self.states:
            await self.hear()
        return self.states[client]

    async def close(self) -> None:
        await self.socket.close()


def shows(client: PatchClient, key: str, value: Any) -> Callable[[], bool]:
    """Whether a received state contains this."""
    return lambda: any(peer["state"].get(key) == value for peer in client.shown)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_an_echoed_state_above_the_own_limit_does_no_harm(
    server: RunningServer, role: Role
) -> None:
    """y-websocket echoes every state that it receives. A viewer never has a state of its own."""
    doc = f"echo-{role}"
    loud = await PatchClient.connect(server.ws, doc, await server.mint("loud"), create={})
    listener = await Awareness.open(server, doc, await server.mint("quiet", role))
    await loud.send({"type": "presence", "state": {"color": "#" * 2000}})
    own = loud.opened["client_id"]
    while (await listener.until(own)).state is None or "color" not in (
        listener.states[own].state or {}
    ):
        await listener.hear()
    await listener.socket.send(frames.awareness(awareness.encode([listener.states[own]])))
    await (await listener.socket.ping())
    await listener.say(State(7, 1, {"still": "here"}))
    await (await listener.socket.ping())
    assert listener.socket.close_code is None
    await listener.close()
    await loud.close()


BAD_STATES = [
    '{"__proto__":{"admin":true}}',
    '{"a":{"constructor":1}}',
    '{"n":9007199254740993}',
    '{"n":123456789012345678901234567890}',
    '{"deep":' + "[" * 70 + "]" * 70 + "}",
    '{"deep":' + "[" * 900 + "]" * 900 + "}",
]


@pytest.mark.parametrize("state", BAD_STATES, ids=range(len(BAD_STATES)))
async def test_a_state_that_no_patch_could_hold_is_refused_and_not_shown(
    server: RunningServer, state: str
) -> None:
    doc = "odd-states"
    one = await Intruder.open(server, doc, await server.mint("odd"), create={})
    two = await PatchClient.connect(server.ws, doc, await server.mint("even"))
    await one.say('{"type":"presence","state":' + state + "}")
    assert (await one.until("error"))["code"] == "malformed"
    await one.say({"type": "presence", "state": {"fine": 1}})
    await two.until(lambda: any(peer["state"] == {"fine": 1} for peer in two.shown))
    assert all(peer["state"] in ({}, {"fine": 1}) for peer in two.shown)
    await one.close()
    await two.close()


async def test_no_client_takes_the_client_id_of_a_client_that_just_left(
    server: RunningServer,
) -> None:
    """Otherwise any reader could block each reconnecting client from the awareness."""
    doc = "id-thief"
    ada, eve = await server.mint("ada"), await server.mint("eve")
    watcher = await PatchClient.connect(server.ws, doc, await server.mint("watch"), create={})
    first = await Awareness.open(server, doc, ada)
    await first.say(State(4711, 0, {"n": 1}))
    await watcher.until(lambda: bool(watcher.shown))
    thief = await Awareness.open(server, doc, eve)
    await first.close()
    await watcher.until(lambda: any("left" in message for message in watcher.others))
    await thief.say(State(4711, 50, {"forged": True}))
    await (await thief.socket.ping())
    second = await Awareness.open(server, doc, ada)
    await second.say(State(4711, 1, {"n": 2}))
    await watcher.until(lambda: len(watcher.shown) >= 2)
    assert [(peer["user"], peer["client_id"]) for peer in watcher.shown] == [
        ("ada", 4711),
        ("ada", 4711),
    ]
    for one in (second, thief, watcher):
        await one.close()


async def test_a_client_that_came_and_left_during_an_open_is_removed(
    server: RunningServer,
) -> None:
    """When a client in `opened` leaves before it is announced, its leaving is announced."""
    doc, token = "ghosts", await server.mint("ghost")
    keeper = await PatchClient.connect(server.ws, doc, await server.mint("keeper"), create={})
    newcomer = await server.mint("newcomer")
    for _ in range(10):
        ghost = await Intruder.open(server, doc, token)
        one = await PatchClient.connect(server.ws, doc, newcomer)
        await ghost.close()
        there = {peer["session"] for peer in one.opened["presence"]}
        gone = ghost.opened["session"]
        if gone in there:
            await one.until(functools.partial(has_left, one, gone))
        await one.close()
    await keeper.close()


def has_left(client: PatchClient, session: str) -> bool:
    return any(session in message.get("left", ()) for message in client.others)


async def test_a_thousand_states_of_other_clients_in_one_frame_are_ignored(
    server: RunningServer,
) -> None:
    doc = "thousands"
    ada = await PatchClient.connect(server.ws, doc, await server.mint("ada"), create={})
    eve = await Awareness.open(server, doc, await server.mint("eve"))
    await eve.say(State(99, 1, {"mine": 1}))
    await ada.until(lambda: len(ada.shown) == 1)
    crowd = [State(1000 + n, 5, {"n": n}) for n in range(1000)]
    await eve.say(*crowd, State(ada.opened["client_id"], 2**40, {"forged": True}))
    await eve.say(State(99, 2, {"mine": 2}))
    await ada.until(lambda: len(ada.shown) == 2)
    assert [peer["client_id"] for peer in ada.shown] == [99, 99]
    await ada.close()
    await eve.close()


@pytest.mark.parametrize(
    "text",
    [
        b'{"x":"' + b"y" * 2042 + b'"}',  # 2 KiB and one byte
        b'{"d":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"__proto__":1}',
        b"[1]",
        b'"me"',
        b"\xff",
        b"",
    ],
)
async def test_an_invalid_own_state_closes_only_its_sender(
    server: RunningServer, bystander: Bystander, text: bytes
) -> None:
    eve = await Awareness.open(server, "no-state", await server.mint("eve"))
    await eve.say(State(7, 0, {"ok": 1}))
    size, head = len(text), bytearray()
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    await eve.socket.send(frames.awareness(b"\x01\x07\x01" + bytes(head) + text))
    assert await close_code(eve.socket) == 4400


async def test_cursors_without_a_target_are_shown_unchanged_and_do_no_harm(
    server: RunningServer,
) -> None:
    doc = "odd-cursors"
    one = await PatchClient.connect(
        server.ws, doc, await server.mint("one"), create={"t": "a\U0001f600b", "s": [{"x": "y"}]}
    )
    two = await PatchClient.connect(server.ws, doc, await server.mint("two"))
    cursors: list[Any] = [
        {"path": "/none", "offset": 3},
        {"path": "/t", "offset": -5},
        {"path": "/t", "offset": 2**53 - 1},
        {"path": "/t", "offset": 2},  # between the two halves of a surrogate pair
        {"path": "/t", "offset": 1.5},
        {"path": "/t", "offset": True},
        {"path": "/t", "offset": "1"},
        {"path": "no pointer", "offset": 1},
        {"path": "/s/99999999999999999999", "offset": 1},
        {"path": "/s/-", "offset": 1},
        {"path": "/" * 900, "offset": 1},
        {"path": 5},
        "cursor",
        None,
        [1],
    ]
    for number, cursor in enumerate(cursors):
        await one.send({"type": "presence", "base": 1, "state": {"n": number, "cursor": cursor}})
        await two.until(shows(two, "n", number))
        await two.set("/t", f"{number} a\U0001f600b")
        await two.set("/s/0/x", f"{number}")
    assert not [message for message in one.others if message["type"] == "error"]
    for base in (-1, 0, 10**9):
        await one.send({"type": "presence", "base": base, "state": {"base": base}})
        await two.until(shows(two, "base", base))
    assert one.socket.close_code is two.socket.close_code is None
    await one.close()
    await two.close()


async def test_a_flood_of_states_is_sent_20_times_a_second_and_ends_on_the_newest(
    server: RunningServer,
) -> None:
    doc = "flood"
    one = await Intruder.open(server, doc, await server.mint("one"), create={})
    two = await PatchClient.connect(server.ws, doc, await server.mint("two"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(380):
        await one.say({"type": "presence", "state": {"n": number}})
    await two.until(lambda: bool(two.shown) and two.shown[-1]["state"].get("n") == 379)
    told = [peer["state"]["n"] for peer in two.shown if "n" in peer["state"]]
    assert told == sorted(set(told))
    assert len(told) <= 2 + 20 * (loop.time() - began)
    await one.close()
    await two.close()


async def test_the_user_in_a_patch_clients_state_comes_from_its_token(
    server: RunningServer,
) -> None:
    doc = "spoof"
    one = await PatchClient.connect(server.ws, doc, await server.mint("one"), create={})
    two = await PatchClient.connect(server.ws, doc, await server.mint("two"))
    yjs = await Awareness.open(server, doc, await server.mint("three"))
    signed = {"id": "one", "name": "One"}
    for number, user in enumerate(("root", ["root"], None, 7, {"id": "root", "name": "R"})):
        state = {"n": number, "user": user}
        await one.send({"type": "presence", "state": state})
        await two.until(shows(two, "n", number))
        assert two.shown[-1]["state"] == {"n": number, "user": signed}
        own = one.opened["client_id"]
        while ((await yjs.until(own)).state or {}).get("n") != number:
            await yjs.hear()
        assert (yjs.states[own].state or {})["user"] == signed
    for each in (one, two, yjs):
        await each.close()
