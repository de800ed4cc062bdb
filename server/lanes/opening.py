"""The opening of a connection: a socket until its client is admitted to the document.

| state    | event                      | next     | what the server does                         |
|----------|----------------------------|----------|----------------------------------------------|
| silent   | `open` (patch lane)        | opening  | check token, rights; open the document       |
| silent   | at once (Yjs lane)         | opening  | the same; the token is in the request        |
| silent   | a large `open` begins      | silent   | wait for a place among the large ones        |
| silent   | no place becomes free      | closed   | close with 4529                              |
| silent   | another message            | closed   | close with 4400                              |
| silent   | `open_seconds` have passed | closed   | close with 4408                              |
| opening  | messages of the lane       | opening  | keep them, and pause the socket              |
| opening  | another message            | closed   | close with 4400                              |
| opening  | refused                    | closed   | close with the code of the refusal           |
| opening  | admitted                   | admitted | give the socket and the kept messages to the |
|          |                            |          | session (`session.py`), which joins          |
| any      | the socket closes          | closed   | release the place of the connection          |
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from collab import messages, wire
from collab.errors import CLOSE_OF, Close, Code, Refusal, Rejected
from server.lanes.admission import Admission, admit_to_patch_lane, admit_to_yjs_lane
from server.lanes.patch_session import PatchSession
from server.lanes.yjs_feed import YjsFeed
from server.lanes.yjs_session import YjsSession

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from server.lanes.session import Session
    from server.services import Services
    from server.websocket.socket import Socket


# An `open` message with at most this many bytes is small. Most `open` messages contain only a token
# and names. An `open` message that creates a document can be larger.
SMALL_OPENING = 64 * 1024
# The server reads this many large `open` messages of one IP address at a time. Other large `open`
# messages of this address wait.
LARGE_OPENINGS = 4
CROWDED = Refusal(
    Code.RATE_LIMITED,
    "too many clients of this IP address send a large `open`; try again",
    {"retry_after_ms": 1000},
)


class State(Enum):
    SILENT = "silent"
    OPENING = "opening"
    ADMITTED = "admitted"
    CLOSED = "closed"


class Opening(ABC):
    """One socket before its client is admitted. It is the first `Handler` of the socket.

    Invariant: the socket has a place in the `ConnectionLimit` of its IP address until it is
    admitted or closed. `release_place` releases the place.
    """

    lane: ClassVar[str]
    close_of: ClassVar[Mapping[Code, int]] = CLOSE_OF

    def __init__(
        self, services: Services, doc: str, release_place: Callable[[], None], socket: Socket
    ) -> None:
        self._services = services
        self._doc = doc
        self._release_place = release_place
        self._socket = socket
        self._info = services.recorder.connections.enter(self.lane, socket)
        self._state = State.SILENT
        self._waiting: list[bytes] = []

    # --- events of the socket ---------------------------------------------------------------

    @abstractmethod
    def on_text(self, message: bytes) -> None:
        """Handle a text frame."""

    @abstractmethod
    def on_binary(self, message: bytes) -> None:
        """Handle a binary frame."""

    def on_pong(self, payload: bytes) -> None:  # noqa: B027  # a pong means nothing yet
        """Do nothing: no message depends on this pong."""

    def on_writable(self) -> None:  # noqa: B027  # the server has sent nothing yet
        """Do nothing: nothing waits for the client yet."""

    def on_close(self, code: int) -> None:
        self._state = State.CLOSED
        self._release_place()
        self._services.recorder.closed(self._info, code)

    # --- admission --------------------------------------------------------------------------

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Pause the socket, and run the admission as a task."""
        self._state = State.OPENING
        self._socket.pause_reading()
        self._services.spawn(work, f"open {self._doc}", self._fail)

    async def _admitted(self, admitting: Coroutine[None, None, Admission]) -> Admission | None:
        """Return the admission; None when the client is refused or has left meanwhile."""
        try:
            admission = await admitting
        except Rejected as rejected:
            self._refuse(rejected.refusal)
            return None
        if self._state is State.CLOSED:
            self._services.hub.release(admission.live)
            return None
        return admission

    def _give_to(self, session: Session, admission: Admission) -> None:
        """Give the socket to the session of the admitted client."""
        self._state = State.ADMITTED
        self._release_place()
        self._socket.hand_over(session)
        session.join(admission)

    def _fail(self) -> None:
        self._socket.close(Close.OUR_FAULT, "internal error")

    def _refuse(self, refusal: Refusal) -> None:
        """Record that the client is not admitted, and close the socket."""
        self._services.recorder.connection_refused(self._info, refusal)
        self._socket.close(self.close_of.get(refusal.code, Close.MALFORMED), refusal.message)


