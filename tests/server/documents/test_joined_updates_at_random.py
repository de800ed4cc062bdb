"""Random Yjs clients at a slow store with another writer: no update is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pycrdt
import pytest

from collab.ports.store import Clash
from collab.yjs import frames as yjs_frames
from collab.yjs import slices
from tests.held_store import until
from tests.seeds import seeds
from tests.server.documents.test_joined_updates import Writer
from tests.server.lanes.lane_clients import Lanes, lanes

START = {"t": "", "n": 0}
EVENTS = ("type",) * 8 + ("set", "again", "wrong", "patch", "clash", "pause", "go on", "turn")


class Day:
    """Random events. `sent` are the updates that the server must accept, in their order."""

    def __init__(self, it: Lanes, writers: list[Writer], choose: random.Random) -> None:
        self.it, self.writers, self.choose = it, writers, choose
        self.sent: list[bytes] = []
        self.patches: list[asyncio.Task[None]] = []
        self._by: dict[Writer, list[bytes]] = {writer: [] for writer in writers}
        self._number = 0

    async def play(self, what: str) -> None:
        it, choose = self.it, self.choose
        writer = choose.choice([one for one in self.writers if not one.client.socket.closed])
        self._number += 1
        match what:
            case "type":
                for part in range(choose.randint(1, 6)):
                    self._send(writer, writer.type(f"{self._number}.{part} "))
            case "set":
                self._send(writer, writer.make(f"k{choose.randrange(3)}", self._number))
            case "again" if own := self._by[writer]:
                writer.send(choose.choice(own))
            case "wrong" if len(self.writers) > 2 and choose.random() < 0.3:
                self.writers.remove(writer)  # a client whose update is malformed is closed
                writer.send(b"\1\1\1\0\x99\0")
            case "patch":
                self.patches.append(asyncio.create_task(it.set(f"/p{self._number}", 1)))
            case "clash":
                it.calls.answer_next("commit", [Clash()])
            case "pause":
                it.calls.hold("commit")
            case "go on":
                it.calls.release("commit")
            case _:
                for _ in range(choose.randrange(20)):
                    await asyncio.sleep(0)

    def _send(self, writer: Writer, update: bytes) -> None:
        self.sent.append(update)
        self._by[writer].append(update)
        writer.send(update)

    async def end(self) -> None:
        self.it.calls.release("commit")
        await asyncio.gather(*self.patches)
        await until(lambda: not self.it.live.is_busy)


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "cut"])
@pytest.mark.parametrize("seed", seeds(3, 8))
async def test_g32_no_update_is_lost_or_doubled(
    seed: int, is_cut: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_cut:  # each update with several places is integrated in parts
        monkeypatch.setattr(slices, "STEPS", 1)
        monkeypatch.setattr(slices, "SECONDS", -1.0)
    choose = random.Random(seed)
    async with lanes(START) as it:
        writers = [await Writer.of(it, user) for user in ("ada", "ada", "bo", "cy")]
        day = Day(it, writers.copy(), choose)
        for _ in range(120):
            await day.play(choose.choice(EVENTS))
        await day.end()
        truth: pycrdt.Doc[Any] = pycrdt.Doc()
        truth.apply_update(it.live.room.document.update_since(b"\0"))
        content = truth.get("content", type=pycrdt.Map)
        had = truth.get_state()
        for update in day.sent:
            truth.apply_update(update)
        assert truth.get_state() == had, "the server has every update"
        value = it.live.room.value
        assert isinstance(value, dict)
        assert value["t"] == str(content["t"])
        assert sorted(value["t"].split()) == sorted({*value["t"].split()}), "none is there twice"
        assert it.live.room.document.read() == value
        for writer in day.writers:
            assert writer.client.session.feed._unanswered == 0
            assert not any(
                isinstance(say, yjs_frames.SyncStep1) for say in writer.client.socket.yjs()
            )
