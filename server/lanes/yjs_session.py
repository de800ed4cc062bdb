"""The session of an admitted Yjs client, compatible with unmodified y-websocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.errors import Code, Refusal, Rejected
from collab.yjs import frames as yjs_frames
from server.lanes.session import AdmittedClient, Session
from server.lanes.yjs_feed import YjsFeed
from server.lanes.yjs_large_updates import LargeUpdates
from server.lanes.yjs_presence import YjsPresence
from server.websocket import frames

if TYPE_CHECKING:
    from server.lanes.admission import Admission
    from server.recording.connections import ConnectionInfo
    from server.services import Services
    from server.websocket.socket import Socket

QUESTIONS = {yjs_frames.SyncStep1, yjs_frames.QueryAwareness}
SHOWN = {yjs_frames.AwarenessUpdate}  # a frame of these alone may be an echo


class YjsSession(Session):
    """One open connection of the Yjs lane."""

    lane = "yjs"
    keep_alive = frames.binary(yjs_frames.awareness(b"\x00"))

    def __init__(
        self,
        services: Services,
        socket: Socket,
        info: ConnectionInfo,
        admission: Admission,
        client_name: str,
    ) -> None:
        client = AdmittedClient.of(services, socket, info, admission, self.lane, client_name)
        session = client.member.author.session
        self.presence = YjsPresence(client.live, session, services.settings)
        self.feed = YjsFeed(client.feed_context(), self.presence)
        super().__init__(client, self.feed)
        self.large_updates = LargeUpdates(client, self.feed)
        self._outbound = client.budgets.outbound

    def receive_opening(self) -> None:
        """Charge one message. So a user who is over the budget waits after a reconnect."""
        now = self._now()
        self.read_throttle.apply(self.inbound_flow.receive(0, now, refusable=False), now)

    def _greet(self, admission: Admission) -> None:
        """Do nothing: the server's first message is its sync step 1."""

    def _begin_sync(self) -> None:
        now = self._now()
        self.large_updates.allow(self.claims.rights.can_write())
        self.feed.ask_client(now)
        self.feed.send_all(self.presence.all_states(), now)

    def on_close(self, code: int) -> None:
        self.large_updates.release()
        super().on_close(code)

    # --- frames -----------------------------------------------------------------------------

    def on_text(self, message: bytes) -> None:
        self.feed.refuse(Refusal(Code.MALFORMED, "the Yjs lane takes binary frames only"))

    def on_binary(self, message: bytes) -> None:
        now = self._now()
        try:
            messages = yjs_frames.decode(message)
            if 0 < self.large_updates.max_frame < len(message):
                self.large_updates.check_size(len(message), messages)
            for one in messages:
                self._handle(one, now)
        except Rejected as rejected:
            self.feed.refuse(rejected.refusal)
            return
        kinds = set(map(type, messages))
        if kinds == SHOWN and self.presence.consume_echo(len(message)):
            return  # an echo is free, because an unmodified y-websocket always sends it
        questions = kinds & QUESTIONS
        if yjs_frames.QueryAwareness in questions:
            self.feed.send_all(self.presence.all_states(), now)
        # A question of three bytes may need an answer of megabytes. So the server reads the next
        # question only when the user's budget covers the last answer.
        owed = self._outbound.wait(now) if questions else 0.0
        decision = self.inbound_flow.receive(len(message), now, len(messages), refusable=False)
        self.read_throttle.apply(decision, now, wait=owed)

    def on_pong(self, payload: bytes) -> None:
        """Do nothing: the socket itself counts a pong as a sign of life."""

    @property
    def is_backlogged(self) -> bool:
        """Whether too many requests wait for answers, or a worker thread splits a large update."""
        return self.feed.is_backlogged or self.large_updates.is_splitting

    def _handle(self, message: yjs_frames.Message, now: float) -> None:
        match message:
            case yjs_frames.SyncStep1():
                self.feed.answer_client(message.state_vector, now)
            case yjs_frames.SyncStep2() | yjs_frames.SyncUpdate():
                self.large_updates.receive(message, now)
            case yjs_frames.AwarenessUpdate():
                self.feed.send_all(self.presence.receive(message.body, now), now)
            case yjs_frames.QueryAwareness() | yjs_frames.PermissionDenied():
                pass  # `on_binary` answers queries; clients do not send the other message

    def _warn_of_expiry(self, seconds: int) -> None:
        """Do nothing: y-protocols has no message for a warning."""
