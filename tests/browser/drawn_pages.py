"""Pages drawn at random from the page format: each section type, each field in all its states."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib.resources import files
from operator import eq, is_
from random import Random
from typing import Any

SCHEMA: dict[str, Any] = json.loads(
    files("collab.schema").joinpath("schemas/landing-page.json").read_text("utf-8")
)
SECTIONS = [each["$ref"].rpartition("/")[2] for each in SCHEMA["$defs"]["section"]["oneOf"]]
HOSTILE = "<script>alert(1)</script>"
RIGHT_TO_LEFT = "مرحبا بالعالم"
TEXTS = [
    "Fresh bread, every day",
    "**Bold** and *light*, with [a link](/about) and [another](https://example.com/a?b=c#d)",
    "*open **crossed* marks** [not](a link) \\*stars\\* [x](javascript:alert(1))",
    "One line\nanother line\n\n  \nA paragraph  \r\n\r\nThe last",
    RIGHT_TO_LEFT,
    "עברית \u202eabc\u202c \u2066x\u2069",
    HOSTILE,
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
LONG_LINK = "https://example.com/" + "a" * 2048
PUBLIC_URL = "https://weft.example"
# A picture that the server has, in the ways a document may name it. Only the first four name it.
ASSET = "/v1/assets/demo/" + "0123456789abcdef" * 4
ASSETS = [ASSET, f"/v1/assets/{'a-9' * 21}/{'f' * 64}", f"{PUBLIC_URL}{ASSET}", f" {ASSET}\u202e "]
OTHERS = [
    f"https://other.example{ASSET}",
    f"{PUBLIC_URL}.evil.example{ASSET}",
    f"{PUBLIC_URL}:443{ASSET}",
    f"http://weft.example{ASSET}",
    f"{PUBLIC_URL.upper()}{ASSET}",
    f"{PUBLIC_URL}{PUBLIC_URL}{ASSET}",
    ASSET[1:],
    f"/{ASSET}",
    f"{ASSET}?width=480",
    f"{ASSET}#a",
    f"{ASSET}/",
    f"{ASSET}\n",
    ASSET.upper(),
    ASSET[:-1],
    f"{ASSET}0",
    f"{ASSET[:-1]}g",
    f"/v1/assets/-demo/{'0' * 64}",
    f"/v1/assets//{'0' * 64}",
    f"/v1/assets/{'a' * 64}/{'0' * 64}",
    f"/v1/assets/../{'0' * 64}",
    f"/v1/assets/a,b 480w/{'0' * 64}",
    f"/v1/assets/demo%2f/{'0' * 64}",
    f"/v1/assets/d\u00e9mo/{'0' * 64}",
    "/v1/assets/demo/" + "\u0660" * 64,
    "/v1/assets/demo/../../demo/a.svg",
    f"/V1/assets/demo/{'0' * 64}",
]
# On both sides of the widths that the server makes, and what is no width.
WIDTHS = [479, 480, 481, 959, 960, 961, 1919, 1920, 1921, 65_535, 65_536]
NO_WIDTHS = [0, -1, -481, 0.5, 480.5, 960.999, 1e300, "481", True, None]
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
    _name_assets(random, document)
    return document


def _name_assets(random: Random, value: Any) -> None:
    """Let many of the drawn pictures be assets, or have an address like one."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        _name_assets(random, each)
    if isinstance(value, dict) and value.get("src") in LINKS and random.random() < 0.8:
        value["src"] = random.choice([random.choice(ASSETS), random.choice(OTHERS)])
        if value.get("width") not in (1, 65_535) and random.random() < 0.8:
            value["width"] = random.choice([*WIDTHS, *NO_WIDTHS])


def _page(random: Random) -> dict[str, Any]:
    page: dict[str, Any] = _draw(random, SCHEMA["$defs"]["page"], ())
    page["sections"] = [_section(random) for _ in range(random.randint(0, 9))]
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
    if "properties" not in schema or (at and random.random() < 0.05):
        return {}
    least = 0.0 if random.random() < 0.1 else 0.25  # now and then, an object has all its members
    required = schema.get("required", [])
    made = {
        name: _draw(random, part, (*at, name))
        for name, part in schema["properties"].items()
        if name not in ("pages", "sections")
        and random.random() >= (least / 5 if name in required else least)
    }
    if at and at[-1] == "colors":
        names = ["accent", "background", "text", "background-dark", "text-dark", "accent-dark"]
        made |= {name: random.choice(COLORS) for name in names if random.random() < 0.5}
    return made


def _array(random: Random, schema: dict[str, Any], at: tuple[str, ...]) -> list[Any]:
    drawn = [_draw(random, schema["items"], at) for _ in range(random.choice([0, 1, 2, 3]))]
    if drawn and random.random() < 0.06:
        return [drawn[n % len(drawn)] for n in range(schema["maxItems"])]
    return drawn


