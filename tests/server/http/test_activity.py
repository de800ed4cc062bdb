"""The activity of a tenant over HTTP: which changes it shows, to whom, and in which pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from collab.ids import DocKey
from collab.ports.audit import ActivityRow, AuditRow
from collab.rights.user_rights import Rights, Role
from server.access.tokens import Claims, mint
from server.app import build
from server.http.activity import GAP_MS, MOST_ROWS, grouped
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore

WELCOME = {"title": "Welcome"}


@pytest.fixture
async def app() -> AsyncIterator[Starlette]:
    application = build(Settings(), MemoryStore())
    async with application.router.lifespan_context(application):
        yield application


class World:
    """Clients of one server, each with a token of its own."""

    def __init__(self, app: Starlette) -> None:
        self.services: Services = app.state.services
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://weft")

    async def call(self, user: str, method: str, path: str, body: Any = None, **rights: Any) -> Any:
        now = self.services.clock.now_ms()
        role = rights.pop("role", Role.ADMIN)
        tenant = "acme" if user == "stranger" else "demo"
        key = await self.services.keyring.ensure_key(tenant)
        claims = Claims(tenant, user, user.title(), Rights(role, now + 60_000, **rights), now, "")
        headers = {"Authorization": f"Bearer {mint(key, claims)}"}
        return await self._http.request(method, path, json=body, headers=headers)

    async def activity(self, user: str = "ada", query: str = "", **rights: Any) -> Any:
        await self.services.recorder.trail.flush()
        found = await self.call(user, "GET", f"/v1/activity{query}", **rights)
        assert found.status_code == 200, found.text
        assert found.headers["cache-control"] == "no-store"
        return found.json()


@pytest.fixture
def world(app: Starlette) -> World:
    return World(app)


def title(text: str) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": "/title", "value": text}]


async def test_the_list_says_who_changed_which_document(world: World) -> None:
    await world.call("ada", "PUT", "/v1/docs/home", WELCOME)
    for text in ("One", "Two"):
        await world.call("bo", "PATCH", "/v1/docs/home", title(text))
    await world.call("bo", "POST", "/v1/docs/home/undo", {})
    await world.call("ada", "POST", "/v1/docs/home/publish", {})
    await world.call("ada", "PUT", "/v1/docs/sale", {})
    await world.call("ada", "DELETE", "/v1/docs/sale")
    items = (await world.activity("cleo", role=Role.VIEWER))["items"]
    told = {(each["name"], each["action"], each["doc"], each["changes"]) for each in items}
    assert told == {
        ("Ada", "create", "home", 1),
        ("Bo", "edit", "home", 3),
        ("Ada", "publish", "home", 1),
        ("Ada", "create", "sale", 1),
        ("Ada", "delete", "sale", 1),
    }
    [edit] = [each for each in items if each["action"] == "edit"]
    assert (edit["user"], edit["title"], edit["version"]) == ("bo", "One", 4)
    assert edit["since"] <= edit["at"]
    assert [each["doc"] for each in items if each.get("deleted")] == ["sale", "sale"]
    assert "127.0.0.1" not in str(items)


async def test_only_documents_that_the_token_may_see_are_listed(world: World) -> None:
    for doc in ("home", "hidden"):
        await world.call("ada", "PUT", f"/v1/docs/{doc}", WELCOME)
    found = await world.activity("bo", docs=("ho*",), role=Role.VIEWER)
    assert [each["doc"] for each in found["items"]] == ["home"]
    assert (await world.activity("stranger"))["items"] == []


async def test_the_token_of_a_share_link_reads_no_activity(world: World) -> None:
    await world.call("ada", "PUT", "/v1/docs/home", WELCOME)
    link = (await world.call("ada", "POST", "/v1/docs/home/share", {"role": "viewer"})).json()
    headers = {"Authorization": f"Bearer {link['token']}"}
    refused = await world._http.get("/v1/activity", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await world._http.get("/v1/activity")).status_code == 401


@pytest.mark.parametrize("query", ["?limit=0", "?limit=-1", "?cursor=x", "?cursor=-1"])
async def test_a_wrong_limit_or_cursor_is_malformed(world: World, query: str) -> None:
    refused = await world.call("ada", "GET", f"/v1/activity{query}")
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


async def test_pages_together_have_each_change_once(world: World) -> None:
    for n in range(7):
        await world.call("ada", "PUT", f"/v1/docs/page-{n}", WELCOME)
    found, query = [], "?limit=3"
    while query:
        page = await world.activity(query=query)
        assert len(page["items"]) <= 3
        found += [each["doc"] for each in page["items"]]
        query = f"?limit=3&cursor={page['cursor']}" if "cursor" in page else ""
    assert found == [f"page-{n}" for n in reversed(range(7))]


async def test_a_page_of_only_hidden_rows_is_empty_and_has_a_cursor(world: World) -> None:
    key, rows = DocKey("demo", "hidden"), [AuditRow(1, "ada", "edit")] * MOST_ROWS
    shown = (DocKey("demo", "home"), AuditRow(1, "ada", "edit"))
    await world.services.store.write_audit([shown, *((key, row) for row in rows)])
    page = await world.activity("bo", docs=("ho*",))
    assert page["items"] == []
    [item] = (await world.activity("bo", f"?cursor={page['cursor']}", docs=("ho*",)))["items"]
    assert item["doc"] == "home"


# --- items --------------------------------------------------------------------------------------


def rows(*given: tuple[str, str, int]) -> list[ActivityRow]:
    """Return rows of (user, action, minute), newest first."""
    return [
        ActivityRow(100 - n, "home", "", False, AuditRow(minute * 60_000, user, action))
        for n, (user, action, minute) in enumerate(given)
    ]


def shown(given: list[ActivityRow], limit: int = 9) -> list[tuple[str, str, int]]:
    return [(each.user, each.action, each.changes) for each in grouped(given, limit)[0]]


def test_changes_of_two_people_at_once_are_one_item_each() -> None:
    found = shown(
        rows(("ada", "edit", 3), ("bo", "edit", 3), ("ada", "undo", 2), ("bo", "edit", 1))
    )
    assert found == [("ada", "edit", 2), ("bo", "edit", 2)]


def test_a_long_pause_begins_another_item() -> None:
    minutes = GAP_MS // 60_000
    near = rows(("ada", "edit", 2 * minutes), ("ada", "edit", minutes))
    assert shown(near) == [("ada", "edit", 2)]
    far = rows(("ada", "edit", 2 * minutes + 1), ("ada", "edit", minutes))
    assert shown(far) == [("ada", "edit", 1)] * 2


def test_the_next_page_starts_at_the_first_row_without_an_item() -> None:
    given = rows(("ada", "edit", 3), ("ada", "edit", 2), ("bo", "edit", 2), ("ada", "edit", 1))
    items, rest = grouped(given, 1)
    assert (len(items), items[0].changes, rest) == (1, 2, 99)
    assert shown([row for row in given if row.number < 99]) == [
        ("bo", "edit", 1),
        ("ada", "edit", 1),
    ]


def test_damaged_details_are_left_out() -> None:
    row = AuditRow(1, "ada", "edit", detail={"name": 7, "requests": "many", "version": None})
    [item], _ = grouped([ActivityRow(1, "home", "", False, row)], 9)
    assert (item.name, item.changes, item.version) == ("ada", 1, 0)
