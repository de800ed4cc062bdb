"""What the other instances must hear of this instance's documents; the relay tells them.

A single instance has `NoOthers`. `server/instances/relay.py` has the relay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collab.entry import Entry
    from collab.ids import DocKey
    from server.documents.live_room import LiveRoom


class Others(Protocol):
    """Tells the other instances what happens here. No method but `level` waits."""

    def opened(self, live: LiveRoom) -> None:
        """The document is open here from now on: hear what the others tell about it."""

    def closed(self, live: LiveRoom) -> None:
        """The live room has ended."""

    def followed(self, live: LiveRoom) -> None:
        """The document has followed others, or its state has changed: wake who waits for that."""

    def committed(self, live: LiveRoom, entries: Sequence[Entry], was: int) -> None:
        """Entries are durable. `was` is the document's revision before their commit."""

    def controlled(self, live: LiveRoom) -> None:
        """The locks, the schema or the publication have changed."""

    def deleted(self, key: DocKey) -> None:
        """The document is deleted."""

    async def level(self, live: LiveRoom) -> None:
        """Return when the open document has everything that was committed before this call.

        Raise `Rejected` when the database does not answer in time.
        """


class NoOthers:
    """There is no other instance."""

    def opened(self, live: LiveRoom) -> None: ...

    def closed(self, live: LiveRoom) -> None: ...

    def followed(self, live: LiveRoom) -> None: ...

    def committed(self, live: LiveRoom, entries: Sequence[Entry], was: int) -> None: ...

    def controlled(self, live: LiveRoom) -> None: ...

    def deleted(self, key: DocKey) -> None: ...

    async def level(self, live: LiveRoom) -> None: ...
