"""The feed of a patch client: sends changes, acks and rejects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from collab import wire
from collab.errors import Close
from collab.flow.outbound import FrameRate, OutboundState
from collab.locks.events import MissedLocks
from collab.messages import Backpressure, DisconnectNotice
from server.broadcast.news import News, encoded_ops, render, spliced
from server.broadcast.subscriber import Answered, drop
from server.lanes.feed import FULL_SOCKET, Feed, FeedContext
from server.lanes.patch_frames import CatchUpTarget, PendingAnswer, own_frame
from server.runtime.worker_threads import LARGE, run_in_thread
from server.websocket import frames

if TYPE_CHECKING:
    from collab.ids import Json
    from collab.patch.relocate import AppliedChange
    from server.broadcast.news import LockNews, PresenceNews

logger = logging.getLogger(__name__)


class PatchFeed(Feed):
    """Sends one patch client the changes of one document.

    Invariant: the feed has sent every version up to `position`, once and in order. `value` is the
    value at `position`. When the client is slow, the feed keeps only the answers to its requests.

    A catch-up merges several versions by a diff of two values. A diff of a large document takes
    long, so a worker thread makes it. The document may change meanwhile. The catch-up leads to the
    version that the thread compared.
    """

    lane = "patch"

    def __init__(self, context: FeedContext, frame_rate: FrameRate) -> None:
        super().__init__(context)
        room = context.live.room
        self._user = context.member.author.user
        self._splice = context.member.splice
        self._frame_rate = frame_rate
        self.pending: list[PendingAnswer] = []
        self._missed_locks = MissedLocks(room.control.revision)
        self._diff_task: asyncio.Task[None] | None = None
        self._diffed: CatchUpTarget | None = None
        self.value: Json = room.value

    # --- news -------------------------------------------------------------------------------

    @staticmethod
    def fan_out(feeds: Iterable[PatchFeed], news: News, now: float) -> None:
        """Send the news to all feeds that may get it at once, in one loop, as `YjsFeed` does."""
        before, after, value, normal = news.before, news.after, news.value, OutboundState.NORMAL
        users, is_incomplete = news.users, news.is_incomplete
        for feed in feeds:
            try:
                flow, socket, rate = feed._outbound_flow, feed._socket, feed._frame_rate
                if (
                    feed.position != before
                    or feed.pending
                    or is_incomplete
                    or feed._timer is not None
                    or rate.due_at > now
                    or flow.state is not normal
                    or socket.buffered() > FULL_SOCKET
                ):
                    feed.on_commit(news, (), now)
                    continue
                if feed._user in users:
                    frame = news.frame_for(feed._user, splice=feed._splice)
                else:
                    frame = news.splice_frame if feed._splice else news.patch_frame
                if not flow.bytes.try_spend(len(frame), now):
                    feed.on_commit(news, (), now)
                    continue
                socket.write(frame)
                feed.position, feed.value = after, value
                if rate.interval:
                    rate.sent(now)
            except Exception:  # as `FanOut` says
                drop(feed)

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        """Send the news; if that is not possible now, keep the answers for a catch-up."""
        if self._is_closed:
            return
        if answers:
            self._count_answers(answers)
        may_send = (
            self.position == news.before
            and not self.pending
            and not news.is_incomplete
            and self._timer is None
            and self._frame_rate.due_at <= now
        )
        if may_send and self._try_send_news(news, answers, now):
            return
        for submission, answer in answers:
            payload = render(submission.request, answer)
            if payload is not None:
                made = answer.entry is not None
                self.pending.append(PendingAnswer(payload, answer.version, made, answer.barrier))
        self._fall_behind(now, news.size(self.lane))

    def on_locks(self, news: LockNews, now: float) -> None:
        """Send the lock events if the client is at the head; otherwise keep them for a catch-up."""
        is_normal = self._outbound_flow.state is OutboundState.NORMAL and not self._missed_locks
        if not is_normal or self.position != self._live.room.version:
            self._missed_locks.add(news.events)
        elif self._try_write(news.patch_frame, now):
            self._missed_locks.mark_sent(news.events)
        else:
            self._missed_locks.add(news.events)
            self._fall_behind(now)

    def send(self, payload: bytes, now: float) -> None:
        """Send a message without a version, in every state of the outbound flow."""
        self.write(frames.text(payload), now)

    def notice(self, payload: bytes) -> None:
        self.send(payload, self._now())

    def announce(self, notice: Backpressure | DisconnectNotice, now: float) -> bool:
        self.send(wire.encode(notice), now)
        return True

    def resynchronise(self) -> None:
        """Do nothing: a patch client retries a refused request itself, with the same id."""

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        """Close the connection. When the client may reconnect, first send a notice."""
        if 4500 <= code < 4600 or code == Close.RESTARTING:
            retry = {} if retry_after_ms is None else {"retry_after_ms": retry_after_ms}
            self.announce(DisconnectNotice(code=code, reason=reason, **retry), self._now())
        super().dismiss(code, reason)

    def close(self) -> None:
        super().close()
        if self._diff_task is not None:
            self._diff_task.cancel()

    def pump(self) -> None:
        self._cancel()
        if self._diff_task is not None:
            return
        now = self._now()
        wait = self._frame_rate.wait(now)
        if wait > 0:
            self._call_in(wait)
        elif self._outbound_flow.state is OutboundState.NORMAL:
            self._resume_after_pace(now)
        else:
            self._continue(now)

    # --- one frame --------------------------------------------------------------------------

    def _try_send_news(self, news: News, answers: Sequence[Answered], now: float) -> bool:
        if answers:
            frame = own_frame(news, answers, self._user, splice=self._splice)
        elif self._user in news.users:
            frame = news.frame_for(self._user, splice=self._splice)
        else:
            frame = news.splice_frame if self._splice else news.patch_frame
        is_full = self._socket.buffered() > FULL_SOCKET
        if frame and not self._outbound_flow.try_send(len(frame), now, full=is_full):
            return False
        barrier = 0
        for _, answer in answers:
            barrier = max(barrier, answer.barrier)
        if barrier:
            self._ping(barrier)
        self._socket.write(frame)
        if news.entries:
            self.position, self.value = news.after, news.value
            if self._frame_rate.interval:
                self._frame_rate.sent(now)
        return True

    def _ping(self, barrier: int) -> None:
        """Send a ping right before the reject of a patch.

        Frames arrive in order. Before the pong, the server gets the requests that the client sent
        before the ping reached it. After the pong come the requests that it sent after the reject.
        """
        self._socket.ping(barrier.to_bytes(8, "big"))

    # --- behind -----------------------------------------------------------------------------

    def _fall_behind(self, now: float, missed: int = 0) -> None:
        wait = self._frame_rate.wait(now)
        # In the normal state only the frame rate sets the timer, even when its time has passed.
        paced = wait > 0 or self._timer is not None
        if paced and self._outbound_flow.state is OutboundState.NORMAL:
            self._pause(missed)
            self._call_in(wait)
        else:
            super()._fall_behind(now, missed)

    def _resume_after_pace(self, now: float) -> None:
        """Send the newer versions after a wait for the frame rate, if the outbound flow allows."""
        if not self._behind().versions:
            self._live.audience.resume(self)
        elif self._is_diffed_in_thread():
            return
        elif self._outbound_flow.try_send(0, now, full=self._is_full()):
            self._outbound_flow.spend(self._write_catch_up(now), now)
            self._resume_soon(now)
        else:
            self._fall_behind(now)

    def _catch_up(self, now: float) -> None:
        if not self._is_diffed_in_thread():
            self._caught_up(self._write_catch_up(now), now)
            self._call_in(self._frame_rate.wait(now))

    def _resume_soon(self, now: float) -> None:
        """Resume when the client is at the head; otherwise call `pump` again later."""
        if self.position == self._live.room.version:
            self._live.audience.resume(self)
        else:
            self._call_in(self._frame_rate.wait(now))

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
            changes = self._changes_to(head.version)
            ops = await run_in_thread(
                encoded_ops, self.value, head.value, changes, splice=self._splice
            )
            self._diff_task, self._diffed = None, head._replace(ops=ops)
            self.pump()
        except Exception:  # an error here ends only this connection
            logger.exception("the catch-up of a slow client failed; its connection is closed")
            self.dismiss(Close.OUR_FAULT, "internal error")

    def _write_catch_up(self, now: float) -> int:
        """Write one merged change, with the answers up to its version; return the frame's size."""
        target, self._diffed = self._diffed or self._head(), None
        due: list[PendingAnswer] = []
        later: list[PendingAnswer] = []
        for pending in self.pending:
            (due if pending.version <= target.version else later).append(pending)
        frame = self._catch_up_frame(target, due)
        if barriers := [pending.barrier for pending in due if pending.barrier]:
            self._ping(max(barriers))
        self._socket.write(frame)
        self.pending = later
        self.position, self.value = target.version, target.value
        if self._frame_rate.interval:
            self._frame_rate.sent(now)
        return len(frame)

    def _catch_up_frame(self, target: CatchUpTarget, due: Sequence[PendingAnswer]) -> bytes:
        """Return a frame: one merged change with its acks, then the other pending answers."""
        payloads: list[bytes] = []
        acks = [pending.payload for pending in due if pending.in_versions]
        if self.position < target.version:
            payloads.append(self._merged(target, acks))
        payloads += [wire.encode(pending.payload) for pending in due if not pending.in_versions]
        presence = self._missed_presence.flush(self._live.presence.book, but=self.session)
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
            own = last.author.user == self._user
            if self._splice:
                return wire.encode(spliced(last, self.value, with_id=own))
            return wire.encode(wire.change(last, with_id=own))
        changes = self._changes_to(target.version)
        return target.change_from(self.position, self.value, changes, acks, splice=self._splice)

    def _changes_to(self, version: int) -> list[AppliedChange]:
        """Return the changes that a client with splices has not got; none if some are not kept."""
        tail = self._live.room.tail
        if not self._splice or self.position < tail.base:
            return []
        return [one for one in tail.changes(self.position) if one.version <= version]

    def _count_pending(self) -> int:
        return max(len(self.pending), int(bool(self._missed_presence or self._missed_locks)))

    def _presence_frame(self, news: PresenceNews, now: float) -> bytes:
        return news.patch_frame_for(self.session, self.already_sent)
