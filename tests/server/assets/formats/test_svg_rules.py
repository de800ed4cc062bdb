"""What an SVG may not have."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.server.assets.samples import damage_of, png, read, svg

PIXELS = b64encode(png(3, 2)).decode()
XHTML = "xmlns='http://www.w3.org/1999/xhtml'"


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "<SCRIPT>alert(1)</SCRIPT>",
        f"<h:script xmlns:h={XHTML[6:]}>alert(1)</h:script>",
        "<g><script href='data:text/javascript,alert(1)'/></g>",
        "<handler type='text/ecmascript'/>",
        "<rect onload='alert(1)'/>",
        "<rect ONCLICK='alert(1)'/>",
        "<rect onwhatever=''/>",
        "<set attributeName='onclick' to='alert(1)'/>",
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<animate attributeName='xlink:href' to='x'/>",
        "<a href='javascript:alert(1)'/>",
        "<a xlink:href='JavaScript:alert(1)'/>",
        "<a href=' java&#10;script:alert(1)'/>",
        "<a href='data:text/html,&lt;script&gt;'/>",
        "<a href='vbscript:x'/>",
    ],
)
def test_a_script_is_refused(content: str) -> None:
    assert "the SVG has" in damage_of(svg(content))


@pytest.mark.parametrize(
    "content",
    [
        "<foreignObject/>",
        "<foreignobject/>",
        f"<p {XHTML}>a</p>",
        f"<iframe {XHTML} src='https://example.org'/>",
        "<iframe/>",
        "<video/>",
    ],
)
def test_a_part_of_a_web_page_is_refused(content: str) -> None:
    assert "web page" in damage_of(svg(content))


@pytest.mark.parametrize(
    "content",
    [
        "<image href='https://example.org/a.png'/>",
        "<image href='//example.org/a.png'/>",
        "<image xlink:href='a.png'/>",
        "<image href='data:image/svg+xml,x'/>",
        "<image href='data:text/html,x'/>",
        "<use href='other.svg#a'/>",
        "<use href='#a' xlink:href='http://a/#b'/>",
        "<feImage href='http://example.org'/>",
        "<g xml:base='http://example.org/'/>",
        "<rect fill='url(http://example.org/#a)'/>",
        "<rect style='fill:url( \"http://example.org/#a\" )'/>",
        "<rect style='fill:UR\\4c(http://example.org)'/>",
        "<rect style='fill:u\\72l(http://example.org)'/>",
        "<rect style='fill:u/**/rl(x);filter:url(/*a*/http://example.org)'/>",
        "<rect mask='url(javascript:alert(1))'/>",
        "<rect fill='url(data:image/png;base64,AAAA)'/>",
        "<style>@import 'http://example.org/a.css';</style>",
        "<style>@im\\70ort 'http://example.org/a.css';</style>",
        "<style>@IMPORT 'a.css';</style>",
        "<style>@font-face{src:url(http://example.org/a.woff)}</style>",
        "<style>a{background:image-set('http://example.org' 1x)}</style>",
        "<style>a{background:src('http://example.org')}</style>",
        "<style><![CDATA[a{fill:url(http://example.org)}]]></style>",
        "<style>a{fill:&#117;rl(http://example.org)}</style>",
        "<?xml-stylesheet href='a.xsl' type='text/xsl'?>",
    ],
)
def test_an_address_of_another_file_is_refused(content: str) -> None:
    assert "another file" in damage_of(svg(content))


def test_a_style_sheet_before_the_root_is_refused() -> None:
    assert "style sheet" in damage_of(b"<?xml-stylesheet href='a.css'?>" + svg())


@pytest.mark.parametrize(
    "content",
    [
        "<use href='#a'/>",
        "<use href=''/>",
        "<a href='https://example.org/a'/>",
        "<a href='mailto:a@example.org'/>",
        "<a href='#part'/>",
        f"<image href=' data:image/PNG;base64,{PIXELS}'/>",
        "<rect fill='url(#a)' style='mask:url( \"#b\" )' transform='rotate(3)'/>",
        "<style>@font-face{src:url(data:font/woff2;base64,AAAA)}</style>",
        "<style>@font-face{src:url(data:application/x-font-woff;base64,AA)}</style>",
        "<text>once upon a url(http://example.org)</text>",
        "<text>javascript:alert(1)</text>",
        "<x:layer xmlns:x='http://www.inkscape.org/' x:one='1' x:online='2'/>",
        "<g id='onload' class='on' data-on='1'/>",
        "<?xpacket begin=''?>",
        "<animate attributeName='opacity' values='0;1'/>",
        "<animateMotion><mpath href='#a'/></animateMotion>",
        "<g aria-label='an image (large)'/>",
    ],
)
def test_what_drawing_programs_write_is_allowed(content: str) -> None:
    assert read(svg(content)).width == 30


def test_the_message_names_what_is_in_the_way() -> None:
    message = damage_of(svg("<rect onload='alert(1)'/>"))
    assert message == (
        "the SVG has a script (the attribute onload); "
        "remove it, or export the drawing as a plain SVG or as a PNG"
    )
