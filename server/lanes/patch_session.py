"""The session of an admitted patch client: its requests, and the messages to the client."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import Raw

from collab import messages, wire
from collab.errors import Close, Code, Refusal, Rejected
from collab.flow.outbound import FrameRate
from collab.presence.cursors import relocate_cursor_since
from collab.room.requests import Barrier, LockRequest, PatchRequest, Refused, Request, UndoRequest
from server.access.authentication import client_name
from server.instances.degradation import DEGRADED
from server.lanes.patch_feed import PatchFeed
from server.lanes.session import AdmittedClient, Session

if TYPE_CHECKING:
    from collab.flow.inbound import ReadDecision
    from collab.presence.book import PresenceBook
    from server.lanes.admission import Admission
    from server.recording.connections import ConnectionInfo
    from server.runtime.clock import Clock
    from server.services import Services
    from server.websocket.socket import Socket


# The most answers that wait for a client that does not read. Above this number the server stops
# reading from the client.
MAX_PENDING = 1000


class PatchSession(Session):
    """One open connection of the patch lane.

    Invariant: the server handles a client's messages in the order in which they came. So the
    messages after a `token` message wait until that token was checked.
    """

    lane = "patch"

    def __init__(
        self,
        services: Services,
        socket: Socket,
        info: ConnectionInfo,
        admission: Admission,
        message: messages.Open,
    ) -> None:
        client = AdmittedClient.of(
            services,
            socket,
            info,
            admission,
            self.lane,
            client_name(message.client),
            client_id=_free_client_id(services.clock, admission.live.presence.book),
            splice="splice" in message.accept,
            pipelines=True,
        )
        self.feed = PatchFeed(client.feed_context(), FrameRate(message.max_fps))
        super().__init__(client, self.feed)
        self._resumes = message.since is not None
        self._is_renewing = False
        self._waiting: deque[Callable[[float], None]] = deque()

    def receive_opening(self, rest: Sequence[wire.Incoming], size: int) -> None:
        """Handle the messages after `open` in its frame, which has `size` bytes."""
        now = self._now()
        self._handle_all(rest, self.inbound_flow.receive_opening(size, now, len(rest)), now)

    def _greet(self, admission: Admission) -> None:
        self.feed.send(wire.encode(self._opened_message(admission)), self._now())
        if self._services.degradation.is_degraded:
            self.feed.notice(DEGRADED)

    def _begin_sync(self) -> None:
        """Do nothing: `opened` has the value, or the missed changes."""

    def _opened_message(self, admission: Admission) -> messages.Opened:
        room, book = self.live.room, self.live.presence.book
        self.feed.already_sent = book.unannounced()
        encoded = admission.encoded
        known: dict[str, Any] = {"value": room.value if encoded is None else Raw(encoded)}
        if admission.changes is not None:
            known = {"changes": admission.changes}
        known |= room.document.open_steps(self.claims.user)
        return messages.Opened(
            protocol=1,
            server=self._services.version,
            session=self.member.author.session,
            client_id=self.member.client_id,
            user=self.claims.user,
            name=self.claims.name,
            tenant=self.claims.tenant,
            role=self.claims.role,
            epoch=room.epoch,
            version=room.version,
            presence=[*book.peers(), *self.feed.already_sent.values()],
            locks=room.locks().states(self.live.lock_announcer.time.now()),
            limits=self._services.settings.limits(),
            accept=["splice"] if self.member.splice else [],
            resync=self._resumes and admission.changes is None,
            **known,
        )

    # --- frames -----------------------------------------------------------------------------

    def on_text(self, message: bytes) -> None:
        try:
            incoming = wire.decode(message)
        except Rejected as rejected:
            self.feed.refuse(rejected.refusal)
            return
        now = self._now()
        self.live.presence.book.touch(self.feed.session, now)
        decision = self.inbound_flow.receive(len(message), now, len(incoming))
        self._handle_all(incoming, decision, now)

    def on_binary(self, message: bytes) -> None:
        self.feed.refuse(Refusal(Code.MALFORMED, "the patch lane takes text frames only"))

    def on_pong(self, payload: bytes) -> None:
        """Mark the client alive. Eight bytes answer the ping before a reject (its barrier)."""
        now = self._now()
        self.live.presence.book.touch(self.feed.session, now)
        if len(payload) == 8:
            barrier = Barrier(int.from_bytes(payload, "big"))
            self._in_order(partial(self.feed.submit, barrier), now)

    @property
    def is_backlogged(self) -> bool:
        """Whether too much waits: its requests, its answers, or its messages for a new token."""
        feed = self.feed
        return feed.is_backlogged or len(feed.pending) > MAX_PENDING or bool(self._waiting)

    def _handle_all(
        self, incoming: Sequence[wire.Incoming], decision: ReadDecision, now: float
    ) -> None:
        """Handle as many messages of a frame as the budget allows; refuse its other messages."""
        for message in incoming[: decision.accepted]:
            if self._is_renewing:
                self._waiting.append(partial(self._handle, message))
            else:
                self._handle(message, now)
        if decision.refusal is not None:
            for message in incoming[decision.accepted :]:
                self._in_order(partial(self._refuse_one, message, decision.refusal), now)
        self.read_throttle.apply(decision, now)

    def _in_order(self, handle: Callable[[float], None], now: float) -> None:
        """Handle something that the client sent: now, or after its new token was checked."""
        if self._is_renewing:
            self._waiting.append(handle)
        else:
            handle(now)

    # --- messages ---------------------------------------------------------------------------

    def _handle(self, message: wire.Incoming, now: float) -> None:
        match message:
            case messages.Patch():
                request = PatchRequest(
                    message.id,
                    message.base,
                    message.ops,
                    message.strict,
                    message.fence,
                    message.after,
                    message.step or "",
                )
                self.feed.submit(request, now)
            case messages.Undo() | messages.Redo():
                redo = isinstance(message, messages.Redo)
                undo = UndoRequest(message.id, message.scope, redo, message.version)
                self.feed.submit(undo, now)
            case messages.Ping():
                self.feed.send(wire.encode(messages.Pong(at=message.at)), now)
            case messages.RenewToken():
                self._is_renewing = True
                self._services.spawn(self._renew(message.token), "renew token", self._fail)
            case messages.Open():
                refusal = Refusal(Code.MALFORMED, "this connection was already opened")
                self._send_error(refusal, now)
            case wire.Unreadable():
                self._refuse_one(message, message.refusal, now)
            case messages.SetPresence():
                self._set_presence(message, now)
            case messages.LockRequest():
                self.feed.submit(LockRequest.of(message), now)
            case _:
                assert_never(message)

    def _refuse_one(self, message: wire.Incoming, refusal: Refusal, now: float) -> None:
        request_id = getattr(message, "id", None)
        if request_id:
            is_patch = isinstance(message, messages.Patch) or getattr(message, "is_patch", False)
            request: Request = Refused(request_id, refusal, is_patch)
            self.feed.submit(request, now)
        else:
            self._send_error(refusal, now)

    def _send_error(self, refusal: Refusal, now: float) -> None:
        self._services.recorder.refused_message(self.live.key, self.member, refusal)
        self.feed.send(wire.encode(wire.error(refusal)), now)

    def _set_presence(self, message: messages.SetPresence, now: float) -> None:
        """Set the presence state. First relocate its cursor from an older `base` to the head."""
        state, room = message.state, self.live.room
        base = room.version if message.base is None else message.base
        if state is not None and base < room.version:
            tail = room.tail
            state = relocate_cursor_since(state, tail.changes(base) if base >= tail.base else None)
        refusal = self.live.presence.book.set_state(self.feed.session, state, now)
        if refusal is not None:
            self._send_error(refusal, now)
        self.live.presence.changed()

    # --- the token --------------------------------------------------------------------------

    async def _renew(self, token: str) -> None:
        """Check a new token, and then handle the messages that the client sent after it."""
        if await self._take_token(token):
            now = self._now()
            self._is_renewing = False
            while self._waiting and not (self._is_renewing or self._has_left):
                self._waiting.popleft()(now)
            if not self._has_left:
                self.read_throttle.check()

    async def _take_token(self, token: str) -> bool:
        """Whether the new token replaces the old one. If not, the connection closes."""
        try:
            claims = await self._services.keyring.verify(token)
        except Rejected as rejected:
            self.feed.refuse(rejected.refusal)
            return False
        if self._has_left:  # a timer started now would keep the session until the token expires
            return False
        if (claims.tenant, claims.user) != (self.claims.tenant, self.claims.user):
            refusal = Refusal(Code.FORBIDDEN, "the new token is for another user or tenant")
            self.feed.refuse(refusal)
            return False
        if not claims.rights.may_see(self.live.key.doc):
            self.feed.refuse(Refusal(Code.NOT_FOUND, "no such document"))
            return False
        self.claims = claims
        self.member.change_rights(claims.rights)
        self.feed.notice(wire.encode(messages.Notice(code="token_accepted")))
        self._token_expiry.start(claims.expires_at)
        return True

    def _fail(self) -> None:
        self._socket.close(Close.OUR_FAULT, "internal error")

    def _warn_of_expiry(self, seconds: int) -> None:
        self.feed.notice(wire.encode(messages.Notice(code="token_expiring", in_seconds=seconds)))


def _free_client_id(clock: Clock, book: PresenceBook) -> int:
    """Return a free random Yjs client id: Yjs clients see this client's presence under it."""
    while True:
        client_id = int.from_bytes(clock.token_bytes(4), "big") >> 1
        if client_id > 2**20 and not book.is_taken(client_id):
            return client_id
