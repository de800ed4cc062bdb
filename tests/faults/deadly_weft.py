"""Run `weft`, but abort the process when it opens a document named `poison…`."""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

from collab.ids import DocKey
from collab.ports.store import Stored
from collab.room.room import Room

_open = Room.__init__


def _die(room: Room, key: DocKey, stored: Any, *rest: Any, **named: Any) -> None:
    if key.doc.startswith("poison") and isinstance(stored, Stored):
        os.abort()
    _open(room, key, stored, *rest, **named)


if __name__ == "__main__":
    Room.__init__ = _die  # type: ignore[method-assign,assignment] # that is what this program is for
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
