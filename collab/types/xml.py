"""Yjs XML types as strings that are the same at each reading.

pycrdt writes attributes and formats in the order of a hash table. That order differs each time a
document is opened. So this module sorts them by name, as Yjs does.

A shared type in a text or an attribute is not shown. If it were shown as JSON, each level would
escape the quotes of the level below: 30 levels in 200 bytes would become two gigabytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from pycrdt import _pycrdt as native

from collab.types.layout import SHARED_TYPES, scalar

Txn = native.Transaction

# The beginning of every end tag. A string without it has no element and no format, so it has
# nothing to sort.
SORTED = "</"

Attributes = Iterable[tuple[str, Any]]


def xml_string(txn: Txn, handle: Any, raw_of: Callable[[Txn, Any], Any]) -> str:
    """Return an XML type as a string. `raw_of` converts plain values into their JSON form."""

    def tag(name: str, attributes: Attributes) -> str:
        written = sorted(
            (one for one in attributes if not isinstance(one[1], SHARED_TYPES)), key=_name
        )
        shown = (f' {key}="{plain(value)}"' for key, value in written)
        return f"<{name}{''.join(shown)}>"

    def plain(value: Any) -> str:
        return value if type(value) is str else _json(raw_of(txn, value))

    def stretch(inserted: Any, formats: dict[str, Any] | None) -> str:
        begin, end = "", ""
        for name, value in sorted((formats or {}).items(), key=_name):
            begin += tag(name, value.items() if isinstance(value, dict) else ())
            end = f"</{name}>{end}"
        return begin + plain(inserted) + end

    def show(node: Any) -> str:
        if isinstance(node, native.XmlText):
            shown = (each for each in node.diff(txn) if not isinstance(each[0], SHARED_TYPES))
            return "".join(stretch(*each) for each in shown)
        inside = "".join(map(show, node.children(txn)))
        if isinstance(node, native.XmlFragment):
            return inside
        return f"{tag(node.tag(), node.attributes(txn))}{inside}</{node.tag()}>"

    return show(handle)


def _name(pair: tuple[str, Any]) -> str:
    return pair[0]


def _json(raw: Any) -> str:
    if isinstance(raw, int | float):
        raw = scalar(raw)
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, default=lambda _: None)
