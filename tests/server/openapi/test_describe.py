"""The API description has everything that the server serves, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec
from starlette.routing import Route, WebSocketRoute

from collab import messages
from collab.errors import HTTP_STATUS, Code
from server.openapi import page, shapes
from server.openapi.describe import HEADERS, OPERATIONS, SOCKETS, describe
from server.openapi.operation import Operation, Response
from server.openapi.search_words import SOCKET_WORDS, WORDS
from server.routes import routes
from tests.house import ROOT

DESCRIBED = describe("0.1.0")
WIRE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")


# URLs that are not part of the API: pages, pictures, and the metrics for Prometheus.
UNDESCRIBED = frozenset(
    {
        "/",
        "/p/{tenant}/{doc}",
        "/p/{tenant}/{doc}/{page}",
        "/docs",
        "/demo/{name}.svg",
        "/examples/{name}",
        "/favicon.ico",
        "/metrics",
        "/modules/{version}/{folder}/{name}",
        "/edit/{doc}",
        "/preview/{doc}",
        "/preview/{doc}/{page}",
        "/sdk/{name}.js",
        "/sdk/{version}/{name}",
        "/status",
        "/status.json",
        "/sw.js",
    }
)


def served() -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in routes()
        if isinstance(route, Route) and route.path not in UNDESCRIBED
        for method in (route.methods or set()) - {"HEAD"}
    }


def field_names(struct: Any) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def references(of: Any) -> set[str]:
    match of:
        case dict():
            own = {of["$ref"]} if isinstance(of.get("$ref"), str) else set()
            return own.union(*(references(each) for each in of.values()))
        case list():
            return set().union(*(references(each) for each in of))
    return set()


def test_the_routes_are_exactly_the_described_operations() -> None:
    assert {(each.method, each.path) for each in OPERATIONS} == served()


def test_every_socket_is_described() -> None:
    sockets = {route.path for route in routes() if isinstance(route, WebSocketRoute)}
    assert sockets - {"/{path:path}"} == set(SOCKETS), "all but the catch-all route"


def test_an_operation_has_a_name_of_its_own() -> None:
    names = [each.name for each in OPERATIONS]
    assert len(set(names)) == len(names)


def test_the_parameters_of_a_path_are_described() -> None:
    for each in OPERATIONS:
        told = {parameter.name for parameter in each.parameters if parameter.where == "path"}
        assert told == set(re.findall(r"{(\w+)}", each.path)), each.name


def test_every_reference_has_a_target() -> None:
    components = DESCRIBED["components"]["schemas"]
    there = {f"#/components/schemas/{name}" for name in components}
    assert references(DESCRIBED) <= there


def test_every_header_of_an_answer_has_a_description() -> None:
    named = {
        name for each in OPERATIONS for answer in each.responses.values() for name in answer.headers
    }
    assert named <= set(HEADERS)


def test_a_problem_has_the_fields_of_a_reject() -> None:
    rejected = field_names(messages.Reject) - {"id", "message"}
    # The patch lane can neither publish nor delete assets.
    others = {"published", "findings", "uses"}
    over_http = {"type", "title", "status", "detail"} | others
    assert rejected | over_http == field_names(shapes.Problem)


def test_a_change_over_http_has_the_fields_of_an_ack() -> None:
    locks_and_names = {"id", "lock", "secret"}
    assert field_names(shapes.Changed) == field_names(messages.Ack) - locks_and_names


def test_every_refusal_is_listed_under_its_status() -> None:
    for each in OPERATIONS:
        responses = DESCRIBED["paths"][each.path][each.method.lower()]["responses"]
        for code in each.codes():
            if HTTP_STATUS[code] not in each.responses:
                assert f"`{code}`" in responses[str(HTTP_STATUS[code])]["description"]


def rows(status: str) -> set[tuple[str, str]]:
    """Return methods and paths with this status in the HTTP table of docs/wire.md.

    A row may name several paths: `/undo`, `/redo` are last segments.
    """
    found: set[tuple[str, str]] = set()
    table = WIRE.split("\n## HTTP\n")[1].split("\n## ")[0]
    for line in table.splitlines():
        if line.startswith("| `") and line.endswith(f"| {status} |"):
            found |= set(calls(line.split("|")[1], line.split("|")[2]))
    return found


def calls(cell: str, about: str) -> Iterator[tuple[str, str]]:
    methods: list[str] = []
    path, used = "", False
    for token in re.findall(r"`([^`]+)`", cell):
        method, _, rest = token.rpartition(" ")
        if rest.startswith("/v1"):
            path = (
                rest.split("?")[0].replace("{v}", "{version}").replace("locks/{id}", "locks/{lock}")
            )
        elif rest.startswith("/"):
            path = path.rsplit("/", 1)[0] + rest
        else:  # `GET`, `PUT /v1/…`: several methods of one path
            method = rest
        if method:
            methods = [method] if used else [*methods, method]
        used = rest.startswith("/")
        more = re.findall(r"`([A-Z]+)` takes", about)
        yield from ((each, path) for each in (*methods, *more) if used)


def test_the_calls_served_by_the_wire_page_are_described() -> None:
    described = {(each.method, each.path) for each in OPERATIONS if each.path.startswith("/v1/")}
    assert rows("served") == described
    assert rows("later") & described == set()


def test_the_messages_of_the_patch_lane_are_described() -> None:
    components = DESCRIBED["components"]["schemas"]
    for side, union in (
        ("ClientMessage", messages.ClientMessage),
        ("ServerMessage", messages.ServerMessage),
    ):
        names = {ref["$ref"].rsplit("/", 1)[1] for ref in components[side]["anyOf"]}
        assert names == {struct.__name__ for struct in union.__args__}
        for name in names:
            assert set(components[name]["properties"]) >= {"type"}


# --- the page -------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags, ids and links of a page. Fails when its tags are badly nested."""

    VOID = frozenset({"meta", "link", "img", "br", "li", "dt", "dd"})

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    return tags


