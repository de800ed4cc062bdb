"""A response's `Last-Modified` is never later than its `Date`, even when other clocks differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from server.http1.cycle import not_later

NOW = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


def text(moment: datetime) -> bytes:
    return format_datetime(moment, usegmt=True).encode()


@pytest.mark.parametrize("seconds", [1, 3600, 86_400 * 400])
def test_last_modified_is_never_later_than_date(seconds: int) -> None:
    later = text(NOW + timedelta(seconds=seconds))
    headers = [(b"a", later), (b"last-modified", later)]
    told = not_later(headers, {b"date": text(NOW)})
    assert told == [(b"a", later), (b"last-modified", text(NOW))]


@pytest.mark.parametrize("seconds", [0, -1, -86_400])
def test_an_earlier_last_modified_is_kept(seconds: int) -> None:
    headers = [(b"last-modified", text(NOW + timedelta(seconds=seconds)))]
    assert not_later(headers, {b"date": text(NOW)}) == headers


def test_a_response_without_both_dates_is_unchanged() -> None:
    headers = [(b"last-modified", text(NOW))]
    assert not_later(headers, {}) == headers
    assert not_later([(b"a", b"b")], {b"date": text(NOW)}) == [(b"a", b"b")]
