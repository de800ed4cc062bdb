"""A patch client's feed, in changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import structs

from collab import wire
from collab.errors import Close
from collab.flow.outbound import FrameRate, OutboundState
from collab.locks.events import MissedLocks
from collab.messages import Backpressure, Change, DisconnectNotice
from collab.patch.diff import diff
from server.broadcast.news import News, render, spliced
from server.broadcast.subscriber import Answered
from server.lanes.feed import Feed, Reader
from server.runtime.worker_threads import LARGE, run_in_thread
from server.websocket import frames

if TYPE_CHECKING:
    from collab.entry import Author, Op
    from collab.ids import Json
    from server.broadcast.news import LockNews, PresenceNews
    from server.documents.changes import LastChange

logger = logging.getLogger(__name__)

# Answers that a client which reads nothing has asked for; beyond it, it is not read from either.
MAX_OWED = 1000


class Owed(NamedTuple):
    """An answer that waits for the catch-up which brings its reader to it."""

    payload: dict[str, Any]
    version: int  # where the document stood after it; what the payload says may be another one
    in_versions: bool  # its version is among those that the catch-up merges
    barrier: int


class Reach(NamedTuple):
    """How far a catch-up leads, and who made that version; without ops where these are to find."""

    version: int
    value: Json
    made: LastChange | None
    ops: list[Op] | None = None


class PatchFeed(Feed):
    """What one patch client has been sent of one document.

    Invariant: the client has seen every version up to `position`, whose value is `value`, once
    and in order; nothing is kept for it but its own answers.

    What merges several versions is found by comparing two values. In a large document that takes
    long, so it is done in a worker thread; the document may have moved on by then, and the catch-up
    leads as far as was compared.
    """

    lane = "patch"

    def __init__(
        self, reader: Reader, author: Author, *, frame_rate: FrameRate, splice: bool
    ) -> None:
        super().__init__(reader)
        room = reader.live.room
        self._user = author.user
        self._session = author.session
        self._splice = splice
        self._frame_rate = frame_rate
        self._owed: list[Owed] = []
        self._missed_locks = MissedLocks(room.control.revision)
        self._finding: asyncio.Task[None] | None = None
        self._found: Reach | None = None
        self.value: Json = room.value

    # --- news -------------------------------------------------------------------------------

    def on_commit(self, news: News, answers: Sequence[Answered]) -> None:
        """Send what happened, or stop here and remember what is owed."""
        if self._follows(news) and self._pass_news(news, answers):
            return
        for submission, answer in answers:
            payload = render(submission.request, answer)
            if payload is not None:
                made = answer.entry is not None
                self._owed.append(Owed(payload, answer.version, made, answer.barrier))
        self._stop(news.size(self.lane))

    def on_locks(self, news: LockNews) -> None:
        """Locks stand on the version that the reader is at, or they wait for it."""
        is_normal = self._outbound_flow.state is OutboundState.NORMAL and not self._missed_locks
        if not is_normal or self.position != self._live.room.version:
            self._missed_locks.add(news.events)
        elif self._pass(news.patch_frame):
            self._missed_locks.mark_sent(news.events)
        else:
            self._missed_locks.add(news.events)
            self._stop()

    def send(self, payload: bytes) -> None:
        """A message that belongs to no version: it goes out in every state of the outbound flow."""
        self._write(frames.text(payload))

    def close(self) -> None:
        super().close()
        if self._finding is not None:
            self._finding.cancel()

    def pump(self) -> None:
        self._cancel()
        if self._finding is not None:
            return
        wait = self._frame_rate.wait(self._now())
        if wait > 0:
            self._call_in(wait)
        elif self._outbound_flow.state is OutboundState.NORMAL:
            self._go_on()
        else:
            self._turn()

    @property
    def is_overdrawn(self) -> bool:
        """It asks and does not listen: nothing more should be read from it."""
        return len(self._owed) > MAX_OWED

    # --- one frame --------------------------------------------------------------------------

    def _follows(self, news: News) -> bool:
        return (
            self.position == news.before
            and not self._owed
            and not news.is_incomplete
            and self._timer is None
            and self._frame_rate.wait(self._now()) <= 0
        )

    def _pass_news(self, news: News, answers: Sequence[Answered]) -> bool:
        shared = not answers and self._user not in news.users
        frame = self._shared_frame(news) if shared else self._own_frame(news, answers)
        if frame and not self._may_pass(frame):
            return False
        self._bar(max((answer.barrier for _, answer in answers), default=0))
        self._socket.write(frame)
        if news.entries:
            self._moved(news.after, news.value)
        return True

    def _shared_frame(self, news: News) -> bytes:
        return news.splice_frame if self._splice else news.patch_frame

    def _own_frame(self, news: News, answers: Sequence[Answered]) -> bytes:
        """The shared payloads, with the reader's acks in the place of their own changes."""
        payloads: list[bytes] = []
        sent = 0
        for submission, answer in answers:
            own = answer.entry is not None
            upto = min(answer.version - news.before - own, len(news.entries))
            payloads += [self._change(news, index) for index in range(sent, upto)]
            sent = max(sent, upto + own)
            payload = render(submission.request, answer)
            if payload is not None:
                payloads.append(wire.encode(payload))
        payloads += [self._change(news, index) for index in range(sent, len(news.entries))]
        return frames.text(wire.join(payloads)) if payloads else b""

    def _change(self, news: News, index: int) -> bytes:
        entry = news.entries[index]
        own = entry.id and entry.author.user == self._user
        if self._splice:
            change = news.spliced[index]
            return wire.encode(structs.replace(change, id=entry.id) if own else change)
        return wire.encode(wire.change(entry, with_id=True)) if own else news.payloads[index]

    def _bar(self, barrier: int) -> None:
        """Before a patch's reject goes a ping: its pong tells that the client has read it.

        Frames are read in order, so what is sent in answer to the reject comes after the pong,
        and what was under way before comes ahead of it.
        """
        if barrier:
            self._socket.ping(barrier.to_bytes(8, "big"))

    # --- behind -----------------------------------------------------------------------------

    def _stop(self, missed: int = 0) -> None:
        wait = self._frame_rate.wait(self._now())
        # The timer of a reader that is up to date is its frame rate's, even when it is just due.
        paced = wait > 0 or self._timer is not None
        if paced and self._outbound_flow.state is OutboundState.NORMAL:
            self._rest(missed)
            self._call_in(wait)
        else:
            super()._stop(missed)

    def _go_on(self) -> None:
        """Only the frame rate held it back: it gets what is new, unless it is in debt."""
        if not self._behind().versions:
            self._live.audience.resume(self._subscriber)
        elif self._is_found_beside():
            return
        elif self._outbound_flow.try_send(0, self._now(), full=self._is_full()):
            self._outbound_flow.spend(self._write_catch_up(), self._now())
            self._come_again()
        else:
            self._stop()

    def _catch_up(self) -> None:
        if not self._is_found_beside():
            self._caught_up(self._write_catch_up())
            self._call_in(self._frame_rate.wait(self._now()))

    def _come_again(self) -> None:
        """Hear of news again; at the next turn where more came while this was found."""
        if self.position == self._live.room.version:
            self._live.audience.resume(self._subscriber)
        else:
            self._call_in(self._frame_rate.wait(self._now()))

    def _is_found_beside(self) -> bool:
        """Whether what leads to the head is being found in a worker thread; then it is pumped."""
        room = self._live.room
        if self._found is not None or room.version - self.position <= 1:
            return False
        if room.document.work_size <= LARGE:
            return False
        self._finding = asyncio.create_task(self._find(self._head()))
        return True

    def _head(self) -> Reach:
        room = self._live.room
        return Reach(room.version, room.value, self._live.last_change)

    async def _find(self, head: Reach) -> None:
        try:
            ops = await run_in_thread(diff, self.value, head.value)
            self._finding, self._found = None, head._replace(ops=ops)
            self.pump()
        except Exception:  # a connection's edge
            logger.exception("a reader could not be brought to the head")
            self._subscriber.dismiss(Close.OUR_FAULT, "internal error")

    def _write_catch_up(self) -> int:
        """One merged change, and what is owed up to where it leads; its size."""
        reach, self._found = self._found or self._head(), None
        due: list[Owed] = []
        later: list[Owed] = []
        for owed in self._owed:
            (due if owed.version <= reach.version else later).append(owed)
        frame = self._catch_up_frame(reach, due)
        self._bar(max((owed.barrier for owed in due), default=0))
        self._socket.write(frame)
        self._owed = later
        self._moved(reach.version, reach.value)
        return len(frame)

    def _catch_up_frame(self, reach: Reach, due: Sequence[Owed]) -> bytes:
        """One merged change with the acks on the way, then what else is owed."""
        payloads: list[bytes] = []
        acks = [owed.payload for owed in due if owed.in_versions]
        if self.position < reach.version:
            payloads.append(self._merged(reach, acks))
        payloads += [wire.encode(owed.payload) for owed in due if not owed.in_versions]
        presence = self._missed_presence.flush(self._live.presence.book, but=self._session)
        if presence is not None:
            payloads.append(wire.encode(presence))
        if reach.version == self._live.room.version:
            payloads += [wire.encode(event) for event in self._missed_locks.flush()]
        return frames.text(wire.join(payloads)) if payloads else b""

    def _merged(self, reach: Reach, acks: list[dict[str, Any]]) -> bytes:
        tail = self._live.room.tail
        last = tail.at(reach.version)
        if reach.version - self.position == 1 and last is not None:
            if acks:
                return wire.encode(acks[0])
            change = wire.change(last, with_id=last.author.user == self._user)
        else:
            ops = diff(self.value, reach.value) if reach.ops is None else reach.ops
            change = merge(reach.made, self.position + 1, reach.version, ops)
            change = structs.replace(change, acks=acks)
        return wire.encode(spliced(change, self.value) if self._splice else change)

    def _announce(self, told: Backpressure | DisconnectNotice) -> bool:
        self.send(wire.encode(told))
        return True

    def _owes(self) -> int:
        return max(len(self._owed), int(bool(self._missed_presence or self._missed_locks)))

    def _presence_frame(self, news: PresenceNews) -> bytes:
        return news.patch_frame_for(self._session, self.already_sent)

    def _moved(self, version: int, value: Json) -> None:
        self.position, self.value = version, value
        self._frame_rate.sent(self._now())


def merge(last: LastChange | None, first: int, version: int, ops: list[dict[str, Any]]) -> Change:
    """Several versions as one change: `by`, `at` and `kind` are those of the last of them."""
    assert last is not None, "a version that is new was noted with who made it"
    return Change(
        version=version,
        by=last.by,
        at=wire.rfc3339(last.at),
        kind=last.kind,
        ops=ops,
        from_=first,
    )
