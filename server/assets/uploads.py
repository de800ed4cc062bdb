"""Limits uploads: how many run at once, their bytes per second, and their memory.

The bytes of an upload wait in a temporary file until the whole body has arrived. So a slow upload
takes little memory, and holds up no other upload. Then the upload waits for its turn, and only then
its file is in memory as a whole.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeVar

from collab.errors import Code, Rejected
from collab.flow.budget import Allowance, BudgetPool, to_ms
from collab.ports.assets import FULL

if TYPE_CHECKING:
    from collab.flow.budget import ByteAndMessageBudget
    from server.runtime.clock import Clock

T = TypeVar("T")

# Uploads whose bodies arrive or wait, in total and of one user.
MOST: Final = 64
MOST_OWN: Final = 32
# Uploads whose files are in memory as a whole. Each user has at most one of them.
WHOLE: Final = 2
# A user may upload the bytes of this many seconds at once, and at least one asset.
BURST_SECONDS: Final = 32
BUSY_MS: Final = 2000
# Bytes of a body that wait in memory for one call of a thread.
BUFFER_BYTES: Final = 256 * 1024


class Uploads:
    """The uploads of this process.

    Invariant: an upload takes at most `BUFFER_BYTES` of memory, besides the connection's own limit.
    At most `WHOLE` uploads have their whole file in memory.
    """

    def __init__(
        self, clock: Clock, *, bytes_per_second: int, largest: int, folder: Path | None = None
    ) -> None:
        burst = max(largest, BURST_SECONDS * bytes_per_second)
        self.budget_pool = BudgetPool(Allowance(bytes_per_second, burst), Allowance(0, 0))
        self._clock = clock
        self._folder = folder
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="uploads")
        self._of: Counter[tuple[str, str]] = Counter()
        self._turns = asyncio.Semaphore(WHOLE)
        self._own_turns: dict[tuple[str, str], asyncio.Lock] = {}

    def __len__(self) -> int:
        return self._of.total()

    @contextmanager
    def running(self, owner: tuple[str, str]) -> Iterator[ByteAndMessageBudget]:
        """Count an upload of a user, and yield the budget that its bytes spend.

        `owner` is the tenant and the user. Raise `rate_limited` when the budget is used up, or when
        too many uploads run.
        """
        if len(self) >= MOST or self._of[owner] >= MOST_OWN:
            raise _busy("too many uploads are running; try again later", BUSY_MS)
        budgets = self.budget_pool.acquire(owner, self._clock.monotonic())
        self._of[owner] += 1
        try:
            wait = budgets.inbound.wait(self._clock.monotonic())
            if wait:
                raise _busy("you upload faster than your budget allows; try again later", wait)
            yield budgets.inbound
        finally:
            self.budget_pool.release(owner, self._clock.monotonic())
            self._of[owner] -= 1
            if not self._of[owner]:
                del self._of[owner]
                self._own_turns.pop(owner, None)

    def spool(self) -> Spool:
        """Return an empty spool. The caller closes it."""
        return Spool(self._threads, self._folder)

    @asynccontextmanager
    async def turn(self, owner: tuple[str, str]) -> AsyncIterator[None]:
        """Wait until the file of a user may be in memory as a whole. The upload is `running`."""
        async with self._own_turns.setdefault(owner, asyncio.Lock()), self._turns:
            yield

    def close(self) -> None:
        self._threads.shutdown()


class Spool:
    """The body of an upload: in memory while it is short, else in a temporary file.

    The file has no name. So it is gone when the spool is closed, or when the process ends.
    """

    def __init__(self, threads: ThreadPoolExecutor, folder: Path | None) -> None:
        self._threads = threads
        self._folder = folder
        self._buffer = bytearray()
        self._file: IO[bytes] | None = None

    async def write(self, chunk: bytes) -> None:
        """Add bytes. When the disk is full, raise `storage_full`."""
        self._buffer += chunk
        if len(self._buffer) >= BUFFER_BYTES:
            full, self._buffer = self._buffer, bytearray()
            await self._run(lambda: self._append(full))

    async def read(self) -> bytes:
        """Return the whole body."""
        return bytes(self._buffer) if self._file is None else await self._run(self._whole)

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk
                self._file.close()

    def _append(self, data: bytearray) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - see `close`
        self._file.write(data)

    def _whole(self) -> bytes:
        assert self._file is not None
        self._file.write(self._buffer)
        self._file.seek(0)
        return self._file.read()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OSError as error:
            if error.errno in FULL:
                raise disk_is_full() from error
            raise


def disk_is_full() -> Rejected:
    return Rejected(Code.STORAGE_FULL, "the server's disk is full; nothing was stored")


def _busy(message: str, wait: float) -> Rejected:
    milliseconds = wait if isinstance(wait, int) else to_ms(wait)
    return Rejected(Code.RATE_LIMITED, message, retry_after_ms=max(1, milliseconds))
