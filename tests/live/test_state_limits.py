"""A Yjs client cannot cut a text into pieces without a limit; the others lose nothing."""

from __future__ import annotations

from pathlib import Path

from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

ENV = {"WEFT_MAX_VALUES": "100"}  # so a document has at most 800 blocks
LETTERS = 6_000
EVERY_SECOND = f"for (let n = {LETTERS} - 1; n > 0; n -= 2) content.get('text').delete(n, 1)"


async def test_deleting_every_second_letter_of_a_long_text_is_refused(
    tmp_path: Path, peers: YjsPeers
) -> None:
    with RunningServer(tmp_path, env=ENV) as server:
        value = {"text": "x" * LETTERS, "n": 0}
        ada = await PatchClient.connect(server.ws, "page", await server.mint("ada"), create=value)
        cutter, bo = await peers.peer(), await peers.peer()
        for peer in (cutter, bo):
            await peer.connect(server.ws, "page", await server.mint("bo"))
            await peer.synced()
        await cutter.run(EVERY_SECOND)
        assert await cutter.closed() == 4400
        await ada.set("/n", 1)
        await bo.until_equals("", {"text": "x" * LETTERS, "n": 1})
        await ada.answer(await ada.patch({"op": "remove", "path": "/text"}))
        await bo.run("content.set('n', 2)")
        await ada.until(lambda: ada.value == {"n": 2})
        await ada.close()
