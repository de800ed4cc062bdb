"""The form section.

Answers have nowhere to go yet, so nothing is posted: a form whose action is a link shows that link
as its button, another one is shown closed. The page's policy forbids posting as well.
"""

from __future__ import annotations

from collab.page.fields import Fields, numbered, one_of, strings, text
from collab.page.markup import attrs, esc, line, paragraphs, tag
from collab.page.parts import Section

_KINDS = ("text", "email", "tel", "textarea", "select", "checkbox", "date", "number")


def form(section: Section) -> str:
    content = section.content
    head = section.headline() + paragraphs(text(content, "body"), "intro")
    send = text(content, "submit") or "→"
    action = section.site.href(content.get("action"))
    if action:
        button = f'<a class="button primary"{attrs(href=action)}>{esc(send)}</a>'
        return tag("div", tag("div", head) + tag("div", button, class_="buttons"), class_="panel")
    made = "".join(_field(section, n, each) for n, each in numbered(content, "fields"))
    if not made:
        return tag("div", head, class_="head")
    closed = line("p", section.words.closed, class_="note")
    press = f'<button class="button primary" type="button">{esc(send)}</button>'
    fields = f"<fieldset disabled>{made}{press}</fieldset>{closed}"
    return tag("div", tag("div", head) + tag("div", fields, class_="form"), class_="enquiry")


def _field(section: Section, number: int, field: Fields) -> str:
    kind = one_of(field, "kind", *_KINDS)
    given = {"id": f"{section.name}-{number}"}
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
