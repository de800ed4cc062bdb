"""Copies the formatted texts of a document into updates without formats.

In the copy, each format is an embedded object: the number of its mark. So yrs returns the pieces of
a copied text and its marks one after the other, in the order of the document, in linear time. In
the document itself it would return each piece with all its formats.

Each copied text is a root type of its own, whose name is a number. All other structs are copied as
deleted content, which yrs forgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from collab.structs.text_formats import MarkNumbers, mark_of
from collab.yjs.causality import Fresh
from collab.yjs.contents import EMBED
from collab.yjs.joining import write_deletes
from collab.yjs.lib0 import Reader, write_raw, write_uint
from collab.yjs.lists import StructPlace
from collab.yjs.update import GC, HAS_ORIGIN, HAS_RIGHT, KIND, Range, Struct

PlaceOf = Callable[[int, Struct], StructPlace]


class FormatCopy:
    """Writes the copies. In them, a mark is its number in `numbers`."""

    def __init__(self) -> None:
        self.numbers = MarkNumbers()
        self.roots: dict[int, str] = {}  # by the list of a text's children

    def root_of(self, text: int) -> str:
        """Return the root type that has the copy of a text."""
        return self.roots.setdefault(text, str(len(self.roots)))

    def of(
        self,
        update: bytes,
        fresh: Fresh,
        places: Iterable[StructPlace],
        deletes: Mapping[int, list[Range]],
    ) -> bytes:
        """Return the copy of an update with these new structs, which have these places."""
        sections: dict[int, _Section] = {}
        for (client, struct), place in zip(fresh, places, strict=True):
            section = sections.get(client)
            if section is None:
                section = sections[client] = _Section(struct.clock)
            if place.list in self.roots and struct.kind != GC:
                section.begin()
                self._write(section.body, update, struct, place)
            else:
                section.skip(struct.end - max(struct.clock, section.end))
            section.end = struct.end
        out = bytearray()
        write_uint(out, len(sections))
        for client, section in sections.items():
            section.finish()
            for value in (section.count, client, section.clock):
                write_uint(out, value)
            out += section.body
        write_deletes(out, deletes)
        return bytes(out)

    def _write(self, out: bytearray, update: bytes, struct: Struct, place: StructPlace) -> None:
        reader = Reader(update, struct.at + 1, checks_values=False)
        info = update[struct.at]
        mark = mark_of(struct, place)
        out.append(info if mark is None else info & ~KIND | EMBED)
        begin = reader.pos
        if info & HAS_ORIGIN:
            reader.uint()
            reader.uint()
        if info & HAS_RIGHT:
            reader.uint()
            reader.uint()
        if info & (HAS_ORIGIN | HAS_RIGHT):
            out += update[begin : reader.pos]
        else:
            reader.uint()  # 0: the parent is named by its id
            reader.uint()
            reader.uint()
            write_uint(out, 1)
            write_raw(out, self.roots[place.list].encode())
        if mark is None:
            out += update[reader.pos : struct.to]
        else:
            write_raw(out, str(self.numbers.of(mark)).encode())


class _Section:
    """The structs of one client. Structs that are not copied become one run."""

    __slots__ = ("body", "clock", "count", "end", "run")

    def __init__(self, clock: int) -> None:
        self.body = bytearray()
        self.clock = self.end = clock
        self.count = self.run = 0

    def skip(self, clocks: int) -> None:
        self.run += clocks

    def begin(self) -> None:
        """Begin a struct that is copied."""
        self.finish()
        self.count += 1

    def finish(self) -> None:
        if self.run:
            self.body.append(GC)
            write_uint(self.body, self.run)
            self.count, self.run = self.count + 1, 0
