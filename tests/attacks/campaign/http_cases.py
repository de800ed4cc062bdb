"""The cases of HTTP: every operation that OpenAPI describes, and every address beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from server.openapi.describe import describe
from tests.attacks.campaign import limits
from tests.attacks.campaign.bodies import BODIES
from tests.attacks.campaign.case import Case, HttpRequest, Level, always
from tests.attacks.campaign.documents import DOCUMENTS, PROSE

Operation = Mapping[str, Any]

# What a path says beside the document. A lock that is not there is looked for all the same.
PATH = {"version": "1", "lock": "l-1", "tenant": "demo"}
# What is asked for where nothing is at its limit.
PLAIN: dict[str, dict[str, str]] = {"getDiff": {"from": "1"}}
HEADERS: dict[str, dict[str, str]] = {"putDocument": {"If-Match": "*"}}
# Values that mean something here, beside the limits that the description states.
TELLING: dict[tuple[str, str], tuple[str, ...]] = {
    ("getDocument", "at"): ("1", "60", "100"),
    ("getVersion", "version"): ("2", "60", "100"),
    ("getDiff", "to"): ("2", "100"),
    ("listVersions", "limit"): ("500",),
    ("listVersions", "each"): ("1",),
    ("listAudit", "limit"): ("1000",),
    ("listDocuments", "limit"): ("1000",),
    ("readPublished", "version"): ("1",),
    ("patchDocument", "base"): ("1", "60"),
}
# Those that need something to take back.
HISTORIANS = {"undo", "redo", "restore"}
# One body of these is so large that 20 of them would fill the memory of a test machine.
MOST_AT_ONCE = {"importDocument": 2}
# Gone afterwards, so the last one, and on a document of its own.
DELETES = "deleteDocument"
# What nobody may write to in a campaign that goes on.
LAST = (DELETES, "takeDown")

# Addresses that the description leaves out: pages, and what is for the operator.
BESIDE = {
    "/": "/",
    "/docs": "/docs",
    "/favicon.ico": "/favicon.ico",
    "/metrics": "/metrics",
    "/status": "/status",
    "/status.json": "/status.json",
    "/static": "/static/status/index.html",
    "/demo/{name}.svg": "/demo/harbor-g1.svg",
    "/p/{tenant}/{doc}": "/p/demo/{doc}",
    "/p/{tenant}/{doc}/{page}": "/p/demo/{doc}/home",
}


def operations() -> dict[str, tuple[str, str, Operation]]:
    """Method, path and description of each, by its name; what deletes comes last."""
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
    """An address that the description leaves out."""
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
    """What a parameter may be at its limits, and beyond."""
    for telling in TELLING.get((name, parameter["name"]), ()):
        yield "at", telling
    schema = parameter["schema"]
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
    """The head of any request: its bytes, its headers, its query."""
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
