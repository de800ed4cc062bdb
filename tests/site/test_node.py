"""The rules of the site's settings that need no browser: they run in Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.yjs_peer import has_node

HERE = Path(__file__).parent


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_the_rules_hold_in_node() -> None:
    files = sorted(path.name for path in HERE.glob("*.test.mjs"))
    assert files
    done = subprocess.run(
        ["node", "--test", *files], cwd=HERE, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
