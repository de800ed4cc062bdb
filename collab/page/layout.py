"""The layout around the sections: the head with its meta tags, the header and the footers."""

from __future__ import annotations

from urllib.parse import urljoin

from collab.page.fields import Fields, fields, objects, one_of, strings, text
from collab.page.links import safe_image, safe_link
from collab.page.markup import attrs, esc, line, tag
from collab.page.parts import Section, button, link, logo_sizes, picture
from collab.page.site import Page, Site

MAX_PAGES_SHOWN = 6
_ROBOTS = ("", "index,follow", "noindex,follow", "index,nofollow", "noindex,nofollow")


def head(site: Site, page: Page, style: str) -> str:
    """Return the content of the `head` element: title, meta tags, canonical address, styles."""
    seo = fields(page.fields, "seo")
    title = text(seo, "title") or page.title or text(site.about, "name")
    description = text(seo, "description")
    canonical = _canonical(site, page, seo)
    image = fields(seo, "image")
    shown = safe_image(image.get("src"))
    meta = {
        "description": description,
        "keywords": ", ".join(strings(seo, "keywords")),
        "robots": one_of(seo, "robots", *_ROBOTS),
        "twitter:card": "summary_large_image" if shown else "",
    }
    graph = {
        "og:type": "website",
        "og:title": title,
        "og:description": description,
        "og:site_name": text(site.about, "name"),
        "og:url": canonical if canonical.startswith("http") else "",
        "og:image": _absolute(_base_address(site, page, canonical), shown) if shown else "",
        "og:image:alt": text(image, "alt") if shown else "",
    }
    return (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{esc(title)}</title>"
        + "".join(f"<meta{attrs(name=n, content=c)}>" for n, c in meta.items() if c)
        + "".join(f"<meta{attrs(property=n, content=c)}>" for n, c in graph.items() if c)
        + (f"<link{attrs(rel='canonical', href=canonical)}>" if canonical else "")
        + f"<style>{style}</style>"
    )


def _canonical(site: Site, page: Page, seo: Fields) -> str:
    """Return the canonical URL that the author has set, or else the page's own URL.

    It is an absolute URL when the server knows its public origin.
    """
    own = site.public_address(page)
    if not safe_link(seo.get("canonical")):
        return own
    named = site.href(seo.get("canonical"))
    return _absolute(own, named) or own if own else named


def _absolute(base: str, address: str) -> str:
    """Return an address as an absolute URL; empty when it is no URL, such as `http://[`."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def _base_address(site: Site, page: Page, canonical: str) -> str:
    """Return the base URL for relative URLs on the page; empty when it is unknown."""
    own = site.public_address(page)
    return own or (canonical if canonical.startswith("http") else "")


def header(section: Section, page: Page) -> str:
    """Return the header: the site's logo and name, and the navigation."""
    site = section.site
    sizes = logo_sizes(fields(site.about, "logo"))
    logo = picture(section, site.about, sizes, "logo", class_="logo")
    name = text(site.about, "name")
    brand = logo + line("span", name) if name or logo else ""
    home = site.home
    if brand and home is not None:
        here = "page" if page is home else None
        brand = tag("a", brand, class_="brand", href=site.address(home), aria_current=here)
    return tag("header", tag("div", brand + _navigation(section, page), class_="wide bar"))


def _navigation(section: Section, page: Page) -> str:
    site = section.site
    given = objects(site.about, "navigation")
    made = "".join(tag("li", button(section, each, "link")) for each in given)
    if not given:
        others = [other for other in site.pages[1:] if other.slug and other.title]
        made = "".join(
            tag("li", _page_link(site, other, page)) for other in others[:MAX_PAGES_SHOWN]
        )
    links = tag("ul", made)
    return f'<nav aria-label="{esc(section.translation.pages)}">{links}</nav>' if links else ""


def _page_link(site: Site, other: Page, page: Page) -> str:
    here = "page" if other is page else None
    return line("a", other.title, href=site.address(other), aria_current=here)


def footer(section: Section) -> str:
    """Return a footer: its text, columns of links, social links and the copyright line."""
    content = section.content
    columns = "".join(_column(section, each) for each in objects(content, "columns"))
    words = tag("div", section.paragraphs(text(content, "text")), class_="about")
    social = "".join(tag("li", _social(section, each)) for each in objects(content, "social"))
    last = section.line("p", text(content, "copyright")) + tag("ul", social, class_="social")
    return tag("div", words + columns, class_="columns") + tag("div", last, class_="last")


def _column(section: Section, column: Fields) -> str:
    links = "".join(tag("li", link(section, each)) for each in objects(column, "links"))
    return tag("div", line("p", text(column, "title"), class_="title") + tag("ul", links))


def _social(section: Section, given: Fields) -> str:
    names = {
        "x": "X",
        "facebook": "Facebook",
        "instagram": "Instagram",
        "linkedin": "LinkedIn",
        "youtube": "YouTube",
        "github": "GitHub",
        "mastodon": "Mastodon",
        "tiktok": "TikTok",
    }
    href = section.href(given.get("href"))
    name = names.get(text(given, "network"), "")
    return line("a", name, href=href, rel="me") if href else ""
