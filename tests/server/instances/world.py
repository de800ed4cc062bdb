"""Two instances on one store, for tests: their live rooms, and a network that may lose messages."""

from __future__ import annotations

from typing import Any

from collab.errors import Rejected
from collab.room.requests import Answer, PatchRequest
from server.documents.live_room import LiveRoom
from tests.faults.inside import PAGE, Inside
from tests.held_store import HeldCalls, until
from tests.server.instances.network import Network


class World:
    """Two instances, and the live room of the page on each."""

    def __init__(self, one: Inside, two: Inside, network: Network, calls: HeldCalls) -> None:
        self.one, self.two, self.network, self.calls = one, two, network, calls
        self.live_1: LiveRoom
        self.live_2: LiveRoom

    def is_level(self) -> bool:
        same = self.live_1.position == self.live_2.position
        return same and self.live_1.room.value == self.live_2.room.value

    async def open(self) -> None:
        self.live_1, self.live_2 = await self.one.hub.open(PAGE), await self.two.hub.open(PAGE)
        await until(lambda: not self.live_1.remote.is_due(self.live_1.position))
        await until(lambda: not self.live_2.remote.is_due(self.live_2.position))


async def value_at(at: Inside) -> Any:
    return (await at.read())[1]


async def write(
    at: Inside, path: str, value: Any, base: int | None = None, id: str = ""
) -> Answer | Rejected:
    try:
        return await at.ask(PatchRequest(id, base, [put(path, value)]))
    except Rejected as rejected:
        return rejected


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add" if path.count("/") == 1 else "replace", "path": path, "value": value}
