"""The activity of a tenant: who changed which document, newest first.

It is read from the audit trail, whose rows come about a second after the change. Rows of one user
about one document that follow each other within `GAP_MS` are one item.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.ports.audit import ActivityRow
from server.handling.requests import (
    as_whole_number,
    claims_of,
    json_response,
    services_of,
    spending_budget,
)
from server.http.listing import page_size

MOST: Final = 100
# Rows of the audit trail that one page may be made of.
MOST_ROWS: Final = 500
GAP_MS: Final = 600_000
# What a user did, by the action of the audit row.
_DONE: Final = {"undo": "edit", "redo": "edit", "take down": "unpublish"}


class Item(Struct):
    """The changes of one user to one document. The rows come newest first."""

    doc: str
    title: str
    is_deleted: bool
    user: str
    name: str
    action: str
    at: int
    since: int
    changes: int = 0
    version: int = 0

    def add(self, row: ActivityRow) -> None:
        detail = row.row.detail
        count, version = detail.get("requests"), row.row.version or detail.get("version")
        self.since = row.row.at
        self.changes += count if isinstance(count, int) else 1
        self.version = max(self.version, version if isinstance(version, int) else 0)

    def shape(self) -> dict[str, Any]:
        return {
            "doc": self.doc,
            "title": self.title,
            "user": self.user,
            "name": self.name,
            "action": self.action,
            "at": wire.rfc3339(self.at),
            "since": wire.rfc3339(self.since),
            "changes": self.changes,
            **({"version": self.version} if self.version else {}),
            **({"deleted": True} if self.is_deleted else {}),
        }


async def list_activity(request: Request) -> Response:
    """Return the newest changes of the documents that the token may see.

    A page may have fewer items than `limit`, also none, and still have a `cursor`.
    """
    claims = await claims_of(request)
    if claims.rights.share:
        raise Rejected(Code.FORBIDDEN, "the token of a share link may not read the activity")
    with spending_budget(request, DocKey(claims.tenant, ""), claims.user):
        limit, before = min(page_size(request), MOST), _cursor(request)
        rows = await services_of(request).store.activity(claims.tenant, before, MOST_ROWS)
        items, rest = grouped((row for row in rows if claims.rights.may_see(row.doc)), limit)
    if rest is None and len(rows) == MOST_ROWS:
        rest = rows[-1].number
    page: dict[str, Any] = {"items": [item.shape() for item in items]}
    if rest is not None:
        page["cursor"] = str(rest)
    response = json_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def grouped(rows: Iterable[ActivityRow], limit: int) -> tuple[list[Item], int | None]:
    """Return at most `limit` items, and the cursor before which the next page starts, if any."""
    items: list[Item] = []
    newest: dict[tuple[str, str, str], Item] = {}
    last = 0
    for row in rows:
        action = _DONE.get(row.row.action, row.row.action)
        key = row.doc, row.row.actor, action
        item = newest.get(key)
        if item is None or item.since - row.row.at > GAP_MS:
            if len(items) == limit:
                return items, last
            item = newest[key] = _begun(row, action)
            items.append(item)
        item.add(row)
        last = row.number
    return items, None


def _begun(row: ActivityRow, action: str) -> Item:
    at, actor, name = row.row.at, row.row.actor, row.row.detail.get("name")
    shown = name if isinstance(name, str) and name else actor
    return Item(row.doc, row.title, row.is_deleted, actor, shown, action, at, at)


def _cursor(request: Request) -> int:
    text = request.query_params.get("cursor", "")
    return as_whole_number(text, "`cursor`") if text else 0
