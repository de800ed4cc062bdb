"""The campaign's server: filled without budgets, then attacked at the default limits."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

from collab.rights.user_rights import Rights, Role
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.runtime.clock import SystemClock
from storage.store import SqlStore
from tests.attacks.campaign.case import Case, HttpRequest, Talk
from tests.attacks.campaign.clients import HttpClient, Outcome, PatchLaneClient, YjsLaneClient
from tests.attacks.campaign.documents import Document, edits
from tests.attacks.campaign.figures import SAMPLER, Figures, Notes, Probe, Prober, Process
from tests.attacks.campaign.holders import Holders
from tests.patience import PATIENCE
from tests.running import RunningServer

UNPAID = {"WEFT_IN_BYTES_PER_SECOND": "0", "WEFT_IN_MESSAGES_PER_SECOND": "0"}
# Not limits: memory is released soon, so that a test does not wait for a minute.
SOON = {"WEFT_IDLE_SECONDS": "5", "WEFT_LOG_LEVEL": "error"}
Client = HttpClient | PatchLaneClient | YjsLaneClient


class AttackedServer:
    """One server with its documents, its prober and its sampler."""

    def __init__(self, home: Path) -> None:
        self.notes = Notes(home / "notes")
        self.notes.path.touch()
        self.server = RunningServer(home, prefix=(*SAMPLER, str(self.notes.path)), env=dict(SOON))
        self.process = Process(self.server)
        self.prober: Prober | None = None
        self.holders = Holders(self.server)
        self.idle = 0.0
        self.idle_work = 0.0  # processor seconds of the prober's work on the idle machine
        self.at_rest = 0  # resident bytes before the first document is opened
        self.heads: dict[str, dict[str, int]] = {}
        self._tokens: dict[str, str] = {}
        self._runs = 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.holders.close()
        if self.prober is not None:
            self.prober.__exit__(None, None, None)
        self.server.stop()

    def __enter__(self) -> AttackedServer:
        return self

    def fill(self, *documents: Document, most_edits: int = 1_000_000) -> None:
        """Create the documents and their history, then restart the server at the default limits."""
        self.server.env = {**SOON, **UNPAID}
        self.server.start()
        asyncio.run(self._make_key())
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        for document in documents:
            self._fill(connection, document, most_edits)
        connection.close()
        self.server.stop()
        self.server.env = dict(SOON)
        self.server.start()
        self.notes.new()
        self.prober = Prober(self.server.port)
        idle = self.prober.idle(1.0)
        self.idle = max(probe.took for probe in idle)
        self.idle_work = median(probe.work for probe in idle)
        self.at_rest = self.process.memory()

    def token(self, user: str, role: Role = Role.ADMIN) -> str:
        if user not in self._tokens:
            now = SystemClock().now_ms()
            rights = Rights(role, expires_at=now + 7_200_000, docs=None, sections=None)
            self._tokens[user] = mint(self._key, Claims("demo", user, user, rights, now, kid=""))
        return self._tokens[user]

    def ask(self, method: str, path: str, user: str = "asker", body: Any = None) -> Any:
        """Send one request outside the measurement. Return its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        try:
            return _call(connection, method, path, self.token(user), body)
        finally:
            connection.close()

    def hold(self, *documents: str) -> None:
        """Keep these documents open, so that the measurement does not include opening them."""
        for document in documents:
            if document not in self.heads:
                self.heads[document] = self.holders.hold(document, self.token("holder"))

    def until_unloaded(self) -> None:
        """Wait until every document is closed."""
        assert self.prober is not None
        began = time.monotonic()
        while self._open_documents():
            assert time.monotonic() - began < PATIENCE, "documents stay open"
            self.prober.idle(0.2)

    def memory_within(self, bound: int, seconds: float) -> int:
        """Wait until the resident memory is below a bound, or the time is over. Return it."""
        assert self.prober is not None
        began = time.monotonic()
        while (held := self.process.memory()) >= bound and time.monotonic() - began < seconds:
            self.prober.idle(0.5)
        return held

    def _open_documents(self) -> int:
        url = f"{self.server.http}/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            lines = answer.read().decode().splitlines()
        [line] = [line for line in lines if line.startswith("weft_rooms ")]
        return int(float(line.split()[-1]))

    # --- a run --------------------------------------------------------------------------------

    async def run(self, case: Case, clients: int, *, with_token: bool = True) -> Figures:
        """Run a case with this many clients at once; each client is a different user."""
        self._runs += 1
        if case.lane == "patch" and case.document in self.heads:
            self.heads[case.document]["version"] = self._head(case.document)
        each = [self._client(case, number, with_token) for number in range(clients)]
        try:
            await asyncio.gather(*(client.prepare() for client in each))
            return await self._measure(each)
        finally:
            await asyncio.gather(*(client.close() for client in each))

    async def _measure(self, each: Sequence[Client]) -> Figures:
        assert self.prober is not None
        await asyncio.to_thread(self.prober.until_quiet)
        self.prober.forget()
        self.notes.new()
        for client in each:
            client.outcome = Outcome()
        self.process.forget_peak()
        memory, stored = self.process.memory(), self.process.stored()
        began = time.monotonic()
        await asyncio.gather(*(client.act() for client in each))
        ended = time.monotonic()
        probes = await asyncio.to_thread(self.prober.between, began, ended)
        peak, held = self.process.peak(), self.notes.new()
        outcomes = [client.outcome for client in each]
        return Figures(
            worst=1000 * max(probe.took for probe in probes),
            noise=1000 * max(self.idle, *(probe.late for probe in probes)),
            held=held,
            peak=max(0, peak - memory),
            left=max(0, self.process.memory() - memory),
            stored=max(0, self.process.stored() - stored),
            sent=sum(one.sent for one in outcomes),
            accepted=sum(one.accepted for one in outcomes),
            answered=sum(one.answered for one in outcomes),
            outcomes=dict(sum((one.said for one in outcomes), Counter[str]())),
            seconds=ended - began,
            slowness=self._slowness(probes) if len(each) > 1 else 1.0,
        )

    def _slowness(self, probes: Sequence[Probe]) -> float:
        """Return how much longer the prober's work took than on the idle machine.

        With one attacker, only the server itself slows the prober. So this is for several.
        """
        return max(1.0, median(probe.work for probe in probes) / self.idle_work)

    def _head(self, document: str) -> int:
        """Return the position from which a resuming client gets no changes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        headers = {"Authorization": f"Bearer {self.token('asker')}"}
        connection.request("HEAD", f"/v1/docs/{document}?pointer=/n", headers=headers)
        version = connection.getresponse().headers.get("Weft-Version", "0")
        connection.close()
        return int(version)

    def _client(self, case: Case, number: int, with_token: bool) -> Client:
        user = f"{case.user}-{number}" if case.user else f"attacker-{self._runs}-{number}"
        token = self.token(user) if with_token else ""
        asked = case.make(number)
        if isinstance(asked, HttpRequest):
            return HttpClient(self.server, case.document, token, asked)
        assert isinstance(asked, Talk)
        if case.lane == "yjs":
            return YjsLaneClient(self.server, case.document, token, asked)
        since = self.heads.setdefault(case.document, {})
        return PatchLaneClient(self.server, case.document, token, asked, since)

    # --- filling ------------------------------------------------------------------------------

    async def _make_key(self) -> None:
        store = SqlStore(self.server.database)
        await store.start()
        try:
            self._key = await Keyring(store, SystemClock()).ensure_key("demo")
        finally:
            await store.close()

    def _fill(
        self, connection: http.client.HTTPConnection, document: Document, most_edits: int
    ) -> None:
        path, token = f"/v1/docs/{document.name}", self.token("maker")
        _call(connection, "PUT", path, token, document.first)
        for ops in document.growth():
            _call(connection, "PATCH", path, token, ops)
        for who, ops in islice(edits(document), most_edits):
            _call(connection, "PATCH", path, self.token(f"historian-{who}"), ops)


def _call(
    connection: http.client.HTTPConnection, method: str, path: str, token: str, body: Any
) -> Any:
    raw = None if body is None else json.dumps(body, separators=(",", ":")).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, raw, headers)
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status < 300, (method, path, answer.status, said[:300])
    return json.loads(said) if said else None
