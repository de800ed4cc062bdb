"""Authentication: the claims of a token, the document of a path, and the client's own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.errors import Code, Rejected
from collab.ids import DocKey, is_doc_name

if TYPE_CHECKING:
    from server.access.keyring import Keyring
    from server.access.tokens import Claims

MAX_CLIENT = 128


async def authenticate(keyring: Keyring, token: str | None) -> Claims:
    """Return the claims of the token; raise `unauthenticated` without a valid token."""
    if not token:
        raise Rejected(
            Code.UNAUTHENTICATED, "send a token, for example as `Authorization: Bearer ...`"
        )
    return await keyring.verify(token)


def name_document(claims: Claims, doc: str) -> DocKey:
    """Return the document's key; raise `not_found` when the token may not see this name.

    A hidden document and a missing one get the same refusal.
    """
    if not is_doc_name(doc) or not claims.rights.may_see(doc):
        raise not_found()
    return DocKey(claims.tenant, doc)


def client_name(given: str) -> str:
    """Return the name that a client gives itself, without unprintable characters.

    No token proves this name, and other users see it beside the user's name. So this removes
    control characters, line breaks, and marks that change the writing direction.
    """
    return "".join(filter(str.isprintable, given[: 2 * MAX_CLIENT]))[:MAX_CLIENT]


def not_found() -> Rejected:
    """Return the refusal for a document that does not exist, or that the token may not see."""
    return Rejected(Code.NOT_FOUND, "no such document")
