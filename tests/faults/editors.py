"""Several editors of one document on a server that ends and starts again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from tests.faults.editor import Editor
from tests.live.http_client import call
from tests.running import RunningServer


async def editors_of(server: RunningServer, users: Sequence[str], **given: Any) -> list[Editor]:
    """Connect an editor for each user. The document has an object for each of them."""
    editors = [Editor(server.ws, "page", user, await server.mint(user), **given) for user in users]
    for editor in editors:
        await editor.connect({user: {} for user in users})
    return editors


async def until_acked(editors: Sequence[Editor], more: int) -> None:
    """Wait until the server has acknowledged so many more edits."""
    before = sum(len(editor.acked) for editor in editors)
    while sum(len(editor.acked) for editor in editors) < before + more:
        await asyncio.sleep(0)


async def close(editors: Iterable[Editor]) -> None:
    for editor in editors:
        await editor.close()


async def start_again(server: RunningServer, editors: Iterable[Editor]) -> None:
    """Start the server. The editors, which are closed, come back and send their edits again."""
    await asyncio.to_thread(server.start)
    for editor in editors:
        await editor.come_back()


async def served_page(server: RunningServer) -> Any:
    """Return the value of the document over HTTP."""
    return call("GET", f"{server.http}/v1/docs/page", token=await server.mint()).body
