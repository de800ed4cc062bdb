"""Run `weft` with every container a large one, and kill it in the middle of a deletion.

The file that `FILE` names has one number. While it exists, the process counts the portions of
deletions, and the documents that are loaded again without hidden blocks. It kills itself with
SIGKILL after so many of them.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from collab.types.yjs_document import YjsDocument
from tests.collab.tree.large_values import make_all_hidden, make_all_large

FILE = "KILL_AFTER_PORTIONS"
HIDDEN = "ALL_IS_HIDDEN"

_commit, _reload = YjsDocument.commit, YjsDocument.reload_collected
_portions: list[None] = []


def _count() -> None:
    armed = Path(os.environ[FILE])
    if armed.exists():
        _portions.append(None)
        if len(_portions) == int(armed.read_text()):
            os.kill(os.getpid(), signal.SIGKILL)


def _counted_commit(document: YjsDocument, txn: Any) -> Any:
    part = _commit(document, txn)
    _count()
    return part


def _counted_reload(document: YjsDocument, state: bytes, gone: Any) -> None:
    _reload(document, state, gone)
    _count()


if __name__ == "__main__":
    patch = pytest.MonkeyPatch()
    make_all_large(patch)
    if os.environ.get(HIDDEN):
        make_all_hidden(patch)
    patch.setattr(YjsDocument, "commit", _counted_commit)
    patch.setattr(YjsDocument, "reload_collected", _counted_reload)
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
