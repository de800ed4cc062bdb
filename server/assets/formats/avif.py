"""Reads AVIF files: the size, the frames, how a viewer turns it, and the items with metadata.

The `meta` box of an AVIF lists its items. `pitm` names the picture among them, `iinf` has the types
of the items, `iloc` has their places, and `iprp` has properties such as the size. An animation has
its frames in the tracks of `moov`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from server.assets.formats.iso_boxes import Box, IsoFile
from server.assets.formats.picture_file import PictureFile, damaged

BRANDS: Final = {b"avif", b"avis"}
_KEPT: Final = {b"ftyp", b"meta", b"mdat", b"moov"}
_METADATA_BOXES: Final = {b"uuid", b"udta", b"free", b"skip", b"xml ", b"bxml"}
_METADATA_ITEMS: Final = {b"Exif", b"mime", b"uri "}
# Parts of all items. A large picture has one for each tile.
_MAX_PARTS: Final = 20_000
# The EXIF orientation by the angle of `irot` and the axis of `imir`. An angle is a number of
# quarters against the clock.
_ORIENTATIONS: Final = {
    (0, None): 1,
    (0, 0): 4,
    (0, 1): 2,
    (1, None): 8,
    (1, 0): 5,
    (1, 1): 7,
    (2, None): 3,
    (2, 0): 2,
    (2, 1): 4,
    (3, None): 6,
    (3, 0): 7,
    (3, 1): 5,
}


def is_avif(data: bytes) -> bool:
    """Return whether a brand in the first box is that of AVIF."""
    if data[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(data[:4]), len(data), 512)
    return any(data[at : at + 4] in BRANDS for at in (8, *range(16, end, 4)))


def read_avif(data: bytes) -> PictureFile:
    """Return the picture. Refuse a file that is damaged or truncated."""
    file = IsoFile(data)
    tops = list(file.boxes(0, len(data)))
    by_name = {box.name: box for box in reversed(tops)}
    size, orientation, frames = (0, 0), 1, 1
    if b"meta" in by_name:
        meta = _Meta(file, by_name[b"meta"], [box for box in tops if box.name == b"mdat"])
        size, orientation = meta.size(), meta.orientation()
        meta.remove_metadata()
    if b"moov" in by_name:
        track_size, frames = _read_tracks(file, by_name[b"moov"])
        if data[8:12] == b"avis" or not any(size):
            size = track_size
    if not any(size):
        raise damaged("it has no picture")
    for box in tops:
        if box.name not in _KEPT:
            file.remove(box)
    return PictureFile("AVIF", *size, file.content, orientation=orientation, frames=max(1, frames))


class _Meta:
    """The `meta` box of a file."""

    def __init__(self, file: IsoFile, box: Box, media: list[Box]) -> None:
        self._file = file
        self._box = box
        self._media = media
        self._inner = file.inner(box, skip=4)
        self._properties = list(self._properties_of(self._primary()))

    def size(self) -> tuple[int, int]:
        """Return width and height of the picture."""
        at = next((box.at for box in self._properties if box.name == b"ispe"), None)
        if at is None:
            raise damaged("it does not say its size")
        width, height = self._file.numbers("II", at + 4)
        return width, height

    def orientation(self) -> int:
        turns = {box.name: self._file.data[box.at] for box in self._properties if box.end > box.at}
        axis = turns.get(b"imir")
        return _ORIENTATIONS[turns.get(b"irot", 0) & 3, None if axis is None else axis & 1]

    def remove_metadata(self) -> None:
        """Fill the items with EXIF, XMP and other metadata with zeros, and change their type."""
        items = dict(self._metadata_items())
        for item, start, end in self._extents():
            if item in items:
                self._file.clear(start, end)
        for type_at, end in items.values():
            self._file.clear(type_at + 4, end)
            self._file.write(type_at, b"skip")
        for box in self._file.boxes(self._box.at + 4, self._box.end):
            if box.name in _METADATA_BOXES:
                self._file.remove(box)

    def _needed(self, name: bytes) -> Box:
        if name not in self._inner:
            raise damaged("a box is missing")
        return self._inner[name]

    def _primary(self) -> int:
        box = self._needed(b"pitm")
        is_long = self._file.data[box.at] > 0
        return self._file.numbers("I" if is_long else "H", box.at + 4)[0]

    def _properties_of(self, item: int) -> Iterator[Box]:
        """Yield the properties of an item, in the order of their use."""
        inner = self._file.inner(self._needed(b"iprp"))
        if not {b"ipco", b"ipma"} <= inner.keys():
            raise damaged("a box is missing")
        known = list(self._file.boxes(inner[b"ipco"].at, inner[b"ipco"].end))
        for index in self._associated(inner[b"ipma"], item):
            if 0 < index <= len(known):
                yield known[index - 1]

    def _associated(self, box: Box, wanted: int) -> Iterator[int]:
        """Yield the numbers of the properties of an item."""
        version_and_flags, count = self._file.numbers("II", box.at)
        item_form = "IB" if version_and_flags >> 24 else "HB"
        form, mask = ("H", 0x7FFF) if version_and_flags & 1 else ("B", 0x7F)
        at = box.at + 8
        for _ in range(count):
            item, indexes = self._file.numbers(item_form, at)
            at += 5 if version_and_flags >> 24 else 3
            if item == wanted:
                yield from (index & mask for index in self._file.numbers(form * indexes, at))
                return
            at += indexes * (1 + (mask > 0x7F))

    def _metadata_items(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield the ids of items with metadata; for each, where its type and its entry end."""
        if b"iinf" not in self._inner:
            return
        box = self._inner[b"iinf"]
        skip = 8 if self._file.data[box.at] else 6
        for entry in self._file.boxes(box.at + skip, box.end):
            version = self._file.data[entry.at]
            if entry.name != b"infe" or version not in {2, 3}:
                continue
            item = self._file.numbers("H" if version == 2 else "I", entry.at + 4)[0]
            type_at = entry.at + (8 if version == 2 else 10)
            if self._file.data[type_at : type_at + 4] in _METADATA_ITEMS:
                yield item, (type_at, entry.end)

    def _extents(self) -> Iterator[tuple[int, int, int]]:
        """Yield the id of each item with the start and the end of a part of it."""
        box = self._needed(b"iloc")
        version, sizes, more_sizes = self._file.numbers("B3xBB", box.at)
        places, parts = _Numbers(self._file, box.at + 6), 0
        for _ in range(places.read(4 if version == 2 else 2)):
            item = places.read(4 if version == 2 else 2)
            method = places.read(2) & 0xF if version else 0
            places.read(2)
            base = places.read(more_sizes >> 4)
            for _ in range(places.read(2)):
                parts += 1
                if parts > _MAX_PARTS:
                    raise damaged(f"it has more than {_MAX_PARTS} parts")
                places.read(more_sizes & 0xF if version else 0)
                start = base + places.read(sizes >> 4)
                yield item, *self._in_file(method, start, places.read(sizes & 0xF))

    def _in_file(self, method: int, start: int, length: int) -> tuple[int, int]:
        """Return where a part begins and ends in the file. Refuse a part outside the data."""
        inside = [self._inner[b"idat"]] if method == 1 and b"idat" in self._inner else self._media
        start += inside[0].at if method == 1 and inside else 0
        for box in inside if method < 2 else ():
            if box.at <= start and start + length <= box.end:
                return start, start + length if length else box.end
        raise damaged("the place of a part is not inside the file")


