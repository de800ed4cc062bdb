"""The presence changes that a slow reader gets with its catch-up."""

from __future__ import annotations

from collab.messages import Peer
from collab.presence.book import PresenceBook
from collab.presence.difference import PresenceDifference
from collab.presence.missed import MissedPresence
from collab.presence.presence_entry import ClientIdentity


def book_of(*sessions: str) -> tuple[PresenceBook, list[PresenceDifference]]:
    """Return a book that these sessions joined one by one, and the difference of each join."""
    book = PresenceBook()
    announced = []
    for number, session in enumerate(sessions):
        book.join(
            ClientIdentity(session, "ada", "Ada", "", "editor", "patch", number + 7), float(number)
        )
        difference = book.flush(number + 0.5)
        assert difference is not None
        announced.append(difference)
    return book, announced


def names(peers: object) -> list[str]:
    assert isinstance(peers, list)
    return [peer.session for peer in peers if isinstance(peer, Peer)]


def test_missed_presence_is_sent_on_one_lane_only() -> None:
    book, announced = book_of("s-1", "s-2")
    on_patch_lane, on_yjs_lane = MissedPresence(), MissedPresence()
    for difference in announced:
        on_patch_lane.add(difference)
        on_yjs_lane.add(difference)
    assert on_patch_lane.flush(book, but="") is not None
    assert len(on_yjs_lane.flush_awareness()) == 2
    # A reader with missed changes gets catch-ups again and again, so none may be left.
    assert not on_patch_lane
    assert not on_yjs_lane


def test_a_session_that_joined_and_left_meanwhile_is_not_sent() -> None:
    book, announced = book_of("s-1")
    missed = MissedPresence()
    missed.add(announced[0])
    book.leave("s-1")
    gone = book.flush(9.0)
    assert gone is not None
    missed.add(gone)
    assert missed.flush(book, but="") is None
    assert not missed


def test_a_session_that_timed_out_and_returned_is_updated() -> None:
    book, [announced] = book_of("s-1")
    missed = MissedPresence()
    book.expire(100.0)
    silent = book.flush(100.0)
    book.touch("s-1", 101.0)
    back = book.flush(101.0)
    assert announced is not None
    assert silent is not None
    assert back is not None
    missed.add(silent)
    missed.add(back)
    paid = missed.flush(book, but="")
    assert paid is not None
    assert names(paid.updated) == ["s-1"]
    assert not paid.joined
    assert not paid.left
