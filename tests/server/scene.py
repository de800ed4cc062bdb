"""One open document with three clients, on a store whose calls a test can hold or fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from collab.ids import DocKey
from collab.ports.store import Append
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.held_store import HeldCalls, held, until
from tests.server.listener import Event, Listener

OTHER = DocKey("demo", "other")


class Scene:
    """The document `PAGE` in this process, with Ada, Bo and Cy; and another instance.

    `elsewhere` is the other instance on the same database. Its calls are never held.
    """

    def __init__(
        self, here: Inside, elsewhere: Inside, calls: HeldCalls, live: LiveRoom, store: MemoryStore
    ) -> None:
        self.here, self.hub, self.clock = here, here.hub, here.clock
        self.elsewhere, self.store = elsewhere, store
        self.calls, self.live = calls, live
        self.journal: list[Event] = []
        self.ada, self.bo, self.cy = (self.join(name) for name in ("ada", "bo", "cy"))

    def join(self, name: str, **rights: Any) -> Listener:
        """Add a client whose events go into the journal."""
        return Listener(self.live, name, self.journal, **rights)

    async def hold_a_commit(self, id: str = "first") -> None:
        """Begin a commit of Cy, and hold it in the store."""
        self.calls.hold("commit")
        self.cy.set(self.hub, id, "/first", 1)
        await self.calls.reached("commit")

    @property
    def value(self) -> Any:
        """The committed value of the document."""
        return self.live.room.value

    async def in_state(self, state: LiveState) -> None:
        await until(lambda: self.live.state is state)

    async def stopped(self) -> None:
        """Wait until the document takes no edits."""
        await until(lambda: self.live.is_read_only)

    async def settled(self) -> None:
        """Wait until no request waits and the document takes edits."""
        await until(lambda: not self.live.is_busy and self.live.state is LiveState.OPEN)

    def events(self) -> list[Event]:
        """Return the journal so far, and begin another."""
        events = list(self.journal)
        self.journal.clear()
        return events

    def of(self, session: str) -> list[Event]:
        """Return what one client was sent, without its name; the journal begins again."""
        return [event[1:] for event in self.events() if event[0] == session]

    def batches(self) -> list[Append]:
        """Return the rows of this document in each commit so far."""
        appends = [append for call in self.calls.of("commit") for append in call.args[0]]
        return [append for append in appends if append.key == self.live.key]

    async def ids_in_log(self) -> list[tuple[int, str]]:
        """Return the version and the id of each entry after the first."""
        return [(one.version, one.id) for one in await self.store.entries(PAGE, 1, 2**53, 10_000)]


@asynccontextmanager
async def scene(value: dict[str, Any] | None = None, **bounds: Any) -> AsyncIterator[Scene]:
    store = MemoryStore()
    port, calls = held(store)
    async with inside(port, **bounds) as here, inside(store) as elsewhere:
        await here.make({"list": ["a"], "n": 0} if value is None else value)
        async with here.hub.using(PAGE) as live:
            yield Scene(here, elsewhere, calls, live, store)
