"""What other instances said: gaps, repeats and late messages are found by the versions."""

from __future__ import annotations

import random

import pytest

from collab.ports.positions import Position
from server.documents.remote_head import MOST_WAITING, Ask, RemoteHead
from tests.storage.contract import entry

AT = Position(1, 5, 2)


def reached(version: int, *, epoch: int = 1, revision: int = 2) -> Position:
    return Position(epoch, version, revision)


def test_nothing_was_heard() -> None:
    head = RemoteHead()
    assert not head.is_due(AT)
    assert head.next(AT) is Ask.NOTHING


def test_entries_without_a_gap_are_applied() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(6), [entry(6)])
    head.note_commit(AT, 6, reached(8), [entry(7), entry(8)])
    assert head.is_due(AT)
    assert head.next(AT) == [entry(6), entry(7), entry(8)]
    assert head.next(reached(8)) is Ask.NOTHING
    assert not head.is_due(reached(8))


def test_a_repeated_message_changes_nothing() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(7), [entry(6), entry(7)])
    head.note_commit(AT, 5, reached(7), [entry(6), entry(7)])
    head.note_commit(AT, 5, reached(6), [entry(6)])
    head.note_commit(AT, 3, reached(4), [entry(4)])
    assert head.next(AT) == [entry(6), entry(7)]
    assert head.next(reached(7)) is Ask.NOTHING


def test_a_gap_is_read_from_the_database() -> None:
    head = RemoteHead()
    head.note_commit(AT, 6, reached(7), [entry(7)])
    assert head.next(AT) is Ask.DATABASE
    head.begin_asking()
    assert head.next(AT) is Ask.NOTHING


def test_entries_before_a_gap_are_applied_first() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(6), [entry(6)])
    head.note_commit(AT, 7, reached(8), [entry(8)])
    assert head.next(AT) == [entry(6)]
    assert head.next(reached(6)) is Ask.DATABASE


def test_entries_may_come_before_the_answer_of_the_database() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(7), [])
    assert head.next(AT) is Ask.DATABASE
    head.begin_asking()
    head.note_commit(AT, 7, reached(8), [entry(8)])
    assert head.next(reached(7)) == [entry(8)]
    assert head.next(reached(8)) is Ask.NOTHING


def test_entries_that_this_instance_has_meanwhile_are_left_out() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(7), [entry(6), entry(7)])
    assert head.next(reached(6)) == [entry(7)]
    head.note_commit(AT, 5, reached(7), [entry(6), entry(7)])
    assert head.next(reached(9)) is Ask.NOTHING


@pytest.mark.parametrize(
    ("position", "step"),
    [
        (reached(5), Ask.NOTHING),
        (reached(4), Ask.NOTHING),
        (reached(6), Ask.DATABASE),
        (reached(5, revision=3), Ask.DATABASE),
        (reached(5, revision=1), Ask.NOTHING),
        (reached(1, epoch=2, revision=0), Ask.DATABASE),
        (reached(9, epoch=0, revision=9), Ask.NOTHING),
    ],
)
def test_a_position_decides_whether_to_ask(position: Position, step: Ask) -> None:
    head = RemoteHead()
    head.note(AT, position)
    assert head.is_due(AT) is (step is Ask.DATABASE)
    assert head.next(AT) is step


def test_entries_of_another_epoch_are_not_applied() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(6, epoch=2), [entry(6)])
    assert head.next(AT) is Ask.DATABASE
    head = RemoteHead()
    head.note_commit(AT, 5, reached(6, epoch=0), [entry(6)])
    assert head.next(AT) is Ask.NOTHING


def test_large_entries_are_read_from_the_database() -> None:
    head = RemoteHead()
    head.note_commit(AT, 5, reached(6), [])
    assert head.next(AT) is Ask.DATABASE


def test_the_waiting_entries_are_bounded() -> None:
    head = RemoteHead()
    for version in range(6, 6 + 3 * MOST_WAITING):
        head.note_commit(AT, version - 1, reached(version), [entry(version)])
    first = head.next(AT)
    assert isinstance(first, list)
    assert [one.version for one in first] == list(range(6, 6 + MOST_WAITING))
    assert head.next(reached(5 + MOST_WAITING)) is Ask.DATABASE


def test_doubt_lasts_until_the_database_is_asked() -> None:
    head = RemoteHead()
    head.doubt()
    head.note_commit(AT, 5, reached(6), [entry(6)])
    assert head.next(AT) == [entry(6)]
    assert head.next(reached(6)) is Ask.DATABASE
    assert head.next(reached(6)) is Ask.DATABASE
    head.begin_asking()
    head.doubt()  # a message was lost while the database was asked
    assert head.next(reached(6)) is Ask.DATABASE


@pytest.mark.parametrize("seed", range(60))
def test_no_version_is_missed_or_applied_twice_at_random(seed: int) -> None:
    """Messages are lost, repeated and reordered; in the end one position is reached."""
    choose, head, at, log = random.Random(seed), RemoteHead(), Position(1, 0, 0), 40
    messages = []
    version = 0
    while version < log:
        count = min(choose.randint(1, 4), log - version)
        messages.append((version, version + count))
        version += count
    sent = [one for one in messages for _ in range(choose.choice([0, 1, 1, 1, 2]))]
    for number in range(len(sent) - 1):
        if choose.random() < 0.2:
            sent[number], sent[number + 1] = sent[number + 1], sent[number]
    for before, after in [*sent, (log, log)]:
        entries = [] if choose.random() < 0.1 else [entry(n) for n in range(before + 1, after + 1)]
        head.note_commit(at, before, Position(1, after, 0), entries)
        if choose.random() < 0.5 and before < log:
            continue
        while (step := head.next(at)) is not Ask.NOTHING:
            if step is Ask.DATABASE:
                head.begin_asking()
                known = max(after, at.version)
                at = Position(1, known, 0)
                continue
            assert isinstance(step, list)
            assert [one.version for one in step] == list(
                range(at.version + 1, at.version + 1 + len(step))
            )
            at = Position(1, step[-1].version, 0)
    assert at.version == log
