"""Rules W1 to W8: the sessions of a document, announced once a tick for both lanes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from collab.errors import Code
from collab.ids import Json
from collab.messages import Peer, PresenceChange
from collab.presence.book import PresenceBook
from collab.presence.difference import PresenceDifference
from collab.presence.presence_entry import ClientIdentity
from collab.yjs.awareness import State

ADA: dict[str, Json] = {"user": {"id": "ada", "name": "Ada"}}


def identity(session: str, **facts: Any) -> ClientIdentity:
    standard: dict[str, Any] = {
        "user": session,
        "name": session.title(),
        "client": f"tab-{session}",
        "role": "editor",
        "lane": "patch",
        "client_id": hash(session) & 0xFFFF | 1,
    }
    return ClientIdentity(session=session, **{**standard, **facts})


def book_of(*sessions: str) -> PresenceBook:
    book = PresenceBook()
    for number, session in enumerate(sessions, start=1):
        book.join(identity(session, client_id=number), now=0.0)
    book.flush(now=0.0)
    return book


def told(difference: PresenceDifference | None) -> PresenceChange:
    assert difference is not None
    assert difference.change is not None
    return difference.change


def test_w1_a_patch_session_is_announced_on_both_lanes() -> None:
    book = PresenceBook()
    book.join(identity("ada", client_id=7), now=0.0)
    difference = book.flush(now=0.0)
    assert difference == PresenceDifference(
        change=PresenceChange(joined=[Peer("ada", 7, "ada", "Ada", "tab-ada", "editor", {})]),
        awareness=[State(7, 1, ADA)],
        sessions=frozenset(["ada"]),
    )
    assert difference.without("ada") is None
    assert book.flush(now=0.0) is None


def test_w1_a_new_session_gets_all_peers_of_both_lanes() -> None:
    book = book_of("ada", "bo")
    assert [peer.session for peer in book.peers(but="bo")] == ["ada"]
    assert [state.client for state in book.awareness()] == [1, 2]


def test_w1_a_single_query_gets_the_present_peers() -> None:
    book = book_of("ada", "bo")
    book.join(identity("cy", client_id=9), now=0.0)  # not announced yet
    book.set_state("ada", None, now=0.0)  # her leave is not announced yet either
    assert [peer.session for peer in book.present()] == ["bo", "cy"]


def test_w2_a_state_names_the_user_from_the_token() -> None:
    book = book_of("ada", "bo")
    book.set_state("ada", {"user": {"id": "root", "name": "Root", "color": "#f80"}}, now=1.0)
    difference = book.flush(now=1.0)
    signed: dict[str, Json] = {"user": {"id": "ada", "name": "Ada", "color": "#f80"}}
    assert told(difference).updated[0].state == signed  # type: ignore[index] # a list, not UNSET
    assert difference is not None
    assert difference.awareness == [State(1, 2, signed)]


def test_w2_a_patch_clients_colour_is_also_in_its_user() -> None:
    book = book_of("ada")
    book.set_state("ada", {"color": "#f80"}, now=1.0)
    assert book.flush(now=1.0) is not None
    assert book.peers()[0].state == {"color": "#f80"}
    assert book.awareness()[0].state == {
        "color": "#f80",
        "user": {"id": "ada", "name": "Ada", "color": "#f80"},
    }


def test_w3_a_state_above_2_kib_is_refused() -> None:
    book = book_of("ada")
    refusal = book.set_state("ada", {"x": "y" * 2048}, now=1.0)
    assert refusal is not None
    assert refusal.code is Code.TOO_LARGE
    assert book.flush(now=1.0) is None
    assert book.set_state("ada", {"x": "y" * 2000}, now=1.0) is None


@pytest.mark.parametrize(
    "state",
    [
        {"__proto__": 1},
        {"a": [{"constructor": 1}]},
        {"n": 2**53},
        json.loads('{"a":' * 65 + "1" + "}" * 65),
    ],
    ids=range(4),
)
def test_w3_a_state_outside_the_json_limits_is_malformed(state: dict[str, Any]) -> None:
    book = book_of("ada")
    refusal = book.set_state("ada", state, now=1.0)
    assert refusal is not None
    assert refusal.code is Code.MALFORMED
    assert book.flush(now=1.0) is None


def test_w3_zero_means_no_limit_for_states() -> None:
    book = PresenceBook(max_bytes=0)
    book.join(identity("ada"), now=0.0)
    assert book.set_state("ada", {"x": "y" * 10_000}, now=0.0) is None


def test_w4_at_most_20_states_a_second_and_the_newest_wins() -> None:
    book = book_of("ada", "bo")
    shown: list[int] = []
    for step in range(1000):
        now = 1.0 + step / 1000
        book.set_state("ada", {"at": step}, now)
        difference = book.flush(now)
        if difference is not None:
            shown.append(told(difference).updated[0].state["at"])  # type: ignore[index] # a list
    assert len(shown) <= 21
    assert shown == sorted(set(shown))
    wait = book.wait(now=2.0)
    assert wait is not None
    assert 0.0 < wait <= 0.05
    assert told(book.flush(2.0 + wait)).updated[0].state == {"at": 999}  # type: ignore[index]
    assert book.wait(now=3.0) is None


def test_w4_each_tick_makes_one_difference_for_all_moves() -> None:
    book = book_of(*[f"s{n}" for n in range(50)])
    for n in range(50):
        book.set_state(f"s{n}", {"n": n}, now=1.0)
    difference = book.flush(now=1.0)
    assert difference is not None
    assert len(told(difference).updated or ()) == len(difference.awareness) == 50
    assert difference.sessions == frozenset()


def test_w4_when_few_moved_no_session_gets_its_own_state() -> None:
    book = book_of("ada", "bo", "cy")
    book.set_state("ada", {"n": 1}, now=1.0)
    book.set_state("bo", {"n": 2}, now=1.0)
    difference = book.flush(now=1.0)
    assert difference is not None
    assert difference.sessions == {"ada", "bo"}
    without = difference.without("ada")
    assert without is not None
    assert [peer.session for peer in without.updated or ()] == ["bo"]


def test_w5_a_leave_is_announced_at_once_on_both_lanes() -> None:
    book = book_of("ada", "bo")
    book.leave("ada")
    assert book.wait(now=0.0) == 0.0
    assert book.flush(now=0.0) == PresenceDifference(
        PresenceChange(left=["ada"]), [State(1, 2, None)]
    )
    book.leave("ada")
    assert book.flush(now=0.0) is None


def test_w5_a_session_that_joins_and_leaves_in_a_tick_is_not_sent() -> None:
    book = PresenceBook()
    book.join(identity("ada"), now=0.0)
    book.leave("ada")
    assert book.flush(now=0.0) is None


@pytest.mark.parametrize("ends", ["leave", "null"])
def test_w5_the_leave_of_a_session_sent_on_opening_is_announced(ends: str) -> None:
    book = book_of("bo")
    book.join(identity("ada", client_id=7), now=0.0)
    assert list(book.unannounced()) == ["ada"]
    if ends == "leave":
        book.leave("ada")
    else:
        book.set_state("ada", None, now=0.0)
    assert told(book.flush(now=0.0)).left == ["ada"]
    assert book.flush(now=1.0) is None


def test_w5_a_null_state_leaves_and_a_later_state_joins() -> None:
    book = book_of("ada", "bo")
    book.set_state("ada", None, now=1.0)
    assert told(book.flush(now=1.0)).left == ["ada"]
    assert [peer.session for peer in book.peers()] == ["bo"]
    book.set_state("ada", {}, now=2.0)
    assert [peer.session for peer in told(book.flush(now=2.0)).joined or ()] == ["ada"]


def test_w6_a_session_that_is_silent_for_30_s_times_out() -> None:
    book = book_of("ada", "bo")
    book.touch("bo", now=20.0)
    assert book.expire(now=29.9) == []
    assert book.expire(now=30.0) == ["ada"]
    assert told(book.flush(now=30.0)).left == ["ada"]
    assert book.expire(now=31.0) == []
    book.touch("ada", now=40.0)
    assert [peer.session for peer in told(book.flush(now=40.0)).joined or ()] == ["ada"]


def test_w6_a_session_the_server_does_not_read_never_times_out() -> None:
    book = book_of("ada")
    for now in (10.0, 20.0, 35.0, 50.0):
        book.extend_timeout("ada", now)
        assert book.expire(now) == []
    assert book.expire(now=80.0) == ["ada"]
    book.extend_timeout("ada", now=81.0)  # this does not end the timeout
    assert told(book.flush(now=81.0)).left == ["ada"]


def test_w6_the_server_renews_patch_clients_on_the_yjs_lane() -> None:
    book = book_of("ada")
    book.renew(now=14.9)
    assert book.flush(now=14.9) is None
    book.renew(now=15.0)
    difference = book.flush(now=15.0)
    assert difference is not None
    assert difference.change is None
    assert difference.awareness == [State(1, 2, ADA)]


def test_w7_a_users_other_tabs_are_found() -> None:
    book = PresenceBook()
    book.join(identity("s1", user="ada", client_id=1), now=0.0)
    book.join(identity("s2", user="ada", client_id=2), now=0.0)
    book.join(identity("s3", user="bo", client_id=3), now=0.0)
    book.join(identity("s4", user="ada", client="tab-s1", client_id=4), now=0.0)
    assert book.other_tabs("s1") == ["s2"]
    assert book.other_tabs("s2") == ["s1", "s4"]
    assert book.other_tabs("s3") == []


def test_w7_a_session_that_may_only_read_is_no_other_tab() -> None:
    book = PresenceBook()
    book.join(identity("s1", user="ada", client_id=1), now=0.0)
    book.join(identity("s2", user="ada", role="viewer", client_id=2), now=0.0)
    assert book.other_tabs("s1") == book.other_tabs("s2") == []


@pytest.mark.parametrize("seed", range(20))
def test_w8_all_differences_together_give_the_peers(seed: int) -> None:
    choose = random.Random(seed)
    book, now, serial = PresenceBook(), 0.0, 0
    here: dict[str, ClientIdentity] = {}
    seen: dict[str, Peer] = {}
    awareness: dict[int, State] = {}
    for _ in range(400):
        now += choose.random() * 3
        act = choose.choice(["join", "state", "null", "leave", "touch", "expire", "hear", "renew"])
        if act == "join" or not here:
            serial += 1
            lane = choose.choice(["patch", "yjs"])
            user = choose.choice("abc")
            free = next(n for n in range(1000 + serial, 9999) if not book.is_taken(n))
            one = identity(f"s{serial}", lane=lane, user=user, client_id=free)
            here[one.session] = one
            book.join(one, now)
        else:
            _act(choose, book, here, act, now)
        if choose.random() < 0.7:
            _listen(book.flush(now), seen, awareness)
            assert sorted(seen) == sorted(peer.session for peer in book.peers())
            assert [
                seen[p.session] for p in book.peers() if p.session not in book._marked.changed
            ] == [p for p in book.peers() if p.session not in book._marked.changed]
            live = {c: s for c, s in awareness.items() if s.state is not None}
            assert sorted(live) == sorted(state.client for state in book.awareness())


def _act(
    choose: random.Random, book: PresenceBook, here: dict[str, ClientIdentity], act: str, now: float
) -> None:
    session = choose.choice(sorted(here))
    patch = here[session].lane == "patch"
    match act:
        case "state" if patch:
            book.set_state(session, {"n": choose.randrange(9)}, now)
        case "null" if patch:
            book.set_state(session, None, now)
        case "touch":
            book.touch(session, now)
        case "hear" if not patch:
            client = choose.choice([5, 6, 7, 1001, 1002])
            states: list[dict[str, Json] | None] = [None, {"n": 1}, {"n": 2}]
            state = choose.choice(states)
            book.receive_awareness(session, [State(client, int(now), state)], now)
        case "leave":
            del here[session]
            book.leave(session)
        case "expire":
            book.expire(now)
        case "renew":
            book.renew(now)


def _listen(
    difference: PresenceDifference | None, seen: dict[str, Peer], awareness: dict[int, State]
) -> None:
    if difference is None:
        return
    change = difference.change or PresenceChange()
    for session in change.left or ():
        del seen[session]
    for peer in change.joined or ():
        assert peer.session not in seen
        seen[peer.session] = peer
    for peer in change.updated or ():
        assert peer.session in seen
        seen[peer.session] = peer
    for state in difference.awareness:
        known = awareness.get(state.client)
        assert known is None or state.clock > known.clock
        awareness[state.client] = state
