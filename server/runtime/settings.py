"""All settings, parsed once from the environment. No other module reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from server.runtime import setting_kinds as setting
from server.runtime.setting_kinds import BadSetting, KiB, MiB, rule_of

PREFIX = "WEFT_"

_STRICTNESS = ("off", "warn", "refuse")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. The variable of a field is `WEFT_` and the field's name in capitals.

    Invariant: every value has passed its rule. In a limit, 0 means no limit.
    """

    host: str = setting.text(
        "127.0.0.1",
        "a host name or an IP address",
        "The host or IP address that `weft serve` listens on.",
        setting.is_host,
    )
    port: int = setting.count(
        8080, "The port that `weft serve` listens on; 0 picks a free port.", high=65535, none=False
    )
    database: str = setting.text(
        "sqlite+aiosqlite:///var/weft.db",
        "sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME",
        "The database with the documents and keys.",
        setting.is_database,
    )
    redis: str = setting.text(
        "",
        "redis://HOST:PORT/N or rediss://…, or empty",
        "Redis for messages between instances. Without it, they hear of edits a second later.",
        setting.is_redis,
    )
    workers: int = setting.count(
        1, "Processes that share the work of `weft serve`.", low=1, high=64, none=False
    )
    local_bus: bool = setting.flag(
        False, "Lets several servers of this machine serve the same SQLite file."
    )
    demo: bool = setting.flag(
        False, "Creates demo documents, and gives every visitor a publisher's token."
    )
    public_url: str = setting.origin(
        "an origin such as https://weft.example, or empty",
        "The URL of this server for browsers; published pages use it in absolute URLs.",
    )
    origins: tuple[str, ...] = setting.listed(
        setting.is_origin,
        "origins such as https://app.example.com, separated by commas",
        "Origins allowed to open sockets and call the API. Empty: only the server's own origin.",
    )
    frame_ancestors: tuple[str, ...] = setting.listed(
        setting.ANCESTOR.fullmatch,
        "origins such as https://cms.example or https://*.example, separated by commas; * for all",
        "Sites that may show published pages and previews in a frame, besides the server's own.",
    )
    editor_ancestors: tuple[str, ...] = setting.listed(
        setting.is_origin,
        "origins such as https://cms.example, separated by commas",
        "Sites that may show the editor in a frame. Empty: no site.",
    )
    trusted_proxies: tuple[str, ...] = setting.listed(
        setting.ADDRESS.fullmatch,
        "IP addresses or networks such as 10.0.0.0/8, separated by commas; * for all",
        "Proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted.",
    )
    log_level: str = setting.choice(
        "info", ("debug", "info", "warning", "error"), "The lowest level that is logged."
    )
    log_format: str = setting.choice(
        "auto",
        ("auto", "json", "text"),
        "JSON lines or text; auto is text on a terminal, else JSON.",
    )
    metrics_token: str = setting.text(
        "",
        "16 to 256 visible ASCII characters, or empty",
        "The Bearer token for /metrics. Empty: every client may read it.",
        re.compile(r"([!-~]{16,256})?").fullmatch,
    )
    stall_seconds: float = setting.seconds(
        0.1,
        "The server logs an event loop stall of this length with its stack; 0 turns this off.",
        high=60,
    )

    max_frame: int = setting.size(
        1 * MiB, "The largest WebSocket frame or HTTP request body.", low=KiB, limit=True
    )
    max_document: int = setting.size(
        4 * MiB, "The largest document, in bytes of JSON.", low=KiB, limit=True
    )
    max_values: int = setting.count(
        100_000,
        "Values in one document, objects and arrays included; each takes up to 2.7 KB of memory.",
    )
    max_ops: int = setting.count(1000, "Operations in one patch.", limit=True)
    max_connections: int = setting.count(1000, "Connections to one document.", limit=True)
    address_connections: int = setting.count(
        100, "Connections of one IP address that have not authenticated yet."
    )
    open_seconds: float = setting.seconds(
        5, "Time for a new connection to authenticate.", low=0.1, high=300
    )
    head_seconds: float = setting.seconds(
        10, "Time for the head of an HTTP request to arrive.", low=0.1, high=300
    )
    ping_seconds: float = setting.seconds(
        20,
        "Interval of WebSocket pings; a client that sends nothing until the next is disconnected.",
        low=0.1,
        high=3600,
    )
    in_bytes_per_second: int = setting.size(
        128 * KiB, "Bytes per second that one user may send to one document.", limit=True
    )
    in_burst: int = setting.size(
        1 * MiB, "Bytes that one user may send to one document at once.", limit=True
    )
    in_messages_per_second: int = setting.count(
        200, "Messages per second that one user may send to one document.", limit=True
    )
    in_messages_burst: int = setting.count(
        400, "Messages that one user may send to one document at once.", limit=True
    )
    out_bytes_per_second: int = setting.size(
        1 * MiB, "Bytes per second that one user gets from one document.", limit=True
    )
    out_burst: int = setting.size(
        4 * MiB, "Bytes that one user gets from one document at once.", limit=True
    )
    new_bytes_per_second: int = setting.size(
        128 * KiB, "Bytes per second that one user may put into new documents."
    )
    new_burst: int = setting.size(
        16 * MiB, "Bytes that one user may put into new documents at once."
    )
    max_documents: int = setting.count(20_000, "Documents of one tenant.")
    slow_seconds: float = setting.seconds(
        30,
        "How long a reader may stay behind before the server disconnects it; 0 means for ever.",
        limit=True,
    )
    http_unread: int = setting.size(
        64 * MiB, "Memory for HTTP responses that clients have not read yet."
    )
    presence_per_second: int = setting.count(
        20, "Presence updates per second of one client that others get.", high=1000, limit=True
    )
    presence_bytes: int = setting.size(
        2 * KiB, "The largest presence state, in bytes of JSON.", limit=True
    )

    undo_depth: int = setting.count(
        100, "Steps that one user can undo in one document.", limit=True
    )
    undo_bytes: int = setting.size(
        16 * MiB, "Memory for all undo steps of one document; the oldest are dropped first."
    )
    lock_ttl: float = setting.seconds(
        300,
        "How long a lock lasts when the request has no `ttl`.",
        low=1,
        high=3600,
        zero=3600,
        limit=True,
    )
    take_over_grace: float = setting.seconds(
        20, "Time for a lock's holder to answer a take-over.", high=3600, limit=True
    )

    snapshot_entries: int = setting.count(
        200,
        "A snapshot is saved after this many entries, if they have 1/8 of the document's size.",
        low=1,
        none=False,
    )
    snapshot_bytes: int = setting.size(
        1 * MiB, "A snapshot is also saved after this many bytes of entries."
    )
    snapshot_seconds: float = setting.seconds(
        60, "A snapshot is also saved when the oldest entry without a snapshot has this age.", low=1
    )
    retention_days: int = setting.count(
        90,
        "How long entries and request ids are kept; named and published versions stay.",
        low=30,
        high=36_500,
    )
    history_gap_seconds: float = setting.seconds(
        120, "A pause after which a user's next edit starts a new row of history.", high=86_400
    )
    max_named: int = setting.count(1000, "Named versions of one document.")
    max_exports: int = setting.count(4, "Exports that run at once; one user may run half of them.")
    max_import: int = setting.size(64 * MiB, "The largest archive that may be imported.")
    max_shares: int = setting.count(100, "Share links of one document that have not expired.")
    share_ttl: float = setting.seconds(
        7 * 86_400,
        "How long a share link lasts when the request has no `ttl`.",
        low=60,
        high=3_660 * 86_400,
    )
    share_max_ttl: float = setting.seconds(
        90 * 86_400, "The longest `ttl` of a share link.", low=60, high=3_660 * 86_400
    )
    max_asset: int = setting.size(10 * MiB, "The largest file of an asset.", low=KiB)
    max_asset_pixels: int = setting.count(
        50_000_000, "Pixels of an asset, width times height.", low=1, none=False
    )
    asset_bytes: int = setting.size(1024 * MiB, "Bytes of all assets of one tenant.")
    asset_bytes_per_second: int = setting.size(
        2 * MiB, "Bytes of assets per second that one user may upload; 32 seconds of it at once."
    )
    asset_days: int = setting.count(
        30, "Days until an asset that no version uses is deleted.", high=36_500
    )
    audit_days: int = setting.count(365, "How long the audit trail is kept.", high=36_500)
    publish_required: str = setting.choice(
        "warn", _STRICTNESS, "What publishing does about missing titles, descriptions, image texts."
    )
    publish_links: str = setting.choice(
        "warn", _STRICTNESS, "What publishing does about links that lead to no section or page."
    )
    publish_weight: str = setting.choice(
        "warn", _STRICTNESS, "What publishing does when WEFT_PUBLISH_MAX_BYTES is exceeded."
    )
    publish_sections: str = setting.choice(
        "warn", _STRICTNESS, "What publishing does about section types that the page cannot show."
    )
    publish_max_bytes: int = setting.size(
        512 * KiB, "The size above which WEFT_PUBLISH_WEIGHT applies."
    )
    published_max_age: float = setting.seconds(
        10, "How long browsers and caches may keep a published page or value.", high=604_800
    )
    published_stale: float = setting.seconds(
        60, "How much longer caches may serve the old copy while they revalidate it.", high=604_800
    )
    published_cache: int = setting.size(
        64 * MiB, "Memory for the cache of published pages and values."
    )

    idle_seconds: float = setting.seconds(
        60, "A document without clients is unloaded after this time.", high=86_400
    )
    drain_seconds: float = setting.seconds(
        8, "At a stop: time to commit waiting edits and close connections.", low=0.1, high=600
    )

    @classmethod
    def load(cls, env: Mapping[str, str], **flags: str | int | bool | None) -> Settings:
        """Return the settings from the environment; flags that are not None override them."""
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
        """The most bytes of a Yjs client's sync step 2: a whole document. 0 means no limit."""
        if not self.max_frame or not self.max_document:
            return 0
        return max(self.max_frame, self.max_document)

    def limits(self) -> dict[str, int | float]:
        """Return the limits that the message `opened` sends to a client, by their field names."""
        return {each.name: getattr(self, each.name) for each in fields(self) if rule_of(each).limit}


def _given(env: Mapping[str, str], flags: Mapping[str, object], name: str) -> str | None:
    flag = flags.get(name)
    if flag is not None:
        return str(flag)
    # Compose files and unit files often set an unused variable to an empty string.
    return env.get(variable(name), "").strip() or None


def variable(name: str) -> str:
    """Return the name of a field's environment variable."""
    return PREFIX + name.upper()


def environment() -> Mapping[str, str]:
    """Return the environment of the process."""
    return os.environ


def unknown_names(env: Mapping[str, str]) -> dict[str, str]:
    """Return the unknown variables that start with `WEFT_`, each with the most similar name."""
    known = [variable(each.name) for each in fields(Settings)]
    unknown = sorted(name for name in env if name.startswith(PREFIX) and name not in known)
    return {name: next(iter(get_close_matches(name, known, 1)), "") for name in unknown}
