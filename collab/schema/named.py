"""The schemas of Weft that a document may name: `{"$ref": "weft:landing-page"}`.

A document that names a schema is always checked with the newest one. Each new version of a schema
accepts all that the versions before it accepted. So a document, an undo step or a change that waits
in a browser stays valid when the server becomes newer. `docs/page-format.md` has the rules.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

NAMES: Final = ("landing-page",)
_SCHEME: Final = "weft:"


def named_schema(name: str) -> bytes | None:
    """Return the JSON of the schema with this name; None for an unknown name."""
    return _read(name) if name in NAMES else None


@lru_cache
def _read(name: str) -> bytes:
    return files(__package__).joinpath(f"schemas/{name}.json").read_bytes()


def may_name(raw: bytes) -> bool:
    """Whether a JSON text may name a schema. Then the schema itself is longer than the text.

    A text may write the name with escapes, as `\\u0077eft:`.
    """
    return _SCHEME.encode() in raw or b"\\" in raw


def name_in(root: dict[str, Any]) -> str | None:
    """Return the name when a schema has the form `{"$ref": "weft:NAME"}`, or else None."""
    reference = root.get("$ref")
    if len(root) != 1 or not isinstance(reference, str) or not reference.startswith(_SCHEME):
        return None
    return reference.removeprefix(_SCHEME)
