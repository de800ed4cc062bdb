"""Uploads are limited in number, in bytes per second, and in memory."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from collab.errors import Code, Rejected
from server.assets.uploads import BUFFER_BYTES, BURST_SECONDS, MOST, MOST_OWN, WHOLE, Uploads
from tests.manual_clock import ManualClock

ADA, BO = ("demo", "ada"), ("demo", "bo")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def limited(clock: ManualClock, tmp_path: Path) -> Iterator[Uploads]:
    made = Uploads(clock, bytes_per_second=1000, largest=5000, folder=tmp_path)
    yield made
    made.close()


async def test_a_user_has_a_part_of_the_uploads(limited: Uploads) -> None:
    with ExitStack() as running:
        for _ in range(MOST_OWN):
            running.enter_context(limited.running(ADA))
        with pytest.raises(Rejected, match="too many uploads"), limited.running(ADA):
            pass
        for _ in range(MOST - MOST_OWN):
            running.enter_context(limited.running(BO))
        with pytest.raises(Rejected) as refused, limited.running(("demo", "cy")):
            pass
        assert refused.value.refusal.code is Code.RATE_LIMITED
        assert refused.value.refusal.extra["retry_after_ms"] > 0
    assert len(limited) == 0
    with limited.running(ADA):
        assert len(limited) == 1


async def test_a_user_in_debt_waits_and_others_do_not(limited: Uploads, clock: ManualClock) -> None:
    burst = BURST_SECONDS * 1000
    with limited.running(ADA) as budget:
        budget.bytes.spend(burst + 2000, clock.monotonic())
    with pytest.raises(Rejected, match="faster") as refused, limited.running(ADA):
        pass
    assert refused.value.refusal.extra["retry_after_ms"] == 2000
    with limited.running(BO), limited.running(("other", "ada")):
        pass
    assert len(limited) == 0
    clock.advance(2)
    with limited.running(ADA):
        pass


async def test_the_burst_has_room_for_the_largest_asset(clock: ManualClock) -> None:
    slow = Uploads(clock, bytes_per_second=10, largest=5000)
    with slow.running(ADA) as budget:
        assert budget.allowance.bytes_burst == 5000
    slow.close()


async def test_a_budget_of_zero_is_no_limit(clock: ManualClock) -> None:
    free = Uploads(clock, bytes_per_second=0, largest=5000)
    for _ in range(3):
        with free.running(ADA) as budget:
            budget.bytes.spend(10**12, clock.monotonic())
    free.close()


async def test_few_files_are_in_memory_as_a_whole(limited: Uploads) -> None:
    inside: list[str] = []
    go_on = asyncio.Event()

    async def take(user: str) -> None:
        with limited.running(("demo", user)):
            async with limited.turn(("demo", user)):
                inside.append(user)
                await go_on.wait()

    tasks = [asyncio.create_task(take(user)) for user in ("ada", "ada", "bo", "cy")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert inside == ["ada", "bo"][:WHOLE], "a user has one turn at a time"
    go_on.set()
    await asyncio.gather(*tasks)
    assert sorted(inside) == ["ada", "ada", "bo", "cy"]


async def test_a_failed_turn_is_free_again(limited: Uploads) -> None:
    for _ in range(2 * WHOLE):
        with pytest.raises(ZeroDivisionError), limited.running(ADA):
            async with limited.turn(ADA):
                raise ZeroDivisionError
    assert limited._own_turns == {}


@pytest.mark.parametrize("size", [0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, 3 * BUFFER_BYTES + 5])
async def test_a_spool_gives_back_what_was_written(limited: Uploads, size: int) -> None:
    body = os.urandom(size)
    spool = limited.spool()
    for start in range(0, size, 10_007):
        await spool.write(body[start : start + 10_007])
    assert await spool.read() == body
    spool.close()


async def test_a_spool_keeps_little_in_memory(limited: Uploads) -> None:
    spool = limited.spool()
    for _ in range(100):
        await spool.write(b"x" * 65_536)
        assert len(spool._buffer) < BUFFER_BYTES
    spool.close()


async def test_the_file_of_a_spool_has_no_name(limited: Uploads, tmp_path: Path) -> None:
    spool = limited.spool()
    await spool.write(b"x" * (2 * BUFFER_BYTES))
    assert os.listdir(tmp_path) == []
    spool.close()


async def test_a_full_disk_refuses_the_upload(
    limited: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(dir: object) -> object:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    spool = limited.spool()
    with pytest.raises(Rejected) as refused:
        await spool.write(b"x" * BUFFER_BYTES)
    assert refused.value.refusal.code is Code.STORAGE_FULL
    spool.close()
