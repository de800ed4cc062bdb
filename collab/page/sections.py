"""The sections of a page: one function for each type makes HTML of the content."""

from __future__ import annotations

import math

from collab.page.fields import Fields, decimal, number, numbered, objects, one_of, strings, text
from collab.page.markup import attrs, esc, line, tag
from collab.page.parts import (
    CAROUSEL,
    FACE,
    MASONRY,
    SPLIT_HERO,
    WHOLE,
    Section,
    all_buttons,
    button,
    card_sizes,
    grid_sizes,
    icon,
    picture,
)
from collab.page.rich_text import plain
from collab.page.translations import Translation

# A hero's body up to this length is one line above the headline. A longer body is text below it.
_MAX_EYEBROW = 60
_NO_PRICE = 1e13  # from here on, a double has no exact hundredths
_FIELD_KINDS = ("text", "email", "tel", "textarea", "select", "checkbox", "date", "number")


def hero(section: Section) -> str:
    content = section.content
    body = text(content, "body")
    above = len(body) <= _MAX_EYEBROW and "\n" not in body
    words = (
        (section.line("p", body, class_="eyebrow") if above else "")
        + section.headline()
        + section.line("p", text(content, "subheadline"), class_="lede")
        + ("" if above else section.paragraphs(body))
        + all_buttons(section)
    )
    shown = picture(section, content, SPLIT_HERO if words else WHOLE)
    text_part = tag("div", words, class_="words")
    picture_part = tag("div", shown, class_="shot")
    kind = "hero split" if shown and words else "hero"
    return tag("div", text_part + picture_part, class_=kind)


def call_to_action(section: Section) -> str:
    words = section.headline() + section.paragraphs(text(section.content, "body"), "intro")
    return tag("div", tag("div", words) + all_buttons(section), class_="panel")


# --- lists of items -------------------------------------------------------------------------


def features(section: Section) -> str:
    wanted = number(section.content, "columns")
    columns = 3 if wanted is None else int(min(max(wanted, 1), 6))
    items = objects(section.content, "items")
    sizes = card_sizes(columns, len(items))
    made = "".join(_feature(section, each, sizes) for each in items)
    return section.head() + tag("ul", made, class_=f"cards columns-{columns}")


def _feature(section: Section, item: Fields, sizes: str) -> str:
    href = section.href(item.get("link"))
    title = text(item, "title")
    linked = line("a", title, href=href) if href else esc(title)
    inner = picture(section, item, sizes) or icon(text(item, "icon"))
    inner += tag(f"h{section.inner_level}", linked)
    inner += section.paragraphs(text(item, "body"))
    return tag("li", inner, class_="card")


def testimonials(section: Section) -> str:
    made = "".join(_quote(section, each) for each in objects(section.content, "items"))
    return section.head() + tag("div", made, class_="cards quotes")


def _quote(section: Section, item: Fields) -> str:
    quote = section.paragraphs(text(item, "quote"))
    said = tag("blockquote", _stars(item, section.translation) + quote)
    if not said:
        return ""
    name = text(item, "name")
    face = picture(section, item, FACE, class_="face") or _avatar(name)
    place = ", ".join(filter(None, (text(item, "role"), text(item, "company"))))
    who = line("strong", name) + line("span", place)
    by = tag("figcaption", face + tag("span", who, class_="who")) if who else ""
    return tag("figure", said + by, class_="card quote")


def _avatar(name: str) -> str:
    return f'<span class="face" aria-hidden="true">{esc(name[0])}</span>' if name else ""


def _stars(item: Fields, translation: Translation) -> str:
    rating = number(item, "rating")
    if rating is None or not 0 < rating <= 5:
        return ""
    full = math.floor(rating + 0.5)
    said = esc(translation.rating.format(decimal(rating)))
    return f'<p class="stars" role="img" aria-label="{said}">{"★" * full}{"☆" * (5 - full)}</p>'


def pricing(section: Section) -> str:
    plans = objects(section.content, "plans")
    made = "".join(_plan(section, each) for each in plans)
    return section.head() + tag("ul", made, class_="cards plans")


def _plan(section: Section, plan: Fields) -> str:
    points = "".join(section.line("li", each) for each in strings(plan, "features"))
    given = plan.get("button")
    featured = plan.get("featured") is True
    choose = button(section, given, "secondary") if isinstance(given, dict) else ""
    inner = (
        section.heading(text(plan, "name"))
        + _price(section, plan)
        + section.paragraphs(text(plan, "description"))
        + tag("ul", points, class_="points")
        + choose
    )
    return tag("li", inner, class_="card plan featured" if featured else "card plan")


