"""`weft token`, `weft tenant` and `weft key`."""

from __future__ import annotations

import sys
from argparse import Namespace
from base64 import urlsafe_b64encode

from collab.ports.directory import SigningKey
from collab.ports.store import Store
from collab.rights.user_rights import Rights, Role
from collab.wire import rfc3339
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.cli.store import opened
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings


async def run(arguments: Namespace, settings: Settings) -> int:
    async with opened(settings) as store:
        match arguments.command, vars(arguments).get("action"):
            case "token", _:
                return await _token(arguments, store)
            case "tenant", "add":
                return await _add_tenant(arguments.tenant, store)
            case "tenant", _:
                return await _list_tenants(store)
            case _, "add":
                return await _add_key(arguments, store)
            case _, "retire":
                return await _retire(arguments.tenant, arguments.kid, store)
            case _:
                return await _list_keys(arguments.tenant, store)


async def _token(arguments: Namespace, store: Store) -> int:
    clock = SystemClock()
    now = clock.now_ms()
    rights = Rights(
        role=Role(arguments.role),
        expires_at=now + arguments.ttl * 1000,
        docs=None if arguments.docs is None else tuple(arguments.docs),
        sections=None if arguments.sections is None else tuple(arguments.sections),
    )
    claims = Claims(arguments.tenant, arguments.user, arguments.name, rights, now, kid="")
    key = await Keyring(store, clock).ensure_key(arguments.tenant)
    print(mint(key, claims))
    return 0


async def _add_tenant(tenant: str, store: Store) -> int:
    if tenant in await store.tenants() and await store.keys(tenant):
        return _fail(f"tenant {tenant} exists already")
    key = await Keyring(store, SystemClock()).ensure_key(tenant)
    print(f"tenant {tenant} with key {key.kid}")
    return 0


async def _list_tenants(store: Store) -> int:
    for tenant in await store.tenants():
        print(tenant)
    return 0


async def _add_key(arguments: Namespace, store: Store) -> int:
    if arguments.tenant not in await store.tenants():
        return _fail(f"there is no tenant {arguments.tenant}; `weft tenant add` creates it")
    key = await Keyring(store, SystemClock()).add_key(arguments.tenant)
    print(key.kid)
    if arguments.show:
        print(urlsafe_b64encode(key.secret).decode())
    return 0


async def _retire(tenant: str, kid: str, store: Store) -> int:
    if not await store.retire_key(tenant, kid, SystemClock().now_ms()):
        return _fail(f"tenant {tenant} has no active key {kid}; `weft key ls` lists its keys")
    print(f"key {kid} is retired: its tokens are refused from now on")
    return 0


async def _list_keys(tenant: str, store: Store) -> int:
    for key in await store.keys(tenant):
        print(f"{key.kid}  made {rfc3339(key.created_at)}  {_state(key)}")
    return 0


def _state(key: SigningKey) -> str:
    return f"retired {rfc3339(key.retired_at)}" if key.retired_at else "active"


def _fail(message: str) -> int:
    print(f"weft: {message}", file=sys.stderr)
    return 1
