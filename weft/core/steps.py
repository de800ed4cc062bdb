"""Undo and redo: of unsent entries in this client, of all other changes by the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weft.core.effects import Asked, Ended, Info, Reason, Result, Undone, Wait
from weft.core.entries import Entry
from weft.core.patch import Json, Op
from weft.core.rebase import rebase
from weft.core.values import Values


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of the user to undo or redo a step."""

    id: str
    redo: bool
    scope: str | None = None
    version: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.scope is None and self.version is None

    @property
    def message(self) -> dict[str, Any]:
        """The message that asks the server."""
        fields = {"scope": self.scope, "version": self.version}
        given = {name: value for name, value in fields.items() if value is not None}
        return {"type": "redo" if self.redo else "undo", "id": self.id, **given}


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A step that was taken out before it was sent, and the value after that.

    A large step has several patches, which together are too large for one.
    """

    patches: list[list[Op]]
    value: Json
    step: str | None


class Steps:
    """The undo steps of this client.

    `asks` are requests to the server without an answer, oldest first. `sent_step` is the step of
    the newest sent entry.
    """

    def __init__(self, values: Values) -> None:
        self._values = values
        self.asks: list[Ask] = []
        self.sent_step: str | None = None
        self._taken: list[TakenStep | None] = []  # None for a step that the server took back
        self._behind: dict[str, set[str]] = {}  # entries that were made before a request
        self._accepted: dict[str, Undone] = {}  # requests that a change has shown to be accepted
        self._server_has = {"undo": True, "redo": False}

    def has(self, kind: str, *, is_online: bool) -> bool:
        """Whether an `undo` or a `redo` has something to do."""
        queue = self._values.queue
        if kind == "redo":
            is_here = bool(self._taken) and self._taken[-1] is not None
        else:
            is_here = bool(queue) and not queue[-1].sent
        at_server = kind == "undo" if queue else self._server_has[kind]
        return is_here or (is_online and at_server)

    def knows(self, message: dict[str, Any]) -> None:
        """Note what the server can undo for this user. An edit leaves an undo and no redo."""
        undo, redo = message.get("can_undo", True), message.get("can_redo", False)
        self._server_has = {"undo": undo, "redo": redo}

    def forget(self) -> None:
        """A new edit: nothing can be redone any more."""
        self._taken = []
        self.knows({})

    def take_back(self, ask: Ask, *, is_online: bool) -> bool:
        """Take the newest unsent step out of the queue. Return whether the request has ended."""
        values = self._values
        last = values.queue[-1] if values.queue else None
        if not ask.is_whole or last is None or last.sent:
            return False
        taken = self._newest_step(last)
        values.queue = values.queue[: -len(taken)]
        values.show_all(Info(True, "undo"))
        patches = [entry.ops for entry in taken]
        self._taken.append(TakenStep(patches, values.value, last.step))
        for entry in taken:
            result = Result(values.confirmed.version)
            values.effects.append(Ended(entry.id, "undone", result))
        if is_online and last.step is not None and self.sent_step == last.step:
            return False  # the server undoes the rest of the step
        self._end(ask.id, Undone([{"pointers": _pointers(patches)}]))
        return True

    def _newest_step(self, last: Entry) -> list[Entry]:
        taken = [last]
        for entry in reversed(self._values.queue[:-1]):
            if entry.sent or last.step is None or entry.step != last.step:
                break
            taken.insert(0, entry)
        return taken

    def taken_step(self, ask: Ask, *, is_online: bool) -> TakenStep | None:
        """Return the newest step that was taken out, rebased to the present value.

        When the server has taken back a newer one, return None: the server makes that one again.
        """
        if not ask.is_whole or not self._taken or (self._taken[-1] is None and not is_online):
            return None
        step = self._taken.pop()
        if step is None:
            return None
        patches, start, end = [], step.value, self._values.value
        for ops in step.patches:
            rebased = rebase(ops, start, end)
            if rebased is None:
                self._end(ask.id, Undone(skipped=_pointers(step.patches)))
                return TakenStep([], step.value, step.step)
            patches.append(rebased.ops)
            start, end = rebased.start, rebased.end
        self._end(ask.id, Undone([{"pointers": _pointers(patches)}]))
        return TakenStep(patches, step.value, step.step)

    def ask(self, ask: Ask, *, is_online: bool) -> None:
        """Ask the server, after the entries that are in flight; without a connection do nothing."""
        if is_online:
            self.asks.append(ask)
            self._behind[ask.id] = {entry.id for entry in self._values.queue}
        else:
            self._end(ask.id, Undone())

    def next(self) -> Ask | None:
        """Return the request to send now; None while an earlier entry has no answer."""
        if not self.asks:
            return None
        ask, queue = self.asks[0], self._values.queue
        is_first = not queue or not (queue[0].sent or queue[0].id in self._behind[ask.id])
        return ask if is_first else None

    def accepted(self, change: dict[str, Any]) -> bool:
        """Whether a change is the effect of a request.

        Only the answer tells what the request has skipped. So the request is sent again.
        """
        id, version = change.get("id"), change["version"]
        if all(ask.id != id for ask in self.asks):
            return False
        undone = [{"version": version, "pointers": _pointers([change["ops"]])}]
        self._accepted[str(id)] = Undone(undone, [], version)
        return True

    def answered(self, message: dict[str, Any]) -> str | None:
        """Return the kind of the answered request; None when the message answers none."""
        ask = self._remove(message.get("id"))
        if ask is None:
            return None
        if not ask.redo:
            self._taken.append(None)
        if not message.get("duplicate"):  # what a second answer says of the buttons is old
            self.knows({"can_redo": not ask.redo or self._server_has["redo"], **message})
        undone, skipped = message.get("undone", []), message.get("skipped", [])
        self._end(ask.id, Undone(undone, skipped, message["version"]))
        return "redo" if ask.redo else "undo"

    def refused(self, message: dict[str, Any], *, is_final: bool) -> bool | None:
        """Return None when no undo was refused. Else return whether it is refused for ever."""
        ask = next((ask for ask in self.asks if ask.id == message["id"]), None)
        if ask is None:
            return None
        if not is_final:
            self._values.effects.append(Wait(0, message.get("retry_after_ms")))
            return False
        accepted = self._accepted.get(ask.id)
        self._remove(ask.id)
        if accepted is not None:
            self._end(ask.id, accepted)
        elif message["code"] == "nothing_to_undo":
            if ask.is_whole:
                self._server_has["redo" if ask.redo else "undo"] = False
            self._end(ask.id, Undone())
        else:
            self._values.effects.append(Asked(ask.id, reason=Reason.of(message)))
        return True

    def fail(self, reason: Reason) -> None:
        """End every request: the connection will not come back."""
        for ask in self.asks:
            accepted = self._accepted.get(ask.id)
            self._values.effects.append(Asked(ask.id, accepted, None if accepted else reason))
        self.asks, self._behind, self._accepted = [], {}, {}

    def _remove(self, id: str | None) -> Ask | None:
        found = next((ask for ask in self.asks if ask.id == id), None)
        self.asks = [ask for ask in self.asks if ask is not found]
        if found is not None:
            del self._behind[found.id]
            self._accepted.pop(found.id, None)
        return found

    def _end(self, id: str, result: Undone) -> None:
        self._values.effects.append(Asked(id, result))


def _pointers(patches: list[list[Op]]) -> list[str]:
    return list(dict.fromkeys(op["path"] for ops in patches for op in ops))
