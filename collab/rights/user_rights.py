"""Rights: what a user may do, where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from collab.errors import Code, Rejected
from collab.ids import POINTER, Json
from collab.rights.sections import Sections, areas_of


class Role(StrEnum):
    """From least to most; a role may do what the roles before it may."""

    VIEWER = "viewer"
    COMMENTER = "commenter"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    ADMIN = "admin"

    def reaches(self, other: Role) -> bool:
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}


def is_pointer(text: str) -> bool:
    return POINTER.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Rights:
    """One user's rights in one tenant; `docs` and `sections` absent stand for all.

    Invariant: a narrower `docs`, `sections` or role never allows more.
    """

    role: Role
    expires_at: int  # milliseconds since 1970, UTC
    docs: tuple[str, ...] | None = None  # globs over document names
    sections: tuple[str, ...] | None = None  # JSON Pointers

    def is_valid_at(self, now: int) -> bool:
        return now < self.expires_at

    def may_see(self, doc: str) -> bool:
        """Whether the document matches the globs; else it is reported as missing."""
        return self.docs is None or any(fnmatchcase(doc, glob) for glob in self.docs)

    def can_write(self) -> bool:
        return self.role.reaches(Role.EDITOR)

    def sections_of(self, value: Json) -> Sections | None:
        """Where the user may write in a value; None for everywhere."""
        return None if self.sections is None else Sections(areas_of(self.sections, value))

    def require_whole_document(self) -> None:
        """Raises `forbidden` for a token with `sections`, whose pointers cover only values.

        `""` covers every value of a document, but not the document itself.
        """
        if self.sections is not None:
            raise Rejected(Code.FORBIDDEN, "this needs a token without sections")
