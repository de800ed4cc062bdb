"""What connections and documents cost: memory, many reconnects at once, opening a document."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from bench.load_generator import generator, yjs_edits
from bench.load_generator.plan import READER, Plan
from bench.peers import servers
from bench.peers.figures import rounded
from bench.peers.rounds import present
from bench.peers.servers import HOCUSPOCUS, WEFT, Y_WEBSOCKET, Place, Running, Server
from bench.served import apart

FIRST, MORE = 1_000, 4_000  # idle connections
DOCUMENTS = 50  # that idle connections share
MANY_DOCUMENTS = 10_000
RECONNECTS = 1_000
OPENINGS = 20
EDITS = (1, 1_000, 100_000)
ROUNDS = 3
SETTLE = 2.0  # seconds until memory is read
YJS = (WEFT, HOCUSPOCUS, Y_WEBSOCKET)


@dataclass(frozen=True)
class Figure:
    """A figure that is measured in some rounds: what it is, and its unit."""

    scenario: str
    about: str
    unit: str


def places(count: int, documents: int, *, seeds: bool, lane: str = "yjs") -> list[Place]:
    """Return clients that share documents evenly. With `seeds`, the first of each creates it."""
    return [
        Place(at % documents, f"page-{at % documents}", READER, seeds and at < documents,
              user=f"user-{at}", lane=lane)
        for at in range(count)
    ]  # fmt: skip


def plan(running: Running, wanted: list[Place], **more: Any) -> Plan:
    lane = wanted[0].lane
    seed = None if lane == "patch" else yjs_edits.seed()
    names = {place.document: place.name for place in wanted}
    return Plan(
        port=running.port,
        documents=[names[at] for at in sorted(names)],
        clients=running.clients(wanted, seed),
        seed=(yjs_edits.SEED_CLIENT, seed.clock) if seed else None,
        pids=running.pids,
        **more,
    )


def checked(result: generator.Result) -> generator.Result:
    if not result.ok:
        raise RuntimeError(result.error)
    return result


# --- memory ---------------------------------------------------------------------------------


def idle_memory(server: Server, lane: str, core: int | None) -> list[float]:
    """Return the KB of each of 1,000 connections with documents, and of each of 4,000 more."""
    held = frozenset({"hold"})
    sizes: list[int] = []
    with server.start(core) as running:

        def read() -> None:
            time.sleep(SETTLE)
            sizes.append(running.rss())

        def connect_more() -> None:
            read()
            more = places(MORE, DOCUMENTS, seeds=False, lane=lane)
            checked(generator.run(plan(running, more, flags=held), read))

        read()
        first = places(FIRST, DOCUMENTS, seeds=True, lane=lane)
        checked(generator.run(plan(running, first, flags=held), connect_more))
    grown = [later - sooner for sooner, later in itertools.pairwise(sizes)]
    return [grown[0] / FIRST / 1024, grown[1] / MORE / 1024]


def document_memory(server: Server, core: int | None) -> list[float]:
    """Return the KB of each of 10,000 open documents with one client, and the seconds to open."""
    sizes: list[int] = []
    with server.start(core) as running:

        def read() -> None:
            time.sleep(SETTLE)
            sizes.append(running.rss())

        read()
        wanted = places(MANY_DOCUMENTS, MANY_DOCUMENTS, seeds=True)
        begun = time.monotonic()
        checked(generator.run(plan(running, wanted, flags=frozenset({"hold"})), read))
        taken = time.monotonic() - begun - SETTLE
    return [(sizes[1] - sizes[0]) / MANY_DOCUMENTS / 1024, taken]


# --- opening --------------------------------------------------------------------------------


def storm(server: Server, core: int | None) -> list[float]:
    """Return the seconds until 1,000 clients have reconnected at once, and the CPU of each."""
    with server.start(core) as running:
        wanted = places(RECONNECTS + DOCUMENTS, DOCUMENTS, seeds=True)
        result = checked(generator.run(plan(running, wanted, storm=RECONNECTS)))
    return [result.seconds, sum(result.server_cpu) / RECONNECTS * 1e6]


def opening(server: Server, edits: int, core: int | None) -> list[float]:
    """Return the median milliseconds from the TCP connect to the whole document, after edits."""
    wanted = [
        Place(0, "page", 0 if at == 0 else READER, at == 0, f"user-{at}", "yjs")
        for at in range(OPENINGS + 1)
    ]
    with server.start(core) as running:
        made = plan(
            running,
            wanted,
            edits=yjs_edits.keystrokes(1, max(EDITS)),
            most_edits=edits,
            measure=120.0,
            drain=60.0,
            storm=1,
        )
        result = checked(generator.run(made))
    return [result.opening.p50 / 1000]


def cold_opening(edits: int, core: int | None) -> list[float]:
    """Return the milliseconds of the first opening after Weft has started again."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/weft.db"
        wanted = [Place(0, "page", 0, True, "ada"), Place(0, "page", READER, False, "bo")]
        with servers.weft(core, database) as running:
            edited = plan(
                running,
                wanted,
                edits=yjs_edits.keystrokes(1, max(EDITS)),
                most_edits=edits,
                measure=120.0,
                drain=60.0,
            )
            checked(generator.run(edited))
        with servers.weft(core, database) as running:
            result = checked(generator.run(plan(running, wanted[1:])))
    return [result.opening.p50 / 1000]


