"""Parts that several sections are made of: headings, pictures, buttons, prose."""

from __future__ import annotations

from dataclasses import dataclass

from collab.page.fields import Fields, fields, number, objects, one_of, text
from collab.page.links import safe_image
from collab.page.markup import attrs, esc, line, paragraphs, tag
from collab.page.site import Site
from collab.page.words import Words


@dataclass(slots=True)
class Section:
    """A section on its way to HTML.

    `level` is its heading's; what has a heading inside it comes one lower, so that no level is
    left out. `name` is unique on the page. `eager` says that it is seen first.
    """

    content: Fields
    site: Site
    words: Words
    name: str
    level: int
    eager: bool = False
    is_headed: bool = False

    @property
    def inner_level(self) -> int:
        return self.level + 1 if self.is_headed else 2

    def headline(self) -> str:
        """The section's own heading, which also names it for screen readers."""
        return line(f"h{self.level}", text(self.content, "headline"), id=self.label)

    @property
    def label(self) -> str:
        return f"{self.name}-title"

    def heading(self, words: str, class_: str | None = None) -> str:
        return line(f"h{self.inner_level}", words, class_=class_)

    def head(self) -> str:
        """Headline and introduction."""
        body = paragraphs(text(self.content, "body"), "intro")
        return tag("div", self.headline() + body, class_="head")


def picture(section: Section, holder: Fields, key: str = "image", class_: str | None = None) -> str:
    """A picture with its alternative text and its size, so that nothing moves when it comes."""
    image = fields(holder, key)
    source = safe_image(image.get("src"))
    if not source:
        return ""
    loading = {"fetchpriority": "high"} if section.eager else {"loading": "lazy"}
    given = attrs(
        src=source,
        alt=text(image, "alt"),
        width=_pixels(image, "width"),
        height=_pixels(image, "height"),
        class_=class_,
        decoding="async",
        **loading,
    )
    return f"<img{given}>"


def buttons(section: Section, *given: Fields, class_: str = "buttons") -> str:
    """Buttons that lead somewhere; one whose link is not allowed is left out."""
    made = "".join(button(section, each) for each in given)
    return tag("div", made, class_=class_)


def button(section: Section, given: Fields, fallback: str = "primary") -> str:
    href = section.site.href(given.get("href"))
    label = text(given, "label")
    if not href or not label:
        return ""
    kinds = ("primary", "secondary", "link")
    kind = one_of(given, "style", *sorted(kinds, key=lambda kind: kind != fallback))
    return f'<a class="button {kind}"{attrs(href=href)}>{esc(label)}</a>'


def all_buttons(section: Section) -> str:
    return buttons(section, *objects(section.content, "buttons"))


def link(section: Section, given: Fields) -> str:
    """A link among others; one that leads nowhere is shown as text."""
    href, label = section.site.href(given.get("href")), text(given, "label")
    return line("a", label, href=href) if href else line("span", label)


def _pixels(image: Fields, key: str) -> str | None:
    size = number(image, key)
    return f"{int(size)}" if size is not None and 1 <= size <= 20_000 else None
