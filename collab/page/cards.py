"""Sections of many alike: features, testimonials, plans, pictures, questions."""

from __future__ import annotations

from collab.page.fields import Fields, number, objects, one_of, strings, text
from collab.page.icons import icon
from collab.page.markup import esc, line, paragraphs, tag
from collab.page.parts import Section, button, picture
from collab.page.words import Words


def features(section: Section) -> str:
    wanted = number(section.content, "columns")
    columns = 3 if wanted is None else int(min(max(wanted, 1), 6))
    made = "".join(_feature(section, each) for each in objects(section.content, "items"))
    return section.head() + tag("ul", made, class_=f"cards columns-{columns}")


def _feature(section: Section, item: Fields) -> str:
    href = section.site.href(item.get("link"))
    title = text(item, "title")
    linked = line("a", title, href=href) if href else esc(title)
    inner = picture(section, item) or icon(text(item, "icon"))
    inner += tag(f"h{section.inner_level}", linked) + paragraphs(text(item, "body"))
    return tag("li", inner, class_="card")


def testimonials(section: Section) -> str:
    made = "".join(_quote(section, each) for each in objects(section.content, "items"))
    return section.head() + tag("div", made, class_="cards quotes")


def _quote(section: Section, item: Fields) -> str:
    said = tag("blockquote", _stars(item, section.words) + paragraphs(text(item, "quote")))
    if not said:
        return ""
    name = text(item, "name")
    face = picture(section, item, class_="face") or _initial(name)
    place = ", ".join(filter(None, (text(item, "role"), text(item, "company"))))
    who = line("strong", name) + line("span", place)
    by = tag("figcaption", face + tag("span", who, class_="who")) if who else ""
    return tag("figure", said + by, class_="card quote")


def _initial(name: str) -> str:
    return f'<span class="face" aria-hidden="true">{esc(name[0].upper())}</span>' if name else ""


def _stars(item: Fields, words: Words) -> str:
    rating = number(item, "rating")
    if rating is None or not 0 < rating <= 5:
        return ""
    full = round(rating)
    said = esc(words.rating.format(f"{rating:g}"))
    return f'<p class="stars" role="img" aria-label="{said}">{"★" * full}{"☆" * (5 - full)}</p>'


def pricing(section: Section) -> str:
    plans = objects(section.content, "plans")
    made = "".join(_plan(section, each) for each in plans)
    return section.head() + tag("ul", made, class_="cards plans")


def _plan(section: Section, plan: Fields) -> str:
    points = "".join(line("li", each) for each in strings(plan, "features"))
    given = plan.get("button")
    featured = plan.get("featured") is True
    choose = button(section, given, "secondary") if isinstance(given, dict) else ""
    inner = (
        section.heading(text(plan, "name"))
        + _price(section, plan)
        + paragraphs(text(plan, "description"))
        + tag("ul", points, class_="points")
        + choose
    )
    return tag("li", inner, class_="card plan featured" if featured else "card plan")


def _price(section: Section, plan: Fields) -> str:
    price = number(plan, "price")
    if price is None or price < 0:
        return ""
    if price == 0:
        return line("p", section.words.free, class_="price")
    periods = {"month": section.words.month, "year": section.words.year, "once": ""}
    period = periods[one_of(plan, "period", "once", "month", "year")]
    amount = line("span", section.words.amount(price, text(section.content, "currency")))
    return tag("p", amount + line("small", period), class_="price")


def gallery(section: Section) -> str:
    layout = one_of(section.content, "layout", "grid", "masonry", "carousel")
    made = "".join(_exhibit(section, each) for each in objects(section.content, "items"))
    shown = f"gallery {layout}"
    if layout == "carousel" and made:
        # What scrolls must be reached by the keyboard, and then it needs a name.
        title = esc(text(section.content, "headline"))
        name = f' aria-label="{title}"' if title else ""
        return section.head() + f'<div class="{shown}" tabindex="0" role="group"{name}>{made}</div>'
    return section.head() + tag("div", made, class_=shown)


def _exhibit(section: Section, item: Fields) -> str:
    return tag("figure", picture(section, item) + line("figcaption", text(item, "caption")))


def questions(section: Section) -> str:
    """Questions open without a script: `details` does it."""
    made = "".join(_question(each) for each in objects(section.content, "items"))
    return section.head() + tag("div", made, class_="questions")


def _question(item: Fields) -> str:
    asked, answered = text(item, "question"), paragraphs(text(item, "answer"))
    if not asked or not answered:
        return line("p", asked, class_="asked") + answered
    return f'<details><summary>{esc(asked)}</summary><div class="answer">{answered}</div></details>'
