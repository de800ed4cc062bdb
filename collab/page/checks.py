"""Checks before a page is published: required fields, links, unknown sections, size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Struct

from collab.ids import Json
from collab.page.fields import Fields, fields, numbered, text
from collab.page.html import KINDS
from collab.page.links import safe_link
from collab.page.rich_text import RICH_FIELDS, addresses
from collab.page.site import Site, fragment, slug_in_link
from collab.patch.pointer import render

Check = Literal["required", "links", "sections", "weight"]
Strictness = Literal["off", "warn", "refuse"]

# The most findings in one answer. When the author has fixed them, the next check finds more.
MAX_FINDINGS = 100
# The most characters of a section's type that a message quotes.
MAX_NAME = 64


class Finding(Struct, frozen=True):
    """One problem of a page, and its location. The publisher adds those of the schema."""

    check: Check | Literal["schema"]
    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict each check is, and the most bytes of the document; 0 for no limit."""

    required: Strictness = "warn"
    links: Strictness = "warn"
    sections: Strictness = "warn"
    weight: Strictness = "warn"
    max_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings that only warn, and the findings that refuse the publication."""

    warnings: Sequence[Finding]
    refusals: Sequence[Finding]


def check(value: Json, rules: Rules) -> Findings:
    """Return the findings, as warnings or refusals, in the order of the page."""
    found: dict[Strictness, list[Finding]] = {"warn": [], "refuse": []}
    site = Site(value)
    for strictness, findings in (
        (rules.required, _missing(site)),
        (rules.links, _broken(site)),
        (rules.sections, _unknown(site)),
        (rules.weight, _weight(value, rules.max_bytes)),
    ):
        if strictness != "off":
            room = MAX_FINDINGS - len(found[strictness])
            found[strictness] += [each for each, _ in zip(findings, range(room), strict=False)]
    return Findings(found["warn"], found["refuse"])


# --- required fields ------------------------------------------------------------------------


def _missing(site: Site) -> Iterator[Finding]:
    for page in site.pages:
        at = ("pages", page.key)
        if not page.title:
            yield _finding("required", (*at, "title"), "the page has no title")
        seo = fields(page.fields, "seo")
        for name, what in (("title", "title"), ("description", "description")):
            if not text(seo, name):
                message = f"the page gives search engines no {what}"
                yield _finding("required", (*at, "seo", name), message)
    for tokens, found in _objects(site):
        if text(found, "src") and not text(found, "alt"):
            yield _finding("required", (*tokens, "alt"), "the picture has no description (`alt`)")


# --- links ----------------------------------------------------------------------------------


def _broken(site: Site) -> Iterator[Finding]:
    for tokens, found in _objects(site):
        for name, link in _links(tokens, found):
            message = _fault(site, link)
            if message:
                yield _finding("links", (*tokens, *name), message)


def _links(tokens: tuple[str, ...], found: Fields) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the links of an object, also those in its rich texts, with their location in it."""
    for name in ("href", "link", "action"):
        link = found.get(name)
        if isinstance(link, str) and link.strip():
            yield (name,), link
    if "sections" not in tokens:
        return
    for name in sorted(RICH_FIELDS & found.keys()):
        given = found[name]
        texts = (
            [(str(index), each) for index, each in enumerate(given)] if type(given) is list else []
        )
        for at, words in texts or [("", given)]:
            for link in addresses(words) if isinstance(words, str) and "](" in words else ():
                yield ((name, at) if at else (name,)), link


def _fault(site: Site, given: str) -> str:
    """Return what is wrong with a link; empty for a good one."""
    link = safe_link(given)
    if not link:
        return "a page may not link to this address"
    if link.startswith("#"):
        is_good = link == "#" or site.page_with(fragment(link)) is not None
        return "" if is_good else f"no section has the name {link}"
    slug = slug_in_link(link)
    if slug is None:
        return ""
    page = site.find(slug)
    if page is None:
        return f"no page has the address /{slug}"
    part = fragment(link)
    if part and part not in site.anchors(page):
        return f"page /{slug} has no section with the name #{part}"
    return ""


# --- sections -------------------------------------------------------------------------------


def _unknown(site: Site) -> Iterator[Finding]:
    """Yield a finding for each section that the page cannot show; hidden sections are skipped."""
    for page in site.pages:
        for index, section in numbered(page.fields, "sections"):
            kind = section.get("type")
            if section.get("hidden") is True or (isinstance(kind, str) and kind in KINDS):
                continue
            at = ("pages", page.key, "sections", str(index))
            if isinstance(kind, str):
                name = json.dumps(kind[:MAX_NAME], ensure_ascii=False)
                message = f"the page cannot show sections of the type {name}"
                yield _finding("sections", (*at, "type"), message)
            else:
                yield _finding("sections", at, "the page cannot show a section without a type")


# --- weight ---------------------------------------------------------------------------------


def _weight(value: Json, most: int) -> Iterator[Finding]:
    size = len(msgspec.json.encode(value))
    if most and size > most:
        yield _finding("weight", (), f"the document has {size} bytes, but {most} are allowed")


# --- traversal ------------------------------------------------------------------------------


def _objects(site: Site) -> Iterator[tuple[tuple[str, ...], Fields]]:
    """Yield every object that a page shows, with its location; hidden sections are skipped."""
    waiting: list[tuple[tuple[str, ...], Any]] = [
        ((name,), site.value[name]) for name in ("site", "pages") if name in site.value
    ]
    while waiting:
        tokens, found = waiting.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(found, dict):
            if found.get("hidden") is True and len(tokens) > 3:
                continue
            yield tokens, found
            inner = list(found.items())
        elif isinstance(found, list):
            inner = [(str(index), each) for index, each in enumerate(found)]
        waiting += [((*tokens, key), each) for key, each in reversed(inner)]


def _finding(check: Check, tokens: tuple[str, ...], message: str) -> Finding:
    return Finding(check, render(tokens), message)
