"""A write is tried again until it succeeds, at most so many times."""

from __future__ import annotations

import pytest

from collab.errors import Code, Rejected
from server.documents.attempts import TRIES, require_success, succeeds


class Attempts:
    """Counts attempts; the one with the number `succeeds_at` succeeds."""

    def __init__(self, succeeds_at: int) -> None:
        self.succeeds_at, self.count = succeeds_at, 0

    async def __call__(self) -> bool:
        self.count += 1
        return self.count == self.succeeds_at


@pytest.mark.parametrize("last", [1, TRIES])
async def test_no_attempt_follows_a_successful_one(last: int) -> None:
    made = Attempts(last)
    await require_success(made)
    assert made.count == last


async def test_after_the_last_attempt_the_request_is_refused() -> None:
    made = Attempts(TRIES + 1)
    assert not await succeeds(made)
    assert made.count == TRIES
    with pytest.raises(Rejected) as refused:
        await require_success(Attempts(TRIES + 1))
    assert refused.value.refusal.code is Code.CONFLICT
