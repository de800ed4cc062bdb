"""What the search for a location of a client finds at the head.

`collab.rebase.client_view` searches. A stale patch may name an element that another user moved or
removed. The answer then tells the client which version did it, and who was its author.
"""

from __future__ import annotations

from dataclasses import dataclass

from collab.entry import Author
from collab.patch.steps import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a step: a version and its author."""

    version: int
    author: Author


@dataclass(frozen=True, slots=True)
class Found:
    """A location at the head. `moved` is set when another author moved the element there."""

    path: Path
    moved: Origin | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A location that is gone. `by` is the origin of the step that removed it.

    `by` is None when the client's own step removed it.
    """

    by: Origin | None

    def sentence(self, path: str) -> str:
        """A sentence for the client: who removed `path`, or that it no longer exists."""
        if self.by is None:
            return f"{path!r} no longer exists"
        author = self.by.author
        return f"{author.name or author.user} removed {path!r} in version {self.by.version}"
