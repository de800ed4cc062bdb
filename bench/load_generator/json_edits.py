"""A JSON page of 50 KB and prepared edits of it: RFC 6902 for Weft, json0 for ShareDB."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.load_generator.edit_file import cached

SECTIONS = 40
FIELDS = 12
WORDS = "some words " * 8


def page() -> dict[str, Any]:
    """Return a page of 40 sections with 12 texts each."""
    return {
        "title": "A page",
        "sections": [
            {
                "id": f"s{at}",
                "type": "text",
                "content": {f"f{field}": f"{at}.{field} {WORDS}" for field in range(FIELDS)},
            }
            for at in range(SECTIONS)
        ],
    }


def patches(count: int) -> Path:
    """Return a file of patches: one writer sets one text after the other."""
    return cached(f"patches {count}", lambda: [[_patch(*each) for each in _edits(count)]])


def json0(count: int) -> Path:
    """Return a file with the same edits as operations of ShareDB's json0."""
    return cached(f"json0 {count}", lambda: [[_json0(*each) for each in _edits(count)]])


def cursors(writers: int, count: int) -> Path:
    """Return a file of presence states of Weft's patch lane: each writer moves its cursor."""
    name = f"presence {writers} {count}"
    return cached(name, lambda: [_moves(stream, count) for stream in range(writers)])


def _moves(stream: int, count: int) -> list[bytes]:
    path = f"/sections/{stream % SECTIONS}/content/f0"
    return [
        _encoded({"cursor": {"path": path, "offset": at % 80}, "at": f"@e{stream}.{at}@"})
        for at in range(count)
    ]


def _edits(count: int) -> Iterator[tuple[int, int, str]]:
    chance = random.Random(1)
    for number in range(count):
        section, field = chance.randrange(SECTIONS), chance.randrange(FIELDS)
        yield section, field, f"@e0.{number}@ {WORDS}"


def _patch(section: int, field: int, value: str) -> bytes:
    path = f"/sections/{section}/content/f{field}"
    return _encoded([{"op": "replace", "path": path, "value": value}])


def _json0(section: int, field: int, value: str) -> bytes:
    return _encoded([{"p": ["sections", section, "content", f"f{field}"], "oi": value}])


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
