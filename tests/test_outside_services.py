"""The law: a request never waits for a service outside the process without a circuit breaker.

The database is behind `GuardedDatabase` (`tests/storage/test_every_call_is_guarded.py`). Gossip has
no call that a request could wait for. No other module opens a connection.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from inspect import getmembers, iscoroutinefunction

import pytest

from collab.ports.gossip import Gossip
from tests.house import Source, imports, nodes, sources

# What opens a connection, by its last name, in the standard library and in our libraries.
CONNECTING = {
    *("connect", "create_connection", "create_unix_connection", "create_datagram_endpoint"),
    *("open_connection", "open_unix_connection", "sock_connect", "connect_ex", "urlopen"),
    *("HTTPConnection", "HTTPSConnection", "SMTP", "IMAP4", "POP3", "FTP", "Telnet"),
    *("create_engine", "create_async_engine", "from_url", "Redis", "Sentinel", "RedisCluster"),
}
# The modules that may use them, and who guards their calls.
ALLOWED = {
    "storage/sqlite.py": "GuardedDatabase",
    "storage/postgres.py": "GuardedDatabase",
    "storage/checkpoints.py": "a thread of its own, which no call waits for",
    "storage/gossip/redis.py": "`publish` and `subscribe` do not wait",
    "storage/gossip/local.py": "`publish` and `subscribe` do not wait",
    "server/workers/parent_link.py": "a pair of sockets between processes of this server",
    "server/workers/worker_process.py": "a pair of sockets between processes of this server",
    "server/assets/reading_process.py": "a child process on this machine, with a deadline",
}
# Modules that know how to reach a service, and the only module that may use each of them.
MAKERS = {
    "storage.sqlite": {"storage/store.py"},
    "storage.postgres": {"storage/store.py"},
    "storage.guarded_database": {"storage/store.py"},
}
LIBRARIES = re.compile(r"(asyncpg|aiosqlite|smtplib|ftplib|imaplib|poplib|telnetlib|httpx|aiohttp)")


def connecting(source: Source) -> Iterator[str]:
    """Yield what a module uses of `CONNECTING`."""
    for node in nodes(source):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in CONNECTING:
                yield f"{source.path}:{node.lineno} calls {name}"
            case ast.ImportFrom(names=names):
                for alias in names:
                    if alias.name in CONNECTING:
                        yield f"{source.path}:{node.lineno} imports {alias.name}"


def guarded_sources() -> Iterator[Source]:
    yield from (each for each in sources() if each.part in {"collab", "storage", "server"})


def test_no_other_module_opens_a_connection() -> None:
    found = [line for each in guarded_sources() for line in connecting(each)]
    assert [line for line in found if line.split(":")[0] not in ALLOWED] == []


def test_each_module_of_the_list_opens_connections() -> None:
    used = {each.path for each in guarded_sources() if any(connecting(each))}
    assert set(ALLOWED) - used == set(), "remove these from the list"


def test_no_module_uses_a_driver_or_a_client_of_another_service() -> None:
    found = [
        f"{each.path}:{line} imports {module}"
        for each in guarded_sources()
        for line, module in imports(each)
        if LIBRARIES.match(module)
    ]
    assert found == []


@pytest.mark.parametrize("maker", MAKERS)
def test_only_one_module_makes_a_database(maker: str) -> None:
    users = {
        each.path
        for each in guarded_sources()
        for _, module in imports(each)
        if module == maker or module.startswith(f"{maker}.")
    }
    assert users == MAKERS[maker]


def test_no_request_can_wait_for_gossip() -> None:
    waiting = {name for name, _ in getmembers(Gossip, iscoroutinefunction)}
    assert waiting == {"run", "ping"}
    pings = re.compile(r"\bgossip\.ping\(")
    assert [each.path for each in guarded_sources() if pings.search(each.text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio\nasync def f():\n    await asyncio.open_connection('db', 5432)",
        "async def f(loop):\n    await loop.create_connection(P, 'db', 5432)",
        "import socket\nsocket.create_connection(('db', 5432))",
        "def f(sock):\n    sock.connect(('db', 5432))",
        "from urllib.request import urlopen",
        "import http.client as h\nh.HTTPSConnection('db')",
        "from redis.asyncio import Redis",
        "from sqlalchemy import create_engine",
    ],
)
def test_a_module_that_opens_a_connection_is_found(text: str) -> None:
    assert list(connecting(Source("server/x.py", text)))
