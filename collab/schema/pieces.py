"""Check a large value in pieces, so that no native call holds the interpreter lock for long.

One call for 150,000 values takes up to 0.1 s. `walk.py` explains opaque sub-schemas. A value is
checked in one call when its sub-schema is opaque, unless `uniqueItems` is the only reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import msgspec

from collab.errors import Code, Rejected
from collab.patch.bounds import nesting
from collab.patch.pointer import Tokens, render
from collab.schema.keywords import UNIQUE
from collab.schema.walk import SchemaNode

# Values that one native call checks. It takes about 5 ms when their schema has few branches.
MOST_VALUES: Final = 5_000
MAX_MESSAGE: Final = 300
# Items of a list that one native call checks, when they have at most `MOST_VALUES` values.
_AT_ONCE: Final = 250

_canonical = msgspec.json.Encoder(order="sorted")

# A node, a value that the node must accept, and the location of this value in its container.
Piece = tuple[SchemaNode, Any, Tokens]


def pieces(node: SchemaNode, value: Any) -> Iterator[Piece]:
    """Yield the children of a container that may be invalid, with the nodes that check them."""
    if type(value) is list and "items" in node.schema:
        yield from _items(node, value)
    elif type(value) is dict:
        for key, inner in value.items():
            for child in node.children(key, value):
                yield child, inner, (key,)


def _items(node: SchemaNode, value: list[Any]) -> Iterator[Piece]:
    for start in range(0, len(value), _AT_ONCE):
        some = value[start : start + _AT_ONCE]
        if nesting(some, MOST_VALUES)[1] <= MOST_VALUES and node.items.is_valid(some):
            continue
        for index, inner in enumerate(some, start):
            for child in node.children(str(index), value):
                yield child, inner, (str(index),)


def check_itself(node: SchemaNode, value: Any, at: Tokens) -> None:
    """Raise `invalid_document` when a container breaks a rule about the container as a whole."""
    if node.shallow is not None:
        try:
            node.shallow.validate(shallow_copy(value))
        except jsonschema_rs.ValidationError as error:
            inner = (str(token) for token in error.instance_path)
            message = error.message[:MAX_MESSAGE]
            raise Rejected(Code.INVALID_DOCUMENT, message, path=render((*at, *inner))) from None
    if node.schema.get(UNIQUE) is True and type(value) is list and not _all_differ(value):
        message = "the value has non-unique elements"
        raise Rejected(Code.INVALID_DOCUMENT, message, path=render(at))


def _all_differ(items: list[Any]) -> bool:
    """Whether no two items are equal. In a document, 1.0 is the integer 1 (rule D13)."""
    return len({_canonical.encode(item) for item in items}) == len(items)


def shallow_copy(value: Any) -> Any:
    """Return a container with null in place of each child, and a scalar unchanged."""
    if type(value) is dict:
        return dict.fromkeys(value)
    return [None] * len(value) if type(value) is list else value
