"""What is measured: who writes, who reads, and how fast."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from bench.load_generator import json_edits, yjs_edits
from bench.load_generator.plan import READER, Client, Plan
from bench.peers.servers import (
    HOCUSPOCUS,
    PYCRDT_WEBSOCKET,
    SHAREDB,
    WEFT,
    Y_WEBSOCKET,
    Place,
    Running,
    Server,
)

WINDOW = 64
MOST_PER_WRITER = 300_000
YJS = (WEFT, HOCUSPOCUS, Y_WEBSOCKET, PYCRDT_WEBSOCKET)
PATCH = (WEFT, SHAREDB)


@dataclass(frozen=True)
class Scenario:
    """Clients that edit documents for some seconds.

    `kind` is the kind of the edits: `keys` are letters in a Y.Text, and `patch` sets texts of a
    page of 50 KB. `values` sets values of a Y.Map, which both lanes read. `cursors` are awareness
    states of Yjs, and `presence` is the same on the patch lane.
    """

    name: str
    sentence: str
    kind: str
    servers: tuple[Server, ...]
    documents: int = 1
    writers: int = 1
    readers: int = 0
    patch_readers: int = 0
    rate: float = 0.0
    warm: float = 1.0
    measure: float = 3.0
    sections: int = 0
    same_user: bool = False
    max_fps: int = 0  # of the readers

    @property
    def is_saturated(self) -> bool:
        return self.rate == 0

    @property
    def edits_per_writer(self) -> int:
        """How many edits are prepared for each writer.

        At a fixed rate, these are 50 more than the schedule has. At saturation, all writers share
        `MOST_PER_WRITER`, but each has at least 600.
        """
        writers = self.documents * self.writers
        if self.is_saturated:
            return max(600, MOST_PER_WRITER // writers)
        return int(self.rate * (self.warm + self.measure) / writers) + 50

    def places(self) -> list[Place]:
        """Return the clients, in an order that puts no two of a document side by side."""
        found = [place for at in range(self.documents) for place in self._places_of(at)]
        random.Random(self.name).shuffle(found)
        return found

    def _places_of(self, document: int) -> list[Place]:
        name = "page" if self.documents == 1 else f"page-{document}"
        by_patch = self.kind in ("patch", "presence")
        count = self.writers + self.readers + self.patch_readers
        return [
            Place(
                document,
                name,
                stream=at if at < self.writers else READER,
                seeds=at == 0,
                user="ada" if self.same_user else f"user-{at}",
                lane="patch" if by_patch or at >= count - self.patch_readers else "yjs",
                max_fps=0 if at < self.writers else self.max_fps,
            )
            for at in range(count)
        ]

    def seed(self) -> yjs_edits.Seed | None:
        return None if self.kind in ("patch", "presence") else yjs_edits.seed(self.sections)

    def edits(self, server: Server) -> Path:
        """Return the file of edits for a server."""
        count = self.edits_per_writer
        match self.kind:
            case "keys":
                return yjs_edits.keystrokes(self.writers, count, self.sections)
            case "values":
                return yjs_edits.values(count)
            case "cursors":
                return yjs_edits.cursors(self.writers, count)
            case "presence":
                return json_edits.cursors(self.writers, count)
            case _:
                return (json_edits.json0 if server is SHAREDB else json_edits.patches)(count)

    def plan(self, server: Server, running: Running) -> Plan:
        seed, places = self.seed(), self.places()
        clients: list[Client] = running.clients(places, seed)
        names = {place.document: place.name for place in places}
        lossy = {"cursors", "lossy"} if self.kind in ("cursors", "presence") else set()
        markers = {"markers"} if self.kind in ("patch", "values") else set()
        return Plan(
            port=running.port,
            documents=[names[at] for at in range(self.documents)],
            clients=clients,
            edits=self.edits(server),
            rate=self.rate,
            window=WINDOW,
            warm=self.warm,
            measure=self.measure,
            # A client of ShareDB sends its next operation after the answer to the last one.
            in_flight=1 if server is SHAREDB else 0,
            seed=(yjs_edits.SEED_CLIENT, seed.clock) if seed else None,
            flags=frozenset(lossy | markers),
            pids=running.pids,
        )


def one_writer(readers: int, rate: float = 0.0) -> Scenario:
    how = f"r{rate:.0f}" if rate else "W"
    sentence = f"one writer, {readers} readers of one document"
    return Scenario(f"F{readers} {how}", sentence, "keys", YJS, readers=readers, rate=rate)


def all_write(rate: float = 0.0) -> Scenario:
    how = f"r{rate:.0f}" if rate else "W"
    return Scenario(
        f"G100 {how}", "100 clients of one document, all write", "keys", YJS, writers=100, rate=rate
    )


def rooms(rate: float = 0.0) -> Scenario:
    how = f"r{rate:.0f}" if rate else "W"
    sentence = "200 documents with 5 clients each, all write"
    return Scenario(f"R {how}", sentence, "keys", YJS, documents=200, writers=5, rate=rate)


def patches(readers: int, rate: float, *, same_user: bool = False) -> Scenario:
    name = f"P{readers} r{rate:.0f}{', tabs' if same_user else ''}"
    who = "tabs of the writer's user" if same_user else "readers"
    return Scenario(
        name,
        f"a page of 50 KB, one writer, {readers} {who}",
        "patch",
        (WEFT,) if same_user else PATCH,
        readers=readers,
        rate=rate,
        same_user=same_user,
        measure=4.0,
    )


SATURATION = (one_writer(10), one_writer(100), one_writer(500), all_write(), rooms())
FIXED = (one_writer(10, 1000), one_writer(100, 150), rooms(1000), all_write(500))
PATCHES = (
    patches(10, 200),
    patches(10, 800),
    patches(100, 100),
    patches(10, 200, same_user=True),
    patches(100, 100, same_user=True),
)
OTHERS = (
    Scenario(
        "mixed r200",
        "one Yjs writer; 5 readers of the Yjs lane and 5 of the patch lane",
        "values",
        (WEFT,),
        readers=5,
        patch_readers=5,
        rate=200,
    ),
    Scenario(
        "P10 r200, 20 fps",
        "a page of 50 KB, one writer, 10 previews that get 20 changes a second",
        "patch",
        (WEFT,),
        readers=10,
        rate=200,
        max_fps=20,
    ),
    Scenario(
        "cursors r500",
        "50 Yjs clients of one document, each moves its cursor 10 times a second",
        "cursors",
        YJS,
        writers=50,
        rate=500,
    ),
    Scenario(
        "presence r500",
        "50 clients of the patch lane, each moves its cursor 10 times a second",
        "presence",
        (WEFT,),
        writers=50,
        rate=500,
    ),
    Scenario(
        "S10 r200",
        "a document of 10,000 sections, one writer, 10 readers",
        "keys",
        YJS,
        readers=10,
        rate=200,
        sections=10_000,
    ),
)
GROUPS: dict[str, tuple[Scenario, ...]] = {
    "saturation": SATURATION,
    "fixed": FIXED,
    "patch": PATCHES,
    "others": OTHERS,
}
