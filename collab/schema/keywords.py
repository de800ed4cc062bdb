"""The keywords of JSON Schema, in groups by their subject."""

from __future__ import annotations

from typing import Final

NOTES = frozenset(
    [
        "$schema",
        "$id",
        "$defs",
        "definitions",
        "$comment",
        "$anchor",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "format",
        "x-weft",
        "x-weft-version",
    ]
)
# Rules about a container's own keys or length, never about its children.
SHALLOW = frozenset(
    [
        "type",
        "required",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "dependentRequired",
        "minItems",
        "maxItems",
    ]
)
CHILDREN = frozenset(["properties", "patternProperties", "additionalProperties", "items"])
IN_PLACE = frozenset(["$ref", "allOf", "oneOf", "anyOf"])
# A string with one of these rules is an atom: patches replace it as a whole and never merge it. A
# container with one of these rules is compared as a whole.
WHOLE = frozenset(["enum", "const"])
SCALAR = frozenset(
    [
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "contentEncoding",
        "contentMediaType",
    ]
)
TRANSPARENT = NOTES | SHALLOW | CHILDREN | IN_PLACE | SCALAR
# A rule about all items of a list together. It can be checked apart from the items.
UNIQUE: Final = "uniqueItems"
ATOMIC_FORMATS = frozenset(
    [
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uri-template",
        "url",
        "color",
        "date",
        "time",
        "date-time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uuid",
        "regex",
        "json-pointer",
        "relative-json-pointer",
    ]
)
