"""Demo documents: two tenants with two landing pages each, one file a document."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec

from collab.ids import DocKey


def pages() -> list[tuple[DocKey, dict[str, Any]]]:
    """Every demo document under its name: `TENANT.DOC.json` beside this module."""
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".json")),
        key=lambda file: file.name,
    )
    return [(_key(file.name), msgspec.json.decode(file.read_bytes())) for file in files]


def _key(name: str) -> DocKey:
    tenant, doc = name.removesuffix(".json").split(".", 1)
    return DocKey(tenant, doc)
