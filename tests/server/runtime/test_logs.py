"""Logs: one line per record, with its ids, and without tokens."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collab.ports.directory import SigningKey
from collab.rights.user_rights import Rights, Role
from server.access.tokens import Claims, mint
from server.runtime.logs import bind, bound, configure, redact

CANARY = "c4n4ry-7f3a9b2d1e"
KEY = SigningKey(kid="k-1", secret=b"s" * 32, created_at=0)
JWT = mint(KEY, Claims("demo", CANARY, CANARY, Rights(Role.ADMIN, 10**12), 0, "k-1"))


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Restore the logging of the process after each test."""
    names = ["", "server", "storage", "weft", "uvicorn"]
    names += ["uvicorn.error", "uvicorn.asgi", "uvicorn.access"]
    before = [(log := logging.getLogger(name), log.level, log.handlers[:]) for name in names]
    yield
    for log, level, handlers in before:
        log.setLevel(level)
        log.handlers[:] = handlers
        log.propagate, log.disabled = True, False
    logging.captureWarnings(False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def set_up(level: str = "info", style: str = "json") -> io.StringIO:
    stream = io.StringIO()
    configure(level, style, stream)
    return stream


LOG = logging.getLogger("server.test")


def test_a_record_is_one_line_of_json() -> None:
    stream = set_up()
    LOG.info("opened %s", "it", extra={"version": 7, "lane": "patch"})
    (line,) = lines(stream)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "server.test",
        "message": "opened it",
        "version": 7,
        "lane": "patch",
    }


def test_a_message_cannot_fake_a_second_line() -> None:
    for style in ("json", "text"):
        stream = set_up(style=style)
        LOG.info("name: %s", 'x\n{"level":"error"}\r\x1b[2J\u2028')
        (line,) = stream.getvalue().splitlines()
        assert "\x1b" not in line


def test_a_traceback_is_in_the_line_of_its_record() -> None:
    stream = set_up()
    try:
        raise KeyError("gone")
    except KeyError:
        LOG.exception("it failed")
    (line,) = lines(stream)
    assert line["message"] == "it failed"
    assert line["error"].endswith("KeyError: 'gone'")


def test_ids_are_on_the_lines_of_their_task_only() -> None:
    stream = set_up()

    async def connection(name: str) -> None:
        bind(connection=name)
        await asyncio.sleep(0)
        LOG.info("hello")

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(connection("c-1"))
            tasks.create_task(connection("c-2"))
        LOG.info("nobody")

    asyncio.run(run())
    assert [line.get("connection") for line in lines(stream)] == ["c-1", "c-2", None]


def test_ids_bound_for_a_block_end_with_the_block() -> None:
    stream = set_up()
    with bound(request="r-1"), bound(doc="home"):
        LOG.info("in")
    LOG.info("out")
    inside, outside = lines(stream)
    assert (inside["request"], inside["doc"]) == ("r-1", "home")
    assert "request" not in outside


def test_auto_is_text_on_a_terminal_and_json_elsewhere() -> None:
    terminal = Terminal()
    configure("info", "auto", terminal)
    LOG.warning("look", extra={"port": 1})
    assert terminal.getvalue().endswith("warning server.test: look port=1\n")
    elsewhere = set_up(style="auto")
    LOG.warning("look")
    assert lines(elsewhere)[0]["message"] == "look"


def test_other_libraries_log_only_warnings_and_errors() -> None:
    stream = set_up("debug")
    logging.getLogger("sqlalchemy.engine").info("[parameters: ('content',)]")
    logging.getLogger("uvicorn.error").info('"WebSocket /v1/yjs/home?token=%s"', CANARY)
    logging.getLogger("uvicorn.access").error("GET /?token=%s", CANARY)
    logging.getLogger("storage.log").debug("ours")
    logging.getLogger("uvicorn.error").error("theirs")
    assert [line["message"] for line in lines(stream)] == ["ours", "theirs"]


def test_warnings_are_logged() -> None:
    stream = set_up()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", stacklevel=1)
    assert "old" in lines(stream)[0]["message"]


def test_a_log_call_with_wrong_arguments_still_logs_a_line() -> None:
    stream = set_up()
    two = "%d %d"
    LOG.info(two, "x")
    LOG.info("half \ud800", extra={"deep": {"a": ["\udfff"]}})
    assert len(lines(stream)) == 2