class _Numbers:
    """Reads numbers of 0 to 8 bytes, one after the other."""

    def __init__(self, file: IsoFile, at: int) -> None:
        self._file = file
        self._at = at

    def read(self, size: int) -> int:
        self._at += size
        if self._at > len(self._file.data):
            raise damaged("a list is longer than the file")
        return int.from_bytes(self._file.data[self._at - size : self._at])


def _read_tracks(file: IsoFile, moov: Box) -> tuple[tuple[int, int], int]:
    """Return the largest size and the most frames of a track. Remove the tracks' metadata."""
    width = height = frames = 0
    for box in file.boxes(moov.at, moov.end):
        if box.name in _METADATA_BOXES | {b"meta"}:
            file.remove(box)
        if box.name == b"trak":
            inner = file.inner(box)
            track = _size_of_track(file, inner)
            width, height = max(width, track[0]), max(height, track[1])
            frames = max(frames, _frames_of_track(file, inner))
            for each in file.boxes(box.at, box.end):
                if each.name in _METADATA_BOXES | {b"meta"}:
                    file.remove(each)
    return (width, height), frames


def _size_of_track(file: IsoFile, track: dict[bytes, Box]) -> tuple[int, int]:
    header = track.get(b"tkhd")
    if header is None:
        return 0, 0
    width, height = file.numbers("II", header.at + (88 if file.data[header.at] else 76))
    return width >> 16, height >> 16


def _frames_of_track(file: IsoFile, boxes: dict[bytes, Box]) -> int:
    for name in (b"mdia", b"minf", b"stbl"):
        if name not in boxes:
            return 0
        boxes = file.inner(boxes[name])
    return file.numbers("I", boxes[b"stsz"].at + 8)[0] if b"stsz" in boxes else 0
