"""The keyring: whose key signed a token, remembered for a moment, and the keys we sign with."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from collab.errors import Code, Refusal, Rejected
from collab.ids import is_tenant_name
from collab.ports.store import Directory, SigningKey, StorageUnavailable
from collab.rights.user_rights import Rights, Role
from server.access.tokens import Claims, key_id, mint, open_token, refuse
from server.runtime.clock import Clock
from server.runtime.gathering import Gathering

DEMO_TENANT = "demo"
GUEST_SECONDS = 3600
SECRET_BYTES = 32  # RFC 7518, section 3.2: no shorter than the hash

KNOWN_SECONDS = 1.0  # a retired key signs nobody in for longer than this
UNKNOWN_SECONDS = 10.0  # nobody can hold a token of a key that is yet to be made
MAX_REMEMBERED = 1024
MAX_STRANGERS = 256  # kids never seen good that wait for the database


@dataclass(frozen=True, slots=True)
class Found:
    """What the database said of a kid, and until when that is believed."""

    tenant: str
    key: SigningKey | None
    until: float


class Keyring:
    """The directory's keys, a short way off.

    Invariant: memory is bounded whatever kids are asked for; the database is asked for one kid
    once at a time, and once a second at most. However many invented kids are presented, they are in
    one question at a time, and lookups of keys that have been good before never wait behind it.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._good: OrderedDict[str, Found] = OrderedDict()
        self._bad: OrderedDict[str, Found] = OrderedDict()
        self._flights: dict[str, asyncio.Future[Found | Refusal | None]] = {}
        self._strange = Gathering(directory.find_keys)
        self._strangers = 0
        self._signing: Found | None = None

    async def verify(self, token: str) -> Claims:
        """Who the token speaks for; raises `Rejected`."""
        found = await self._find(key_id(token))
        if found.key is None:
            refuse("the token was not signed by a key of this server")
        return open_token(token, found.tenant, found.key, self._clock.now_ms())

    async def ensure_key(self, tenant: str) -> SigningKey:
        """The tenant's newest active key; makes the tenant, and the key, where there is none."""
        active = [key for key in await self._directory.keys(tenant) if not key.retired_at]
        return active[-1] if active else await self.add_key(tenant)

    async def add_key(self, tenant: str) -> SigningKey:
        if not is_tenant_name(tenant):
            raise Rejected(
                Code.MALFORMED,
                "a tenant's name is 1 to 63 small letters, digits and hyphens, no hyphen first",
            )
        now = self._clock.now_ms()
        await self._directory.add_tenant(tenant, now)
        secret = self._clock.token_bytes(SECRET_BYTES)
        key = SigningKey(kid=self._clock.new_id("k"), secret=secret, created_at=now)
        await self._directory.add_key(tenant, key)
        return key

    async def guest(self) -> tuple[str, Claims]:
        """A token for an hour as a publisher of the demo tenant, and what it says."""
        guest = self._clock.new_id("guest")
        now = self._clock.now_ms()
        rights = Rights(Role.PUBLISHER, expires_at=now + GUEST_SECONDS * 1000)
        claims = Claims(DEMO_TENANT, guest, f"Guest {guest[-4:]}", rights, now, kid="")
        return mint(await self._demo_key(), claims), claims

    async def _demo_key(self) -> SigningKey:
        held = self._signing
        if held is None or held.key is None or held.until <= self._clock.monotonic():
            key = await self.ensure_key(DEMO_TENANT)
            held = Found(DEMO_TENANT, key, self._clock.monotonic() + KNOWN_SECONDS)
            self._signing = held
        assert held.key is not None
        return held.key

    async def _find(self, kid: str) -> Found:
        while (found := self._remembered(kid)) is None:
            flight = self._flights.get(kid)
            if flight is None:
                return await self._lead(kid)
            outcome = await asyncio.shield(flight)
            if isinstance(outcome, Refusal):
                raise Rejected(outcome.code, outcome.message, **outcome.extra)
        return found

    async def _lead(self, kid: str) -> Found:
        """Ask for everybody who comes with this kid meanwhile; they share what comes of it."""
        flight = self._flights[kid] = asyncio.get_running_loop().create_future()
        outcome: Found | Refusal | None = None  # None, when cancelled: the next one asks
        try:
            outcome = found = await self._ask(kid)
            return found
        except Rejected as error:
            outcome = error.refusal
            raise
        finally:
            del self._flights[kid]
            flight.set_result(outcome)

    def _remembered(self, kid: str) -> Found | None:
        found = self._good.get(kid) or self._bad.get(kid)
        if found is None or found.until <= self._clock.monotonic():
            return None
        return found

    async def _ask(self, kid: str) -> Found:
        try:
            if kid in self._good:
                found = await self._directory.find_keys([kid])
                return self._remember(kid, found.get(kid))
            return await self._ask_for_stranger(kid)
        except StorageUnavailable as error:
            raise Rejected(
                Code.STORAGE_UNAVAILABLE, "the keys cannot be read at the moment"
            ) from error

    async def _ask_for_stranger(self, kid: str) -> Found:
        if self._strangers >= MAX_STRANGERS:
            raise Rejected(
                Code.RATE_LIMITED, "too many unknown keys are being tried", retry_after_ms=1000
            )
        self._strangers += 1
        try:
            return self._remember(kid, await self._strange.get(kid))
        finally:
            self._strangers -= 1

    def _remember(self, kid: str, row: tuple[str, SigningKey] | None) -> Found:
        now = self._clock.monotonic()
        self._good.pop(kid, None)
        self._bad.pop(kid, None)
        if row is not None and not row[1].retired_at:
            return _put(self._good, kid, Found(row[0], row[1], now + KNOWN_SECONDS))
        return _put(self._bad, kid, Found("", None, now + UNKNOWN_SECONDS))


def _put(held: OrderedDict[str, Found], kid: str, found: Found) -> Found:
    held[kid] = found
    if len(held) > MAX_REMEMBERED:
        held.popitem(last=False)
    return found
