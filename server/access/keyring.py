"""The keyring: finds and caches the keys that verify tokens, and makes keys that sign tokens.

Each token names its key by a key id (`kid`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from collab.errors import Code, Refusal, Rejected
from collab.ids import DocKey, is_tenant_name
from collab.ports.directory import Directory, SigningKey
from collab.ports.store import StorageUnavailable
from collab.rights.user_rights import Rights, Role
from server.access.tokens import Claims, key_id, mint, refuse, verify_token
from server.runtime.batched_lookup import BatchedLookup
from server.runtime.clock import Clock

DEMO_TENANT = "demo"
GUEST_SECONDS = 3600
# A guest who comes back stays the same user for this time after the token has expired. A laptop
# sleeps longer than an hour, and the browser has unsent changes of this user.
GUEST_RETURNS_SECONDS = 30 * 86_400
SECRET_BYTES = 32  # RFC 7518, section 3.2: at least as long as the hash

# After a key is retired, the server may accept its tokens for this time.
KNOWN_SECONDS = 1.0
# How long the server remembers that a kid is unknown. This time may be longer than `KNOWN_SECONDS`:
# no client sends the kid of a key before the key exists.
UNKNOWN_SECONDS = 10.0
MAX_REMEMBERED = 1024
MAX_UNKNOWN = 256  # unknown kids that may wait for the database


@dataclass(frozen=True, slots=True)
class CachedKey:
    """The database's answer for a kid, and how long it stays valid."""

    tenant: str
    key: SigningKey | None
    until: float


