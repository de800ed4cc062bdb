"""The gauges: what a scrape reads of the store."""

from __future__ import annotations

from prometheus_client import generate_latest

from collab.ports.availability import BreakerState
from collab.room.working import RoomBounds
from server.archives.export import Exports
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.runtime.settings import Settings
from server.status.monitor import Monitor
from storage.gossip.memory import MemoryGossip
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock


class BrokenStore(MemoryStore):
    """A store whose writes are refused now."""

    def breakers(self) -> list[BreakerState]:
        return [BreakerState("reads", False, 1), BreakerState("writes", True, 2)]


class LostGossip(MemoryGossip):
    is_connected = False


def scraped(store: MemoryStore, gossip: MemoryGossip | None = None) -> set[str]:
    """Return the lines of a scrape."""
    hub = Hub(store, ManualClock(), HubBounds(RoomBounds()))
    Monitor(hub, Exports(1), Settings(), "0", gossip or MemoryGossip())
    return set(generate_latest(hub.recorder.metrics.registry).decode().splitlines())


def test_a_scrape_shows_which_calls_of_the_store_are_refused() -> None:
    assert scraped(BrokenStore()) >= {
        'weft_breaker_open{calls="reads"} 0.0',
        'weft_breaker_open{calls="writes"} 1.0',
        'weft_breaker_openings_total{calls="reads"} 1.0',
        'weft_breaker_openings_total{calls="writes"} 2.0',
    }


def test_a_scrape_shows_whether_messages_of_other_instances_arrive() -> None:
    assert "weft_gossip_connected 1.0" in scraped(MemoryStore())
    assert "weft_gossip_connected 0.0" in scraped(MemoryStore(), LostGossip())
