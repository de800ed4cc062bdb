"""Pages whose server has lower limits than the edits that were made without a connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import RunningServer
from tests.sdk.pages import Pages
from tests.yjs_peer import has_node

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules"),
]
SMALL = {"WEFT_MAX_OPS": "20", "WEFT_MAX_FRAME": "4096"}

OPEN = """
const page = kept.page = connect({ url, document: 'home', token: () => token, create: { t: '' } })
await page.ready
kept.links = []
page.on('link', ({ link }) => kept.links.push(link))
"""
# Edits of different kinds, each later than the last one, so that they are not joined.
EDITS = """
const { page } = kept
await until(() => page.link !== 'online')
const apart = () => new Promise((resolve) => setTimeout(resolve, 60))
const many = page.change((draft) => { for (let at = 0; at < 50; at++) draft[`k${at}`] = at })
await apart()
const before = page.set('/before', 1)
await apart()
const large = page.set('/large', 'x'.repeat(9000))
await apart()
const after = page.set('/after', 2)
kept.changes = [many, before, large, after]
return page.pending
"""
SYNC = """
const { page } = kept
page.syncNow()
const ends = await Promise.all(kept.changes.map((change) =>
  change.durable.then(() => change.state, (error) => [change.state, error.code])))
await until(() => page.saved === 'saved' && page.link === 'online')
await until(() => page.attention.length === 2)
const kinds = page.attention.map(({ reason, yours, ops }) => [reason, ops.length])
await page.set('/t', 'still here').durable
const { value } = page
await page.close()
return [ends, kinds, value]
"""


async def test_edits_above_lower_limits_need_a_decision_and_the_others_are_sent(
    tmp_path: Path,
) -> None:
    pages = await Pages.start()
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        await pages.run(OPEN, url=server.http, token=token)
        server.stop()
        assert await pages.run(EDITS) == 4
        server.env |= SMALL
        server.start()
        ends, kinds, value = await pages.run(SYNC)
    await pages.close()
    assert ends == [
        ["refused", "too_large"],
        "durable",
        ["failed", "too_large"],
        "durable",
    ]
    assert sorted(kinds) == [["too_large", 1], ["too_large", 50]]
    assert value == {"t": "still here", "before": 1, "after": 2}