# --- rows -----------------------------------------------------------------------------------

Measure = Callable[[int | None], list[float]]


def measures() -> Iterator[tuple[Server, list[Figure], Measure]]:
    """Yield what is measured: the server, its figures, and the function that measures them."""
    for server in YJS:
        for lane in ("yjs", "patch") if server is WEFT else ("yjs",):
            kind = f", {lane} lane" if server is WEFT else ""
            idle = Figure(f"idle 1000{kind}", "each of 1,000 idle connections", "KB")
            more = Figure(f"idle 5000{kind}", "each of 4,000 more", "KB")
            yield server, [idle, more], partial(idle_memory, server, lane)
        storms = Figure("storm", "1,000 clients of 50 documents reconnect at once", "s")
        cpu = Figure("storm, CPU", "the server's CPU for each of them", "µs")
        yield server, [storms, cpu], partial(storm, server)
        for edits in EDITS:
            about = f"opening a document after {edits:,} edits"
            opened = Figure(f"opening {edits}", about, "ms")
            yield server, [opened], partial(opening, server, edits)
        documents = Figure("documents", "each of 10,000 open documents with one client", "KB")
        seconds = Figure("documents, time", "creating and opening them, 50 at once", "s")
        yield server, [documents, seconds], partial(document_memory, server)
    for edits in EDITS:
        about = f"opening it after a restart, {edits:,} edits"
        yield WEFT, [Figure(f"cold opening {edits}", about, "ms")], partial(cold_opening, edits)


def rows(rounds: int = ROUNDS) -> Iterator[dict[str, Any]]:
    """Yield a row for each figure: its median, and the smallest and the largest value."""
    for server, figures, measure in measures():
        if not present([server]):
            continue
        found, refused = [], ""
        with apart() as core:
            for _ in range(rounds):
                try:
                    found.append(measure(core))
                except (RuntimeError, OSError) as failure:
                    refused = str(failure)[:300]
        for at, figure in enumerate(figures):
            values = [each[at] for each in found]
            yield {
                "group": "connections",
                "scenario": figure.scenario,
                "about": figure.about,
                "server": server.name,
                "version": server.find_version(),
                "rounds": len(values),
                "value": rounded(median(values)) if values else None,
                "unit": figure.unit,
                "least": rounded(min(values)) if values else None,
                "most": rounded(max(values)) if values else None,
                "refused": refused,
            }
