"""Documents from the command line."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import AsyncIterator

from collab.ids import DocKey
from collab.ports import DocRow, Store
from server.cli_store import opened
from server.clock import SystemClock, rfc3339
from server.settings import Settings

_PAGE = 500


async def run(asked: Namespace, settings: Settings) -> int:
    async with opened(settings) as store:
        if asked.action == "ls":
            return await _list(asked.tenant, store)
        return await _new_epoch(asked, store)


async def _list(tenant: str, store: Store) -> int:
    if tenant not in await store.tenants():
        return _fail(f"there is no tenant {tenant}; `weft tenant ls` lists them")
    async for row in _rows(tenant, store):
        updated = f"{rfc3339(row.updated_at)} by {row.updated_by}"
        print(f"{row.doc}  version {row.version}  epoch {row.epoch}  {updated}")
    return 0


async def _rows(tenant: str, store: Store) -> AsyncIterator[DocRow]:
    after = ""
    while page := await store.list_docs(tenant, after, _PAGE):
        for row in page:
            yield row
        after = page[-1].doc


async def _new_epoch(asked: Namespace, store: Store) -> int:
    if bool(asked.docs) is asked.all:
        return _fail("name documents, or say --all")
    tenants = await store.tenants() if asked.all else [asked.tenant]
    failed = 0
    for tenant in tenants:
        docs = [row.doc async for row in _rows(tenant, store)] if asked.all else asked.docs
        for doc in docs:
            failed += not await _renew(DocKey(tenant, doc), store)
    return 1 if failed else 0


async def _renew(key: DocKey, store: Store) -> bool:
    row = await store.row(key)
    if row is None:
        _fail(f"tenant {key.tenant} has no document {key.doc}")
        return False
    # A backup may have forgotten epochs that clients still hold, so one more than the last
    # it knows could be one of theirs; the second of the clock is not.
    epoch = max(row.epoch + 1, SystemClock().now_ms() // 1000)
    await store.new_epoch(key, epoch)
    print(f"{key.tenant}/{key.doc}  epoch {epoch}")
    return True


def _fail(sentence: str) -> int:
    print(f"weft: {sentence}", file=sys.stderr)
    return 1
