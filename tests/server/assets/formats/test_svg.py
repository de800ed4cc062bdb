"""SVG: what is read, and which files are refused as a whole."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest

from collab.errors import Code, Rejected
from server.assets.formats.picture_file import check_size
from tests.server.assets.samples import damage_of, png, read, refusal_of, svg

DRAWING = """<title>A</title><defs><linearGradient id="g"><stop offset="0"/></linearGradient>
<clipPath id="c"><path d="M0 0h9"/></clipPath></defs><style>.a{fill:url(#g)}</style>
<g clip-path="url('#c')"><use href="#r" xlink:href="#r"/><rect id="r" class="a" width="3"/></g>
<a href="https://example.org"><text>x</text></a>
<image href="data:image/png;base64,PNG"/><animate attributeName="x" to="3"/>"""


PIXELS = b64encode(png(3, 2)).decode()


def test_an_ordinary_drawing_stays_as_it_is() -> None:
    data = svg(DRAWING.replace("PNG", PIXELS))
    file = read(data)
    assert file.content is data
    assert (file.type, file.width, file.height) == ("image/svg+xml", 30, 20)


def test_a_document_type_without_definitions_is_allowed() -> None:
    kind = b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/svg11.dtd'>"
    assert read(b"<?xml version='1.0' encoding='UTF-8'?>" + kind + svg()).width == 30


def test_another_prefix_of_the_namespace_is_allowed() -> None:
    assert read(b"<s:svg xmlns:s='http://www.w3.org/2000/svg' width='4' height='5'/>").width == 4


LAUGHS = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))


@pytest.mark.parametrize(
    "definitions",
    [
        f"<!ENTITY l0 'ha'>{LAUGHS}",
        "<!ENTITY file SYSTEM 'file:///etc/passwd'>",
        "<!ENTITY % outside SYSTEM 'http://127.0.0.1/x.dtd'> %outside;",
        "<!ATTLIST svg onload CDATA 'alert(1)'>",
    ],
    ids=["billion laughs", "file", "parameter entity", "default attribute"],
)
def test_definitions_are_refused(definitions: str) -> None:
    data = f"<!DOCTYPE svg [{definitions}]>".encode() + svg("&l9;&file;")
    assert "defines entities" in damage_of(data)


@pytest.mark.parametrize(
    "data",
    [
        svg().decode().encode("utf-16"),
        svg().decode().encode("utf-16-le"),
        svg().decode().encode("utf-16-be"),
        b"<?xml version='1.0' encoding='ISO-8859-1'?>" + svg(),
        b"<?xml version='1.0' encoding='UTF-7'?>" + svg(),
        b"<?xml version='1.0' encoding='shift_jis'?>" + svg(),
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    assert "UTF-8" in damage_of(data)


@pytest.mark.parametrize(
    "data",
    [
        svg("<g>"),
        svg()[:-3],
        svg("\xff".encode("latin-1").decode("latin-1")).replace("\xff".encode(), b"\xff"),
        svg() + svg(),
        svg("&unknown;"),
        svg("<rect width=3/>"),
        svg("\0"),
    ],
)
def test_a_file_that_is_not_well_formed_is_refused(data: bytes) -> None:
    assert "not well-formed" in damage_of(data)


def test_text_of_another_kind_is_refused_by_its_type() -> None:
    for data in (b"<html><svg", b"<p>", b"<", b"<svg", b"<?php echo 1 ?>", b"<feed xmlns='a'/>"):
        assert refusal_of(data).code in {Code.UNSUPPORTED_MEDIA_TYPE, Code.INVALID_ASSET}
    assert refusal_of(b"<feed xmlns='a'/>").code is Code.UNSUPPORTED_MEDIA_TYPE


def test_very_deep_and_very_many_elements_are_refused() -> None:
    assert read(svg("<g>" * 255 + "</g>" * 255)).width == 30
    assert "inside one another" in damage_of(svg("<g>" * 256 + "</g>" * 256))
    assert "inside one another" in damage_of(svg("<g>" * 1_000_000))
    assert "100000 elements" in damage_of(svg("<g/>" * 100_000))


def test_an_element_inside_a_style_is_refused() -> None:
    """Browsers join the text before and behind it."""
    assert "inside <style>" in damage_of(svg("<style>ur<g/>l(http://a)</style>"))


def test_a_long_attribute_is_read_in_one_pass() -> None:
    assert read(svg(f"<path d='{'M0 0 ' * 500_000}' style='{'x' * 1_000_000}'/>")).width == 30
    assert read(svg(f"<style>{'/*' * 500_000}</style>")).width == 30
    assert read(svg(f"<style>{'x(' * 200_000}</style>")).width == 30


def image(content: bytes, kind: str = "png") -> bytes:
    return svg(f"<image href='data:image/{kind};base64,\n{b64encode(content).decode()}'/>")


def test_a_picture_inside_is_read_and_has_the_same_limits() -> None:
    file = read(image(png(3, 2)))
    assert [(inner.width, inner.height) for inner in file.inner] == [(3, 2)]
    check_size(file, 6)
    with pytest.raises(Rejected, match="50000 x 50000"):
        check_size(read(image(png(50_000, 50_000, pixels=b""))), 50_000_000)
    plain = svg(f"<image xlink:href='data:image/png,{quote(png(3, 2))}'/>")
    assert len(read(plain).inner) == 1


@pytest.mark.parametrize("content", [b"", b"text", b"<html/>", svg(), png(3, 2)[:-4]])
def test_another_file_inside_is_refused(content: bytes) -> None:
    assert "a picture inside it" in damage_of(image(content))
    assert "a picture inside it" in damage_of(svg("<image href='data:image/png;base64,%%%'/>"))
