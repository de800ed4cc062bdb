"""The feed of a patch client: sends changes, acks and rejects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Raw, structs

from collab import wire
from collab.errors import Close
from collab.flow.outbound import FrameRate, OutboundState
from collab.locks.events import MissedLocks
from collab.messages import Backpressure, Change, DisconnectNotice
from collab.patch.diff import diff
from server.broadcast.news import News, encoded_ops, render, spliced
from server.broadcast.subscriber import Answered
from server.lanes.feed import Feed, FeedContext
from server.runtime.worker_threads import LARGE, run_in_thread
from server.websocket import frames

if TYPE_CHECKING:
    from collab.entry import Author
    from collab.ids import Json
    from server.broadcast.news import LockNews, PresenceNews
    from server.documents.changes import LastChange

logger = logging.getLogger(__name__)

# The most answers that wait for a client that does not read. Above this number the server stops
# reading from the client.
MAX_PENDING = 1000


class PendingAnswer(NamedTuple):
    """An answer that waits for the catch-up to its version."""

    payload: dict[str, Any]
    version: int  # the document's version after it; the payload may contain another version
    in_versions: bool  # its request made a version, which the catch-up merges
    barrier: int  # the number in the ping before a reject; 0 for no ping


class CatchUpTarget(NamedTuple):
    """The version that a catch-up leads to, its author, and the ops if a thread has made them."""

    version: int
    value: Json
    made: LastChange | None
    ops: Raw | None = None


class PatchFeed(Feed):
    """Sends one patch client the changes of one document.

    Invariant: the feed has sent every version up to `position`, once and in order. `value` is the
    value at `position`. When the client is slow, the feed keeps only the answers to its requests.

    A catch-up merges several versions by a diff of two values. A diff of a large document takes
    long, so a worker thread makes it. The document may change meanwhile. The catch-up leads to the
    version that the thread compared.
    """

    lane = "patch"

    def __init__(
        self, context: FeedContext, author: Author, *, frame_rate: FrameRate, splice: bool
    ) -> None:
        super().__init__(context)
        room = context.live.room
        self._user = author.user
        self._session = author.session
        self._splice = splice
        self._frame_rate = frame_rate
        self._pending: list[PendingAnswer] = []
        self._missed_locks = MissedLocks(room.control.revision)
        self._diff_task: asyncio.Task[None] | None = None
        self._diffed: CatchUpTarget | None = None
        self.value: Json = room.value

    # --- news -------------------------------------------------------------------------------

    def on_commit(self, news: News, answers: Sequence[Answered]) -> None:
        """Send the news; if that is not possible now, keep the answers for a catch-up."""
        if self._is_next(news) and self._try_send_news(news, answers):
            return
        for submission, answer in answers:
            payload = render(submission.request, answer)
            if payload is not None:
                made = answer.entry is not None
                self._pending.append(PendingAnswer(payload, answer.version, made, answer.barrier))
        self._fall_behind(news.size(self.lane))

    def on_locks(self, news: LockNews) -> None:
        """Send the lock events if the client is at the head; otherwise keep them for a catch-up."""
        is_normal = self._outbound_flow.state is OutboundState.NORMAL and not self._missed_locks
        if not is_normal or self.position != self._live.room.version:
            self._missed_locks.add(news.events)
        elif self._try_write(news.patch_frame):
            self._missed_locks.mark_sent(news.events)
        else:
            self._missed_locks.add(news.events)
            self._fall_behind()

    def send(self, payload: bytes) -> None:
        """Send a message without a version, in every state of the outbound flow."""
        self._write(frames.text(payload))

    def close(self) -> None:
        super().close()
        if self._diff_task is not None:
            self._diff_task.cancel()

    def pump(self) -> None:
        self._cancel()
        if self._diff_task is not None:
            return
        wait = self._frame_rate.wait(self._now())
        if wait > 0:
            self._call_in(wait)
        elif self._outbound_flow.state is OutboundState.NORMAL:
            self._resume_after_pace()
        else:
            self._continue()

    @property
    def is_backlogged(self) -> bool:
        """Whether too many answers wait, so that the server stops reading from the client."""
        return len(self._pending) > MAX_PENDING

    # --- one frame --------------------------------------------------------------------------

    def _is_next(self, news: News) -> bool:
        return (
            self.position == news.before
            and not self._pending
            and not news.is_incomplete
            and self._timer is None
            and self._frame_rate.wait(self._now()) <= 0
        )

    def _try_send_news(self, news: News, answers: Sequence[Answered]) -> bool:
        shared = not answers and self._user not in news.users
        frame = self._shared_frame(news) if shared else self._own_frame(news, answers)
        if frame and not self._try_charge(frame):
            return False
        self._ping_barrier(max((answer.barrier for _, answer in answers), default=0))
        self._socket.write(frame)
        if news.entries:
            self._advance(news.after, news.value)
        return True

    def _shared_frame(self, news: News) -> bytes:
        return news.splice_frame if self._splice else news.patch_frame

    def _own_frame(self, news: News, answers: Sequence[Answered]) -> bytes:
        """Return the client's own frame: shared changes, and acks in place of its own changes."""
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

    def _ping_barrier(self, barrier: int) -> None:
        """Send a ping right before the reject of a patch.

        Frames arrive in order. Before the pong, the server gets the requests that the client sent
        before the ping reached it. After the pong come the requests that it sent after the reject.
        """
        if barrier:
            self._socket.ping(barrier.to_bytes(8, "big"))

    # --- behind -----------------------------------------------------------------------------

    def _fall_behind(self, missed: int = 0) -> None:
        wait = self._frame_rate.wait(self._now())
        # In the normal state only the frame rate sets the timer, even when its time has passed.
        paced = wait > 0 or self._timer is not None
        if paced and self._outbound_flow.state is OutboundState.NORMAL:
            self._pause(missed)
            self._call_in(wait)
        else:
            super()._fall_behind(missed)

    def _resume_after_pace(self) -> None:
        """Send the newer versions after a wait for the frame rate, if the outbound flow allows."""
        if not self._behind().versions:
            self._live.audience.resume(self._subscriber)
        elif self._is_diffed_in_thread():
            return
        elif self._outbound_flow.try_send(0, self._now(), full=self._is_full()):
            self._outbound_flow.spend(self._write_catch_up(), self._now())
            self._resume_soon()
        else:
            self._fall_behind()

    def _catch_up(self) -> None:
        if not self._is_diffed_in_thread():
            self._caught_up(self._write_catch_up())
            self._call_in(self._frame_rate.wait(self._now()))

    def _resume_soon(self) -> None:
        """Resume when the client is at the head; otherwise call `pump` again later."""
        if self.position == self._live.room.version:
            self._live.audience.resume(self._subscriber)
        else:
            self._call_in(self._frame_rate.wait(self._now()))

    def _is_diffed_in_thread(self) -> bool:
        """Start a diff in a worker thread if the document is large; return whether it was started.

        The thread's task calls `pump` at its end.
        """
        room = self._live.room
        if self._diffed is not None or room.version - self.position <= 1:
            return False
        if room.document.work_size <= LARGE:
            return False
        self._diff_task = asyncio.create_task(self._diff(self._head()))
        return True

    def _head(self) -> CatchUpTarget:
        room = self._live.room
        return CatchUpTarget(room.version, room.value, self._live.last_change)

    async def _diff(self, head: CatchUpTarget) -> None:
        try:
            ops = await run_in_thread(encoded_ops, self.value, head.value, splice=self._splice)
            self._diff_task, self._diffed = None, head._replace(ops=ops)
            self.pump()
        except Exception:  # an error here ends only this connection
            logger.exception("the catch-up of a slow client failed; its connection is closed")
            self._subscriber.dismiss(Close.OUR_FAULT, "internal error")

    def _write_catch_up(self) -> int:
        """Write one merged change, with the answers up to its version; return the frame's size."""
        target, self._diffed = self._diffed or self._head(), None
        due: list[PendingAnswer] = []
        later: list[PendingAnswer] = []
        for pending in self._pending:
            (due if pending.version <= target.version else later).append(pending)
        frame = self._catch_up_frame(target, due)
        self._ping_barrier(max((pending.barrier for pending in due), default=0))
        self._socket.write(frame)
        self._pending = later
        self._advance(target.version, target.value)
        return len(frame)

    def _catch_up_frame(self, target: CatchUpTarget, due: Sequence[PendingAnswer]) -> bytes:
        """Return a frame: one merged change with its acks, then the other pending answers."""
        payloads: list[bytes] = []
        acks = [pending.payload for pending in due if pending.in_versions]
        if self.position < target.version:
            payloads.append(self._merged(target, acks))
        payloads += [wire.encode(pending.payload) for pending in due if not pending.in_versions]
        presence = self._missed_presence.flush(self._live.presence.book, but=self._session)
        if presence is not None:
            payloads.append(wire.encode(presence))
        if target.version == self._live.room.version:
            payloads += [wire.encode(event) for event in self._missed_locks.flush()]
        return frames.text(wire.join(payloads)) if payloads else b""

    def _merged(self, target: CatchUpTarget, acks: list[dict[str, Any]]) -> bytes:
        tail = self._live.room.tail
        last = tail.at(target.version)
        if target.version - self.position == 1 and last is not None:
            if acks:
                return wire.encode(acks[0])
            change = wire.change(last, with_id=last.author.user == self._user)
        else:
            ops = diff(self.value, target.value) if target.ops is None else []
            change = merge(target.made, self.position + 1, target.version, ops)
            change = structs.replace(change, acks=acks)
            if target.ops is not None:
                return wire.encode(structs.replace(change, ops=target.ops))
        return wire.encode(spliced(change, self.value) if self._splice else change)

    def _announce(self, notice: Backpressure | DisconnectNotice) -> bool:
        self.send(wire.encode(notice))
        return True

    def _count_pending(self) -> int:
        return max(len(self._pending), int(bool(self._missed_presence or self._missed_locks)))

    def _presence_frame(self, news: PresenceNews) -> bytes:
        return news.patch_frame_for(self._session, self.already_sent)

    def _advance(self, version: int, value: Json) -> None:
        self.position, self.value = version, value
        self._frame_rate.sent(self._now())


def merge(last: LastChange | None, first: int, version: int, ops: list[dict[str, Any]]) -> Change:
    """Merge several versions into one change, with `by`, `at` and `kind` of the last version."""
    assert last is not None, "every new version was noted with its author"
    return Change(
        version=version,
        by=last.by,
        at=wire.rfc3339(last.at),
        kind=last.kind,
        ops=ops,
        from_=first,
    )
