"""The values of a document: the newest value from the server, and the value that the user sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from weft.core.effects import Author, ChangeState, Effect, Ended, Info, Reason, Reload, Show
from weft.core.entries import Entry
from weft.core.patch import ABSENT, Json, Op, apply, get, same
from weft.core.rebase import Rebased, rebase
from weft.errors import PatchError

_DEPENDS = "this change builds on a change that the server did not accept"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the document. `epoch` is None before the first value."""

    epoch: int | None
    version: int
    value: Json


NOTHING = Version(None, 0, ABSENT)


class Values:
    """Invariant: `value` is the frame's value with the entries of `own`, and then of `queue`.

    The *frame* is the version that the entries were made on, so it is their base. `own` are
    answered entries that are not in the frame. `queue` are the other entries, oldest first.
    `confirmed` is the newest version from the server. `others` are changes of other authors that
    are not in the frame.
    """

    def __init__(self) -> None:
        self.confirmed = NOTHING
        self.frame = NOTHING
        self.own: list[Entry] = []
        self.queue: list[Entry] = []
        self.value: Json = ABSENT
        self.mine: Json = ABSENT  # the frame's value with `own`
        self.others: list[tuple[int, Author | None, list[str]]] = []
        self.effects: list[Effect] = []

    def learn(self, message: dict[str, Any], ops: list[Op]) -> bool:
        """Apply a new version to `confirmed`. When it does not fit, ask for the whole value."""
        confirmed, version = self.confirmed, message["version"]
        if version <= confirmed.version:
            return True
        try:
            if message.get("from", version) > confirmed.version + 1:
                raise PatchError("gap", f"a version after {confirmed.version} is missing", "")
            self.confirmed = replace(confirmed, version=version, value=apply(confirmed.value, ops))
        except PatchError as error:
            self.effects.append(Reload(error.message))
            return False
        return True

    def show(self, value: Json, info: Info) -> None:
        before, self.value = self.value, value
        if before is not value:
            self.effects.append(Show(value, before, info))

    def show_all(self, info: Info) -> None:
        """Compute the shown value again. An entry that does not fit is left out of it."""
        self.mine = self._with(self.frame.value, self.own)
        self.show(self._with(self.mine, self.queue), info)

    def _with(self, value: Json, entries: list[Entry]) -> Json:
        for entry in entries:
            try:
                value = apply(value, entry.ops)
            except PatchError:
                continue
        return value

    def before(self, entry: Entry) -> Json:
        """Return the shown value before an entry of the queue."""
        return self._with(self.mine, self.queue[: self.queue.index(entry)])

    def catch_up(self, info: Info) -> None:
        """Move the frame to the newest version when the entries can certainly be rebased there.

        Otherwise they keep their base, and the server rebases them.
        """
        is_newest = self.frame is self.confirmed and not self.own
        if is_newest or any(entry.sent for entry in self.queue):
            return
        rebased = self.rebase_all(self.queue, self.mine, self.confirmed.value)
        if rebased is not None:
            self.move_to(rebased, info)

    def rebase_all(
        self, entries: list[Entry], start: Json, end: Json
    ) -> list[tuple[Entry, Rebased]] | None:
        """Rebase entries from one value to another; None when one of them cannot be rebased."""
        rebased = []
        start = end if same(start, end) else start
        for entry in entries:
            one = rebase(entry.ops, start, end, is_sure=True)
            if one is None:
                return None
            rebased.append((entry, one))
            start, end = one.start, one.end
        return rebased

    def rebase_or_refuse(
        self, entries: list[Entry], start: Json, end: Json, *, overwrite: bool
    ) -> list[tuple[Entry, Rebased]]:
        """Rebase entries. Refuse each entry that cannot be rebased."""
        rebased = []
        for entry in list(entries):
            one = rebase(entry.ops, start, end, overwrite=overwrite)
            if one is None:
                start = self._with(start, [entry])
                self.end(entry, Reason("conflict", _DEPENDS), "refused", start)
            else:
                rebased.append((entry, one))
                start, end = one.start, one.end
        return rebased

    def move_to(self, rebased: list[tuple[Entry, Rebased]], info: Info) -> None:
        """Make the newest version the frame of these entries."""
        self.frame = self.confirmed
        for entry, one in rebased:
            entry.ops, entry.base, entry.sent = one.ops, self.frame.version, False
            entry.merged += one.merged
        self.queue = [entry for entry, _ in rebased]
        self.own, self.others = [], []
        self.show_all(info)

    def refuse(self, entry: Entry, reason: Reason, state: ChangeState) -> None:
        """End an entry that was not accepted, and the later entries that build on it."""
        later = self.queue[self.queue.index(entry) + 1 :]
        before = self.before(entry)
        after = self._with(before, [entry])
        self.end(entry, reason, state, after)
        for each, one in self.rebase_or_refuse(later, after, before, overwrite=True):
            each.ops = one.ops
        self.show_all(Info(True, state))

    def end(self, entry: Entry, reason: Reason, state: ChangeState, value: Json) -> None:
        """End an entry that was not accepted. `value` is the value with it."""
        self.queue = [each for each in self.queue if each is not entry]
        path = reason.path or (entry.ops[0]["path"] if entry.ops else "")
        conflict = reason.conflicts[0] if reason.conflicts else {}
        theirs = conflict.get("theirs", _or_none(self.confirmed.value, path))
        yours = _or_none(value, path)
        self.effects.append(Ended(entry.id, state, None, reason, path, yours, theirs))


def _or_none(value: Json, path: str) -> Json:
    try:
        found = get(value, path)
    except PatchError:
        return None
    return None if found is ABSENT else found
