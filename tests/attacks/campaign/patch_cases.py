"""Cases of the patch lane: every message of a client at its limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args

import msgspec

from collab.messages import ClientMessage
from tests.attacks.campaign import limits
from tests.attacks.campaign.case import HEAD, Case, Level, Talk, always
from tests.attacks.campaign.documents import (
    CROWDED,
    DOCUMENTS,
    ITEMS,
    KEYS,
    LOGGED,
    PROSE,
    Document,
)
from tests.attacks.campaign.patches import PATCHES

Message = dict[str, Any]
Made = tuple[str, Level, Document, Callable[[int], Talk]]
LONG = "x" * (limits.FRAME - 4096)


def said(*messages: Any, **opening: object) -> Talk:
    return Talk(tuple(encoded(one) for one in messages), opening)


def encoded(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def padded(message: Message, size: int) -> bytes:
    """Return a frame of exactly this many bytes, filled by an unknown field."""
    empty = len(encoded({**message, "padding": ""}))
    return encoded({**message, "padding": "x" * (size - empty)})


def sizes(limit: int) -> Iterator[tuple[Level, int]]:
    """Yield an allowed size, and the size that fills the rest of the frame."""
    yield "at", limit
    yield "above", limits.FRAME - 4096


def tags() -> dict[str, Any]:
    """Return all messages by their type."""
    return {str(one.__struct_config__.tag): one for one in get_args(ClientMessage)}


def fields_of(tag: str) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(tags()[tag])}


def patch_cases(tag: str) -> Iterator[Case]:
    """Yield every case of one message, and the frame sizes that any message may have."""
    user = "historian" if tag in ("undo", "redo") else ""
    for dimension, level, document, make in (*MESSAGES[tag](), *_frames(tag)):
        yield Case("patch", tag, dimension, level, document.name, make, user)


def _frames(tag: str) -> Iterator[Made]:
    message = PLAIN[tag]
    opens = tag == "open"
    opening: Any = None if opens else {}
    at, above = padded(message, limits.FRAME), padded(message, limits.FRAME + 1)
    yield "bytes of the frame", "at", PROSE, lambda _: Talk((at,), opening)
    yield "bytes of the frame", "above", PROSE, lambda _: Talk((above,), opening)
    yield "before the opening", "above", PROSE, lambda _: Talk((padded(message, 9_000),), None)
    if opens:
        return
    crowd = [_numbered(message, number) for number in range(limits.MESSAGES)]
    for document in (PROSE, ITEMS, LOGGED):
        at_once = crowd[: limits.MESSAGES_AT_ONCE]
        yield "messages of a frame", "at", document, always(said(at_once))
    yield "messages of a frame", "above", PROSE, lambda _: said(crowd)
    deep = encoded(message)[:-1] + b',"padding":' + b"[" * 400_000
    yield "nesting", "above", PROSE, lambda _: Talk((deep,))


def _numbered(message: Message, number: int) -> Message:
    return {**message, "id": f"{message['id']}-{number}"} if "id" in message else message


PLAIN: dict[str, Message] = {
    "open": {"type": "open"},
    "patch": {
        "type": "patch",
        "id": "p",
        "base": HEAD,
        "ops": [{"op": "replace", "path": "/n", "value": 1}],
    },
    "undo": {"type": "undo", "id": "u"},
    "redo": {"type": "redo", "id": "r"},
    "presence": {"type": "presence", "state": {"cursor": {"path": "/slot", "offset": 1}}},
    "lock": {"type": "lock", "id": "l", "action": "acquire", "scope": "/n", "ttl": 1},
    "token": {"type": "token", "token": "a.b.c"},
    "ping": {"type": "ping", "at": 1},
}


def _open() -> Iterator[Made]:
    for document in DOCUMENTS.values():
        yield (
            "the opening",
            "plain",
            document,
            lambda _: Talk((), {"since": {}}, opens=True),
        )
        old = {"epoch": 1, "version": 1}
        yield "since", "at", document, always(Talk((), {"since": old}, opens=True))
    openings: tuple[tuple[str, Level, Message], ...] = (
        ("client", "at", {"client": LONG}),
        ("create", "at", {"create": {"n": [0] * (limits.NODES - 10)}}),
        ("accept", "at", {"accept": ["splice"] * 90_000}),
        ("max_fps", "at", {"max_fps": 1e-300}),
        ("since", "above", {"since": {"epoch": 1, "version": 2**62}}),
    )
    for name, level, fields in openings:
        yield name, level, PROSE, always(Talk((), fields, opens=True))
    token = "t" * limits.TOKEN
    yield "token", "at", PROSE, lambda _: Talk((encoded({"type": "open", "token": token}),), None)
    yield "token", "above", PROSE, lambda _: Talk((encoded({"type": "open", "token": LONG}),), None)


def _patch() -> Iterator[Made]:
    for document in DOCUMENTS.values():
        for name, make in PATCHES.items():
            level: Level = "above" if name.endswith("+1") else "at"
            yield (
                name,
                level,
                document,
                partial(_patched, make, document),
            )
        yield "base", "at", document, lambda n: said({**PLAIN["patch"], "base": 1})
    for document in (PROSE, LOGGED):
        splices = [
            {"op": "splice", "path": "/text", "offset": 7 * n, "delete": 1, "insert": "zz"}
            for n in range(limits.OPS if document is PROSE else 100)
        ]
        patch = {**PLAIN["patch"], "base": HEAD, "ops": splices}
        yield "ops that splice", "at", document, always(said(patch, accept=["splice"]))
        each = [
            {**PLAIN["patch"], "id": f"s{n}", "base": HEAD, "ops": splices[n : n + 1]}
            for n in range(limits.MESSAGES_AT_ONCE - 5)
        ]
        yield "splices of a frame", "at", document, always(said(each, accept=["splice"]))
    for document in (ITEMS, KEYS, CROWDED):  # each edit copies the whole container
        each = [
            _numbered({**PLAIN["patch"], "ops": [_replacing(document, number)]}, number)
            for number in range(limits.MESSAGES_AT_ONCE - 5)
        ]
        yield "edits of a frame", "at", document, always(said(each))
    yield "id", "at", PROSE, lambda n: said({**PLAIN["patch"], "id": f"{n:02}" + "i" * 253})
    yield "id", "above", PROSE, lambda _: said({**PLAIN["patch"], "id": "i" * (limits.ID + 1)})
    for name, value in (("base", 2**62), ("fence", 2**62), ("after", LONG), ("strict", True)):
        message = {**PLAIN["patch"], name: value}
        yield name, "at", PROSE, always(said(message))
    one_step = [
        _numbered({**PLAIN["patch"], "step": "s" * limits.ID}, number)
        for number in range(limits.MESSAGES_AT_ONCE - 5)
    ]
    for document in (PROSE, ITEMS, LOGGED):
        yield "step", "at", document, always(said(one_step))
    yield "step", "above", PROSE, lambda _: said({**PLAIN["patch"], "step": LONG})


def _replacing(document: Document, number: int) -> Message:
    place = document.element(number % document.count)
    return {"op": "replace", "path": place, "value": document.more(number)}


def _patched(make: Callable[[Document, int], Any], document: Document, number: int) -> Talk:
    return said({**PLAIN["patch"], "ops": make(document, number)})


def _reverts(tag: str) -> Callable[[], Iterator[Made]]:
    def made() -> Iterator[Made]:
        for document in DOCUMENTS.values():
            yield "the request", "plain", document, lambda _: said(PLAIN[tag])
        depth = limits.SETTINGS.undo_depth
        all_steps = [_numbered(PLAIN[tag], number) for number in range(depth)]
        for document in DOCUMENTS.values():
            yield "steps", "at", document, lambda _: said(all_steps)
        for level, size in sizes(limits.POINTER):
            message = {**PLAIN[tag], "scope": "/" + "s" * (size - 1)}
            yield "scope", level, PROSE, always(said(message))
        yield "id", "at", PROSE, lambda _: said({**PLAIN[tag], "id": "i" * limits.ID})
        for document in DOCUMENTS.values():
            for version in (1, 60, 2**53):
                yield "version", "at", document, always(said({**PLAIN[tag], "version": version}))

    return made


def _presence() -> Iterator[Made]:
    room = limits.PRESENCE - 100
    states = {
        "bytes of the state": {"s": "x" * room},
        "keys of the state": {f"{n:x}": 0 for n in range(room // 7)},
        "nesting of the state": {"s": json.loads("[" * 60 + "]" * 60)},
        "path of the cursor": {"cursor": {"path": "/held/0" + "/a" * 900, "offset": 1}},
    }
    for document in (PROSE, ITEMS):
        for name, state in states.items():
            yield name, "at", document, always(said({"type": "presence", "state": state}))
        old = {**PLAIN["presence"], "base": 1}
        yield "base", "at", document, always(said([old] * 390))
    large = {"type": "presence", "state": {"s": "x" * limits.PRESENCE}}
    yield "bytes of the state", "above", PROSE, lambda _: said([large] * 390)


def _lock() -> Iterator[Made]:
    plain = PLAIN["lock"]
    for document in DOCUMENTS.values():
        asked = [
            {**plain, "id": f"l{n}", "scope": document.element(n % document.count)}
            for n in range(300)
        ]
        yield "locks", "at", document, always(said(asked))
        old = [{**one, "base": 40} for one in asked]
        yield "base", "at", document, always(said(old))
    for name, value in (
        ("scope", "/s" * (limits.POINTER // 2)),
        ("lock_id", "l-" + "9" * 200_000),
        ("base", 2**62),
        ("action", "take_over"),
    ):
        yield name, "at", PROSE, always(said({**plain, name: value}))
    for ttl in (1e308, -1e308):
        away = {**plain, "id": "away", "action": "release"}
        yield "ttl", "at", PROSE, always(said({**plain, "ttl": ttl}, away))
    yield "scope", "above", PROSE, lambda _: said({**plain, "scope": "/" + LONG})
    yield "id", "at", PROSE, lambda _: said({**plain, "id": "i" * limits.ID})


def _token() -> Iterator[Made]:
    for level, size in sizes(limits.TOKEN):
        message = {"type": "token", "token": "t" * size}
        yield "token", level, PROSE, always(said(message))


def _ping() -> Iterator[Made]:
    yield "at", "at", PROSE, lambda _: said({"type": "ping", "at": LONG})
    yield "at", "at", PROSE, lambda _: said({"type": "ping", "at": [[]] * 340_000})
    yield "at", "at", PROSE, lambda _: said({"type": "ping", "at": 10**4000})


MESSAGES: dict[str, Callable[[], Iterator[Made]]] = {
    "open": _open,
    "patch": _patch,
    "undo": _reverts("undo"),
    "redo": _reverts("redo"),
    "presence": _presence,
    "lock": _lock,
    "token": _token,
    "ping": _ping,
}
# The fields of the message that its cases put at their limits.
FIELDS: dict[str, set[str]] = {
    "open": {"token", "client", "since", "create", "max_fps", "accept"},
    "patch": {"id", "base", "ops", "strict", "fence", "after", "step"},
    "undo": {"id", "scope", "version"},
    "redo": {"id", "scope", "version"},
    "presence": {"state", "base"},
    "lock": {"id", "action", "scope", "base", "lock_id", "ttl"},
    "token": {"token"},
    "ping": {"at"},
}
