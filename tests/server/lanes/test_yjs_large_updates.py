"""Large updates: who may send one, when, and in which order its pieces are submitted."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author
from collab.errors import Code, Refusal, Rejected
from collab.flow.budget import Allowance, UserBudgets
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Update
from collab.yjs import frames as yjs_frames
from server.access.tokens import Claims
from server.lanes.session import AdmittedClient
from server.lanes.yjs_large_updates import LargeUpdates
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.server.lanes.lane_clients import FakeSocket, Lanes, lanes

FRAME, DOCUMENT = 1_000, 50_000


class Cutter:
    """Cuts an update into pieces of one byte, when the test lets it."""

    def __init__(self) -> None:
        self.is_held = True
        self.error: Exception | None = None

    async def cut(self, update: bytes, known: object) -> tuple[list[bytes], float]:
        await until(lambda: not self.is_held)
        if self.error is not None:
            raise self.error
        return [update[:2], update[2:4]], 0.5


class Sending:
    """The large updates of one connection."""

    def __init__(self, it: Lanes, budgets: UserBudgets) -> None:
        self.socket = FakeSocket()
        self.submitted: list[tuple[bytes, bool]] = []
        self.refused: list[tuple[str, bool]] = []
        self.now = it.clock.monotonic()
        member = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "yjs")
        claims = Claims("demo", "ada", "Ada", member.rights, 0, kid="")
        info = it.services.recorder.connections.enter("yjs", self.socket)
        client = AdmittedClient(it.services, self.socket, info, it.live, claims, member, budgets)
        self.updates = LargeUpdates(client, self)  # type: ignore[arg-type]  # it is the feed

    def receive(self, message: yjs_frames.SyncStep2 | yjs_frames.SyncUpdate) -> None:
        self.updates.receive(message, self.now)

    def submit(self, update: Update, now: float) -> None:
        self.submitted.append((update.update, update.is_whole))

    def on_refused_update(self, refusal: Refusal, is_whole: bool, now: float) -> None:
        self.refused.append((refusal.code.value, is_whole))


def budgets_of(it: Lanes, rate: int = 0) -> UserBudgets:
    allowance = Allowance(rate, rate)
    return UserBudgets(allowance, allowance, it.clock.monotonic())


def small(**settings: Any) -> dict[str, Any]:
    return {"max_frame": FRAME, "max_document": DOCUMENT, **settings}


async def test_one_connection_of_a_user_may_send_a_large_frame_until_its_step_2() -> None:
    async with lanes({"n": 0}, **small()) as it:
        budgets = budgets_of(it)
        first, second = Sending(it, budgets), Sending(it, budgets)
        first.updates.allow(True)
        second.updates.allow(True)
        assert (first.socket.limits, second.socket.limits) == ([(DOCUMENT, 4400)], [])
        first.receive(yjs_frames.SyncUpdate(b"u"))
        assert len(first.socket.limits) == 1
        first.receive(yjs_frames.SyncStep2(b"s"))
        assert first.socket.limits[1:] == [(FRAME, 1009)]
        second.updates.allow(True)
        assert second.socket.limits == [(DOCUMENT, 4400)]
        second.updates.release()
        second.updates.release()
        assert second.socket.limits[1:] == [(FRAME, 1009)]
        assert first.submitted == [(b"u", False), (b"s", True)]


async def test_a_reader_may_send_no_large_frame() -> None:
    async with lanes({"n": 0}, **small()) as it:
        reader = Sending(it, budgets_of(it))
        reader.updates.allow(False)
        assert reader.socket.limits == [(FRAME, 4400)]


async def test_a_frame_may_be_large_only_by_its_updates() -> None:
    async with lanes({"n": 0}, **small()) as it:
        sending = Sending(it, budgets_of(it))
        update = yjs_frames.SyncStep2(bytes(5 * FRAME))
        sending.updates.check_size(6 * FRAME, [update])
        with pytest.raises(Rejected) as refused:
            sending.updates.check_size(6 * FRAME + 1, [update])
        assert refused.value.refusal.code is Code.TOO_LARGE


async def test_an_update_as_large_as_a_frame_may_be_is_not_split() -> None:
    async with lanes({"n": 0}, **small()) as it:
        it.services.cutter = Cutter()  # type: ignore[assignment]
        sending = Sending(it, budgets_of(it))
        sending.receive(yjs_frames.SyncUpdate(bytes(FRAME)))
        assert sending.submitted == [(bytes(FRAME), False)]
        sending.receive(yjs_frames.SyncUpdate(bytes(FRAME + 1)))
        assert (sending.updates.is_splitting, len(sending.submitted)) == (True, 1)


async def test_updates_behind_a_large_one_wait_for_its_pieces() -> None:
    async with lanes({"n": 0}, **small()) as it:
        it.services.cutter = cutter = Cutter()  # type: ignore[assignment]
        budgets = budgets_of(it, 1_000)
        sending = Sending(it, budgets)
        large = bytes(range(256)) * 5
        sending.receive(yjs_frames.SyncStep2(large))
        sending.receive(yjs_frames.SyncUpdate(b"next"))
        assert sending.updates.is_splitting
        assert sending.submitted == []
        cutter.is_held = False
        await until(lambda: not sending.updates.is_splitting)
        pieces = [large[:2], large[2:4], b"ne", b"xt"]
        assert sending.submitted == [(piece, False) for piece in pieces]
        assert budgets.inbound.wait(it.clock.monotonic()) > 0, "the user pays for the cutting"
        sending.receive(yjs_frames.SyncUpdate(b"last"))
        assert sending.submitted[-1] == (b"last", False)


@pytest.mark.parametrize(
    ("code", "limits"), [(Code.MISSING_DEPENDENCY, [(DOCUMENT, 4400)]), (Code.MALFORMED, [])]
)
async def test_a_large_update_that_is_refused_drops_what_waits_behind_it(
    code: Code, limits: list[tuple[int, int]]
) -> None:
    async with lanes({"n": 0}, **small()) as it:
        it.services.cutter = cutter = Cutter()  # type: ignore[assignment]
        cutter.error = Rejected(code, "no")
        sending = Sending(it, budgets_of(it))
        sending.receive(yjs_frames.SyncStep2(bytes(5 * FRAME)))
        sending.receive(yjs_frames.SyncUpdate(b"next"))
        cutter.is_held = False
        await until(lambda: not sending.updates.is_splitting)
        assert sending.refused == [(code.value, True)]
        assert sending.submitted == []
        assert sending.socket.limits == limits
        cutter.error = None
        sending.receive(yjs_frames.SyncUpdate(bytes(5 * FRAME)))
        await until(lambda: not sending.updates.is_splitting)
        assert sending.submitted == [(b"\0\0", False)] * 2


async def test_b11_only_the_update_that_creates_a_document_is_charged_for_it() -> None:
    async with lanes(new_bytes_per_second=100, new_burst=1_000) as it, it.hub.using(PAGE):
        creations, sending = it.services.creations, Sending(it, budgets_of(it))
        sending.receive(yjs_frames.SyncUpdate(bytes(600)))
        sending.receive(yjs_frames.SyncUpdate(bytes(600)))  # the first is not durable yet
        creations.check(PAGE, "bo")
        with pytest.raises(Rejected):
            creations.check(PAGE, "ada")
        it.clock.advance(10.0)
        await it.make({"n": 0})
        sending.receive(yjs_frames.SyncUpdate(bytes(5_000)))
        creations.check(PAGE, "ada")
