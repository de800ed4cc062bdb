"""The keywords of JSON Schema, by what they are about."""

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
# They make a string an atom. A container with one of them is compared as a whole.
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
# A rule about all items together, which can be checked apart from them.
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
