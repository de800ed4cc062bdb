"""The composition root: builds the application from the settings and a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING
from zlib import crc32

from starlette.applications import Starlette
from starlette.middleware import Middleware

from collab.document.steps import UndoBounds
from collab.flow.budget import Allowance, BudgetPool
from collab.locks.terms import LockTerms
from collab.patch.bounds import Bounds
from collab.room.state_limits import most_blocks, most_bytes
from collab.room.working import RoomBounds
from collab.types.freeing import FREEING
from server.access.connection_limit import ConnectionLimit
from server.access.guests import GuestTokenLimit
from server.access.keyring import DEMO_TENANT, Keyring
from server.access.origins import Origins
from server.access.share_links import ShareLinks
from server.archives.export import Exports
from server.assets.library import AssetLibrary
from server.commits.commit_loop import CommitLoop
from server.documents.creations import Creations
from server.documents.hub import Hub
from server.documents.long_work import UpdateCutter
from server.documents.snapshots import HubBounds
from server.handling.position import Positioned
from server.handling.problem import HANDLERS
from server.http1.drain_body import DrainBody
from server.instances.degradation import Degradation
from server.instances.relay import Relay
from server.instances.sharing import Sharing
from server.lanes.opening import LARGE_OPENINGS
from server.loading.crash_quarantine import CrashQuarantine
from server.maintenance import run_maintenance
from server.publishing.fast_path import FastPathApp
from server.publishing.public_cache import PublicCache
from server.publishing.publisher import Publisher
from server.routes import routes
from server.runtime.clock import SystemClock
from server.runtime.encoded import EncodedValues
from server.runtime.worker_threads import free_documents_in_thread
from server.services import ALONE, Placement, Services
from server.startup import SQLITE, make_home, open_bus
from server.status.monitor import Monitor
from server.status.readiness import Readiness
from server.websocket.socket import SocketBounds

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.messages import Peer
    from collab.ports.gossip import Gossip
    from collab.ports.store import Store
    from server.runtime.clock import Clock
    from server.runtime.settings import Settings


def open_store(settings: Settings) -> Store:
    """Return the store that the settings name. It is not started yet."""
    from storage.store import SqlStore

    make_home(settings)
    return SqlStore(settings.database, SystemClock().jitter)


def open_gossip(settings: Settings, placement: Placement = ALONE) -> Gossip:
    """Return what carries messages to other instances: Redis, the local bus, or nothing.

    The servers of a SQLite file are on one machine, and always have its bus. So a server with Redis
    and a server without it hear each other.
    """
    if placement.bus is not None:
        return open_bus(placement.bus)
    if settings.redis:
        from storage.gossip.redis import RedisGossip

        return RedisGossip(settings.redis)
    from storage.gossip.memory import MemoryGossip

    return MemoryGossip(may_have_others=not settings.database.startswith(SQLITE))


def build(
    settings: Settings,
    store: Store,
    clock: Clock | None = None,
    on_start: Callable[[Services], AbstractAsyncContextManager[None]] | None = None,
    placement: Placement = ALONE,
) -> FastPathApp:
    """Return the application. Its lifespan starts and stops the store and the background tasks."""
    clock = clock or SystemClock()
    origins = Origins(settings.origins, settings.public_url, clock)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            await store.start()
            await store.add_tenant(DEMO_TENANT, clock.now_ms())
            async with asyncio.TaskGroup() as group:
                app.state.services = services = _services(
                    settings, store, clock, group, origins, placement
                )
                loops = [
                    group.create_task(store.watch(), name="database watch"),
                    group.create_task(services.gossip.run(), name="gossip"),
                    *_exchanges(services, group),
                    group.create_task(services.commits.run(), name="commit loop"),
                    group.create_task(run_maintenance(services), name="maintenance"),
                ]
                async with nullcontext() if on_start is None else on_start(services):
                    # Only now, because the watchdog would report the work of the start as stalls.
                    loops.append(group.create_task(services.monitor.run(), name="monitor"))
                    yield
                if services.sharing is not None:
                    services.sharing.stop()  # while the gossip still runs
                for loop in loops:
                    loop.cancel()
                await services.assets.close()
        finally:
            await store.close()

    app = FastPathApp(
        clock,
        origins,
        routes=routes(),
        lifespan=lifespan,
        middleware=[Middleware(DrainBody), Middleware(Positioned)],
        exception_handlers=HANDLERS,
    )
    # `/v1/docs/home/` is no document, so the answer is 404. Starlette's redirect would repeat the
    # Host header, which any client can invent.
    app.router.redirect_slashes = False
    return app


def _exchanges(services: Services, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    """Return the tasks that other instances need, if there may be any."""
    tasks = []
    if services.sharing is not None:
        tasks.append(group.create_task(services.sharing.run(), name="sharing"))
    if services.settings.redis or services.placement.bus is not None:
        tasks.append(group.create_task(services.degradation.run(), name="degradation"))
    return tasks


def _sharing(
    relay: Relay | None, gossip: Gossip, hub: Hub, pools: Mapping[str, BudgetPool]
) -> Sharing | None:
    """Return what shares presence and budgets with the other instances, if there may be any."""

    def present_here(key: DocKey) -> list[Peer]:
        live = hub.lives.get(key)
        return [] if live is None else live.presence.book.present_here()

    if relay is None:
        return None
    return Sharing(gossip, hub.clock, relay.instance, pools, relay.presence, present_here)


def _services(
    settings: Settings,
    store: Store,
    clock: Clock,
    group: asyncio.TaskGroup,
    origins: Origins,
    placement: Placement,
) -> Services:
    FREEING.use(free_documents_in_thread(asyncio.get_running_loop()))
    hub = Hub(
        store,
        clock,
        _hub_bounds(settings),
        crash_quarantine=CrashQuarantine(_quarantine_path(settings), placement.worker),
    )
    gossip, relay = open_gossip(settings, placement), None
    if placement.bus is not None or not settings.database.startswith(SQLITE):
        relay = hub.others = Relay(hub, gossip, clock.new_id("i"))
    budget_pool = _budget_pool(settings)
    creations = Creations(Allowance(settings.new_bytes_per_second, settings.new_burst), clock)
    assets = AssetLibrary.of(hub, clock, settings, _folder_of(settings))
    pools = {"documents": budget_pool, "creations": creations.budget_pool}
    pools["uploads"] = assets.uploads.budget_pool
    exports, public_cache = Exports(settings.max_exports), PublicCache(hub, clock, settings)
    keyring, connections = Keyring(store, clock), hub.recorder.connections
    release = version("weft")
    return Services(
        settings=settings,
        placement=placement,
        clock=clock,
        store=store,
        hub=hub,
        gossip=gossip,
        relay=relay,
        commits=CommitLoop(hub),
        keyring=keyring,
        share_links=ShareLinks(store, keyring, clock, settings, connections),
        origins=origins,
        budget_pool=budget_pool,
        sharing=_sharing(relay, gossip, hub, pools),
        degradation=Degradation(gossip, clock, hub.audiences),
        connection_limit=ConnectionLimit(settings.address_connections, settings.open_seconds),
        large_openings=ConnectionLimit(LARGE_OPENINGS, 2 * settings.open_seconds),
        group=group,
        recorder=hub.recorder,
        public_cache=public_cache,
        publisher=Publisher(hub, public_cache, settings),
        readiness=Readiness(store, group),
        encoded_values=EncodedValues(),
        creations=creations,
        cutter=UpdateCutter(clock),
        exports=exports,
        assets=assets,
        guest_token_limit=GuestTokenLimit(clock),
        monitor=Monitor(hub, exports, settings, release, gossip),
        version=release,
    )


def _folder_of(settings: Settings) -> Path | None:
    """Return the folder of the SQLite file; None for PostgreSQL or a database in memory."""
    name = settings.database.removeprefix(SQLITE)
    return None if name in (":memory:", settings.database) else Path(name).parent


def _quarantine_path(settings: Settings) -> Path | None:
    """Return a path beside the SQLite file. For PostgreSQL it is in the temporary folder."""
    name = settings.database.removeprefix(SQLITE)
    if name == ":memory:":
        return None
    if name == settings.database:
        name = f"{gettempdir()}/weft-{crc32(name.encode()):08x}"
    return Path(f"{name}-{settings.port}")


def _hub_bounds(settings: Settings) -> HubBounds:
    patch = Bounds(
        max_ops=settings.max_ops,
        max_bytes=settings.max_document,
        max_values=settings.max_values,
    )
    undo = UndoBounds(settings.undo_depth, settings.undo_bytes)
    return HubBounds(
        room=RoomBounds(
            patch=patch,
            undo=undo,
            max_update=settings.max_update,
            max_state=most_bytes(settings.max_document, settings.max_values),
            max_blocks=most_blocks(settings.max_values),
            max_documents=settings.max_documents,
        ),
        snapshot_entries=settings.snapshot_entries,
        snapshot_bytes=settings.snapshot_bytes,
        snapshot_seconds=settings.snapshot_seconds,
        idle_seconds=settings.idle_seconds,
        presence_per_second=settings.presence_per_second,
        presence_bytes=settings.presence_bytes,
        terms=LockTerms(settings.lock_ttl, settings.take_over_grace),
    )


def _budget_pool(settings: Settings) -> BudgetPool:
    inbound = Allowance(
        settings.in_bytes_per_second,
        settings.in_burst,
        settings.in_messages_per_second,
        settings.in_messages_burst,
    )
    outbound = Allowance(settings.out_bytes_per_second, settings.out_burst)
    return BudgetPool(inbound, outbound)


def socket_bounds(settings: Settings) -> SocketBounds:
    """Return the limits of a socket and of an HTTP connection."""
    return SocketBounds(
        max_message=settings.max_frame,
        ping_every=settings.ping_seconds,
        request_head_within=settings.head_seconds,
        unread_within=settings.slow_seconds,
        max_unread=settings.http_unread,
    )
