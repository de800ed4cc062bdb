"""What a reader who could not be written to has missed of presence: who, not how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from collab.messages import Peer, PresenceChange
from collab.yjs.awareness import State

if TYPE_CHECKING:
    from collab.presence.book import PresenceBook
    from collab.presence.difference import Difference

_NOBODY: Final[Mapping[str, Peer]] = {}


class PresenceDebt:
    """Latest wins: a session is owed once, with what it shows when the debt is paid.

    Invariant: it holds at most one mark for each session and client id that was ever announced
    while the reader was behind.
    """

    def __init__(self) -> None:
        self._joined: set[str] = set()
        self._updated: set[str] = set()
        self._left: dict[str, None] = {}
        self._states: dict[int, State] = {}

    def __bool__(self) -> bool:
        return bool(self._joined or self._updated or self._left or self._states)

    def miss(self, difference: Difference, told: Mapping[str, Peer] = _NOBODY) -> None:
        """The reader was not told of this, but `told` on arrival of some who join here."""
        change = difference.change
        if change is not None:
            for session in change.left or ():
                self._miss_leaving(session)
            for peer in change.joined or ():
                self._miss_joining(peer, told.get(peer.session))
            self._updated.update(peer.session for peer in change.updated or ())
        for state in difference.awareness:
            self._states[state.client] = state

    def pay(self, book: PresenceBook, *, but: str) -> PresenceChange | None:
        """One message that brings the reader up to date."""
        shown = {peer.session: peer for peer in book.peers(but=but)}
        joined = [shown[session] for session in self._joined if session in shown]
        updated = [shown[one] for one in self._updated - self._joined if one in shown]
        left = list(self._left)
        self._settle()
        if not (joined or updated or left):
            return None
        unset = msgspec.UNSET
        return PresenceChange(joined=joined or unset, updated=updated or unset, left=left or unset)

    def pay_states(self) -> list[State]:
        """The same for the Yjs lane."""
        states = list(self._states.values())
        self._settle()
        return states

    def _miss_leaving(self, session: str) -> None:
        self._updated.discard(session)
        if session in self._joined:
            self._joined.discard(session)  # came and went: they never knew
        else:
            self._left[session] = None

    def _miss_joining(self, peer: Peer, known: Peer | None) -> None:
        if peer.session in self._left:  # silent for a while: they know who it is
            del self._left[peer.session]
            self._updated.add(peer.session)
        elif known is None:
            self._joined.add(peer.session)
        elif known != peer:
            self._updated.add(peer.session)

    def _settle(self) -> None:
        """A reader has one lane: what is paid in its words is not owed in the other's."""
        self._joined.clear()
        self._updated.clear()
        self._left.clear()
        self._states.clear()
