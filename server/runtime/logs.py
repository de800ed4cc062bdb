"""Log lines as JSON or as text, with the ids of requests and connections, and without secrets."""

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

# `redact` removes these secrets from every logged text. A JWT starts with the base64 form of `{"`.
# A query may be percent-encoded, and a header may be the repr of a tuple or a dict. So the patterns
# allow many separators between name and value. A value ends at a character that it cannot contain.
_JWT = re.compile(r"ey[JA][A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*){0,4}")
# A text that was redacted before stays as it is.
_BEARER = re.compile(r"(?i)\b(bearer)([\s.:=+]|%20)+(?:\[redacted\]|[^\s\"',;)\]}])+")
_NAMED = re.compile(
    r"(?i)(token|secret|password|authorization|api_?key)"
    r"((?:[\"']?\s*(?:[=:]|%3[dD])|[\"']\s*,)\s*b?[\"']?)(?!\s)(?:\[redacted\]|[^\s&\"',;#)\]}])+"
)
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
# A database error quotes the parameters of its SQL statement, which are document content.
_PARAMETERS = re.compile(r"(\[parameters: ).*")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_NOTHING: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default=_NOTHING)


def bind(**ids: str) -> Token[Mapping[str, str]]:
    """Add these ids to every line that the current task logs from now on."""
    return _bound.set({**_bound.get(), **ids})


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Add these ids to every line that the block logs."""
    token = bind(**ids)
    try:
        yield
    finally:
        _bound.reset(token)


def ids() -> Mapping[str, str]:
    """Return the ids of the current task."""
    return _bound.get()


def redact(text: str) -> str:
    """Return the text without parts that may be a token or a password."""
    text = text[:MAX_TEXT]
    text = _PARAMETERS.sub(r"\1redacted]", text)
    text = _URL_PASSWORD.sub(r"\1[redacted]@", text)
    text = _BEARER.sub(r"\1 [redacted]", text)
    text = _NAMED.sub(r"\1\2[redacted]", text)
    return _JWT.sub("[redacted]", text)


def _clean(value: Any) -> Any:
    """Return a field's value without secrets. A value that is not JSON becomes text."""
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
    # `_NAMED` expects the name and the value in one text, so check the text `name=x`.
    hidden = isinstance(value, str | bytes) and _NAMED.search(f"{name}=x") is not None
    return "[redacted]" if hidden else _clean(value)


def _message(record: logging.LogRecord) -> str:
    try:
        return redact(record.getMessage())
    except Exception:  # a log call with wrong arguments must not raise in its caller
        return redact(f"{record.msg} {record.args}")


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    # Only the last 12 stack frames of each exception, without local variables.
    lines = TracebackException.from_exception(record.exc_info[1], limit=-12).format()
    return redact("".join(lines).rstrip())


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {name: _field(name, value) for name, value in given.items()}


def _ids() -> dict[str, str]:
    return {name: redact(value) for name, value in ids().items()}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON.

    Its members are `at`, `level`, `logger`, `message`, the ids, the fields, and `error`.
    """

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
        # Lone surrogates cannot be encoded as UTF-8. They come from names that are not valid text.
        encoded = msgspec.json.encode(_encodable(line)).decode()
        # Escape them, because some readers treat U+0085 and U+2028 as the end of a line.
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded)


class TextLines(logging.Formatter):
    """Formats a record for a terminal. No character in it can move the cursor or fake a line."""

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
    """Make all loggers of the process write through one handler.

    Libraries log only warnings and errors here, whatever `level` is. Otherwise SQLAlchemy would
    log parameters at debug, which are document content. uvicorn would log the query string of each
    socket at info. uvicorn's access log is off. `LogLimit` limits the log lines unless the level is
    debug.
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
        # Each logger needs a level of its own: uvicorn compares it with its trace level.
        theirs.setLevel(root.level)
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]


def error_sentence(error: BaseException) -> str:
    """Return the error as one sentence for the operator of the server."""
    match error:
        case BaseExceptionGroup():
            return error_sentence(error.exceptions[0])
        case Rejected():
            return error.refusal.message
        case StorageUnavailable():
            return str(error) or "the database does not answer; run `weft check`"
        case _:
            return f"{error}" or type(error).__name__
