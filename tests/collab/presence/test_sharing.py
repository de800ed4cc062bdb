"""Rules W14 to W18: the sessions of one document, shown by several instances."""

from __future__ import annotations

import random

import pytest

from collab.ids import Json
from collab.presence.book import PresenceBook
from collab.presence.shared import PresenceAsked, PresenceShown
from collab.presence.sharing import BEAT_EVERY, MOST_SESSIONS, PresenceMessage
from collab.yjs.awareness import State
from tests.collab.presence.instances import LIST, Instance, Log, Network, run, union
from tests.collab.presence.test_yjs import YClient

ACTS = (
    *("join", "state", "null", "leave", "aware", "tick", "tick", "deliver", "deliver"),
    *("maintain", "insert", "follow", "restart"),
)


def is_repeated(message: PresenceMessage) -> bool:
    """Whether a message has only the number of the last change."""
    if not isinstance(message, PresenceShown) or message.sessions_here is not None:
        return False
    return message.before == message.number


class World:
    """Instances `a`, `b`, ... with one document, over a network that loses nothing."""

    def __init__(self, names: str = "ab") -> None:
        self.network = Network(random.Random(1))
        self.log = Log()
        self.now = 1000.0
        self.instances = [Instance(name, self.network, self.log, self.now) for name in names]
        self.pass_time(1.0)
        self.network.sent.clear()

    def pass_time(self, seconds: float) -> None:
        self.now = run(self.network, self.now, seconds)

    def cut(self, instance: Instance) -> None:
        """Take an instance away without a last message."""
        del self.network.instances[instance.name]

    def start_again(self, name: str, number: int) -> Instance:
        return Instance(name, self.network, self.log, self.now, number)

    def sent(self, sender: str) -> list[PresenceMessage]:
        """Return what an instance has sent, without repeated numbers."""
        found = [message for name, message in self.network.sent if name == sender]
        self.network.sent.clear()
        return [message for message in found if not is_repeated(message)]


def test_w14_a_session_is_shown_on_every_instance() -> None:
    world = World("abc")
    a, b, c = world.instances
    a.join("ada", world.now)
    b.join("bo", world.now, lane="yjs")
    b.awareness("bo", 11, 0, {"n": 1}, world.now)
    world.pass_time(0.3)
    for one in (a, b, c):
        assert sorted(one.shown) == ["ada", "bo"]
        assert one.shown["bo"].state == {"n": 1, "user": {"id": "bo", "name": "Bo"}}
    a.book.set_state("ada", {"color": "#f80"}, world.now)
    world.pass_time(0.3)
    assert c.shown["ada"].state == {"color": "#f80"}
    assert c.clocks[a.shown["ada"].client_id] == a.clocks[a.shown["ada"].client_id]
    a.book.leave("ada")
    world.pass_time(0.2)
    assert sorted(b.shown) == sorted(c.shown) == ["bo"]


def test_w14_a_new_instance_is_shown_all_sessions() -> None:
    world = World("a")
    (a,) = world.instances
    for number in range(3 * MOST_SESSIONS):
        a.join(f"s{number}", world.now)
    world.pass_time(2.0)
    b = world.start_again("b", number=1)
    world.pass_time(0.3)
    assert len(b.shown) == 3 * MOST_SESSIONS
    assert b.present() == a.present()
    assert len(b.book) == 0
    assert len(a.book) == 3 * MOST_SESSIONS


def test_w14_one_message_has_all_changes_of_a_tick() -> None:
    world = World()
    a, b = world.instances
    for number in range(50):
        a.join(f"s{number}", world.now)
    world.pass_time(1.0)
    world.network.sent.clear()
    for number in range(50):
        a.book.set_state(f"s{number}", {"n": number}, world.now)
    world.pass_time(0.1)
    (message,) = world.sent("a")
    assert isinstance(message, PresenceShown)
    assert len(message.sessions) == 50
    world.pass_time(0.1)
    assert b.shown["s7"].state == {"n": 7}


