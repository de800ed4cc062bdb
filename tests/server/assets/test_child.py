"""The child process that reads pictures: its answers, and what it loads before the first one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import pytest
from PIL import Image

from collab.errors import Code
from server.assets import child
from server.assets.exchange import Answer, Refused, decode_header
from tests.house import ROOT
from tests.server.assets.samples import FORMATS, animation, encode, exif, photo, png, svg


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)


def header_of(body: bytes, pixels: int = 1_000_000) -> Answer | Refused:
    return decode_header(child.answer(body, pixels)[0])


def test_a_picture_is_answered_with_its_contents() -> None:
    body = encode(photo(640, 400), "JPEG", exif=exif(6))
    header, content = child.answer(body, 1_000_000)
    decoded = decode_header(header)
    assert isinstance(decoded, Answer)
    assert (decoded.type, decoded.width, decoded.height) == ("image/jpeg", 400, 640)
    assert (decoded.size, [*decoded.widths]) == (len(content), [])


def test_refusals_are_answered_with_their_code() -> None:
    for body, code in (
        (b"text", Code.UNSUPPORTED_MEDIA_TYPE),
        (png(50_000, 50_000, pixels=b""), Code.INVALID_ASSET),
        (svg("<script/>"), Code.INVALID_ASSET),
    ):
        header = header_of(body)
        assert isinstance(header, Refused)
        assert header.code is code


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "too much memory"),
        (RecursionError(), "too much memory"),
        (KeyError("x"), "cannot be read"),
        (AssertionError(), "cannot be read"),
    ],
)
def test_a_mistake_of_a_parser_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(_: bytes) -> None:
        raise error

    monkeypatch.setattr(child, "read_picture_file", fail)
    header = header_of(b"")
    assert isinstance(header, Refused)
    assert (header.code, reason in header.message) == (Code.INVALID_ASSET, True)


IMPORTS = """
import sys
import msgspec
from server.assets import child
bodies = msgspec.msgpack.decode(sys.stdin.buffer.read())
child.set_limits(50_000_000)
child._warm_up()
before = set(sys.modules)
for body in bodies:
    child.answer(body, 50_000_000)
print(sorted(set(sys.modules) - before))
"""


def bodies() -> Iterator[bytes]:
    """Yield a picture of each format in each mode, and the same one with damaged pixels."""
    image = photo(600, 400)
    for name in FORMATS:
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"):
            options = {} if name == "GIF" else {"exif": exif(6), "icc_profile": b"profile" * 40}
            with suppress(OSError, ValueError):  # the format does not have this mode
                yield encode(image.convert(mode), name, **options)
    yield from (animation(name) for name in FORMATS if name != "JPEG")


@pytest.mark.thorough
def test_the_process_of_a_picture_imports_nothing() -> None:
    """It can open no file, so all modules must be there before it is forked."""
    sent = [each for body in bodies() for each in (body, body[:-60] + bytes(60))]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=ROOT,
        input=msgspec.msgpack.encode(sent),
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"[]\n"
