"""The Python client with a server whose limits became lower while there was no connection."""

from __future__ import annotations

from pathlib import Path

import pytest

import weft
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.weft.waiting import until

pytestmark = pytest.mark.real
SMALL = {"WEFT_MAX_OPS": "20", "WEFT_MAX_FRAME": "4096"}


async def ended(change: weft.Change) -> tuple[str, str | None]:
    try:
        await change.durable
    except weft.Refusal as refusal:
        return change.state, refusal.code
    return change.state, None


async def test_edits_above_lower_limits_are_refused_and_the_others_are_sent(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        page = await weft.connect(
            server.http, "home", token=token, create={"t": ""}, patience=PATIENCE
        )
        server.stop()
        await until(lambda: page.link != "online")
        changes = []
        with page.group():
            changes.append(page.change(lambda draft: draft.update({f"k{n}": n for n in range(50)})))
        with page.group():
            changes.append(page.set("/before", 1))
        with page.group():
            changes.append(page.set("/large", "x" * 9000))
        changes.append(page.set("/after", 2))
        assert page.pending == 4
        server.env |= SMALL
        server.start()
        page.sync_now()
        assert [await ended(change) for change in changes] == [
            ("refused", "too_large"),
            ("durable", None),
            ("failed", "too_large"),
            ("durable", None),
        ]
        await page.set("/t", "still here").durable
        assert page.value == {"t": "still here", "before": 1, "after": 2}
        assert (page.saved, page.pending) == ("saved", 0)
        await page.close()
