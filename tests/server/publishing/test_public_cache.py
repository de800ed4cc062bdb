"""The public cache: few queries, no stale answer after our own change, and bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.publications import Publication
from collab.ports.store import DocRow, StorageUnavailable
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, PatchRequest
from server.app import build
from server.documents.live_room import LiveRoom
from server.publishing.public_cache import OVERHEAD
from server.publishing.public_pointers import FRESH_SECONDS
from server.publishing.public_request import PublicRequest, coding_of, parse_request
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

HOME = DocKey("demo", "home")
PIA = Author("pia", "Pia")
WRITER = Member(PIA, Rights(Role.PUBLISHER, 2**53), "http")
VALUE = PublicRequest(HOME, 0, None)
PAGE = {"pages": {"home": {"title": "Home"}}}


class CountingStore(MemoryStore):
    """Counts the queries for rows and public versions, and how many ran at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.versions_asked = self.at_once = self.most_at_once = 0
        self.answering = asyncio.Event()
        self.answering.set()

    async def find_rows(self, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]:
        self.asked.append(len(keys))
        await self._wait()
        return await super().find_rows(keys)

    async def public_versions(self, key: DocKey) -> list[int]:
        self.versions_asked += 1
        await self._wait()
        return await super().public_versions(key)

    async def _wait(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await self.answering.wait()
        self.at_once -= 1


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
async def services(clock: ManualClock, store: CountingStore) -> AsyncIterator[Services]:
    app = build(Settings(published_cache=8 * OVERHEAD), store, clock)
    async with app.router.lifespan_context(app):
        yield app.state.services


async def made(services: Services, key: DocKey = HOME, value: Any = PAGE) -> LiveRoom:
    live = await services.hub.open(key)
    await services.hub.ask(live, WRITER, Create(value))
    return live


async def edit(services: Services, live: LiveRoom, title: str) -> None:
    ops = [{"op": "replace", "path": "/pages/home/title", "value": title}]
    await services.hub.ask(live, WRITER, PatchRequest("", None, ops))


async def test_many_readers_cause_one_query_a_second(
    services: Services, store: CountingStore, clock: ManualClock
) -> None:
    await services.publisher.publish(await made(services), PIA)
    await asyncio.gather(
        *(services.public_cache.fetch(VALUE, coding) for coding in ("", "br") * 20)
    )
    assert store.asked == [1]
    assert services.public_cache.cached(VALUE, "br") is not None
    clock.advance(FRESH_SECONDS)
    assert services.public_cache.cached(VALUE, "br") is None
    await services.public_cache.fetch(VALUE, "br")
    assert store.asked == [1, 1]


async def test_requests_for_missing_pages_share_queries(
    services: Services, store: CountingStore
) -> None:
    store.answering.clear()
    nowhere = [PublicRequest(DocKey("demo", f"n-{number}"), 0, None) for number in range(300)]
    crowd = [asyncio.create_task(services.public_cache.fetch(one, "")) for one in nowhere * 2]
    while not store.asked:
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    store.answering.set()
    assert await asyncio.gather(*crowd) == [None] * 600
    assert sum(store.asked) == 300, "each name was queried once"
    assert len(store.asked) <= 4
    assert store.most_at_once == 1


async def test_private_versions_cause_one_query_a_second(
    services: Services, store: CountingStore, clock: ManualClock
) -> None:
    await services.publisher.publish(await made(services), PIA)
    never = [PublicRequest(HOME, number, None) for number in range(2, 200)]
    for round in (1, 2):
        answers = await asyncio.gather(*(services.public_cache.fetch(one, "") for one in never))
        assert answers == [None] * len(never)
        assert store.versions_asked == round
        clock.advance(FRESH_SECONDS)
    assert await services.public_cache.fetch(PublicRequest(HOME, 1, None), "") is not None


async def test_a_failed_query_fails_its_requests_only(
    services: Services, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(keys: Sequence[DocKey]) -> dict[DocKey, DocRow]:
        raise StorageUnavailable("the database is away")

    await services.publisher.publish(await made(services), PIA)
    rows = services.public_cache._pointers._rows
    with monkeypatch.context() as patch:
        patch.setattr(rows, "_query", fail)
        crowd = [services.public_cache.fetch(VALUE, coding) for coding in ("", "br")]
        failed = await asyncio.gather(*crowd, return_exceptions=True)
        assert [type(one) for one in failed] == [StorageUnavailable] * 2
    assert await services.public_cache.fetch(VALUE, "") is not None


async def test_a_publication_by_this_process_is_seen_at_once(services: Services) -> None:
    live = await made(services)
    await services.publisher.publish(live, PIA)
    first = await services.public_cache.fetch(VALUE, "")
    await edit(services, live, "Second")
    assert services.public_cache.cached(VALUE, "") is first
    await services.publisher.publish(live, PIA)
    assert services.public_cache.cached(VALUE, "") is None
    second = await services.public_cache.fetch(VALUE, "")
    assert second is not None
    assert b"Second" in second.body
    await services.publisher.take_down(live, PIA)
    assert await services.public_cache.fetch(VALUE, "") is None


async def test_a_publication_during_a_query_is_not_overwritten(
    services: Services, store: CountingStore
) -> None:
    live = await made(services)
    await services.publisher.publish(live, PIA)
    await edit(services, live, "Second")
    looking_up = asyncio.create_task(services.public_cache.fetch(VALUE, ""))
    await asyncio.sleep(0)
    await services.publisher.publish(live, PIA)
    await looking_up
    newest = await services.public_cache.fetch(VALUE, "")
    assert newest is not None
    assert b"Second" in newest.body


async def test_a_publication_by_another_instance_is_seen_in_a_second(
    services: Services, store: CountingStore, clock: ManualClock
) -> None:
    live = await made(services)
    await edit(services, live, "Second")
    await services.publisher.publish(live, PIA)
    await services.public_cache.fetch(VALUE, "")
    state = await store.public_state(HOME)
    assert state is not None
    assert await store.publish(HOME, Publication(1, PIA, 5), state.revision)
    clock.advance(FRESH_SECONDS)
    older = await services.public_cache.fetch(VALUE, "")
    assert older is not None
    assert b"Second" not in older.body


async def test_a_version_is_found_after_an_early_request_for_it(
    services: Services,
) -> None:
    live = await made(services)
    await edit(services, live, "Second")
    await services.publisher.publish(live, PIA, 1)
    second = PublicRequest(HOME, 2, None)
    assert await services.public_cache.fetch(second, "br") is None
    await services.publisher.publish(live, PIA, 2)
    assert await services.public_cache.fetch(second, "br") is not None


async def test_the_cache_is_limited_in_bytes(services: Services) -> None:
    published = services.public_cache
    for number in range(20):
        key = DocKey("demo", f"page-{number}")
        await services.publisher.publish(await made(services, key), PIA)
        assert await published.fetch(PublicRequest(key, 0, None), "") is not None
        assert published.bytes <= 8 * OVERHEAD
    assert published.cached(PublicRequest(DocKey("demo", "page-19"), 0, None), "") is not None
    assert published.cached(PublicRequest(DocKey("demo", "page-0"), 0, None), "") is None


async def test_publishing_does_not_reload_the_live_room(services: Services) -> None:
    live = await made(services)
    room, revision = live.room, live.room.control.revision
    await services.publisher.publish(live, PIA)
    await edit(services, live, "Second")
    await services.publisher.publish(live, PIA)
    await services.publisher.take_down(live, PIA)
    await edit(services, live, "Third")
    assert live.room is room
    assert live.room.control.revision == revision + 3
    assert live.room.control.published == 0


async def test_publishing_reloads_a_stale_room(services: Services, store: CountingStore) -> None:
    live = await made(services)
    assert await store.set_schema(HOME, b'{"required":["site"]}', live.room.control.revision)
    await edit(services, live, "Second")
    done = await services.publisher.publish(live, PIA)
    assert done.version == live.room.version
    assert live.room.control.schema == b'{"required":["site"]}'


async def test_publishing_the_public_version_again_is_no_step(
    services: Services, store: CountingStore
) -> None:
    live = await made(services)
    for expected in (0, None, 1):
        assert (await services.publisher.publish(live, PIA, 1, expected)).version == 1
    assert len(await store.publications(HOME, 0, 9)) == 1


@pytest.mark.parametrize(
    ("path", "query", "asked"),
    [
        ("/v1/published/demo/home", b"", PublicRequest(HOME, 0, None)),
        ("/v1/published/demo/home", b"a=b&version=7", PublicRequest(HOME, 7, None)),
        ("/p/demo/home", b"version=7", PublicRequest(HOME, 0, "")),
        ("/p/demo/home/about", b"", PublicRequest(HOME, 0, "about")),
        ("/p/demo/home/", b"", None),
        ("/p/demo/home/a/b", b"", None),
        ("/p/demo", b"", None),
        ("/p/Demo/home", b"", None),
        ("/v1/published/demo/home/x", b"", None),
        ("/v1/published/demo/home", b"version=", None),
        ("/v1/published/demo/home", b"version=0", None),
    ],
)
def test_an_address_is_parsed_or_refused(path: str, query: bytes, asked: Any) -> None:
    assert parse_request(path, query) == asked


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"gzip", "gzip"),
        (b"gzip, br", "br"),
        (b"gzip;q=1, br;q=0.8", "gzip"),
        (b"BR", "br"),
        (b"*;q=0.1", "br"),
        (b"identity, gzip;q=0.5", ""),
        (b"gzip;q=0", ""),
        (b"zstd", ""),
        (b";;,", ""),
    ],
)
def test_the_content_coding_is_chosen_by_weight(accepted: bytes, coding: str) -> None:
    assert coding_of([(b"accept-encoding", accepted)]) == (coding, b"")


