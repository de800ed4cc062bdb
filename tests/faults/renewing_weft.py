"""Run `weft`, but kill the process in the middle of a renewal while the file of `FILE` exists.

The former content is then deleted in memory, and not yet written again.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

from collab.tree import renewal
from collab.tree.early_deletion import put_back

FILE = "KILL_IN_RENEWAL"


def _die(document: Any, outside: Any) -> bytes:
    if Path(os.environ[FILE]).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return put_back(document, outside)


if __name__ == "__main__":
    vars(renewal)["put_back"] = _die
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
