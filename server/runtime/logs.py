"""Logs: one JSON object a line, with the ids of what it belongs to and never a token in it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from traceback import TracebackException
from types import MappingProxyType
from typing import Any, TextIO

import msgspec

from collab.errors import Rejected
from collab.ports.store import StorageUnavailable
from collab.wire import rfc3339
from server.runtime.log_limit import LogLimit

OURS = ("server", "storage", "weft")
MAX_TEXT = 16 * 1024

# These are removed from every text that is logged. A JWT starts with `{"` in base64. A query
# may be percent-encoded, a header may stand as a tuple or a dict's repr, so what is between the
# name and the value is matched loosely; the value runs to what cannot be in it.
_JWT = re.compile(r"ey[JA][A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*){0,4}")
_BEARER = re.compile(r"(?i)\b(bearer)([\s.:=+]|%20)+[^\s\"',;)\]}]+")
_NAMED = re.compile(
    r"(?i)(token|secret|password|authorization|api_?key)"
    r"((?:[\"']?\s*(?:[=:]|%3[dD])|[\"']\s*,)\s*b?[\"']?)(?!\s)[^\s&\"',;#)\]}]+"
)
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
# What a database error quotes of a statement is document content.
_PARAMETERS = re.compile(r"(\[parameters: ).*")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_NOTHING: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default=_NOTHING)


def bind(**ids: str) -> Token[Mapping[str, str]]:
    """Put these ids on every line that this task logs from here on."""
    return _bound.set({**_bound.get(), **ids})


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """`bind` for as long as the block runs."""
    token = bind(**ids)
    try:
        yield
    finally:
        _bound.reset(token)


def ids() -> Mapping[str, str]:
    """What is bound here."""
    return _bound.get()


def redact(text: str) -> str:
    """The text without what could be a token or a password."""
    text = text[:MAX_TEXT]
    text = _PARAMETERS.sub(r"\1redacted]", text)
    text = _URL_PASSWORD.sub(r"\1[redacted]@", text)
    text = _BEARER.sub(r"\1 [redacted]", text)
    text = _NAMED.sub(r"\1\2[redacted]", text)
    return _JWT.sub("[redacted]", text)


def _clean(value: Any) -> Any:
    """A field's value without secrets and control characters; what is no JSON becomes its text."""
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {redact(str(name)): _field(str(name), each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(each) for each in value]
        case _:
            return redact(str(value))


def _field(name: str, value: Any) -> Any:
    # A field is named here, not in a text, so it is checked as if it were written out.
    hidden = isinstance(value, str | bytes) and _NAMED.search(f"{name}=x") is not None
    return "[redacted]" if hidden else _clean(value)


def _message(record: logging.LogRecord) -> str:
    try:
        return redact(record.getMessage())
    except Exception:  # wrong arguments to a log call must not take the caller down
        return redact(f"{record.msg} {record.args}")


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    # No local variables, and no chain of more than the last frames of each.
    lines = TracebackException.from_exception(record.exc_info[1], limit=-12).format()
    return redact("".join(lines).rstrip())


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {name: _field(name, value) for name, value in given.items()}


def _ids() -> dict[str, str]:
    return {name: redact(value) for name, value in ids().items()}


class JsonLines(logging.Formatter):
    """A record as one line of JSON: `at`, `level`, `logger`, `message`, ids, fields, `error`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": rfc3339(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line |= {name: value for name, value in _extra(record).items() if name not in line}
        line |= _ids()
        if trace := _trace(record):
            line["error"] = trace
        # Lone surrogates have no UTF-8; they come from names that are not text.
        encoded = msgspec.json.encode(_encodable(line)).decode()
        # Escaped, because there are readers that take U+0085 and U+2028 for a line's end.
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded)


class TextLines(logging.Formatter):
    """A record for a person at a terminal; nothing in it can move the cursor or forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        at = rfc3339(int(record.created * 1000))[11:23]
        head = f"{at} {record.levelname.lower():7} {record.name}: {_message(record)}"
        fields = {**_extra(record), **_ids()}
        head += "".join(f" {name}={value}" for name, value in fields.items())
        head = _CONTROL.sub("�", head)
        trace = _trace(record)
        lines = [head, *(_CONTROL.sub("�", line) for line in trace.splitlines())]
        return "\n".join(lines if trace else [head])


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_encodable(name): _encodable(each) for name, each in value.items()}
        case list():
            return [_encodable(each) for each in value]
        case _:
            return value


def configure(level: str, style: str, stream: TextIO | None = None) -> None:
    """Send every logger of the process through one handler.

    Other libraries speak from warnings up: at debug, SQLAlchemy logs parameters, which are
    document content, and uvicorn logs each socket's query string at info. Its access log is off.
    What a client can cause is logged seldom, unless everything is wanted.
    """
    out = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(out)
    as_text = style == "text" or (style == "auto" and out.isatty())
    handler.setFormatter(TextLines() if as_text else JsonLines())
    if _level(level) > logging.DEBUG:
        handler.addFilter(LogLimit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, _level(level)))
    for name in OURS:
        logging.getLogger(name).setLevel(_level(level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = name != "uvicorn.access"
        # Set on each: uvicorn compares a logger's own level with its own trace level.
        theirs.setLevel(root.level)
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]


def error_sentence(error: BaseException) -> str:
    """What went wrong, in one sentence, for the operator of the server."""
    match error:
        case BaseExceptionGroup():
            return error_sentence(error.exceptions[0])
        case Rejected():
            return error.refusal.message
        case StorageUnavailable():
            return str(error) or "the database does not answer; `weft check` says more"
        case _:
            return f"{error}" or type(error).__name__
