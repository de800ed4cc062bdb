"""The patch lane: one client's socket, from `open` to its close.

| state    | event                      | next    | what the server does                    |
|----------|----------------------------|---------|-----------------------------------------|
| silent   | `open`                     | opening | check token, rights; open the document  |
| silent   | another message            | closed  | close with 4400                         |
| silent   | `open_seconds` have passed | closed  | close with 4408                         |
| opening  | messages                   | opening | keep them, and pause the socket         |
| opening  | refused                    | closed  | close with the code of the refusal      |
| opening  | admitted                   | open    | send `opened`, handle the kept messages |
| open     | a message                  | open    | give it to the session                  |
| any      | the socket closes          | closed  | leave the document                      |

The session (`patch_session.py`) answers a message, or puts its request into the document's queue.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

from collab import messages, wire
from collab.errors import CLOSE_OF, Close, Code, Refusal, Rejected
from server.lanes.admission import admit_to_patch_lane
from server.lanes.patch_session import PatchSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from server.recording.connections import ConnectionInfo
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
    OPEN = "open"
    CLOSED = "closed"


class PatchConnection:
    """One socket of the patch lane. It is the socket's `Handler`.

    Invariant: it has a session exactly while its state is open.
    """

    _socket: Socket
    _info: ConnectionInfo

    def __init__(self, services: Services, doc: str, token: str | None) -> None:
        self._services = services
        self._doc = doc
        self._token = token
        self._state = State.SILENT
        self._session: PatchSession | None = None
        self._waiting: list[bytes] = []
        self._deadline: asyncio.TimerHandle | None = None
        self._release_large: Callable[[], None] = lambda: None
        # Releases the connection's place in the `ConnectionLimit` of its IP address. The endpoint
        # sets this function.
        self.release_place: Callable[[], None] = lambda: None

    # --- events of the socket ---------------------------------------------------------------

    def on_open(self, socket: Socket) -> None:
        self._socket = socket
        self._info = self._services.recorder.connected("patch", socket)
        socket.pause_before_large(SMALL_OPENING, self._on_large)
        self._start_deadline()

    def on_text(self, message: bytes) -> None:
        if self._session is not None:
            self._session.receive(message)
        elif self._state is State.SILENT:
            self._on_first_frame(message)
        elif self._state is State.OPENING:
            self._waiting.append(message)

    def on_binary(self, message: bytes) -> None:
        refusal = Refusal(Code.MALFORMED, "the patch lane takes text frames only")
        if self._session is not None:
            self._session.refuse(refusal)
        else:
            self._refuse(refusal)

    def on_pong(self, payload: bytes) -> None:
        if self._session is not None:
            self._session.on_pong(payload)

    def on_writable(self) -> None:
        if self._session is not None:
            self._session.on_writable()

    def on_close(self, code: int) -> None:
        self._state = State.CLOSED
        self.release_place()
        self._release_large()
        self._services.recorder.closed(self._info, code)
        self._stop_deadline()
        session, self._session = self._session, None
        if session is not None:
            session.leave()

    # --- opening ----------------------------------------------------------------------------

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
        self._state = State.OPENING
        self._stop_deadline()
        self._socket.pause_before_large(0, None)
        self._socket.pause_reading()
        opening = self._open(first, incoming[1:], len(frame))
        self._services.spawn(opening, f"open {self._doc}", self._fail)

    async def _open(self, message: messages.Open, rest: Sequence[wire.Incoming], size: int) -> None:
        try:
            admission = await admit_to_patch_lane(
                self._services, self._doc, self._token or message.token, message, self._info
            )
        except Rejected as rejected:
            self._refuse(rejected.refusal)
            return
        if self._state is State.CLOSED:  # the client left meanwhile
            self._services.hub.release(admission.live)
            return
        self.release_place()
        self._release_large()
        self._session = session = PatchSession(self._services, self._socket, admission, message)
        self._services.recorder.admitted(
            self._info, admission.live.key, session.member, session.feed
        )
        self._state = State.OPEN
        now = self._services.clock.monotonic()
        session.handle_all(rest, session.inbound_flow.receive_opening(size, now, len(rest)))
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self.on_text(frame)
        session.read_throttle.start()

    def _start_deadline(self) -> None:
        within = self._services.settings.open_seconds
        self._deadline = asyncio.get_running_loop().call_later(within, self._on_silence)

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

    def _fail(self) -> None:
        self._socket.close(Close.OUR_FAULT, "internal error")

    def _on_silence(self) -> None:
        self._socket.close(Close.SILENT, "no `open` message in time")

    def _refuse(self, refusal: Refusal) -> None:
        """Record that the client is not admitted, and close the socket."""
        self._services.recorder.connection_refused(self._info, refusal)
        self._socket.close(CLOSE_OF.get(refusal.code, Close.MALFORMED), refusal.message)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _describe(first: wire.Incoming | None) -> str:
    match first:
        case None:
            return "the frame holds no message"
        case wire.Unreadable():
            return first.refusal.message
        case _:
            return f"this is `{first.__struct_config__.tag}`"
