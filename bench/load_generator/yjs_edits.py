"""Yjs documents and prepared updates for the load generator: keystrokes, values, cursors."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pycrdt import Doc, Map, Text

from bench.load_generator.edit_file import cached
from collab.yjs.lib0 import Reader, write_raw, write_uint

SEED_CLIENT = 900
FIRST_CLIENT = 1000  # the Yjs client of stream 0, in load.h too
PARAGRAPHS = 64
BURST = 20  # letters that a writer types before the next paragraph
LETTERS = "abcdefghijklmnopqrstuvwxyz     "
SENTENCE = "Some words that were there before the typing began. "
FIELDS = 1000


class Seed(NamedTuple):
    """The first content of a document: an update, and the clock of its client afterwards."""

    update: bytes
    clock: int

    @property
    def message(self) -> bytes:
        """The update as a message of the y-protocols."""
        message = bytearray(b"\0\2")
        write_raw(message, self.update)
        return bytes(message)


@cache
def seed(sections: int = 0) -> Seed:
    """Return a page with 64 paragraphs and a map of fields, and with many sections when wanted."""
    doc: Doc[Any] = Doc(client_id=SEED_CLIENT)
    content = doc.get("content", type=Map)
    with doc.transaction():
        content["paragraphs"] = Map({f"p{at}": Text(SENTENCE) for at in range(PARAGRAPHS)})
        content["fields"] = Map()
        if sections:
            content["sections"] = Map(
                {
                    f"s{at}": Map({"headline": Text(f"Section {at}"), "body": Text(SENTENCE)})
                    for at in range(sections)
                }
            )
    reader = Reader(doc.get_state())
    count, client, clock = reader.uint(), reader.uint(), reader.uint()
    assert (count, client) == (1, SEED_CLIENT)
    return Seed(doc.get_update(), clock)


def keystrokes(writers: int, count: int, sections: int = 0) -> Path:
    """Return a file of letters that each writer types: each update takes one clock of its client.

    So the load generator counts clocks, and a server may merge updates as it likes.
    """
    name = f"keystrokes {writers} {count} {sections}"
    return cached(name, lambda: [list(_typing(at, count, sections)) for at in range(writers)])


def _typing(stream: int, count: int, sections: int) -> Iterator[bytes]:
    chance = random.Random(stream)
    content, updates = _writer(stream, sections)
    places: list[tuple[Any, str]] = [(content["paragraphs"], f"p{at}") for at in range(PARAGRAPHS)]
    places += [(content["sections"][f"s{at}"], "headline") for at in range(sections)]
    texts: dict[int, tuple[Any, int]] = {}
    chosen = 0
    for number in range(count):
        if number % BURST == 0:
            chosen = chance.randrange(len(places))
        if chosen not in texts:
            parent, key = places[chosen]
            texts[chosen] = (parent[key], len(parent[key]))
        text, size = texts[chosen]
        text.insert(size, chance.choice(LETTERS))
        texts[chosen] = (text, size + 1)
        yield updates.pop()


def values(count: int) -> Path:
    """Return a file in which one writer sets values of a map. Each value has its marker."""
    return cached(f"values {count}", lambda: [list(_setting(count))])


def _setting(count: int) -> Iterator[bytes]:
    content, updates = _writer(0, 0)
    fields = content["fields"]
    for number in range(count):
        fields[f"f{number % FIELDS}"] = f"@e0.{number}@"
        yield updates.pop()


def _writer(stream: int, sections: int) -> tuple[Any, list[bytes]]:
    doc: Doc[Any] = Doc(client_id=FIRST_CLIENT + stream)
    content = doc.get("content", type=Map)
    doc.apply_update(seed(sections).update)
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    return content, updates


def cursors(writers: int, count: int) -> Path:
    """Return a file of awareness states: each writer moves its cursor."""
    name = f"cursors {writers} {count}"
    return cached(name, lambda: [list(_moving(at, count)) for at in range(writers)])


def _moving(stream: int, count: int) -> Iterator[bytes]:
    for number in range(count):
        state = {
            "user": {"name": f"User {stream}", "color": "#30bced"},
            "cursor": {"anchor": number, "head": number, "at": f"@e{stream}.{number}@"},
        }
        text = json.dumps(state, separators=(",", ":")).encode()
        awareness = bytearray(b"\1")
        write_uint(awareness, FIRST_CLIENT + stream)
        write_uint(awareness, number + 1)
        write_raw(awareness, text)
        yield bytes(awareness)
