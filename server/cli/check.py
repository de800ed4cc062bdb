"""`weft check` finds faults that would stop the server. `weft migrate` updates the tables."""

from __future__ import annotations

import os
from argparse import Namespace

from collab.ports.directory import SigningKey
from collab.ports.store import Store
from server.cli.store import open_store
from server.runtime.settings import Settings, unknown_names
from storage.gossip.redis import find_fault
from storage.migration import SchemaOutdatedError

_REMEDY = "check WEFT_DATABASE, that the database runs, and that this user may write to it"
_REDIS_REMEDY = "check WEFT_REDIS, that Redis runs, and that this user may publish and subscribe"


async def run(arguments: Namespace, settings: Settings) -> int:
    if arguments.command == "migrate":
        return await _migrate(settings)
    faults = {"settings": _settings(), "gossip": await _gossip(settings)}
    faults |= await _stored(settings)
    for part in ("settings", "database", "gossip", "keys"):
        print(f"{part:9} {faults[part] or 'ok'}")
    return 1 if any(faults.values()) else 0


async def _migrate(settings: Settings) -> int:
    store = open_store(settings)
    try:
        await store.migrate()
    finally:
        await store.close()
    print("the database's schema is up to date")
    return 0


async def _stored(settings: Settings) -> dict[str, str]:
    """Return the faults of the database and of the keys in it; an empty text means no fault."""
    try:
        store = open_store(settings)
        try:
            await store.start()
            await store.ping()
            return {"database": "", "keys": await _keys(store)}
        finally:
            await store.close()
    except SchemaOutdatedError as error:
        return {"database": f"failed: {error}", "keys": "not checked"}
    except Exception as error:  # every error is a result of the check
        fault = f"failed: {error or type(error).__name__}; {_REMEDY}"
        return {"database": fault, "keys": "not checked"}


def _settings() -> str:
    return "; ".join(
        f"{name} is no setting: " + (f"use {meant} or unset it" if meant else "unset it")
        for name, meant in unknown_names(os.environ).items()
    )


async def _gossip(settings: Settings) -> str:
    """Return the fault of Redis. Without Redis, this instance has its gossip in its own process."""
    if not settings.redis:
        return ""
    fault = await find_fault(settings.redis)
    return f"failed: {fault}; {_REDIS_REMEDY}" if fault else ""


async def _keys(store: Store) -> str:
    # A tenant without any key is no fault: `weft token` makes its first key.
    lost = [name for name in await store.tenants() if _has_lost(await store.keys(name))]
    return "; ".join(
        f"{name} has no active key: run `weft key add --tenant {name}`" for name in lost
    )


def _has_lost(keys: list[SigningKey]) -> bool:
    return bool(keys) and all(key.retired_at for key in keys)
