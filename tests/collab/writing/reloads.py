"""Counts how often a write loads the document again."""

from __future__ import annotations

from typing import Any

import pytest

from collab.types.yjs_document import YjsDocument


def count_reloads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that gets the id of each map which a reload leaves out."""
    loaded: list[Any] = []
    reload_without = YjsDocument.reload_without

    def counted(document: YjsDocument, own: Any) -> Any:
        loaded.append(own)
        return reload_without(document, own)

    monkeypatch.setattr(YjsDocument, "reload_without", counted)
    return loaded
