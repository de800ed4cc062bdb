"""Makes docs/page-format.md from the schema of the page format: `python -m tests.page_format`.

The text around the generated tables is in the page itself. The generator replaces what is between
the lines `<!-- generated -->` and `<!-- end -->`: first the document, then the sections.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from collab.schema.named import named_schema
from tests.house import ROOT

PAGE = ROOT / "docs" / "page-format.md"
START, END = "<!-- generated -->\n", "<!-- end -->\n"
SCHEMA: dict[str, Any] = json.loads(named_schema("landing-page") or b"")
DEFS: dict[str, Any] = SCHEMA["$defs"]
SECTIONS: list[str] = [each["$ref"].rpartition("/")[2] for each in DEFS["section"]["oneOf"]]
PARTS = ("image", "button", "sectionTheme", "seo")
# What has a heading of its own, and the link to it.
LINKS = {name: f"[`{name}`](#{name.lower()})" for name in PARTS}
LINKS |= {"page": "[a page](#a-page)", "section": "[a section](#sections)"}
# An example of each kind of value. A field that needs another one has it below.
VALUES = {
    "headline": "Fresh bread, **every** day",
    "body": "We bake at *four* in the morning. [See the shop](https://example.com/shop)",
    "link": "https://example.com/shop",
    "color": "#2f6f4f",
    "slug": "our-bread",
}
OWN_VALUES = {
    "alt": "A loaf on a table",
    "answer": "Yes, on all days but *Monday*.",
    "caption": "The oven at **four** in the morning",
    "company": "Larkfield",
    "copyright": "© Larkfield",
    "currency": "EUR",
    "description": "Six loaves a week",
    "features": ["A loaf of the day", "**Free** delivery"],
    "icon": "leaf",
    "id": "bread-1",
    "label": "Order now",
    "name": "Ada",
    "network": "github",
    "options": ["Rye", "Wheat"],
    "placeholder": "you@example.com",
    "question": "Do you bake at the weekend?",
    "quote": "The best bread in *town*.",
    "role": "Gardener",
    "src": "/pictures/loaf.jpg",
    "subheadline": "From our oven to your table",
    "submit": "Send",
}


def document() -> str:
    """Return the tables of the document, of its `site` and `theme`, and of a page."""
    blocks = [_table(_members(SCHEMA))]
    for name in ("site", "theme"):
        blocks += [f"### `{name}`\n", _table(_fields(SCHEMA["properties"][name]))]
    return "\n".join([*blocks, "### A page\n", _table(_fields(DEFS["page"]))])


def sections() -> str:
    """Return the tables: each type of section with its fields, then the parts that they share."""
    blocks = [block for name in SECTIONS for block in _section(name)]
    blocks.append("## Parts of several sections\n")
    for name in PARTS:
        blocks += [f"### `{name}`\n", _table(_fields(DEFS[name]))]
    return "\n".join(blocks)


def whole() -> str:
    """Return the page with the tables of today."""
    text, *rest = PAGE.read_text("utf-8").split(START)
    for made, old in zip((document(), sections()), rest, strict=True):
        text += f"{START}\n{made}\n{END}{old.split(END)[1]}"
    return text


def example(name: str) -> dict[str, Any]:
    """Return a section of a type with all its fields."""
    made: dict[str, Any] = _value(DEFS[name], name)
    made["id"] = f"{name}-1"
    return {key: made[key] for key in ("id", "type", "content")}


def _section(name: str) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield f"{DEFS[name]['description']}\n"
    yield _table(_fields(DEFS[name]["properties"]["content"]))
    yield "<!-- not run: a test checks that the schema allows it -->"
    yield f"```json\n{json.dumps(example(name), indent=2, ensure_ascii=False)}\n```\n"


def _fields(schema: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field with what it may have, also the fields of objects inside."""
    for name, kind in _members(schema):
        part = schema["properties"][name]
        items = part.get("items", {})
        if not part.get("properties"):
            yield before + name, kind
        yield from _fields(part, f"{before}{name}.") if part.get("properties") else ()
        yield from _fields(items, f"{before}{name}[].") if "properties" in items else ()


# Fields with the address of a picture. The pages' Content-Security-Policy allows no other address.
PICTURES = frozenset({"src"})
_PICTURE = "the address of a picture: `https:`, or a path of the same server"


def _members(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, part in schema["properties"].items():
        required = "; required" if name in schema.get("required", ()) else ""
        yield name, (_PICTURE if name in PICTURES else _kind(part, name)) + required


def _table(rows: Iterator[tuple[str, str]]) -> str:
    lines = ["| field | is |", "|---|---|"]
    lines += [f"| `{name}` | {kind} |" for name, kind in rows]
    return "\n".join(lines) + "\n"


def _kind(part: dict[str, Any], name: str = "") -> str:
    """Return in words what a field may have."""
    if "$ref" in part:
        target = part["$ref"].rpartition("/")[2]
        return LINKS.get(target) or _kind(DEFS[target])
    if "enum" in part:
        return "one of " + ", ".join(f"`{word}`" for word in part["enum"])
    match part.get("type"):
        case "string":
            return _text(part)
        case "array":
            inner = part["items"]
            what = "objects" if inner.get("type") == "object" else f"{_kind(inner)}, each"
            return f"a list of at most {part['maxItems']:,}: {what}"
        case "boolean":
            return "`true` or `false`"
        case "object":
            return _object(part, name)
        case _:
            return _number(part)


def _object(part: dict[str, Any], name: str) -> str:
    values = part["additionalProperties"]
    if not values:
        return f"an object: [`{name}`](#{name})"
    most = f"at most {part['maxProperties']:,} " if "maxProperties" in part else ""
    kind = _kind(values)
    return f"an object of {most}names that match `{part['propertyNames']['pattern']}`: {kind}, each"


def _text(part: dict[str, Any]) -> str:
    if part.get("format") == "color":
        return "a colour such as `#2f6f4f`"
    if part.get("format") == "uri-reference":
        return "an address: `https:`, `http:`, `mailto:`, `tel:`, or a path, `?…` or `#…`"
    kind = "[rich text](#rich-text)" if part.get("contentMediaType") else "text"
    size = f" of at most {part['maxLength']:,} characters" if "maxLength" in part else ""
    form = f" that matches `{part['pattern']}`" if "pattern" in part else ""
    return kind + size + form


def _number(part: dict[str, Any]) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    kind = "a whole number" if part["type"] == "integer" else "a number"
    if high is None:
        return f"{kind} from {low}"
    return f"{kind} from {low} to {high:,}"


def _value(part: dict[str, Any], name: str) -> Any:
    """Return an example of a field."""
    own = OWN_VALUES.get(name)
    if own is not None and jsonschema_rs.is_valid({**part, "$defs": DEFS}, own):
        return own
    if "$ref" in part:
        of = part["$ref"].rpartition("/")[2]
        return VALUES.get(of) if of in VALUES else _value(DEFS[of], name)
    if "const" in part or "enum" in part:
        return part.get("const") or part["enum"][0]
    match part.get("type"):
        case "object":
            return {key: _value(inner, key) for key, inner in part["properties"].items()}
        case "array":
            return [_value(part["items"], name)]
        case "string":
            return name.capitalize()
        case "boolean":
            return False
        case _:
            return {"width": 1200, "height": 800, "rating": 5, "price": 12, "columns": 3}[name]


if __name__ == "__main__":
    PAGE.write_text(whole(), "utf-8")
