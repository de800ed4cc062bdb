"""The life of an admitted connection, for both lanes: join, budgets, token, keep-alive, leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pycrdt
import pytest

from collab.room.member import Member
from collab.room.requests import Answer, Round
from collab.yjs import frames as yjs_frames
from server.broadcast.news import News
from server.broadcast.subscriber import Answered
from server.lanes.feed import MOST_UNANSWERED, MOST_UNANSWERED_BYTES
from server.lanes.session import KEEP_ALIVE_SECONDS, Session
from tests.held_store import until
from tests.server.lanes.lane_clients import Lanes, PatchClient, YjsClient, lanes

LANES = ("patch", "yjs")


async def client_of(it: Lanes, lane: str, **token: Any) -> PatchClient | YjsClient:
    made = it.token(**token)
    return await (it.patch_client(made) if lane == "patch" else it.yjs_client(made))


@pytest.mark.parametrize("lane", LANES)
async def test_the_socket_gives_its_events_to_the_session_itself(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        assert isinstance(client.socket.handler, Session)
        assert list(it.live.audience.subscribers) == [client.session.feed]


@pytest.mark.parametrize("lane", LANES)
async def test_a_session_holds_its_document_presence_and_budgets_until_its_socket_closes(
    lane: str,
) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        live, owner = it.live, (it.live.key, "ada")

        def held() -> list[int]:
            budgets = it.services.budget_pool._budgets[owner]
            book = live.presence.book
            return [live.users, len(live.audience), len(book), budgets.connections]

        assert held() == [1, 1, 1, 1]
        session = client.session
        client.socket.lose(1001)
        assert held() == [0, 0, 0, 0]
        assert session._token_expiry._timer is None
        assert session._keep_alive is None or session._keep_alive.cancelled()


@pytest.mark.parametrize("lane", LANES)
async def test_the_close_code_is_in_the_audit_trail(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        client.socket.lose(4401)
        rows = [row for _, row in it.services.recorder.trail._rows if row.action == "close"]
        assert [row.detail["code"] for row in rows] == [4401]


@pytest.mark.parametrize("lane", LANES)
async def test_an_expired_token_closes_the_connection(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane, seconds=100)
        it.clock.advance(100)
        client.session._token_expiry.check()
        assert client.socket.codes == [4401]


@pytest.mark.parametrize("lane", LANES)
async def test_a_client_that_reads_too_little_is_closed_and_stays_alive_in_presence(
    lane: str,
) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        session = client.session
        entry = it.live.presence.book._entries[session.feed.session]
        session.mark_alive(99.0)
        assert entry.last_seen_at == 99.0
        session.disconnect_slow()
        assert client.socket.codes == [4508]


async def test_only_the_yjs_lane_has_a_keep_alive_message() -> None:
    async with lanes({"n": 0}) as it:
        patch, yjs = await it.patch_client(), await it.yjs_client()
        assert patch.session._keep_alive is None
        timer = yjs.session._keep_alive
        assert timer is not None
        remaining = timer.when() - asyncio.get_running_loop().time()
        assert 0 < remaining < KEEP_ALIVE_SECONDS + 1


@pytest.mark.parametrize("lane", LANES)
async def test_a_frame_is_charged_and_queued_with_one_reading_of_the_clock(
    lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        await it.settled()
        readings = []

        def now() -> float:
            readings.append(it.clock.monotonic())
            return readings[-1]

        for part in (client.session, client.session.feed, client.session.read_throttle):
            monkeypatch.setattr(part, "_now", now)
        if isinstance(client, PatchClient):
            client.patch("p", "/n", 1, base=1)
        else:
            client.socket.handler.on_binary(b"\x00\x02\x02\x00\x00")  # an empty update
        assert len(readings) == 1
        assert list(it.live.queue)[-1].received_at == readings[0]


@pytest.mark.parametrize("lane", LANES)
async def test_the_server_stops_reading_from_a_client_with_many_unanswered_requests(
    lane: str,
) -> None:
    """Else a client that sends faster than the document commits would delay all others by that."""
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        await it.settled()
        it.calls.hold("commit")
        editor = Editor(client)
        for _ in range(MOST_UNANSWERED):
            assert client.socket.is_reading
            editor.edit()
        assert not client.socket.is_reading
        it.calls.release("commit")
        await until(lambda: client.socket.is_reading)
        await it.settled()
        assert it.live.room.version >= 2


@pytest.mark.parametrize("lane", LANES)
async def test_refused_requests_count_as_answered(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        await it.settled()
        it.calls.fail("commit", "load", "ping")
        editor = Editor(client)
        for _ in range(2 * MOST_UNANSWERED):
            editor.edit()
            await it.settled()
        assert client.session.feed._unanswered == 0
        assert client.socket.is_reading


@pytest.mark.parametrize("lane", LANES)
async def test_the_server_reads_again_when_half_of_the_requests_have_an_answer(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        await it.settled()
        it.calls.hold("commit")
        editor = Editor(client)
        for _ in range(MOST_UNANSWERED):
            editor.edit()
        session, news = client.session, News([], 1, it.live.room.value)
        waiting = [*(one for one, _ in it.live.batch.answered), *it.live.queue]
        half = MOST_UNANSWERED // 2
        session.feed.on_commit(news, [(one, Answer(1)) for one in waiting[: half - 1]], 0.0)
        session.read_throttle.check()
        assert not client.socket.is_reading
        session.feed.on_commit(news, [(waiting[half], Answer(1))], 0.0)
        await until(lambda: client.socket.is_reading)
        it.calls.release("commit")
        await it.settled()


@pytest.mark.parametrize("lane", LANES)
async def test_the_server_stops_reading_from_a_client_with_large_unanswered_requests(
    lane: str,
) -> None:
    """Without a limit of the user's bytes, a few frames would fill the memory."""
    async with lanes({"n": 0}) as it:
        client = await client_of(it, lane)
        await it.settled()
        it.calls.hold("commit")
        editor, reads = Editor(client), list[bool]()

        def edit(size: int) -> None:
            client.socket.received += size
            editor.edit()
            reads.append(client.socket.is_reading)

        edit(MOST_UNANSWERED_BYTES + 1)  # it has answers to all earlier bytes
        edit(MOST_UNANSWERED_BYTES)
        edit(1)
        it.calls.release("commit")
        await until(lambda: client.socket.is_reading)
        await it.settled()
        edit(1)
        assert reads == [True, True, False, True]


