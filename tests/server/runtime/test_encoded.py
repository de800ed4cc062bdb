"""A value is in memory once while it is sent, and is compressed once."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from starlette.responses import Response

from collab.ids import DocKey, Json
from server.runtime.encoded import OVERHEAD, EncodedValues, Position, ValueKey, compress_fast
from server.runtime.worker_threads import LARGE

KEY = DocKey("demo", "home")
SIZES = pytest.mark.parametrize("size", [10, LARGE + 1])


async def answer(
    encoded_values: EncodedValues, value: Any, size: int, epoch: int = 1, version: int = 2
) -> Response:
    return await encoded_values.response(ValueKey(KEY, Position(epoch, version)), value, size)


@SIZES
async def test_responses_with_the_same_value_share_their_bytes(size: int) -> None:
    encoded_values = EncodedValues()
    asked = [answer(encoded_values, {"a": "é"}, size) for _ in range(2)]
    first, second = await asyncio.gather(*asked)
    assert first.body is second.body
    assert first.body == '{"a":"é"}'.encode()
    assert first.headers["content-type"] == "application/json"
    assert len(encoded_values) == 1


@SIZES
async def test_each_version_and_epoch_has_its_own_bytes(size: int) -> None:
    encoded_values = EncodedValues()
    held = [
        await answer(encoded_values, version, size, epoch, version)
        for epoch, version in ((1, 1), (1, 2))
    ]
    assert [one.body for one in held] == [b"1", b"2"]
    again = await answer(encoded_values, {"new": True}, size, epoch=2, version=1)
    assert again.body == b'{"new":true}'


@SIZES
async def test_sent_bytes_are_freed(size: int) -> None:
    encoded_values = EncodedValues()
    held = await answer(encoded_values, [1], size)
    assert len(encoded_values) == 1
    del held
    assert len(encoded_values) == 0


# --- compressed -----------------------------------------------------------------------------

LONG: Json = ["warp", "weft"] * 500


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The coding of each body that was compressed."""
    codings: list[str] = []

    def note(coding: str, body: bytes) -> bytes:
        codings.append(coding)
        return compress_fast(coding, body)

    monkeypatch.setattr("server.runtime.encoded.compress_fast", note)
    return codings


async def test_a_version_is_compressed_once_for_each_coding(compressed: list[str]) -> None:
    encoded_values = EncodedValues()
    key = ValueKey(KEY, Position(1, 2))
    asked = [encoded_values.response(key, LONG, 10, coding) for coding in ("gzip", "br") * 10]
    answers = await asyncio.gather(*asked)
    assert sorted(compressed) == ["br", "gzip"]
    assert len({answer.body for answer in answers}) == 2
    assert {answer.headers["etag"] for answer in answers} == {'W/"1.2"'}
    del answers
    again = await encoded_values.response(key, LONG, 10, "gzip")
    assert json.loads(gzip.decompress(again.body)) == LONG
    assert len(compressed) == 2
    for at in (Position(1, 3), Position(2, 2)):
        await encoded_values.response(ValueKey(KEY, at), LONG, 10, "gzip")
    await encoded_values.response(ValueKey(KEY, Position(1, 2), "/a"), LONG, 10, "gzip")
    assert len(compressed) == 5


async def test_the_cache_of_compressed_bodies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.runtime.encoded.KEPT_BYTES", 2 * OVERHEAD + 1000)
    monkeypatch.setattr("server.runtime.encoded.compress_fast", lambda coding, body: bytes(400))
    encoded_values = EncodedValues()
    for version in range(5):
        await encoded_values.response(ValueKey(KEY, Position(1, version)), LONG, 10, "br")
    assert encoded_values.kept_bytes == 2 * (OVERHEAD + 400)
    await encoded_values.response(ValueKey(KEY, Position(1, 9), "/" + "x" * 500), LONG, 10, "br")
    assert encoded_values.kept_bytes == OVERHEAD + 901
