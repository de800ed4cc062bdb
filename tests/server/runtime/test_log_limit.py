"""A log statement writes a burst, then one line a second, and counts dropped lines."""

from __future__ import annotations

import logging

from server.runtime.log_limit import LogLimit


def record(at: float, line: int = 1, text: str = "m") -> logging.LogRecord:
    made = logging.LogRecord("server", logging.WARNING, "server/x.py", line, text, (), None)
    made.created = at
    return made


def test_a_log_statement_writes_a_burst_then_its_rate() -> None:
    limit = LogLimit(burst=5, per_second=1.0)
    passed = [limit.filter(record(100.0, text=f"of client {n}")) for n in range(50)]
    assert passed == [True] * 5 + [False] * 45
    later = [record(100.0 + second) for second in (1.0, 1.1, 2.0)]
    assert [limit.filter(one) for one in later] == [True, False, True]
    assert [getattr(one, "left_out", None) for one in later] == [45, None, 1]


def test_each_log_statement_has_its_own_limit() -> None:
    limit = LogLimit(burst=1)
    assert [limit.filter(record(1.0, line)) for line in (1, 2, 1, 2)] == [True, True, False, False]


def test_a_clock_that_goes_back_blocks_lines_only_briefly() -> None:
    limit = LogLimit(burst=1, per_second=1.0)
    assert limit.filter(record(1000.0))
    assert not limit.filter(record(10.0))
    assert limit.filter(record(11.0))
