"""The API description as an HTML page. It can be read without its script.

The script in `static/reference/` adds the search, and forms that send a request. Every text on the
page is escaped, although the texts are our own. So no text can break the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from server.openapi.operation import PROBLEM
from server.openapi.sample import samples
from server.openapi.search_words import SOCKET_WORDS, WORDS

Schema = Mapping[str, Any]
ON_EVERY = "Weft-Request"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_STYLES = ("style/tokens.css", "style/parts.css", "ui/ui.css", "reference/reference.css")


def render(description: Mapping[str, Any], *, is_demo: bool = False) -> str:
    """Return the page of an OpenAPI document made by `openapi.describe`.

    In demo mode, its script offers a guest's token.
    """
    info, shapes = description["info"], description["components"]["schemas"]
    title, version = escape(info["title"]), escape(info["version"])
    tags = _by_tag(description["paths"])
    body = "".join(
        f"<section><h2 id='{escape(tag)}'>{escape(tag)}</h2>"
        f"{''.join(map(_operation, operations))}</section>"
        for tag, operations in tags.items()
    )
    styles = "".join(f"<link rel='stylesheet' href='/static/{name}'>" for name in _STYLES)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{title} API</title>{styles}"
        "<link rel='icon' href='/static/status/icon.svg' type='image/svg+xml'>"
        "<script type='module' src='/static/reference/reference.js'></script></head>"
        f"<body class='tool reference' data-demo='{'yes' if is_demo else 'no'}'>"
        f"<header><h1><img src='/static/status/icon.svg' alt='' width='24' height='24'>{title} API"
        f" <small>{version}</small></h1><div id='search'></div>"
        "<a href='/openapi.json'>openapi.json</a></header>"
        f"{_navigation(tags)}<main><div class='intro'><p>{_prose(info['description'])}</p>"
        "<p>In the examples, <code>$WEFT</code> is the address of this server, and "
        "<code>$TOKEN</code> is your token.</p></div><div id='trial'></div>"
        f"<p id='none' role='status' hidden></p>{body}{_sockets(description['x-websockets'])}"
        f"<section><h2 id='Shapes'>Shapes</h2>{''.join(map(_shape, sorted(shapes.items())))}"
        "</section></main></body></html>"
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
            f"<li><a href='#{escape(operation['operationId'])}'>{_prose(operation['summary'])}</a>"
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
    name = operation["operationId"]
    parts = [
        f"<article id='{escape(name)}' data-words='{escape(_words(described))}'><div class='text'>",
        f"<h3>{_prose(operation['summary'])}</h3>{_address(method, path)}",
        f"<p>{_prose(operation['description'])}</p>" if "description" in operation else "",
        _fields("Parameters", map(_parameter, operation.get("parameters", ()))),
    ]
    if "requestBody" in operation:
        parts.append(_fields("Body", [_body(operation["requestBody"])]))
    answers = sorted(operation["responses"].items())
    good = [_answer(*each) for each in answers if each[0] < "400"]
    refused = [_answer(*each) for each in answers if each[0] >= "400"]
    shown = samples(method, path, operation)
    refusals = f"<details><summary>Refusals</summary>{_fields('', refused)}</details>"
    parts += [_fields("Answers", good), refusals if refused else ""]
    return "".join([*parts, f"</div>{shown}</article>"])


def _words(described: tuple[str, str, Schema]) -> str:
    """Return the words by which the search finds an operation."""
    method, path, operation = described
    name = operation["operationId"]
    names = [each["name"] for each in operation.get("parameters", ())]
    # The role in a summary is no answer to *publish*.
    summary = operation["summary"].removesuffix("(publisher)")
    words = [name, method, path, operation["tags"][0], summary, WORDS.get(name, "")]
    return " ".join([*words, *names]).lower()


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
    parts = ["<section><h2 id='Sockets'>Sockets</h2>"]
    for path, socket in sockets.items():
        rows = [
            (escape(who), _type(socket[key]))
            for who, key in (("The client sends", "client"), ("The server sends", "server"))
            if key in socket
        ]
        if "subprotocol" in socket:
            rows.insert(0, ("Subprotocol", f"<code>{escape(socket['subprotocol'])}</code>"))
        words = f"{path} {socket['summary']} {SOCKET_WORDS.get(path, '')}".lower()
        parts.append(
            f"<article data-words='{escape(words)}'><div class='text'>"
            f"<h3>{escape(socket['summary'])}</h3>{_address('', path)}{_fields('', rows)}"
            "</div></article>"
        )
    return "".join([*parts, "</section>"])


def _shape(named: tuple[str, Schema]) -> str:
    name, schema = named
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
    words = escape(f"shape {name} {' '.join(schema.get('properties', {}))}".lower())
    return (
        f"<article id='shape-{escape(name)}' data-words='{words}'><div class='text'>"
        f"<h3>{escape(name)}</h3>{about}{rest}</div></article>"
    )


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
