"""The pipeline queue: a few connections resume in each round, and then wait again at the end."""

from __future__ import annotations

import asyncio

from server.http1.pipeline_queue import PipelineQueue


async def test_every_connection_resumes_once_before_any_twice() -> None:
    queue, order, over = PipelineQueue(per_round=2, round_seconds=0.0), [], asyncio.Event()
    left = dict.fromkeys("abc", 3)

    def go_on(name: str) -> None:
        order.append(name)
        left[name] -= 1
        if left[name]:
            queue.add(lambda: go_on(name))
        if not any(left.values()):
            over.set()

    for name in left:
        queue.add(lambda name=name: go_on(name))  # type: ignore[misc]
    assert order == []
    await over.wait()
    assert "".join(order) == "abc" * 3
    assert len(queue) == 0


async def test_the_event_loop_runs_between_rounds() -> None:
    queue, rounds, over = PipelineQueue(per_round=3, round_seconds=0.0), [], asyncio.Event()
    for number in range(9):
        queue.add(lambda number=number: rounds.append(number))  # type: ignore[misc]
    queue.add(over.set)
    seen = []
    while not over.is_set():
        await asyncio.sleep(0)
        seen.append(len(rounds))
    assert {3, 6, 9} <= set(seen) <= {0, 3, 6, 9}
