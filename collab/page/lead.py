"""Sections that lead: the hero, and the call to action."""

from __future__ import annotations

from collab.page.fields import text
from collab.page.markup import line, paragraphs, tag
from collab.page.parts import Section, all_buttons, picture

# A hero's body that is as short as this is a line above the headline, longer it is prose below.
_EYEBROW = 60


def hero(section: Section) -> str:
    content = section.content
    body = text(content, "body")
    above = len(body) <= _EYEBROW and "\n" not in body
    words = (
        (line("p", body, class_="eyebrow") if above else "")
        + section.headline()
        + line("p", text(content, "subheadline"), class_="lede")
        + ("" if above else paragraphs(body))
        + all_buttons(section)
    )
    shown = picture(section, content)
    text_part = tag("div", words, class_="words")
    picture_part = tag("div", shown, class_="shot")
    kind = "hero split" if shown and words else "hero"
    return tag("div", text_part + picture_part, class_=kind)


def call_to_action(section: Section) -> str:
    words = section.headline() + paragraphs(text(section.content, "body"), "intro")
    return tag("div", tag("div", words) + all_buttons(section), class_="panel")
