"""The keyring: several keys, retirement within a second, and cheap refusal of invented keys."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt
import pytest

from collab.errors import Code, Rejected
from collab.ports.directory import SigningKey
from collab.rights.user_rights import Rights, Role
from server.access import keyring
from server.access.keyring import (
    GUEST_RETURNS_SECONDS,
    GUEST_SECONDS,
    KNOWN_SECONDS,
    MAX_UNKNOWN,
    UNKNOWN_SECONDS,
    Keyring,
)
from server.access.tokens import Claims, mint
from tests.directory import WatchedDirectory
from tests.manual_clock import ManualClock


class House:
    """A keyring, with its directory and its clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.directory = WatchedDirectory()
        self.keyring = Keyring(self.directory, self.clock)

    def token(self, key: SigningKey, tenant: str = "demo", user: str = "ada") -> str:
        now = self.clock.now_ms()
        return mint(key, Claims(tenant, user, "", Rights(Role.EDITOR, now + 10**7), now, ""))

    def garbage(self, kid: str) -> str:
        return self.token(SigningKey(kid=kid, secret=b"g" * 32, created_at=0))

    async def refused(self, token: str) -> Code:
        with pytest.raises(Rejected) as caught:
            await self.keyring.verify(token)
        return caught.value.refusal.code


@pytest.fixture
def house() -> House:
    return House()


