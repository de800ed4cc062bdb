"""One document of a program: performs the effects of the state machine with the connection."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

from weft.address import Address, Token
from weft.change import Change, refusal_of
from weft.core.effects import (
    Asked,
    Edited,
    Effect,
    Ended,
    Moved,
    Reason,
    Reload,
    Send,
    Show,
    Undone,
    Wait,
)
from weft.core.machine import Machine
from weft.core.patch import ABSENT, Op, get, parse, same
from weft.core.steps import Ask
from weft.environment import Names, delay, now
from weft.errors import ClosedError, ReadOnlyError, WeftError
from weft.events import Emitter, Listener
from weft.transport import Link, Message, Transport

_READERS = ("viewer", "commenter")

logger = logging.getLogger(__name__)


async def _nothing(patience: float) -> None:
    """Do nothing before a page ends."""


class Session(Emitter):
    """The changes, the subscriptions and the connection of one page.

    Invariant: every change in `changes` has not ended. `opened` is the newest `opened` message
    without its value; it is empty before the first one.
    """

    def __init__(
        self, address: Address, token: Token, client: str, create: Any, max_fps: float | None
    ) -> None:
        super().__init__()
        self.machine = Machine()
        self.client = client
        self.names = Names(client)
        self.changes: dict[str, Change] = {}
        self.opened: Message = {}
        self.is_behind = self.is_read_only_now = self.is_closed = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.error: WeftError | None = None
        self._create, self._max_fps = create, max_fps
        self._asked: dict[str, asyncio.Future[Undone]] = {}
        self._subscriptions: list[tuple[str, Listener]] = []
        self._is_reloading = False
        self.before_end: Callable[[float], Awaitable[None]] = _nothing
        self._effects: deque[Effect] = deque()
        self._is_performing = False
        self.transport = Transport(address, token, self)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self.transport.run(), name="weft connection")
        self._task.add_done_callback(self._on_end)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Fail the page when the connection's task ends by itself. Otherwise edits would wait."""
        if task.cancelled():
            self._disconnect()  # the event loop ends, or the program has cancelled all tasks
        elif (bug := task.exception()) is not None:
            logger.error("the connection ended by a bug", exc_info=bug)
            sentence = f"the client has met a bug, please report it: {bug!r}"
            self.transport.stop(WeftError(sentence, "bug"))

    @property
    def link(self) -> Link:
        return "closed" if self.is_closed else self.transport.link

    # --- the program ------------------------------------------------------------------------

    def edit(self, ops: list[Op], step: str | None = None, fence: int | None = None) -> Change:
        """Make a change of these operations."""
        self.require_open()
        if self.opened.get("role") in _READERS:
            raise ReadOnlyError(
                "this token may only read the document: get a token with the role editor"
            )
        self.machine.edit(self.names.next(), ops, now(), step, fence)
        effects = self.machine.take_effects()
        (entry,) = [effect.id for effect in effects if isinstance(effect, Edited)]
        change = self.changes.setdefault(entry, Change(entry))
        self._perform_all(effects)
        return change

    async def ask(self, redo: bool, scope: str | None, version: int | None) -> Undone:
        """Undo or redo."""
        self.require_open()
        ask = Ask(self.names.next(), redo, scope, version)
        future: asyncio.Future[Undone] = asyncio.get_running_loop().create_future()
        self._asked[ask.id] = future
        self.machine.undo(ask, now())
        self.perform()
        return await future

    def has_step(self, kind: str) -> bool:
        """Whether an `undo` or a `redo` has something to do."""
        may_edit = self.opened.get("role") not in _READERS
        return may_edit and self.machine.steps.has(kind, is_online=self.machine.is_online)

    def require_open(self) -> None:
        """Raise an error when the connection has ended for ever."""
        if self.is_closed:
            raise ClosedError("the page is closed: call `weft.connect` again")
        if self.error is not None:
            raise self.error

    def subscribe(self, pointer: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the value at a pointer and an `Info`, when this part changes."""
        parse(pointer)
        subscription = (pointer, listener)
        self._subscriptions.append(subscription)

        def end() -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

        return end

    async def close(self, patience: float) -> None:
        """Wait until every change has ended, at most `patience` seconds; then disconnect.

        A cancellation ends the waiting, not the page: it is closed in any case.
        """
        deadline = now() + patience
        try:
            while not self.is_closed and (waiting := self._unanswered()) and now() < deadline:
                await asyncio.wait(waiting, timeout=deadline - now())
            if not self.is_closed and self.machine.is_online and now() < deadline:
                await self.before_end(deadline - now())
        finally:
            self._disconnect()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _unanswered(self) -> set[asyncio.Future[Any]]:
        """Return the futures of all changes and requests that may still be answered."""
        if self.error is not None:
            return set()
        futures: set[asyncio.Future[Any]] = {change.future for change in self.changes.values()}
        futures.update(self._asked.values())
        return {future for future in futures if not future.done()}

    def _disconnect(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        if self._task is not None:
            self._task.cancel()
        self._fail(ClosedError("the page was closed before the server had accepted this"))
        self.emit("closing")

    # --- effects ----------------------------------------------------------------------------

    def perform(self) -> None:
        """Perform the effects of the last event."""
        self._perform_all(self.machine.take_effects())

    def _perform_all(self, effects: list[Effect]) -> None:
        """Perform effects in their order.

        A listener may make an edit. Its effects wait until those of the first event are performed,
        so that every listener sees the values in their order.
        """
        self._effects += effects
        if self._is_performing:
            return
        self._is_performing = True
        try:
            while self._effects:
                self._perform(self._effects.popleft())
        finally:
            self._is_performing = False
        self.emit("status")

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Edited():
                if effect.id not in self.changes:
                    self.changes[effect.id] = Change(effect.id)
            case Send():
                self.transport.send(effect.message)
            case Moved():
                if effect.id in self.changes:
                    self.changes[effect.id].state = effect.state
            case Ended():
                self._end(effect)
            case Asked():
                self._answer(effect)
            case Wait():
                seconds = delay(effect.tries) if effect.ms is None else effect.ms / 1000
                asyncio.get_running_loop().call_later(seconds, self._retry)
            case Reload():
                self._is_reloading = True
                self.call(self.transport.restart)
            case Show():
                self._show(effect)
            case _:
                assert_never(effect)

    def _end(self, ended: Ended) -> None:
        change = self.changes.pop(ended.id, None)
        if ended.reason is not None:
            refusal = self.error or refusal_of(ended.reason, ended)
            if change is not None:
                change.end(ended.state, refusal)
            self.emit("refused", refusal)
        elif ended.result is not None:
            if change is not None:
                change.end(ended.state, ended.result)
            if ended.result.conflicts:
                self.emit("conflict", ended.result)

    def _answer(self, asked: Asked) -> None:
        future = self._asked.pop(asked.id, None)
        if future is None or future.done():
            return
        if asked.reason is not None:
            future.set_exception(self.error or refusal_of(asked.reason))
        else:
            future.set_result(asked.result or Undone())

    def _retry(self) -> None:
        self.machine.retry()
        self.perform()

    def _show(self, shown: Show) -> None:
        for pointer, listener in list(self._subscriptions):
            now_there = get(shown.value, pointer)
            if not same(now_there, get(shown.before, pointer)):
                self.call(listener, None if now_there is ABSENT else now_there, shown.info)

    def _fail(self, error: WeftError) -> None:
        """End every change and request: the connection will not come back."""
        self.error = error
        self.machine.fail_all(Reason(error.code, error.message))
        self.perform()
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()

    # --- the connection ---------------------------------------------------------------------

    def opening(self) -> Message:
        confirmed = self.machine.confirmed
        fields: Message = {"client": self.client, "max_fps": self._max_fps}
        if not self.opened:  # later, a document that was deleted stays deleted
            fields["create"] = self._create
        if confirmed.epoch is not None and not self._is_reloading:
            fields["since"] = {"epoch": confirmed.epoch, "version": confirmed.version}
        return {name: value for name, value in fields.items() if value is not None}

    def on_message(self, message: Message) -> None:
        match message["type"]:
            case "opened":
                self.opened = {k: v for k, v in message.items() if k not in ("value", "changes")}
                self._is_reloading = self.is_behind = self.is_read_only_now = False
                self.machine.opened(message)
                if not self.ready.done():
                    self.ready.set_result(None)
            case "change":
                self.machine.change(message)
            case "ack" if "lock" not in message:
                self.machine.ack(message)
            case "reject":
                self.machine.reject(message)
            case "backpressure" if message["direction"] == "in":
                self.machine.hold(message["state"] == "on")
            case "backpressure":
                self.is_behind = message["state"] == "on"
                self.emit("behind", self.is_behind)
            case "notice":
                self._notice(message)
            case "error":
                self.emit("error", WeftError(message["message"], message["code"]))
        self.perform()
        self.emit(f"message:{message['type']}", message)

    def _notice(self, message: Message) -> None:
        if message["code"] in ("read_only", "writable"):
            self.is_read_only_now = message["code"] == "read_only"
        if message["code"] == "another_tab":
            self.emit("another-tab", message)
        self.emit("notice", message)

    def on_closed(self, code: int) -> None:
        self.machine.closed(code)
        self.perform()
        self.emit("closed", code)

    def on_link(self, link: Link, error: WeftError | None) -> None:
        if link == "refused" and error is not None:
            self._fail(error)
            self.emit("error", error)
        self.emit("link", link)

    def on_lost(self) -> None:
        self.emit("lost")

    def on_token_failure(self, error: Exception) -> None:
        self.emit("error", WeftError(f"the token function failed: {error}", "token_failed"))
