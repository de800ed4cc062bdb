"""Pages drawn at random from the page format: each section type, each field in all its states."""

from __future__ import annotations

import json
from importlib.resources import files
from random import Random
from typing import Any

SCHEMA: dict[str, Any] = json.loads(
    files("collab.schema").joinpath("schemas/landing-page.json").read_text("utf-8")
)
SECTIONS = [each["$ref"].rpartition("/")[2] for each in SCHEMA["$defs"]["section"]["oneOf"]]
TEXTS = [
    "Fresh bread, every day",
    "**Bold** and *light*, with [a link](/about) and [another](https://example.com/a?b=c#d)",
    "*open **crossed* marks** [not](a link) \\*stars\\* [x](javascript:alert(1))",
    "One line\nanother line\n\n  \nA paragraph  \r\n\r\nThe last",
    "مرحبا بالعالم",
    "עברית \u202eabc\u202c \u2066x\u2069",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&amp; &lt;b&gt; ' \"",
    "emoji 👩‍👩‍👧 and \u0000\u0007 controls",
    "\x85 \ufeff odd spaces \u2003\x1f",
    "a" * 70,
    " ",
    "ß first letter",
]
LINKS = ["/", "/about", "/about#part", "#hero-1", "https://example.com/ä b", "mailto:a@example.com"]
LINKS += [
    "javascript:alert(1)",
    "//evil.example",
    "\tjava\nscript:1",
    "tel:+1",
    "",
    "http://",
    "?a=1",
]
COLORS = ["#fff", "#10203040", "#FF8800", "#7f7f7f", "#123", "#e0e8f0", "red", "#ggg"]
WRONG = [None, 7, True, "text", [], {}, [None, 1, "x"], {"x": 1}]
UNKNOWN = {
    "title": "Opening hours",
    "rows": [
        {"label": "Monday", "text": "nine to five", "kind": "wide"},
        {"note": "closed on *Sunday*"},
    ],
    "image": {"src": "/demo/a.svg", "alt": "A door"},
    "10": "ten words here",
    "2": "two words",
    "ключ": "слова и слова",
}


def draw_page(random: Random) -> dict[str, Any]:
    """Return a document. Now and then, a value in it has the wrong type."""
    document: dict[str, Any] = _draw(random, SCHEMA, ())
    document["pages"] = {"home": _page(random), "about": {"title": "About", "slug": "about"}}
    if random.random() < 0.2:
        document["pages"][random.choice(["10", "b", "\U0001f600", "\uffee"])] = _page(random)
    return document


def _page(random: Random) -> dict[str, Any]:
    page: dict[str, Any] = _draw(random, SCHEMA["$defs"]["page"], ())
    page["sections"] = [_section(random) for _ in range(random.randint(0, 7))]
    return page


def _section(random: Random) -> Any:
    if random.random() < 0.03:
        return random.choice(WRONG)
    kind = random.choice([*SECTIONS, "unknown"])
    if kind == "unknown":
        section: Any = {"type": random.choice(["timetable", "", 7]), "content": dict(UNKNOWN)}
        if random.random() < 0.5:
            section["content"]["headline"] = random.choice(TEXTS)
        if random.random() < 0.3:
            section = {"id": "u1", **section["content"]}
    else:
        section = _draw(random, SCHEMA["$defs"][kind], ())
        section["type"] = SCHEMA["$defs"][kind]["properties"]["type"]["const"]
        if random.random() < 0.1:
            section.pop("id", None)
    if random.random() < 0.1:
        section["hidden"] = random.choice([True, False, 1])
    return section


def _draw(random: Random, schema: dict[str, Any], at: tuple[str, ...]) -> Any:
    """Return a value for a part of the format: valid, or empty, or the longest, or wrong."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _draw(random, SCHEMA["$defs"][name], (*at, name))
    if random.random() < 0.02 and at:
        return random.choice(WRONG)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return random.choice([*schema["enum"], "other"])
    draw = {"object": _object, "array": _array, "string": _string}.get(schema.get("type", ""))
    if draw is not None:
        return draw(random, schema, at)
    if schema.get("type") == "boolean":
        return random.random() < 0.5
    return _number(random, schema)


def _object(random: Random, schema: dict[str, Any], at: tuple[str, ...]) -> dict[str, Any]:
    required = schema.get("required", [])
    made = {
        name: _draw(random, part, (*at, name))
        for name, part in schema["properties"].items()
        if name not in ("pages", "sections") and (name in required or random.random() < 0.75)
    }
    if at and at[-1] == "colors":
        names = ["accent", "background", "text", "background-dark", "text-dark", "accent-dark"]
        made |= {name: random.choice(COLORS) for name in names if random.random() < 0.5}
    return made


def _array(random: Random, schema: dict[str, Any], at: tuple[str, ...]) -> list[Any]:
    return [_draw(random, schema["items"], at) for _ in range(random.choice([0, 1, 2, 3]))]


def _string(random: Random, schema: dict[str, Any], at: tuple[str, ...]) -> str:
    if "link" in at or at[-1] in ("src", "href", "action"):
        return random.choice(LINKS)
    if "color" in at:
        return random.choice(COLORS)
    if at[-1] == "id":
        return random.choice(["a", "b", "hero-1", "ö", f"n{random.randint(0, 99)}", "weft-x"])
    if at[-1] == "language":
        return random.choice(["en", "de", "ar", "he-IL", "fr", "pt-BR", "xx"])
    if at[-1] in ("heading", "body") and "fonts" in at:
        return random.choice(["Georgia, serif", "'Odd Name', x", "a;b", "Inter"])
    if at[-1] in ("icon", "network", "currency"):
        return random.choice(["bee", "STAR", "none", "x", "github", "EUR", "CHF", "constructor"])
    longest = int(schema.get("maxLength", 100))
    drawn = random.random()
    if drawn < 0.08:
        return ""
    if drawn < 0.12:
        return ("long words " * (longest // 11 + 1))[:longest]
    return "".join(random.choice(TEXTS) for _ in range(1 if drawn < 0.9 else 2))


def _number(random: Random, schema: dict[str, Any]) -> float:
    low, high = schema.get("minimum", 0), schema.get("maximum", 1_000_000)
    drawn = random.choice([low, high, random.uniform(low, high), 2.5, 0.125, 1234567.891, 1e14, -1])
    return int(drawn) if schema.get("type") == "integer" and random.random() < 0.8 else drawn
