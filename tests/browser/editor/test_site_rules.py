"""The rules of the site's settings run in Node: contrast, lengths, addresses, entries."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.yjs_peer import has_node

RULES = Path(__file__).with_name("site_rules.test.mjs")


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_the_rules_of_the_site_hold() -> None:
    command = ["node", "--test", RULES.name]
    done = subprocess.run(command, cwd=RULES.parent, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
