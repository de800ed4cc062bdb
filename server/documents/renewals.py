"""Renewals: when the server asks a room to drop the blocks of deleted content.

A renewal takes about 50 µs for each block, in a worker thread. Meanwhile the requests of the
document wait. So the server prefers a document without clients. A Yjs client that is offline may
have unsent edits in the containers that a renewal replaces. So a document that Yjs clients edit is
renewed later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collab.entry import Author
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Renew
from server.broadcast.subscriber import Submission
from server.documents.room_state import LiveState

if TYPE_CHECKING:
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom

# A document without clients is renewed at this part of the limit.
UNUSED: Final = 2
# A document with connected Yjs clients is renewed at this multiple of the limit. Their editors must
# bind to the new texts. At the default limit, one call over the state then takes about 35 ms.
BOUND: Final = 4
_NEVER: Final = 2**53
_SERVER: Final = Member(Author("weft", "Weft"), Rights(Role.ADMIN, _NEVER), "server")


def renew_all(hub: Hub) -> None:
    """Ask for the renewal of each open document that may have too many needless blocks."""
    for live in hub.every(lambda live: live.state is LiveState.OPEN):
        renew_if_due(hub, live)


def renew_if_due(hub: Hub, live: LiveRoom) -> None:
    """Ask for a renewal when the document may have too many needless blocks.

    A document without clients that only patches have edited is renewed at half of the limit. With a
    connected Yjs client, it is renewed at four times the limit.
    """
    document, limit = live.room.document, hub.bounds.room.patch.max_values
    if not live.users and not document.leases:
        limit //= UNUSED
    elif any(one.lane == "yjs" for one in live.audience.subscribers):
        limit *= BOUND
    if not live.room.exists or not document.blocks.may_exceed(limit):
        return
    if not any(type(one.request) is Renew for one in live.queue):
        now = hub.clock.monotonic()
        hub.submit(live, Submission(_SERVER, Renew(limit), now, deliver=_ignore))


def _ignore(answer: Answer | Exception) -> None:
    """Do nothing. When the renewal was refused, the server asks again after the next commit."""
