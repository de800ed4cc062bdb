"""Share links: makes them, ends them, and drops them after they have expired.

The token of a share link is a JWT like any other. Its key exists only for this link. So the server
refuses the token as soon as the link is gone.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from collab.errors import Code, Rejected
from collab.ports.directory import ShareLink, SigningKey
from collab.rights.user_rights import Rights, Role
from server.access.authentication import not_found
from server.access.keyring import SECRET_BYTES
from server.access.tokens import Claims, mint

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.ports.store import Store
    from server.access.keyring import Keyring
    from server.runtime.clock import Clock
    from server.runtime.settings import Settings

# A share link gives one of these roles, so that its holder changes nothing.
ROLES = (Role.VIEWER, Role.COMMENTER)
# Seconds between two times at which expired links are dropped.
DROP_EVERY = 3600.0
# All holders of a link are one user, whose name others see.
GUEST = "Guest"


class SharedConnections(Protocol):
    """The open connections whose tokens came from share links."""

    def share_links(self) -> set[str]:
        """Return the ids of the links."""

    def close_shared(self, ended: Collection[str]) -> None:
        """Close the connections that came with one of these links."""


class ShareLinks:
    """The share links of all documents.

    Invariant: after `end`, this process accepts the link's token no more, and has closed its
    connections. Another process follows within two seconds: its keyring asks the database once a
    second, and so does `close_ended`.
    """

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        clock: Clock,
        settings: Settings,
        connections: SharedConnections,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._settings = settings
        self._connections = connections
        self._drop_at = 0.0

    async def make(
        self, key: DocKey, by: str, role: Role, ttl: float | None
    ) -> tuple[ShareLink, str]:
        """Store a new link for one document. Return it and its token.

        A `ttl` outside the limits is changed to the nearest limit. The token has whole seconds.
        """
        now = self._clock.now_ms()
        most = self._settings.share_max_ttl
        seconds = max(1, int(min(self._settings.share_ttl if ttl is None else ttl, most)))
        expires_at = (now // 1000 + seconds) * 1000
        id, secret = self._clock.new_id("share"), self._clock.token_bytes(SECRET_BYTES)
        link = ShareLink(id, secret, role.value, by, now, expires_at)
        stored = await self._store.add_share(key, link, self._settings.max_shares)
        if stored is None:
            raise not_found()
        if not stored:
            raise Rejected(
                Code.QUOTA_EXCEEDED,
                f"the document has {self._settings.max_shares} share links; end one first",
            )
        rights = Rights(role, expires_at, (key.doc,))
        claims = Claims(key.tenant, id, GUEST, rights, now, id)
        return link, mint(SigningKey(id, secret, now, doc=key.doc), claims)

    async def end(self, key: DocKey, id: str) -> bool:
        """Remove a link and close its connections. Return False when there is no such link."""
        if not await self._store.end_share(key, id):
            return False
        await self._keyring.forget(id)
        self._connections.close_shared({id})
        return True

    async def end_all(self, key: DocKey) -> None:
        """Refuse the tokens of a document that was deleted. Its links were deleted with it."""
        await self._keyring.forget_document(key)

    async def maintain(self) -> None:
        """Close connections whose links were ended elsewhere. Once an hour, drop expired links."""
        await self.close_ended()
        if self._clock.monotonic() >= self._drop_at:
            await self._store.drop_shares(self._clock.now_ms())
            self._drop_at = self._clock.monotonic() + DROP_EVERY

    async def close_ended(self) -> None:
        """Close the connections whose links no longer exist."""
        ids = self._connections.share_links()
        if ids:
            found = await self._store.find_keys(sorted(ids))
            self._connections.close_shared(ids - found.keys())