def _fail(text: str) -> None:
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise RuntimeError(f"while handling {text}") from error
    except RuntimeError:
        LOG.exception("failed")


def _bound_line() -> None:
    with bound(connection=f"token={CANARY}"):
        LOG.info("x")


WAYS: dict[str, Callable[[], None]] = {
    "query": lambda: LOG.info(f"GET /v1/yjs/home?client=1&token={CANARY}&x=2"),
    "query argument": lambda: LOG.info("GET %s", f"/v1/yjs/home?token={CANARY}"),
    "encoded query": lambda: LOG.info(f"next=%2Fyjs%3Ftoken%3D{CANARY}"),
    "bytes query": lambda: LOG.info("%r", f"token={CANARY}".encode()),
    "fragment": lambda: LOG.info(f"/edit/home#token={CANARY}"),
    "header": lambda: LOG.info(f"Authorization: Bearer {CANARY}"),
    "header repr": lambda: LOG.info("%s", [(b"authorization", f"Bearer {CANARY}".encode())]),
    "bare header repr": lambda: LOG.info("%s", [(b"authorization", CANARY.encode())]),
    "header dict": lambda: LOG.info("%s", {"authorization": f"bearer {CANARY}"}),
    "subprotocol": lambda: LOG.info(f"weft.v1, bearer.{CANARY}"),
    "json": lambda: LOG.info(json.dumps({"type": "open", "token": CANARY})),
    "spaced json": lambda: LOG.info('{"token" : "%s"}', CANARY),
    "repr": lambda: LOG.info("%r", {"token": CANARY}),
    "struct": lambda: LOG.info(f"Open(token='{CANARY}', client='x')"),
    "field": lambda: LOG.info("x", extra={"token": CANARY}),
    "bytes field": lambda: LOG.info("x", extra={"secret": CANARY.encode()}),
    "deep field": lambda: LOG.info("x", extra={"headers": {"Authorization": CANARY}}),
    "key of a field": lambda: LOG.info("x", extra={"q": {f"token={CANARY}": 1}}),
    "object field": lambda: LOG.info("x", extra={"error": ValueError(f"token={CANARY}")}),
    "exception": lambda: _fail(f"bad token={CANARY}"),
    "exception header": lambda: _fail(f"Bearer {CANARY}"),
    "jwt": lambda: LOG.info("got %s from a peer", JWT),
    "jwt in an exception": lambda: _fail(JWT),
    "jwt cut short": lambda: LOG.info(JWT[: len(JWT) // 2]),
    "jwt encoded twice": lambda: LOG.info(quote(f"token={JWT}", safe="")),
    "wrong arguments": lambda: LOG.info("%d token=%s", "x", f"token={CANARY}"),
    "url password": lambda: LOG.info(f"postgresql+asyncpg://weft:{CANARY}@db/weft"),
    "statement": lambda: LOG.info(f"(x) [SQL: INSERT] [parameters: ('{CANARY}', 1)]"),
    "library": lambda: logging.getLogger("uvicorn.error").error(f"/?token={CANARY}"),
    "bound id": _bound_line,
}


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("way", WAYS)
def test_no_byte_of_a_token_is_logged(way: str, style: str) -> None:
    stream = set_up("debug", style)
    WAYS[way]()
    out = stream.getvalue()
    assert out
    assert CANARY not in out
    assert "eyJ" not in out
    assert JWT.split(".")[1][:12] not in out


@given(st.text(max_size=300))
@example("BEARER 0")
@example("bearer 0]")
@example("[bearer 0]")
@example("token=0")
@example("token: b'0'], secret=[redacted]0")
@example("bearer token=0 password:bearer 0")
@example("://user:0@host token=://user:0@host")
def test_redacting_twice_equals_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "opened home at version 57",
        "the token has expired",
        "no token, no entry",
        "key k-04c2 of demo was retired",
        "listening on http://127.0.0.1:8080",
    ],
)
def test_text_without_secrets_is_unchanged(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("unit", ["token=", "Bearer ", "ey", "eyJaaaaa.", "://a:", "[parameters: "])
def test_redacting_takes_linear_time(unit: str) -> None:
    redact(unit * 200_000)
