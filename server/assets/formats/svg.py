"""Reads SVG files: the size, and whether everything in them may be served.

The parser is expat. It reads no other file. A document type may name an external file, which no
viewer loads, but it may not define anything: so there are no entities.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from collab.errors import Code, Rejected
from server.assets.formats.picture_file import PictureFile
from server.assets.formats.svg_drawing import Drawing
from server.assets.formats.svg_rules import (
    SVG,
    check_attribute,
    check_css,
    check_element,
    check_instruction,
    picture_in,
)
from server.assets.formats.svg_size import size_of

_MAX_DEPTH: Final = 256
_MAX_ELEMENTS: Final = 100_000
_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_ENCODINGS: Final = {"", "utf-8", "utf8", "us-ascii", "ascii"}
_SVG_TAG: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?svg[\s/>]")
# Between the namespace and the name of an element.
_BETWEEN: Final = " "


def is_text_with_tags(data: bytes) -> bool:
    """Return whether the file starts like XML."""
    start = data[:1024].removeprefix(_BOM).lstrip()
    return start.startswith(b"<") or data.startswith(_WIDE_BOMS)


def read_svg(data: bytes, read_inner: Callable[[bytes], PictureFile]) -> PictureFile:
    """Return the picture. Refuse text of another kind, and an SVG that may not be served.

    `read_inner` reads the pictures inside it. Each one may be as large as a picture of its own.
    """
    if data.startswith(_WIDE_BOMS):
        raise _unusable("the SVG must be saved as UTF-8")
    reader = _Reader(read_inner)
    try:
        reader.read(data)
    except expat.ExpatError as error:
        if not reader.has_root and not _SVG_TAG.search(data[:65536]):
            raise no_picture() from error
        raise _unusable(f"the SVG is not well-formed XML (line {error.lineno})") from error
    except (UnicodeError, ValueError, LookupError) as error:
        raise _unusable("the SVG must be saved as UTF-8") from error
    width, height = size_of(reader.root)
    return PictureFile("SVG", width, height, data, inner=tuple(reader.inner))


def no_picture() -> Rejected:
    """Return the refusal of a file that is no picture."""
    return Rejected(
        Code.UNSUPPORTED_MEDIA_TYPE,
        "the file is not a picture; send PNG, JPEG, WebP, AVIF, GIF or SVG",
    )


def _unusable(message: str) -> Rejected:
    return Rejected(Code.INVALID_ASSET, message)


class _Reader:
    """Gets the events of the parser, and refuses what may not be served."""

    def __init__(self, read_inner: Callable[[bytes], PictureFile]) -> None:
        self.inner: list[PictureFile] = []
        self._read_inner = read_inner
        self.root: dict[str, str] = {}
        self.has_root = False
        self._path: list[str] = []
        self._elements = 0
        self._css: list[str] = []
        self._drawing = Drawing()

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=_BETWEEN)
        parser.buffer_text = True
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_document_type
        parser.ProcessingInstructionHandler = check_instruction
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.Parse(data, True)
        self._drawing.check()

    def _on_declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "").lower() not in _ENCODINGS:
            raise _unusable("the SVG must be saved as UTF-8")

    def _on_document_type(
        self, name: str, system: str | None, public: str | None, own: int
    ) -> None:
        if own:
            raise _unusable("the SVG defines entities; save it without a document type")

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_BETWEEN)
        if not self._path:
            self._read_root(namespace, local, attributes)
        self._elements += 1
        if self._elements > _MAX_ELEMENTS or len(self._path) >= _MAX_DEPTH:
            raise _unusable(
                f"the SVG has more than {_MAX_ELEMENTS} elements, "
                f"or more than {_MAX_DEPTH} inside one another"
            )
        check_element(namespace, local)
        if self._path and self._path[-1] == "style":
            raise _unusable("the SVG has an element inside <style>")
        for full, value in attributes.items():
            space, _, attribute = full.rpartition(_BETWEEN)
            check_attribute(local, attribute, value, is_plain=not space)
            inner = picture_in(value) if attribute in {"href", "src"} else None
            if inner is not None:
                self.inner.append(self._read_inner(inner))
        self._path.append(local)
        self._drawing.begin(local, attributes)

    def _read_root(self, namespace: str, local: str, attributes: dict[str, str]) -> None:
        if local != "svg" or namespace != SVG:
            raise no_picture()
        self.root, self.has_root = attributes, True

    def _on_end(self, name: str) -> None:
        self._path.pop()
        self._drawing.end()
        if self._css:
            check_css("".join(self._css))
            self._css.clear()

    def _on_text(self, text: str) -> None:
        if self._path and self._path[-1] == "style":
            self._css.append(text)
