"""Run `weft`, where SQLite commits and then reports a disk error.

The first argument is the file with which a test requests the error.
"""

from __future__ import annotations

import runpy
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.faults.losses import COMMIT, Losses


class _Connection(sqlite3.Connection):
    losses: Losses

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._statements: list[str] = []
        self.set_trace_callback(self._statements.append)

    def commit(self) -> None:
        super().commit()
        self.lose()

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)

    def lose(self) -> None:
        """Raise the error after a COMMIT, when the test has requested it."""
        statements = list(self._statements)
        self._statements.clear()
        if self.losses.is_due(statements):
            self.losses.took_one()
            raise sqlite3.OperationalError("disk I/O error")


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *values: Any) -> Any:
        done = super().execute(sql, *values)
        if COMMIT.match(sql):
            assert isinstance(self.connection, _Connection)
            self.connection.lose()
        return done


_connect = sqlite3.connect


def _lossy(*args: Any, **kwargs: Any) -> Any:
    return _connect(*args, **{**kwargs, "factory": _Connection})


if __name__ == "__main__":
    _Connection.losses = Losses(Path(sys.argv[1]))
    sqlite3.connect = sqlite3.dbapi2.connect = _lossy
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