def test_the_page_is_html_with_files_of_its_own_server() -> None:
    tags = read(page.render(DESCRIBED))
    assert not tags.seen & {"style", "iframe", "form"}
    assert len(set(tags.ids)) == len(tags.ids)
    outside = [link for link in tags.links if not link.startswith("#")]
    assert [link for link in outside if not link.startswith("/static/")] == ["/openapi.json"]
    assert all((ROOT / link[1:]).is_file() for link in outside if link.startswith("/static/"))
    assert {link[1:] for link in tags.links if link.startswith("#")} <= set(tags.ids)


def test_the_page_shows_every_operation() -> None:
    html = page.render(DESCRIBED)
    for each in OPERATIONS:
        assert f"id='{each.name}'" in html


def test_the_page_escapes_every_text() -> None:
    evil = "<script>alert('1')</script>`<b>`\"'"
    operation = Operation(
        "GET", f"/{evil}", evil, "Process", evil, {200: Response(evil)}, detail=evil
    )
    described = describe(evil, [operation])
    described["components"]["schemas"] = {evil: {"description": evil, "properties": {evil: {}}}}
    described["x-websockets"] = {evil: {"summary": evil, "subprotocol": evil}}
    html = page.render(described)
    assert not read(html).seen & {"b", "b!"} - read(page.render(DESCRIBED)).seen
    assert html.count("<script") == 1, "its own"


def test_the_page_allows_no_inline_script_or_style() -> None:
    assert "script-src 'self'; style-src 'self'" in page.POLICY
    assert "unsafe" not in page.POLICY
    assert not re.search(r"<style|<script>| style=| on\w+=", page.render(DESCRIBED))


def test_the_page_shows_an_example_of_each_operation() -> None:
    html = page.render(DESCRIBED)
    assert html.count("<figcaption>Request</figcaption>") == len(OPERATIONS)
    release = html.partition("id='releaseLock'")[2].partition("</article>")[0]
    command = unescape(release.partition("<code>curl")[2].partition("</code>")[0])
    assert command.startswith(' -X POST "$WEFT/v1/docs/home/locks/l-2/release"')
    assert '-H "Authorization: Bearer $TOKEN"' in command
    assert '"secret": "demo.' in command
    assert "200 OK" in release
    difference = html.partition("id='getDiff'")[2].partition("</article>")[0]
    assert "/v1/docs/home/diff?from=1" in difference


def test_each_operation_has_words_for_the_search() -> None:
    assert set(WORDS) == {each.name for each in OPERATIONS}
    assert set(SOCKET_WORDS) == set(DESCRIBED["x-websockets"])


def test_the_description_has_every_refusal_code() -> None:
    assert set(DESCRIBED["components"]["schemas"]["Code"]["enum"]) == {str(code) for code in Code}