def test_w14_an_instance_shows_a_change_only_once() -> None:
    world = World("abc")
    a, b, _ = world.instances
    a.join("ada", world.now)
    world.pass_time(1.0)
    assert world.sent("b") == []
    world.pass_time(10.0)
    assert b.book.wait(world.now) is None
    assert world.sent("a") == []


def test_w15_the_sessions_of_a_silent_instance_vanish_after_30_s() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now, lane="yjs")
    world.pass_time(0.5)
    a.awareness("ada", 11, 0, {}, world.now)
    world.pass_time(3.0)
    world.cut(a)
    world.pass_time(23.0)
    assert list(b.shown) == ["ada"]
    world.pass_time(8.0)
    assert list(b.shown) == []
    world.network.instances["a"] = a
    a.awareness("ada", 11, 1, {}, world.now)
    world.pass_time(BEAT_EVERY + 1.0)
    assert list(b.shown) == ["ada"]


def test_w15_an_instance_with_sessions_repeats_its_number() -> None:
    world = World()
    a, b = world.instances
    a.join("eve", world.now, lane="yjs")  # it sends no state, so nothing is renewed
    for _ in range(12):
        world.pass_time(10.0)
        assert b.book.remote.sessions("a") == ["eve"]
    assert all(isinstance(one, PresenceShown) for one in world.sent("a"))
    a.book.leave("eve")
    world.pass_time(35.0)
    world.network.sent.clear()
    world.pass_time(60.0)
    assert world.network.sent == []
    assert a.sharing.is_idle
    assert b.sharing.is_idle


def test_w15_the_sessions_of_an_instance_that_ends_vanish_at_once() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    b.join("bo", world.now)
    world.pass_time(1.0)
    last = a.sharing.end(world.now)
    assert last is not None
    world.network.send("a", last)
    world.cut(a)
    world.pass_time(0.2)
    assert list(b.shown) == ["bo"]
    assert sorted(a.present()) == ["ada"]  # until its clients have left
    # The document opens there again, with other clients.
    again = world.start_again("a", a.sharing.number + 1)
    again.join("cy", world.now)
    world.pass_time(0.5)
    assert sorted(b.shown) == sorted(again.shown) == ["bo", "cy"]


def test_w15_an_instance_without_sessions_ends_silently() -> None:
    world = World()
    a, _ = world.instances
    assert a.sharing.end(world.now) is None


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_w16_a_lost_message_is_found_by_the_next_one(lost: int) -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    world.pass_time(1.0)
    for number in range(lost):
        a.join(f"s{number}", world.now)
        a.tick(world.now)
        world.network.waiting.clear()
    a.book.leave("ada")
    world.pass_time(1.5)
    assert b.present() == a.present()
    assert list(b.shown) == [f"s{number}" for number in range(lost)]


def test_w16_a_lost_last_message_is_found_soon() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    world.pass_time(1.0)
    a.book.leave("ada")
    a.tick(world.now)
    world.network.waiting.clear()
    world.pass_time(2.5)
    assert list(b.shown) == []


def test_w16_an_instance_that_may_have_lost_messages_shows_its_sessions_too() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    world.pass_time(1.0)
    a.book.leave("ada")
    a.join("al", world.now)
    a.tick(world.now)
    world.network.waiting.clear()
    a.sharing.ask(world.now)
    world.pass_time(0.6)
    assert list(b.shown) == ["al"]


def test_w16_only_the_instance_with_the_gap_is_asked() -> None:
    world = World("abc")
    a, _, c = world.instances
    a.join("ada", world.now)
    c.join("cy", world.now)
    world.pass_time(1.0)
    a.join("al", world.now)
    a.tick(world.now)
    world.network.waiting = [one for one in world.network.waiting if one[0] != "b"]
    world.network.sent.clear()
    a.book.leave("ada")
    world.pass_time(1.5)
    asked = [message for _, message in world.network.sent if isinstance(message, PresenceAsked)]
    assert asked == [PresenceAsked("a")]
    assert world.sent("c") == []


