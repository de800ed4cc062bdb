"""One budget of a user pays for all new documents; a tenant has a limited number of documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from collab.errors import Code, Rejected
from collab.flow.budget import Allowance
from collab.ids import DocKey
from server.app import build
from server.documents.creations import Creations
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock
from tests.server.heavy import http_of

KEYS = [DocKey("demo", f"d{n}") for n in range(9)]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Starlette]:
    app = build(settings, MemoryStore())
    async with app.router.lifespan_context(app):
        yield app


def test_b11_one_budget_pays_for_all_new_documents_of_a_user() -> None:
    clock = ManualClock()
    creations = Creations(Allowance(100, 1000), clock)
    for key in KEYS[:3]:
        creations.charge(key, "ada", 400)
    with pytest.raises(Rejected) as caught:
        creations.charge(KEYS[3], "ada", 1)
    assert caught.value.refusal.code is Code.RATE_LIMITED
    assert caught.value.refusal.extra["retry_after_ms"] == 2000
    creations.charge(KEYS[3], "bo", 400)
    creations.charge(DocKey("acme", "d0"), "ada", 400)
    clock.advance(2.0)
    creations.charge(KEYS[3], "ada", 10**9)  # costs at most one burst
    clock.advance(10.0)
    creations.check(KEYS[4], "ada")


def test_b11_the_update_that_creates_a_document_may_leave_a_debt() -> None:
    creations = Creations(Allowance(100, 1000), ManualClock())
    for _ in range(2):
        creations.charge_update(KEYS[0], "ada", 600)
    creations.check(KEYS[0], "bo")
    with pytest.raises(Rejected):
        creations.check(KEYS[0], "ada")


def test_b11_without_a_rate_nothing_is_charged() -> None:
    creations = Creations(Allowance(0, 1000), ManualClock())
    for key in KEYS:
        creations.charge(key, "ada", 10**9)


async def test_b11_a_put_above_the_budget_is_refused_before_the_write() -> None:
    settings = Settings(new_bytes_per_second=1, new_burst=2500, in_bytes_per_second=0)
    async with serving(settings) as app, http_of(app) as http:
        body = {"text": "x" * 1000}
        puts = [http.put(f"/v1/docs/d{n}", json=body) for n in range(6)]
        statuses = [answer.status_code for answer in await asyncio.gather(*puts)]
        assert sorted(statuses) == [201, 201, 201, 429, 429, 429]
        refused = await http.put("/v1/docs/e", json=body)
        assert (refused.json()["code"], "retry-after" in refused.headers) == ("rate_limited", True)
        assert len((await http.get("/v1/docs")).json()["items"]) == 3


async def test_b12_concurrent_creations_never_exceed_the_tenants_limit() -> None:
    async with serving(Settings(max_documents=3)) as app, http_of(app) as http:
        puts = [http.put(f"/v1/docs/d{n}", json={"n": n}) for n in range(8)]
        answers = await asyncio.gather(*puts)
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [403] * 5
        refused = [answer.json()["code"] for answer in answers if answer.status_code == 403]
        assert set(refused) == {"quota_exceeded"}
        [first, *_] = (await http.get("/v1/docs")).json()["items"]
        url = f"/v1/docs/{first['doc']}"
        archive = (await http.get(f"{url}/export")).content
        imported = await http.post("/v1/docs/copy/import", content=archive)
        assert imported.json()["code"] == "quota_exceeded"
        assert (await http.get("/v1/docs/copy")).status_code == 404
        assert (await http.delete(url)).status_code == 204
        assert (await http.post("/v1/docs/copy/import", content=archive)).status_code == 201
        services: Services = app.state.services
        assert len(services.hub.lives) <= 4
