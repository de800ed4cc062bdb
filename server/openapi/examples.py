"""An example of each parameter, body and answer. A test sends the requests to a real server.

All examples are about one document: Ada creates it, edits it, locks a section and publishes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Example:
    """The body of a request (None for no body), and the answers by status."""

    body: Any = None
    responses: Mapping[int, Any] = field(default_factory=dict)


AT: Final = "2026-03-01T09:41:07.250Z"
ADA: Final = {"user": "ada", "name": "Ada", "client": "tab-7f", "session": "s-91"}
VALUE: Final = {"title": "Hello", "sections": [{"id": "hero", "headline": "Hi"}]}
OPS: Final = [{"op": "replace", "path": "/sections/0/headline", "value": "Welcome"}]
BACK: Final = [{"op": "replace", "path": "/sections/0/headline", "value": "Hi"}]
SCHEMA: Final = {"type": "object", "required": ["title"]}
LOCK: Final = {
    "id": "l-2",
    "scope": "/sections/0",
    "holder": {"user": "ada", "name": "Ada", "client": "tab-7f"},
    "fence": 7,
    "expires_at": "2026-03-01T09:46:07.250Z",
}
ENDED: Final = {
    "id": "l-2",
    "scope": "/sections/0",
    "holder": None,
    "fence": 7,
    "reason": "released",
}
SECRET: Final = "demo.e3363e3540aec640494fe66b3dc48242"
TURN: Final = {
    "undone": [{"version": 2, "at": AT, "pointers": ["/sections/0/headline"]}],
    "skipped": [],
    "can_undo": True,
    "can_redo": True,
}
ASSET_ID: Final = "5d41402abc4b2a76b9719d911017c592ae2f1f2c9e8f3f3b1c8a3c1b5a7e9d10"
ASSET: Final = {
    "id": ASSET_ID,
    "url": f"/v1/assets/demo/{ASSET_ID}",
    "type": "image/png",
    "bytes": 48213,
    "width": 1280,
    "height": 720,
}
ARCHIVE: Final = {
    "format": "weft-archive/1",
    "doc": "home",
    "epoch": 1,
    "version": 1,
    "exported_at": AT,
    "value": VALUE,
    "schema": None,
    "names": [],
    "entries": [
        {
            "version": 1,
            "author": ADA,
            "at": 1772358067250,
            "kind": "create",
            "ops": [{"op": "replace", "path": "", "value": VALUE}],
            "update": "AQkBACcBB2NvbnRlbnQFdGl0bGUCBAABAAVIZWxsbycBB2NvbnRlbnQIc2VjdGlvbnMBKAAB"
            "BgZAYXJyYXkBeCcAAQYEaGVybwEoAAEIAmlkAXcEaGVybycAAQgIaGVhZGxpbmUCBAABCgJIaSgAAQgGQG9y"
            "ZGVyAXcCYTAA",
            "lane": "http",
            "commit": "c-1k4rhszrgmwz",
        }
    ],
}

PARAMETERS: Final[Mapping[str, Any]] = {
    "doc": "home",
    "tenant": "demo",
    "lock": "l-2",
    "schema": "landing-page",
    "id": ASSET_ID,
    "name": "harbor.png",
    "width": 480,
    "share": "share-1k4rhszrgmwz",
    "version": 1,
    "missing": "null",
    "at": 1,
    "base": 1,
    "epoch": 1,
    "from": 1,
    "to": 2,
    "each": "1",
    "limit": 20,
    "include": "presence,summary",
    "pointer": "/sections/0",
    "If-Match": '"1.1"',
    "If-None-Match": '"1.1"',
    "Idempotency-Key": "tab-7f.12",
    "Weft-Client": "tab-7f",
    "Weft-Fence": 7,
}

EXAMPLES: Final[Mapping[str, Example]] = {
    "getNamedSchema": Example(
        responses={200: {"title": "Landing page", "type": "object", "required": ["pages"]}}
    ),
    "listDocuments": Example(
        responses={
            200: {
                "items": [
                    {
                        "doc": "home",
                        "version": 57,
                        "epoch": 1,
                        "created_at": AT,
                        "updated_at": AT,
                        "updated_by": "ada",
                        "published": 41,
                        "presence": [
                            {
                                "session": "s-91",
                                "user": "ada",
                                "name": "Ada",
                                "client": "tab-7f",
                                "role": "editor",
                            }
                        ],
                        "summary": {"title": "Hello", "updated": AT, "published": 41},
                    }
                ],
                "cursor": "home",
            }
        }
    ),
    "getDocument": Example(responses={200: VALUE}),
    "putDocument": Example(VALUE, {201: {"version": 1}, 200: {"version": 2}}),
    "patchDocument": Example(OPS, {200: {"version": 2}}),
    "undo": Example({"scope": "/sections/0"}, {200: {"version": 3, "ops": BACK, **TURN}}),
    "redo": Example({"scope": "/sections/0"}, {200: {"version": 4, "ops": OPS, **TURN}}),
    "listPresent": Example(
        responses={
            200: {
                "items": [
                    {
                        **ADA,
                        "client_id": 1839201,
                        "role": "editor",
                        "state": {"cursor": {"path": "/title", "offset": 3}},
                    }
                ]
            }
        }
    ),
    "getSchema": Example(responses={200: SCHEMA}),
    "putSchema": Example(SCHEMA),
    "listActivity": Example(
        responses={
            200: {
                "items": [
                    {
                        "doc": "home",
                        "title": "Welcome",
                        "user": "ada",
                        "name": "Ada",
                        "action": "edit",
                        "at": AT,
                        "since": "2026-03-01T09:38:00.000Z",
                        "changes": 14,
                        "version": 15,
                    }
                ]
            }
        }
    ),
    "listAudit": Example(
        responses={
            200: {
                "items": [
                    {
                        "at": AT,
                        "actor": "ada",
                        "action": "publish",
                        "outcome": "ok",
                        "origin": "127.0.0.1:42326",
                        "detail": {"lane": "http", "version": 2},
                    }
                ],
                "cursor": "9",
            }
        }
    ),
    "listVersions": Example(
        responses={
            200: {
                "items": [
                    {
                        "version": 2,
                        "by": ADA,
                        "at": AT,
                        "kind": "edit",
                        "pointers": ["/sections/0/headline"],
                        "name": "Before the launch",
                    }
                ],
                "cursor": "1",
            }
        }
    ),
    "nameVersion": Example(
        {"name": "Before the launch", "version": 2},
        {201: {"version": 2, "name": "Before the launch", "by": "ada", "at": AT}},
    ),
    "getVersion": Example(responses={200: VALUE}),
    "getDiff": Example(responses={200: OPS}),
    "restore": Example(
        {"version": 1, "pointer": "/sections/0"}, {200: {"version": 5, "ops": BACK}}
    ),
    "exportDocument": Example(responses={200: ARCHIVE}),
    "importDocument": Example(ARCHIVE, {201: {"version": 1}}),
    "getPublished": Example(
        responses={200: {"published": 2, "by": {"user": "ada", "name": "Ada"}, "at": AT}}
    ),
    "publish": Example(
        {"version": 2, "expected_published": 0},
        {200: {"published": 2, "url": "/p/demo/home", "warnings": []}},
    ),
    "getFindings": Example(
        responses={
            200: {"version": 2, "url": "/p/demo/home", "warnings": [], "refusals": []},
        }
    ),
    "readPublished": Example(responses={200: VALUE}),
    "listLocks": Example(responses={200: {"items": [LOCK]}}),
    "acquireLock": Example({"scope": "/sections/0", "ttl": 300}, {201: {**LOCK, "secret": SECRET}}),
    "renewLock": Example({"ttl": 300}, {200: {**LOCK, "secret": SECRET}}),
    "releaseLock": Example({"secret": SECRET}, {200: ENDED}),
    "takeOverLock": Example(
        responses={
            200: {
                **LOCK,
                "claimed_by": {"user": "bo", "name": "Bo", "client": "tab-2"},
                "yields_at": "2026-03-01T09:41:27.250Z",
            }
        }
    ),
    "keepLock": Example(responses={200: LOCK}),
    "listShares": Example(
        responses={
            200: {
                "items": [
                    {
                        "id": "share-1k4rhszrgmwz",
                        "role": "viewer",
                        "by": "ada",
                        "created_at": AT,
                        "expires_at": "2026-03-08T09:41:07.000Z",
                    }
                ]
            }
        }
    ),
    "makeShare": Example(
        {"role": "viewer", "ttl": 604800},
        {
            201: {
                "url": "/preview/home#token=eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ3ZWZ0In0.c2lnbmF0",
                "token": "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ3ZWZ0In0.c2lnbmF0",
                "id": "share-1k4rhszrgmwz",
                "role": "viewer",
                "expires_at": "2026-03-08T09:41:07.000Z",
            }
        },
    ),
    "uploadAsset": Example("(the bytes of the file)", {201: ASSET}),
    "listAssets": Example(
        responses={
            200: {
                "assets": [
                    {
                        **ASSET,
                        "name": "harbor.png",
                        "by": "ada",
                        "at": AT,
                        "uses": [{"doc": "home", "in": "head", "version": 2}],
                    }
                ],
                "next": f"1772358067250.{ASSET_ID}",
            }
        }
    ),
    "readAsset": Example(responses={200: "(the bytes of the file)"}),
    "makeGuest": Example(
        responses={
            200: {
                "token": "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ3ZWZ0In0.c2lnbmF0dXJl",
                "user": "guest-1k4rhszrgmwz",
                "name": "Guest gmwz",
                "role": "publisher",
                "tenant": "demo",
                "expires_at": "2026-03-01T10:41:07.250Z",
            }
        }
    ),
    "healthz": Example(responses={200: {"status": "ok"}}),
    "readyz": Example(
        responses={
            200: {"status": "ok", "database": "ok", "gossip": "ok", "draining": False},
            503: {"status": "unavailable", "database": "down", "gossip": "ok", "draining": False},
        }
    ),
    "getDescription": Example(responses={200: {"openapi": "3.1.0", "info": {"title": "Weft"}}}),
}