def test_w17_each_instance_relocates_the_cursors_that_it_shows() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    a.book.set_state("ada", {"cursor": {"path": f"{LIST}/0", "offset": 2}}, world.now)
    world.pass_time(1.0)
    world.network.sent.clear()
    for _ in range(3):
        world.log.insert()
    a.follow(4)
    b.follow(3)
    world.pass_time(0.5)
    assert a.shown["ada"].state["cursor"] == {"path": f"{LIST}/3", "offset": 2}
    assert b.shown["ada"].state["cursor"] == {"path": f"{LIST}/2", "offset": 2}
    assert world.sent("a") == []
    b.follow(4)
    world.pass_time(0.5)
    assert b.shown == a.shown


@pytest.mark.parametrize("behind", ["sender", "reader"])
def test_w17_a_cursor_arrives_at_another_version(behind: str) -> None:
    world = World()
    a, b = world.instances
    world.log.insert()
    world.log.insert()
    a.join("ada", world.now)
    (b if behind == "sender" else a).follow(3)
    index = 0 if behind == "sender" else 2
    a.book.set_state("ada", {"cursor": {"path": f"{LIST}/{index}", "offset": 1}}, world.now)
    world.pass_time(0.5)
    assert b.shown["ada"].state["cursor"]["path"] == f"{LIST}/2"
    a.follow(3)
    b.follow(3)
    world.pass_time(0.5)
    assert a.shown["ada"].state["cursor"]["path"] == f"{LIST}/2"
    assert b.shown == a.shown


def test_w18_two_patch_clients_have_different_client_ids() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    world.pass_time(0.5)
    (peer,) = b.book.present()
    assert b.book.is_taken(peer.client_id)


def test_w18_a_user_cannot_claim_the_id_of_a_client_elsewhere() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now, lane="yjs")
    a.awareness("ada", 11, 0, {}, world.now)
    world.pass_time(0.5)
    b.join("eve", world.now, lane="yjs")
    b.awareness("eve", 11, 9, {"user": {"name": "Eve was here"}}, world.now)
    world.pass_time(0.5)
    assert [peer.user for peer in b.shown.values()] == ["ada"]


def test_w18_of_two_users_that_claim_an_id_at_once_the_older_session_keeps_it() -> None:
    world = World("abc")
    a, b, c = world.instances
    a.join("ada", world.now, lane="yjs")
    a.awareness("ada", 11, 0, {}, world.now)
    b.join("eve", world.now + 0.01, lane="yjs")
    b.awareness("eve", 11, 0, {}, world.now)
    world.pass_time(1.0)
    for one in (a, b, c):
        assert [peer.user for peer in one.shown.values()] == ["ada"]


def test_w18_a_clients_newer_socket_gets_its_id_on_every_instance() -> None:
    world = World("abc")
    a, b, c = world.instances
    a.join("old", world.now, lane="yjs", user="ada")
    a.awareness("old", 11, 3, {"n": 1}, world.now)
    world.pass_time(1.0)
    watching = YClient(99)
    watching.apply(c.book.awareness())
    b.join("new", world.now, lane="yjs", user="ada")
    b.awareness("new", 11, 4, {"n": 2}, world.now)
    world.pass_time(0.5)
    for one in (a, b, c):
        assert [(p.session, p.state["n"]) for p in one.shown.values()] == [("new", 2)]
    a.awareness("old", 11, 7, {"n": 3}, world.now)  # the older socket is no longer read
    a.book.leave("old")
    world.pass_time(0.5)
    assert list(c.shown) == ["new"]
    watching.apply([c.clocks[11]])
    assert watching.states[11]["n"] == 2