def _string(random: Random, schema: dict[str, Any], at: tuple[str, ...]) -> str:
    longest = int(schema.get("maxLength", 100))
    drawn = random.random()
    if drawn < 0.08:
        return ""
    if "link" in at or at[-1] in ("src", "href", "action"):
        return random.choice(LINKS) if drawn > 0.15 else LONG_LINK[:longest]
    if "color" in at:
        return random.choice(COLORS)
    if drawn < 0.17:
        return ("long words " * (longest // 11 + 1))[:longest]
    if drawn < 0.27:
        return random.choice([HOSTILE, RIGHT_TO_LEFT])
    return _words(random, at)


def _words(random: Random, at: tuple[str, ...]) -> str:
    """Return a text of usual length. Some fields need one of a few words to have an effect."""
    if at[-1] == "id":
        return random.choice(["a", "b", "hero-1", "ö", f"n{random.randint(0, 99)}", "weft-x"])
    if at[-1] == "home":
        return random.choice(["home", "about", "b", "10", "nowhere"])
    if at[-1] == "language":
        return random.choice(["en", "de", "ar", "he-IL", "fr", "pt-BR", "xx"])
    if at[-1] in ("heading", "body") and "fonts" in at:
        return random.choice(["Georgia, serif", "'Odd Name', x", "a;b", "Inter"])
    if at[-1] in ("icon", "currency"):
        return random.choice(["bee", "STAR", "none", "x", "EUR", "CHF", "constructor"])
    return "".join(random.choice(TEXTS) for _ in range(1 if random.random() < 0.9 else 2))


def _number(random: Random, schema: dict[str, Any]) -> float:
    low, high = schema.get("minimum", 0), schema.get("maximum", 1_000_000)
    drawn = random.choice([low, high, random.uniform(low, high), 2.5, 0.125, 1234567.891, 1e14, -1])
    return int(drawn) if schema.get("type") == "integer" and random.random() < 0.8 else drawn


# --- what the drawn pages contain -------------------------------------------------------------


def wanted_forms() -> set[tuple[str, str]]:
    """Return each field of the format with each form that it must have in a drawn page."""
    return {(field, form) for field, part in _fields() for form in ("absent", *_forms(part))}


def drawn_forms(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field of a document with the form that it has there."""
    for name in ("site", "theme"):
        yield from _found(name, SCHEMA["properties"][name], document.get(name))
    for page in document["pages"].values():
        yield from _found("page", SCHEMA["$defs"]["page"], page)
        for section in page.get("sections", ()):
            kind = section.get("type") if isinstance(section, dict) else None
            if isinstance(kind, str) and kind in SECTIONS:
                yield from _found(kind, SCHEMA["$defs"][kind], section)


def _fields() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("site", "theme"):
        yield from _inside(name, SCHEMA["properties"][name])
    for name in ("page", *SECTIONS):
        yield from _inside(name, SCHEMA["$defs"][name])


def _inside(at: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields inside an object of the format, at any depth."""
    for name, part in _members(schema):
        field = f"{at}.{name}"
        yield field, part
        inner = _resolved(part.get("items", part))
        yield from _inside(field, inner) if inner.get("type") == "object" else ()


def _members(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        if name not in ("type", "sections"):
            yield name, _resolved(part)


def _found(at: str, schema: dict[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        return
    for name, part in _members(schema):
        field = f"{at}.{name}"
        if name not in value:
            yield field, "absent"
            continue
        given = value[name]
        yield from ((field, form) for form, has in _forms(part).items() if has(given))
        inner = _resolved(part.get("items", part))
        for each in given if isinstance(given, list) else [given]:
            yield from _found(field, inner, each)


def _forms(part: dict[str, Any]) -> dict[str, Callable[[Any], bool]]:
    """Return the forms that a field may have, each with the test for a value."""
    if "enum" in part:
        return {word: partial(eq, word) for word in part["enum"]}
    match part.get("type"):
        case "boolean":
            return {"true": partial(is_, True), "false": partial(is_, False)}
        case "array":
            return {"empty": partial(eq, []), "longest": partial(_is_long, part["maxItems"])}
        case "object":
            names = set(part["properties"]) - {"sections"}
            full = {"full": lambda given: isinstance(given, dict) and names <= set(given)}
            return {"empty": partial(eq, {}), **(full if names else {})}
        case "string":
            return _text_forms(part)
    bounds = {"least": part.get("minimum"), "most": part.get("maximum")}
    return {form: partial(eq, end) for form, end in bounds.items() if end is not None}


def _text_forms(part: dict[str, Any]) -> dict[str, Callable[[Any], bool]]:
    forms: dict[str, Callable[[Any], bool]] = {"empty": partial(eq, "")}
    if "maxLength" in part:
        forms["longest"] = partial(_is_long, part["maxLength"])
    if part.get("maxLength", 0) >= 80 and not part.keys() & {"pattern", "x-weft"}:
        forms["hostile"] = lambda given: isinstance(given, str) and HOSTILE in given
        forms["right to left"] = lambda given: isinstance(given, str) and RIGHT_TO_LEFT in given
    return forms


def _is_long(most: int, given: Any) -> bool:
    return isinstance(given, str | list) and len(given) == most


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = part
    if "$ref" in part:
        target = SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]
    return target
