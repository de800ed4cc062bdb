"""Missed presence: the changes that a slow reader did not get, merged for each session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from collab.messages import Peer, PresenceChange
from collab.yjs.awareness import State

if TYPE_CHECKING:
    from collab.presence.book import PresenceBook
    from collab.presence.difference import PresenceDifference

_NONE_SENT: Final[Mapping[str, Peer]] = {}


class MissedPresence:
    """Merges the presence changes that a slow reader missed. The latest state wins.

    `flush` returns each changed session once, with its state at that time.

    Invariant: it keeps at most one mark for each session and client id that was announced while
    the reader was behind.
    """

    def __init__(self) -> None:
        self._joined: set[str] = set()
        self._updated: set[str] = set()
        self._left: dict[str, None] = {}
        self._states: dict[int, State] = {}

    def __bool__(self) -> bool:
        return bool(self._joined or self._updated or self._left or self._states)

    def add(
        self, difference: PresenceDifference, already_sent: Mapping[str, Peer] = _NONE_SENT
    ) -> None:
        """Add a difference that the reader did not get.

        The reader received the peers in `already_sent` when it opened.
        """
        change = difference.change
        if change is not None:
            for session in change.left or ():
                self._add_left(session)
            for peer in change.joined or ():
                self._add_joined(peer, already_sent.get(peer.session))
            self._updated.update(peer.session for peer in change.updated or ())
        for state in difference.awareness:
            self._states[state.client] = state

    def flush(self, book: PresenceBook, *, but: str) -> PresenceChange | None:
        """Return one message that brings the reader up to date, without the session `but`."""
        shown = {peer.session: peer for peer in book.peers(but=but)}
        joined = [shown[session] for session in self._joined if session in shown]
        updated = [shown[one] for one in self._updated - self._joined if one in shown]
        left = list(self._left)
        self._clear()
        if not (joined or updated or left):
            return None
        unset = msgspec.UNSET
        return PresenceChange(joined=joined or unset, updated=updated or unset, left=left or unset)

    def flush_awareness(self) -> list[State]:
        """Return the awareness states that bring a reader on the Yjs lane up to date."""
        states = list(self._states.values())
        self._clear()
        return states

    def _add_left(self, session: str) -> None:
        self._updated.discard(session)
        if session in self._joined:
            self._joined.discard(session)  # joined and left meanwhile: the reader never saw it
        else:
            self._left[session] = None

    def _add_joined(self, peer: Peer, known: Peer | None) -> None:
        if peer.session in self._left:  # it timed out and returned: the reader still knows it
            del self._left[peer.session]
            self._updated.add(peer.session)
        elif known is None:
            self._joined.add(peer.session)
        elif known != peer:
            self._updated.add(peer.session)

    def _clear(self) -> None:
        """Forget the marks of both lanes: a reader uses only one lane."""
        self._joined.clear()
        self._updated.clear()
        self._left.clear()
        self._states.clear()
