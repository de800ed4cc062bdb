"""The names of documents and tenants, JSON Pointers, and the type of a JSON value."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

# Any JSON value: None, bool, int, float, str, list of Json, dict of str to Json. Several versions
# of a document share one value. So no code changes a value in place.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DOC_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
# RFC 6901, section 3: after each `~` comes 0 or 1.
POINTER = re.compile(r"(/([^~/]|~[01])*)*")
TENANT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_POINTER = 4096  # bytes
MAX_SAFE_INTEGER = 2**53 - 1


class DocKey(NamedTuple):
    """The full name of a document: its tenant and its name.

    Two tenants may use the same document name. So all tables, caches and channels use both parts.
    """

    tenant: str
    doc: str


def is_doc_name(name: str) -> bool:
    return DOC_NAME.fullmatch(name) is not None


def is_tenant_name(name: str) -> bool:
    return TENANT_NAME.fullmatch(name) is not None
