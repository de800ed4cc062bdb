"""Fixtures of the fault tests. Which of them start real servers, `tests/conftest.py` says."""

from __future__ import annotations

from tests.live.conftest import peers
from tests.storage.conftest import postgres_server, postgres_url

__all__ = ["peers", "postgres_server", "postgres_url"]
