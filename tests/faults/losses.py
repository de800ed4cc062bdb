"""A COMMIT whose answer is lost: the database has done it, and the server does not hear of it.

A test says which COMMIT it wants to lose by a file beside the server: it holds the beginning of a
statement, and the next transaction with such a statement loses its answer.
"""

from __future__ import annotations

import re
from pathlib import Path

COMMIT = re.compile(r"\s*COMMIT\b", re.IGNORECASE)


class Losses:
    """What is to be lost next; at most one COMMIT, and then the file is gone."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def ask_for(self, statement: str) -> None:
        self._file.write_text(statement)

    @property
    def is_asked(self) -> bool:
        return self._file.exists()

    def is_due(self, statements: list[str]) -> bool:
        """Whether the COMMIT after these statements is the one that is asked for."""
        try:
            asked = self._file.read_text()
        except FileNotFoundError:
            return False
        return any(" ".join(one.split()).startswith(asked) for one in statements)

    def took_one(self) -> None:
        self._file.unlink()
