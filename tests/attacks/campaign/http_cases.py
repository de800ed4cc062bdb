"""HTTP cases: every operation of OpenAPI, and every address that OpenAPI leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from server.openapi.describe import describe
from tests.attacks.campaign import limits
from tests.attacks.campaign.bodies import BODIES, picture
from tests.attacks.campaign.case import Case, HttpRequest, Level, always
from tests.attacks.campaign.documents import DOCUMENTS, PROSE

Operation = Mapping[str, Any]

# Other parameters of a path. The server also looks up a lock or a share link that does not exist.
PATH = {
    "version": "1",
    "lock": "l-1",
    "share": "s-1",
    "tenant": "demo",
    "schema": "landing-page",
    "id": sha256(picture(0)).hexdigest(),  # `uploadAsset` has stored it
}
# The parameters when none is at its limit.
PLAIN: dict[str, dict[str, str]] = {"getDiff": {"from": "1"}}
HEADERS: dict[str, dict[str, str]] = {"putDocument": {"If-Match": "*"}}
# Valid values, beside the limits of the description.
TELLING: dict[tuple[str, str], tuple[str, ...]] = {
    ("getDocument", "at"): ("1", "60", "100"),
    ("getVersion", "version"): ("2", "60", "100"),
    ("getDiff", "to"): ("2", "100"),
    ("listVersions", "limit"): ("500",),
    ("listVersions", "each"): ("1",),
    ("listAudit", "limit"): ("1000",),
    ("listActivity", "limit"): ("1000",),
    ("listDocuments", "limit"): ("1000",),
    ("readPublished", "version"): ("1",),
    ("getFindings", "version"): ("1", "60", "100"),
    ("patchDocument", "base"): ("1", "60"),
}
# Operations that need a step to undo or redo.
HISTORIANS = {"undo", "redo", "restore"}
# 20 bodies of these operations would fill the memory of a test machine.
MOST_AT_ONCE = {"importDocument": 2}
# This operation deletes the document, so it runs last, on its own document.
DELETES = "deleteDocument"
# These operations end the document or its publication, so they run last.
LAST = (DELETES, "takeDown", "deleteAsset")

# Addresses that OpenAPI leaves out: pages, and addresses for the operator.
BESIDE = {
    "/": "/",
    "/docs": "/docs",
    "/examples/{name}": "/examples/two-tabs",
    "/favicon.ico": "/favicon.ico",
    "/metrics": "/metrics",
    "/status": "/status",
    "/status.json": "/status.json",
    "/sw.js": "/sw.js",
    "/sdk/{name}.js": "/sdk/weft.js",
    "/sdk/{version}/{name}": "/sdk/0.1.0/weft.js",
    "/modules/{version}/{folder}/{name}": "/modules/0.1.0/page/page.js",
    "/edit/{doc}": "/edit/{doc}",
    "/preview/{doc}": "/preview/{doc}",
    "/preview/{doc}/{page}": "/preview/{doc}/home",
    "/static": "/static/status/index.html",
    "/demo/{name}.svg": "/demo/harbor-g1.svg",
    "/p/{tenant}/{doc}": "/p/demo/{doc}",
    "/p/{tenant}/{doc}/{page}": "/p/demo/{doc}/home",
}


def operations() -> dict[str, tuple[str, str, Operation]]:
    """Return method, path and description of each operation by its name. Deletion comes last."""
    paths = describe("campaign")["paths"]
    found = {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    return dict(sorted(found.items(), key=lambda each: each[0] in LAST))


def http_cases(name: str) -> Iterator[Case]:
    """Every case of one operation."""
    method, path, operation = operations()[name]
    plain = HttpRequest(method, target(path, name, operation), HEADERS.get(name, {}))
    user = "historian" if name in HISTORIANS else ""
    most = MOST_AT_ONCE.get(name, 20)

    def case(
        dimension: str, level: Level, document: str, make: Callable[[int], HttpRequest]
    ) -> Case:
        return Case("http", name, dimension, level, document, make, user, most)

    if "requestBody" not in operation:
        places = DOCUMENTS if "{doc}" in path else {PROSE.name: PROSE}
        for document in places:
            yield case("the request", "plain", document, always(plain))
    else:
        for dimension, level, held, body in BODIES[name]():
            yield case(dimension, level, held.name, partial(_with_body, plain, body))
    for dimension, level, request in _beside_the_body(name, operation, plain):
        yield case(dimension, level, PROSE.name, always(request))
        if level == "at" and (name, dimension) in TELLING:
            for document in DOCUMENTS:
                yield case(dimension, level, document, always(request))


def _with_body(plain: HttpRequest, body: Callable[[int], bytes], number: int) -> HttpRequest:
    return replace(plain, body=body(number))


def target(path: str, name: str, operation: Operation) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] != "doc":
            path = path.replace(f"{{{parameter['name']}}}", PATH[parameter["name"]])
    query = "&".join(f"{key}={value}" for key, value in PLAIN.get(name, {}).items())
    return f"{path}?{query}" if query else path


def address_cases(route: str) -> Iterator[Case]:
    """Yield the cases of an address that OpenAPI leaves out."""
    plain = HttpRequest("GET", BESIDE[route])
    for document in DOCUMENTS if "{doc}" in plain.target else {PROSE.name: PROSE}:
        yield Case("http", route, "the request", "plain", document, always(plain))
    for dimension, level, request in _heads(plain):
        yield Case("http", route, dimension, level, PROSE.name, always(request))


# --- parameters and heads -------------------------------------------------------------------


def _beside_the_body(
    name: str, operation: Operation, plain: HttpRequest
) -> Iterator[tuple[str, Level, HttpRequest]]:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "doc" or (parameter["in"], parameter["name"]) == ("path", "tenant"):
            continue
        for level, value in values_of(name, parameter):
            yield parameter["name"], level, _with(plain, parameter, value)
    yield from _heads(plain)


def values_of(name: str, parameter: Mapping[str, Any]) -> Iterator[tuple[Level, str]]:
    """Yield the values of a parameter at and above its limits."""
    for telling in TELLING.get((name, parameter["name"]), ()):
        yield "at", telling
    schema = parameter["schema"]
    if "enum" in schema:
        yield from (("at", str(value)) for value in schema["enum"])
        if schema.get("type") == "integer":
            yield "above", str(max(schema["enum"]) + 1)
        yield "above", "9" * 20_000
        return
    if schema.get("type") == "integer":
        yield "at", str(schema.get("minimum", 0))
        yield "at", str(schema["maximum"])
        yield "above", str(schema["maximum"] + 1)
        yield "above", "9" * 20_000
        return
    most = schema.get("maxLength", limits.HEAD - 2048)
    if "pattern" in schema and "/" in schema["pattern"] and parameter["in"] == "query":
        yield "at", "/held/0"
        yield "at", "/a" * (most // 2)
    yield "at", "a" * most
    yield "at", '"1",' * (most // 4)
    yield "above", "a" * min(most + 1, limits.HEAD)


def _with(plain: HttpRequest, parameter: Mapping[str, Any], value: str) -> HttpRequest:
    match parameter["in"]:
        case "header":
            return replace(plain, headers={**plain.headers, parameter["name"]: value})
        case "query":
            parted = "&" if "?" in plain.target else "?"
            added = f"{parameter['name']}={quote(value, safe='')}"
            return replace(plain, target=f"{plain.target}{parted}{added}")
        case _:
            before, _, rest = plain.target.rpartition(f"/{PATH[parameter['name']]}")
            return replace(plain, target=f"{before}/{value}{rest}")


def _heads(plain: HttpRequest) -> Iterator[tuple[str, Level, HttpRequest]]:
    """Yield request heads at their limits: bytes, headers, query."""
    parted = "&" if "?" in plain.target else "?"
    room = limits.HEAD - 2048
    yield "query", "at", replace(plain, target=f"{plain.target}{parted}{'q=%C3&' * (room // 6)}")
    few = {f"x-{n}": "v" * (room // 90) for n in range(80)}
    yield "bytes of the head", "at", replace(plain, headers={**plain.headers, **few})
    many = {f"x-{n}": "v" for n in range(limits.HEADERS)}
    yield "headers", "above", replace(plain, headers={**plain.headers, **many})
    large = {**plain.headers, "x-large": "v" * limits.HEAD}
    yield "bytes of the head", "above", replace(plain, headers=large)
    bearer = {**plain.headers, "X-Forwarded-For": "10.0.0.1, " * 2_000}
    yield "forwarded", "at", replace(plain, headers=bearer)
