"""No reachable state loses an acknowledged edit, has two orders, or holds an edit twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from collab.ports.positions import Position
from collab.room.tail import Tail
from server.documents.remote_head import Ask, RemoteHead
from storage.memory.document import Document
from tests.server.instances.explorer import Violation, World

WORLD = World(instances=3, edits=4, crashes=2)


@pytest.mark.thorough
def test_every_state_of_three_instances() -> None:
    assert WORLD.explore() > 10_000


# --- a check that is removed is noticed ---------------------------------------------------------


def without_gap_check(
    self: RemoteHead, at: Position, before: int, reached: Position, entries: Any
) -> None:
    self.note(at, reached)
    self._waiting += [one for one in entries if one.version > at.version]


def without_order(self: RemoteHead, at: Position) -> Any:
    waiting = [one for one in self._waiting if one.version > at.version]
    self._waiting.clear()
    return waiting or Ask.NOTHING


def without_asking(self: RemoteHead, at: Position) -> Any:
    waiting = [one for one in self._waiting if one.version > at.version]
    self._waiting.clear()
    return waiting if waiting and waiting[0].version == at.version + 1 else Ask.NOTHING


def with_repetitions(self: RemoteHead, at: Position) -> Any:
    waiting, self._waiting = list(self._waiting), deque()
    if waiting and waiting[0].version <= at.version + 1:
        return waiting
    return Ask.DATABASE if self._is_unsure or self._newest else Ask.NOTHING


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("owner", "name", "mutant"),
    [
        (RemoteHead, "note_commit", without_gap_check),
        (RemoteHead, "next", without_order),
        (RemoteHead, "next", without_asking),
        (RemoteHead, "next", with_repetitions),
        (RemoteHead, "note", lambda self, at, reached: None),
        (Document, "matches", lambda self, append: True),
        (Document, "known_requests", lambda self, append: []),
        (Tail, "since", lambda self, version: [kept.entry for kept in self._kept]),
        (Tail, "since", lambda self, version: [kept.entry for kept in self._from(version)][1:]),
    ],
)
def test_the_explorer_finds_a_missing_check(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, mutant: Callable[..., Any]
) -> None:
    monkeypatch.setattr(owner, name, mutant)
    with pytest.raises(Violation):
        WORLD.explore()
