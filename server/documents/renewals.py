"""Renewals: when the server asks a room to drop the blocks of deleted content.

A renewal takes about two seconds in a worker thread, at the default limits. Meanwhile the
document's requests wait. So the server renews only a document that no client uses. An offline Yjs
client may have unsent edits in the content that a renewal replaces. So the server renews no
document that a Yjs client has edited.
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

# A document is renewed when it has more needless blocks than this part of the most values.
PART: Final = 2
_NEVER: Final = 2**53
_SERVER: Final = Member(Author("weft", "Weft"), Rights(Role.ADMIN, _NEVER), "server")


def renew_all(hub: Hub) -> None:
    """Ask for the renewal of each unused document that may have too many needless blocks."""
    limit = hub.bounds.room.patch.max_values // PART
    for live in hub.every(lambda live: live.state is LiveState.OPEN and _is_due(live, limit)):
        now = hub.clock.monotonic()
        hub.submit(live, Submission(_SERVER, Renew(limit), now, deliver=_ignore))


def _is_due(live: LiveRoom, limit: int) -> bool:
    document = live.room.document
    is_used = live.users or live.queue or len(live.audience) or document.leases
    is_used = is_used or len(live.presence.book.remote)  # the clients of other instances
    return not is_used and live.room.exists and document.blocks.may_exceed(limit)


def _ignore(answer: Answer | Exception) -> None:
    """Do nothing. When the renewal was refused, the server asks again a second later."""
