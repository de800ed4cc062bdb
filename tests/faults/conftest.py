"""Fixtures of the fault tests. They start real servers, except in the files of `INSIDE`."""

from __future__ import annotations

import pytest

from tests.storage.conftest import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

# These tests run the server inside their own process, on stores that fail on request.
INSIDE = frozenset(
    {"test_accidents.py", "test_long_updates.py", "test_rooms.py", "test_sent_again.py"}
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/faults/" in str(item.path) and item.path.name not in INSIDE:
            item.add_marker(pytest.mark.real)