def test_w18_two_patch_clients_with_one_id_are_both_present() -> None:
    world = World("abc")
    a, b, c = world.instances
    a.join("ada", world.now, client_id=5)
    b.join("bo", world.now + 0.01, client_id=5)
    world.pass_time(1.0)
    for one in (a, b, c):
        assert {name: p.client_id for name, p in one.shown.items()} == {"ada": 5, "bo": 0}
        assert [state.client for state in one.book.awareness()] == [5]
    b.book.set_state("bo", {"n": 1}, world.now)
    world.pass_time(1.0)
    assert c.shown["bo"].state == {"n": 1}


def test_w18_a_client_that_moves_between_instances_sees_every_state() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    world.pass_time(1.0)
    number = a.shown["ada"].client_id
    world.cut(a)
    world.pass_time(31.0)  # the clients of `b` are sent a removal with a later clock
    world.network.instances["a"] = a
    moving = YClient(99)
    moving.apply([b.clocks[number]])
    for _ in range(40):
        a.book.touch("ada", world.now)
        world.pass_time(1.0)
    moving.apply(a.book.awareness())
    assert number in moving.states


def test_w18_other_tabs_are_found_on_every_instance() -> None:
    world = World()
    a, b = world.instances
    a.join("s1", world.now, user="ada")
    b.join("s2", world.now, user="ada")
    world.pass_time(0.5)
    assert (a.new, b.new) == (["s2"], ["s1"])
    assert a.book.other_tabs("s2") == ["s1"]
    assert b.book.other_tabs("s1") == ["s2"]


def test_a_book_that_is_not_shared_marks_nothing() -> None:
    book = PresenceBook()
    Instance("a", Network(random.Random(1)), Log(), 0.0)
    assert book.take_shared() is None
    assert book.wait(0.0) is None


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(150))
def test_w16_after_losses_every_instance_shows_all_sessions(seed: int) -> None:
    choose = random.Random(seed)
    network, log, now, serial = Network(choose, loss=0.3), Log(), 1000.0, 0
    live = [Instance(name, network, log, now) for name in "abc"]
    here: dict[str, tuple[Instance, str]] = {}
    numbers = dict.fromkeys("abc", 1)
    for _ in range(250):
        now += choose.random() * choose.choice((0.05, 0.3, 3.0))
        one = choose.choice(live)
        act = choose.choice(ACTS)
        own = [name for name, (at, _) in here.items() if at is one]
        match act:
            case "join":
                serial += 1
                lane = choose.choice(["patch", "yjs"])
                here[f"s{serial}"] = one, lane
                one.join(f"s{serial}", now, lane=lane, user=choose.choice("uvw"))
            case "state" | "null" if own:
                name = choose.choice(own)
                if here[name][1] == "patch":
                    at = choose.randrange(len(log.value) - (log.version - one.version))
                    cursor: Json = {"path": f"{LIST}/{at}", "offset": 1}
                    state = None if act == "null" else {"n": choose.randrange(9), "cursor": cursor}
                    one.book.set_state(name, state, now)
            case "aware" if own:
                name = choose.choice(own)
                if here[name][1] == "yjs":
                    one.awareness(name, choose.choice([11, 12, 13]), int(now), {"n": 1}, now)
            case "leave" if own:
                name = choose.choice(own)
                del here[name]
                one.book.leave(name)
            case "tick":
                one.tick(now)
            case "deliver":
                for _ in range(choose.randrange(12)):
                    network.deliver_one(now)
            case "maintain":
                for name in own:
                    one.book.extend_timeout(name, now)
                one.maintain(now)
            case "insert" if log.version < 50:
                log.insert()
            case "follow":
                one.follow(choose.randint(one.version, log.version))
            case "restart" if choose.random() < 0.1:
                numbers[one.name] = one.sharing.number + 10
                for name in own:
                    del here[name]
                live.remove(one)
                live.append(Instance(one.name, network, log, now, numbers[one.name]))
    for one in live:
        one.follow(log.version)
    for _ in range(20):
        for name, (one, _) in here.items():
            one.book.extend_timeout(name, now)
        now = run(network, now, 2.0)
    expected = union(network)
    for one in live:
        assert one.present() == one.shown == expected
        shown_ids = {s.client: s.state for s in one.clocks.values() if s.state is not None}
        ids = {peer.client_id: peer.state for peer in expected.values() if peer.client_id}
        assert shown_ids.keys() == ids.keys()


