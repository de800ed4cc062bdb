"""Authentication: whose token it is, which document a path names, what a client calls itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.errors import Code, Rejected
from collab.ids import DocKey, is_doc_name

if TYPE_CHECKING:
    from server.access.keyring import Keyring
    from server.access.tokens import Claims

MAX_CLIENT = 128


async def authenticate(keyring: Keyring, token: str | None) -> Claims:
    """The claims of the token; raises `unauthenticated` when there is no valid one."""
    if not token:
        raise Rejected(Code.UNAUTHENTICATED, "a token is needed")
    return await keyring.verify(token)


def name_document(claims: Claims, doc: str) -> DocKey:
    """The document's key. Raises the same refusal for a hidden document and for a missing one."""
    if not is_doc_name(doc) or not claims.rights.may_see(doc):
        raise not_found()
    return DocKey(claims.tenant, doc)


def client_name(given: str) -> str:
    """The name that a client gives itself, as others may see it.

    No token vouches for this name, and every entry has it beside the user's name. So control
    characters, line breaks and marks that turn the direction of writing are left out.
    """
    return "".join(filter(str.isprintable, given[: 2 * MAX_CLIENT]))[:MAX_CLIENT]


def not_found() -> Rejected:
    """The refusal for a document that does not exist, or that the token does not show."""
    return Rejected(Code.NOT_FOUND, "no such document")
