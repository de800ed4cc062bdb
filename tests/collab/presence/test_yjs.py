"""Rules W9 to W11: the awareness of unmodified y-websocket clients, and forged awareness."""

from __future__ import annotations

from dataclasses import dataclass, field

from collab.ids import Json
from collab.presence.book import PresenceBook
from collab.presence.presence_entry import ClientIdentity
from collab.yjs.awareness import MAX_CLOCK, State


def identity(session: str, user: str = "", role: str = "editor") -> ClientIdentity:
    user = user or session
    return ClientIdentity(session, user, user.title(), "tab", role, "yjs")


def book_of(*sessions: str) -> PresenceBook:
    """Return a book in which each session has its own client id: 11, 12, ..."""
    book = PresenceBook()
    for client, session in enumerate(sessions, start=11):
        book.join(identity(session), now=0.0)
        book.receive_awareness(session, [State(client, 0, {})], now=0.0)
    book.flush(now=0.0)
    return book


@dataclass
class YClient:
    """A model of a client: y-protocols keeps the states, y-websocket echoes every change."""

    id: int
    clocks: dict[int, int] = field(default_factory=dict)
    states: dict[int, dict[str, Json]] = field(default_factory=dict)

    def set(self, state: dict[str, Json] | None) -> list[State]:
        self.clocks[self.id] = self.clocks.get(self.id, -1) + 1
        self._put(self.id, state)
        return [State(self.id, self.clocks[self.id], state)]

    def apply(self, update: list[State]) -> list[State]:
        """Apply newer states, and return the echo that the provider's update handler sends."""
        changed = []
        for one in update:
            known = self.clocks.get(one.client, 0)
            gone = one.state is None and one.client in self.states
            if known < one.clock or (known == one.clock and gone):
                own_lives = one.client == self.id and self.id in self.states
                if one.state is None and own_lives:
                    self.clocks[one.client] = one.clock + 1
                    changed.append(one.client)
                    continue
                self.clocks[one.client] = one.clock
                self._put(one.client, one.state)
                changed.append(one.client)
        return [State(c, self.clocks[c], self.states.get(c)) for c in changed]

    def _put(self, client: int, state: dict[str, Json] | None) -> None:
        if state is None:
            self.states.pop(client, None)
        else:
            self.states[client] = state


def exchange(book: PresenceBook, clients: dict[str, YClient], now: float) -> int:
    """Flush and echo until no client has a state to send; return the number of rounds."""
    for turn in range(20):
        difference = book.flush(now)
        if difference is None:
            return turn
        for session, client in clients.items():
            book.receive_awareness(session, client.apply(difference.awareness), now)
        now += 0.06
    raise AssertionError("the echoes never end")


def test_w9_a_yjs_client_is_present_from_its_first_state() -> None:
    book = PresenceBook()
    book.join(identity("ada"), now=0.0)
    assert book.flush(now=0.0) is None
    book.receive_awareness(
        "ada", [State(11, 3, {"user": {"name": "Root"}, "cursor": {"anchor": [1]}})], 0.1
    )
    assert book.flush(now=0.1) is not None
    (peer,) = book.peers()
    assert (peer.client_id, peer.user) == (11, "ada")
    assert peer.state == {"user": {"id": "ada", "name": "Ada"}, "cursor": {"anchor": [1]}}
    assert book.awareness() == [State(11, 3, peer.state)]


def test_w9_a_first_state_at_clock_0_is_sent_with_a_later_clock() -> None:
    book, bo = book_of("ada"), YClient(12)
    bo.apply(book.awareness())
    assert sorted(bo.states) == [11]


def test_w9_a_user_that_is_no_object_becomes_one() -> None:
    book = book_of("ada")
    book.receive_awareness("ada", [State(11, 1, {"user": "root"})], now=1.0)
    book.flush(now=1.0)
    assert book.peers()[0].state == {"user": {"id": "ada", "name": "Ada"}}


