"""Both tools against real servers: the scripts of bench/k6, and bench/locustfile.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from bench.load.settings import MARK_BYTES
from tests.live.http_client import call
from tests.load.kit import (
    BRIEF,
    BROKEN,
    EDITS,
    FEW,
    K6,
    LOCUST,
    PATIENT,
    Done,
    Runs,
    key_of,
    run,
)
from tests.running import RunningServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (K6.exists() and LOCUST.exists()), reason="k6 or locust is missing: tests/provision.py"
    ),
]

TOOLS = ("k6", "locust")
MARK = re.compile(r"~[^~;]+;")
# The runs on the poor server take longest, so they begin first.
POOR: dict[str, tuple[str, dict[str, str]]] = {
    "patch, poor": ("patch", {"LOAD_ACK_P95_MS": "0"}),
    "http, poor": ("http", {**FEW, "LOAD_READERS": "0"}),
}
RICH: dict[str, tuple[str, dict[str, str]]] = {
    "patch": ("patch", {"LOAD_PRESENCE": "2"}),
    "yjs": ("yjs", {"LOAD_PRESENCE": "2"}),
    # All clients edit one document with `If-Match`, so some of their edits are stale.
    "http": ("http", {"LOAD_STALE": "1"}),
    "mixed": ("mixed", {"LOAD_READERS": "3"}),
    "previews": ("previews", {"LOAD_READERS": "3"}),
}


def doc_of(name: str) -> str:
    """Return the document of a run. With this name it stays; only `mixed` has none."""
    return re.sub("[^a-z0-9]+", "-", name)


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest,
    server: RunningServer,
    poor_server: RunningServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runs]:
    """The runs that the chosen tests of this file look at."""
    chosen = {
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
        if hasattr(item, "callspec") and "name" in item.callspec.params
    }
    calls = {}
    for place, kinds in ((poor_server, POOR), (server, RICH)):
        key = key_of(place)
        for tool in TOOLS:
            for kind, (mix, more) in kinds.items():
                name = f"{tool} {kind}"
                own = more if kind == "mixed" else {**more, "LOAD_DOC": doc_of(name)}
                home = tmp_path_factory.mktemp("run")
                calls[name] = partial(run, tool, home, mix, key, BRIEF, PATIENT, own)
    made = Runs({name: each for name, each in calls.items() if name in chosen})
    yield made
    made.close()


@pytest.fixture
def done(runs: Runs, name: str) -> Done:
    return runs[name]


def by_both(*kinds: str) -> pytest.MarkDecorator:
    names = [f"{tool} {kind}" for tool in TOOLS for kind in kinds]
    return pytest.mark.parametrize("name", names)


def kept(figures: Mapping[str, float]) -> bool:
    """Whether no edit was lost, and each edit came to each client."""
    return figures["weft_lost"] == figures["weft_unseen"] == figures["weft_gaps"] == 0


@by_both("patch", "yjs")
def test_every_edit_reaches_the_document(done: Done) -> None:
    assert done.code == 0, done.output
    assert done.broken == set()
    assert done.figures["weft_edits"] == EDITS
    assert kept(done.figures)


@pytest.mark.parametrize("name", ["k6 patch", "k6 yjs"])
def test_each_edit_is_measured_at_the_peers(done: Done, name: str) -> None:
    assert 0 < done.figures["weft_peer_ms"] <= EDITS * 5  # three editors and two readers
    assert done.figures["weft_ack_ms"] == (EDITS if name == "k6 patch" else 0)


@by_both("patch", "yjs")
def test_the_settings_know_how_many_bytes_an_edit_adds(
    done: Done, server: RunningServer, name: str
) -> None:
    assert done.code == 0, done.output
    stored = call("GET", f"{server.http}/v1/docs/{doc_of(name)}", token=server.token())
    longest = max(map(len, MARK.findall(stored.raw.decode())))
    # Those of k6 are shorter by two letters, and the time and the number by one each.
    assert MARK_BYTES - 4 <= longest <= MARK_BYTES


@by_both("http")
def test_edits_and_reads_over_http_are_counted(done: Done) -> None:
    assert done.code == 0, done.output
    assert done.figures["weft_edits"] == EDITS
    assert done.figures["weft_reads"] >= EDITS + 10  # before each edit, and by two readers


@by_both("mixed")
def test_clients_of_several_kinds_share_documents(done: Done, name: str) -> None:
    several_kinds(done, name)


@by_both("mixed")
def test_a_run_deletes_the_documents_that_it_has_made(
    done: Done, runs: Runs, server: RunningServer
) -> None:
    assert done.code == 0, done.output
    runs.wait()  # another one may have its document
    listed = call("GET", f"{server.http}/v1/docs", token=server.token()).body["items"]
    assert [row["doc"] for row in listed if row["doc"].startswith("load-")] == []


@pytest.mark.long
@by_both("previews")
def test_previews_and_editors_share_documents(done: Done, name: str) -> None:
    several_kinds(done, name)


def several_kinds(done: Done, name: str) -> None:
    assert done.code == 0, done.output
    assert done.figures["weft_edits"] == EDITS
    # A count with k6, and a time with locust, which may be less than a millisecond.
    assert done.figures["weft_peer_ms"] > 0 or name.startswith("locust")
    assert done.figures["weft_reads"] > 0


@by_both("patch, poor")
def test_a_budget_that_is_too_small_fails_the_run_and_loses_nothing(done: Done, name: str) -> None:
    assert done.code == BROKEN[name.split()[0]], done.output
    assert done.broken >= {"weft_ack_ms"}
    assert done.figures["weft_pauses"] + done.figures["weft_rate_limited"] > 0
    assert done.figures["weft_lost"] == done.figures["weft_unanswered"] == 0
    assert done.figures["weft_edits"] == EDITS


@by_both("http, poor")
def test_refusals_over_http_fail_the_run_and_lose_nothing(done: Done, name: str) -> None:
    assert done.code == BROKEN[name.split()[0]], done.output
    assert done.broken >= {"weft_rate_limited"}
    assert done.figures["weft_edits"] == 2 * 3
    assert done.figures["weft_lost"] == done.figures["weft_unanswered"] == 0


@pytest.mark.parametrize("tool", TOOLS)
def test_a_run_without_a_server_ends_with_the_reason(tool: str, tmp_path: Path) -> None:
    nowhere = {"LOAD_URL": "http://127.0.0.1:1", "LOAD_TOKEN": "none"}
    done = run(tool, tmp_path, "patch", BRIEF, nowhere)
    assert done.code != 0
    assert "http://127.0.0.1:1 did not create" in done.output
