"""The Yjs lane: the socket of one y-protocols client, compatible with unmodified y-websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from collab.entry import Author
from collab.errors import CLOSE_OF, Close, Code, Refusal, Rejected
from collab.flow.inbound import InboundFlow
from collab.flow.outbound import OutboundFlow
from collab.room.member import Member
from collab.room.requests import Answer, ReadState, ReadStateVector, Request, Update
from collab.yjs import frames as yjs_frames
from collab.yjs.guard import STALE
from server.access.token_expiry import TokenExpiry
from server.broadcast.subscriber import Answered, Submission
from server.lanes.admission import Admission, admit_to_yjs_lane
from server.lanes.feed import FeedContext
from server.lanes.read_throttle import ReadThrottle
from server.lanes.yjs_feed import YjsFeed
from server.lanes.yjs_large_updates import LargeUpdates
from server.lanes.yjs_presence import YjsPresence
from server.lanes.yjs_sync import YjsSync

if TYPE_CHECKING:
    from collab.flow.budget import ByteAndMessageBudget
    from collab.messages import Backpressure, DisconnectNotice
    from server.broadcast.news import LockNews, News, PresenceNews
    from server.documents.live_room import LiveRoom
    from server.recording.connections import ConnectionInfo
    from server.services import Services
    from server.websocket.socket import Socket

# y-websocket 3 closes a socket after 30 s without messages; pings do not count. The docs promise a
# message every 15 s. The server sends it a second earlier, because the network delays it.
KEEP_ALIVE_SECONDS = 14.0
NO_AWARENESS = yjs_frames.awareness(b"\x00")
QUESTIONS = {yjs_frames.SyncStep1, yjs_frames.QueryAwareness}
# Refusals of a state vector that close the connection.
UNSOUND = {Code.STALE_DOCUMENT, Code.MALFORMED, Code.TOO_LARGE}
SHOWN = {yjs_frames.AwarenessUpdate}  # a frame of these alone may be an echo


class YjsConnection:
    """One socket of the Yjs lane: the socket's `Handler` and a `Subscriber` to the document.

    Invariant: it is in the document's audience exactly while `_live` is set.
    """

    def __init__(self, services: Services, doc: str, token: str | None, client: str) -> None:
        self._services = services
        self._doc = doc
        self._token = token
        self._client = client
        self._live: LiveRoom | None = None
        self._is_closed = False
        self._waiting: list[bytes] = []
        # A socket takes a place in `ConnectionLimit` until its client is admitted. This frees it.
        self.release_place: Callable[[], None] = lambda: None
        self._keep_alive: asyncio.TimerHandle | None = None
        self._token_expiry = TokenExpiry(services.clock, lambda _: None, self._expire)

    socket: Socket
    _info: ConnectionInfo
    feed: YjsFeed
    sync: YjsSync
    member: Member
    inbound_flow: InboundFlow
    read_throttle: ReadThrottle
    presence: YjsPresence
    large_updates: LargeUpdates
    _outbound: ByteAndMessageBudget

    # --- events of the socket ---------------------------------------------------------------

    def on_open(self, socket: Socket) -> None:
        self.socket = socket
        self._info = self._services.recorder.connected("yjs", socket)
        socket.pause_reading()
        self._services.spawn(self._open(), f"open {self._doc}", self._fail)

    def on_text(self, message: bytes) -> None:
        self.refuse(Refusal(Code.MALFORMED, "the Yjs lane takes binary frames only"))

    def on_binary(self, message: bytes) -> None:
        if self._live is None:
            self._waiting.append(message)
        else:
            self._receive(message)

    def on_pong(self, payload: bytes) -> None:
        """Do nothing: the socket itself counts a pong as a sign of life."""

    def on_writable(self) -> None:
        if self._live is not None:
            self.feed.pump()

    def on_close(self, code: int) -> None:
        self._is_closed = True
        self.release_place()
        self._services.recorder.closed(self._info, code)
        self._token_expiry.cancel()
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        live, self._live = self._live, None
        if live is not None:
            self.read_throttle.close()
            self.large_updates.release()
            self.feed.close()
            live.audience.leave(self)
            self.presence.leave()
            owner = live.key, self.member.author.user
            self._services.budget_pool.release(owner, self._services.clock.monotonic())
            self._services.hub.release(live)

    # --- events of the document -------------------------------------------------------------

    def on_commit(self, news: News, answers: Sequence[Answered]) -> None:
        if self._live is None:
            return
        if news.after != news.before:
            self.feed.on_commit(news)
        for submission, answer in answers:
            self._on_answer(submission.request, answer, news)

    def on_presence(self, news: PresenceNews) -> None:
        if self._live is not None:
            self.feed.send_all(self.presence.protect_own(news.difference.awareness))
            self.presence.count_shown(len(news.yjs_frame))
            self.feed.on_presence(news)

    def on_locks(self, news: LockNews) -> None:
        """Do nothing: y-protocols has no message for locks."""

    @property
    def session(self) -> str:
        return self.member.author.session

    def notice(self, payload: bytes) -> None:
        """Do nothing: y-protocols has no message for notices."""

    def resynchronise(self) -> None:
        if self._live is not None:
            self.sync.resume()

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        self.socket.close(code, reason)

    # --- opening ----------------------------------------------------------------------------

    async def _open(self) -> None:
        services = self._services
        try:
            admission = await admit_to_yjs_lane(services, self._doc, self._token, self._info)
        except Rejected as rejected:
            self._services.recorder.connection_refused(self._info, rejected.refusal)
            self._close(rejected.refusal)
            return
        if self._is_closed:
            self._services.hub.release(admission.live)
            return
        self.release_place()
        self._join(admission)
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            if self._live is not None:
                self._receive(frame)
        # The opening spends one message. So a user who is over the budget waits after a reconnect.
        now = self._services.clock.monotonic()
        self.read_throttle.apply(self.inbound_flow.receive(0, now, refusable=False))
        self.read_throttle.start()

    def _join(self, admission: Admission) -> None:
        services, claims = self._services, admission.claims
        monotonic = services.clock.monotonic
        patience = services.settings.slow_seconds
        budgets = services.budget_pool.acquire((admission.live.key, claims.user), monotonic())
        self.member = Member(
            author=Author(claims.user, claims.name, self._client, services.clock.new_id("s")),
            rights=claims.rights,
            lane="yjs",
            origin=self.socket.peer,
            budget=budgets.inbound,
        )
        self.inbound_flow = InboundFlow(budgets.inbound, patience=patience or 30.0)
        outbound_flow = OutboundFlow(budgets.outbound, patience=patience or 1e9)
        metrics = services.recorder.metrics.lanes["yjs"]
        self.presence = YjsPresence(admission.live, self.member, services.settings, monotonic)
        context = FeedContext(self.socket, admission.live, self, outbound_flow, monotonic, metrics)
        self.feed = YjsFeed(context, catch_up=self._catch_up, show=self.presence.show)
        self.read_throttle = ReadThrottle(
            self.socket, self.inbound_flow, self, now=monotonic, patience=patience or 1e9
        )
        self._outbound = budgets.outbound
        self.sync = YjsSync(self.feed, self._submit)
        self._live = admission.live
        services.recorder.admitted(self._info, admission.live.key, self.member, self.feed)
        self._live.audience.join(self)
        self._token_expiry.start(claims.expires_at)
        self.large_updates = LargeUpdates(
            services, self.socket, budgets, self._known, self._submit, self._on_refusal
        )
        self.large_updates.allow(claims.rights.can_write())
        self.sync.ask_client()
        self.feed.send_all(self.presence.all_states())
        self._schedule_keep_alive()

    # --- messages ---------------------------------------------------------------------------

    def _receive(self, frame: bytes) -> None:
        try:
            messages = yjs_frames.decode(frame)
            self.large_updates.check_size(len(frame), messages)
            for message in messages:
                self._handle(message)
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        kinds = {type(message) for message in messages}
        if kinds == SHOWN and self.presence.consume_echo(len(frame)):
            return  # an echo is free, because an unmodified y-websocket always sends it
        now = self._services.clock.monotonic()
        questions = kinds & QUESTIONS
        if yjs_frames.QueryAwareness in questions:
            self.feed.send_all(self.presence.all_states())
        # A question of three bytes may need an answer of megabytes. So the server reads the next
        # question only when the user's budget covers the last answer.
        owed = self._outbound.wait(now) if questions else 0.0
        decision = self.inbound_flow.receive(len(frame), now, len(messages), refusable=False)
        self.read_throttle.apply(decision, wait=owed)

    def _handle(self, message: yjs_frames.Message) -> None:
        match message:
            case yjs_frames.SyncStep1():
                self.sync.answer_client(message.state_vector)
            case yjs_frames.SyncStep2() | yjs_frames.SyncUpdate():
                self.large_updates.receive(message)
            case yjs_frames.AwarenessUpdate():
                self.feed.send_all(self.presence.receive(message.body))
            case yjs_frames.QueryAwareness() | yjs_frames.PermissionDenied():
                pass  # `_receive` answers queries; clients do not send the other message

    def _on_answer(self, request: Request, answer: Answer, news: News) -> None:
        match request:
            case ReadState() if answer.refusal is not None and answer.refusal.code in UNSOUND:
                self.refuse(answer.refusal)
            case ReadState() | ReadStateVector():
                self.sync.on_answer(request, answer, news)
            case Update() if answer.refusal is not None:
                self._on_refusal(answer.refusal, request.is_whole)
            case Update(is_whole=True):
                self.sync.whole_accepted()

    def _on_refusal(self, refusal: Refusal, is_whole: bool) -> None:
        match refusal.code:
            case Code.FORBIDDEN:
                self.feed.send(yjs_frames.permission_denied(refusal.message))
            case Code.MISSING_DEPENDENCY:
                if not self.sync.ask_for_missing(is_whole):
                    self.refuse(STALE)
            case Code.STORAGE_UNAVAILABLE:
                pass  # `resynchronise` requests the update again when the storage is back
            case _:
                self._close(refusal)

    # --- closing, submitting, throttling ----------------------------------------------------

    def refuse(self, refusal: Refusal) -> None:
        """Record the refusal and close the connection."""
        if self._live is not None:
            self._services.recorder.refused_message(self._live.key, self.member, refusal)
        self._close(refusal)

    def _close(self, refusal: Refusal) -> None:
        # After 1009, y-websocket would reconnect and send the refused update again, without end.
        close_of = {**CLOSE_OF, Code.TOO_LARGE: Close.MALFORMED}
        self.socket.close(close_of.get(refusal.code, Close.MALFORMED), refusal.message)

    def _submit(self, request: Request) -> None:
        if self._live is not None:
            self._services.creations.note(self._live, self.member.author.user, request)
            now = self._services.clock.monotonic()
            submission = Submission(self.member, request, now, subscriber=self)
            self._services.hub.submit(self._live, submission)

    def _known(self) -> dict[int, int]:
        return self._live.known() if self._live is not None else {}

    def _catch_up(self) -> None:
        self.sync.catch_up()

    @property
    def is_backlogged(self) -> bool:
        """Whether the client's messages wait until a worker thread has split a large update."""
        return self.large_updates.is_splitting

    def send_notice(self, message: Backpressure | DisconnectNotice) -> None:
        """Do nothing: y-protocols has no message for notices."""

    def mark_alive(self) -> None:
        self.presence.mark_alive()

    def disconnect_slow(self) -> None:
        self.dismiss(Close.SLOW_CONSUMER, "slow_consumer")

    def _fail(self) -> None:
        self.socket.close(Close.OUR_FAULT, "internal error")

    def _send_keep_alive(self) -> None:
        self.feed.send(NO_AWARENESS)
        self._schedule_keep_alive()

    def _schedule_keep_alive(self) -> None:
        loop = asyncio.get_running_loop()
        self._keep_alive = loop.call_later(KEEP_ALIVE_SECONDS, self._send_keep_alive)

    def _expire(self) -> None:
        self.refuse(Refusal(Code.UNAUTHENTICATED, "the token has expired"))
