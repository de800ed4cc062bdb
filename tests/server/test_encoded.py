"""The value of a version is in memory once while it is sent, and not at all afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.responses import Response

from collab.ids import DocKey
from server.beside import LARGE
from server.http.encoded import Encodings

KEY = DocKey("demo", "home")
SIZES = pytest.mark.parametrize("size", [10, LARGE + 1])


async def answer(
    encodings: Encodings, value: Any, size: int, epoch: int = 1, version: int = 2
) -> Response:
    return await encodings.answer(KEY, epoch, version, value, size)


@SIZES
async def test_answers_with_one_value_share_their_bytes(size: int) -> None:
    encodings = Encodings()
    asked = [answer(encodings, {"a": "é"}, size) for _ in range(2)]
    first, second = await asyncio.gather(*asked)
    assert first.body is second.body
    assert first.body == '{"a":"é"}'.encode()
    assert first.headers["content-type"] == "application/json"
    assert len(encodings) == 1


@SIZES
async def test_another_version_or_epoch_is_another_value(size: int) -> None:
    encodings = Encodings()
    held = [
        await answer(encodings, version, size, epoch, version)
        for epoch, version in ((1, 1), (1, 2))
    ]
    assert [one.body for one in held] == [b"1", b"2"]
    again = await answer(encodings, {"new": True}, size, epoch=2, version=1)
    assert again.body == b'{"new":true}'


@SIZES
async def test_what_was_sent_is_forgotten(size: int) -> None:
    encodings = Encodings()
    held = await answer(encodings, [1], size)
    assert len(encodings) == 1
    del held
    assert len(encodings) == 0
