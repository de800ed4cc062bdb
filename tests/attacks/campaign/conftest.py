"""The servers of the campaign; each starts when a test first uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.campaign.attacked_server import AttackedServer
from tests.attacks.campaign.documents import DOCUMENTS, LOGGED, PROSE, REPLACED


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedServer]:
    """Two documents with a short history."""
    with AttackedServer(tmp_path_factory.mktemp("weft")) as server:
        server.fill(PROSE, LOGGED, REPLACED, most_edits=60)
        server.hold(PROSE.name, LOGGED.name)
        yield server
        assert "Traceback" not in server.server.log()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedServer]:
    """Every document at its limits."""
    with AttackedServer(tmp_path_factory.mktemp("weft")) as server:
        server.fill(*DOCUMENTS.values(), REPLACED)
        yield server
        assert "Traceback" not in server.server.log()
