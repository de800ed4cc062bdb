"""locust: editors and readers on the patch lane, the Yjs lane and over HTTP.

    LOAD_KEY=… LOAD_SECRET=… locust -f bench/locustfile.py

Run it in the root of a clone. `LOAD_MIX` chooses the clients: `patch`, `yjs`, `http`, `previews` or
`mixed`. docs/load-testing.md lists the other settings, which k6 has too. The run prints each figure
with its limit, and ends with 1 when one of them is broken.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import gevent
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import LocalRunner, WorkerRunner

from bench.load import plan
from bench.load.figures import Figures, results
from bench.load.http_session import HttpEditor, HttpReader
from bench.load.patch_session import PatchSession
from bench.load.settings import WrongSettingsError, read
from bench.load.sockets import Socket
from bench.load.yjs_session import YjsSession

PREVIEW_FPS = 20
try:
    SETTINGS = read(os.environ)
except WrongSettingsError as error:
    raise SystemExit(str(error)) from None
RUN = plan.run_name()
TOTAL = SETTINGS.clients + SETTINGS.readers
SECONDS = SETTINGS.ramp_seconds + SETTINGS.seconds + SETTINGS.drain_seconds
# Locust starts users within this many seconds after the command, and they check for some more.
SPARE = 30


class Run:
    """The plan of this process, and its clients that have not ended."""

    plan: plan.Plan
    left = TOTAL


NUMBERS = {"clients": itertools.count(), "readers": itertools.count()}


class LoadUser(User):
    """One client. It runs once, and ends by itself."""

    abstract = True
    group = ""
    count = 1

    @task
    def run_once(self) -> None:
        runner = self.environment.runner
        worker = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        number = next(NUMBERS[self.group])
        letters = f"{self.group[0]}{worker}x"
        part = plan.Part(SETTINGS, Run.plan, letters, number, self.count)
        try:
            self.session(part, Figures(self.report)).run()
        finally:
            Run.left -= 1
            if not Run.left and isinstance(runner, LocalRunner):
                gevent.spawn(runner.quit)
        raise StopUser

    def session(self, part: plan.Part, figures: Figures) -> Any:
        raise NotImplementedError

    def report(self, name: str, value: float) -> None:
        self.environment.events.request.fire(
            request_type=SETTINGS.mix,
            name=name,
            response_time=value,
            response_length=0,
            exception=None,
            context={},
        )


class Editor(LoadUser):
    fixed_count = SETTINGS.clients
    group = "clients"
    count = SETTINGS.clients

    def session(self, part: plan.Part, figures: Figures) -> Any:
        kind = ("patch", "yjs", "http")[part.kind(3)] if SETTINGS.mix == "mixed" else SETTINGS.mix
        if kind == "yjs":
            return YjsSession(part, figures, Socket, edits=True)
        if kind == "http":
            return HttpEditor(part, figures, is_strict=SETTINGS.mix == "http")
        return PatchSession(part, figures, Socket, edits=True)


class Reader(LoadUser):
    fixed_count = SETTINGS.readers
    abstract = SETTINGS.readers == 0
    group = "readers"
    count = max(1, SETTINGS.readers)

    def session(self, part: plan.Part, figures: Figures) -> Any:
        published = f"/v1/published/{SETTINGS.tenant}/{part.doc}"
        match SETTINGS.mix:
            case "http":
                paths = (part.path, published, f"{part.path}/versions?limit=20")
                return HttpReader(part, figures, paths[part.kind(3)])
            case "previews" if part.kind(2):
                return HttpReader(part, figures, published)
            case "previews":
                fps = SETTINGS.max_fps or PREVIEW_FPS
                return PatchSession(part, figures, Socket, edits=False, max_fps=fps)
            case "mixed" if part.kind(3) == 2:
                return HttpReader(part, figures, part.path)
            case "mixed" if part.kind(3) == 1:
                return YjsSession(part, figures, Socket, edits=False)
            case "yjs":
                return YjsSession(part, figures, Socket, edits=False)
        return PatchSession(part, figures, Socket, edits=False, max_fps=SETTINGS.max_fps)


class Sums:
    """What locust has added up, from all its processes."""

    def __init__(self, stats: Any) -> None:
        self._stats = stats

    def count(self, name: str) -> int:
        return int(self._stats.get(name, SETTINGS.mix).num_requests)

    def percentile(self, name: str, share: float) -> float:
        return float(self._stats.get(name, SETTINGS.mix).get_response_time_percentile(share) or 0)

    def most(self, name: str) -> float:
        return float(self._stats.get(name, SETTINGS.mix).max_response_time)


@events.init_command_line_parser.add_listener
def set_defaults(parser: Any) -> None:
    """Take the numbers from the settings, and run without the page of locust."""
    parser.set_defaults(
        headless=True,
        only_summary=True,
        num_users=TOTAL,
        spawn_rate=TOTAL,
        run_time=f"{int(SECONDS + SPARE)}s",
        stop_timeout="5s",
        host=SETTINGS.url,
    )


@events.init.add_listener
def prepare(environment: Any, **_: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return
    try:
        docs = plan.documents(SETTINGS, RUN)
        plan.create(SETTINGS, docs, publish=SETTINGS.mix in {"http", "previews"})
    except RuntimeError as error:
        raise SystemExit(f"The load test did not start: {error}") from None


@events.test_start.add_listener
def begin(**_: Any) -> None:
    Run.plan = plan.Plan.of(SETTINGS, RUN)


@events.quitting.add_listener
def end(environment: Any, **_: Any) -> None:
    """Compare each figure with its limit."""
    if isinstance(environment.runner, WorkerRunner):
        return
    plan.delete(SETTINGS, plan.documents(SETTINGS, RUN))
    found = list(results(SETTINGS, Sums(environment.stats)))
    for result in found:
        print(result, flush=True)
    crashes = len(environment.runner.exceptions)
    if crashes:
        print(f"BROKEN {crashes} clients ended with an error", flush=True)
    is_kept = not crashes and all(result.is_kept for result in found)
    environment.process_exit_code = 0 if is_kept else 1
