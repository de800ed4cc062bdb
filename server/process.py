"""The process: runs uvicorn. When it stops, it commits all edits and says when to reconnect."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import uvicorn

from collab.errors import Close
from collab.messages import Notice
from collab.wire import encode
from server import app as composition
from server.broadcast.close_reasons import IN_TROUBLE
from server.demo import seed
from server.http1.uvicorn_protocols import protocol_classes
from server.runtime import collector, logs
from server.runtime.logs import error_sentence
from server.services import ALONE, Placement
from server.startup import (
    CANNOT_START,
    CannotServeError,
    permission_to_serve,
    until_on_the_bus,
    warn_of_unknown_settings,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from collab.ports.store import Store
    from server.documents.hub import Hub
    from server.runtime.settings import Settings
    from server.services import Services

logger = logging.getLogger(__name__)

RECONNECT_MS = 500
RECONNECT_SPREAD_MS = 2000.0
# Connections that wait until the server accepts them.
_BACKLOG = 4096


Announce: TypeAlias = "Callable[[Services, str], Awaitable[None]]"


async def _print(services: Services, text: str) -> None:
    print(text, flush=True)


@dataclass(frozen=True, slots=True)
class Part:
    """What this process does for its server. Without workers, it does everything.

    `sockets` are bound already; None: the process binds its own. `announce` gets the text that the
    server prints when it is ready.
    """

    placement: Placement = ALONE
    sockets: list[socket.socket] | None = None
    creates_demo: bool = True
    announce: Announce = _print


WHOLE: Final = Part()


class DrainingServer(uvicorn.Server):
    """Uvicorn's server. Before it closes connections, it tells the clients when to reconnect."""

    services: Services | None = None
    announce: Announce

    @property
    def has_failed(self) -> bool:
        """Whether a task that every process needs has ended with an error."""
        return bool(getattr(self.lifespan, "shutdown_failed", False))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.services is not None:
            port = self.servers[0].sockets[0].getsockname()[1]
            await self.announce(self.services, await _start_message(self.services, port))

    async def on_tick(self, counter: int) -> bool:
        # Without its tasks, the server would still answer, but would commit no edit.
        return await super().on_tick(counter) or self.has_failed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self.services is not None:
            await drain(self.services, can_commit=not self.has_failed)
        await super().shutdown(sockets)


async def drain(services: Services, *, can_commit: bool = True) -> None:
    """Commit the queued requests, tell clients when to reconnect, and wait until they are gone.

    With `can_commit` false, the tasks that commit have ended. Then `drain` refuses the requests.
    When the database does not answer, `drain` waits at most half of `drain_seconds`, and only once.
    Then it continues, with these consequences:

    - Clients without an answer retry with the same id after they reconnect.
    - Snapshots are not saved; the log has every accepted edit.
    - The last second of the audit trail is lost.
    """
    services.hub.draining = True  # the hub accepts no more requests, so the flush ends
    half = services.settings.drain_seconds / 2
    answers = await _flush(services, half if can_commit else 0.0) and can_commit
    _close_connections(services)
    async with asyncio.TaskGroup() as group:
        group.create_task(_wait_until_gone(services.hub, half), name="connections end")
        if answers:
            saving = group.create_task(_save_snapshots(services.hub, half), name="last snapshots")
    if not (answers and saving.result()):
        services.monitor.last_rows_within = 0.0


async def _flush(services: Services, seconds: float) -> bool:
    """Commit the queued requests; return whether the database committed all of them in time."""
    hub = services.hub
    try:
        async with asyncio.timeout(seconds):
            await services.commits.drain()
    except TimeoutError:
        logger.warning("the database did not commit the last edits in time; they are refused")
        for live in hub.every(lambda live: bool(live.queue)):
            live.refuse_waiting(IN_TROUBLE)
        return False
    return not hub.every(lambda live: live.is_read_only)


async def _save_snapshots(hub: Hub, seconds: float) -> bool:
    """Save the last snapshots; return whether the database saved them in time."""
    try:
        async with asyncio.timeout(seconds):
            for live in hub.every(lambda live: live.unsaved.is_worth_saving):
                await hub.snapshots.save(live)
    except TimeoutError:
        logger.warning(
            "the last snapshots were not saved in time; no edit is lost, the log has every edit"
        )
        return False
    return True


