"""Share links: their tokens, limits and lifetime, and the connections that are closed with them."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from msgspec.structs import replace

from collab.errors import Code, Rejected
from collab.rights.user_rights import Role
from server.access.keyring import Keyring
from server.access.share_links import DROP_EVERY, ShareLinks
from server.access.tokens import Claims
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock
from tests.storage.contract import AWAY, HOME, made

DAY = 86_400


class Connections:
    """Connections that came with share links, by the id of their link."""

    def __init__(self) -> None:
        self.open: set[str] = set()

    def share_links(self) -> set[str]:
        return set(self.open)

    def close_shared(self, ended: Collection[str]) -> None:
        self.open -= set(ended)


class House:
    """Two documents, and the share links of one process."""

    def __init__(self, store: MemoryStore) -> None:
        self.clock = ManualClock()
        self.store = store
        self.keyring = Keyring(store, self.clock)
        self.connections = Connections()
        settings = Settings(max_shares=2, share_ttl=DAY, share_max_ttl=3 * DAY)
        self.links = ShareLinks(store, self.keyring, self.clock, settings, self.connections)

    async def make(self, ttl: float | None = None) -> tuple[str, str]:
        link, token = await self.links.make(HOME, "ada", Role.VIEWER, ttl)
        return link.id, token

    async def lasts(self, ttl: float | None) -> float:
        _, token = await self.make(ttl)
        claims = await self.keyring.verify(token)
        return (claims.expires_at - self.clock.now_ms()) / 1000

    async def refusal(self, token: str) -> Code:
        with pytest.raises(Rejected) as caught:
            await self.keyring.verify(token)
        return caught.value.refusal.code


@pytest.fixture
async def house() -> House:
    store = MemoryStore()
    await store.commit([made(HOME), made(AWAY)])
    return House(store)


async def test_the_token_of_a_link_reads_one_document(house: House) -> None:
    id, token = await house.make()
    claims: Claims = await house.keyring.verify(token)
    assert (claims.tenant, claims.user, claims.name) == (HOME.tenant, id, "Guest")
    assert (claims.rights.docs, claims.rights.share) == ((HOME.doc,), id)
    assert claims.role is Role.VIEWER


@pytest.mark.parametrize(("ttl", "seconds"), [(None, DAY), (7, 7), (0.5, 1), (30 * DAY, 3 * DAY)])
async def test_a_link_lasts_as_long_as_asked_within_the_limits(
    house: House, ttl: float | None, seconds: float
) -> None:
    assert await house.lasts(ttl) == seconds


async def test_the_token_of_an_ended_link_is_refused_at_once(house: House) -> None:
    id, token = await house.make()
    await house.keyring.verify(token)
    assert await house.links.end(HOME, id)
    assert await house.refusal(token) is Code.UNAUTHENTICATED
    assert not await house.links.end(HOME, id)


async def test_a_link_of_another_document_is_not_ended(house: House) -> None:
    id, token = await house.make()
    assert not await house.links.end(AWAY, id)
    assert (await house.keyring.verify(token)).user == id


async def test_a_document_has_a_limited_number_of_links(house: House) -> None:
    await house.make(60)
    await house.make()
    with pytest.raises(Rejected) as caught:
        await house.make()
    assert caught.value.refusal.code is Code.QUOTA_EXCEEDED
    house.clock.advance(61)
    await house.make()


async def test_a_missing_document_has_no_links(house: House) -> None:
    await house.store.delete(HOME, 9)
    with pytest.raises(Rejected) as caught:
        await house.make()
    assert caught.value.refusal.code is Code.NOT_FOUND


async def test_the_links_of_a_deleted_document_do_not_read_its_successor(house: House) -> None:
    _, token = await house.make()
    known, _ = await house.links.make(AWAY, "ada", Role.VIEWER, None)
    await house.keyring.verify(token)
    await house.store.delete(HOME, 9)
    await house.links.end_all(HOME)
    assert await house.refusal(token) is Code.UNAUTHENTICATED
    assert known.id in (await house.keyring._directory.find_keys([known.id]))


async def test_an_ended_link_closes_its_connections_only(house: House) -> None:
    ended, _ = await house.make()
    other, _ = await house.make()
    house.connections.open = {ended, other}
    await house.links.end(HOME, ended)
    assert house.connections.open == {other}


async def test_a_link_that_another_process_ended_closes_its_connections(house: House) -> None:
    ended, _ = await house.make()
    other, _ = await house.make()
    house.connections.open = {ended, other}
    await house.store.end_share(HOME, ended)
    await house.links.maintain()
    assert house.connections.open == {other}


async def test_expired_links_are_dropped_once_an_hour(house: House) -> None:
    await house.make(60)
    await house.links.maintain()
    house.clock.advance(DROP_EVERY - 1)
    await house.links.maintain()
    assert len(await house.store.shares(HOME)) == 1
    house.clock.advance(1)
    await house.links.maintain()
    assert await house.store.shares(HOME) == []


async def test_a_claim_cannot_widen_the_token_of_a_link(house: House) -> None:
    """The key decides which document a token reads, also when its claims say more."""
    id, token = await house.make()
    owner, link = house.store._links[id]
    house.store._links[id] = owner._replace(doc=AWAY.doc), replace(link, by="bo")
    house.clock.advance(2)
    assert (await house.keyring.verify(token)).rights.docs == (AWAY.doc,)