async def spin(rounds: int = 20) -> None:
    """Let every task run that can."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def test_a_token_of_the_tenants_key_is_verified(house: House) -> None:
    key = await house.keyring.ensure_key("demo")
    claims = await house.keyring.verify(house.token(key))
    assert (claims.tenant, claims.user, claims.kid) == ("demo", "ada", key.kid)


async def test_ensuring_a_key_twice_gives_the_same(house: House) -> None:
    assert await house.keyring.ensure_key("demo") == await house.keyring.ensure_key("demo")
    assert await house.directory.tenants() == ["demo"]


async def test_several_keys_of_a_tenant_are_active_at_once(house: House) -> None:
    keys = [await house.keyring.ensure_key("demo")]
    house.clock.advance(1)
    keys.append(await house.keyring.add_key("demo"))
    for key in keys:
        assert (await house.keyring.verify(house.token(key))).kid == key.kid
    assert await house.keyring.ensure_key("demo") == keys[1]


async def test_a_secret_is_as_long_as_its_hash(house: House) -> None:
    assert len((await house.keyring.ensure_key("demo")).secret) == 32


@pytest.mark.parametrize("tenant", ["", "Demo", "-a", "a" * 64, "a b", "a\n", "é"])
async def test_a_tenant_with_an_invalid_name_is_refused(house: House, tenant: str) -> None:
    with pytest.raises(Rejected):
        await house.keyring.ensure_key(tenant)
    assert await house.directory.tenants() == []


async def test_a_key_of_one_tenant_does_not_sign_for_another(house: House) -> None:
    key = await house.keyring.ensure_key("other")
    await house.keyring.ensure_key("demo")
    assert await house.refused(house.token(key, tenant="demo")) is Code.UNAUTHENTICATED


async def test_a_retired_key_stops_within_a_second(house: House) -> None:
    key = await house.keyring.ensure_key("demo")
    token = house.token(key)
    await house.keyring.verify(token)
    await house.directory.retire_key("demo", key.kid, house.clock.now_ms())
    house.clock.advance(KNOWN_SECONDS)
    assert await house.refused(token) is Code.UNAUTHENTICATED
    assert (await house.keyring.ensure_key("demo")).kid != key.kid


async def test_a_key_is_looked_up_at_most_once_a_second(house: House) -> None:
    token = house.token(await house.keyring.ensure_key("demo"))
    for _ in range(50):
        await house.keyring.verify(token)
    assert len(house.directory.lookups) == 1


async def test_many_requests_with_one_key_share_a_query(house: House) -> None:
    token = house.token(await house.keyring.ensure_key("demo"))
    house.directory.answering.clear()
    async with asyncio.TaskGroup() as crowd:
        verdicts = [crowd.create_task(house.keyring.verify(token)) for _ in range(100)]
        await spin()
        house.directory.answering.set()
    assert {task.result().user for task in verdicts} == {"ada"}
    assert len(house.directory.lookups) == 1


async def test_an_unknown_key_is_cached(house: House) -> None:
    token = house.garbage("k-never")
    for _ in range(50):
        assert await house.refused(token) is Code.UNAUTHENTICATED
    assert len(house.directory.lookups) == 1
    house.clock.advance(UNKNOWN_SECONDS)
    await house.refused(token)
    assert len(house.directory.lookups) == 2


async def test_invented_keys_do_not_fill_memory(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "MAX_REMEMBERED", 50)
    for number in range(70):
        await house.refused(house.garbage(f"k-{number}"))
    assert len(house.keyring._bad) == 50
    assert not house.keyring._lookups


async def test_invented_keys_share_queries_and_do_not_delay_known_ones(
    house: House,
) -> None:
    token = house.token(await house.keyring.ensure_key("demo"))
    await house.keyring.verify(token)
    house.clock.advance(KNOWN_SECONDS)
    house.directory.answering.clear()
    async with asyncio.TaskGroup() as tasks:
        crowd = [tasks.create_task(house.refused(house.garbage(f"k-{n}"))) for n in range(300)]
        await spin()
        assert house.directory.under_way == 1
        known = tasks.create_task(house.keyring.verify(token))
        await spin()
        assert house.directory.under_way == 2
        house.directory.answering.set()
    assert known.result().user == "ada"
    codes = [task.result() for task in crowd]
    assert codes.count(Code.RATE_LIMITED) == 300 - MAX_UNKNOWN
    assert codes.count(Code.UNAUTHENTICATED) == MAX_UNKNOWN
    assert house.directory.questions <= 5, "two for known keys, three for 256 invented keys"


async def test_a_database_that_is_down_is_storage_unavailable(house: House) -> None:
    token = house.token(await house.keyring.ensure_key("demo"))
    house.directory.down = True
    assert await house.refused(token) is Code.STORAGE_UNAVAILABLE
    house.directory.down = False
    assert (await house.keyring.verify(token)).user == "ada"


async def test_requests_that_share_a_query_share_its_failure(house: House) -> None:
    token = house.token(await house.keyring.ensure_key("demo"))
    house.directory.down = True
    house.directory.answering.clear()
    async with asyncio.TaskGroup() as tasks:
        crowd = [tasks.create_task(house.refused(token)) for _ in range(30)]
        await spin()
        house.directory.answering.set()
    assert {task.result() for task in crowd} == {Code.STORAGE_UNAVAILABLE}
    assert len(house.directory.lookups) == 1


async def test_a_waiter_asks_again_when_the_query_was_cancelled(house: House) -> None:
    token = house.token(await house.keyring.ensure_key("demo"))
    house.directory.answering.clear()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(house.keyring.verify(token))
        second = tasks.create_task(house.keyring.verify(token))
        await spin()
        first.cancel()
        await spin()
        house.directory.answering.set()
    assert second.result().user == "ada"
    assert len(house.directory.lookups) == 2


async def test_a_guest_is_a_publisher_of_the_demo_for_an_hour(house: House) -> None:
    token, told = await house.keyring.guest()
    claims = await house.keyring.verify(token)
    assert (claims.user, claims.name) == (told.user, told.name)
    assert (claims.tenant, claims.role) == ("demo", Role.PUBLISHER)
    assert claims.expires_at == claims.issued_at + 3_600_000
    assert claims.name.startswith("Guest ")


async def test_a_guest_who_comes_back_stays_the_same_user_for_thirty_days(house: House) -> None:
    first, told = await house.keyring.guest()
    for seconds in (GUEST_SECONDS - 1, 2, GUEST_RETURNS_SECONDS - 2):
        house.clock.advance(seconds)
        later, again = await house.keyring.guest(first)
        assert (again.user, again.name) == (told.user, told.name)
        assert (await house.keyring.verify(later)).user == told.user
    assert await house.refused(first) is Code.UNAUTHENTICATED, "it is good for a renewal only"
    house.clock.advance(1)
    assert (await house.keyring.guest(first))[1].user != told.user


@pytest.mark.parametrize(
    ("tenant", "user", "rights"),
    [
        ("demo", "ada", {}),
        ("acme", "guest-1", {}),
        ("demo", "guest-1", {"role": Role.VIEWER}),
        ("demo", "guest-1", {"docs": ("home",)}),
        ("demo", "guest-1", {"sections": ("/a",)}),
    ],
)
async def test_a_token_that_is_no_guest_token_makes_a_new_guest(
    house: House, tenant: str, user: str, rights: dict[str, Any]
) -> None:
    now = house.clock.now_ms()
    fields = {"role": Role.PUBLISHER, "expires_at": now + 60_000, **rights}
    claims = Claims(tenant, user, "Ada", Rights(**fields), now, kid="")
    token = mint(await house.keyring.ensure_key(tenant), claims)
    for given in (token, "no token"):
        guest = (await house.keyring.guest(given))[1]
        assert guest.user != user
        assert guest.user.startswith("guest-")


async def test_every_guest_is_another_user(house: House) -> None:
    tokens = [(await house.keyring.guest())[0] for _ in range(20)]
    assert len({(await house.keyring.verify(token)).user for token in tokens}) == 20
    assert len(await house.directory.keys("demo")) == 1


async def test_a_foreign_secret_under_a_known_kid_is_refused(house: House) -> None:
    key = await house.keyring.ensure_key("demo")
    claims: dict[str, Any] = {"tid": "demo", "sub": "eve", "role": "admin", "aud": "weft"}
    claims |= {"iat": 1_800_000_000, "exp": 1_800_000_100}
    forged = jwt.encode(claims, b"e" * 32, algorithm="HS256", headers={"kid": key.kid})
    assert await house.refused(forged) is Code.UNAUTHENTICATED
