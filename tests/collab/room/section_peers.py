"""Yjs peers that edit at random, inside and outside an area, in every way that Yjs has.

This module reads the peers' documents with its own code, after the document model.
"""

from __future__ import annotations

from random import Random
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

RESERVED = ("@array", "@order", "@deleted", "@value")
ORDERS = ("Zz", "a0", "a1", "a1V", "a2", "a3", "b00")
ROOTS: dict[str, Any] = {"default": XmlFragment, "prose": Text, "log": Array, "meta": Map}


def peer(client_id: int) -> Doc[Any]:
    doc: Doc[Any] = Doc(client_id=client_id)
    doc.get("content", type=Map)
    for name, kind in ROOTS.items():
        doc.get(name, type=kind)
    return doc


def seed_roots(doc: Doc[Any]) -> None:
    """Write into every root except `content`, with formats in one root."""
    with doc.transaction():
        paragraph = doc.get("default", type=XmlFragment).children.append(
            XmlElement("p", {"k": "v"})
        )
        paragraph.children.append(XmlText("para"))
        prose = doc.get("prose", type=Text)
        prose += "some prose"
        prose.format(0, 4, {"bold": True})
        doc.get("log", type=Array).append(Map({"n": 1}))
        doc.get("meta", type=Map)["k"] = Text("kept")


def dump(held: Any) -> Any:
    """Return a shared type with everything below it, including kinds, formats and embeds."""
    if isinstance(held, Map):
        return {"map": {key: dump(held[key]) for key in sorted(held.keys())}}
    if isinstance(held, Array):
        return {"array": [dump(inner) for inner in held]}
    if isinstance(held, Text):
        return {"text": held.diff()}
    if isinstance(held, XmlFragment | XmlElement | XmlText):
        return {"xml": str(held)}
    return held


def others(doc: Doc[Any]) -> Any:
    """Return all roots except `content`."""
    return {name: dump(doc.get(name, type=kind)) for name, kind in ROOTS.items()}


def content_of(doc: Doc[Any]) -> Any:
    return dump(doc.get("content", type=Map))


def path_of(dumped: Any, tokens: list[str | int]) -> list[str] | None:
    """Return the keys of the types that lead to a location; None outside the layout's types."""
    path: list[str] = []
    held = dumped
    for token in tokens:
        if not isinstance(held, dict) or "map" not in held:
            return None
        members = held["map"]
        if members.get("@array") is True:
            keys = [key for key in members if key not in RESERVED and not _hidden(members[key])]
            keys.sort(key=lambda key: (_order(members[key]), key))
            key = keys[int(token)]
        else:
            key = (
                f"@{token}"
                if str(token).lstrip("@") in WORDS and str(token)[:1] == "@"
                else str(token)
            )
        path.append(key)
        held = members[key]
        element = members.get("@array") is True
        if (
            element
            and isinstance(held, dict)
            and "@value" in held.get("map", {})
            and len(path) < len(tokens) * 9
        ):
            held = held["map"]["@value"]
            path.append("@value")
    if path and path[-1] == "@value":
        path.pop()
    return path


WORDS = ("array", "order", "deleted", "value")


def _hidden(element: Any) -> bool:
    return isinstance(element, dict) and element.get("map", element).get("@deleted") is True


def _order(element: Any) -> str:
    order = element.get("map", element).get("@order") if isinstance(element, dict) else None
    return order if isinstance(order, str) else "~"


def outside(dumped: Any, paths: list[list[str]]) -> Any:
    """Return a content without its areas.

    When an area is an element of a list, its order key and its hidden mark stay.
    """
    return _outside(dumped, [tuple(path) for path in paths], (), False)


def _outside(held: Any, paths: list[tuple[str, ...]], at: tuple[str, ...], is_element: bool) -> Any:
    if at in paths:
        return (_order(held), _hidden(held)) if is_element else "area"
    if isinstance(held, dict) and "map" in held:
        members = held["map"]
        is_array = members.get("@array") is True
        return {key: _outside(inner, paths, (*at, key), is_array) for key, inner in members.items()}
    return held


# --- edits ----------------------------------------------------------------------------------


