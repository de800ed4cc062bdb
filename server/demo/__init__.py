"""Demo documents: two tenants with two landing pages each, and the pictures that they show."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from collab.ids import DocKey


def pages() -> list[tuple[DocKey, dict[str, Any]]]:
    """Every demo document under its name: `TENANT.DOC.json` beside this module."""
    return [(_key(name), msgspec.json.decode(body)) for name, body in _files(".json").items()]


@cache
def pictures() -> dict[str, bytes]:
    """The SVG pictures that the documents show as `/demo/NAME.svg`."""
    return _files(".svg")


def _files(ending: str) -> dict[str, bytes]:
    files = [each for each in resources.files(__name__).iterdir() if each.name.endswith(ending)]
    files.sort(key=lambda each: each.name)
    return {each.name.removesuffix(ending): each.read_bytes() for each in files}


def _key(name: str) -> DocKey:
    tenant, doc = name.split(".", 1)
    return DocKey(tenant, doc)
