"""The API description as one self-contained HTML page, without a script.

Every text on the page is escaped, although the texts are our own. So no text can break the page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from server.openapi.operation import PROBLEM
from server.openapi.style import CSS

Schema = Mapping[str, Any]
ON_EVERY = "Weft-Request"

_STYLE_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def render(description: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document made by `openapi.describe`."""
    info, shapes = description["info"], description["components"]["schemas"]
    title, version = escape(info["title"]), escape(info["version"])
    tags = _by_tag(description["paths"])
    body = "".join(
        f"<h2 id='{escape(tag)}'>{escape(tag)}</h2>" + "".join(map(_operation, operations))
        for tag, operations in tags.items()
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{title} API</title><style>{CSS}</style></head><body>"
        f"<div class='page'><header><h1>{title} <small>{version}</small></h1>"
        f"<p>{_prose(info['description'])}</p>"
        "<p class='soft'>The same as JSON: <a href='/openapi.json'>/openapi.json</a></p>"
        f"</header>{_navigation(tags)}<main>{body}{_sockets(description['x-websockets'])}"
        f"<h2 id='Shapes'>Shapes</h2>{''.join(_shape(*each) for each in sorted(shapes.items()))}"
        "</main></div></body></html>"
    )


def _by_tag(paths: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Schema]]]:
    tags: dict[str, list[tuple[str, str, Schema]]] = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            tags.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return tags


def _navigation(tags: Mapping[str, Iterable[tuple[str, str, Schema]]]) -> str:
    parts = []
    for tag, operations in tags.items():
        links = "".join(
            f"<li><a href='#{escape(operation['operationId'])}'>{escape(operation['summary'])}</a>"
            for _, _, operation in operations
        )
        parts.append(f"<li><a href='#{escape(tag)}'><b>{escape(tag)}</b></a><ul>{links}</ul>")
    rest = "<li><a href='#Sockets'><b>Sockets</b></a><li><a href='#Shapes'><b>Shapes</b></a>"
    return (
        "<nav aria-label='Contents'><details><summary>Contents</summary>"
        f"<ul>{''.join(parts)}{rest}</ul></details></nav>"
    )


def _operation(described: tuple[str, str, Schema]) -> str:
    method, path, operation = described
    parts = [
        f"<article id='{escape(operation['operationId'])}'>{_address(method, path)}",
        f"<h3>{_prose(operation['summary'])}</h3>",
        f"<p>{_prose(operation['description'])}</p>" if "description" in operation else "",
        _fields("Parameters", map(_parameter, operation.get("parameters", ()))),
    ]
    if "requestBody" in operation:
        parts.append(_fields("Body", [_body(operation["requestBody"])]))
    answers = [_answer(*each) for each in sorted(operation["responses"].items())]
    return "".join([*parts, _fields("Answers", answers), "</article>"])


def _address(method: str, path: str) -> str:
    name = f"<span class='method {escape(method)}'>{escape(method)}</span>" if method else ""
    return f"<div class='address'>{name}<code>{escape(path)}</code></div>"


def _parameter(parameter: Schema) -> tuple[str, str]:
    where = f"<small class='soft'>{escape(parameter['in'])}</small>"
    name = f"<code>{escape(parameter['name'])}</code> {where}"
    return name, f"{_type(parameter['schema'])}. {_prose(parameter['description'])}"


def _body(body: Schema) -> tuple[str, str]:
    types = "<br>".join(f"<code>{escape(name)}</code>" for name in body["content"])
    schema = next(iter(body["content"].values()))["schema"]
    may = "" if body["required"] else " Optional."
    return types, f"{_type(schema)}. {_prose(body['description'])}{may}"


def _answer(status: str, answer: Schema) -> tuple[str, str]:
    lines = [_prose(answer["description"])]
    for media_type, content in answer.get("content", {}).items():
        if media_type != PROBLEM:  # every refusal has it
            lines.append(f"{_type(content['schema'])} as <code>{escape(media_type)}</code>")
    headers = [f"<code>{escape(name)}</code>" for name in answer["headers"] if name != ON_EVERY]
    if headers:
        lines.append(f"With {', '.join(headers)}")
    return f"<code>{escape(status)}</code>", "<br>".join(lines)


def _sockets(sockets: Mapping[str, Any]) -> str:
    parts = ["<h2 id='Sockets'>Sockets</h2>"]
    for path, socket in sockets.items():
        rows = [
            (escape(who), _type(socket[key]))
            for who, key in (("The client sends", "client"), ("The server sends", "server"))
            if key in socket
        ]
        if "subprotocol" in socket:
            rows.insert(0, ("Subprotocol", f"<code>{escape(socket['subprotocol'])}</code>"))
        parts.append(
            f"<article>{_address('', path)}<h3>{escape(socket['summary'])}</h3>"
            f"{_fields('', rows)}</article>"
        )
    return "".join(parts)


def _shape(name: str, schema: Schema) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (
            f"<code>{escape(field)}</code>{'' if field in required else ' <span>?</span>'}",
            _type(each),
        )
        for field, each in schema.get("properties", {}).items()
    ]
    about = f"<p>{_prose(schema['description'])}</p>" if "description" in schema else ""
    rest = _fields("", rows) if rows else f"<p>{_type(schema)}</p>"
    return f"<article id='shape-{escape(name)}'><h3>{escape(name)}</h3>{about}{rest}</article>"


def _fields(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a list of names with their descriptions; both are HTML already."""
    listed = "".join(f"<dt>{name}</dt><dd>{about}</dd>" for name, about in rows)
    heading = f"<h4>{escape(title)}</h4>" if title else ""
    return f"{heading}<dl>{listed}</dl>" if listed else ""


def _type(schema: Schema) -> str:
    """Return a JSON Schema in a few words, as HTML."""
    match schema:
        case {"$ref": str(ref)}:
            name = escape(ref.rsplit("/", 1)[1])
            return f"<a href='#shape-{name}'>{name}</a>"
        case {"anyOf": list(options)}:
            return " or ".join(map(_type, options))
        case {"enum": list(values)}:
            return " or ".join(f"<code>{escape(str(value))}</code>" for value in values)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items)}"
        case {"type": str(kind)}:
            return escape(kind)
    return "any JSON"


def _prose(text: str) -> str:
    """Return a sentence as HTML, with its `code` marked."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{each}</code>" if i % 2 else each for i, each in enumerate(pieces))
