"""Lost answers to a COMMIT: the database has committed, but the server gets no answer.

A test chooses the COMMIT by a file beside the server. The file contains the beginning of a
statement. The next transaction with such a statement gets no answer to its COMMIT.
"""

from __future__ import annotations

import re
from pathlib import Path

COMMIT = re.compile(r"\s*COMMIT\b", re.IGNORECASE)


class Losses:
    """The next answer to lose. After one lost answer the file is removed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def ask_for(self, statement: str) -> None:
        self._file.write_text(statement)

    @property
    def is_asked(self) -> bool:
        return self._file.exists()

    def is_due(self, statements: list[str]) -> bool:
        """Whether the answer to the COMMIT after these statements must be lost."""
        try:
            asked = self._file.read_text()
        except FileNotFoundError:
            return False
        return any(" ".join(one.split()).startswith(asked) for one in statements)

    def took_one(self) -> None:
        self._file.unlink()
