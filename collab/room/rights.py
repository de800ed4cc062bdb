"""Rights: what somebody may do, where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from collab.ids import POINTER


class Role(StrEnum):
    """From least to most; whoever has a role may do what those before it may."""

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

    Invariant: a narrower `docs`, `sections` or role never allows more. Pointers are compared as
    text, which is exact because RFC 6901 leaves one way to write each key.
    """

    role: Role
    expires_at: int  # milliseconds since 1970, UTC
    docs: tuple[str, ...] | None = None  # globs over document names
    sections: tuple[str, ...] | None = None  # JSON Pointers

    def alive(self, now: int) -> bool:
        return now < self.expires_at

    def sees(self, doc: str) -> bool:
        """Outside its globs a document cannot be told from one that does not exist."""
        return self.docs is None or any(fnmatchcase(doc, glob) for glob in self.docs)

    def can_write(self) -> bool:
        return self.role.reaches(Role.EDITOR)

    def may_write(self, pointer: str) -> bool:
        """Whether everything at and under the pointer may be changed, replaced or removed.

        What lies above a section is no part of it: replacing it would replace its siblings too.
        """
        if not self.can_write():
            return False
        if self.sections is None:
            return True
        return any(pointer == at or pointer.startswith(f"{at}/") for at in self.sections)
