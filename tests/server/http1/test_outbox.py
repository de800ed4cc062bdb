"""The outbox: how much is kept for clients that do not read, and who is cut off first."""

from __future__ import annotations

from typing import Any

from server.http1.outbox import Outbox


class Cuts(list[str]):
    """Who was cut off."""

    def of(self, name: str) -> Any:
        return lambda: self.append(name)


def test_the_client_that_read_nothing_for_longest_is_cut_off() -> None:
    outbox, cuts = Outbox(100), Cuts()
    first = outbox.hold(cuts.of("first"), b"a" * 40)
    outbox.hold(cuts.of("second"), b"b" * 40)
    outbox.renew(first)
    outbox.hold(cuts.of("third"), b"c" * 40)
    assert cuts == ["second"]
    assert (outbox.bytes, len(outbox)) == (80, 2)


def test_one_answer_may_be_larger_than_all_may_be_together() -> None:
    outbox, cuts = Outbox(100), Cuts()
    outbox.hold(cuts.of("small"), 50)
    outbox.hold(cuts.of("large"), b"x" * 1000)
    assert cuts == ["small"]
    assert outbox.bytes == 1000


def test_a_shared_body_counts_once() -> None:
    outbox, cuts, body = Outbox(100), Cuts(), b"s" * 60
    held = [outbox.hold(cuts.of("sharer"), body) for _ in range(50)]
    assert (cuts, outbox.bytes) == ([], 60)
    for each in held:
        assert outbox.bytes == 60
        outbox.let_go(each)
        outbox.let_go(each)
    assert (outbox.bytes, len(outbox)) == (0, 0)


def test_without_a_limit_no_client_is_cut_off() -> None:
    outbox, cuts = Outbox(0), Cuts()
    for number in range(50):
        outbox.hold(cuts.of("any"), bytes(1000 + number))
    assert cuts == []