def _price(section: Section, plan: Fields) -> str:
    price = number(plan, "price")
    if price is None or not 0 <= price < _NO_PRICE:
        return ""
    if price == 0:
        return line("p", section.translation.free, class_="price")
    periods = {"month": section.translation.month, "year": section.translation.year, "once": ""}
    period = periods[one_of(plan, "period", "once", "month", "year")]
    amount = line("span", section.translation.amount(price, text(section.content, "currency")))
    return tag("p", amount + line("small", period), class_="price")


def gallery(section: Section) -> str:
    layout = one_of(section.content, "layout", "grid", "masonry", "carousel")
    items = objects(section.content, "items")
    places = {"grid": grid_sizes(len(items)), "masonry": MASONRY, "carousel": CAROUSEL}
    made = "".join(_gallery_item(section, each, places[layout]) for each in items)
    shown = f"gallery {layout}"
    if layout == "carousel" and made:
        # A scrolling element must be reachable by keyboard, and so it needs a name.
        title = esc(plain(text(section.content, "headline")))
        name = f' aria-label="{title}"' if title else ""
        return section.head() + f'<div class="{shown}" tabindex="0" role="group"{name}>{made}</div>'
    return section.head() + tag("div", made, class_=shown)


def _gallery_item(section: Section, item: Fields, sizes: str) -> str:
    caption = section.line("figcaption", text(item, "caption"))
    return tag("figure", picture(section, item, sizes) + caption)


def questions(section: Section) -> str:
    """Return the questions; `details` elements open an answer without a script."""
    made = "".join(_question(section, each) for each in objects(section.content, "items"))
    return section.head() + tag("div", made, class_="questions")


def _question(section: Section, item: Fields) -> str:
    asked, answered = text(item, "question"), section.paragraphs(text(item, "answer"))
    if not asked or not answered:
        return line("p", asked, class_="asked") + answered
    return f'<details><summary>{esc(asked)}</summary><div class="answer">{answered}</div></details>'


# --- the form -------------------------------------------------------------------------------


def form(section: Section) -> str:
    """Return a form that posts nothing, because the server does not collect answers yet.

    When the form's action is a link, its button is that link. Otherwise the form is disabled. The
    page's Content-Security-Policy forbids posting too.
    """
    content = section.content
    head = section.headline() + section.paragraphs(text(content, "body"), "intro")
    send = text(content, "submit") or "→"
    action = section.href(content.get("action"))
    if action:
        link = f'<a class="button primary"{attrs(href=action)}>{esc(send)}</a>'
        return tag("div", tag("div", head) + tag("div", link, class_="buttons"), class_="panel")
    made = "".join(_field(section, n, each) for n, each in numbered(content, "fields"))
    if not made:
        return tag("div", head, class_="head")
    closed = line("p", section.translation.closed, class_="note")
    press = f'<button class="button primary" type="button">{esc(send)}</button>'
    fields = f"<fieldset disabled>{made}{press}</fieldset>{closed}"
    return tag("div", tag("div", head) + tag("div", fields, class_="form"), class_="enquiry")


def _field(section: Section, index: int, field: Fields) -> str:
    kind = one_of(field, "kind", *_FIELD_KINDS)
    given = {"id": f"{section.name}-{index}"}
    if field.get("required") is True:
        given["aria-required"] = "true"
    if hint := text(field, "placeholder"):
        given["placeholder"] = hint
    label = text(field, "label") or text(field, "name")
    mark = "" if "aria-required" not in given else ' <span aria-hidden="true">*</span>'
    named = f'<label for="{given["id"]}">{esc(label)}{mark}</label>' if label else ""
    control = _control(kind, given, field)
    if kind == "checkbox":
        return f'<div class="field tick">{control}{named}</div>'
    return f'<div class="field">{named}{control}</div>'


def _control(kind: str, given: dict[str, str], field: Fields) -> str:
    attributes = attrs(**given)
    if kind == "textarea":
        return f'<textarea rows="4"{attributes}></textarea>'
    if kind == "select":
        options = "".join(line("option", each) for each in strings(field, "options"))
        return f"<select{attributes}><option></option>{options}</select>"
    return f'<input type="{kind}"{attributes}>'
