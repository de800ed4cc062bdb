"""A server for the tests of the editor; the tests of a file share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.editor.studio import Studio
from tests.running import RunningServer


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as server:
        yield Studio(server)
