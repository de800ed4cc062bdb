"""The example of an operation as HTML: the request for `curl`, and the answer.

In the examples, `$WEFT` is the address of the server, and `$TOKEN` is a token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

Schema = Mapping[str, Any]
LINE = " \\\n  "
# The body is a file, and its example is a sentence.
FILE = "application/octet-stream"


def samples(method: str, path: str, operation: Schema) -> str:
    """Return the request and the first answer that has an example."""
    parts = [_block("Request", _request(method, path, operation))]
    for status, answer in sorted(operation["responses"].items()):
        if int(status) >= 300:
            continue
        shown = [
            _block(f"{status} {HTTPStatus(int(status)).phrase}", _body(content["example"]))
            for content in answer.get("content", {}).values()
            if "example" in content
        ]
        parts += shown[:1] or [_empty(int(status))]
    return f"<div class='samples'>{''.join(parts)}</div>"


def _request(method: str, path: str, operation: Schema) -> str:
    """Return a command that sends the example."""
    parts = [f'curl -X {method} "$WEFT{_address(path, operation)}"', *_headers(operation)]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"-H 'Content-Type: {kind}'")
        body = json.dumps(content["example"], ensure_ascii=False, indent=2)
        # In a shell, a quote ends the text.
        text = body.replace("'", "'\\''")
        parts.append("--data-binary @harbor.png" if kind == FILE else f"-d '{text}'")
        break
    return LINE.join(parts)


def _address(path: str, operation: Schema) -> str:
    query = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            value = quote(str(parameter["example"]), safe="")
            path = path.replace(f"{{{parameter['name']}}}", value)
        elif parameter["in"] == "query" and parameter["required"]:
            query[parameter["name"]] = parameter["example"]
    return f"{path}?{urlencode(query)}" if query else path


def _headers(operation: Schema) -> Iterator[str]:
    if operation["security"]:
        yield '-H "Authorization: Bearer $TOKEN"'
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header" and parameter["required"]:
            yield f"-H '{parameter['name']}: {parameter['example']}'"


def _body(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, ensure_ascii=False, indent=2)


def _block(title: str, text: str) -> str:
    # Long lines scroll sideways, also by keyboard.
    label = escape(title, quote=True)
    code = f"<pre tabindex='0' role='region' aria-label='{label}'><code>{escape(text)}</code></pre>"
    return f"<figure><figcaption>{escape(title)}</figcaption>{code}</figure>"


def _empty(status: int) -> str:
    return f"<p class='soft'>{status} {HTTPStatus(status).phrase}, without a body</p>"
