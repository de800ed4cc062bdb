"""The kinds of settings: how each kind is parsed, and which values it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import Field, dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

KiB = 1024
MiB = 1024 * KiB

# What some settings accept.
ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}(/\d{1,3})?|\*")
ANCESTOR = re.compile(r"\*|https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:(\d{1,5}|\*))?")

_LISTEN_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?")
_SIZE = re.compile(r"(\d{1,18})\s*(KiB|MiB|GiB)?", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_UNITS = {"": 1, "kib": KiB, "mib": MiB, "gib": 1024 * MiB}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


class BadSetting(Exception):
    """Some settings are wrong. `problems` lists their variables with the accepted values."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{name} must be {may_be}" for name, may_be in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Rule:
    """How one setting is parsed.

    `may_be` tells users which values the setting accepts. For other values `parse` raises
    ValueError. `limit` marks a setting that clients get in `opened.limits`.
    """

    parse: Callable[[str], object]
    may_be: str
    doc: str
    limit: bool = False
    unit: str = ""


def size(default: int, doc: str, *, low: int = 0, limit: bool = False) -> int:
    def parse(given: str) -> int:
        match = _SIZE.fullmatch(given)
        if match is None:
            raise ValueError(given)
        amount = int(match[1]) * _UNITS[(match[2] or "").lower()]
        if amount and amount < low:
            raise ValueError(given)
        return amount

    may_be = "a size in bytes, or with KiB, MiB or GiB (65536, 64KiB)"
    may_be += f", at least {low}; 0 means no limit" if low else "; 0 means no limit"
    return field(default=default, metadata={"rule": Rule(parse, may_be, doc, limit, "bytes")})


def count(
    default: int,
    doc: str,
    *,
    low: int = 0,
    high: int = 10**9,
    none: bool = True,
    limit: bool = False,
) -> int:
    def parse(given: str) -> int:
        if not (given.isascii() and given.isdigit() and len(given) <= 18):
            raise ValueError(given)
        number = int(given)
        if not (low <= number <= high or (none and number == 0)):
            raise ValueError(given)
        return number

    may_be = f"a whole number from {low} to {high}" + ("; 0 means no limit" if none else "")
    return field(default=default, metadata={"rule": Rule(parse, may_be, doc, limit)})


def seconds(
    default: float,
    doc: str,
    *,
    low: float = 0,
    high: float = 86_400,
    zero: float | None = None,
    limit: bool = False,
) -> float:
    """Seconds, whole or fractional. When 0 is below `low`, it means `zero` seconds."""

    def parse(given: str) -> float:
        if not _NUMBER.fullmatch(given):
            raise ValueError(given)
        amount = float(given)
        if amount == 0 and zero is not None:
            return zero
        if not low <= amount <= high:
            raise ValueError(given)
        return int(amount) if amount.is_integer() else amount

    may_be = f"a number of seconds from {low:g} to {high:g}"
    may_be += f"; 0 means {zero:g}" if zero is not None else ""
    return field(default=default, metadata={"rule": Rule(parse, may_be, doc, limit, "seconds")})


def flag(default: bool, doc: str) -> bool:
    def parse(given: str) -> bool:
        if given.lower() not in _TRUE | _FALSE:
            raise ValueError(given)
        return given.lower() in _TRUE

    may_be = "1, true, yes or on; or 0, false, no or off"
    return field(default=default, metadata={"rule": Rule(parse, may_be, doc)})


def text(default: str, may_be: str, doc: str, accepts: Callable[[str], object]) -> str:
    def parse(given: str) -> str:
        if not accepts(given):
            raise ValueError(given)
        return given

    return field(default=default, metadata={"rule": Rule(parse, may_be, doc)})


def origin(may_be: str, doc: str) -> str:
    """An http or https origin, or empty. `parse` removes the last slash, which browsers show."""

    def parse(given: str) -> str:
        found = given.removesuffix("/")
        if found and not is_origin(found):
            raise ValueError(given)
        return found

    return field(default="", metadata={"rule": Rule(parse, may_be, doc)})


def is_origin(text: str) -> bool:
    """Whether `text` is an http or https URL that ends after its host or its port."""
    try:
        parts = urlsplit(text)
        port = parts.port  # raises ValueError when it is out of range
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    rest = host if port is None else f"{host}:{port}"
    is_whole = parts.scheme in ("http", "https") and parts.netloc.lower() == rest
    is_whole = is_whole and _HOST.fullmatch(host or "") is not None and not any(parts[2:])
    return is_whole and _can_be_resolved(host or "")


def is_host(text: str) -> bool:
    """Whether `text` may be a host name or an IP address to listen on."""
    return _LISTEN_HOST.fullmatch(text) is not None and _can_be_resolved(text)


def _can_be_resolved(host: str) -> bool:
    """Whether DNS may have this name: each part between dots has 1 to 63 characters.

    For other names, `getaddrinfo` raises a `UnicodeError` instead of an `OSError`.
    """
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def is_database(text: str) -> bool:
    """Whether `text` names a database that Weft can open."""
    if text.startswith("sqlite+aiosqlite:///"):
        return len(text) > len("sqlite+aiosqlite:///")
    return _is_url(text, {"postgresql+asyncpg"})


def is_redis(text: str) -> bool:
    """Whether `text` is empty or the URL of a Redis server."""
    return text == "" or _is_url(text, {"redis", "rediss"})


def _is_url(text: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError when it is out of range
    except ValueError:
        return False
    # PostgreSQL's driver accepts a Unix socket's directory as `?host=/run/postgresql`.
    hosts = [*filter(None, [parts.hostname]), *parse_qs(parts.query).get("host", [])]
    named = [host for host in hosts if not host.startswith("/")]
    return parts.scheme in schemes and bool(hosts) and all(map(_can_be_resolved, named))


def choice(default: str, choices: tuple[str, ...], doc: str) -> str:
    def parse(given: str) -> str:
        if given.lower() not in choices:
            raise ValueError(given)
        return given.lower()

    may_be = f"one of {', '.join(choices)}"
    return field(default=default, metadata={"rule": Rule(parse, may_be, doc)})


def listed(accepts: Callable[[str], object], may_be: str, doc: str) -> tuple[str, ...]:
    def parse(given: str) -> tuple[str, ...]:
        parts = tuple(part for part in re.split(r"[,\s]+", given) if part)
        if not all(accepts(part) for part in parts):
            raise ValueError(given)
        return parts

    return field(default=(), metadata={"rule": Rule(parse, f"a list of {may_be}", doc)})


def rule_of(each: Field[Any]) -> Rule:
    rule: Rule = each.metadata["rule"]
    return rule
