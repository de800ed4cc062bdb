"""The orientation in EXIF metadata: the number that says how a viewer turns the stored pixels.

1 is upright. A phone writes 6 or 8 when it was held upright, and 3 when it was upside down. The
other numbers are for mirrored pictures. EXIF is a TIFF file: a header, and a directory of entries.
"""

from __future__ import annotations

import struct
from typing import Final

_PREFIX: Final = b"Exif\0\0"
_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION, _SHORT = 0x0112, 3
# Entries of a directory that are read. Cameras write about 15.
_MOST_ENTRIES: Final = 200


def orientation_of(exif: bytes) -> int:
    """Return the orientation, 1 to 8. Return 1 when the metadata has none, or is damaged."""
    tiff = exif.removeprefix(_PREFIX)
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return 1
    try:
        return _read(tiff, order)
    except struct.error:
        return 1


def _read(tiff: bytes, order: str) -> int:
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for index in range(min(count, _MOST_ENTRIES)):
        tag, kind, values, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * index)
        if tag == _ORIENTATION:
            return value if kind == _SHORT and values == 1 and 1 <= value <= 8 else 1
    return 1


def turns_sideways(orientation: int) -> bool:
    """Return whether the turned picture exchanges width and height."""
    return orientation >= 5
