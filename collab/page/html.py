"""A page of a document as HTML: no script, all text escaped, one style sheet.

The HTML leaves out fields with a value of the wrong type, and links that are not allowed. A section
of an unknown type becomes a plain block. No JSON value raises an error: the result is a page or
None. `static/page/` makes the same elements in a browser.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from collab.ids import Json
from collab.page import layout, sections
from collab.page.fields import Fields, fields, objects, one_of, text
from collab.page.markup import attrs, esc, tag
from collab.page.parts import Section, section_names
from collab.page.plain_block import plain_block
from collab.page.site import Page, Site, anchors
from collab.page.style_sheets import STYLE_SHEET
from collab.page.theme import section_rule, stylesheet
from collab.page.translations import Translation, translation_for

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})

RENDERERS: dict[str, Callable[[Section], str]] = {
    "hero": sections.hero,
    "features": sections.features,
    "testimonials": sections.testimonials,
    "pricing": sections.pricing,
    "faq": sections.questions,
    "gallery": sections.gallery,
    "form": sections.form,
    "callToAction": sections.call_to_action,
    "footer": layout.footer,
}
KINDS = frozenset(RENDERERS)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page's HTML and its Content-Security-Policy, which allows the style sheet by its hash.

    `failures` are the errors of sections that became plain blocks.
    """

    html: str
    policy: str
    failures: tuple[Exception, ...] = ()


@dataclass(slots=True)
class _RenderedSection:
    is_footer: bool
    html: str
    failure: Exception | None


@dataclass(frozen=True, slots=True)
class Public:
    """The server's public origin, and the origins that may show a page in an `iframe`."""

    url: str = ""
    frame_ancestors: Sequence[str] = ()


def render(
    value: Json, slug: str = "", base: str = "", public: Public = Public()
) -> Rendered | None:
    """Return the page at `slug`, or the home page without a slug; None when there is no page.

    `base` is the path of the site.
    """
    site = Site(value, base, public.url)
    page = site.find(slug)
    if page is None:
        return None
    language = _language(site)
    translation = translation_for(language)
    theme = fields(site.value, "theme")
    rules: list[str] = []
    made = list(_sections(site, page, translation, theme, rules))
    style = STYLE_SHEET + stylesheet(theme) + "".join(rules)
    head = layout.head(site, page, style)
    body = _body(site, page, translation, made)
    spoken = attrs(lang=language, dir=_direction(language))
    root = f'<div class="weft-page"{spoken}>{body}</div>'
    start = f"<!doctype html><html{spoken}><head>{head}</head>"
    html = f"{start}<body>{root}</body></html>\n"
    failures = tuple(each.failure for each in made if each.failure is not None)
    return Rendered(html, policy(style, public.frame_ancestors), failures)


def policy(style: str, frame_ancestors: Sequence[str] = ()) -> str:
    """Return a Content-Security-Policy: no scripts, no posting, and only pictures are loaded.

    `connect-src` is for browser tools such as Lighthouse: they load `/robots.txt` as the page. A
    page without scripts makes no such request.
    """
    ancestors = " ".join(("'self'", *frame_ancestors))
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' https:; "
        "connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}"
    )


def _body(site: Site, page: Page, translation: Translation, made: list[_RenderedSection]) -> str:
    """Return header, main and footer. A footer before another section stays inside main."""
    last = len(made)
    while last and made[last - 1].is_footer:
        last -= 1
    main, foot = made[:last], made[last:]
    title = "" if any("<h1" in each.html for each in main) else _hidden_title(page)
    banner = Section({}, site, page, translation, "top", 1, eager=True)
    inside = title + "".join(each.html for each in main)
    return (
        f'<a class="skip" href="#weft-content">{esc(translation.skip)}</a>'
        + layout.header(banner, page)
        + f'<main id="weft-content" tabindex="-1">{inside}</main>'
        + tag("footer", "".join(each.html for each in foot))
    )


def _hidden_title(page: Page) -> str:
    return tag("h1", esc(page.title or page.key), class_="unseen")


def _sections(
    site: Site, page: Page, translation: Translation, theme: Fields, rules: list[str]
) -> Iterator[_RenderedSection]:
    """Yield each section with content.

    The headline of the first section is the page's `h1`. When the first section has no headline,
    all headlines are `h2`, and the page gets a hidden `h1` before them.
    """
    shown = [each for each in objects(page.fields, "sections") if each.get("hidden") is not True]
    names = section_names(shown)
    taken: set[str] = set()
    for number, (given, name) in enumerate(zip(shown, names, strict=True)):
        content, kind = fields(given, "content"), text(given, "type")
        headed = bool(text(content, "headline")) and kind != "footer"
        level = 1 if number == 0 and headed else 2
        section = Section(
            content, site, page, translation, name, level, eager=number == 0, is_headed=headed
        )
        inner, failure = _inner(section, given)
        if inner:
            own = fields(given, "theme")
            rule = section_rule(name, own, theme)
            rules.append(rule)
            html = _wrap(section, given, own, inner, bool(rule), taken)
            yield _RenderedSection(kind == "footer", html, failure)


def _inner(section: Section, given: Fields) -> tuple[str, Exception | None]:
    """Return the markup inside a section. When it fails, return a plain block, or nothing."""
    failure = None
    kind = given.get("type")
    renderer = RENDERERS.get(kind) if isinstance(kind, str) else None
    if renderer is not None:
        try:
            return renderer(section), None
        except Exception as error:  # one section must not take the whole page
            failure = error
    try:
        return plain_block(section, given), failure
    except Exception as error:  # the same
        return "", error


def _wrap(
    section: Section, given: Fields, own: Fields, inner: str, tinted: bool, taken: set[str]
) -> str:
    # When two sections have the same name, a link to this name leads to the first section.
    fresh = [name for name in anchors(given) if name not in taken]
    taken.update(fresh)
    marks = "".join(f"<span{attrs(id=name, class_='mark')}></span>" for name in fresh[1:])
    kind = given.get("type")
    classes = [
        f"is-{kind.lower()}" if isinstance(kind, str) and kind in KINDS else "is-plain",
        section.name,
        f"to-{one_of(own, 'align', 'auto', 'left', 'center', 'right')}",
        f"space-{one_of(own, 'spacing', 'medium', 'none', 'small', 'large')}",
        *(["own"] if tinted else []),
    ]
    labelled = section.label if section.is_headed and f'id="{section.label}"' in inner else None
    element = "div" if kind == "footer" else "section"
    given_attrs = attrs(
        id=fresh[0] if fresh else None, class_=" ".join(classes), aria_labelledby=labelled
    )
    return f'<{element}{given_attrs}>{marks}<div class="wide">{inner}</div></{element}>'


def _language(site: Site) -> str:
    language = text(site.about, "language")
    return language if _LANGUAGE.fullmatch(language) else "en"


def _direction(language: str) -> str | None:
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else None
