"""The server follows RFC 6455: each case over a real socket, and byte by byte in the reader."""

from __future__ import annotations

import pytest

from server.websocket.frame_reader import FrameReader, Violation, close_code
from server.websocket.socket import SocketBounds
from tests.server.http1.raw_client import CLOSE, PONG, RawClient, Received, close
from tests.server.lanes.wire_cases import CASES, MAX_MESSAGE, OPEN, Case
from tests.server.lanes.wire_server import on_both_loops, serving

BOUNDS = SocketBounds(max_message=MAX_MESSAGE)
NO_CODE = 1005


@pytest.mark.thorough
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@on_both_loops
async def test_the_server_answers_every_case_like_rfc_6455(case: Case) -> None:
    async with serving(bounds=BOUNDS) as served, RawClient(served.port) as client:
        await client.shake_hands()
        client.send(case.sent)
        echoed = [await client.receive() for _ in case.echoed]
        assert tuple(echoed) == case.echoed
        if case.code == OPEN:
            client.send(close(1000))
        answer, *rest = await client.receive_all()
        assert answer.opcode == CLOSE
        assert rest == []
        assert (answer.code if answer.payload else NO_CODE) == (case.code or 1000)
        handler = await served.handler()
        await handler.over.wait()
        assert handler.codes == [case.code or 1000]


def read(chunks: list[bytes]) -> tuple[list[Received], int]:
    """Return the messages that a reader finds in the bytes, and its close code."""
    reader = FrameReader(BOUNDS.max_message, BOUNDS.max_fragments)
    heard: list[Received] = []
    try:
        for chunk in chunks:
            reader.feed(chunk)
            while (message := reader.next()) is not None:
                if message[0] == CLOSE:
                    return heard, close_code(message[1])
                heard.append(Received(*message))
    except Violation as violation:
        return heard, violation.code
    return heard, OPEN


SHORT = [case for case in CASES if len(case.sent) < 2000]


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
def test_splitting_the_bytes_changes_nothing(case: Case) -> None:
    sent = case.sent
    whole = read([sent])
    assert read([sent[i : i + 1] for i in range(len(sent))]) == whole
    assert read([sent[i : i + 7] for i in range(0, len(sent), 7)]) == whole
    for cut in range(1, min(len(sent), 64)):
        assert read([sent[:cut], sent[cut:]]) == whole


def test_there_are_over_200_cases_with_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 200
    assert PONG in {one.opcode for case in CASES for one in case.echoed}
