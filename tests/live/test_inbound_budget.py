"""A client over its budget is slowed down, then refused, and loses no edit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import RunningServer

BUDGET = {
    "WEFT_IN_BYTES_PER_SECOND": "20000",
    "WEFT_IN_BURST": "20000",
    "WEFT_IN_MESSAGES_PER_SECOND": "50",
    "WEFT_IN_MESSAGES_BURST": "50",
    "WEFT_SLOW_SECONDS": "1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=BUDGET) as running:
        yield running


def told(client: PatchClient, direction: str = "in") -> list[str]:
    """Return the states of the `backpressure` notices that a client got."""
    return [
        message["state"]
        for message in client.others
        if message["type"] == "backpressure" and message["direction"] == direction
    ]


async def test_a_frame_larger_than_the_burst_is_accepted_and_delays_the_next(
    join: Join, doc: str, server: RunningServer
) -> None:
    one = await join(doc, await server.mint("large"), create={"t": ""})
    assert (await one.set("/t", "x" * 50_000))["type"] == "ack"
    await one.until(lambda: told(one) == ["on"])
    [on] = [message for message in one.others if message["type"] == "backpressure"]
    assert on["budget"] == {"bytes_per_second": 20_000, "burst": 20_000}
    assert on["retry_after_ms"] > 1000
    await one.send({"type": "ping", "at": "behind it"})
    await one.until(lambda: any(message["type"] == "pong" for message in one.others))
    await one.until(lambda: told(one) == ["on", "clear"])
    assert one.socket.close_code is None


async def test_each_message_of_an_array_counts_and_gets_a_retry_time_when_refused(
    join: Join, doc: str, server: RunningServer
) -> None:
    one = await join(doc, await server.mint("array"), create={"n": 0})
    ops = [{"op": "replace", "path": "/n", "value": 1}]
    batch = [{"type": "patch", "id": f"p{n}", "base": 1, "ops": ops} for n in range(80)]
    await one.send(*batch)
    answers = [await one.answer(f"p{n}") for n in range(80)]
    refused = [answer for answer in answers if answer.get("code") == "rate_limited"]
    assert 25 <= len(refused) <= 35
    assert all(answer["retryable"] and answer["retry_after_ms"] > 0 for answer in refused)
    assert answers[79] in refused
    assert answers[0]["type"] == "ack"
    await one.until(lambda: told(one) == ["on", "clear"])
    await one.send(
        *[{"type": "ping", "at": n} for n in range(80)]
    )  # messages without an id get an `error` each
    await one.until(lambda: any(message["type"] == "error" for message in one.others))
    [error, *_] = [message for message in one.others if message["type"] == "error"]
    assert (error["code"], error["retryable"]) == ("rate_limited", True)
    assert error["retry_after_ms"] > 0
    await one.until(lambda: told(one) == ["on", "clear", "on", "clear"])
    del one.rejects["p79"]  # the client may retry it
    assert (await one.answer(await one.patch(*ops, id="p79")))["type"] == "ack"


async def test_messages_have_a_budget_apart_from_bytes_and_none_is_lost(
    join: Join, doc: str, server: RunningServer
) -> None:
    """A burst of frames is slowed down by TCP."""
    one = await join(doc, await server.mint("typist"), create={"n": 0})
    began = asyncio.get_running_loop().time()
    ids = [await one.patch({"op": "replace", "path": "/n", "value": n}) for n in range(90)]
    answers = [await one.answer(each) for each in ids]
    assert {answer["type"] for answer in answers} == {"ack"}
    assert asyncio.get_running_loop().time() - began > (90 - 55) / 50
    await one.until(lambda: told(one)[:1] == ["on"])
    assert one.socket.close_code is None


async def test_a_client_that_ignores_refusals_gets_a_notice_and_is_closed(
    join: Join, doc: str, server: RunningServer
) -> None:
    one = await join(doc, await server.mint("flood"), create={"n": 0})

    async def flood() -> None:
        while one.socket.close_code is None:
            await one.send({"type": "ping", "at": "x" * 5_000})

    flooding = asyncio.create_task(flood(), name="flood")
    assert await one.until_closed() == 4529
    [notice] = [message for message in one.others if message["type"] == "disconnect_notice"]
    assert (notice["code"], notice["reason"]) == (4529, "rate_limited")
    assert notice["retry_after_ms"] > 0
    flooding.cancel()
    await asyncio.gather(flooding, return_exceptions=True)


async def test_http_shares_the_budget_and_answers_with_retry_after(
    join: Join, doc: str, server: RunningServer
) -> None:
    token, other = await server.mint("script"), await server.mint("other")
    one = await join(doc, token, create={"t": ""})
    await one.set("/t", "x" * 50_000)
    await one.until(lambda: told(one) == ["on"])
    url = f"{server.http}/v1/docs/{doc}"
    refused = await asyncio.to_thread(call, "GET", url, token=token)
    assert refused.status == 429
    assert refused.body["code"] == "rate_limited"
    assert refused.body["retry_after_ms"] > 0
    assert int(refused.headers["retry-after"]) >= 1
    assert (await asyncio.to_thread(call, "GET", url, token=other)).status == 200
    await one.until(lambda: told(one) == ["on", "clear"])
    assert (await asyncio.to_thread(call, "GET", url, token=token)).status == 200


@pytest.mark.parametrize("edits", [80, 400])
async def test_a_yjs_client_that_floods_loses_no_edit(
    join: Join, join_yjs: JoinYjs, doc: str, server: RunningServer, edits: int
) -> None:
    """The Yjs lane refuses no single update: the client slows down, or reconnects and syncs all."""
    reader = await join(doc, await server.mint("reader"), create={"list": {}})
    yjs = await join_yjs(doc, await server.mint("yjs"))
    await yjs.run(
        "peer.codes = [];"
        "peer.provider.on('connection-close', (event) => event && peer.codes.push(event.code));"
        # Each edit is an update of its own: the timer makes them after the snippet's transaction.
        "setTimeout(() => {"
        f"  for (let n = 0; n < {edits}; n++) content.get('list').set('k' + n, n)"
        "})"
    )
    expected = {f"k{n}": n for n in range(edits)}
    await reader.until(lambda: reader.value["list"] == expected, 60)
    assert await yjs.read() == {"list": expected}
    codes: list[Any] = await yjs.run("return peer.codes")
    assert set(codes) <= {4529}
    assert bool(codes) is (edits == 400)
    late = await join_yjs(doc, await server.mint("late"))
    assert await late.read() == {"list": expected}


async def test_awareness_states_that_a_yjs_client_echoes_are_not_charged(
    join: Join, join_yjs: JoinYjs, doc: str, server: RunningServer
) -> None:
    """y-websocket sends back every state that it receives. In a crowd this exceeds a budget."""
    crowd = [await join(doc, await server.mint(f"c{n}"), create={}) for n in range(10)]
    yjs = await join_yjs(doc, await server.mint("echo"))
    await yjs.run("peer.codes = []; peer.provider.on('connection-close', e => peer.codes.push(1))")
    padding = "x" * 1900
    for turn in range(9):
        for one in crowd:
            await one.send({"type": "presence", "state": {"turn": turn, "padding": padding}})
        moved = f"Object.values(states).filter((state) => state.turn === {turn}).length === 10"
        await yjs.until(moved)
    await yjs.run("content.set('edit', 1)")
    await crowd[0].until(
        lambda: crowd[0].value == {"edit": 1}, 4
    )  # recovering a used-up budget would take 7 s
    assert await yjs.run("return peer.codes") == []
