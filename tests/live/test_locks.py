"""Edit locks on the patch lane: acquire, renew, take over, follow moves, release, expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.locking import HERO, PAGE, ask, heard, hold, refused, until_heard
from tests.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    env = {"WEFT_TAKE_OVER_GRACE": "0.3", "WEFT_LOCK_TTL": "300"}
    with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as running:
        yield running


async def test_a_lock_is_acknowledged_with_its_secret_and_broadcast(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo)
    assert one.opened["locks"] == []
    ack = await hold(one)
    lock = ack["lock"]
    assert lock["scope"] == HERO
    assert lock["holder"] == {"user": "ada", "name": "Ada", "client": "tab-1"}
    assert len(ack["secret"]) > 30
    told = await until_heard(two, id=lock["id"])
    assert told == {"type": "lock", **lock}
    assert "secret" not in told
    three = await join(doc, bo)
    assert three.opened["locks"] == [lock]


async def test_l10_only_the_holder_may_edit_under_a_lock(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo, client="tab-2")
    lock = (await hold(one))["lock"]
    reject = await refused(two, f"{HERO}/headline", "Mine")
    assert (reject["code"], reject["retryable"], reject["lock"]) == ("locked", True, lock)
    assert (await two.set("/title", "Free"))["type"] == "ack"
    assert (await one.set(f"{HERO}/headline", "Held", fence=lock["fence"]))["type"] == "ack"
    gone = await two.answer(await two.patch({"op": "remove", "path": "/sections"}))
    assert gone["code"] == "locked"


async def test_l2_a_lock_collides_with_locks_above_and_below_it(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    lock = (await hold(one))["lock"]
    for scope in ("", "/sections", HERO, f"{HERO}/cta/label"):
        answer = await ask(two, "acquire", scope=scope)
        assert (answer["code"], answer["lock"]["id"]) == ("locked", lock["id"])
    assert (await ask(two, "acquire", scope="/sections/1"))["type"] == "ack"


async def test_another_tab_of_the_same_user_is_another_holder(
    join: Join, ada: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, ada, client="tab-2")
    lock = (await hold(one))["lock"]
    assert (await refused(two, f"{HERO}/headline", "Mine"))["code"] == "locked"
    assert (await ask(two, "acquire", scope=HERO))["code"] == "locked"
    assert (await ask(two, "renew", lock_id=lock["id"]))["code"] == "locked"


async def test_acquire_and_the_patch_under_it_may_share_a_frame(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    op = {"op": "replace", "path": f"{HERO}/headline", "value": "At once"}
    before = {"op": "replace", "path": "/title", "value": "Before"}
    one.sent |= {"p1": [before], "p2": [op]}
    await one.send(
        {"type": "patch", "id": "p1", "base": 1, "ops": [before]},
        {"type": "lock", "id": "l1", "action": "acquire", "scope": HERO, "base": 1},
        {"type": "patch", "id": "p2", "base": 1, "ops": [op]},
    )
    answers = [await one.answer(name) for name in ("p1", "l1", "p2")]
    assert [answer["type"] for answer in answers] == ["ack"] * 3
    assert [answer["version"] for answer in answers] == [2, 2, 3]
    await two.until_version(3)
    assert two.value["sections"][0]["headline"] == "At once"


async def test_a_scope_is_relocated_from_its_base(join: Join, ada: str, bo: str, doc: str) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    add = {"op": "add", "path": "/sections/0", "value": {"id": "new", "type": "hero"}}
    await two.answer(await two.patch(add))
    ack = await ask(one, "acquire", scope=HERO, base=1)
    assert ack["lock"]["scope"] == "/sections/1"
    await two.answer(await two.patch({"op": "remove", "path": "/sections/3"}))
    answer = await ask(two, "acquire", scope="/sections/3", base=2)
    assert answer["code"] == "path_not_found"
    assert (await ask(two, "acquire", scope="/title", base=99))["code"] == "unknown_version"


async def test_a_scope_that_is_absent_at_its_base_is_refused(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    await two.answer(await two.patch({"op": "add", "path": "/late", "value": {"a": [1, 2]}}))
    await one.until_version(2)
    for scope, base in ((HERO, 0), ("/title", 0), ("/late", 0), ("/late", 1), ("/late/a/1", 1)):
        answer = await ask(one, "acquire", scope=scope, base=base)
        assert (answer["type"], answer["code"]) == ("reject", "path_not_found"), (scope, base)
    assert (await ask(one, "acquire", scope="/late", base=2))["type"] == "ack"
    assert (await ask(two, "acquire", scope=HERO, base=1))["type"] == "ack"


async def test_l8_a_lock_follows_its_section_and_ends_when_it_is_deleted(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    lock = (await hold(one))["lock"]
    add = {"op": "add", "path": "/sections/0", "value": {"id": "new", "type": "hero"}}
    assert (await two.answer(await two.patch(add)))["type"] == "ack"
    moved = await until_heard(one, id=lock["id"], scope="/sections/1")
    assert moved["fence"] == lock["fence"]
    assert (await refused(two, "/sections/1/headline", "Mine"))["code"] == "locked"
    assert (await two.set("/sections/0/type", "cards"))["type"] == "ack"
    await one.until_version(3)
    move = {"op": "move", "from": "/sections/1", "path": "/sections/3"}
    assert (await one.answer(await one.patch(move)))["type"] == "ack"
    await until_heard(two, id=lock["id"], scope="/sections/3")
    gone = {"op": "remove", "path": "/sections/3"}
    assert (await one.answer(await one.patch(gone)))["type"] == "ack"
    ended = await until_heard(two, id=lock["id"], holder=None)
    assert ended["reason"] == "deleted"
    assert (await join(doc, bo)).opened["locks"] == []


async def test_renew_extends_a_lock_and_release_ends_it(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    first = await hold(one, ttl=60)
    second = await ask(one, "renew", lock_id=first["lock"]["id"], ttl=600)
    assert second["lock"]["fence"] == first["lock"]["fence"]
    assert second["lock"]["expires_at"] > first["lock"]["expires_at"]
    assert second["secret"] != first["secret"]
    again = await ask(one, "acquire", scope=HERO)
    assert again["lock"]["id"] == first["lock"]["id"]
    done = await ask(one, "release", scope=HERO)
    assert (done["lock"]["holder"], done["lock"]["reason"]) == (None, "released")
    await until_heard(two, id=first["lock"]["id"], holder=None, reason="released")
    assert (await ask(one, "renew", lock_id=first["lock"]["id"]))["code"] == "stale_lock"
    assert (await ask(one, "release", lock_id="l-99999"))["code"] == "not_found"


async def test_l5_the_holder_is_asked_about_a_take_over_and_may_decline(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo, client="tab-2")
    lock = (await hold(one))["lock"]
    claim = await ask(two, "take_over", lock_id=lock["id"])
    assert claim["lock"]["claimed_by"] == {"user": "bo", "name": "Bo", "client": "tab-2"}
    told = await until_heard(one, id=lock["id"], claimed_by=claim["lock"]["claimed_by"])
    assert told["yields_at"] < told["expires_at"]
    kept = await ask(one, "keep", lock_id=lock["id"])
    assert "claimed_by" not in kept["lock"]
    await two.until(lambda: "claimed_by" not in heard(two)[-1])
    assert (await refused(two, f"{HERO}/headline", "Mine"))["code"] == "locked"


async def test_a_silent_holder_loses_the_lock_and_its_late_edits_are_stale(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo, client="tab-2")
    lock = (await hold(one))["lock"]
    await ask(two, "take_over", lock_id=lock["id"])
    ended = await until_heard(one, id=lock["id"], holder=None)
    assert ended["reason"] == "taken_over"
    new = await until_heard(two, holder={"user": "bo", "name": "Bo", "client": "tab-2"})
    assert new["scope"] == HERO
    assert new["fence"] > lock["fence"]
    late = await refused(one, f"{HERO}/headline", "Late", fence=lock["fence"])
    assert (late["code"], late["lock"]["id"]) == ("stale_lock", new["id"])
    assert (await refused(one, "/title", "Late", fence=lock["fence"]))["code"] == "stale_lock"
    mine = await two.set(f"{HERO}/headline", "Mine", fence=new["fence"])
    assert mine["type"] == "ack"
    assert "secret" in await ask(two, "renew", lock_id=new["id"])


async def test_l6_an_admin_does_not_wait(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    boss = await join(doc, await server.mint("eve", Role.ADMIN))
    lock = (await hold(one))["lock"]
    taken = await ask(boss, "take_over", lock_id=lock["id"])
    assert taken["lock"]["holder"]["user"] == "eve"
    assert (await until_heard(one, id=lock["id"], holder=None))["reason"] == "taken_over"
    assert (await boss.set(f"{HERO}/headline", "Boss"))["type"] == "ack"


async def test_a_lock_that_is_not_renewed_expires_and_clients_are_told(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    lock = (await hold(one, ttl=0.1))["lock"]  # raised to the minimum of a second
    ended = await until_heard(two, id=lock["id"], holder=None)
    assert ended["reason"] == "expired"
    assert (await two.set(f"{HERO}/headline", "Free"))["type"] == "ack"


async def test_a_socket_that_closes_releases_nothing(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo)
    lock = (await hold(one))["lock"]
    await one.close()
    assert (await refused(two, f"{HERO}/headline", "Mine"))["code"] == "locked"
    back = await join(doc, ada, client="tab-1")
    assert back.opened["locks"] == [lock]
    mine = await back.set(f"{HERO}/headline", "Back", fence=lock["fence"])
    assert mine["type"] == "ack"


async def test_a_slow_reader_gets_locks_relocated_to_its_version(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    slow = await join(doc, bo, max_fps=1)
    await one.set("/title", "Two")
    await slow.until_version(2)
    add = {"op": "add", "path": "/sections/0", "value": {"id": "new"}}
    await one.answer(await one.patch(add))
    gone = (await hold(one, "/title"))["lock"]
    await ask(one, "release", lock_id=gone["id"])
    lock = (await hold(one, "/sections/1"))["lock"]
    assert slow.version == 2
    assert heard(slow) == []
    assert await until_heard(slow, id=lock["id"]) == {"type": "lock", **lock}
    assert slow.version == 3
    assert len(heard(slow)) == 1


async def test_undo_and_redo_respect_the_locks_of_others(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    await two.set("/title", "Two")
    await two.set(f"{HERO}/headline", "Two")
    await one.until_version(3)
    lock = (await hold(one))["lock"]
    await two.send({"type": "undo", "id": "u1"})
    answer = await two.answer("u1")
    assert (answer["code"], answer["lock"]["id"]) == ("locked", lock["id"])
    await two.send({"type": "undo", "id": "u2", "scope": "/title"})
    assert (await two.answer("u2"))["ops"] == [
        {"op": "replace", "path": "/title", "value": "Landing"}
    ]
    await ask(one, "release", lock_id=lock["id"])
    await two.send({"type": "undo", "id": "u3"})
    assert (await two.answer("u3"))["type"] == "ack"
    await one.until_version(5)
    assert one.value == PAGE
    await hold(one)
    await two.send({"type": "redo", "id": "r1"})
    assert (await two.answer("r1"))["code"] == "locked"


async def test_a_viewer_gets_no_lock_and_sections_limit_lock_scopes(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    await join(doc, ada, create=PAGE)
    viewer = await join(doc, await server.mint("vi", Role.VIEWER))
    for action in ("acquire", "take_over"):
        assert (await ask(viewer, action, scope=HERO))["code"] == "forbidden"
    narrow = await join(doc, await server.mint("na", sections=("/sections/1",)))
    assert (await ask(narrow, "acquire", scope=""))["code"] == "forbidden"
    assert (await ask(narrow, "acquire", scope="/sections/1"))["type"] == "ack"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"action": "acquire"}, "malformed"),
        ({"action": "acquire", "scope": "sections"}, "malformed"),
        ({"action": "acquire", "scope": "/nowhere"}, "path_not_found"),
        ({"action": "acquire", "scope": "/a" * 2000}, "path_not_found"),
        ({"action": "acquire", "scope": "/a" * 5000}, "malformed"),
        ({"action": "acquire", "scope": 7}, "malformed"),
        ({"action": "acquire", "scope": "", "base": -1}, "unknown_version"),
        ({"action": "steal", "scope": ""}, "malformed"),
        ({"action": "renew"}, "malformed"),
        ({"action": "keep", "lock_id": "l-1/../x"}, "not_found"),
        ({"action": "keep", "lock_id": "l-٣"}, "not_found"),
        ({"action": "release", "scope": "/title"}, "not_found"),
        ({"action": "acquire", "scope": "", "ttl": "long"}, "malformed"),
    ],
)
async def test_invalid_lock_requests_are_refused(
    join: Join, ada: str, doc: str, fields: dict[str, Any], code: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, ada)
    answer = await ask(one, **fields)
    assert answer["code"] == code
    assert (await two.set("/title", "Still here"))["type"] == "ack"
