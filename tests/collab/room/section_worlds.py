"""Random documents, sections and patches for section rights."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

IDS = ("a", "b", "hero", "b", "7", "x/y", "t~", "")
KEYS = ("sections", "title", "pages", "id", "0", "a", "m/n", "")
WORDS = ("Hello world", "", "a", "Buy now", "é😀")


def document(random: Random) -> dict[str, Any]:
    value = _object(random, 0)
    value["sections"] = [element(random, 1) for _ in range(random.randrange(1, 5))]
    return value


def element(random: Random, depth: int) -> Any:
    if random.random() < 0.12:
        return random.choice([[1, {"id": "a"}], "text", 7, [[{"id": "b"}]]])
    made = _object(random, depth)
    made["id"] = random.choice((*IDS, 7, None)) if random.random() < 0.3 else random.choice(IDS)
    return made


def value(random: Random, depth: int) -> Any:
    roll = random.random()
    if depth > 2 or roll < 0.5:
        return random.choice([*WORDS, 1, 2.5, True, None])
    if roll < 0.75:
        return _object(random, depth + 1)
    return [element(random, depth + 1) for _ in range(random.randrange(3))]


def _object(random: Random, depth: int) -> dict[str, Any]:
    return {random.choice(KEYS): value(random, depth + 1) for _ in range(random.randrange(1, 4))}


def places(value: Any, path: str = "") -> list[str]:
    """Return all pointers into a value."""
    found = [path]
    if not isinstance(value, dict | list):
        return found
    for key, held in value.items() if isinstance(value, dict) else enumerate(value):
        name = str(key).replace("~", "~0").replace("/", "~1")
        found += places(held, f"{path}/{name}")
    return found


def sections(random: Random, value: Any) -> list[str]:
    """Return pointers for a token: by keys, by indexes, by ids, and some without a target."""
    found = []
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        pointer = random.choice(places(value))
        if random.random() < 0.6:
            pointer = by_id(value, pointer)
        if random.random() < 0.1:
            pointer += random.choice(("/gone", "/0", "/-", "/01", "/"))
        found.append(pointer)
    return found


def by_id(value: Any, pointer: str) -> str:
    """Return the pointer with ids in place of indexes, for elements with an id."""
    named = ""
    for key in pointer.split("/")[1:]:
        plain = key.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(key)]
            own = value.get("id") if isinstance(value, dict) else None
            if isinstance(own, str):
                key = own.replace("~", "~0").replace("/", "~1")
        else:
            value = value[plain]
        named += f"/{key}"
    return named


def patch(random: Random, value: Any, sections: list[str]) -> list[dict[str, Any]]:
    """Return random ops, most of them in or near a section."""
    return [_op(random, value, sections) for _ in range(random.choice((1, 1, 1, 2, 3)))]


def _op(random: Random, root: Any, sections: list[str]) -> dict[str, Any]:
    known = places(root)

    def place() -> str:
        near = [
            at
            for at in known
            for s in sections
            if by_id(root, at).startswith(s) or at.startswith(s)
        ]
        at = random.choice(near if near and random.random() < 0.7 else known)
        roll = random.random()
        if roll < 0.1:
            return f"{at}/{random.choice(('-', '0', '1', 'new', 'id'))}"
        return at.rpartition("/")[0] if roll < 0.2 else at

    kind = random.choice(("add", "remove", "replace", "replace", "move", "copy", "test"))
    op: dict[str, Any] = {"op": kind, "path": place()}
    if kind in ("move", "copy"):
        op["from"] = place()
    if kind in ("add", "replace", "test"):
        op["value"] = _put(random, root, op["path"])
    return op


def _put(random: Random, root: Any, path: str) -> Any:
    """Return the value at a path, changed or unchanged, or another value."""
    there = root
    for key in path.split("/")[1:]:
        plain = key.replace("~1", "/").replace("~0", "~")
        if isinstance(there, dict):
            there = there.get(plain)
        elif isinstance(there, list) and plain.isdigit() and int(plain) < len(there):
            there = there[int(plain)]
        else:
            there = None
    roll = random.random()
    if roll < 0.25:
        return copy.deepcopy(there)
    if roll < 0.5 and isinstance(there, dict):
        return {**copy.deepcopy(there), random.choice(KEYS): random.choice(WORDS)}
    return value(random, 1) if roll < 0.8 else element(random, 1)
