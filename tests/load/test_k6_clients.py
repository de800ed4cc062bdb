"""The clients of bench/k6 in Node, with stand-ins for the modules of k6."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.mark.real
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js")
@pytest.mark.parametrize("lane", ["patch", "yjs"])
def test_the_client_of_a_lane_keeps_the_rules(lane: str) -> None:
    done = subprocess.run(
        ["node", "--test", f"{lane}_client.test.mjs"],
        cwd=Path(__file__).parent,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