def test_w9_a_renewal_is_sent_on_the_yjs_lane_only() -> None:
    book = book_of("ada")
    book.receive_awareness("ada", [State(11, 2, {})], now=15.0)
    difference = book.flush(now=15.0)
    assert difference is not None
    assert difference.change is None
    assert [state.clock for state in difference.awareness] == [2]
    assert book.expire(now=44.0) == []
    assert book.expire(now=45.0) == ["ada"]


def test_w9_a_yjs_client_that_does_not_renew_times_out() -> None:
    book = book_of("ada")
    book.touch("ada", now=29.0)
    assert book.expire(now=30.0) == ["ada"]
    book.flush(now=30.0)
    book.receive_awareness("ada", [State(11, 1, {})], now=31.0)
    difference = book.flush(now=31.0)
    assert difference is not None
    # Other clients got a null state at clock 2, so the next state needs a later clock.
    assert difference.awareness == [State(11, 3, {"user": {"id": "ada", "name": "Ada"}})]


def test_w9_states_with_an_old_or_equal_clock_are_ignored() -> None:
    book = book_of("ada")
    book.receive_awareness("ada", [State(11, 5, {"n": 5})], now=1.0)
    book.receive_awareness("ada", [State(11, 4, {"n": 4}), State(11, 5, {"n": 6})], now=1.0)
    book.flush(now=1.0)
    assert book.peers()[0].state["n"] == 5
    book.receive_awareness("ada", [State(11, 5, None)], now=2.0)
    book.flush(now=2.0)
    assert book.peers() == []


def test_w9_a_client_that_returns_with_its_old_clock_is_shown() -> None:
    book, bo = book_of("ada", "bo"), YClient(12)
    bo.apply(book.awareness())
    book.leave("ada")
    book.join(identity("ada-2", user="ada"), now=1.0)
    book.receive_awareness("ada-2", [State(11, 0, {})], now=1.0)
    exchange(book, {"bo": bo}, now=1.0)
    assert bo.states[11] == {"user": {"id": "ada", "name": "Ada"}}


def test_w9_clocks_never_exceed_the_protocols_maximum() -> None:
    book = book_of("ada")
    book.receive_awareness("ada", [State(11, MAX_CLOCK, {"n": 1})], now=1.0)
    book.flush(now=1.0)
    book.leave("ada")
    difference = book.flush(now=1.0)
    assert difference is not None
    assert difference.awareness == [State(11, MAX_CLOCK, None)]


def test_w9_a_viewers_awareness_is_ignored() -> None:
    book = PresenceBook()
    book.join(identity("eve", role="viewer"), now=0.0)
    book.receive_awareness("eve", [State(11, 0, {})], now=0.0)
    assert book.flush(now=0.0) is None


def test_w10_a_state_for_another_sessions_id_is_ignored() -> None:
    book = book_of("ada", "eve")
    forgeries: list[dict[str, Json] | None] = [None, {"user": {"name": "Eve was here"}}]
    for forged in forgeries:
        book.receive_awareness("eve", [State(11, 99, forged)], now=1.0)
        assert book.flush(now=1.0) is None


def test_w10_a_taken_or_leased_id_cannot_be_claimed() -> None:
    book = book_of("ada")
    book.join(ClientIdentity("p", "pia", "Pia", "tab", "editor", "patch", client_id=77), now=0.0)
    book.flush(now=0.0)
    book.join(identity("eve"), now=0.0)
    book.receive_awareness("eve", [State(11, 9, {}), State(77, 9, {}), State(0, 9, {})], now=1.0)
    book.receive_awareness("eve", [State(55, 9, {})], now=1.0, leases={55: "bo"})
    assert book.flush(now=1.0) is None
    book.receive_awareness("eve", [State(56, 9, {})], now=1.0, leases={55: "bo", 56: "eve"})
    assert book.flush(now=1.0) is not None


