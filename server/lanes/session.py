"""The session of an admitted client: the life of its connection, for both lanes.

| event                      | what the session does                                               |
|----------------------------|---------------------------------------------------------------------|
| the client is admitted     | `AdmittedClient` gets the user's budgets; the lane makes its feed   |
| `join`                     | greet the client, subscribe to the document, join presence          |
| a frame                    | the lane handles its messages, within the budget of its user        |
| the user exceeds a budget  | stop reading from the client for a while (`read_throttle.py`)       |
| it has many open requests  | stop reading until half of them have an answer (`feed.py`)          |
| the socket has drained     | send what waited (`feed.py`)                                        |
| `KEEP_ALIVE_SECONDS` pass  | send the lane's keep-alive message, if it has one                   |
| the token expires soon     | warn the client, if the lane has a message for it                   |
| the token has expired      | close the connection                                                |
| the client reads too little | close the connection with 4508                                     |
| the socket has closed      | leave the document and presence; release the budgets and timers     |

`patch_session.py` and `yjs_session.py` have only the messages of their lanes. Each reads the clock
once for a frame, and passes the time on as `now`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypedDict, Unpack

from collab.entry import Author
from collab.errors import Close, Code, Refusal
from collab.flow.inbound import InboundFlow
from collab.flow.outbound import RETRY_AFTER_MS, OutboundFlow
from collab.messages import Backpressure, DisconnectNotice
from collab.presence.presence_entry import ClientIdentity
from collab.room.member import Member
from server.access.token_expiry import TokenExpiry
from server.broadcast.presence_ticker import ANOTHER_TAB
from server.lanes.feed import Feed, FeedContext
from server.lanes.read_throttle import ReadThrottle

if TYPE_CHECKING:
    from collab.entry import Lane
    from collab.flow.budget import UserBudgets
    from server.access.tokens import Claims
    from server.documents.live_room import LiveRoom
    from server.lanes.admission import Admission
    from server.recording.connections import ConnectionInfo
    from server.services import Services
    from server.websocket.socket import Socket

# y-websocket 3 closes a socket after 30 s without messages; pings do not count. The docs promise a
# message every 15 s. The server sends it a second earlier, because the network delays it.
KEEP_ALIVE_SECONDS = 14.0


class LaneFields(TypedDict, total=False):
    """The fields of a member that only one lane sets."""

    client_id: int
    splice: bool
    pipelines: bool


@dataclass(frozen=True, slots=True)
class AdmittedClient:
    """A client's socket and document, its identity there, and the budgets of its user."""

    services: Services
    socket: Socket
    info: ConnectionInfo
    live: LiveRoom
    claims: Claims
    member: Member
    budgets: UserBudgets

    @classmethod
    def of(
        cls,
        services: Services,
        socket: Socket,
        info: ConnectionInfo,
        admission: Admission,
        lane: Lane,
        client: str,
        **fields: Unpack[LaneFields],
    ) -> AdmittedClient:
        """Acquire the budgets of the user. `client` is the name of the client's program."""
        live, claims = admission.live, admission.claims
        budgets = services.budget_pool.acquire((live.key, claims.user), services.clock.monotonic())
        member = Member(
            author=Author(claims.user, claims.name, client, services.clock.new_id("s")),
            rights=claims.rights,
            lane=lane,
            origin=socket.peer,
            budget=budgets.inbound,
            **fields,
        )
        return cls(services, socket, info, live, claims, member, budgets)

    def feed_context(self) -> FeedContext:
        patience = self.services.settings.slow_seconds or 1e9
        flow = OutboundFlow(self.budgets.outbound, patience=patience)
        return FeedContext(self.services.hub, self.live, self.socket, self.member, flow)


