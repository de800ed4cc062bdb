"""A document as a site: its pages, their addresses and the targets of links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import is_

from collab.ids import Json
from collab.page.fields import Fields, fields, objects, text
from collab.page.links import safe_link
from collab.page.markup import clean

# Lists show at most so many characters of a title.
MAX_TITLE = 200

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_TO_PAGE = re.compile(r"/([A-Za-z0-9][A-Za-z0-9_-]{0,127})?/?([?#].*)?")
_ANCHOR = re.compile(r"\S{1,128}")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site. `slug` is the last part of its URL.

    `slug` is empty when neither the page's own `slug` nor its key is valid.
    """

    key: str
    slug: str
    fields: Fields

    @property
    def title(self) -> str:
        return text(self.fields, "title")


def title_of(value: Json) -> str:
    """Return the title of a document for lists, at most `MAX_TITLE` characters; or empty.

    It is the document's own title, or else the name of its site, or else the title of the page with
    the key `home`.
    """
    whole = value if isinstance(value, dict) else {}
    home = fields(fields(whole, "pages"), "home")
    title = text(whole, "title") or text(fields(whole, "site"), "name") or text(home, "title")
    return title[:MAX_TITLE]


def title_sources(value: Json) -> tuple[Json, ...]:
    """Return the parts of a document that decide its title."""
    whole = value if isinstance(value, dict) else {}
    return whole.get("title"), whole.get("site"), whole.get("pages")


class StoredTitle:
    """The title of a document in the store, which lists show.

    Invariant: `_stored` is the title in the store, or None when that is not known. `_newest` is the
    title of the newest value, whose parts are `_sources`.
    """

    def __init__(self) -> None:
        self._stored: str | None = None
        self._newest, self._sources = "", title_sources({})

    def to_write(self, value: Json) -> str | None:
        """Return the title of a value; None when the store has it already."""
        sources = title_sources(value)
        if not all(map(is_, sources, self._sources)):
            self._sources, self._newest = sources, title_of(value)
        return None if self._newest == self._stored else self._newest

    def note_written(self) -> None:
        """Note that the store has the title of the newest value."""
        self._stored = self._newest

    def note_followed(self, value: Json) -> None:
        """Note that another instance has written this value, and its title if that is new."""
        if self._stored is not None and self.to_write(value) is not None:
            self._stored = None


class Site:
    """Finds a document's pages and their addresses.

    The site is at the path `base` of the origin `public_url`. `public_url` is empty when the server
    does not know its public origin.

    Invariant: the page that `site.home` names is first. The page with the key `home` follows, then
    pages with the slug `home`, and then the other pages; each group is in the order of its keys.
    Each slug leads to one page.
    """

    def __init__(self, value: Json, base: str = "", public_url: str = "") -> None:
        self.value: Fields = value if isinstance(value, dict) else {}
        self.base = base
        self.public_url = public_url
        self.about = fields(self.value, "site")
        self.pages = _pages(self.value)
        self._by_slug = {page.slug: page for page in reversed(self.pages) if page.slug}
        self._anchors: dict[str, frozenset[str]] = {}
        self._by_anchor: dict[str, Page] | None = None

    @property
    def home(self) -> Page | None:
        return self.pages[0] if self.pages else None

    def find(self, slug: str) -> Page | None:
        """Return the page with this slug, or the home page for an empty slug; None if absent."""
        return self._by_slug.get(slug) if slug else self.home

    def address(self, page: Page) -> str:
        """Return the page's path on this server."""
        return self.base or "/" if page is self.home else f"{self.base}/{page.slug}"

    def public_address(self, page: Page) -> str:
        """Return the page's absolute address; empty when the origin is unknown."""
        return self.public_url and self.public_url + self.address(page)

    def anchors(self, page: Page) -> frozenset[str]:
        """Return the names of the sections that a page shows, as links have them after `#`."""
        if page.key not in self._anchors:
            sections = objects(page.fields, "sections")
            names = (anchors(each) for each in sections if each.get("hidden") is not True)
            self._anchors[page.key] = frozenset(name for each in names for name in each)
        return self._anchors[page.key]

    def page_with(self, anchor: str, page: Page | None = None) -> Page | None:
        """Return the page that a link to `#anchor` leads to; None if absent.

        It is `page`, which has the link, or else the first page with such a section.
        """
        if page is not None and anchor in self.anchors(page):
            return page
        if self._by_anchor is None:
            self._by_anchor = {
                name: each for each in reversed(self.pages) for name in self.anchors(each)
            }
        return self._by_anchor.get(anchor)

    def href(self, value: Json, page: Page | None = None) -> str:
        """Return the target of a link on a page.

        `/slug` leads to the page of this site with that slug. `#name` leads to the section with
        this name, also when another page has it.
        """
        link = safe_link(value)
        if page is not None and link.startswith("#"):
            target = self.page_with(link[1:], page)
            return link if target is None or target is page else self.address(target) + link
        match = _TO_PAGE.fullmatch(link)
        if match is None:
            return link
        page = self.find(match[1] or "")
        return link if page is None else self.address(page) + (match[2] or "")


def slug_in_link(link: str) -> str | None:
    """Return the slug in a link to this site, empty for the home page; None for other links."""
    match = _TO_PAGE.fullmatch(link)
    return None if match is None else match[1] or ""


def fragment(link: str) -> str:
    """Return the part of a link after `#`."""
    return link.partition("#")[2]


def anchors(section: Fields) -> list[str]:
    """Return the names by which links lead to a section: its anchor, and its id.

    The server's own ids begin with `weft-`.
    """
    names = dict.fromkeys(clean(text(section, key)) for key in ("anchor", "id"))
    return [name for name in names if _ANCHOR.fullmatch(name) and not name.startswith("weft-")]


def _pages(value: Fields) -> list[Page]:
    found = fields(value, "pages")
    first = text(fields(value, "site"), "home")
    pages = [Page(key, _slug(key, page), page) for key, page in found.items() if _is_page(page)]
    return sorted(
        pages,
        key=lambda page: (page.key != first, page.key != "home", page.slug != "home", page.key),
    )


def _is_page(page: Json) -> bool:
    return isinstance(page, dict)


def _slug(key: str, page: Fields) -> str:
    for name in (text(page, "slug"), key):
        if _SLUG.fullmatch(name):
            return name
    return ""
