"""A plan for the load generator: the server, the documents, the clients and the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

READER = -1


@dataclass(frozen=True)
class Client:
    """One connection: its lane, the stream that it writes, and its messages after the handshake."""

    document: int
    lane: str  # yjs, hocuspocus, patch or sharedb
    path: str
    stream: int = READER
    seeds: bool = False
    protocol: str = ""
    hello: tuple[str | bytes, ...] = ()

    def lines(self) -> Iterator[str]:
        words = (self.document, self.lane, self.stream, int(self.seeds), self.path, self.protocol)
        yield " ".join(("connection", *map(str, words))).rstrip()
        for message in self.hello:
            yield f"text {message}" if isinstance(message, str) else f"binary {message.hex()}"


@dataclass(frozen=True)
class Plan:
    """What the load generator does. With `rate` 0, a window of edits is in flight."""

    port: int
    documents: list[str]
    clients: list[Client]
    edits: Path | None = None
    rate: float = 0.0
    window: int = 64
    warm: float = 0.0
    measure: float = 0.0
    drain: float = 10.0
    most_edits: int = 0
    in_flight: int = 0  # of one writer; 0 means no limit
    at_once: int = 50  # handshakes
    storm: int = 0  # handshakes at once, when all clients connect again
    seed: tuple[int, int] | None = None  # a Yjs client and its clock, which a new document has
    flags: frozenset[str] = frozenset()  # markers, lossy, cursors, hold
    pids: list[int] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        yield f"port {self.port}"
        for name in ("rate", "window", "warm", "measure", "drain", "in_flight", "at_once"):
            yield f"{name} {getattr(self, name)}"
        yield from sorted(self.flags)
        yield from (f"pid {pid}" for pid in self.pids)
        if self.most_edits:
            yield f"edits {self.most_edits}"
        if self.storm:
            yield f"storm {self.storm}"
        if self.seed:
            yield f"seed {self.seed[0]} {self.seed[1]}"
        if self.edits:
            yield f"file {self.edits}"
        yield from (f"document {name}" for name in self.documents)
        for client in self.clients:
            yield from client.lines()
        yield "run"

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines())