def edit(random: Random, doc: Doc[Any], within: list[str] | None) -> None:
    """Make one change at a random location: below the path `within`, or anywhere."""
    if within is None and random.random() < 0.15:
        _edit_root(random, doc)
        return
    held: Any = doc.get("content", type=Map)
    for key in within or ():
        if not isinstance(held, Map) or key not in held:
            return  # an earlier edit removed it
        holder, held = held, held[key]
    if not isinstance(held, Map | Array | Text):
        holder[key] = random.choice((4.0, None, "plain", Text("a text")))
        return
    place = random.choice(list(_types(held)))
    is_area = within is not None and place is held
    _edit(random, place, keep=is_area)


def _types(held: Any) -> list[Any]:
    found = [held]
    if isinstance(held, Map):
        for key in sorted(held.keys()):
            if isinstance(held[key], Map | Array | Text):
                found += _types(held[key])
    elif isinstance(held, Array):
        for inner in held:
            if isinstance(inner, Map | Array | Text):
                found += _types(inner)
    return found


def _edit(random: Random, place: Any, *, keep: bool) -> None:
    if isinstance(place, Text):
        _edit_text(random, place)
    elif isinstance(place, Map):
        _edit_map(random, place, keep=keep)
    elif len(place) and random.random() < 0.5:
        del place[random.randrange(len(place))]
    else:
        place.insert(
            random.randrange(len(place) + 1), random.choice((1.0, "two", Map({"id": "a"})))
        )


def _edit_text(random: Random, text: Text) -> None:
    size = len(text)
    roll = random.random()
    is_plain = all(type(part) is str and part.isascii() for part, _ in text.diff())
    if is_plain and size and roll < 0.3:
        start = random.randrange(size)
        del text[start : random.randrange(start, size) + 1]
    elif is_plain and size and roll < 0.45:
        text.format(0, size, {random.choice(("bold", "i")): random.choice((True, None))})
    elif roll < 0.55:
        text.insert_embed(0, {"img": 1})
    else:
        text.insert(0, random.choice(("x", "typed ", "Hello world")))


def _edit_map(random: Random, place: Map[Any], *, keep: bool) -> None:
    keys = sorted(place.keys())
    if keep:
        keys = [key for key in keys if key not in (*RESERVED, "id")]
    elif keys and random.random() < 0.35:
        _edit_layout(random, place)
        return
    roll = random.random()
    if keys and roll < 0.3:
        del place[random.choice(keys)]
    elif keys and roll < 0.7:
        place[random.choice(keys)] = fresh(random)
    elif keys and roll < 0.8:
        key = random.choice(keys)
        held = place[key]
        if isinstance(held, Text):  # the same text again: the JSON does not change
            place[key] = random.choice((Text(str(held)), str(held)))
        elif not isinstance(held, Map | Array):
            place[key] = held
    else:
        place[random.choice(("new", "title", "x", "b"))] = fresh(random)


def _edit_layout(random: Random, place: Map[Any]) -> None:
    key = random.choice(("@order", "@order", "@deleted", "@deleted", "@value", "@array"))
    if key in place and random.random() < 0.4:
        del place[key]
    elif key == "@order":
        place[key] = random.choice((*ORDERS, 7))
    elif key == "@value":
        place[key] = fresh(random)
    else:
        place[key] = random.choice((True, False, None))


def fresh(random: Random) -> Any:
    made: tuple[Any, ...] = (
        Text("fresh"),
        Text(""),
        "plain",
        3.0,
        None,
        True,
        {"plain": [1.0, {"id": "a"}]},
        Map({"id": "a", "@order": "a1", "k": Text("in")}),
        Map({"id": "new", "@order": "a1V", "@deleted": True}),
        Map({"@array": True, "a": Map({"id": "a", "@order": "a0"}), "w": Map({"@value": 1.0})}),
        Array([1.0, "two", Map({"id": "a"})]),
        XmlFragment([XmlElement("div", {"c": "d"})]),
    )
    return random.choice(made)


def _edit_root(random: Random, doc: Doc[Any]) -> None:
    name = random.choice((*ROOTS, "unheard"))
    kind = ROOTS.get(name, Text)
    root = doc.get(name, type=kind)
    if isinstance(root, XmlFragment):
        if len(root.children) and random.random() < 0.5:
            del root.children[0]
        else:
            root.children.append(XmlElement("q"))
    else:
        _edit(random, root, keep=False)
