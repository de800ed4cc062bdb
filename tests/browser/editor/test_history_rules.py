"""The rules of the editor's history, in Node: sittings, names, differences, authors."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.yjs_peer import has_node


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_the_rules_of_the_history_hold() -> None:
    done = subprocess.run(
        ["node", "--test", "history.test.mjs"],
        cwd=Path(__file__).parent,
        env={**os.environ, "TZ": "UTC"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
