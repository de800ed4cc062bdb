"""Bodies of HTTP requests at their limits, for each operation with a body."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image

from tests.attacks.campaign import limits
from tests.attacks.campaign.case import Level, always
from tests.attacks.campaign.documents import DOCUMENTS, PROSE, REPLACED, Document
from tests.attacks.campaign.patches import PATCHES

# Dimension, level, document, and a function from the client's number to its body.
Body = tuple[str, Level, Document, Callable[[int], bytes]]


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def padded(fields: Mapping[str, Any], size: int) -> bytes:
    """Return an object of exactly this many bytes, filled by a field that the server ignores."""
    empty = len(encoded({**fields, "padding": ""}))
    return encoded({**fields, "padding": "x" * (size - empty)})


def around(
    fields: Mapping[str, Any], document: Document, limit: int = limits.OBJECT
) -> Iterator[Body]:
    """Yield objects at and above the limits of bytes, values and nesting."""
    yield "body", "plain", document, lambda _: encoded(fields)
    yield "bytes", "at", document, lambda _: padded(fields, limit)
    yield "bytes", "above", document, lambda _: padded(fields, limit + 1)
    values = encoded({**fields, "padding": [0] * (limit // 2 - 200)})
    yield "values", "at", document, lambda _: values
    deep = encoded(fields)[:-1] + b',"padding":' + b"[" * (limit // 2 - 200)
    yield "nesting", "above", document, lambda _: deep


def patches() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        for name, make in PATCHES.items():
            yield (
                name,
                "above" if name.endswith("+1") else "at",
                document,
                partial(_patched, make, document),
            )


def _patched(make: Callable[[Document, int], Any], document: Document, number: int) -> bytes:
    return encoded(make(document, number))


def replacements() -> Iterator[Body]:
    """Yield whole values with `If-Match: *`: the server must compute the smallest change."""
    for document in DOCUMENTS.values():
        for name in TURNS:
            yield name, "at", document, partial(_numbered, name, document)
    yield "bytes", "at", REPLACED, lambda _: encoded({"slot": "x" * (limits.DOCUMENT - 11)})
    yield "bytes", "above", REPLACED, lambda _: encoded({"slot": "x" * (limits.DOCUMENT - 9)})
    crowd = encoded({"n": [0] * (limits.VALUES_OF_DOCUMENT - 10)})
    yield "values", "at", REPLACED, lambda _: crowd
    yield "values", "above", REPLACED, lambda _: b'{"n":[' + b"0," * 1_000_000 + b"0]}"
    quotes = b'{"n":["' + rb"\"," * 1_300_000 + b'"]}'
    yield "marks in a string", "at", REPLACED, lambda _: quotes
    deep = b'{"n":' + b"[" * (limits.DOCUMENT - 10)
    yield "nesting", "above", REPLACED, lambda _: deep


@cache
def _whole(name: str, document: str) -> bytes:
    return encoded(TURNS[name](DOCUMENTS[document]))


def _numbered(name: str, document: Document, number: int) -> bytes:
    """Return a function whose value differs between clients in one number."""
    return _whole(name, document.name).replace(b'"n":0', b'"n":%d' % number, 1)


def _turned(document: Document) -> Any:
    value = document.value()
    if document.is_array:
        value["held"].reverse()
    return value


def _all_changed(document: Document) -> Any:
    value = document.value()
    made = {f"k{number}": document.more(number + 1) for number in range(document.count)}
    value["held"] = list(made.values()) if document.is_array else made
    return value


def _half(document: Document) -> Any:
    value = document.value()
    kept = {f"k{number}": document.more(number) for number in range(0, document.count, 2)}
    value["held"] = list(kept.values()) if document.is_array else kept
    return value


def _text_changed(document: Document) -> Any:
    value = document.value()
    for name in ("text", "slot"):
        if name in value:
            value[name] = value[name].replace("dolor", "pain")
    return value


TURNS: dict[str, Callable[[Document], Any]] = {
    "every element turned": _turned,
    "every element changed": _all_changed,
    "every other element gone": _half,
    "the text changed throughout": _text_changed,
    "all as it was at first": lambda document: document.value(),
}


def schemas() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        yield "body", "plain", document, lambda _: b'{"type":"object"}'
    for document in DOCUMENTS.values():
        for name, schema in SCHEMAS.items():
            yield name, "at", document, always(encoded(schema))
    yield "bytes", "at", PROSE, lambda _: padded({"type": "object"}, limits.SCHEMA)
    yield "bytes", "above", PROSE, lambda _: padded({"type": "object"}, limits.SCHEMA + 1)
    values = encoded({"enum": [0] * (limits.VALUES - 20)})
    yield "values", "at", PROSE, lambda _: values
    deep = b'{"items":' * 25_000 + b"{}" + b"}" * 25_000
    yield "nesting", "above", PROSE, lambda _: deep


_KEYWORDS = {"type": "string", "maxLength": 9_000_000, "pattern": "^[^\\u0000]*$"}
SCHEMAS: dict[str, Any] = {
    "every element checked": {
        "properties": {
            "held": {
                "items": {"anyOf": [{"type": "object"}, _KEYWORDS, {"type": ["array", "number"]}]},
                "additionalProperties": _KEYWORDS,
            },
            "text": _KEYWORDS,
        }
    },
    "elements that differ": {"properties": {"held": {"uniqueItems": True}}},
    "many branches": {
        "properties": {"held": {"items": {"anyOf": [{"const": n} for n in range(200)] + [True]}}}
    },
    "many properties": {"properties": {f"p{n}": _KEYWORDS for n in range(2_500)}},
}


def imports() -> Iterator[Body]:
    """Yield archives. The server decodes and checks an archive before it stores anything."""
    head = {"format": "weft-archive/1", "doc": "x", "epoch": 1, "version": 1, "schema": None}
    head |= {"exported_at": "2026-01-01T00:00:00.000Z", "names": [], "entries": []}
    text = encoded({**head, "value": {"t": "x" * (limits.IMPORT - 300)}})
    yield "bytes", "at", PROSE, lambda _: text
    values = encoded({**head, "value": [0] * (limits.IMPORT // 16)})
    yield "values", "at", PROSE, lambda _: values
    yield "nesting", "above", PROSE, lambda _: b'{"value":' + b"[" * 4_000_000
    yield "bytes", "above", PROSE, lambda _: b" " * (limits.IMPORT + 1)


def scopes() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        yield "body", "plain", document, lambda _: b"{}"
        yield "scope of all", "at", document, lambda _: encoded({"scope": ""})
        yield "scope of one", "at", document, lambda _: encoded({"scope": "/slot"})
    yield from around({"scope": "/" + "a" * (limits.POINTER - 1)}, PROSE)
    yield "scope", "at", PROSE, lambda _: encoded({"scope": "/a" * (limits.POINTER // 2)})
    yield "scope", "above", PROSE, lambda _: encoded({"scope": "/" + "a" * limits.POINTER})


def restorations() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        yield "oldest", "at", document, lambda _: encoded({"version": 1})
        part = {"version": 30, "pointer": document.element(0)}
        yield "a part of an old one", "at", document, always(encoded(part))
    yield from around({"version": 2, "pointer": "/" + "a" * (limits.POINTER - 1)}, PROSE)


def names() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        yield "oldest", "at", document, lambda _: encoded({"name": "old", "version": 1})
    yield "name", "at", PROSE, lambda n: encoded({"name": f"{n:03}" + "é" * (limits.NAME - 3)})
    yield "name", "above", PROSE, lambda _: encoded({"name": "é" * (limits.NAME + 1)})
    yield from around({"name": "n"}, PROSE)


def publications() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        yield "body", "plain", document, lambda _: b"{}"
        yield "oldest", "at", document, lambda _: encoded({"version": 1})
    yield from around({}, PROSE)


def acquisitions() -> Iterator[Body]:
    for document in DOCUMENTS.values():
        yield "scope of an element", "at", document, partial(_acquired, document, {})
        yield "old base", "at", document, partial(_acquired, document, {"base": 40})
    yield from around({"scope": "/a" * (limits.POINTER // 2)}, PROSE)


def _acquired(document: Document, fields: Mapping[str, Any], number: int) -> bytes:
    return encoded({"scope": document.element(number % document.count), "ttl": 1, **fields})


def renewals() -> Iterator[Body]:
    yield from around({"ttl": 3600}, PROSE)


def goodbyes() -> Iterator[Body]:
    yield from around({"secret": "s" * 128}, PROSE, limits.GOODBYE)


def shares() -> Iterator[Body]:
    yield from around({"role": "viewer", "ttl": 3600}, PROSE)


def picture(number: int, width: int = 320, height: int = 200, kind: str = "PNG") -> bytes:
    """Return a picture of one colour, which differs for each number."""
    colour = (number % 256, number // 256 % 256, 200)
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


@cache
def _noise() -> bytes:
    """Return the largest upload: a PNG without compression, without its last pixel."""
    width, height = 1840, limits.ASSET // (1840 * 3 + 1) - 1
    out = BytesIO()
    Image.frombytes("RGB", (width, height), Random(1).randbytes(width * height * 3)).save(
        out, "PNG", compress_level=0
    )
    return out.getvalue()


@cache
def _large() -> bytes:
    return picture(1, 7000, limits.PIXELS // 7000)


def _different(body: bytes, number: int) -> bytes:
    """Return the file with more bytes behind it, so that each client uploads another one."""
    return body + b"%08d" % number


@cache
def bomb(side: int = 50_000) -> bytes:
    """Return a PNG that says it is a square of this many pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(64 << 20), 1)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def pictures() -> Iterator[Body]:
    """Yield uploads: pictures at their limits, and files that are no sound picture."""
    yield "body", "plain", PROSE, picture
    for kind in ("JPEG", "WEBP", "AVIF", "GIF"):
        yield f"a {kind}", "at", PROSE, partial(picture, kind=kind)
    yield "bytes", "at", PROSE, lambda n: _different(_noise(), n)
    yield "bytes", "above", PROSE, lambda _: b"x" * (limits.ASSET + 1)
    yield "pixels", "at", PROSE, lambda n: _different(_large(), n)
    yield "pixels", "above", PROSE, lambda n: _different(bomb(), n)
    yield "a part of a picture", "above", PROSE, lambda n: picture(n, 640, 480)[:-20]
    yield "text", "above", PROSE, lambda _: b"<html><script>alert(1)</script>" * 1000
    script = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><script>1</script></svg>"
    yield "a script", "above", PROSE, lambda _: script
    deep = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>" + b"<g>" * 300_000
    yield "nesting", "above", PROSE, lambda _: deep


BODIES: dict[str, Callable[[], Iterator[Body]]] = {
    "putDocument": replacements,
    "patchDocument": patches,
    "undo": scopes,
    "redo": scopes,
    "putSchema": schemas,
    "nameVersion": names,
    "restore": restorations,
    "importDocument": imports,
    "publish": publications,
    "makeShare": shares,
    "uploadAsset": pictures,
    "acquireLock": acquisitions,
    "renewLock": renewals,
    "releaseLock": goodbyes,
}
