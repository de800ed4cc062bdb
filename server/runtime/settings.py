"""Settings: the only reader of the environment, parsed once into a frozen dataclass."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qs, urlsplit

from server.runtime import setting_kinds as setting
from server.runtime.setting_kinds import KiB, MiB, rule_of

PREFIX = "WEFT_"

_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}(/\d{1,3})?|\*")
_STRICTNESS = ("off", "warn", "refuse")
_ANCESTOR = re.compile(
    r"\*|https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:(\d{1,5}|\*))?"
)
_ORIGIN = re.compile(r"https?://[^\s/?#@,]+")


class BadSetting(Exception):
    """Settings that are wrong: `problems` has a name and what it may be for each."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{name} must be {may_be}" for name, may_be in problems))
        self.problems = problems


def _is_database(text: str) -> bool:
    if text.startswith("sqlite+aiosqlite:///"):
        return len(text) > len("sqlite+aiosqlite:///")
    return _is_url(text, {"postgresql+asyncpg"})


def _is_redis(text: str) -> bool:
    return text == "" or _is_url(text, {"redis", "rediss"})


def _is_url(text: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for one out of range
    except ValueError:
        return False
    # PostgreSQL's driver takes a socket's directory as `?host=/run/postgresql`.
    return parts.scheme in schemes and bool(parts.hostname or "host" in parse_qs(parts.query))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. `WEFT_` and a field's name in capitals is its variable.

    Invariant: every value has passed its rule. In a limit, 0 means that there is none.
    """

    host: str = setting.text(
        "127.0.0.1", "a host name or an address", "Where `weft serve` listens.", _HOST.fullmatch
    )
    port: int = setting.count(
        8080, "The port it listens on; 0 takes a free one.", high=65535, none=False
    )
    database: str = setting.text(
        "sqlite+aiosqlite:///var/weft.db",
        "sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME",
        "Where documents and keys are kept.",
        _is_database,
    )
    redis: str = setting.text(
        "",
        "redis://HOST:PORT/N or rediss://…, or empty",
        "Meant for notices between several instances; not used yet, so run one.",
        _is_redis,
    )
    demo: bool = setting.flag(False, "Demo documents, and a publisher's token for every visitor.")
    public_url: str = setting.origin(
        "an origin such as https://weft.example, or empty",
        "Where browsers reach this server; makes addresses in published pages absolute.",
    )
    origins: tuple[str, ...] = setting.listed(
        _ORIGIN,
        "origins such as https://app.example.com, separated by commas",
        "Origins that may open sockets and call over CORS, beside the server's own.",
    )
    frame_ancestors: tuple[str, ...] = setting.listed(
        _ANCESTOR,
        "origins such as https://cms.example or https://*.example, separated by commas; * for all",
        "Who may show published pages and previews in a frame, beside the server's own origin.",
    )
    trusted_proxies: tuple[str, ...] = setting.listed(
        _ADDRESS,
        "addresses or networks such as 10.0.0.0/8, separated by commas; * for all",
        "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    log_level: str = setting.choice(
        "info", ("debug", "info", "warning", "error"), "The least that is logged."
    )
    log_format: str = setting.choice(
        "auto", ("auto", "json", "text"), "JSON lines or text; auto is text on a terminal."
    )
    metrics_token: str = setting.text(
        "",
        "16 to 256 visible ASCII characters, or empty",
        "What /metrics wants as its Bearer token; empty lets every client read it.",
        re.compile(r"([!-~]{16,256})?").fullmatch,
    )
    stall_seconds: float = setting.seconds(
        0.1, "An event loop that stands still for so long is logged with its stack.", high=60
    )

    max_frame: int = setting.size(
        1 * MiB, "The largest frame or request body.", low=KiB, limit=True
    )
    max_document: int = setting.size(4 * MiB, "The largest document, as JSON.", low=KiB, limit=True)
    max_values: int = setting.count(
        200_000, "Values in one document, containers too: each takes 2 KB of memory."
    )
    max_ops: int = setting.count(1000, "Operations in one patch.", limit=True)
    max_connections: int = setting.count(1000, "Connections to one document.", limit=True)
    address_connections: int = setting.count(
        100, "Connections of one address that have not said who they are."
    )
    open_seconds: float = setting.seconds(
        5, "How long a connection may take to say who it is.", low=0.1, high=300
    )
    head_seconds: float = setting.seconds(
        10, "How long a request's head may take to arrive.", low=0.1, high=300
    )
    ping_seconds: float = setting.seconds(
        20,
        "How often a silent connection is pinged, and how long it may take to answer.",
        low=0.1,
        high=3600,
    )
    in_bytes_per_second: int = setting.size(128 * KiB, "What one user may send.", limit=True)
    in_burst: int = setting.size(1 * MiB, "What one user may send at once.", limit=True)
    in_messages_per_second: int = setting.count(200, "Messages that one user may send.", limit=True)
    in_messages_burst: int = setting.count(
        400, "Messages that one user may send at once.", limit=True
    )
    out_bytes_per_second: int = setting.size(1 * MiB, "What one connection is sent.", limit=True)
    out_burst: int = setting.size(4 * MiB, "What one connection is sent at once.", limit=True)
    new_bytes_per_second: int = setting.size(
        128 * KiB, "What one user may add in new documents, whatever their names."
    )
    new_burst: int = setting.size(16 * MiB, "What one user may add in new documents at once.")
    max_documents: int = setting.count(20_000, "Documents of one tenant.")
    slow_seconds: float = setting.seconds(
        30, "How long a reader may stay behind before it is let go; 0 for ever.", limit=True
    )
    http_unread: int = setting.size(
        64 * MiB, "Memory for HTTP answers that clients have not read yet."
    )
    presence_per_second: int = setting.count(
        20, "How often one client's presence is passed on.", high=1000, limit=True
    )
    presence_bytes: int = setting.size(2 * KiB, "The largest presence state, as JSON.", limit=True)

    undo_depth: int = setting.count(100, "Steps that one user can undo.", limit=True)
    undo_bytes: int = setting.size(
        16 * MiB, "Memory for all undo steps of one document; the oldest are dropped first."
    )
    lock_ttl: float = setting.seconds(
        300,
        "How long a lock lasts unless it asks otherwise.",
        low=1,
        high=3600,
        zero=3600,
        limit=True,
    )
    take_over_grace: float = setting.seconds(
        20, "How long a lock's holder has to answer a take-over.", high=3600, limit=True
    )

    snapshot_entries: int = setting.count(
        200,
        "A snapshot is made after so many entries, where that is worth its size.",
        low=1,
        none=False,
    )
    snapshot_bytes: int = setting.size(1 * MiB, "Or after so many bytes of entries.")
    snapshot_seconds: float = setting.seconds(
        60, "Or when the oldest entry after one is so old.", low=1
    )
    retention_days: int = setting.count(
        90,
        "How long entries and accepted ids are kept; named and published versions stay.",
        low=30,
        high=36_500,
    )
    history_gap_seconds: float = setting.seconds(
        120, "A pause after which one person's edits begin a new row of history.", high=86_400
    )
    max_named: int = setting.count(1000, "Versions of one document that may have names.")
    max_exports: int = setting.count(4, "Exports that run at once; half of them may be one user's.")
    max_import: int = setting.size(64 * MiB, "The largest archive that may be imported.")
    audit_days: int = setting.count(365, "How long the audit trail is kept.", high=36_500)
    publish_required: str = setting.choice(
        "warn", _STRICTNESS, "Missing titles, descriptions and picture texts at publishing."
    )
    publish_links: str = setting.choice(
        "warn", _STRICTNESS, "Links at publishing that lead to no section or page."
    )
    publish_weight: str = setting.choice(
        "warn", _STRICTNESS, "A document at publishing that is larger than the next setting."
    )
    publish_sections: str = setting.choice(
        "warn", _STRICTNESS, "Sections at publishing of a type that the page cannot show."
    )
    publish_max_bytes: int = setting.size(512 * KiB, "What a published document should weigh.")
    published_max_age: float = setting.seconds(
        10, "How long browsers and caches may keep what is published.", high=604_800
    )
    published_stale: float = setting.seconds(
        60, "How much longer they may show it while they ask again.", high=604_800
    )
    published_cache: int = setting.size(64 * MiB, "Memory for published pages, ready to be sent.")

    idle_seconds: float = setting.seconds(
        60, "A document without a client is unloaded after this.", high=86_400
    )
    drain_seconds: float = setting.seconds(
        8, "How long a stop may take to flush and to close connections.", low=0.1, high=600
    )

    @classmethod
    def load(cls, env: Mapping[str, str], **flags: str | int | bool | None) -> Settings:
        """What the environment says, and flags over it; a flag that is None was not given."""
        values: dict[str, Any] = {}
        problems: list[tuple[str, str]] = []
        for each in fields(cls):
            given = _given(env, flags, each.name)
            if given is None:
                continue
            rule = rule_of(each)
            try:
                values[each.name] = rule.parse(given.strip())
            except ValueError:
                problems.append((variable(each.name), rule.may_be))
        if problems:
            raise BadSetting(problems)
        return cls(**values)

    @property
    def max_update(self) -> int:
        """What a Yjs client may send in its step 2: as much as a document may be; 0 for any."""
        if not self.max_frame or not self.max_document:
            return 0
        return max(self.max_frame, self.max_document)

    def limits(self) -> dict[str, int | float]:
        """What applies to a connection, as `opened` says it: names in small letters, no prefix."""
        return {each.name: getattr(self, each.name) for each in fields(self) if rule_of(each).limit}


def _given(env: Mapping[str, str], flags: Mapping[str, object], name: str) -> str | None:
    flag = flags.get(name)
    if flag is not None:
        return str(flag)
    # Compose files and unit files set what is not wanted to nothing.
    return env.get(variable(name), "").strip() or None


def variable(name: str) -> str:
    """The environment's name of a field."""
    return PREFIX + name.upper()


def environment() -> Mapping[str, str]:
    """What the process was started with."""
    return os.environ


def unknown_names(env: Mapping[str, str]) -> dict[str, str]:
    """Variables with our prefix that nothing reads, each with the name that may be meant."""
    known = [variable(each.name) for each in fields(Settings)]
    unknown = sorted(name for name in env if name.startswith(PREFIX) and name not in known)
    return {name: next(iter(get_close_matches(name, known, 1)), "") for name in unknown}
