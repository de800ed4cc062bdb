"""Updates of one Yjs client that wait together become one version, unless one of them is wrong."""

from __future__ import annotations

from typing import Any

import pycrdt
import pytest

from collab.errors import Close
from collab.ports.store import Clash
from collab.room.yjs_rules import MOST_BYTES, MOST_UPDATES
from collab.yjs import frames as yjs_frames
from tests.held_store import until
from tests.server.lanes.lane_clients import Lanes, YjsClient, lanes

TEXT = {"t": "words", "n": 0}


class Writer:
    """A Yjs client that writes keys of the document."""

    def __init__(self, it: Lanes, client: YjsClient) -> None:
        self.client = client
        self._doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self._doc.apply_update(it.live.room.document.update_since(b"\0"))
        self._content = self._doc.get("content", type=pycrdt.Map)

    @classmethod
    async def of(cls, it: Lanes, user: str = "ada") -> Writer:
        client = await it.yjs_client(it.token(user))
        await it.settled()
        client.socket.frames.clear()
        return cls(it, client)

    def make(self, key: str, value: object) -> bytes:
        """Change a key in the client's own copy, and return the update."""
        before = self._doc.get_state()
        self._content[key] = value
        return self._doc.get_update(before)

    def write(self, key: str, value: object) -> None:
        self.send(self.make(key, value))

    def send(self, update: bytes) -> None:
        self.client.socket.handler.on_binary(yjs_frames.update(update))


async def held_back(it: Lanes, writer: Writer) -> None:
    """Let one edit be in a commit that waits, so that further requests wait together."""
    it.calls.hold("commit")
    writer.write("first", True)
    await it.calls.reached("commit")


async def test_g32_updates_that_wait_together_are_one_version_for_all() -> None:
    async with lanes(TEXT) as it:
        writer, reader = await Writer.of(it), await it.patch_client(it.token("bo"))
        await held_back(it, writer)
        for number in range(10):
            writer.write(f"k{number % 3}", number)
        it.calls.release("commit")
        await it.settled()
        assert it.live.room.version == 3
        assert it.live.room.value == {**TEXT, "first": True, "k0": 9, "k1": 7, "k2": 8}
        assert [one["version"] for one in reader.socket.messages()] == [2, 3]
        assert writer.client.session.feed._unanswered == 0
        assert it.services.recorder.metrics.accepted == 12


async def test_the_updates_of_two_clients_stay_apart() -> None:
    async with lanes(TEXT) as it:
        ada, bo = await Writer.of(it, "ada"), await Writer.of(it, "bo")
        await held_back(it, ada)
        for number in range(2):
            ada.write("a", number)
            ada.write("a", number + 10)
            bo.write("b", number)
        it.calls.release("commit")
        await it.settled()
        entries = it.live.room.tail.since(2)
        assert entries is not None
        assert [one.author.user for one in entries] == ["ada", "bo", "ada", "bo"]


@pytest.mark.parametrize("bad", ["malformed", "missing", "more"])
async def test_g32_of_updates_with_a_wrong_one_the_others_are_accepted(bad: str) -> None:
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        await held_back(it, writer)
        writer.write("one", 1)
        if bad == "malformed":
            writer.send(b"\1\1\1\0\x99\0")
        elif bad == "missing":
            lost = writer.make("lost", 1)
            assert lost
            writer.write("two", 2)
        else:
            writer.send(writer.make("two", 2) + b"\0")
        it.calls.release("commit")
        await it.settled()
        assert it.live.room.value == {**TEXT, "first": True, "one": 1}
        assert writer.client.session.feed._unanswered == 0
        if bad == "missing":  # the server asks for what it lacks
            asked = writer.client.socket.yjs()
            assert any(isinstance(one, yjs_frames.SyncStep1) for one in asked)
        else:
            assert writer.client.socket.codes == [Close.MALFORMED]


async def test_a_burst_has_a_limit_of_updates_and_of_bytes() -> None:
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        await held_back(it, writer)
        for number in range(MOST_UPDATES + 1):
            writer.write("n", number)
        it.calls.release("commit")
        await it.settled()
        assert it.live.room.version == 4
        await held_back(it, writer)
        for number in range(3):
            writer.write("t", f"{number}" * (MOST_BYTES // 2))
        it.calls.release("commit")
        await it.settled()
        assert it.live.room.version == 8


async def test_a_clash_loses_no_update_of_a_burst() -> None:
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        await held_back(it, writer)
        for number in range(5):
            writer.write(f"k{number}", number)
        it.calls.release("commit")
        await it.calls.reached("commit")
        await it.settled()
        value = it.live.room.value
        assert isinstance(value, dict)
        assert [value[f"k{number}"] for number in range(5)] == [0, 1, 2, 3, 4]


async def test_a_burst_that_clashes_is_joined_with_later_updates_and_counts_once() -> None:
    """Otherwise the server would stop reading from the client, and never begin again."""
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        await held_back(it, writer)
        for number in range(5):
            writer.write(f"k{number}", number)
        [first] = it.calls.held("commit")
        first.release()
        await until(lambda: it.calls.held("commit") not in ([], [first]))
        for number in range(5, 10):
            writer.write(f"k{number}", number)
        it.calls.answer_next("commit", [Clash()])
        it.calls.release("commit")
        await it.settled()
        assert it.live.room.version == 3
        assert writer.client.session.feed._unanswered == 0
