"""Bodies: how many values one may hold, told before it is parsed."""

from __future__ import annotations

import msgspec
import pytest

from collab.errors import Code, Rejected
from server.http.bodies import parse


@pytest.mark.parametrize(
    "value",
    [
        [0] * 50,
        {f"k{n}": "v, [ {" for n in range(49)},
        ["a, b" * 5000],
        {'"\\': ['"', "\\", '\\"', ",,,,", "[[[[" * 30]},
        "",
        [[[[]]]] * 12,
    ],
)
async def test_a_body_with_few_values_is_parsed_however_many_commas_its_text_has(
    value: object,
) -> None:
    assert await parse(msgspec.json.encode(value), 50) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 51 + b"0]",
        b"[" + b'"",' * 51 + b"0]",
        b"{" + b'"a":{},' * 51,
        b"[" * 52,
        b'"' * 5000 + b"," * 60,
    ],
)
async def test_a_body_with_many_values_is_refused_before_it_is_parsed(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        await parse(body, 50)
    assert caught.value.refusal.code is Code.TOO_LARGE


@pytest.mark.thorough
@pytest.mark.parametrize("end", [b"", b"\\", b'"', b'\\"'])
async def test_a_string_without_its_end_is_searched_once(end: bytes) -> None:
    """A search from each quote in it would take hours."""
    with pytest.raises(Rejected) as caught:
        await parse(b'["' + b'\\",' * 1_000_000 + end, 50)
    assert caught.value.refusal.code is Code.MALFORMED
