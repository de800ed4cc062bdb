"""The patch lane: one client's socket, from `open` to its close.

| state    | event                     | next    | what                                    |
|----------|---------------------------|---------|-----------------------------------------|
| silent   | `open`                    | opening | token, document and rights are looked up |
| silent   | anything else             | closed  | 4400; after `open_seconds` 4408         |
| opening  | messages                  | opening | wait; the socket is not read further    |
| opening  | refused                   | closed  | its code                                |
| opening  | let in                    | open    | `opened`, then what waited              |
| open     | a message                 | open    | to the commit loop, or answered here    |
| any      | the socket closes         | closed  | leaves the document                     |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, assert_never

from collab import messages, wire
from collab.entry import Author
from collab.errors import CLOSE_OF, Close, Code, Refusal, Rejected
from collab.room.cursors import carry_state
from collab.room.inflow import Inflow, InflowState
from collab.room.member import Member
from collab.room.outflow import Outflow, Pace
from collab.room.person import Visitor
from collab.room.requests import Barrier, PatchRequest, Refuse, Request, Revert
from server.admission import Admission, admit_to_patch_lane
from server.audience import Answered, News, Submission
from server.patch_feed import PatchFeed
from server.token_watch import TokenWatch

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.auth import Claims
    from server.live import LiveRoom
    from server.presence_board import PresenceNews
    from server.services import Services
    from server.socket import Socket

MAX_CLIENT = 128
READ_AGAIN = 0.1


class State(Enum):
    SILENT = "silent"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"


class PatchConnection:
    """One socket of the patch lane: a `Handler` to it and a `Listener` to its document.

    Invariant: it is in its document's audience exactly while it is open.
    """

    socket: Socket
    live: LiveRoom
    feed: PatchFeed
    member: Member
    inflow: Inflow

    def __init__(self, services: Services, doc: str, token: str | None) -> None:
        self._services = services
        self._doc = doc
        self._token = token
        self._state = State.SILENT
        self._waiting: list[bytes] = []
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._token_watch = TokenWatch(services.clock, self._warn_of_expiry, self._expire)
        self.claims: Claims | None = None

    # --- the socket's side ------------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self._call_in("open", self._services.settings.open_seconds, self._stay_silent)

    def text(self, message: bytes) -> None:
        match self._state:
            case State.SILENT:
                self._begin(message)
            case State.OPENING:
                self._waiting.append(message)
            case State.OPEN:
                self._receive(message)

    def binary(self, message: bytes) -> None:
        self.refuse(Refusal(Code.MALFORMED, "the patch lane speaks text frames"))

    def pong(self, payload: bytes) -> None:
        if self._state is State.OPEN:
            self.live.presence.book.touch(self.session, self._services.clock.monotonic())
            if len(payload) == 8:
                self._submit(Barrier(int.from_bytes(payload, "big")))

    def writable(self) -> None:
        if self._state is State.OPEN:
            self.feed.pump()

    def closed(self, code: int) -> None:
        was, self._state = self._state, State.CLOSED
        for timer in self._timers.values():
            timer.cancel()
        self._token_watch.cancel()
        if was is State.OPEN:
            self.feed.close()
            self.live.audience.leave(self)
            self.live.presence.book.leave(self.member.author.session)
            self.live.presence.changed()
            self._services.hub.release(self.live)
            self._services.purses.put_back(self._owner, self._services.clock.monotonic())

    # --- the document's side ----------------------------------------------------------------

    def hear(self, news: News, answers: Sequence[Answered]) -> None:
        if self._state is State.OPEN:
            self.feed.hear(news, answers)

    def see(self, news: PresenceNews) -> None:
        if self._state is State.OPEN:
            self.feed.see(news)

    @property
    def session(self) -> str:
        return self.member.author.session

    def notice(self, payload: bytes) -> None:
        if self._state is State.OPEN:
            self.feed.send(payload)

    def resynchronise(self) -> None:
        """Nothing to ask for: whoever was refused sends it again, with the same id."""

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        if self._state is State.OPEN and (4500 <= code < 4600 or code == Close.RESTARTING):
            self.feed.send(
                wire.encode(
                    messages.DisconnectNotice(
                        code=code,
                        reason=reason,
                        **({} if retry_after_ms is None else {"retry_after_ms": retry_after_ms}),
                    )
                )
            )
        self.socket.close(code, reason)

    # --- opening ----------------------------------------------------------------------------

    def _stay_silent(self) -> None:
        self.socket.close(Close.SILENT, "nothing was said in time")

    def _begin(self, frame: bytes) -> None:
        try:
            incoming = wire.decode(frame)
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        first = incoming[0] if incoming else None
        if not isinstance(first, messages.Open):
            why = first.refusal.message if isinstance(first, wire.Unreadable) else "not `open`"
            self.refuse(Refusal(Code.MALFORMED, f"the first message must be `open`: {why}"))
            return
        self._state = State.OPENING
        self.socket.pause_reading()
        self._services.spawn(self._open(first, incoming[1:]), f"open {self._doc}")

    async def _open(self, message: messages.Open, rest: list[Any]) -> None:
        try:
            admission = await admit_to_patch_lane(
                self._services, self._doc, self._token or message.token, message
            )
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        if self._state is State.CLOSED:  # it went away meanwhile
            self._services.hub.release(admission.live)
            return
        self._join(admission, message)
        self._state = State.OPEN
        self._timers.pop("open").cancel()
        for one in rest:
            self._handle(one)
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self.text(frame)
        if self._state is State.OPEN:
            self.socket.resume_reading()

    def _join(self, admission: Admission, message: messages.Open) -> None:
        services, settings = self._services, self._services.settings
        claims, self.live, self.claims = admission.claims, admission.live, admission.claims
        now = services.clock.monotonic()
        self.member = Member(
            author=Author(
                claims.user, claims.name, message.client[:MAX_CLIENT], services.clock.new_id("s")
            ),
            rights=claims.rights,
            lane="patch",
            client_id=self._free_client_id(),
            splice="splice" in message.accept,
            pipelines=True,
        )
        purse = services.purses.take(self._owner, now)
        self.inflow = Inflow(purse.inbound, patience=settings.slow_seconds or 30.0)
        self.feed = PatchFeed(
            self.socket,
            self.live,
            self.member.author,
            outflow=Outflow(purse.outbound, patience=settings.slow_seconds or 1e9),
            pace=Pace(message.max_fps),
            now=services.clock.monotonic,
        )
        self.feed.send(wire.encode(self._greeting(admission, message)))
        self.live.audience.join(self)
        self._appear()
        self._token_watch.watch(claims.expires_at)

    def _greeting(self, admission: Admission, message: messages.Open) -> messages.Opened:
        room, book = self.live.room, self.live.presence.book
        claims = admission.claims
        self.feed.told = book.arriving()
        known: dict[str, Any] = {"value": room.value}
        if admission.changes is not None:
            known = {"changes": admission.changes}
        return messages.Opened(
            protocol=1,
            server=self._services.version,
            session=self.member.author.session,
            client_id=self.member.client_id,
            user=claims.user,
            role=claims.role,
            epoch=room.epoch,
            version=room.version,
            presence=[*book.peers(), *self.feed.told.values()],
            locks=[],
            limits=self._services.settings.limits(),
            accept=["splice"] if self.member.splice else [],
            resync=message.since is not None and admission.changes is None,
            **known,
        )

    @property
    def _owner(self) -> tuple[DocKey, str]:
        return self.live.key, self.member.author.user

    # --- messages ---------------------------------------------------------------------------

    def _receive(self, frame: bytes) -> None:
        try:
            incoming = wire.decode(frame)
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        now = self._services.clock.monotonic()
        self.live.presence.book.touch(self.session, now)
        verdict = self.inflow.receive(len(frame), now, len(incoming))
        for message in incoming[: verdict.take]:
            self._handle(message)
        if verdict.refusal is not None:
            for message in incoming[verdict.take :]:
                self._refuse_one(message, verdict.refusal)
        if verdict.announce is not None:
            self.feed.send(wire.encode(verdict.announce))
        if verdict.close:
            self.socket.close(verdict.close, "rate_limited")
        elif verdict.stop_reading or self.feed.is_overdrawn:
            self.socket.pause_reading()
            self._call_in("resume", verdict.stop_reading or READ_AGAIN, self._read_again)

    def _read_again(self) -> None:
        reads, told = self.inflow.resume(self._services.clock.monotonic())
        if told is not None:
            self.feed.send(wire.encode(told))
        if reads and not self.feed.is_overdrawn:
            self.socket.resume_reading()
        if self.inflow.state is not InflowState.LEVEL or self.feed.is_overdrawn:
            self._call_in("resume", READ_AGAIN, self._read_again)

    def _handle(self, message: wire.Incoming) -> None:
        match message:
            case messages.Patch():
                self._submit(
                    PatchRequest(
                        message.id, message.base, message.ops, message.strict, message.fence
                    )
                )
            case messages.Undo() | messages.Redo():
                redo = isinstance(message, messages.Redo)
                self._submit(Revert(message.id, message.scope, redo))
            case messages.Ping():
                self.feed.send(wire.encode(messages.Pong(at=message.at)))
            case messages.RenewToken():
                self._services.spawn(self._renew(message.token), "renew token")
            case messages.Open():
                self._say_error(Code.MALFORMED, "`open` comes once")
            case wire.Unreadable():
                self._refuse_one(message, message.refusal)
            case messages.SetPresence():
                self._present(message)
            case messages.LockRequest():
                self.lock(message)
            case _:
                assert_never(message)

    def _refuse_one(self, message: wire.Incoming, refusal: Refusal) -> None:
        request_id = getattr(message, "id", None)
        if request_id:
            is_patch = isinstance(message, messages.Patch | wire.Unreadable)
            self._submit(Refuse(request_id, refusal, is_patch))
        else:
            self.feed.send(wire.encode(wire.error(refusal)))

    def _submit(self, request: Request) -> None:
        now = self._services.clock.monotonic()
        self._services.hub.submit(self.live, Submission(self.member, request, now, listener=self))

    def _say_error(self, code: Code, sentence: str) -> None:
        self.feed.send(wire.encode(wire.error(Refusal(code, sentence))))

    def _present(self, message: messages.SetPresence) -> None:
        """Show another state; a cursor stands on `base` and is carried to the head first."""
        state, room = message.state, self.live.room
        base = room.version if message.base is None else message.base
        if state is not None and room.tail.base <= base < room.version:
            for past in room.tail.pasts(base):
                state = carry_state(state, past)
        book = self.live.presence.book
        now = self._services.clock.monotonic()
        refusal = book.set_state(self.member.author.session, state, now)
        if refusal is not None:
            self.feed.send(wire.encode(wire.error(refusal)))
        self.live.presence.changed()

    def _appear(self) -> None:
        """Into the book; whoever has another tab open here is told so, in both."""
        book, author = self.live.presence.book, self.member.author
        others = set(book.sessions_of(author.user))
        book.join(
            Visitor(
                author.session,
                author.user,
                author.name,
                author.client,
                self.member.rights.role,
                "patch",
                self.member.client_id,
            ),
            self._services.clock.monotonic(),
        )
        self.live.presence.changed()
        if others:
            told = wire.encode(messages.Notice(code="another_tab"))
            self.feed.send(told)
            self.live.audience.notice_to(others, told)

    def _free_client_id(self) -> int:
        """A Yjs client id for a client that has none: 31 random bits, and nobody else's."""
        while True:
            client_id = int.from_bytes(self._services.clock.token_bytes(4), "big") >> 1
            if client_id > 2**20 and not self.live.presence.book.is_taken(client_id):
                return client_id

    def lock(self, message: messages.LockRequest) -> None:
        """Locks come with their own slice."""

    # --- the token --------------------------------------------------------------------------

    async def _renew(self, token: str) -> None:
        assert self.claims is not None
        try:
            claims = await self._services.keyring.verify(token)
        except Rejected as rejected:
            self.refuse(rejected.refusal)
            return
        if self._state is not State.OPEN:
            return
        if (claims.tenant, claims.user) != (self.claims.tenant, self.claims.user):
            self.refuse(Refusal(Code.FORBIDDEN, "the token is another tenant's or user's"))
            return
        if not claims.rights.sees(self._doc):
            self.refuse(Refusal(Code.NOT_FOUND, "no such document"))
            return
        self.claims = claims
        self.member.rights = claims.rights
        self.feed.send(wire.encode(messages.Notice(code="token_accepted")))
        self._token_watch.watch(claims.expires_at)

    def _warn_of_expiry(self, seconds: int) -> None:
        self.feed.send(wire.encode(messages.Notice(code="token_expiring", in_seconds=seconds)))

    def _expire(self) -> None:
        self.refuse(Refusal(Code.UNAUTHENTICATED, "the token has expired"))

    # --- the end ----------------------------------------------------------------------------

    def refuse(self, refusal: Refusal) -> None:
        """Close for a reason that is final for this connection."""
        self.socket.close(CLOSE_OF.get(refusal.code, Close.MALFORMED), refusal.message)

    def _call_in(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), what)
