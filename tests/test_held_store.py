"""The held store: it keeps the contract of a store, and obeys each order of a test."""

from __future__ import annotations

import asyncio
import threading
from itertools import count

import pytest

from collab.ids import DocKey
from collab.ports.store import Clash, Committed, StorageUnavailable, Store
from server.runtime.worker_threads import run_in_thread
from storage.memory.store import MemoryStore
from tests.held_store import HeldCalls, held, until
from tests.storage.contract import HOME, StoreContract, further, made
from tests.storage.steps_contract import StepsContract

Held = tuple[MemoryStore, HeldCalls]


class TestHeldStore(StoreContract, StepsContract):
    @pytest.fixture
    def store(self) -> Store:
        return held(MemoryStore(clock=count(1).__next__))[0]


@pytest.fixture
def both() -> Held:
    return held(MemoryStore())


async def test_a_held_commit_has_written_nothing_until_it_is_released(both: Held) -> None:
    store, calls = both
    calls.hold("commit")
    committing = asyncio.create_task(store.commit([made(HOME)]))
    [call] = await calls.reached("commit")
    assert (call.args, call.is_written) == (([made(HOME)],), False)
    assert await store.position(HOME) is None
    calls.release("commit")
    assert await committing == [Committed()]
    assert await store.commit([further(HOME, 1)]) == [Committed()]


async def test_a_commit_that_is_held_after_the_write_is_durable_and_not_answered(
    both: Held,
) -> None:
    store, calls = both
    calls.hold("commit", after=True)
    committing = asyncio.create_task(store.commit([made(HOME)]))
    await calls.reached("commit")
    position = await store.position(HOME)
    assert position is not None
    assert not committing.done()
    calls.release("commit")
    assert await committing == [Committed()]


async def test_held_calls_are_released_one_by_one_in_the_order_of_the_test(both: Held) -> None:
    store, calls = both
    calls.hold("commit")
    first = asyncio.create_task(store.commit([made(HOME)]))
    await calls.reached("commit")
    second = asyncio.create_task(store.commit([made(HOME)]))
    earlier, later = await calls.reached("commit", 2)
    later.release()
    assert await second == [Committed()]
    earlier.release()
    assert await first == [Clash()]


@pytest.mark.parametrize("after", [False, True])
async def test_one_call_fails_before_or_after_its_write(both: Held, after: bool) -> None:
    store, calls = both
    calls.fail_next("commit", after=after)
    with pytest.raises(StorageUnavailable):
        await store.commit([made(HOME)])
    assert (await store.position(HOME) is not None) is after
    assert await store.commit([made(DocKey("demo", "other"))]) == [Committed()]


async def test_all_calls_fail_until_the_store_is_mended(both: Held) -> None:
    store, calls = both
    calls.fail("load", "ping", error=RuntimeError("a bug"))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await store.load(HOME)
    calls.mend("load")
    await store.load(HOME)
    with pytest.raises(RuntimeError):
        await store.ping()
    calls.mend()
    await store.ping()


async def test_a_ready_answer_takes_the_place_of_one_call(both: Held) -> None:
    store, calls = both
    calls.answer_next("commit", [Clash()])
    assert await store.commit([made(HOME)]) == [Clash()]
    assert await store.commit([made(HOME)]) == [Committed()]
    assert [call.args for call in calls.of("commit")] == [([made(HOME)],)] * 2


async def test_a_delayed_call_lets_other_tasks_run_first(both: Held) -> None:
    store, calls = both
    calls.delay("commit", 3)
    slow = asyncio.create_task(store.commit([made(HOME)]))
    await asyncio.sleep(0)
    assert await store.position(HOME) is None
    assert await slow == [Committed()]


async def test_a_cancelled_call_is_no_longer_held(both: Held) -> None:
    store, calls = both
    calls.hold("load")
    loading = asyncio.create_task(store.load(HOME))
    await calls.reached("load")
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    assert calls.held("load") == []


async def test_waiting_for_a_condition_that_never_comes_true_fails() -> None:
    with pytest.raises(AssertionError, match="did not come true"):
        await until(lambda: False, turns=3)


async def test_waiting_lasts_as_long_as_a_worker_thread_works() -> None:
    gate = threading.Event()
    working = asyncio.create_task(run_in_thread(gate.wait))
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await until(working.done, turns=20)