class Session(ABC):
    """One open connection. It is the `Handler` of its socket.

    Invariant: from `join` until `on_close`, its feed is in the document's audience, and its member
    is in presence. It keeps the live room and the budgets in use.
    """

    lane: ClassVar[Literal["patch", "yjs"]]
    keep_alive: ClassVar[bytes] = b""  # the frame of the lane's keep-alive message, if it has one

    def __init__(self, client: AdmittedClient, feed: Feed) -> None:
        services, budgets = client.services, client.budgets
        patience = services.settings.slow_seconds
        self.member = client.member
        self.claims = client.claims
        self.live = client.live
        self.inbound_flow = InboundFlow(budgets.inbound, patience=patience or 30.0)
        self.read_throttle = ReadThrottle(
            client.socket,
            self.inbound_flow,
            self,
            now=services.clock.monotonic,
            patience=patience or 1e9,
        )
        self._services = services
        self._socket = client.socket
        self._info = client.info
        self._feed = feed
        self._now = services.clock.monotonic
        self._has_left = False
        self._token_expiry = TokenExpiry(services.clock, self._warn_of_expiry, self._expire)
        self._keep_alive: asyncio.TimerHandle | None = None
        feed.when_answered = self.read_throttle.check_now

    # --- the methods of each lane -------------------------------------------------------------

    @abstractmethod
    def on_text(self, message: bytes) -> None:
        """Handle a text frame."""

    @abstractmethod
    def on_binary(self, message: bytes) -> None:
        """Handle a binary frame."""

    @abstractmethod
    def on_pong(self, payload: bytes) -> None:
        """Handle the answer to a ping."""

    @property
    @abstractmethod
    def is_backlogged(self) -> bool:
        """Whether so much waits for the client that the server stops reading from it."""

    @abstractmethod
    def _greet(self, admission: Admission) -> None:
        """Send the first message, before the client gets any change."""

    @abstractmethod
    def _begin_sync(self) -> None:
        """Begin the exchange of the lane, after the client has joined the document."""

    @abstractmethod
    def _warn_of_expiry(self, seconds: int) -> None:
        """Warn the client that its token expires soon."""

    # --- join and leave -----------------------------------------------------------------------

    def join(self, admission: Admission) -> None:
        """Join the document and its presence.

        No code awaits between the admission and this. So the client gets every version after the
        version of its greeting.
        """
        self._services.recorder.admitted(self._info, self.live.key, self.member, self._feed)
        self._greet(admission)
        self.live.audience.join(self._feed)
        self._join_presence()
        self._token_expiry.start(self.claims.expires_at)
        self._begin_sync()
        if self.keep_alive:
            self._schedule_keep_alive()

    def on_close(self, code: int) -> None:
        """Leave the document, and release its live room, the budgets and the timers."""
        self._has_left = True
        self._services.recorder.closed(self._info, code)
        self.read_throttle.close()
        self._token_expiry.cancel()
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        self._feed.close()
        self.live.audience.leave(self._feed)
        self.live.presence.book.leave(self._feed.session)
        self.live.presence.changed()
        self._services.hub.release(self.live)
        owner = self.live.key, self.member.author.user
        self._services.budget_pool.release(owner, self._now())

    def _join_presence(self) -> None:
        """Join presence. A user with another tab in this document gets a notice in both tabs."""
        author = self.member.author
        identity = ClientIdentity(
            author.session,
            author.user,
            author.name,
            author.client,
            self.member.rights.role,
            self.lane,
            self.member.client_id,
        )
        self.live.presence.book.join(identity, self._now(), self._services.clock.now_ms())
        self.live.presence.changed()
        if self.live.presence.notify_other_tabs(author.session):
            self._feed.notice(ANOTHER_TAB)

    # --- budgets and slow clients -------------------------------------------------------------

    def on_writable(self) -> None:
        self._feed.pump()

    def send_notice(self, message: Backpressure | DisconnectNotice, now: float) -> None:
        """Send a notice of the read throttle, if the lane has such a message."""
        is_sent = self._feed.announce(message, now)
        if is_sent and isinstance(message, Backpressure) and message.state == "on":
            self._services.recorder.metrics.notices.labels("in").inc()

    def mark_alive(self, now: float) -> None:
        """Mark the client alive in presence, because the server does not read its messages now."""
        self.live.presence.book.extend_timeout(self._feed.session, now)

    def disconnect_slow(self) -> None:
        self._feed.dismiss(Close.SLOW_CONSUMER, "slow_consumer", RETRY_AFTER_MS)

    # --- the token, and the keep-alive --------------------------------------------------------

    def _expire(self) -> None:
        self._feed.refuse(Refusal(Code.UNAUTHENTICATED, "the token has expired"))

    def _send_keep_alive(self) -> None:
        self._feed.write(self.keep_alive, self._now())
        self._schedule_keep_alive()

    def _schedule_keep_alive(self) -> None:
        loop = asyncio.get_running_loop()
        self._keep_alive = loop.call_later(KEEP_ALIVE_SECONDS, self._send_keep_alive)