def test_a_header_may_come_in_several_lines() -> None:
    lines = [(b"accept-encoding", b"gzip"), (b"if-none-match", b'"a"')]
    lines += [(b"accept-encoding", b"br;q=0.1"), (b"if-none-match", b'"b"')]
    assert coding_of(lines) == ("gzip", b'"a", "b"')


async def published_long_ago(services: Services, pages: int) -> None:
    """Publish a version and edit on, so that the public version must be read from the log."""
    value = {"pages": {f"p{n}": {"title": f"Page {n}", "slug": f"s{n}"} for n in range(pages)}}
    live = await made(services, value=value)
    await services.publisher.publish(live, PIA)
    await services.hub.ask(
        live, WRITER, PatchRequest("", None, [{"op": "remove", "path": "/pages"}])
    )


async def test_invented_pages_cost_one_read_of_the_log(services: Services) -> None:
    await published_long_ago(services, 3)
    published = services.public_cache
    for n in range(200):
        assert await published.fetch(PublicRequest(HOME, 0, f"made-up-{n}"), "br") is None
    assert (published.values.reads, published.bytes) == (1, 0)


async def test_all_pages_of_a_version_share_one_read_of_the_log(
    services: Services,
) -> None:
    await published_long_ago(services, 12)
    found = [
        await services.public_cache.fetch(PublicRequest(HOME, 0, f"s{n}"), "gzip")
        for n in range(12)
    ]
    assert None not in found
    assert services.public_cache.values.reads == 1
