"""The feed of a Yjs client: sends updates, diffs to a client that was slow, and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from collab.errors import CLOSE_OF, Close, Code
from collab.flow.outbound import OutboundState
from collab.room.requests import Answer, ReadState, ReadStateVector, Request, Update
from collab.structs.guard import STALE
from collab.yjs import frames as yjs_frames
from server.broadcast.subscriber import Answered, drop
from server.lanes.feed import FULL_SOCKET, Feed, FeedContext
from server.lanes.yjs_sync import CatchUp, YjsSync
from server.websocket import frames

if TYPE_CHECKING:
    from collab.errors import Refusal
    from collab.messages import Backpressure, DisconnectNotice
    from server.broadcast.news import LockNews, News, PresenceNews
    from server.lanes.yjs_presence import YjsPresence

# Refusals of a state vector that close the connection.
UNSOUND = {Code.STALE_DOCUMENT, Code.MALFORMED, Code.TOO_LARGE}


class YjsFeed(Feed):
    """Sends one Yjs client the updates of one document, and the answers to its sync messages.

    Invariant: the feed has sent every update up to `position`, or a diff that contains them.

    A slow client gets no notice, because the Yjs lane has no such message. When the client may get
    frames again, the feed requests one diff. The commit loop makes this diff from the committed
    document.
    """

    lane = "yjs"
    # After 1009, y-websocket would reconnect and send the refused update again, without end.
    close_of: ClassVar[Mapping[Code, int]] = {**CLOSE_OF, Code.TOO_LARGE: Close.MALFORMED}

    def __init__(self, context: FeedContext, presence: YjsPresence) -> None:
        super().__init__(context)
        self._presence = presence
        self._sync = YjsSync()

    # --- news -------------------------------------------------------------------------------

    @staticmethod
    def fan_out(feeds: Iterable[YjsFeed], news: News, now: float) -> None:
        """Send the news to all feeds that may get it at once, in one loop.

        With a hundred readers, the calls of `on_commit` for each of them would cost a fifth of the
        commit.
        """
        before, after, frame, normal = news.before, news.after, news.yjs_frame, OutboundState.NORMAL
        size, is_incomplete = len(frame), news.is_incomplete
        for feed in feeds:
            try:
                flow, socket = feed._outbound_flow, feed._socket
                if (
                    feed.position == before
                    and flow.state is normal
                    and not is_incomplete
                    and socket.buffered() <= FULL_SOCKET
                    and flow.bytes.try_spend(size, now)
                ):
                    socket.write(frame)
                    feed.position = after
                else:
                    feed.on_commit(news, (), now)
            except Exception:  # as `FanOut` says
                drop(feed)

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        """Send the news, or pause the feed if that is not possible now; then send the answers."""
        if self._is_closed:
            return
        if answers:
            self._count_answers(answers)
        if news.after != news.before:
            follows = self.position == news.before and not news.is_incomplete
            if follows and self._try_write(news.yjs_frame, now):
                self.position = news.after
            else:
                self._fall_behind(now, news.size(self.lane))
        for submission, answer in answers:
            self._on_answer(submission.request, answer, news, now)

    def on_presence(self, news: PresenceNews, now: float) -> None:
        self.send_all(self._presence.protect_own(news.difference.awareness), now)
        self._presence.count_shown(len(news.yjs_frame))
        super().on_presence(news, now)

    def on_locks(self, news: LockNews, now: float) -> None:
        """Do nothing: y-protocols has no message for locks."""

    def notice(self, payload: bytes) -> None:
        """Do nothing: y-protocols has no message for notices."""

    def announce(self, notice: Backpressure | DisconnectNotice, now: float) -> bool:
        """Return false: y-protocols has no message for notices."""
        return False

    def send(self, message: bytes, now: float) -> None:
        """Send a protocol message without a version."""
        self.write(frames.binary(message), now)

    def send_all(self, messages: Iterable[bytes], now: float) -> None:
        for message in messages:
            self.send(message, now)

    # --- sync -------------------------------------------------------------------------------

    def ask_client(self, now: float) -> None:
        """Send the server's sync step 1; the client answers with what the server lacks."""
        self.submit(ReadStateVector(), now)

    def answer_client(self, state_vector: bytes, now: float) -> None:
        """Answer the client's sync step 1 with the state that it lacks."""
        self._submit_if(self._sync.answer_client(state_vector), now)

    def resynchronise(self) -> None:
        now = self._now()
        for request in self._sync.resume():
            self.submit(request, now)

    def on_refused_update(self, refusal: Refusal, is_whole: bool, now: float) -> None:
        """Handle the refusal of an update; `is_whole` marks a sync step 2."""
        match refusal.code:
            case Code.FORBIDDEN:
                self.send(yjs_frames.permission_denied(refusal.message), now)
            case Code.MISSING_DEPENDENCY:
                request = self._sync.ask_for_missing(is_whole)
                if request is None:
                    self.refuse(STALE)
                else:
                    self.submit(request, now)
            case Code.STORAGE_UNAVAILABLE:
                pass  # `resynchronise` requests the update again when the storage is back
            case _:
                self._close_for(refusal)

    def _on_answer(self, request: Request, answer: Answer, news: News, now: float) -> None:
        refusal = answer.refusal
        match request:
            case Update() if refusal is not None:
                self.on_refused_update(refusal, request.is_whole, now)
            case Update(is_whole=True):
                self._sync.whole_accepted()
            case ReadState() if refusal is not None and refusal.code in UNSOUND:
                self.refuse(refusal)
            case CatchUp():
                if refusal is None:
                    self._send_diff(answer, news, now)
            case ReadState():
                if refusal is None:
                    self.send_all(map(yjs_frames.update, answer.earlier), now)
                    self.send(yjs_frames.sync_step2(answer.state), now)
                self._submit_if(self._sync.on_state(answer), now)
            case ReadStateVector():
                if refusal is None:
                    self.send(yjs_frames.sync_step1(answer.state), now)

    def _submit_if(self, request: Request | None, now: float) -> None:
        if request is not None:
            self.submit(request, now)

    # --- behind -----------------------------------------------------------------------------

    def pump(self) -> None:
        self._cancel()
        is_behind = self._outbound_flow.state is not OutboundState.NORMAL
        if is_behind and not self._sync.is_diff_requested:
            self._continue(self._now())

    def _send_diff(self, answer: Answer, news: News, now: float) -> None:
        """Send the requested diff. Then send the later updates in `news`.

        Without these updates the client would not reach the head.
        """
        later = news.yjs_frame_after(answer.version)
        diff = map(yjs_frames.update, (*answer.earlier, answer.state))
        frame = b"".join(map(frames.binary, diff)) + later
        self._socket.write(frame)
        self._sync.on_caught_up(answer)
        self.position = news.after
        self._caught_up(len(frame), now)
        self.send_all(self._presence.show(self._missed_presence.flush_awareness()), now)
        self._call_in(0.0)

    def _catch_up(self, now: float) -> None:
        self.submit(self._sync.catch_up(), now)

    def _count_pending(self) -> int:
        return int(bool(self._missed_presence))

    def _presence_frame(self, news: PresenceNews, now: float) -> bytes:
        return news.yjs_frame