class YjsOpening(Opening):
    """One socket of the Yjs lane before its client is admitted."""

    lane = "yjs"
    close_of = YjsFeed.close_of

    def __init__(
        self,
        services: Services,
        doc: str,
        release_place: Callable[[], None],
        token: str | None,
        client_name: str,
        socket: Socket,
    ) -> None:
        super().__init__(services, doc, release_place, socket)
        self._begin(self._open(token, client_name))

    def on_text(self, message: bytes) -> None:
        self._refuse(Refusal(Code.MALFORMED, "the Yjs lane takes binary frames only"))

    def on_binary(self, message: bytes) -> None:
        self._waiting.append(message)

    async def _open(self, token: str | None, client_name: str) -> None:
        services, info = self._services, self._info
        admission = await self._admitted(admit_to_yjs_lane(services, self._doc, token, info))
        if admission is None:
            return
        session = YjsSession(services, self._socket, info, admission, client_name)
        self._give_to(session, admission)
        for frame in self._waiting:
            session.on_binary(frame)
        session.receive_opening()
        session.read_throttle.start()


class PatchOpening(Opening):
    """One socket of the patch lane before its client is admitted."""

    lane = "patch"

    def __init__(
        self,
        services: Services,
        doc: str,
        release_place: Callable[[], None],
        token: str | None,
        socket: Socket,
    ) -> None:
        super().__init__(services, doc, release_place, socket)
        self._token = token
        self._deadline: asyncio.TimerHandle | None = None
        self._release_large: Callable[[], None] = _nothing
        socket.pause_before_large(SMALL_OPENING, self._on_large)
        self._start_deadline()

    def on_text(self, message: bytes) -> None:
        if self._state is State.SILENT:
            self._on_first_frame(message)
        elif self._state is State.OPENING:
            self._waiting.append(message)

    def on_binary(self, message: bytes) -> None:
        self._refuse(Refusal(Code.MALFORMED, "the patch lane takes text frames only"))

    def on_close(self, code: int) -> None:
        super().on_close(code)
        self._release_large()
        self._stop_deadline()

    # --- the first message ------------------------------------------------------------------

    def _on_first_frame(self, frame: bytes) -> None:
        try:
            incoming = wire.decode(frame)
        except Rejected as rejected:
            self._refuse(rejected.refusal)
            return
        first = incoming[0] if incoming else None
        if not isinstance(first, messages.Open):
            reason = f"the first message must be `open`: {_describe(first)}"
            self._refuse(Refusal(Code.MALFORMED, reason))
            return
        self._stop_deadline()
        self._socket.pause_before_large(0, None)
        self._begin(self._open(first, incoming[1:], len(frame)))

    async def _open(self, message: messages.Open, rest: Sequence[wire.Incoming], size: int) -> None:
        services, info, token = self._services, self._info, self._token or message.token
        admitting = admit_to_patch_lane(services, self._doc, token, message, info)
        admission = await self._admitted(admitting)
        if admission is None:
            return
        self._release_large()
        session = PatchSession(services, self._socket, info, admission, message)
        self._give_to(session, admission)
        session.receive_opening(rest, size)
        for frame in self._waiting:
            session.on_text(frame)
        session.read_throttle.start()

    # --- a client that sends nothing, or a large message ------------------------------------

    def _start_deadline(self) -> None:
        within = self._services.settings.open_seconds
        self._deadline = asyncio.get_running_loop().call_later(within, self._on_silence)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_silence(self) -> None:
        self._socket.close(Close.SILENT, "no `open` message in time")

    def _on_large(self) -> None:
        self._stop_deadline()  # from now on, the client waits for the server
        self._services.spawn(self._wait_for_large(), f"large opening of {self._doc}", self._fail)

    async def _wait_for_large(self) -> None:
        """Wait until fewer clients of this IP address send a large opening, then resume reading."""
        host = self._socket.peer.rpartition(":")[0]
        release = await self._services.large_openings.acquire(host)
        if release is None:
            self._refuse(CROWDED)
        elif self._state is not State.SILENT:
            release()
        else:
            self._release_large = release
            self._start_deadline()
            self._socket.resume_reading()


def _describe(first: wire.Incoming | None) -> str:
    match first:
        case None:
            return "the frame holds no message"
        case wire.Unreadable():
            return first.refusal.message
        case _:
            return f"this is `{first.__struct_config__.tag}`"


def _nothing() -> None:
    """Do nothing: the connection holds no place among the large `open` messages."""