async def test_the_rest_of_a_long_update_counts_until_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server cuts an update into pieces, and each piece gets an answer."""
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        await it.settled()
        apply = it.live.room.apply

        def in_pieces(member: Member, request: Any, now: Round) -> Answer:
            answer = apply(member, request, now)
            if answer.entry is not None:
                answer.rest = [request.update] * 3  # they change nothing more
            return answer

        monkeypatch.setattr(it.live.room, "apply", in_pieces)
        editor, feed = Editor(client), client.session.feed
        waiting: list[int] = []
        count = feed._count_answers

        def noted(answers: Sequence[Answered]) -> None:
            count(answers)
            waiting.append(feed._unanswered)

        monkeypatch.setattr(feed, "_count_answers", noted)
        for _ in range(3):
            editor.edit()
            await it.settled()
        assert waiting == [3, 0] * 3
        assert feed._unanswered == 0


class Editor:
    """Edits one value again and again, in the way of its lane."""

    def __init__(self, client: PatchClient | YjsClient) -> None:
        self._client = client
        self._count = 0
        self._doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self._content = self._doc.get("content", type=pycrdt.Map)

    def edit(self) -> None:
        self._count += 1
        if isinstance(self._client, PatchClient):
            self._client.patch(f"p-{self._count}", "/n", self._count, base=1)
            return
        before = self._doc.get_state()
        self._content["n"] = self._count
        update = self._doc.get_update(before)
        self._client.socket.handler.on_binary(yjs_frames.update(update))
