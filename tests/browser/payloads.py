"""Three hundred texts that try to run a script, and pages that have them in every field.

A text that runs sets `window.ran`.
"""

from __future__ import annotations

from typing import Any

from tests.browser.drawn_pages import SCHEMA, SECTIONS

RUN = "window.ran=1"
_MARKUP = [
    f"<script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT>",
    f"<script src=data:text/javascript,{RUN}></script>",
    f"<img src=x onerror={RUN}>",
    f"<img src=x:x onerror='{RUN}'//",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{RUN}'><text x=9 y=9>x</text></a></svg>",
    f"<math><mi xlink:href='javascript:{RUN}'>x</mi></math>",
    f"<body onload={RUN}>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<object data='javascript:{RUN}'></object>",
    f"<embed src='javascript:{RUN}'>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<style>@keyframes a{{}}*{{animation:a}}</style><p onanimationstart={RUN}>x</p>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"<form action='javascript:{RUN}'><button>x</button></form>",
    f"<button formaction='javascript:{RUN}'>x</button>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<base href='javascript:{RUN}//'>",
    f"<link rel=stylesheet href='javascript:{RUN}'>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<xmp><p title='</xmp><img src=x onerror={RUN}>'>",
    f"<!--><img src=x onerror={RUN}>-->",
    f"<![CDATA[<img src=x onerror={RUN}>]]>",
    f"<x style='animation:a' onanimationend={RUN}>x</x>",
    f"<p onmouseover={RUN}>x</p>",
    f"<isindex action=javascript:{RUN} type=image>",
    f"<table background='javascript:{RUN}'>",
    f"<script>/*</script>*/{RUN}</script>",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
]
_BREAKOUTS = ['">', "'>", "</title>", "</style>", "</textarea>", "</option></select>", "*/}"]
_SCHEMES = [
    "javascript:",
    "JaVaScRiPt:",
    " javascript:",
    "\tjavascript:",
    "java\tscript:",
    "java\nscript:",
    "java\rscript:",
    "\x01javascript:",
    "java\x00script:",
    "javascript\u200b:",
    "\u2028javascript:",
    "\ufeffjavascript:",
    "java\u202escript:",
    "javascript&colon;",
    "&#106;avascript:",
    "&#x6A avascript:",
    "javascript:/**/",
    "javascript://x.example/%0a",
    "javascript:x//\n",
    "vbscript:",
    "data:text/html,<script>parent.",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cucmFuPTE8L3NjcmlwdD4=#",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='parent.",
    "blob:https://x.example/",
    "view-source:javascript:",
    "jar:javascript:",
    "feed:javascript:",
    "https:javascript:",
    "//javascript:",
    "\\\\javascript:",
]
_ATTRIBUTES = [
    f'" onmouseover="{RUN}',
    f"' onmouseover='{RUN}",
    f'" autofocus onfocus="{RUN}',
    f"` onfocus=`{RUN}",
    f'x" onerror="{RUN}" x="',
    f"x' onerror='{RUN}' x='",
    f'" style="animation:a" onanimationstart="{RUN}',
    f'"\nonclick="{RUN}',
    f"\" onload={RUN} '",
    f'"/onfocus="{RUN}',
]
_CSS = [
    f"red;background:url(javascript:{RUN})",
    f"#fff}}</style><script>{RUN}</script>",
    f"expression({RUN})",
    f"x;}}*{{background:url('javascript:{RUN}')}}",
    f"'}};@import 'javascript:{RUN}';x{{y:'",
    f"Inter</style><img src=x onerror={RUN}>",
    "\\3c/style\\3e",
    f"url(data:text/html,<script>{RUN}</script>)",
    f"-moz-binding:url(javascript:{RUN})",
    f"behavior:url(javascript:{RUN})",
]


def _payloads() -> list[str]:
    made = [*_MARKUP, *_ATTRIBUTES, *_CSS]
    made += [f"{scheme}{RUN}" for scheme in _SCHEMES]
    made += [f"[x]({scheme}{RUN})" for scheme in _SCHEMES]
    made += [f"**{each}**" for each in _MARKUP[:20]]
    made += [f"[{each}](/x)" for each in _MARKUP[:20]]
    made += [out + each for out in _BREAKOUTS for each in _MARKUP[:20]]
    return made


PAYLOADS = _payloads()


def sections_with(payload: str) -> list[dict[str, Any]]:
    """Return a section of each type, and one of an unknown type, with a text in every field."""
    sections = [_filled(SCHEMA["$defs"][kind], payload) for kind in SECTIONS]
    carousel = _filled(SCHEMA["$defs"]["gallery"], payload)
    carousel["content"]["layout"] = "carousel"
    link = _filled(SCHEMA["$defs"]["form"], payload)
    for section in sections:
        section["content"].pop("action", None)
    unknown = {"type": payload, "content": {"headline": payload, "list": [{"text": payload}]}}
    return [*sections, carousel, link, unknown]


def site_with(payload: str) -> dict[str, Any]:
    """Return a document that has the text in every field."""
    page = _filled(SCHEMA["$defs"]["page"], payload)
    page["sections"] = sections_with(payload)
    parts = {name: _filled(SCHEMA["properties"][name], payload) for name in ("site", "theme")}
    colors = ("background", "text", "accent", "background-dark", "text-dark", "accent-dark")
    parts["theme"]["colors"] = dict.fromkeys(colors, payload)
    return {**parts, "pages": {"home": {**page, "slug": "home"}, "other": {"title": payload}}}


def _filled(schema: dict[str, Any], payload: str) -> Any:
    """Return a value for a part of the page format, with the text in place of each string."""
    if "$ref" in schema:
        return _filled(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], payload)
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    if schema.get("type") == "object":
        properties = schema["properties"].items()
        return {name: _filled(part, payload) for name, part in properties if name != "sections"}
    if schema.get("type") == "array":
        return _list(schema["items"], payload)
    if schema.get("type") in ("integer", "number"):
        return 3
    return False if schema.get("type") == "boolean" else payload


def _list(items: dict[str, Any], payload: str) -> list[Any]:
    """Return an item for each word that a field of the items may have, or else one item."""
    words = {
        (name, word)
        for name, part in items.get("properties", {}).items()
        for word in part.get("enum", ())
    }
    return [
        {**_filled(items, payload), "id": f"{name}-{word}", name: word}
        for name, word in sorted(words)
    ] or [_filled(items, payload)]