def test_w10_a_client_that_left_returns_with_its_id() -> None:
    book = book_of("ada", "bo")
    book.join(identity("eve"), now=1.0)
    book.leave("ada")
    book.flush(now=1.0)
    echoes: list[dict[str, Json]] = [{}, {"user": {"name": "Eve was here"}}]
    for clock, echo in enumerate(echoes, start=5):
        book.receive_awareness("eve", [State(11, clock, echo)], now=1.0)
        assert book.flush(now=1.0) is None
    book.join(identity("again", user="ada"), now=2.0)
    book.receive_awareness("again", [State(11, 0, {})], now=2.0)
    book.flush(now=2.0)
    assert [(p.user, p.client_id) for p in book.peers()] == [("bo", 12), ("ada", 11)]


def test_w10_a_yjs_client_never_gets_a_patch_clients_id() -> None:
    book = PresenceBook()
    book.join(ClientIdentity("p", "ada", "Ada", "tab", "editor", "patch", client_id=77), now=0.0)
    book.join(identity("y", user="ada"), now=0.0)
    book.flush(now=0.0)
    book.leave("p")
    book.flush(now=1.0)
    book.receive_awareness("y", [State(77, 9, {})], now=1.0)
    assert book.flush(now=1.0) is None


def test_w10_accepted_ids_are_known_before_decoding() -> None:
    book = book_of("ada")
    book.join(identity("bo"), now=0.0)
    book.join(identity("eve", role="viewer"), now=0.0)
    assert 11 in book.accepted_client_ids("ada", {})
    assert 12 not in book.accepted_client_ids("ada", {})
    assert 11 not in book.accepted_client_ids("bo", {})
    assert 12 in book.accepted_client_ids("bo", {12: "bo"})
    assert 12 not in book.accepted_client_ids("bo", {12: "ada"})
    assert 13 not in book.accepted_client_ids("eve", {})


def test_w10_a_session_sends_only_the_state_of_its_own_id() -> None:
    book = book_of("ada")
    book.receive_awareness("ada", [State(12, 0, {"tab": 2}), State(11, 1, {"tab": 1})], now=1.0)
    book.flush(now=1.0)
    assert [peer.client_id for peer in book.peers()] == [11]


def test_w10_the_newer_socket_of_a_tab_owns_its_id() -> None:
    book = book_of("ada")
    book.join(identity("again", user="ada"), now=1.0)
    book.receive_awareness("again", [State(11, 0, {"n": 1})], now=1.0)
    difference = book.flush(now=1.0)
    assert difference is not None
    assert difference.change is not None
    assert difference.change.left == ["ada"]
    assert [(s.client, s.clock) for s in difference.awareness] == [(11, 3)]
    book.receive_awareness("ada", [State(11, 7, {"n": 2})], now=2.0)
    assert book.flush(now=2.0) is None


def test_w11_the_echoes_of_unmodified_clients_end() -> None:
    book = PresenceBook()
    clients = {session: YClient(id) for id, session in enumerate("abcde", start=11)}
    for session, client in clients.items():
        book.join(identity(session), now=0.0)
        book.receive_awareness(session, client.set({"n": 0}), now=0.0)
    assert exchange(book, clients, now=0.0) <= 2
    for client in clients.values():
        assert sorted(client.states) == [11, 12, 13, 14, 15]
    # A client returns after a break: the server raises its clock, and gets that echoed.
    book.leave("a")
    book.flush(now=1.0)
    book.join(identity("a2", user="a"), now=2.0)
    returning = clients.pop("a")
    clients["a2"] = returning
    book.receive_awareness("a2", [State(11, returning.clocks[11], returning.states[11])], now=2.0)
    assert exchange(book, clients, now=2.0) <= 3
    returning.set({"n": 1})
    book.receive_awareness("a2", [State(11, returning.clocks[11], returning.states[11])], now=3.0)
    exchange(book, clients, now=3.0)
    assert clients["b"].states[11] == {"n": 1, "user": {"id": "a", "name": "A"}}


def test_w11_a_client_cannot_remove_another_clients_state() -> None:
    book = book_of("ada", "bo")
    ada, bo = YClient(11), YClient(12)
    ada.set({})
    bo.set({})
    bo.apply(book.awareness())
    del bo.states[11]
    book.receive_awareness("bo", [State(11, bo.clocks[11], None)], now=1.0)
    assert book.flush(now=1.0) is None
    assert len(book.peers()) == 2