def test_w18_a_later_clock_elsewhere_raises_the_clock_here() -> None:
    world = World()
    a, b = world.instances
    a.join("ada", world.now)
    world.pass_time(1.0)
    number = a.shown["ada"].client_id
    a.book.set_state("ada", {"cursor": {"path": f"{LIST}/0", "offset": 0}}, world.now)
    world.pass_time(1.0)
    for _ in range(4):  # the clients of `b` get more states than the clients of `a`
        world.log.insert()
        b.follow(world.log.version)
        world.pass_time(0.2)
    a.follow(world.log.version)
    world.pass_time(20.0)
    a.book.touch("ada", world.now)
    moving = YClient(99)
    moving.apply([State(number, b.clocks[number].clock, {})])
    moving.states.clear()
    world.pass_time(16.0)
    moving.apply([a.clocks[number]])
    assert number in moving.states


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(40))
def test_w18_clients_that_move_between_instances_see_every_state(seed: int) -> None:
    choose = random.Random(seed)
    network, log, now = Network(choose, loss=0.2), Log(), 1000.0
    live = [Instance(name, network, log, now) for name in "abc"]
    clients = [YClient(90 + number) for number in range(4)]
    at = dict.fromkeys(range(4), live[0])
    for client in clients:
        live[0].watch(client)
    for number, one in enumerate(live):
        one.join(f"p{number}", now, client_id=5 + number)
        one.join(f"y{number}", now, lane="yjs")
        one.awareness(f"y{number}", 11 + number, 0, {}, now)
    for step in range(200):
        now += choose.random() * choose.choice((0.1, 0.5, 4.0))
        one = choose.choice(live)
        match choose.choice(["state", "aware", "insert", "follow", "move", "tick", "tick", "cut"]):
            case "state":
                cursor: Json = {"path": f"{LIST}/0", "offset": choose.randrange(3)}
                one.book.set_state(f"p{live.index(one)}", {"cursor": cursor}, now)
            case "aware":
                number = live.index(one)
                one.awareness(f"y{number}", 11 + number, step + 1, {"n": step}, now)
            case "insert" if log.version < 60:
                log.insert()
            case "follow":
                one.follow(choose.randint(one.version, log.version))
            case "move":
                moved = choose.randrange(4)
                at[moved].watching.remove(clients[moved])
                at[moved] = one
                one.watch(clients[moved])
            case "tick":
                one.maintain(now)
                for _ in range(choose.randrange(9)):
                    network.deliver_one(now)
            case "cut" if choose.random() < 0.1:
                now += 31.0  # longer than an instance may be silent
    for one in live:
        one.follow(log.version)
    for step in range(8):
        if step == 6:  # all move once more; a state is renewed every 15 s
            for moved, one in at.items():
                one.watching.remove(clients[moved])
                live[live.index(one) - 1].watch(clients[moved])
        for number, one in enumerate(live):
            one.book.touch(f"p{number}", now)
            one.awareness(f"y{number}", 11 + number, 1_000 + step, {"n": 1}, now)
        now = run(network, now, 8.0)
    for one in live:
        assert sorted(one.shown) == ["p0", "p1", "p2", "y0", "y1", "y2"]
        for client in one.watching:
            assert sorted(client.states) == [5, 6, 7, 11, 12, 13]
            assert client.states[5] == {
                "user": {"id": "p0", "name": "P0"},
                **live[0].shown["p0"].state,
            }
