"""The session of an admitted patch client: its requests, and the messages to the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import Raw

from collab import messages, wire
from collab.entry import Author
from collab.errors import CLOSE_OF, Close, Code, Refusal, Rejected
from collab.flow.inbound import InboundFlow, ReadDecision
from collab.flow.outbound import RETRY_AFTER_MS, FrameRate, OutboundFlow
from collab.presence.cursors import relocate_cursor_since
from collab.presence.presence_entry import ClientIdentity
from collab.room.member import Member
from collab.room.requests import Barrier, LockRequest, PatchRequest, Refused, Request, UndoRequest
from server.access.authentication import client_name
from server.access.token_expiry import TokenExpiry
from server.broadcast.news import News
from server.broadcast.presence_ticker import ANOTHER_TAB
from server.broadcast.subscriber import Answered, Submission
from server.lanes.feed import FeedContext
from server.lanes.patch_feed import PatchFeed
from server.lanes.read_throttle import ReadThrottle

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.broadcast.news import LockNews, PresenceNews
    from server.lanes.admission import Admission
    from server.services import Services
    from server.websocket.socket import Socket


class PatchSession:
    """One open connection of the patch lane. It is a `Subscriber` to its document.

    Invariant: from its creation until `leave`, it is in the document's audience and presence, and
    keeps the live room open. No code awaits between the admission and `audience.join`. So the
    session gets every version after the version in `opened`.
    """

    def __init__(
        self, services: Services, socket: Socket, admission: Admission, message: messages.Open
    ) -> None:
        settings = services.settings
        self._services = services
        self._socket = socket
        self._left = False
        self._token_expiry = TokenExpiry(services.clock, self._warn_of_expiry, self._expire)
        self.live = admission.live
        self.claims = claims = admission.claims
        budgets = services.budget_pool.acquire((self.live.key, claims.user), self._now())
        self.member = Member(
            author=Author(
                claims.user, claims.name, client_name(message.client), services.clock.new_id("s")
            ),
            rights=claims.rights,
            lane="patch",
            client_id=self._free_client_id(),
            splice="splice" in message.accept,
            pipelines=True,
            origin=socket.peer,
            budget=budgets.inbound,
        )
        self.inbound_flow = InboundFlow(budgets.inbound, patience=settings.slow_seconds or 30.0)
        outbound_flow = OutboundFlow(budgets.outbound, patience=settings.slow_seconds or 1e9)
        metrics = services.recorder.metrics.lanes["patch"]
        self.feed = PatchFeed(
            FeedContext(socket, self.live, self, outbound_flow, services.clock.monotonic, metrics),
            self.member.author,
            frame_rate=FrameRate(message.max_fps),
            splice=self.member.splice,
        )
        self.read_throttle = ReadThrottle(
            socket, self.inbound_flow, self, now=self._now, patience=settings.slow_seconds or 1e9
        )
        self.feed.send(wire.encode(self._opened_message(admission, message)))
        self.live.audience.join(self)
        self._join_presence()
        self._token_expiry.start(claims.expires_at)

    def leave(self) -> None:
        """After the socket is closed, leave the document; release its live room and the budgets."""
        self._left = True
        self.read_throttle.close()
        self._token_expiry.cancel()
        self.feed.close()
        self.live.audience.leave(self)
        self.live.presence.book.leave(self.session)
        self.live.presence.changed()
        self._services.hub.release(self.live)
        self._services.budget_pool.release(self._owner, self._now())

    def _opened_message(self, admission: Admission, message: messages.Open) -> messages.Opened:
        room, book = self.live.room, self.live.presence.book
        claims = admission.claims
        self.feed.already_sent = book.unannounced()
        encoded = admission.encoded
        known: dict[str, Any] = {"value": room.value if encoded is None else Raw(encoded)}
        if admission.changes is not None:
            known = {"changes": admission.changes}
        return messages.Opened(
            protocol=1,
            server=self._services.version,
            session=self.member.author.session,
            client_id=self.member.client_id,
            user=claims.user,
            name=claims.name,
            tenant=claims.tenant,
            role=claims.role,
            epoch=room.epoch,
            version=room.version,
            presence=[*book.peers(), *self.feed.already_sent.values()],
            locks=room.locks().states(self.live.lock_announcer.time.now()),
            limits=self._services.settings.limits(),
            accept=["splice"] if self.member.splice else [],
            resync=message.since is not None and admission.changes is None,
            **known,
        )

    @property
    def _owner(self) -> tuple[DocKey, str]:
        return self.live.key, self.member.author.user

    def _now(self) -> float:
        return self._services.clock.monotonic()

    # --- events of the document -------------------------------------------------------------

    @property
    def session(self) -> str:
        return self.member.author.session

    def on_commit(self, news: News, answers: Sequence[Answered]) -> None:
        self.feed.on_commit(news, answers)

    def on_presence(self, news: PresenceNews) -> None:
        self.feed.on_presence(news)

    def on_locks(self, news: LockNews) -> None:
        self.feed.on_locks(news)

    def notice(self, payload: bytes) -> None:
        self.feed.send(payload)

    def resynchronise(self) -> None:
        """Do nothing: a patch client retries a refused request itself, with the same id."""

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        if 4500 <= code < 4600 or code == Close.RESTARTING:
            retry = {} if retry_after_ms is None else {"retry_after_ms": retry_after_ms}
            notice = messages.DisconnectNotice(code=code, reason=reason, **retry)
            self.feed.send(wire.encode(notice))
        self._socket.close(code, reason)

    def on_writable(self) -> None:
        self.feed.pump()

    def on_pong(self, payload: bytes) -> None:
        """Mark the client alive. Eight bytes answer the ping before a reject (its barrier)."""
        self.live.presence.book.touch(self.session, self._now())
        if len(payload) == 8:
            self._submit(Barrier(int.from_bytes(payload, "big")))

    # --- messages of the client ---------------------------------------------------------------

    def receive(self, frame: bytes) -> None:
        try:
            incoming = wire.decode(frame)
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        self.live.presence.book.touch(self.session, self._now())
        self.handle_all(incoming, self.inbound_flow.receive(len(frame), self._now(), len(incoming)))

    def handle_all(self, incoming: Sequence[wire.Incoming], decision: ReadDecision) -> None:
        """Handle as many messages of a frame as the budget allows; refuse its other messages."""
        for message in incoming[: decision.accepted]:
            self.handle(message)
        if decision.refusal is not None:
            for message in incoming[decision.accepted :]:
                self._refuse_one(message, decision.refusal)
        self.read_throttle.apply(decision)

    @property
    def is_backlogged(self) -> bool:
        return self.feed.is_backlogged

    def send_notice(self, message: messages.Backpressure | messages.DisconnectNotice) -> None:
        if isinstance(message, messages.Backpressure) and message.state == "on":
            self._services.recorder.metrics.notices.labels("in").inc()
        self.feed.send(wire.encode(message))

    def mark_alive(self) -> None:
        self.live.presence.book.extend_timeout(self.session, self._now())

    def disconnect_slow(self) -> None:
        self.dismiss(Close.SLOW_CONSUMER, "slow_consumer", RETRY_AFTER_MS)

    def handle(self, message: wire.Incoming) -> None:
        match message:
            case messages.Patch():
                self._submit(
                    PatchRequest(
                        message.id,
                        message.base,
                        message.ops,
                        message.strict,
                        message.fence,
                        message.after,
                        message.step or "",
                    )
                )
            case messages.Undo() | messages.Redo():
                redo = isinstance(message, messages.Redo)
                self._submit(UndoRequest(message.id, message.scope, redo, message.version))
            case messages.Ping():
                self.feed.send(wire.encode(messages.Pong(at=message.at)))
            case messages.RenewToken():
                self._services.spawn(self._renew(message.token), "renew token")
            case messages.Open():
                self._send_error(Refusal(Code.MALFORMED, "this connection was already opened"))
            case wire.Unreadable():
                self._refuse_one(message, message.refusal)
            case messages.SetPresence():
                self._set_presence(message)
            case messages.LockRequest():
                self._submit(LockRequest.of(message))
            case _:
                assert_never(message)

    def _refuse_one(self, message: wire.Incoming, refusal: Refusal) -> None:
        request_id = getattr(message, "id", None)
        if request_id:
            is_patch = isinstance(message, messages.Patch) or getattr(message, "is_patch", False)
            self._submit(Refused(request_id, refusal, is_patch))
        else:
            self._send_error(refusal)

    def _submit(self, request: Request) -> None:
        now = self._now()
        self._services.hub.submit(self.live, Submission(self.member, request, now, subscriber=self))

    def _send_error(self, refusal: Refusal) -> None:
        self._services.recorder.refused_message(self.live.key, self.member, refusal)
        self.feed.send(wire.encode(wire.error(refusal)))

    def _set_presence(self, message: messages.SetPresence) -> None:
        """Set the presence state. First relocate its cursor from an older `base` to the head."""
        state, room = message.state, self.live.room
        base = room.version if message.base is None else message.base
        if state is not None and base < room.version:
            tail = room.tail
            state = relocate_cursor_since(state, tail.changes(base) if base >= tail.base else None)
        book = self.live.presence.book
        now = self._now()
        refusal = book.set_state(self.member.author.session, state, now)
        if refusal is not None:
            self._send_error(refusal)
        self.live.presence.changed()

    def _join_presence(self) -> None:
        """Join presence. A user with another tab in this document gets a notice in both tabs."""
        book, author = self.live.presence.book, self.member.author
        book.join(
            ClientIdentity(
                author.session,
                author.user,
                author.name,
                author.client,
                self.member.rights.role,
                "patch",
                self.member.client_id,
            ),
            self._now(),
        )
        self.live.presence.changed()
        if self.live.presence.notify_other_tabs(author):
            self.feed.send(ANOTHER_TAB)

    def _free_client_id(self) -> int:
        """Return a free random Yjs client id: Yjs clients see this client's presence under it."""
        while True:
            client_id = int.from_bytes(self._services.clock.token_bytes(4), "big") >> 1
            if client_id > 2**20 and not self.live.presence.book.is_taken(client_id):
                return client_id

    # --- the token --------------------------------------------------------------------------

    async def _renew(self, token: str) -> None:
        try:
            claims = await self._services.keyring.verify(token)
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        if self._left:  # a timer started now would keep the session alive until the token expires
            return
        if (claims.tenant, claims.user) != (self.claims.tenant, self.claims.user):
            self.refuse(Refusal(Code.FORBIDDEN, "the new token is for another user or tenant"))
            return
        if not claims.rights.may_see(self.live.key.doc):
            self.refuse(Refusal(Code.NOT_FOUND, "no such document"))
            return
        self.claims = claims
        self.member.change_rights(claims.rights)
        self.feed.send(wire.encode(messages.Notice(code="token_accepted")))
        self._token_expiry.start(claims.expires_at)

    def _warn_of_expiry(self, seconds: int) -> None:
        self.feed.send(wire.encode(messages.Notice(code="token_expiring", in_seconds=seconds)))

    def _expire(self) -> None:
        self.refuse(Refusal(Code.UNAUTHENTICATED, "the token has expired"))

    def refuse(self, refusal: Refusal) -> None:
        """Record the refusal and close the connection."""
        self._services.recorder.refused_message(self.live.key, self.member, refusal)
        self._socket.close(CLOSE_OF.get(refusal.code, Close.MALFORMED), refusal.message)