async def _wait_until_gone(hub: Hub, seconds: float) -> None:
    """Wait until all sockets are closed, for at most `seconds`.

    Each socket has its own deadline too. `seconds` is for a socket that misses its deadline.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while any(len(live.audience) for live in hub.lives.values()):
                await asyncio.sleep(0.01)


def _close_connections(services: Services) -> None:
    restarting = encode(Notice(code="restarting"))
    for live in list(services.hub.lives.values()):
        live.audience.notice(restarting)
        for subscriber in list(live.audience.subscribers):
            wait = RECONNECT_MS + int(services.clock.jitter(RECONNECT_SPREAD_MS))
            subscriber.dismiss(Close.RESTARTING, "restarting", wait)


def serve(settings: Settings) -> int:
    """Run until a signal stops the server; return the exit code."""
    logs.configure(settings.log_level, settings.log_format)
    warn_of_unknown_settings()
    try:
        with permission_to_serve(settings) as bus:
            part = Part(Placement(bus))
            return run(settings, composition.open_store(settings), part)
    except CannotServeError as error:
        print(f"weft: {error}", file=sys.stderr)
        return CANNOT_START


def run(settings: Settings, store: Store, part: Part) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    The process also ends, with code 1, when one of its tasks has failed.
    """
    # With this interval Python switches between threads more often, so a commit's thread waits
    # less for the event loop. Measured: 100 single commits while the loop was busy. The slowest
    # commit took 150 ms with Python's own interval of 5 ms, and 21 ms with this interval.
    sys.setswitchinterval(0.0005)
    server = server_of(settings, store, part)
    uvicorn_log = logging.getLogger("uvicorn.error")
    explain = partial(_explain_listen_error, settings)
    uvicorn_log.addFilter(explain)
    # After its stop, uvicorn raises SIGTERM again. We ignore that signal, so the exit code is 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        server.run(part.sockets)
    except KeyboardInterrupt:
        return 130
    finally:
        uvicorn_log.removeFilter(explain)
    return 0 if server.started and not server.has_failed else 1


def _explain_listen_error(settings: Settings, record: logging.LogRecord) -> bool:
    """Say what to do when uvicorn cannot listen: it logs the bare error."""
    error: object = record.msg  # uvicorn logs the exception itself
    if isinstance(error, OSError):
        record.msg = _listen_sentence(settings, error)
    return True


def _listen(settings: Settings, sockets: list[socket.socket]) -> None:
    """Listen on the sockets of the parent. Uvloop listens again, but does not report an error."""
    try:
        for each in sockets:
            each.listen(_BACKLOG)
    except OSError as error:  # another server has bound the same port, and listens already
        raise CannotServeError(_listen_sentence(settings, error)) from error


def _listen_sentence(settings: Settings, error: OSError) -> str:
    where = f"port {settings.port} of {settings.host}"
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"another program listens on {where} (address already in use): "
                "stop it, or set WEFT_PORT to another port"
            )
        case errno.EACCES:
            return f"this user may not listen on {where}: set WEFT_PORT to a port above 1023"
        case _:
            return (
                f"Weft cannot listen on {where}: {error}. "
                "Set WEFT_HOST to an address of this machine"
            )


def server_of(settings: Settings, store: Store, part: Part = WHOLE) -> DrainingServer:
    """Return the server for these settings. It is not started yet."""
    bounds = composition.socket_bounds(settings)
    server: DrainingServer

    @asynccontextmanager
    async def on_start(services: Services) -> AsyncIterator[None]:
        server.services = services
        if part.placement.bus is not None:
            await until_on_the_bus(services.gossip, part.placement.bus)
        if settings.demo and part.creates_demo:
            await seed.create_documents(services)
        # The start has imported modules and made tables and pages. Otherwise the first collection
        # would visit all their objects while clients wait.
        collector.freeze_startup_objects()
        _listen(settings, part.sockets or [])
        yield

    app = composition.build(settings, store, on_start=on_start, placement=part.placement)
    http, ws = protocol_classes(bounds, app.immediate_response, app.on_refused)
    config = uvicorn.Config(
        app if settings.log_level == "debug" else _with_plain_startup_error(app),
        host=settings.host,
        port=settings.port,
        http=http,
        ws=ws,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        lifespan="on",
        access_log=False,
        log_config=None,
        ws_per_message_deflate=False,
        ws_max_size=settings.max_frame or 2**62,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=2,
        backlog=_BACKLOG,
    )
    server = DrainingServer(config)
    server.announce = part.announce
    return server


def _with_plain_startup_error(app: ASGIApp) -> ASGIApp:
    """Return the application. When its start fails, it reports a sentence, not a stack trace."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_plainly(message: Message) -> None:
            error = sys.exc_info()[1]
            if message["type"] == "lifespan.startup.failed" and error is not None:
                message = {**message, "message": f"Weft cannot start: {error_sentence(error)}"}
            await send(message)

        await app(scope, receive, send_plainly if scope["type"] == "lifespan" else send)

    return wrapped


async def _start_message(services: Services, port: int) -> str:
    """Return the text with the URL of the server. `startup` needs it once, at the end."""
    settings = services.settings
    where = f"http://{settings.host}:{port}"
    return await seed.start_message(services, where) if settings.demo else f"Weft serves {where}"
