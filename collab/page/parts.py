"""Parts that several sections share: headings, pictures, icons, buttons, links."""

from __future__ import annotations

import math
from dataclasses import dataclass

from collab.ids import Json
from collab.page.fields import Fields, fields, number, objects, one_of, text
from collab.page.links import is_asset, safe_image
from collab.page.markup import attrs, esc, line, paragraphs, rich, tag
from collab.page.site import Page, Site
from collab.page.translations import Translation
from collab.ports.assets import WIDTHS

# SVG paths on a grid of 24 by 24. All lines have the same width.
_ICONS = {
    "basket": "M4 10h16l-2 10H6zM8 10l3-6M16 10l-3-6M10 14v3M14 14v3",
    "bee": "M12 9c3 0 4 2 4 5s-2 6-4 6-4-3-4-6 1-5 4-5zM8 13h8M8 16h8M10 9 8 5M14 9l2-4"
    "M8 12c-3 0-4-2-4-3M16 12c3 0 4-2 4-3",
    "bell": "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    "bike": "M6 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM18 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8z"
    "M6 16l3-8h6l3 8M9 12h6M14 5h3",
    "board": "M4 4h16v13H4zM8 8h8M8 12h5M9 21l1-4M15 21l-1-4",
    "book": "M12 6c-2-2-5-2-8-2v14c3 0 6 0 8 2 2-2 5-2 8-2V4c-3 0-6 0-8 2zM12 6v14",
    "bowl": "M3 12h18a9 9 0 0 1-6 8H9a9 9 0 0 1-6-8zM9 8c0-2 2-2 2-4M14 8c0-2 2-2 2-4",
    "calendar": "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
    "chart": "M4 20h16M7 16v-4M12 16V6M17 16v-7",
    "chat": "M4 5h16v11H10l-5 4v-4H4z",
    "check": "M4 12l5 6L20 6",
    "clock": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l4 2",
    "cup": "M5 9h12v7a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM17 11h2a2 2 0 0 1 0 5h-2M9 3v3M13 3v3",
    "drop": "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z",
    "globe": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c5 6 5 12 0 18M12 3c-5 6-5 12 0 18",
    "heart": "M12 20C6 16 3 13 3 9a4 4 0 0 1 9-2 4 4 0 0 1 9 2c0 4-3 7-9 11z",
    "key": "M8 15a5 5 0 1 1 4-2l8 8M17 18l2-2",
    "leaf": "M5 19C4 9 10 4 20 4c0 10-5 16-15 15zM5 19l9-9",
    "lock": "M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4",
    "mail": "M3 6h18v13H3zM3 7l9 7 9-7",
    "map": "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14",
    "note": "M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h5",
    "people": "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 20c0-4 2-6 6-6s6 2 6 6M16 11a3 3 0 0 0 0-6"
    "M18 14c2 1 3 3 3 6",
    "phone": "M7 3h10v18H7zM11 18h2",
    "rocket": "M12 3c4 3 5 7 4 12H8C7 10 8 6 12 3zM8 12l-3 4v3l3-2M16 12l3 4v3l-3-2M12 18v3",
    "seed": "M12 21v-8M12 13C7 13 5 10 5 6c5 0 7 3 7 7zM12 15c0-4 2-6 7-6 0 4-3 6-7 6z",
    "shield": "M12 3l8 3v6c0 5-3 7-8 9-5-2-8-4-8-9V6z",
    "star": "M12 3l3 6 6 1-4.5 4.5 1 6.5-5.5-3-5.5 3 1-6.5L3 10l6-1z",
    "sun": "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2"
    "M5 19l2-2M17 7l2-2",
    "tractor": "M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM18 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
    "M6 12V5h7l2 6h5v5M12 17h4M16 11V7",
    "wave": "M2 9c3-3 5-3 7 0s4 3 7 0 4-3 6-1M2 16c3-3 5-3 7 0s4 3 7 0 4-3 6-1",
    "worm": "M4 18c0-5 4-5 4-9s4-4 4 0 0 9 4 9 4-6 4-9M19 6h2",
}
# The width of a picture in each place, for `sizes`: how wide `page.css` makes it in a window. The
# content of a page has 92 % of the window, and at most 1,080 pixels. The rules of `page.css` are
# about the window without its scroll bar, so they begin up to 20 pixels earlier than these.
WHOLE = "(min-width:1176px) 1080px,92vw"
SPLIT_HERO = "(min-width:1176px) 500px,(min-width:880px) 43vw,92vw"
MASONRY = "(min-width:1176px) 340px,(min-width:950px) 29vw,(min-width:660px) 45vw,92vw"
CAROUSEL = "(min-width:640px) 460px,72vw"
PLAIN = "(min-width:766px) 704px,92vw"
FACE = "96px"  # a circle of 48 pixels, cut from a picture that may be twice as wide
# The width of a column, for one column to six: in a large window, and in a smaller one.
_COLUMNS = (
    ("1080px", "92vw"),
    ("525px", "45vw"),
    ("340px", "29vw"),
    ("240px", "21vw"),
    ("184px", "16vw"),
    ("146px", "13vw"),
)
_LOGO_HEIGHT = 36
MAX_SIDE = 65_535  # pixels
_OTHER_ICON = "M12 3l2 7 7 2-7 2-2 7-2-7-7-2 7-2z"


