"""Commits to one document until it is killed, and prints each acknowledged version."""

from __future__ import annotations

import asyncio
import sys

from collab.ports.store import Absent, Append, Committed
from storage.store import SqlStore
from tests.storage.contract import HOME, entry


async def write(url: str) -> None:
    store = SqlStore(url)
    await store.start()
    found = await store.load(HOME)
    head = 0 if isinstance(found, Absent) else found.head
    while True:
        entries = [entry(head + n, id=f"p-{head + n}") for n in range(1, 6)]
        append = Append(HOME, 1, head, 0, entries, create=head == 0)
        assert await store.commit([append]) == [Committed()]
        head += 5
        print(head, flush=True)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
