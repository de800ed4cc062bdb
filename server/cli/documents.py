"""`weft doc`: list, show, export, import, repair and delete documents; begin new epochs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TextIO

import msgspec

from collab.ids import DocKey, is_doc_name
from collab.patch.pointer import lookup, parse
from collab.ports.audit import AuditRow
from collab.ports.store import DocRow, Store
from collab.wire import rfc3339
from server.cli.store import opened
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings

_PAGE = 500
_MAX_LOGGED = 100  # sentences about one repair in the audit trail


async def run(arguments: Namespace, settings: Settings) -> int:
    async with opened(settings) as store:
        match arguments.action:
            case "ls":
                return await _list(arguments.tenant, store)
            case "show":
                return await _show(arguments, store)
            case "export":
                return await _export(arguments, store)
            case "import":
                return await _import(arguments, store)
            case "repair":
                return await _repair(DocKey(arguments.tenant, arguments.doc), store)
            case "delete":
                return await _delete(DocKey(arguments.tenant, arguments.doc), store)
            case _:
                return await _new_epoch(arguments, store)


async def _list(tenant: str, store: Store) -> int:
    if tenant not in await store.tenants():
        return _fail(f"there is no tenant {tenant}; `weft tenant ls` lists the tenants")
    async for row in _rows(tenant, store):
        updated = f"{rfc3339(row.updated_at)} by {row.updated_by}"
        damage = "  damaged" if row.damaged else ""
        print(f"{row.doc}  version {row.version}  epoch {row.epoch}  {updated}{damage}")
    return 0


async def _rows(tenant: str, store: Store) -> AsyncIterator[DocRow]:
    after = ""
    while page := await store.list_docs(tenant, after, _PAGE):
        for row in page:
            yield row
        after = page[-1].doc


async def _show(arguments: Namespace, store: Store) -> int:
    from server.loading.history import History

    key = DocKey(arguments.tenant, arguments.doc)
    row = await store.row(key)
    if row is None:
        return _no_document(key)
    if row.damaged:
        return _damaged(key)
    version = row.version if arguments.at is None else arguments.at
    if not 0 <= version <= row.version:
        return _fail(f"{arguments.doc} has the versions 0 to {row.version}")
    value = await History(store).value_at(key, version)
    if arguments.pointer:
        value = lookup(value, parse(arguments.pointer))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    return 0


async def _export(arguments: Namespace, store: Store) -> int:
    from server.archives.export import export_damaged

    key = DocKey(arguments.tenant, arguments.doc)
    exported = await export_damaged(store, key, SystemClock().now_ms())
    raw = msgspec.json.encode(exported) + b"\n"
    _write(arguments.output, raw)
    _print_left_out(exported.left_out or [], sys.stderr)
    return 0


async def _repair(key: DocKey, store: Store) -> int:
    from server.archives import repair

    remains = await store.remains(key)
    if remains is None:
        return _no_document(key)
    found = await repair.salvage(remains, every=True)
    if found.value is None:
        _print_left_out(found.left_out, sys.stderr)
        return _fail(f"no part of {key.doc} can be read; restore it from a backup, or delete it")
    if not found.left_out:
        print(f"{key.tenant}/{key.doc}  version {remains.head}  nothing to repair")
        return 0
    now = SystemClock().now_ms()
    rebuilt = repair.rebuild(remains, found, now)
    if not await store.rebuild(key, rebuilt):
        return _fail(
            f"another process changed {key.doc} meanwhile; nothing was repaired, run it again"
        )
    detail = {"left_out": found.left_out[:_MAX_LOGGED]}
    row = AuditRow(now, "weft", "repair", version=rebuilt.entry.version, detail=detail)
    await store.write_audit([(key, row)])
    print(f"{key.tenant}/{key.doc}  version {rebuilt.entry.version}  epoch {rebuilt.epoch}")
    _print_left_out(found.left_out, sys.stdout)
    return 0


def _print_left_out(left_out: Iterable[str], out: TextIO) -> None:
    for sentence in left_out:
        print(f"left out: {sentence}", file=out)


async def _delete(key: DocKey, store: Store) -> int:
    now = SystemClock().now_ms()
    if not await store.delete(key, now):
        return _no_document(key)
    await store.write_audit([(key, AuditRow(now, "weft", "delete"))])
    print(f"{key.tenant}/{key.doc}  deleted")
    return 0


async def _import(arguments: Namespace, store: Store) -> int:
    from server.archives import archive

    if arguments.tenant not in await store.tenants():
        return _fail(f"there is no tenant {arguments.tenant}; `weft tenant add` creates it")
    whole = archive.decode(_read(arguments.file))
    key = DocKey(arguments.tenant, arguments.doc or whole.doc)
    if not is_doc_name(key.doc):
        return _fail(f"{key.doc!r} is not a valid document name")
    version = await archive.create_document(store, key, whole, SystemClock().now_ms())
    print(f"{key.tenant}/{key.doc}  version {version}")
    return 0


async def _new_epoch(arguments: Namespace, store: Store) -> int:
    if bool(arguments.docs) is arguments.all:
        return _fail("name documents, or use --all")
    tenants = await store.tenants() if arguments.all else [arguments.tenant]
    # A backup may lack epochs and documents that clients still know. So a client may already know
    # an epoch that is higher by one. No client knows the present time in milliseconds as an epoch.
    now = SystemClock().now_ms()
    if arguments.all:
        await store.raise_epochs(now)
    failed = 0
    for tenant in tenants:
        docs = [row.doc async for row in _rows(tenant, store)] if arguments.all else arguments.docs
        for doc in docs:
            failed += not await _renew(DocKey(tenant, doc), store, now)
    return 1 if failed else 0


async def _renew(key: DocKey, store: Store, least: int) -> bool:
    row = await store.row(key)
    if row is None:
        _no_document(key)
        return False
    if row.damaged:
        _damaged(key)
        return False
    epoch = max(row.epoch + 1, least)
    await store.new_epoch(key, epoch)
    print(f"{key.tenant}/{key.doc}  epoch {epoch}")
    return True


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def _write(file: str, raw: bytes) -> None:
    if file == "-":
        sys.stdout.buffer.write(raw)
    else:
        Path(file).write_bytes(raw)


def _no_document(key: DocKey) -> int:
    return _fail(f"tenant {key.tenant} has no document {key.doc}")


def _damaged(key: DocKey) -> int:
    return _fail(f"{key.doc} is damaged: run `weft doc repair {key.doc}`")


def _fail(message: str) -> int:
    print(f"weft: {message}", file=sys.stderr)
    return 1
