"""The audit trail: complete while the database answers, limited while it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from collab.entry import Author, Kind
from collab.ids import DocKey
from collab.ports.audit import AuditRow
from collab.ports.store import StorageUnavailable
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from server.recording.audit_trail import DROP_AT_ONCE, LOCKS, REFUSALS, AuditTrail
from server.recording.metrics import Metrics
from storage.memory.store import MemoryStore
from tests.house import ROOT, sources
from tests.manual_clock import ManualClock

HOME = DocKey("demo", "home")
OTHER = DocKey("demo", "other")


def member(user: str = "ada", session: str = "s-1") -> Member:
    rights = Rights(Role.EDITOR, expires_at=2**60)
    return Member(Author(user, session=session), rights, "patch", origin="192.0.2.1:5")


ADA = member()


class Moody(MemoryStore):
    """A real store that can be unavailable, and that records how much was dropped at once."""

    away = False
    is_mute = False  # True: it writes, and then raises as if it had not

    def __init__(self) -> None:
        super().__init__()
        self.drops: list[int] = []

    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        if self.away and not self.is_mute:
            raise StorageUnavailable
        await super().write_audit(rows, again=again)
        if self.away:
            raise StorageUnavailable

    async def drop_audit(self, older_than: int, most: int) -> int:
        self.drops.append(await super().drop_audit(older_than, most))
        return self.drops[-1]


def trail(most: int = 1000) -> tuple[AuditTrail, Moody, Metrics, ManualClock]:
    store, metrics, clock = Moody(), Metrics(), ManualClock()
    return AuditTrail(store, clock, metrics, most), store, metrics, clock


async def rows(store: Moody, key: DocKey = HOME) -> list[AuditRow]:
    return [row for _, row in await store.audit(key, 0, 1000)]


async def test_edits_of_a_session_are_one_row_with_versions() -> None:
    audit, store, _, _ = trail()
    ada, bo = member(), member("bo", "s-2")
    for version, who in ((2, ada), (3, ada), (4, bo), (5, ada)):
        audit.wrote(HOME, who, "edit", version, at=version)
    await audit.flush()
    newest, first = await rows(store)
    assert (newest.actor, newest.version) == ("ada", 5)
    assert newest.detail["versions"] == [[2, 3], [5, 5]]
    assert newest.detail["requests"] == 3
    assert newest.origin == "192.0.2.1:5 s-1"
    assert (first.actor, first.version) == ("bo", 4)


async def test_edits_of_a_session_share_a_row_although_rows_are_being_written() -> None:
    """Otherwise each edit has a row of its own on a busy server, and `flush` does not end."""
    audit, store, _, _ = trail()
    versions = iter(range(2, 100))

    def edit() -> None:
        version = next(versions)
        audit.wrote(HOME, ADA, "edit", version, at=version)

    edit()
    write = store.write_audit

    async def slowly(rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False) -> None:
        for _ in range(3):
            edit()
        await write(rows, again=again)

    store.write_audit = slowly  # type: ignore[method-assign] # for the test
    await audit.flush()
    assert [row.version for row in await rows(store)] == [2]
    assert len(audit) == 3
    await audit.flush()
    newest, _ = await rows(store)
    assert newest.detail["versions"] == [[3, 5]]


async def test_an_undo_is_another_row_than_an_edit() -> None:
    audit, store, _, _ = trail()
    audit.wrote(HOME, member(), "edit", 2, at=1)
    audit.wrote(HOME, member(), "undo", 3, at=2)
    await audit.flush()
    assert [row.action for row in await rows(store)] == ["undo", "edit"]


async def test_rows_wait_for_the_database_and_keep_their_order() -> None:
    audit, store, _, _ = trail()
    store.away = True
    audit.note(HOME, AuditRow(1, "ada", "open"))
    await audit.flush()
    audit.note(HOME, AuditRow(2, "ada", "close"))
    assert len(audit) == 2
    store.away = False
    await audit.flush()
    assert [row.action for row in await rows(store)] == ["close", "open"]
    assert len(audit) == 0


async def test_beyond_the_limit_new_rows_are_dropped_and_counted() -> None:
    audit, store, metrics, _ = trail(most=3)
    store.away = True
    for number in range(5):
        audit.note(HOME, AuditRow(number, "ada", f"{number}"))
        audit.wrote(HOME, ADA, "edit", number, at=9)
    assert metrics.audit.labels("lost").value == 4
    store.away = False
    await audit.flush()
    assert [row.action for row in await rows(store)] == ["edit", "2", "1", "0"]
    assert (await rows(store))[0].detail["versions"] == [[0, 2]]


async def test_failed_writes_do_not_let_the_rows_of_edits_pile_up() -> None:
    audit, store, metrics, _ = trail(most=5)
    store.away = True
    for number in range(100):
        audit.wrote(HOME, member(session=f"s-{number}"), "edit", number, at=number)
        if number % 5 == 4:
            await audit.flush()
    assert len(audit) == 10
    assert metrics.audit.labels("lost").value == 90
    store.away = False
    await audit.flush()
    assert [row.version for row in await rows(store)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


async def test_refusals_are_capped_for_each_document() -> None:
    audit, store, metrics, clock = trail()
    for number in range(REFUSALS[1] + 40):
        audit.refused(HOME, AuditRow(number, "mallory", "edit", outcome="forbidden"))
    audit.refused(OTHER, AuditRow(1, "bo", "edit", outcome="conflict"))
    clock.advance(2.0)
    audit.refused(HOME, AuditRow(999, "mallory", "edit", outcome="forbidden"))
    await audit.flush()
    assert len(await rows(store)) == REFUSALS[1] + 1
    assert len(await rows(store, OTHER)) == 1
    assert metrics.audit.labels("capped").value == 40


async def test_invented_names_do_not_fill_the_trail() -> None:
    audit, store, metrics, _ = trail()
    for number in range(REFUSALS[1] + 40):
        made_up = DocKey("demo", f"nothing-{number}")
        audit.refused(made_up, AuditRow(number, "mallory", "request", outcome="not_found"))
    audit.refused(HOME, AuditRow(1, "bo", "edit", outcome="conflict"))
    audit.refused(DocKey("rival", "d"), AuditRow(1, "eve", "request", outcome="not_found"))
    assert len(audit) == REFUSALS[1] + 2
    assert metrics.audit.labels("capped").value == 40
    await audit.flush()
    assert len(await rows(store)) == 1


async def test_lock_renewals_have_their_own_cap() -> None:
    audit, _, metrics, clock = trail()
    for number in range(LOCKS[1] + 40):
        audit.moved_lock(HOME, AuditRow(number, "mallory", "lock"))
    audit.refused(HOME, AuditRow(1, "bo", "edit", outcome="locked"))
    assert len(audit) == LOCKS[1] + 1
    assert metrics.audit.labels("capped").value == 40
    clock.advance(1.0)
    audit.moved_lock(HOME, AuditRow(2, "ada", "unlock"))
    assert len(audit) == LOCKS[1] + 2


async def test_only_rows_older_than_the_limit_are_dropped() -> None:
    audit, store, _, clock = trail()
    audit.note(HOME, AuditRow(clock.now_ms(), "ada", "old"))
    clock.advance(86_400)
    audit.note(HOME, AuditRow(clock.now_ms(), "ada", "new"))
    await audit.flush()
    clock.advance(1.0)
    assert await audit.drop_older_than(days=1) == 1
    assert [row.action for row in await rows(store)] == ["new"]


async def test_old_rows_are_dropped_in_small_batches() -> None:
    audit, store, _, clock = trail()
    old = [(HOME, AuditRow(number, "ada", "old")) for number in range(DROP_AT_ONCE + 1)]
    await store.write_audit(old)
    clock.advance(2 * 86_400)
    assert await audit.drop_older_than(days=1) == DROP_AT_ONCE + 1
    assert store.drops == [DROP_AT_ONCE, 1, 0]
    assert await rows(store) == []


# --- the docs -------------------------------------------------------------------------------


def test_the_docs_list_exactly_the_actions() -> None:
    """Actions come from the kinds of entries, from the recorder, and from the handlers."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("| action | is |")[2].partition("\n\n")[0]
    explained = {
        word
        for row in table.splitlines()[2:]
        for word in re.findall(r"`([a-z ]+)`", row.split("|")[1])
    }
    routes = "".join(source.text for source in sources() if source.part == "server")
    done = set(re.findall(r'recorder\.did\([^"]*"([a-z_ ]+)"', routes))
    assert done
    kinds = set(get_args(Kind))
    assert explained == kinds | done | {"open", "close", "lock", "unlock", "request", "message"}


async def test_rows_of_an_unconfirmed_write_are_written_once() -> None:
    audit, store, _, _ = trail()
    audit.note(HOME, AuditRow(2, "ada", "lock"))
    audit.note(HOME, AuditRow(2, "ada", "lock"))
    store.away = store.is_mute = True
    await audit.flush()
    audit.note(HOME, AuditRow(1, "bo", "lock"))
    await audit.flush()
    store.away = False
    await audit.flush()
    assert [row.actor for row in await rows(store)] == ["bo", "ada", "ada"]
    assert len(audit) == 0
