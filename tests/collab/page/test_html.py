"""A page is rendered completely, whatever it contains, and no user text becomes markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import pairwise, product
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.ids import DocKey
from collab.page.html import RENDERERS, Public, Rendered, policy, render
from collab.page.parts import Section, section_names
from server.demo import content as demo_content

pytestmark = pytest.mark.thorough

KINDS = ["hero", "features", "testimonials", "pricing", "faq", "gallery", "form"]
KINDS += ["callToAction", "footer"]
VOID = {"meta", "link", "img", "input", "br", "path"}

# Known ways in which text becomes code; `alert(1)` is an example of code.
SCHEMES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript\x00:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "javascript://example.com/%0aalert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "blob:https://example.com/1",
    "file:///etc/passwd",
    "//evil.example/x.js",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "http:///evil.example",
    "view-source:javascript:alert(1)",
    "jar:javascript:alert(1)!/",
    "feed:javascript:alert(1)",
    'https://x.example/"onmouseover=alert(1) x="',
    '#"><script>alert(1)</script>',
    "/x' onerror='alert(1)",
    "?`onload=alert(1)",
    "\u2028javascript:alert(1)",
    "java\u202ascript:alert(1)",
    "\u2066//evil.example/x.js",
]
TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=javascript:alert(1)><button>x",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "<ScRiPt>alert(1)</ScRiPt>",
    "<script\x00>alert(1)</script>",
    "<\x00script>alert(1)</script>",
    "\u202e<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "a{}</style><img onerror=alert(1) src>",
    "red;background:url(javascript:alert(1))",
    "<math><mi xlink:href='javascript:alert(1)'>",
]
WRAPPED = ["x {} y", "\n{}\n\n{}", " {}"]
PAYLOADS = SCHEMES + TEXTS + [w.format(p, p) for w, p in product(WRAPPED, SCHEMES + TEXTS)]
PAYLOADS += [p.upper() for p in SCHEMES + TEXTS] + [f"{p}//" for p in SCHEMES]
# Two pages for each payload: a refused link is left out with its label, which would hide the
# label's payload.
PLACES = [("text", "theme"), ("link", "image", "id", "seo")]


class Reader(HTMLParser):
    """A parser like a browser's: it keeps the tags in order, and everything harmful."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.styles: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag in {"script", "iframe", "object", "embed", "base", "form", "math", "frame"}:
            self.harm.append(tag)
        self.harm += [name for name in found if name.startswith("on") or name in HARMFUL]
        for name in ("href", "src", "content", "action", "xlink:href"):
            if name in found and not is_harmless(tag, name, found[name]):
                self.harm.append(f"{name}={found[name]}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict.fromkeys((name for name, _ in attrs), "")))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.harm.append(f"</{tag}> closes another")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles.append(data)


HARMFUL = {"style", "srcdoc", "formaction", "http-equiv", "ping", "background", "autofocus"}


def is_harmless(tag: str, name: str, value: str) -> bool:
    if tag == "meta" and name == "content":
        return True  # only `http-equiv` would make it a command, and that is checked too
    shown = re.sub(r"[\x00-\x20]", "", value).lower()
    scheme = re.match(r"([a-z][a-z0-9+.-]*):", shown)
    if scheme is None:
        return not shown.startswith(("//", "/\\", "\\"))
    return scheme[1] in {"http", "https", "mailto", "tel"}


def read(value: Any, slug: str = "") -> Reader:
    made = render(value, slug, "/p/demo/home")
    assert made is not None
    assert made.html.startswith("<!doctype html>")
    return Reader(made.html)


def page_with(payload: str, places: Sequence[str]) -> Any:
    """Return a page of all nine sections, with the payload in every field of these kinds."""
    text = payload if "text" in places else "text"
    href = payload if "link" in places else "/about"
    image = {"src": payload if "image" in places else "/a.svg", "alt": text}
    button = {"label": text, "href": href, "style": text}
    named = payload if "id" in places else "x"
    item = {
        **dict.fromkeys(["icon", "title", "body", "quote", "name", "role", "company"], text),
        **dict.fromkeys(["caption", "question", "answer", "label", "placeholder"], text),
        "link": href,
        "image": image,
        "rating": 4,
        "kind": text,
        "options": [text],
        "links": [button],
        "network": "x",
        "href": href,
        "price": 3,
        "period": text,
        "features": [text],
        "button": button,
        "description": text,
        "featured": True,
    }
    lists = {key: [item] for key in ("items", "plans", "fields", "columns", "social")}
    content = {
        **dict.fromkeys(["headline", "subheadline", "body", "text", "copyright"], text),
        "image": image,
        "buttons": [button],
        "currency": text,
        "action": href,
        **lists,
        "submit": text,
        "layout": text,
    }
    color = payload if "theme" in places else "#123456"
    theme = {"background": color, "text": color, "align": color, "spacing": color}
    sections: list[Any] = [
        {"id": named, "anchor": named, "type": kind, "theme": theme, "content": content}
        for kind in [*KINDS, payload]
    ]
    plain = {**content, "action": ""}
    sections += [
        {"id": "f", "type": "form", "content": {**plain, "fields": [item | {"kind": k}]}}
        for k in ("textarea", "select", "checkbox")
    ]
    seo = payload if "seo" in places else "seo"
    described = {"title": seo, "description": seo, "canonical": seo, "robots": seo}
    return {
        "site": {"name": text, "language": color, "logo": image, "navigation": [button]},
        "theme": {
            "colors": dict.fromkeys(["background", "text", "accent", color], color),
            "fonts": {"heading": color, "body": color},
            "radius": color,
            "mode": "auto",
        },
        "pages": {
            "home": {
                "title": text,
                "slug": named,
                "seo": {**described, "keywords": [seo], "image": image},
                "sections": sections,
            },
            named: {"title": text, "slug": named, "sections": []},
        },
    }


def test_there_are_300_payloads() -> None:
    assert len(set(PAYLOADS)) >= 300


@pytest.mark.parametrize("places", PLACES, ids="+".join)
def test_no_payload_becomes_code(places: Sequence[str]) -> None:
    for payload in PAYLOADS:
        found = read(page_with(payload, places))
        assert found.harm == [], (payload, found.harm)
        assert found.open == [], payload
        [style] = found.styles
        assert not re.search(r"url\(|expression|@import|javascript", style, re.IGNORECASE)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
WORDS = """
    pages home about site theme colors fonts seo sections content items plans fields columns social
    type title slug headline body image src alt buttons label href price period features button
    rating navigation logo radius mode link quote question answer kind options hidden id
"""
NAMES = st.sampled_from(WORDS.split())
ODD = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from([*KINDS, *SCHEMES, "#fff", "home"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=40,
)


@given(value=JSONS | ODD)
@settings(max_examples=150, deadline=None)
def test_any_json_value_is_a_page_or_none(value: Any) -> None:
    documents: list[Any] = [
        value,
        {"pages": {"home": value}},
        {"pages": {"home": {"sections": value}}},
    ]
    for document in documents:
        made = render(document)
        if made is not None:
            found = Reader(made.html)
            assert (found.harm, found.open) == ([], [])


@given(section=st.fixed_dictionaries({"type": st.sampled_from(KINDS), "content": ODD}), theme=ODD)
@settings(max_examples=150, deadline=None)
def test_any_section_is_shown_or_left_out(section: Any, theme: Any) -> None:
    found = read({"theme": theme, "pages": {"home": {"sections": [section, section]}}})
    assert (found.harm, found.open) == ([], [])


# --- the structure of a page ----------------------------------------------------------------

DEMO = dict(demo_content.pages())
HOME = DocKey("demo", "home")


def headings(found: Reader) -> list[int]:
    return [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]


@pytest.mark.parametrize("key", DEMO, ids=str)
def test_a_demo_page_is_accessible(key: DocKey) -> None:
    found = read(DEMO[key])
    names = [tag for tag, _ in found.tags]
    assert [names.count(tag) for tag in ("main", "header", "footer", "h1", "title")] == [1] * 5
    levels = headings(found)
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all("alt" in attrs for tag, attrs in found.tags if tag == "img")
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    labels = [attrs["for"] for tag, attrs in found.tags if tag == "label"]
    labels += [a["aria-labelledby"] for _, a in found.tags if "aria-labelledby" in a]
    labels += [a["href"][1:] for _, a in found.tags if a.get("href", "").startswith("#")]
    assert set(labels) <= set(ids)
    assert dict(found.tags[0][1]) == {"lang": "en"}


def test_pictures_load_lazily_except_in_the_first_section() -> None:
    images = [attrs for tag, attrs in read(DEMO[HOME]).tags if tag == "img"]
    assert images[0]["loading"] == "eager"
    assert all(image["loading"] == "lazy" for image in images[1:])
    assert images[0]["width"] == "640"


def page(*sections: Any, **site: Any) -> Any:
    return {"site": site, "pages": {"home": {"title": "Home", "sections": list(sections)}}}


def html(value: Any, slug: str = "") -> str:
    made = render(value, slug, "/p/demo/home")
    assert made is not None
    return made.html


def test_the_home_page_is_first_and_other_pages_have_slugs() -> None:
    two: Any = {"pages": {"about": {"title": "Us", "slug": "who"}, "home": {"title": "Start"}}}
    assert "<title>Start</title>" in html(two)
    assert "<title>Us</title>" in html(two, "who")
    assert render(two, "about") is None
    assert render({"pages": {}}) is None
    assert "<title>B</title>" in html({"pages": {"z": {"title": "Z"}, "b": {"title": "B"}}})


def test_a_link_to_a_page_leads_to_its_address() -> None:
    buttons = [{"label": f"to {href}", "href": href} for href in ("/who#x", "/", "/demo/a.svg")]
    two = {
        "pages": {
            "home": {"sections": [{"type": "hero", "content": {"buttons": buttons}}]},
            "about": {"slug": "who"},
        }
    }
    links = [
        attrs["href"]
        for tag, attrs in read(two).tags
        if tag == "a" and attrs.get("class", "").startswith("button ")
    ]
    assert links == ["/p/demo/home/who#x", "/p/demo/home", "/demo/a.svg"]


def test_hidden_sections_are_left_out() -> None:
    hidden = {"type": "hero", "hidden": True, "content": {"headline": "Hidden"}}
    shown = {"type": "hero", "content": {"headline": "Shown"}}
    made = html(page(hidden, None, 7, shown))
    assert "Shown" in made
    assert "Hidden" not in made


def test_a_section_that_fails_becomes_a_plain_block(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(section: Section) -> str:
        raise KeyError(section.name)

    monkeypatch.setitem(RENDERERS, "hero", fails)
    broken = {"type": "hero", "content": {"headline": "Broken", "body": "Its body"}}
    sound = {"type": "features", "content": {"headline": "Sound"}}
    made = render(page(broken, sound))
    assert made is not None
    assert all(words in made.html for words in ("Broken", "Its body", "Sound"))
    assert [type(failure) for failure in made.failures] == [KeyError]


def test_the_name_of_a_section_stays_when_others_move() -> None:
    one, two, copy = {"id": "one"}, {"id": "two"}, {"id": "one"}
    assert section_names([one, two]) == section_names([two, one])[::-1]
    assert section_names([one, copy, {}])[1:] == [f"{section_names([one])[0]}-1", "weft-2"]


def test_a_page_without_a_headline_still_has_an_h1() -> None:
    first = {"type": "features", "content": {"items": [{"title": "One"}]}}
    second = {"type": "hero", "content": {"headline": "Two"}}
    found = read(page(first, second))
    assert headings(found) == [1, 2, 2]


def test_a_section_is_found_by_its_anchor_and_its_id() -> None:
    section = {"type": "hero", "id": "hero-1", "anchor": "start", "content": {"headline": "Hi"}}
    ids = [attrs.get("id") for _, attrs in read(page(section, section)).tags]
    assert (ids.count("start"), ids.count("hero-1")) == (1, 1)


def test_the_pages_own_texts_are_in_its_language() -> None:
    plan = {"type": "pricing", "content": {"plans": [{"price": 4.5, "period": "month"}]}}
    assert "im Monat" in html(page(plan, language="de-AT"))
    assert 'dir="rtl"' in html(page(plan, language="he"))
    assert 'lang="en"' in html(page(plan, language='"><script>'))


def test_prices_have_the_format_of_the_language() -> None:
    prices = [
        (6, "EUR", "€6"),
        (1299.5, "USD", "$1,299.50"),
        (90, "CHF", "90 CHF"),
        (0, "", "Free"),
    ]
    for price, currency, shown in prices:
        plans = [{"name": "One", "price": price, "period": "once"}]
        made = html(page({"type": "pricing", "content": {"currency": currency, "plans": plans}}))
        assert f">{shown}<" in made
    plans = [{"price": 14900.5, "period": "once"}]
    german = {"type": "pricing", "content": {"currency": "EUR", "plans": plans}}
    assert ">14.900,50\u00a0€<" in html(page(german, language="de"))


def test_a_form_posts_nothing() -> None:
    fields = [{"name": "mail", "kind": "email", "required": True, "label": "Your address"}]
    form: Any = {
        "type": "form",
        "content": {"headline": "Write", "fields": fields, "submit": "Send"},
    }
    tags = read(page(form)).tags
    assert [tag for tag, _ in tags if tag in ("form", "fieldset")] == ["fieldset"]
    assert "disabled" in next(attrs for tag, attrs in tags if tag == "fieldset")
    form["content"]["action"] = "mailto:ada@example.com"
    links = [attrs.get("href") for tag, attrs in read(page(form)).tags if tag == "a"]
    assert "mailto:ada@example.com" in links


def test_meta_tags_describe_the_page() -> None:
    made = html(DEMO[HOME])
    metas = {a.get("property") or a.get("name"): a.get("content") for _, a in Reader(made).tags}
    assert metas["og:image"] == "/demo/larkfield-hero-1.svg"
    assert metas["description"] is not None
    assert metas["description"].startswith("Larkfield keeps")
    assert metas["og:site_name"] == "Larkfield"


def test_the_policy_allows_only_the_pages_own_style_sheet() -> None:
    made = render(DEMO[HOME])
    assert isinstance(made, Rendered)
    directives = dict(part.strip().split(" ", 1) for part in made.policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["form-action"] == "'none'"
    assert directives["style-src"].startswith("'sha256-")
    assert "script-src" not in directives


def test_rendering_is_the_same_every_time() -> None:
    value = DEMO[HOME]
    again = msgspec.json.decode(msgspec.json.encode(value))
    assert render(value) == render(again)


URL = "https://weft.example"


def addresses(seo: dict[str, Any], slug: str = "", url: str = URL) -> tuple[str | None, ...]:
    """Return the canonical link, `og:url` and `og:image` of a page."""
    page: Any = {"title": "T", "seo": seo, "sections": []}
    value: Any = {"pages": {"home": page, "about": page}}
    made = render(value, slug, "/p/demo/site", Public(url))
    assert made is not None
    tags = Reader(made.html).tags
    metas = {attrs.get("property"): attrs.get("content") for _, attrs in tags}
    links = {attrs.get("rel"): attrs.get("href") for _, attrs in tags}
    return links.get("canonical"), metas.get("og:url"), metas.get("og:image")


@pytest.mark.parametrize(
    ("source", "image"),
    [
        ("/demo/a.svg", f"{URL}/demo/a.svg"),
        ("https://pictures.example/a.svg", "https://pictures.example/a.svg"),
    ],
)
def test_addresses_are_absolute_when_the_public_url_is_known(source: str, image: str) -> None:
    seo = {"image": {"src": source}}
    home, about = f"{URL}/p/demo/site", f"{URL}/p/demo/site/about"
    assert addresses(seo) == (home, home, image)
    assert addresses(seo, "about") == (about, about, image)
    assert addresses(seo, url="") == (None, None, source)


def test_a_relative_picture_is_resolved_like_in_a_browser() -> None:
    seo = {"image": {"src": "a.svg"}}
    assert addresses(seo)[2] == f"{URL}/p/demo/a.svg"
    assert addresses(seo, "about")[2] == f"{URL}/p/demo/site/a.svg"


# Our URL parser raises for these. The filter of links allows them, and a browser opens nothing.
NO_URLS = ["http://[x", "https://a]b", "https://[::1", "https://a\u2100b.example"]


@pytest.mark.parametrize("no_url", NO_URLS)
@pytest.mark.parametrize("url", ["", URL])
def test_an_address_that_is_no_url_keeps_no_page_from_its_visitors(no_url: str, url: str) -> None:
    assert addresses({"image": {"src": no_url}}, url=url)[2] in (None, no_url)
    assert addresses({"canonical": no_url, "image": {"src": "/a.svg"}}, url="")[2] is None


@pytest.mark.parametrize(
    ("named", "canonical"),
    [
        ("https://other.example/x", "https://other.example/x"),
        ("/about", f"{URL}/p/demo/site/about"),
        ("/elsewhere/x", f"{URL}/elsewhere/x"),
        ("javascript:alert(1)", f"{URL}/p/demo/site"),
        *((no_url, f"{URL}/p/demo/site") for no_url in NO_URLS),
    ],
)
def test_the_authors_canonical_address_is_made_absolute(named: str, canonical: str) -> None:
    seo = {"canonical": named, "image": {"src": "/a.svg"}}
    assert addresses(seo) == (canonical, canonical, f"{URL}/a.svg")


def test_the_named_origins_may_show_a_page_in_a_frame() -> None:
    made = render({"pages": {"home": {}}}, public=Public("", ("https://cms.example", "*")))
    assert made is not None
    assert made.policy.endswith("; frame-ancestors 'self' https://cms.example *")


def test_a_page_loads_pictures_only_from_its_server_and_over_https() -> None:
    [images] = [each for each in policy("").split("; ") if each.startswith("img-src")]
    assert images == "img-src 'self' https:"


def test_a_browser_tool_may_load_the_servers_robots_txt_as_the_page() -> None:
    rules = policy("").split("; ")
    assert rules[0] == "default-src 'none'"
    assert "connect-src 'self'" in rules
    assert not [each for each in rules if each.startswith("script-src")]
