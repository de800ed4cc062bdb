"""The content of a struct in a Yjs update: its length in clocks, decoded without recursion.

A struct is one item of an update: client id, clocks and content. This module refuses two kinds of
content of Yjs, because yrs 0.28 does not read them as yjs writes them:

- ContentJSON: yrs reads one text more than there is.
- XmlHook: yrs does not read its name. It then reads the bytes of the name as the next field.

It also refuses subdocuments, because Weft does not open them.

When a client sends keys and plain values, this module checks them (`Reader.checks_values`). It
decodes stored documents without these checks, because the server has checked them already.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack_from
from typing import Any, Final, cast

import msgspec

from collab.ids import Json
from collab.patch.values import FORBIDDEN_KEYS, MAX_DEPTH, is_exact, is_finite
from collab.yjs.lib0 import Reader, refuse, refuse_size

DELETED: Final = 1
STRING: Final = 4
EMBED: Final = 5
FORMAT: Final = 6
TYPE: Final = 7

# yrs keeps clocks in 32 bits and compares them as signed integers.
MAX_CLOCK: Final = 2**31 - 1
# The most characters in the name of a root type, an XML element or a format.
MAX_NAME: Final = 1024

_XML_ELEMENT: Final = 3
_TYPE_REFS: Final = frozenset({0, 1, 2, _XML_ELEMENT, 4, 6})
# What a shared type may contain. Content that is not a shared type has `NOTHING`.
NOTHING: Final = 0
TEXT: Final = 1
ITEMS: Final = 2  # of a Y.Array
_HELD: Final = {0: ITEMS, 2: TEXT, 6: TEXT}

# A mark of a text: the name of a format that begins or ends there, and the bytes that the format
# adds to each piece of the text. They are 0 when the format ends.
Mark = tuple[str, int]
_TAGS: Final = len("<></>")

# Four facts about a content: its length in clocks, its text when the text has surrogate pairs, what
# it may contain, and its mark.
Content = tuple[int, str | None, int, Mark | None]


def read_name(reader: Reader) -> str:
    name = read_key(reader)
    if len(name) > MAX_NAME and reader.checks_values:
        refuse_size(f"a name has more characters than {MAX_NAME}")
    return name


def read_key(reader: Reader) -> str:
    key = reader.text()
    if key in FORBIDDEN_KEYS and reader.checks_values:
        refuse("a key is `__proto__`, `constructor` or `prototype`; use another one")
    return key


def read_run(reader: Reader) -> int:
    """Read the length of a run. An empty run is refused, because yrs panics on it (measured)."""
    length = reader.uint()
    if length == 0:
        refuse("a struct is empty")
    return length


def _read_deleted(reader: Reader) -> Content:
    return read_run(reader), None, NOTHING, None


def _read_binary(reader: Reader) -> Content:
    reader.skip(reader.uint())
    return 1, None, NOTHING, None


def _read_string(reader: Reader) -> Content:
    raw = reader.raw()
    if not raw:
        refuse("a struct is empty")
    if raw.isascii():
        return len(raw), None, NOTHING, None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        refuse("a text is not UTF-8")
    units = len(text.encode("utf-16-le")) // 2
    return units, text if units != len(text) else None, NOTHING, None


def _read_embed(reader: Reader) -> Content:
    _read_json(reader)
    return 1, None, NOTHING, None


def _read_format(reader: Reader) -> Content:
    name = read_name(reader)
    raw = _read_json(reader)
    # The name stands in two tags. yrs copies the value for each piece, also when it is not shown.
    added = 0 if raw.strip() == b"null" else 2 * len(name.encode()) + _TAGS + len(raw)
    return 1, None, NOTHING, (name, added)


def _read_json(reader: Reader) -> bytes:
    raw = reader.raw()
    if reader.checks_values:
        read_json(raw, is_kept=True)
    return raw


def _read_type(reader: Reader) -> Content:
    ref = reader.byte()
    if ref not in _TYPE_REFS:
        refuse("a shared type is of a kind that Weft does not support")
    if ref == _XML_ELEMENT:
        read_name(reader)
    return 1, None, _HELD.get(ref, NOTHING), None


def _read_plain_values(reader: Reader) -> Content:
    count = reader.count()
    if count == 0:
        refuse("a struct is empty")
    for _ in range(count):
        skip_plain_value(reader)
    return count, None, NOTHING, None


def _read_unsupported(_: Reader) -> Content:
    refuse("a struct has content of a kind that Weft does not support")


# The reader of each kind of content. A kind has five bits.
CONTENTS: Final[list[Callable[[Reader], Content]]] = [_read_unsupported] * 32
CONTENTS[DELETED] = _read_deleted
CONTENTS[3] = _read_binary
CONTENTS[STRING] = _read_string
CONTENTS[EMBED] = _read_embed
CONTENTS[FORMAT] = _read_format
CONTENTS[TYPE] = _read_type
CONTENTS[8] = _read_plain_values

_ARRAY: Final = 117
_OBJECT: Final = 118
_BIGINT: Final = 122


def skip_plain_value(reader: Reader) -> None:
    """Skip one value (lib0's `any`) without recursion. Refuse deep nesting: 40 KB crash yrs."""
    left: list[int] = []
    kinds: list[int] = []
    while True:
        tag = reader.byte()
        if tag in (_ARRAY, _OBJECT):
            if len(left) == MAX_DEPTH and reader.checks_values:
                refuse(f"a value nests deeper than {MAX_DEPTH}")
            kinds.append(tag)
            left.append(reader.count(least=tag - 116))
        else:
            _skip_scalar(tag, reader)
        while left and left[-1] == 0:
            left.pop()
            kinds.pop()
        if not left:
            return
        left[-1] -= 1
        if kinds[-1] == _OBJECT:
            read_key(reader)


def _skip_scalar(tag: int, reader: Reader) -> None:
    if tag == 119:
        reader.text()
    elif tag == 125:
        reader.sint()
    elif tag == 123:
        _read_float(reader, ">d", 8)
    elif tag == 124:
        _read_float(reader, ">f", 4)
    elif tag == _BIGINT and not reader.checks_values:
        reader.skip(8)
    elif tag == 116:
        reader.skip(reader.uint())
    elif tag not in (120, 121, 126, 127):  # true, false, null, undefined
        refuse("a value has an unknown type or is a bigint")


def _read_float(reader: Reader, layout: str, size: int) -> None:
    start = reader.pos
    reader.skip(size)
    (value,) = unpack_from(layout, reader.data, start)
    if not is_finite(value) and reader.checks_values:
        refuse("a number is not finite")


# --- JSON in Yjs bytes -------------------------------------------------------------------

_decode = msgspec.json.Decoder().decode
_PLAIN: Final[dict[bytes, Json]] = {b"null": None, b"true": True, b"false": False}


def read_json(raw: bytes, *, is_kept: bool = False) -> Json:
    """Return the value of a JSON text. Raise `Rejected` when a patch may not contain this value.

    The function checks depth, numbers and keys. Set `is_kept` for a value that a document stores:
    yrs writes it in its own form, and the server must accept this form again.
    """
    if raw in _PLAIN:
        return _PLAIN[raw]
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("a text is not JSON")
    _check_json(value, is_kept)
    return cast(Json, value)


def _check_json(value: Any, is_kept: bool) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                if not FORBIDDEN_KEYS.isdisjoint(node):
                    refuse("a key is `__proto__`, `constructor` or `prototype`; use another one")
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
            else:
                _check_number(node, is_kept)
        if not below:
            return
        level = below
    for node in level:
        if isinstance(node, dict | list):
            refuse(f"a value nests deeper than {MAX_DEPTH}")
        _check_number(node, is_kept)


def _check_number(scalar: Any, is_kept: bool) -> None:
    has_digits = isinstance(scalar, int) or (is_kept and _gets_digits(scalar))
    if has_digits and not is_exact(scalar):
        refuse("an integer is longer than 53 bits")


def _gets_digits(scalar: Any) -> bool:
    """Whether yrs writes a float with the digits of an integer.

    Measured with yrs 0.28: 1e16 becomes 10000000000000000, and 1e19 stays 1e19.
    """
    return isinstance(scalar, float) and scalar.is_integer() and abs(scalar) <= 2**63