@dataclass(slots=True)
class Section:
    """A section that is rendered to HTML.

    `level` is the level of its heading. Headings inside the section are one level lower, so that
    no level is skipped. `name` is unique on the page. `eager` marks the first visible section.
    """

    content: Fields
    site: Site
    page: Page
    translation: Translation
    name: str
    level: int
    eager: bool = False
    is_headed: bool = False

    @property
    def inner_level(self) -> int:
        return self.level + 1 if self.is_headed else 2

    def href(self, value: Json) -> str:
        """Return the target of a link in this section; empty for a link that is not allowed."""
        return self.site.href(value, self.page)

    def headline(self) -> str:
        """Return the section's own heading. It also names the section for screen readers."""
        return self.line(f"h{self.level}", text(self.content, "headline"), id=self.label)

    @property
    def label(self) -> str:
        return f"{self.name}-title"

    def heading(self, words: str) -> str:
        return line(f"h{self.inner_level}", words)

    def head(self) -> str:
        """Return the headline and the introduction."""
        body = self.paragraphs(text(self.content, "body"), "intro")
        return tag("div", self.headline() + body, class_="head")

    def line(self, name: str, words: str, **attributes: str | None) -> str:
        """Return an element around rich text; empty for empty text."""
        return tag(name, rich(words, self.href), **attributes)

    def paragraphs(self, words: str, class_: str | None = None) -> str:
        """Return rich text as paragraphs."""
        return paragraphs(words, self.href, class_)


def section_names(sections: list[Fields]) -> list[str]:
    """Return a name for each section of a page. No two are the same.

    A name depends on the section's id, so it stays when other sections come, go and move.
    """
    names: dict[str, None] = {}
    for index, section in enumerate(sections):
        given = text(section, "id")
        name = f"weft-{_fnv1a(given):08x}" if given else f"weft-{index}"
        names[name if name not in names else f"{name}-{index}"] = None
    return list(names)


def _fnv1a(words: str) -> int:
    """Return the 32-bit FNV-1a hash of a text: it is short, and the same in every language."""
    value = 0x811C9DC5
    for byte in words.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def picture(
    section: Section, holder: Fields, sizes: str, key: str = "image", class_: str | None = None
) -> str:
    """Return a picture with its alternative text and its size.

    With the size, the layout does not shift when the picture loads. `sizes` is its width on the
    page. With it, the browser chooses one of the smaller forms of an asset.
    """
    image = fields(holder, key)
    source = safe_image(image.get("src"))
    if not source:
        return ""
    width, height = _pixels(image, "width"), _pixels(image, "height")
    smaller = _smaller(section, source, width) if sizes else ""
    given = attrs(
        src=source,
        srcset=f"{smaller}{source} {width}w" if smaller else None,
        sizes=sizes if smaller else None,
        alt=text(image, "alt"),
        width=None if width is None else f"{width}",
        height=None if height is None else f"{height}",
        class_=class_,
        decoding="async",
        loading="eager" if section.eager else "lazy",
        fetchpriority="high" if section.eager else None,
    )
    return f"<img{given}>"


def _smaller(section: Section, source: str, width: int | None) -> str:
    """Return the smaller forms of an asset for `srcset`; empty when there are none."""
    if width is None or not is_asset(source, section.site.public_url):
        return ""
    return "".join(f"{source}?width={each} {each}w," for each in WIDTHS if each < width)


def card_sizes(columns: int, count: int) -> str:
    """Return the width of a picture in a card. Windows of medium width have two columns."""
    large, small = _COLUMNS[columns - 1]
    medium = "(min-width:660px) 45vw," if count > 1 else ""
    return f"(min-width:1176px) {large},(min-width:920px) {small},{medium}92vw"


def grid_sizes(count: int) -> str:
    """Return the width of one of `count` pictures in a grid, which fills its rows."""
    if count < 2:
        return WHOLE
    large, small = _COLUMNS[min(count, 3) - 1]
    medium = f"(min-width:1080px) {small}," if count > 2 else ""
    return f"(min-width:1176px) {large},{medium}(min-width:710px) 45vw,92vw"


def logo_sizes(logo: Fields) -> str:
    """Return the width of a logo; empty when its shape is unknown.

    The style sheet limits only the height of a logo, so this width must be exact.
    """
    width, height = _pixels(logo, "width"), _pixels(logo, "height")
    if width is None or height is None:
        return ""
    return f"{min(width, math.ceil(_LOGO_HEIGHT * width / height))}px"


def icon(name: str) -> str:
    """Return the icon with this name, or a star for an unknown name; empty without a name."""
    if not name:
        return ""
    path = _ICONS.get(name.lower(), _OTHER_ICON)
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>'


def button(section: Section, given: Fields, fallback: str = "primary") -> str:
    """Return a button; empty without a label or an allowed link."""
    href = section.href(given.get("href"))
    label = text(given, "label")
    if not href or not label:
        return ""
    kinds = ("primary", "secondary", "link")
    kind = one_of(given, "style", *sorted(kinds, key=lambda kind: kind != fallback))
    return f'<a class="button {kind}"{attrs(href=href)}>{esc(label)}</a>'


def all_buttons(section: Section) -> str:
    """Return the row of the section's own buttons; those without an allowed link are left out."""
    made = "".join(button(section, each) for each in objects(section.content, "buttons"))
    return tag("div", made, class_="buttons")


def link(section: Section, given: Fields) -> str:
    """Return a link. When the link is not allowed, return only its label."""
    href, label = section.href(given.get("href")), text(given, "label")
    return line("a", label, href=href) if href else line("span", label)


def _pixels(image: Fields, key: str) -> int | None:
    size = number(image, key)
    return int(size) if size is not None and 1 <= size <= MAX_SIDE else None
