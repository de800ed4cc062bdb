"""Unread responses: how much is kept for clients that do not read, and who is cut off first."""

from __future__ import annotations

from typing import Any

from server.http1.unread_responses import UnreadResponses


class Cuts(list[str]):
    """Who was cut off."""

    def of(self, name: str) -> Any:
        return lambda: self.append(name)


def test_the_client_that_read_nothing_for_longest_is_cut_off() -> None:
    unread, cuts = UnreadResponses(100), Cuts()
    first = unread.add(cuts.of("first"), b"a" * 40)
    unread.add(cuts.of("second"), b"b" * 40)
    unread.touch(first)
    unread.add(cuts.of("third"), b"c" * 40)
    assert cuts == ["second"]
    assert (unread.bytes, len(unread)) == (80, 2)


def test_one_answer_may_be_larger_than_all_may_be_together() -> None:
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


def test_without_a_limit_no_client_is_cut_off() -> None:
    unread, cuts = UnreadResponses(0), Cuts()
    for number in range(50):
        unread.add(cuts.of("any"), bytes(1000 + number))
    assert cuts == []