class Keyring:
    """A cache of the keys in the directory of tenants (`collab.ports`).

    Invariant:

    - Memory is bounded, however many kids clients send.
    - A kid has one lookup at a time. Its result is kept for at least a second, unless too many
      other kids replace it.
    - Lookups of unknown kids share one query at a time. A kid that the cache knows as valid never
      waits for that query.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._good: OrderedDict[str, CachedKey] = OrderedDict()
        self._bad: OrderedDict[str, CachedKey] = OrderedDict()
        self._lookups: dict[str, asyncio.Future[CachedKey | Refusal | None]] = {}
        self._unknown_kids = BatchedLookup(directory.find_keys)
        self._unknown = 0
        self._signing: CachedKey | None = None

    async def verify(self, token: str, *, late_ms: int = 0) -> Claims:
        """Return the claims of a token, or raise `Rejected`.

        With `late_ms`, a token that has expired is accepted for this time.
        """
        found = await self._find(key_id(token))
        if found.key is None:
            refuse("the token was not signed by a key of this server")
        now = self._clock.now_ms()
        return verify_token(token, found.tenant, found.key, now, late_ms=late_ms)

    async def ensure_key(self, tenant: str) -> SigningKey:
        """Return the tenant's newest active key. Create the tenant and the key when missing."""
        active = [key for key in await self._directory.keys(tenant) if not key.retired_at]
        return active[-1] if active else await self.add_key(tenant)

    async def add_key(self, tenant: str) -> SigningKey:
        """Create a key, and its tenant when missing; return the key."""
        if not is_tenant_name(tenant):
            raise Rejected(
                Code.MALFORMED,
                "a tenant's name must have 1 to 63 lower-case letters, digits and hyphens, "
                "and must not begin with a hyphen",
            )
        now = self._clock.now_ms()
        await self._directory.add_tenant(tenant, now)
        secret = self._clock.token_bytes(SECRET_BYTES)
        key = SigningKey(kid=self._clock.new_id("k"), secret=secret, created_at=now)
        await self._directory.add_key(tenant, key)
        return key

    async def guest(self, earlier: str | None = None) -> tuple[str, Claims]:
        """Make a new guest, who is a publisher of the demo tenant.

        With an earlier guest token, the guest stays the same user: a connection takes no token of
        another user, and unsent changes belong to their user. The earlier token may have expired
        within `GUEST_RETURNS_SECONDS`. Return the guest's token and the claims in it. The token is
        valid for an hour.
        """
        now = self._clock.now_ms()
        rights = Rights(Role.PUBLISHER, expires_at=now + GUEST_SECONDS * 1000)
        guest, name = await self._known_guest(earlier) or self._new_guest()
        claims = Claims(DEMO_TENANT, guest, name, rights, now, kid="")
        return mint(await self._demo_key(), claims), claims

    def _new_guest(self) -> tuple[str, str]:
        guest = self._clock.new_id("guest")
        return guest, f"Guest {guest[-4:]}"

    async def _known_guest(self, token: str | None) -> tuple[str, str] | None:
        """Return the user and the name in a guest token; None for any other token."""
        if token is None:
            return None
        try:
            claims = await self.verify(token, late_ms=GUEST_RETURNS_SECONDS * 1000)
        except Rejected:
            return None
        rights = Rights(Role.PUBLISHER, claims.expires_at)
        is_guest = claims.user.startswith("guest-") and claims.rights == rights
        return (claims.user, claims.name) if is_guest and claims.tenant == DEMO_TENANT else None

    async def forget(self, kid: str) -> None:
        """Refuse the tokens of a key that no longer exists, from now on."""
        while lookup := self._lookups.get(kid):  # it may have found the key before
            await asyncio.wait([lookup])
        self._remember(kid, None)

    async def forget_document(self, key: DocKey) -> None:
        """Refuse the tokens of the share links of a document that was deleted, from now on."""
        if self._lookups:  # they may have found the keys before
            await asyncio.wait(list(self._lookups.values()))
        for kid, held in list(self._good.items()):
            if held.key is not None and (held.tenant, held.key.doc) == (key.tenant, key.doc):
                self._remember(kid, None)

    async def _demo_key(self) -> SigningKey:
        held = self._signing
        if held is None or held.key is None or held.until <= self._clock.monotonic():
            key = await self.ensure_key(DEMO_TENANT)
            held = CachedKey(DEMO_TENANT, key, self._clock.monotonic() + KNOWN_SECONDS)
            self._signing = held
        assert held.key is not None
        return held.key

    async def _find(self, kid: str) -> CachedKey:
        while (found := self._cached(kid)) is None:
            lookup = self._lookups.get(kid)
            if lookup is None:
                return await self._look_up(kid)
            outcome = await asyncio.shield(lookup)
            if isinstance(outcome, Refusal):
                raise Rejected(outcome.code, outcome.message, **outcome.extra)
        return found

    async def _look_up(self, kid: str) -> CachedKey:
        """Ask the database. Callers that need the same kid meanwhile get the same outcome."""
        lookup = self._lookups[kid] = asyncio.get_running_loop().create_future()
        outcome: CachedKey | Refusal | None = None  # None if cancelled: a waiting caller asks again
        try:
            outcome = found = await self._ask(kid)
            return found
        except Rejected as error:
            outcome = error.refusal
            raise
        finally:
            del self._lookups[kid]
            lookup.set_result(outcome)

    def _cached(self, kid: str) -> CachedKey | None:
        found = self._good.get(kid) or self._bad.get(kid)
        if found is None or found.until <= self._clock.monotonic():
            return None
        return found

    async def _ask(self, kid: str) -> CachedKey:
        try:
            if kid in self._good:
                found = await self._directory.find_keys([kid])
                return self._remember(kid, found.get(kid))
            return await self._ask_for_unknown(kid)
        except StorageUnavailable as error:
            raise Rejected(
                Code.STORAGE_UNAVAILABLE, "the database of keys does not answer; try again"
            ) from error

    async def _ask_for_unknown(self, kid: str) -> CachedKey:
        if self._unknown >= MAX_UNKNOWN:
            raise Rejected(
                Code.RATE_LIMITED,
                "too many clients send tokens with unknown keys (kid); try again",
                retry_after_ms=1000,
            )
        self._unknown += 1
        try:
            return self._remember(kid, await self._unknown_kids.get(kid))
        finally:
            self._unknown -= 1

    def _remember(self, kid: str, row: tuple[str, SigningKey] | None) -> CachedKey:
        now = self._clock.monotonic()
        self._good.pop(kid, None)
        self._bad.pop(kid, None)
        if row is not None and not row[1].retired_at:
            return _put(self._good, kid, CachedKey(row[0], row[1], now + KNOWN_SECONDS))
        return _put(self._bad, kid, CachedKey("", None, now + UNKNOWN_SECONDS))


def _put(held: OrderedDict[str, CachedKey], kid: str, found: CachedKey) -> CachedKey:
    held[kid] = found
    if len(held) > MAX_REMEMBERED:
        held.popitem(last=False)
    return found
