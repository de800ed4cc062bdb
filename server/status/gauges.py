"""The gauges: metrics that the server reads at the moment of a scrape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.recording.metrics import SOCKET_LANES
from server.status.open_documents import OpenDocuments

if TYPE_CHECKING:
    from collab.ports.gossip import Gossip
    from server.archives.export import Exports
    from server.documents.hub import Hub


class Gauges(Collector):
    """Reads the hub, the connections, the exports and the audit trail at each scrape."""

    def __init__(self, hub: Hub, gossip: Gossip, exports: Exports, version: str) -> None:
        self._hub = hub
        self._gossip = gossip
        self._exports = exports
        self._connections = hub.recorder.connections
        self._trail = hub.recorder.trail
        self._version = version

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the registry calls this at the start, when there is nothing to read."""
        return []

    def collect(self) -> Iterable[Metric]:
        yield from self._connection_metrics()
        yield from self._document_metrics()
        waiting = len(self._trail)
        yield _gauge("weft_audit_waiting", "Audit rows that wait to be written.", waiting)
        yield from self._breaker_metrics()
        about = "Whether messages of the other instances reach this one."
        yield _gauge("weft_gossip_connected", about, self._gossip.is_connected)
        build = GaugeMetricFamily(
            "weft_build_info", "The version of this server.", labels=["version"]
        )
        build.add_metric([self._version], 1)
        yield build

    def _connection_metrics(self) -> Iterable[Metric]:
        infos = self._connections.infos
        here = Counter(info.lane for info in infos)
        yield _by_lane("weft_connections", "Open WebSockets.", here)
        held = Counter(info.lane for info in infos if info.is_behind)
        yield _by_lane(
            "weft_readers_behind", "Connections that are held back and are behind the head.", held
        )
        sent, received = self._connections.sent(), self._connections.received()
        for name, about, sums in (
            ("weft_sent_bytes", "Bytes written to WebSockets.", sent),
            ("weft_received_bytes", "Bytes read from WebSockets.", received),
        ):
            family = CounterMetricFamily(name, about, labels=["lane"])
            for lane in SOCKET_LANES:
                family.add_metric([lane], sums.get(lane, 0))
            yield family

    def _breaker_metrics(self) -> Iterable[Metric]:
        about = "Whether the store refuses these calls, because the database does not answer."
        opened = GaugeMetricFamily("weft_breaker_open", about, labels=["calls"])
        about = "Times that the store began to refuse these calls."
        openings = CounterMetricFamily("weft_breaker_openings", about, labels=["calls"])
        for breaker in self._hub.store.breakers():
            opened.add_metric([breaker.calls], breaker.is_open)
            openings.add_metric([breaker.calls], breaker.openings)
        yield opened
        yield openings

    def _document_metrics(self) -> Iterable[Metric]:
        now = OpenDocuments.of(self._hub)
        yield _gauge("weft_rooms", "Open documents.", now.documents)
        about = "Open documents that accept no edits because the database does not answer."
        yield _gauge("weft_rooms_read_only", about, now.read_only)
        yield _gauge("weft_requests_waiting", "Requests that wait for a commit.", now.waiting)
        yield _gauge("weft_tail_entries", "Log entries that are kept in memory.", now.tail_entries)
        yield _gauge("weft_exports", "Running exports.", len(self._exports))
        yield _gauge("weft_locks", "Edit locks that are held in open documents.", now.locks)
        yield _gauge("weft_presence", "Clients in the documents' presence.", now.present)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _by_lane(name: str, about: str, counts: Counter[str]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["lane"])
    for lane in SOCKET_LANES:
        family.add_metric([lane], counts[lane])
    return family
