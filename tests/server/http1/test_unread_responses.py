"""Unread responses: their memory is limited, and the longest stalled client is aborted first."""

from __future__ import annotations

from typing import Any

from server.http1.unread_responses import UnreadResponses


class Cuts(list[str]):
    """The names of the aborted clients."""

    def of(self, name: str) -> Any:
        return lambda: self.append(name)


def test_the_longest_stalled_client_is_aborted_first() -> None:
    unread, cuts = UnreadResponses(100), Cuts()
    first = unread.add(cuts.of("first"), b"a" * 40)
    unread.add(cuts.of("second"), b"b" * 40)
    unread.touch(first)
    unread.add(cuts.of("third"), b"c" * 40)
    assert cuts == ["second"]
    assert (unread.bytes, len(unread)) == (80, 2)


def test_a_single_response_may_exceed_the_limit() -> None:
    unread, cuts = UnreadResponses(100), Cuts()
    unread.add(cuts.of("small"), 50)
    unread.add(cuts.of("large"), b"x" * 1000)
    assert cuts == ["small"]
    assert unread.bytes == 1000


def test_a_shared_body_counts_once() -> None:
    unread, cuts, body = UnreadResponses(100), Cuts(), b"s" * 60
    held = [unread.add(cuts.of("sharer"), body) for _ in range(50)]
    assert (cuts, unread.bytes) == ([], 60)
    for each in held:
        assert unread.bytes == 60
        unread.remove(each)
        unread.remove(each)
    assert (unread.bytes, len(unread)) == (0, 0)


def test_without_a_limit_no_client_is_aborted() -> None:
    unread, cuts = UnreadResponses(0), Cuts()
    for number in range(50):
        unread.add(cuts.of("any"), bytes(1000 + number))
    assert cuts == []
