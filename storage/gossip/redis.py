"""Gossip between instances over Redis pub/sub.

Redis may be slow, frozen, wiped or down, but `publish` does not wait for it: it puts a message into
a bounded outbox. After a loss of messages, each subscription of the channel gets `LOST`. Then its
reader must read the database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from collab.ports.gossip import LOST, Deliver
from storage.gossip.memory import Readers

logger = logging.getLogger(__name__)

# The most messages, and the most bytes of them, that wait for a slow Redis.
_OUTBOX = 10_000
_OUTBOX_BYTES = 8 * 1024 * 1024
# Messages in one round trip. They fit into a socket's buffer. With more, closing a connection to a
# frozen Redis would wait for the unsent messages. The first round trip after a loss may have more.
_BATCH = 256
# When Redis sends nothing for this time, we send a PING. When it then sends nothing for the same
# time again, it is frozen.
_SILENCE_SECONDS = 2.0
_ANSWER_SECONDS = 2.0
_RETRY_SECONDS = 0.5
_LAST_SECONDS = 0.5  # for the last messages of an instance that stops


class _RedisFault(Exception):
    """Redis does not answer. The caller opens a new connection later."""


@contextmanager
def _faults_translated() -> Iterator[None]:
    try:
        yield
    # AttributeError: redis-py 8.1 may remove its writer just before another task uses it.
    except (RedisError, OSError, TimeoutError, AttributeError) as error:
        raise _RedisFault(str(error)) from error


def _check(pubsub: PubSub) -> None:
    # Without this check, redis-py would reconnect silently. Then the subscriptions would lose
    # messages and get no empty message.
    connection: Connection | None = pubsub.connection
    if connection is None or not connection.is_connected:
        raise ConnectionError("the connection was lost")


async def find_fault(url: str) -> str:
    """Return why instances cannot talk over this Redis; an empty text when a message arrived.

    This sends one message on a channel of its own. So it also finds a user who may not publish.
    """
    wait = _ANSWER_SECONDS
    client: Redis = Redis.from_url(
        url, socket_timeout=wait, socket_connect_timeout=wait, retry=Retry(NoBackoff(), 0)
    )
    channel = f"weft:check:{time.time_ns()}"
    try:
        with _faults_translated():
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(channel)
                await client.publish(channel, b"check")
                while (arrived := await pubsub.get_message(timeout=wait)) is not None:
                    if arrived["type"] == "message":
                        return ""
        return "a published message did not arrive"
    except _RedisFault as fault:
        return str(fault).rstrip(".") or "no answer"
    finally:
        await client.aclose()


def _is_cancelled() -> bool:
    """Whether this task was cancelled. `wait_for` in redis-py may swallow that during a send.

    Only a task that runs no task group may ask this: a group that failed leaves its mark.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class RedisGossip:
    """Sends and receives messages while `run` runs.

    Invariant: a channel whose message was not sent gets `LOST` later. A subscription gets `LOST`
    whenever this process subscribes to its channel in Redis, also after a reconnect.
    """

    reaches_others = True

    def __init__(self, url: str) -> None:
        self._client: Redis = Redis.from_url(
            url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            # No retries by redis-py: this class reconnects, and `ping` is False meanwhile.
            retry=Retry(NoBackoff(), 0),
        )
        # All databases of a Redis server share their channels. So the number is in the name.
        number = self._client.connection_pool.connection_kwargs.get("db") or 0
        self._prefix = f"weft:{number}:"
        self._readers = Readers()
        self._wanted_changed = asyncio.Event()
        self._followed: set[str] = set()  # the channels that are subscribed in Redis
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._outbox_bytes = 0
        self._to_keep: dict[str, tuple[bytes, float]] = {}  # the values that are not sent yet
        self._channels_with_loss: set[str] = set()
        self._filled = asyncio.Event()
        self._sends, self._listens = True, False  # whether the last try of each succeeded

    @property
    def is_connected(self) -> bool:
        return self._sends and self._listens

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_sending(), name="gossip out")
                group.create_task(self._keep_listening(), name="gossip in")
        finally:
            with suppress(_RedisFault, TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._send_all()
            await self._client.aclose()

    async def ping(self) -> bool:
        try:
            # No timeout here: redis-py has its own. A cancelled call would leave a half-open
            # connection.
            with _faults_translated():
                return bool(await self._client.ping())
        except _RedisFault:
            return False

    # --- out --------------------------------------------------------------------------------

    def publish(self, channel: str, message: bytes) -> None:
        self._filled.set()
        # Redis may be away for days. A message that is too large would push out all others.
        if not self._sends or len(message) > _OUTBOX_BYTES:
            self._channels_with_loss.add(channel)
            return
        self._outbox.append((channel, message))
        self._outbox_bytes += len(message)
        while len(self._outbox) > _OUTBOX or self._outbox_bytes > _OUTBOX_BYTES:
            self._channels_with_loss.add(self._take()[0])

    def _take(self) -> tuple[str, bytes]:
        """Take the oldest message out of the outbox."""
        channel, message = self._outbox.popleft()
        self._outbox_bytes -= len(message)
        return channel, message

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        self._to_keep[name] = value, seconds
        self._filled.set()

    async def kept(self, name: str) -> bytes | None:
        try:
            with _faults_translated():
                value = await self._client.get(self._prefix + name)
                return value if isinstance(value, bytes) else None
        except _RedisFault:
            return None

    async def _keep_sending(self) -> None:
        while not _is_cancelled():
            await self._filled.wait()
            self._filled.clear()
            try:
                await self._send_all()
                self._sends = True
            except _RedisFault as fault:
                self._note_fault("cannot send to Redis", fault)
                self._sends = False
                self._filled.set()
                await asyncio.sleep(_RETRY_SECONDS)

    async def _send_all(self) -> None:
        while self._outbox or self._channels_with_loss:
            messages = [(channel, LOST) for channel in self._channels_with_loss]
            self._channels_with_loss.clear()
            while self._outbox and len(messages) < _BATCH:
                messages.append(self._take())
            await self._send(messages)
        await self._send_kept()

    async def _send_kept(self) -> None:
        """Send the values to keep. On a fault they are dropped: the next ones are newer."""
        values, self._to_keep = self._to_keep, {}
        for name, (value, seconds) in values.items():
            with _faults_translated():
                await self._client.set(self._prefix + name, value, px=int(seconds * 1000))

    async def _send(self, messages: list[tuple[str, bytes]]) -> None:
        """Send messages in one round trip. On a fault, note that their channels lost messages."""
        try:
            with _faults_translated():
                async with self._client.pipeline(transaction=False) as pipeline:
                    for channel, message in messages:
                        pipeline.publish(self._prefix + channel, message)
                    await pipeline.execute()
        except _RedisFault:
            self._channels_with_loss.update(channel for channel, _ in messages)
            raise

    # --- in ---------------------------------------------------------------------------------

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        if channel in self._followed:
            # Redis may send no further `subscribe` message for this channel.
            asyncio.get_running_loop().call_soon(deliver, LOST)
        end = self._readers.add(channel, deliver, self._wanted_changed.set)
        self._wanted_changed.set()
        return end

    async def _keep_listening(self) -> None:
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await self._follow_and_listen(pubsub)
            except* _RedisFault as faults:
                self._note_fault("cannot read from Redis", faults.exceptions[0])
            self._listens = False
            await asyncio.sleep(_RETRY_SECONDS)

    def _note_fault(self, what: str, fault: BaseException) -> None:
        """Log the first fault after a success. Redis may be away for days."""
        if self.is_connected:
            logger.warning("gossip %s; the server tries again: %s", what, fault)

    async def _follow_and_listen(self, pubsub: PubSub) -> None:
        with _faults_translated():
            # redis-py opens the connection only when we subscribe to a channel. So we subscribe to
            # this channel, to which no instance publishes.
            await pubsub.subscribe(self._prefix)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(pubsub), name="gossip channels")
            group.create_task(self._listen(pubsub), name="gossip messages")

    async def _follow(self, pubsub: PubSub) -> None:
        """Subscribe and unsubscribe channels in Redis whenever our subscriptions change."""
        self._followed = set()
        self._wanted_changed.set()
        while not _is_cancelled():
            await self._wanted_changed.wait()
            self._wanted_changed.clear()
            wanted, followed = self._readers.channels, self._followed
            with _faults_translated():
                _check(pubsub)
                if wanted - followed:
                    await pubsub.subscribe(*(self._prefix + one for one in wanted - followed))
                if followed - wanted:
                    await pubsub.unsubscribe(*(self._prefix + one for one in followed - wanted))
            self._followed = wanted

    async def _listen(self, pubsub: PubSub) -> None:
        silent = False
        while not _is_cancelled():
            with _faults_translated():
                _check(pubsub)
                message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
                if message is None and silent:
                    raise TimeoutError("no answer to PING")
                if message is None:
                    await pubsub.ping()
            silent = message is None
            if message is not None:
                self._listens = True
                self._deliver(message["type"], message["channel"], message["data"])

    def _deliver(self, kind: str, channel: bytes | None, data: object) -> None:
        if channel is None or kind not in {"message", "subscribe"}:
            return
        message = data if kind == "message" and isinstance(data, bytes) else LOST
        self._readers.deliver(channel.decode().removeprefix(self._prefix), message)
