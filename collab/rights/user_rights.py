"""Rights: what a user may do, in which documents and sections, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from collab.errors import Code, Rejected
from collab.ids import POINTER, Json
from collab.rights.sections import Sections, areas_of


class Role(StrEnum):
    """The roles, from least to most rights. A role may do all that the roles before it may."""

    VIEWER = "viewer"
    COMMENTER = "commenter"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    ADMIN = "admin"

    def reaches(self, other: Role) -> bool:
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}
_WRITERS = frozenset(role for role in Role if role.reaches(Role.EDITOR))


def is_pointer(text: str) -> bool:
    return POINTER.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Rights:
    """One user's rights in one tenant. None for `docs` or `sections` means no limit.

    `share` is the id of the share link that the user came with, or empty.

    Invariant: a narrower `docs`, `sections` or role never allows more.
    """

    role: Role
    expires_at: int  # milliseconds since 1970, UTC
    docs: tuple[str, ...] | None = None  # globs over document names
    sections: tuple[str, ...] | None = None  # JSON Pointers
    share: str = ""

    def may_see(self, doc: str) -> bool:
        """Whether the document's name matches the globs. If not, a request is `not_found`."""
        return self.docs is None or any(fnmatchcase(doc, glob) for glob in self.docs)

    def can_write(self) -> bool:
        return self.role in _WRITERS

    def require_writer(self, now: int) -> None:
        """Raise when the user may not write now. The room checks this at each request."""
        if now >= self.expires_at:
            raise Rejected(Code.UNAUTHENTICATED, "the token has expired")
        if self.role not in _WRITERS:
            raise Rejected(Code.FORBIDDEN, "the token's role may not change the document")

    def sections_of(self, value: Json) -> Sections | None:
        """The sections of a value that the user may write to; None for the whole value."""
        return None if self.sections is None else Sections(areas_of(self.sections, value))

    def require_whole_document(self) -> None:
        """Raise `forbidden` for a token with `sections`.

        Sections cover only values. Even the section `""` covers every value of a document, but not
        the document itself.
        """
        if self.sections is not None:
            raise Rejected(Code.FORBIDDEN, "this needs a token without `sections`")
