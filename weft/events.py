"""Events: functions that a program registers, and how they are called."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)

Listener = Callable[..., Any]


class Emitter:
    """Calls listeners by the name of an event. A listener may be a coroutine function.

    Invariant: an exception in a listener is logged, and stops neither the page nor the other
    listeners.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._running: set[asyncio.Future[Any]] = set()

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` at each `event`. Return a function that ends this."""
        listeners = self._listeners.setdefault(event, [])
        listeners.append(listener)

        def off() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return off

    def emit(self, event: str, *arguments: Any) -> None:
        for listener in list(self._listeners.get(event, ())):
            self.call(listener, *arguments)

    def call(self, listener: Listener, *arguments: Any) -> None:
        """Call one listener. A coroutine runs as a task."""
        try:
            result = listener(*arguments)
        except Exception:  # a bug in the program's own function must not end the connection
            logger.exception("a listener failed")
            return
        if inspect.isawaitable(result):
            task = asyncio.ensure_future(result)
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a listener failed", exc_info=task.exception())
