"""Piles: what a Yjs client wrote while it was away comes in one step 2, however large that is.

An unmodified y-websocket cannot split it, and would come back with the same for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from collab.errors import Close, Code, Rejected
from collab.room.requests import Update
from collab.yjs import frames as yjs_frames

if TYPE_CHECKING:
    from collab.errors import Refusal
    from collab.flow.budget import UserBudgets
    from server.services import Services
    from server.websocket.socket import Socket

# Without a limit for frames: what is larger would be judged for longer than others may wait.
WHOLE: Final = 1 << 20


class YjsPile:
    """One connection's leave to send a frame that is larger than others.

    Invariant: one connection of a user to a document has it, from its opening until its first
    step 2. While a pile is cut `is_under_way`, and what comes behind it waits in `_waiting`.
    """

    def __init__(
        self,
        services: Services,
        socket: Socket,
        budgets: UserBudgets,
        known: Callable[[], Mapping[int, int]],
        submit: Callable[[Update], None],
        hear_refusal: Callable[[Refusal, bool], None],
    ) -> None:
        self.is_under_way = False
        self._services = services
        self._socket = socket
        self._budgets = budgets
        self._known = known
        self._submit = submit
        self._hear_refusal = hear_refusal
        self._max_frame = services.settings.max_frame
        self._waiting: list[Update] = []

    def lend(self, can_write: bool) -> None:
        """A writer's next frame may be a pile, unless another tab's may already."""
        if not can_write:
            self._socket.limit(self._max_frame, Close.MALFORMED)
        elif self._budgets.claim_large_frame(self):
            # What is too large even so is no smaller when it comes again: that is final.
            self._socket.limit(self._services.settings.max_update, Close.MALFORMED)

    def give_back(self) -> None:
        """It has sent its step 2, or is gone; the next one may send one."""
        if self._budgets.release_large_frame(self):
            self._socket.limit(self._max_frame)

    def judge(self, size: int, messages: Sequence[yjs_frames.Message]) -> None:
        """A frame is large for an update's sake, or not at all."""
        kinds = yjs_frames.SyncStep2, yjs_frames.SyncUpdate
        size -= sum(len(one.update) for one in messages if isinstance(one, kinds))
        if 0 < self._max_frame < size:
            raise Rejected(Code.TOO_LARGE, f"a message is larger than {self._max_frame} bytes")

    def hear(self, message: yjs_frames.SyncStep2 | yjs_frames.SyncUpdate) -> None:
        update = Update(message.update, is_whole=isinstance(message, yjs_frames.SyncStep2))
        if update.is_whole:
            self.give_back()
        if self.is_under_way:
            self._waiting.append(update)
        elif len(message.update) > (self._max_frame or WHOLE):
            self.is_under_way = True
            self._waiting.append(update)
            self._services.spawn(self._take(), "pile", self._fail)
        else:
            self._submit(update)

    async def _take(self) -> None:
        try:
            while self._waiting:
                whole = self._waiting.pop(0)
                pieces, seconds = await self._services.cutter.cut(whole.update, self._known())
                self._budgets.inbound.charge_time(seconds, self._services.clock.monotonic())
                for piece in pieces:
                    self._submit(Update(piece))
        except Rejected as rejected:
            if rejected.refusal.code is Code.MISSING_DEPENDENCY:
                self.lend(can_write=True)  # it is asked for the same again
            self._hear_refusal(rejected.refusal, whole.is_whole)
        finally:
            self._waiting.clear()
            self.is_under_way = False

    def _fail(self) -> None:
        self._socket.close(Close.OUR_FAULT, "internal error")
