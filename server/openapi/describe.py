"""The table of operations as an OpenAPI 3.1 document. Its schemas are made from the Structs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from collab.errors import HTTP_STATUS, Code
from collab.messages import ClientMessage, ServerMessage
from server.openapi.assets import ASSETS
from server.openapi.audit import AUDITING
from server.openapi.documents import DOCUMENTS
from server.openapi.examples import EXAMPLES, PARAMETERS, Example
from server.openapi.history import HISTORY
from server.openapi.locks import LOCKS
from server.openapi.operation import PROBLEM, Body, Operation, Parameter, Response
from server.openapi.operations import PROCESS
from server.openapi.publishing import PUBLISHING
from server.openapi.shapes import Problem
from server.openapi.shares import SHARES

OPERATIONS: tuple[Operation, ...] = (
    *DOCUMENTS,
    *HISTORY,
    *PUBLISHING,
    *LOCKS,
    *SHARES,
    *ASSETS,
    *AUDITING,
    *PROCESS,
)

SOCKETS: Mapping[str, dict[str, Any]] = {
    "/v1/docs/{doc}/live": {
        "summary": "The patch lane: JSON messages in text frames",
        "subprotocol": "weft.v1",
        "client": {"$ref": "#/components/schemas/ClientMessage"},
        "server": {"$ref": "#/components/schemas/ServerMessage"},
    },
    "/v1/yjs/{doc}": {"summary": "The Yjs lane: y-protocols in binary frames, for y-websocket"},
}

HEADERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "ETag": ("The entity tag.", {"type": "string", "pattern": '^(W/)?"[0-9a-f.]+"$'}),
    "Last-Modified": ("The time when the version was made.", {"type": "string"}),
    "Weft-Updated-By": ("The user who made the version.", {"type": "string"}),
    "Weft-Version": ("The version that the answer is about.", {"type": "string"}),
    "Weft-Epoch": ("The epoch of that version.", {"type": "string"}),
    "Content-Encoding": ("The compression of the body.", {"type": "string"}),
    "Weft-Request": ("The id of the request in the server's log.", {"type": "string"}),
    "Location": ("The URL of the new document.", {"type": "string"}),
    "Cache-Control": ("How long a cache may keep the answer.", {"type": "string"}),
    "Content-Disposition": ("A file name for the download.", {"type": "string"}),
    "Vary": ("The request headers that the answer depends on.", {"type": "string"}),
    "Retry-After": ("Seconds to wait before a retry.", {"type": "string"}),
    "Accept-Patch": ("The media types that a patch may have.", {"type": "string"}),
    "WWW-Authenticate": ("The authentication scheme: `Bearer`.", {"type": "string"}),
}
_HEADER_OF_STATUS = {
    401: "WWW-Authenticate",
    415: "Accept-Patch",
    429: "Retry-After",
    503: "Retry-After",
}
# Every answer under this URL names its version in two headers.
DOCUMENT = "/v1/docs/{doc}"
POSITION = ("Weft-Version", "Weft-Epoch")
ABOUT = (
    "Collaborative editing of JSON documents. Every accepted change makes a new version. Errors "
    "are `application/problem+json` with a `code`. Every answer has the header `Weft-Request`: the "
    "id of the request in the server's log. Answers about a document have `Weft-Version` and "
    "`Weft-Epoch`: the version that the answer is about."
)


def describe(version: str, operations: Iterable[Operation] = OPERATIONS) -> dict[str, Any]:
    """Return the OpenAPI document."""
    shapes = Shapes(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, shapes
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Weft", "version": version, "summary": ABOUT, "description": ABOUT},
        "paths": paths,
        "x-websockets": dict(SOCKETS),
        "components": {
            "schemas": shapes.components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


class Shapes:
    """The JSON Schemas of all types that the operations and the patch lane use."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        types: list[Any] = [Problem, ClientMessage, ServerMessage]
        for operation in operations:
            types += [parameter.shape for parameter in operation.parameters]
            types += [response.shape for response in operation.responses.values()]
            types += [operation.body.shape] if operation.body is not None else []
        schemas, self.components = msgspec.json.schema_components(
            types, ref_template="#/components/schemas/{name}"
        )
        self._schemas = {repr(type_): schema for type_, schema in zip(types, schemas, strict=True)}
        self.components["ClientMessage"] = self.of(ClientMessage)
        self.components["ServerMessage"] = self.of(ServerMessage)

    def of(self, shape: Any) -> dict[str, Any]:
        return dict(self._schemas[repr(shape)])


def _operation(operation: Operation, shapes: Shapes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": _responses(operation, shapes),
        "security": [] if operation.open_to_all else [{"token": []}],
    }
    if operation.detail:
        entry["description"] = operation.detail
    if operation.parameters:
        entry["parameters"] = [_parameter(each, shapes) for each in operation.parameters]
    if operation.body is not None:
        entry["requestBody"] = _body(operation.body, shapes, _example(operation).body)
    return entry


def _parameter(parameter: Parameter, shapes: Shapes) -> dict[str, Any]:
    entry = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.doc,
        "schema": {**shapes.of(parameter.shape), **parameter.schema},
    }
    if parameter.name in PARAMETERS:
        entry["example"] = PARAMETERS[parameter.name]
    return entry


def _body(body: Body, shapes: Shapes, example: Any) -> dict[str, Any]:
    schema = shapes.of(body.shape)
    return {
        "description": body.doc,
        "required": body.required,
        "content": _content(body.media_types, schema, example),
    }


def _content(media_types: Iterable[str], schema: Any, example: Any) -> dict[str, Any]:
    entry = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return dict.fromkeys(media_types, entry)


def _example(operation: Operation) -> Example:
    return EXAMPLES.get(operation.name, Example())


def _responses(operation: Operation, shapes: Shapes) -> dict[str, Any]:
    examples = _example(operation).responses
    position = POSITION if operation.path.startswith(DOCUMENT) else ()
    answers = {
        str(status): _response(each, shapes, examples.get(status), position)
        for status, each in operation.responses.items()
    }
    refused: dict[int, list[Code]] = {}
    for code in operation.codes():
        refused.setdefault(HTTP_STATUS[code], []).append(code)
    if operation.conditional:
        refused[412] = [c for c in operation.codes() if c in (Code.ALREADY_EXISTS, Code.CONFLICT)]
    for status, codes in sorted(refused.items()):
        answers.setdefault(str(status), _refusal(status, codes, position))
    return answers


def _response(
    response: Response, shapes: Shapes, example: Any, position: Sequence[str]
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "description": response.doc,
        "headers": _headers((*response.headers, *position, "Weft-Request")),
    }
    if response.shape is not None:
        schema = shapes.of(response.shape)
        entry["content"] = _content(response.media_types, schema, example)
    return entry


def _refusal(status: int, codes: Iterable[Code], position: Sequence[str]) -> dict[str, Any]:
    names = [_HEADER_OF_STATUS[status]] if status in _HEADER_OF_STATUS else []
    reasons = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{HTTPStatus(status).phrase}: {reasons}",
        "headers": _headers((*names, *position, "Weft-Request")),
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"description": HEADERS[name][0], "schema": HEADERS[name][1]} for name in names}
