"""The presence query: several instances, with one gossip between them."""

from __future__ import annotations

import asyncio

import pytest

from collab.ids import DocKey
from collab.messages import Peer
from server.instances import presence_query
from server.instances.messages import PresentAsked, PresentFound, decode, encode
from server.instances.presence_query import CHANNEL, GONE_AFTER, HERE_EVERY, PresenceQuery
from storage.gossip.memory import MemoryGossip
from tests.manual_clock import ManualClock

HOME, FAIR = DocKey("demo", "home"), DocKey("demo", "fair")


def peer(session: str) -> Peer:
    return Peer(session, 7, session, session.title(), "tab", "editor", {"n": 1})


class Instance:
    def __init__(self, name: str, gossip: MemoryGossip, clock: ManualClock) -> None:
        self.here: dict[DocKey, list[Peer]] = {}
        self.query = PresenceQuery(gossip, clock, name, lambda key: self.here.get(key, []))
        self.query.start()


class Cluster:
    def __init__(self, names: str = "abc") -> None:
        self.gossip, self.clock = MemoryGossip(), ManualClock()
        self.all = [Instance(name, self.gossip, self.clock) for name in names]

    async def settle(self) -> None:
        for instance in self.all:
            instance.query.tick()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for answers for ever: a test that waits for a dead instance would hang."""
    monkeypatch.setattr(presence_query, "ANSWER_WITHIN", 60.0)


async def test_all_instances_say_who_is_there() -> None:
    cluster = Cluster()
    a, b, c = cluster.all
    b.here[HOME] = [peer("bo")]
    c.here = {HOME: [peer("cy")], FAIR: [peer("di")]}
    a.here[HOME] = [peer("ada")]
    await cluster.settle()
    found = await a.query.find([HOME, FAIR, DocKey("demo", "empty")])
    assert {key: sorted(one.session for one in peers) for key, peers in found.items()} == {
        HOME: ["bo", "cy"],
        FAIR: ["di"],
    }
    assert found[FAIR] == [peer("di")]
    assert not a.query._questions


async def test_an_answer_has_at_most_100_clients_of_a_document() -> None:
    cluster = Cluster("ab")
    a, b = cluster.all
    b.here[HOME] = [peer(f"s{number}") for number in range(150)]
    await cluster.settle()
    assert len((await a.query.find([HOME]))[HOME]) == 100


async def test_a_single_instance_asks_no_question() -> None:
    cluster, sent = Cluster("a"), list[bytes]()
    await cluster.settle()
    cluster.gossip.subscribe(CHANNEL, sent.append)
    assert await cluster.all[0].query.find([HOME]) == {}
    await cluster.settle()
    assert [decode(one) for one in sent] == [None]


async def test_without_a_connection_no_question_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster("ab")
    await cluster.settle()
    monkeypatch.setattr(MemoryGossip, "is_connected", False)
    assert await cluster.all[0].query.find([HOME]) == {}


async def test_an_instance_that_stops_is_not_waited_for() -> None:
    cluster = Cluster()
    a, b, c = cluster.all
    c.here[HOME] = [peer("cy")]
    await cluster.settle()
    b.query.stop()
    b.query.stop()
    await cluster.settle()
    assert list(await a.query.find([HOME])) == [HOME]


async def test_a_silent_instance_is_forgotten_after_12_s() -> None:
    cluster = Cluster()
    a, b, c = cluster.all
    c.here[HOME] = [peer("cy")]
    await cluster.settle()
    assert b.query._end is not None
    b.query._end()  # it is killed
    cluster.all = [a, c]
    for _ in range(round(GONE_AFTER)):
        cluster.clock.advance(1.0)
        await cluster.settle()
    assert list(a.query._heard_at) == ["c"]
    assert list(await a.query.find([HOME])) == [HOME]


async def test_a_question_ends_without_the_answer_of_a_dead_instance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster()
    a, b, c = cluster.all
    c.here[HOME] = [peer("cy")]
    await cluster.settle()
    assert b.query._end is not None
    b.query._end()
    monkeypatch.setattr(presence_query, "ANSWER_WITHIN", 0.01)
    assert list(await a.query.find([HOME])) == [HOME]
    assert not a.query._questions


async def test_an_instance_that_is_forgotten_ends_the_wait() -> None:
    cluster = Cluster("ab")
    a, b = cluster.all
    await cluster.settle()
    assert b.query._end is not None
    b.query._end()
    asking = asyncio.create_task(a.query.find([HOME]))
    await asyncio.sleep(0)
    cluster.clock.advance(GONE_AFTER)
    a.query.tick()
    assert await asking == {}


async def test_a_new_instance_knows_the_others_at_once() -> None:
    cluster = Cluster("ab")
    await cluster.settle()
    late = Instance("d", cluster.gossip, cluster.clock)
    cluster.all.append(late)
    await cluster.settle()
    assert sorted(late.query._heard_at) == ["a", "b"]


async def test_an_instance_says_every_5_s_that_it_is_here() -> None:
    cluster, sent = Cluster("a"), list[bytes]()
    await cluster.settle()
    cluster.gossip.subscribe(CHANNEL, sent.append)
    for _ in range(3 * round(HERE_EVERY)):
        cluster.clock.advance(1.0)
        await cluster.settle()
    assert len([one for one in sent if decode(one) is not None]) == 3


async def test_late_and_strange_answers_are_ignored() -> None:
    cluster = Cluster("ab")
    a, _ = cluster.all
    await cluster.settle()
    cluster.gossip.publish(CHANNEL, b"\xff")
    cluster.gossip.publish(CHANNEL, encode("b", PresentFound("a", 99, [(0, [peer("x")])])))
    cluster.gossip.publish(CHANNEL, encode("b", PresentFound("z", 1, [(0, [peer("x")])])))
    await cluster.settle()
    asking = asyncio.create_task(a.query.find([HOME]))
    await asyncio.sleep(0)
    cluster.gossip.publish(CHANNEL, encode("b", PresentFound("a", 1, [(5, [peer("x")])])))
    assert await asking == {}


def test_the_messages_survive_the_way() -> None:
    for body in (PresentAsked(1, [HOME]), PresentFound("a", 1, [(0, [peer("x")])])):
        read = decode(encode("b", body))
        assert read is not None
        assert read.body == body
