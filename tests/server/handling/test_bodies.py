"""Bodies: the number of values is limited, and checked before decoding."""

from __future__ import annotations

import msgspec
import pytest

from collab.errors import Code, Rejected
from server.handling.bodies import parse


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
async def test_commas_inside_strings_do_not_count_as_values(
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
async def test_a_body_with_too_many_values_is_refused_before_decoding(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        await parse(body, 50)
    assert caught.value.refusal.code is Code.TOO_LARGE


@pytest.mark.thorough
@pytest.mark.parametrize("end", [b"", b"\\", b'"', b'\\"'])
async def test_an_unterminated_string_is_scanned_once(end: bytes) -> None:
    """A search that starts again at each quote would take hours."""
    with pytest.raises(Rejected) as caught:
        await parse(b'["' + b'\\",' * 1_000_000 + end, 50)
    assert caught.value.refusal.code is Code.MALFORMED
