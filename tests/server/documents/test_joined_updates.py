"""Updates of one Yjs client that wait together become one version, unless one of them is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pycrdt
import pytest

from collab.errors import Close
from collab.ports.store import Clash
from collab.room.requests import PatchRequest
from collab.room.yjs_rules import MOST_BYTES, MOST_UPDATES
from collab.yjs import frames as yjs_frames
from collab.yjs import slices
from tests.faults.inside import PAGE
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

    def type(self, words: str) -> bytes:
        """Type at the end of a text of the client's own copy, and return the update."""
        before = self._doc.get_state()
        text = self._content["t"]
        text += words
        return self._doc.get_update(before)

    def write(self, key: str, value: object) -> None:
        self.send(self.make(key, value))

    def remove(self, key: str) -> None:
        before = self._doc.get_state()
        del self._content[key]
        self.send(self._doc.get_update(before))

    def show(self, array: str, key: str) -> None:
        """Show a hidden element of an array."""
        before = self._doc.get_state()
        del self._content[array][key]["@deleted"]
        self.send(self._doc.get_update(before))

    def send(self, update: bytes) -> None:
        self.client.socket.handler.on_binary(yjs_frames.update(update))


async def held_back(it: Lanes, writer: Writer) -> None:
    """Let one edit be in a commit that waits, so that further requests wait together."""
    it.calls.hold("commit")
    writer.write("first", True)
    await it.calls.reached("commit")


@asynccontextmanager
async def beside_a_large_hidden_element() -> AsyncIterator[tuple[Lanes, Writer]]:
    """A document that would be too large if a client showed the hidden element again."""
    hidden = {"id": "a", "t": "x" * 90_000}
    async with lanes({**TEXT, "list": [hidden, {"id": "b"}]}, max_document=100_000) as it:
        await it.ask(PatchRequest("hide", None, [{"op": "remove", "path": "/list/0"}]))
        await it.set("/more", "y" * 20_000)
        yield it, await Writer.of(it)


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


async def test_joined_updates_have_a_limit_of_their_number_and_bytes() -> None:
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


async def clash_of_joined_updates(it: Lanes, writer: Writer) -> None:
    """Let the commit of five joined updates clash, while three more wait."""
    await held_back(it, writer)
    for number in range(5):
        writer.write(f"k{number}", number)
    it.calls.held("commit")[0].release()
    await until(lambda: len(it.calls.of("commit")) == 3 and it.calls.held("commit"))
    for number in range(5, 8):
        writer.write(f"k{number}", number)
    it.calls.answer_next("commit", [Clash()])


async def test_g32_after_a_clash_each_joined_update_is_applied_and_counted_once() -> None:
    """Otherwise the server would stop reading from the client, and never begin again."""
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        await clash_of_joined_updates(it, writer)
        it.calls.release("commit")
        await it.settled()
        assert it.live.room.version == 3
        assert it.live.room.value == {**TEXT, "first": True, **{f"k{n}": n for n in range(8)}}
        assert writer.client.session.feed._unanswered == 0
        assert it.services.recorder.metrics.accepted == 10


async def test_g32_after_a_clash_updates_are_apart_when_a_rule_came_meanwhile() -> None:
    """Another instance has set a schema, which one of the joined updates breaks."""
    schema = b'{"properties": {"k1": {"type": "string"}}}'
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        await clash_of_joined_updates(it, writer)
        assert await it.hub.store.set_schema(PAGE, schema, it.live.room.control.revision)
        it.calls.release("commit")
        await it.settled()
        value = it.live.room.value
        assert isinstance(value, dict)
        assert value == {**TEXT, "first": True, **{f"k{n}": n for n in range(8) if n != 1}}


async def test_g32_updates_that_show_a_large_element_are_apart_when_it_is_too_large() -> None:
    """Three bytes may show what another user has removed, and exceed the limit of the document."""
    async with beside_a_large_hidden_element() as (it, writer):
        await held_back(it, writer)
        writer.write("one", 1)
        writer.show("list", "a")
        writer.write("two", 2)
        it.calls.release("commit")
        await it.settled()
        value = it.live.room.value
        assert isinstance(value, dict)
        assert (value["one"], value["two"], value["list"]) == (1, 2, [{"id": "b"}])
        assert it.live.room.document.read() == value
        assert writer.client.session.feed._unanswered == 0
        assert not writer.client.socket.codes


async def test_g32_updates_that_would_be_cut_together_are_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A correction takes back a whole part. So no part may have pieces of two updates."""
    async with beside_a_large_hidden_element() as (it, writer):
        await held_back(it, writer)
        writer.write("one", 1)
        writer.remove("n")
        writer.show("list", "a")
        writer.write("two", 2)
        monkeypatch.setattr(slices, "STEPS", 1)
        monkeypatch.setattr(slices, "SECONDS", -1.0)
        it.calls.release("commit")
        await it.settled()
        value = it.live.room.value
        assert isinstance(value, dict)
        assert (value["one"], value["two"], value["list"]) == (1, 2, [{"id": "b"}])
        assert "n" not in value
        assert it.live.room.document.read() == value
        assert writer.client.session.feed._unanswered == 0
        assert not writer.client.socket.codes


async def test_updates_without_an_effect_are_counted_one_by_one() -> None:
    async with lanes(TEXT) as it:
        writer = await Writer.of(it)
        updates = [writer.make(f"k{number}", number) for number in range(3)]
        for update in updates:
            writer.send(update)
        await it.settled()
        await held_back(it, writer)
        for update in updates:
            writer.send(update)
        it.calls.release("commit")
        await it.settled()
        assert it.services.recorder.metrics.edits.labels("yjs", "unchanged").value == 3
        assert writer.client.session.feed._unanswered == 0
