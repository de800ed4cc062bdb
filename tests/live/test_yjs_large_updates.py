"""Yjs clients that reconnect with more edits than fit into one frame."""

from __future__ import annotations

import asyncio

from collab.yjs import frames
from tests.attacks.attacker import close_code, upgrade
from tests.collab.yjs.updates import string, update
from tests.live.conftest import JoinYjs
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

MiB = 1 << 20
SECTIONS = """
const words = 'x'.repeat(SIZE)
for (let number = 0; number < COUNT; number++) {
  content.set('s' + number, layout.build({n: number, text: words + number}))
}
"""


def large_text(count: int, size: int) -> str:
    return SECTIONS.replace("SIZE", str(size)).replace("COUNT", str(count))


async def test_an_update_larger_than_a_frame_is_applied_in_parts(
    server: RunningServer, join_yjs: JoinYjs, peers: YjsPeers, ada: str, bo: str, doc: str
) -> None:
    """The update has 1.6 MiB in 10,000 structs. y-websocket was once closed with 1009 each time."""
    away = await join_yjs(doc, ada)
    await away.disconnect()
    await away.run(large_text(2_500, 600))
    assert len(await away.state()) * 3 // 4 > MiB + MiB // 2
    reader = await join_yjs(doc, bo)
    other = await join_yjs(f"{doc}-2", bo)
    await away.reconnect()
    for number in range(5):
        await other.run(f"content.set('n', {number})")
    await reader.until("content.size === 2500", 60)
    assert await reader.read() == await away.read()
    await away.run("content.set('after', 1)")
    await reader.until(
        "content.get('after') === 1", 30
    )  # the budget must recover from the large update first


async def test_two_tabs_of_one_user_reconnect_with_a_large_update_each(
    server: RunningServer, join_yjs: JoinYjs, peers: YjsPeers, doc: str
) -> None:
    """The server takes one after the other: the tab that gets 1009 reconnects."""
    cy = await server.mint("cy")
    tabs = [await join_yjs(doc, cy) for _ in range(2)]
    for number, tab in enumerate(tabs):
        await tab.disconnect()
        await tab.run(f"content.set('t{number}', new Y.Text('x'.repeat({MiB + 1000})))")
    await asyncio.gather(*(tab.reconnect() for tab in tabs))
    reader = await join_yjs(doc, await server.mint("dee"))
    await reader.until("content.has('t0') && content.has('t1')", 60)


async def test_an_update_larger_than_any_document_is_refused_for_good(
    server: RunningServer, join_yjs: JoinYjs, doc: str
) -> None:
    """After every other close code, y-websocket reconnects with the same update."""
    away = await join_yjs(doc, await server.mint("eve"))
    await away.disconnect()
    await away.run(f"content.set('t', new Y.Text('x'.repeat({4 * MiB + 1000})))")
    await away.ask("reconnect")
    assert await away.closed(20) == 4400
    await away.until("!peer.provider.shouldConnect")


async def test_the_frame_after_a_large_step_2_has_the_ordinary_limit(
    server: RunningServer, doc: str
) -> None:
    token = await server.mint("flo")
    large = update((5, 0, [string("x" * (MiB + 1000), root="t")]))
    for second in (large, frames.awareness(b"\0" * (MiB + 1000))):
        socket = await upgrade(server, f"/v1/yjs/{doc}?token={token}")
        await socket.send(frames.sync_step2(b"\0\0"))
        await socket.send(second)
        assert await close_code(socket) == 1009
    socket = await upgrade(server, f"/v1/yjs/{doc}?token={token}")
    await socket.send(frames.awareness(b"\0" * (MiB + 1000)))
    assert await close_code(socket) == 4400
