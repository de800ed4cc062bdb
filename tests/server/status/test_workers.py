"""The numbers of several workers in one answer."""

from __future__ import annotations

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from collab.errors import Code, Rejected
from collab.rights.user_rights import Rights, Role
from collab.room.working import RoomBounds
from server.archives.export import Exports
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.runtime.settings import Settings
from server.status.monitor import Monitor
from server.status.report import Scope, report
from server.status.workers import answer, encoder_for, metrics_of_all, report_of
from storage.gossip.memory import MemoryGossip
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

SCOPE = Scope("demo", Rights(Role.ADMIN, expires_at=1, docs=("a*",)))


def monitor() -> Monitor:
    hub = Hub(MemoryStore(), ManualClock(), HubBounds(room=RoomBounds()))
    return Monitor(hub, Exports(1), Settings(), "1.2.3", MemoryGossip())


class AllWorkers:
    """Three workers in this process; one does not answer."""

    number = 2
    count = 3

    def __init__(self) -> None:
        self.monitors = {1: monitor(), 2: monitor()}

    async def ask(self, name: str, argument: str, worker: int = 0) -> dict[int, str]:
        return {
            number: answer(each, number, name, argument)
            for number, each in self.monitors.items()
            if worker in (0, number)
        }


async def test_metrics_have_the_series_of_each_worker() -> None:
    workers = AllWorkers()
    workers.monitors[1].recorder.metrics.edits.labels("patch", "accepted").inc(3)
    text = (await metrics_of_all(workers, "")).decode()
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "each metric is there once"
    edits = next(family for family in families if family.name == "weft_edits")
    found = {
        sample.labels["worker"]: sample.value
        for sample in edits.samples
        if (sample.labels["lane"], sample.labels["outcome"]) == ("patch", "accepted")
    }
    assert found == {"1": 3.0, "2": 0.0}
    assert all("worker" in sample.labels for family in families for sample in family.samples)
    assert "# EOF" not in text


async def test_open_metrics_end_once() -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    text = (await metrics_of_all(AllWorkers(), accept)).decode()
    assert text.count("# EOF") == 1
    assert text.endswith("# EOF\n")


async def test_a_report_is_of_the_worker_that_was_asked_for() -> None:
    workers = AllWorkers()
    own = await report_of(workers, SCOPE, 0, 0)
    assert (own.pop("worker"), own.pop("workers")) == (2, 3)
    wanted = msgspec.json.decode(msgspec.json.encode(report(workers.monitors[2], SCOPE, 0)))
    assert own == wanted
    assert (await report_of(workers, SCOPE, 0, 1))["worker"] == 1


async def test_a_worker_that_does_not_answer_is_not_found() -> None:
    with pytest.raises(Rejected) as refused:
        await report_of(AllWorkers(), SCOPE, 0, 3)
    assert refused.value.refusal.code == Code.NOT_FOUND


@pytest.mark.parametrize(
    "accept", ["text/plain; version=x", "application/openmetrics-text; version=1.x"]
)
async def test_a_version_that_is_no_number_gets_the_default_format(accept: str) -> None:
    text = (await metrics_of_all(AllWorkers(), accept)).decode()
    assert "# TYPE weft_edits_total counter" in text
    assert encoder_for(accept) == encoder_for("")


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no question 'later'"):
        answer(monitor(), 1, "later", "{}")
