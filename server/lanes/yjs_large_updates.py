"""Large updates: a Yjs client sends all its offline edits in one sync step 2, of any size.

An unmodified y-websocket cannot split an update. If the server refused the update, the client
would send the same update again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from collab.errors import Close, Code, Rejected
from collab.room.requests import Update
from collab.yjs import frames as yjs_frames

if TYPE_CHECKING:
    from server.lanes.session import AdmittedClient
    from server.lanes.yjs_feed import YjsFeed

# Bytes. When `WEFT_MAX_FRAME` is 0, the server splits updates above this size. Unsplit, they would
# delay other documents too long.
LARGE_UPDATE: Final = 1 << 20


class LargeUpdates:
    """Lets one connection send a large first update, and splits large updates into pieces.

    Invariant: only one connection of a user to a document may send a large frame, from its opening
    to its first sync step 2. While `is_splitting` is set, later updates wait in `_waiting`.
    """

    def __init__(self, client: AdmittedClient, feed: YjsFeed) -> None:
        self.is_splitting = False
        self._services = client.services
        self._socket = client.socket
        self._live = client.live
        self._user = client.claims.user
        self._budgets = client.budgets
        self._feed = feed
        self.max_frame = client.services.settings.max_frame
        self._waiting: list[Update] = []

    def allow(self, can_write: bool) -> None:
        """Let a writer send a large update, unless another tab of the user may send one now."""
        if not can_write:
            self._socket.limit(self.max_frame, Close.MALFORMED)
        elif self._budgets.claim_large_frame(self):
            # A client that reconnects would send the same frame again. So this close code is final:
            # y-websocket 3.1 does not reconnect after it.
            self._socket.limit(self._services.settings.max_update, Close.MALFORMED)

    def release(self) -> None:
        """End the permission, after the sync step 2 or when the connection ends.

        Then another tab of the user may get it.
        """
        if self._budgets.release_large_frame(self):
            self._socket.limit(self.max_frame)

    def check_size(self, size: int, messages: Sequence[yjs_frames.Message]) -> None:
        """Refuse a frame above `max_frame` that is too large even without its updates."""
        kinds = yjs_frames.SyncStep2, yjs_frames.SyncUpdate
        size -= sum(len(one.update) for one in messages if isinstance(one, kinds))
        if size > self.max_frame:
            raise Rejected(
                Code.TOO_LARGE, f"a message has {size} bytes, but {self.max_frame} are allowed"
            )

    def receive(self, message: yjs_frames.SyncStep2 | yjs_frames.SyncUpdate, now: float) -> None:
        """Submit an update; a large update is first split in a task."""
        update = Update(message.update, is_whole=isinstance(message, yjs_frames.SyncStep2))
        if update.is_whole:
            self.release()
        if self.is_splitting:
            self._waiting.append(update)
        elif len(message.update) > (self.max_frame or LARGE_UPDATE):
            self.is_splitting = True
            self._waiting.append(update)
            self._services.spawn(self._split(), "large update", self._fail)
        else:
            if not self._live.room.exists:
                self._charge_creation(update)
            self._feed.submit(update, now)

    async def _split(self) -> None:
        try:
            while self._waiting:
                whole = self._waiting.pop(0)
                known = self._live.known()
                pieces, seconds = await self._services.cutter.cut(whole.update, known)
                now = self._services.clock.monotonic()
                self._budgets.inbound.charge_time(seconds, now)
                for piece in (Update(each, alone=True) for each in pieces):
                    if not self._live.room.exists:
                        self._charge_creation(piece)
                    self._feed.submit(piece, now)
        except Rejected as rejected:
            if rejected.refusal.code is Code.MISSING_DEPENDENCY:
                self.allow(can_write=True)  # the server asks for a whole sync step 2 again
            now = self._services.clock.monotonic()
            self._feed.on_refused_update(rejected.refusal, whole.is_whole, now)
        finally:
            self._waiting.clear()
            self.is_splitting = False

    def _charge_creation(self, update: Update) -> None:
        self._services.creations.charge_update(self._live.key, self._user, len(update.update))

    def _fail(self) -> None:
        self._socket.close(Close.OUR_FAULT, "internal error")
