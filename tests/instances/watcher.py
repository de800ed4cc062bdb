"""A client of a test that shows who else is in a document."""

from __future__ import annotations

from typing import Any

from tests.patch_client import PatchClient
from tests.patience import PATIENCE

NOTHING: dict[str, Any] = {}


class Watcher:
    """A client, and the peers that it shows: `opened`, and every presence message after it."""

    def __init__(self, client: PatchClient) -> None:
        self.client = client

    @property
    def shown(self) -> dict[str, dict[str, Any]]:
        """Return the state of each user that this client shows."""
        peers = {peer["session"]: peer for peer in self.client.opened["presence"]}
        for message in self.client.others:
            if message["type"] == "presence":
                for peer in [*message.get("joined", ()), *message.get("updated", ())]:
                    peers[peer["session"]] = peer
                for session in message.get("left", ()):
                    peers.pop(session, None)
        peers.pop(self.client.opened["session"], None)
        return {peer["user"]: peer["state"] for peer in peers.values()}

    async def until_shown(
        self, expected: dict[str, dict[str, Any]], seconds: float = PATIENCE
    ) -> None:
        try:
            await self.client.until(lambda: self.shown == expected, seconds)
        except TimeoutError:
            assert self.shown == expected

    async def point(self, offset: int) -> None:
        cursor = {"path": "/title", "offset": offset}
        await self.client.send({"type": "presence", "state": {"cursor": cursor}})
