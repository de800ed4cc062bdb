"""`weft`, in which opening a document whose name begins with `poison` kills the process."""

from __future__ import annotations

import os
import runpy
import sys

from server import hub

_Room = hub.Room


class DeadlyRoom(_Room):
    def __init__(self, key, stored, *rest) -> None:  # type: ignore[no-untyped-def] # as its base
        if key.doc.startswith("poison") and stored.epoch and getattr(stored, "head", 0):
            os.abort()
        super().__init__(key, stored, *rest)


if __name__ == "__main__":
    hub.Room = DeadlyRoom  # type: ignore[misc] # that is what this program is for
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
