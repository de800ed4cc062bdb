"""The state machine of one document: events in, effects out.

It has no clock and no socket. Each method takes an event. The caller performs the effects that
`take_effects` returns, and reports their results as further events.

| an entry | is sent | changes | ends as |
|---|---|---|---|
| unsent | no | may be joined with the next edit, rebased, or taken back | `undone` |
| in flight | yes, one at a time | never | `durable`, `merged`, `overwritten`, `refused`, `failed` |
"""

from __future__ import annotations

from typing import Any

from weft.core.effects import (
    Author,
    ChangeState,
    Edited,
    Effect,
    Ended,
    Info,
    Moved,
    Reason,
    Result,
    Send,
    Wait,
)
from weft.core.entries import Entry, Limits, join, joins
from weft.core.patch import Op, apply, covers
from weft.core.steps import Ask, Steps
from weft.core.values import Values, Version

MOST_TRIES = 8
_NEW_HISTORY = "the document has a new history: it was restored, or deleted and created again"
_TOO_BIG = "the change is too large to be sent: make it in smaller parts"

Message = dict[str, Any]


class Machine(Values):
    """The changes of this client, from the edit to the end.

    Invariant: at most one request is in flight. Its id is `in_flight`, else that is empty.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps = Steps(self)
        self.limits = Limits()
        self.in_flight = ""
        self.is_online = False
        self.is_held = False  # the server asked to send no patches
        self.is_waiting = False  # the time of the next retry has not come yet

    def take_effects(self) -> list[Effect]:
        """Send the next request if none is in flight, and return what the caller must do."""
        self._send_next()
        effects, self.effects = self.effects, []
        return effects

    @property
    def pending(self) -> int:
        """How many entries have no answer yet."""
        return sum(entry.answered is None for entry in self.queue)

    # --- the user ---------------------------------------------------------------------------

    def edit(
        self,
        id: str,
        ops: list[Op],
        now: float,
        step: str | None = None,
        fence: int | None = None,
        kind: str = "edit",
    ) -> None:
        """Apply a change to the shown value, or raise `PatchError`. It is sent later."""
        value = apply(self.value, ops)
        if kind == "edit":
            self.steps.forget()
        last = self.queue[-1] if self.queue else None
        is_same = last is not None and joins(last, ops, now, step, fence)
        if last is not None and is_same and join(last, ops, self.limits):
            last.time = now
        else:
            last = Entry(id, self.frame.version, ops, now, step, fence)
            self.queue.append(last)
        self.effects.append(Edited(last.id))
        self.show(value, Info(True, kind))

    def undo(self, ask: Ask, now: float) -> None:
        """Undo or redo a step: here when it is unsent, else by the server."""
        if ask.redo:
            step = self.steps.taken_step(ask, is_online=self.is_online)
            if step is None:
                self.steps.ask(ask, is_online=self.is_online)
            else:
                for number, ops in enumerate(step.patches):
                    id = f"{ask.id}.r{number or ''}"
                    self.edit(id, ops, now, step.step, kind="redo")
        elif not self.steps.take_back(ask, is_online=self.is_online):
            self.steps.ask(ask, is_online=self.is_online)

    # --- the connection ---------------------------------------------------------------------

    def opened(self, message: Message) -> None:
        self.is_online, self.is_held, self.is_waiting = True, False, False
        self.in_flight = ""
        self.limits = Limits.of(message.get("limits", {}))
        if "changes" in message:
            for change in message["changes"]:
                self.change(change)
        else:
            self._replace_value(Version(message["epoch"], message["version"], message["value"]))
        self.steps.knows(message)
        if self.queue:
            # The new connection does not know the answered entries that the others build on.
            self.queue = [*self.own, *self.queue]
            self.own, self.mine = [], self.frame.value

    def _replace_value(self, version: Version) -> None:
        is_new = self.confirmed.epoch not in (None, version.epoch)
        self.confirmed = version
        if self.frame.epoch is None:
            self.frame = version
        if is_new:
            self._leave_history()
        info = Info(False, "open")
        self.catch_up(info)
        if self.frame is self.confirmed:
            self.show_all(info)

    def change(self, message: Message) -> None:
        """Apply a change of the server. It may answer requests of this client."""
        if not self.learn(message, message["ops"]):
            return
        acks = message.get("acks", ())
        answered = [ack for ack in acks if self.steps.answered(ack) or self._answered(ack)]
        entry = next((each for each in self.queue if each.id == message.get("id")), None)
        if entry is not None:
            # A change does not tell what it has overwritten. So the entry is sent again.
            entry.accepted = message["version"]
            answered.append(message)
        elif self.steps.accepted(message):
            answered.append(message)
        if not answered:
            if "id" in message or acks:  # another client of this user made it
                self.steps.knows({"can_redo": message["kind"] != "edit"})
            paths = [op["path"] for op in message["ops"]]
            self.others.append((message["version"], message.get("by"), paths))
        self._forget_flight(acks)
        kind = message["kind"]
        self.catch_up(self._info(kind) if answered else Info(False, kind, message.get("by")))

    def ack(self, message: Message) -> None:
        entry = next((each for each in self.queue if each.id == message["id"]), None)
        ops = message.get("ops", entry.ops if entry else [])
        if not message.get("duplicate") and not self.learn(message, ops):
            return
        kind = self.steps.answered(message) or "edit"
        self._answered(message)
        self._forget_flight([message])
        self.catch_up(self._info(kind))

    def _info(self, kind: str) -> Info:
        """Return who has changed what an answer of the server shows.

        The user has seen their own edit before. So when other authors wrote meanwhile, the answer
        shows their changes.
        """
        return Info(False, "edit", self.others[-1][1]) if self.others else Info(True, kind)

    def reject(self, message: Message) -> None:
        self._forget_flight([message])
        is_final = not message.get("retryable") or message["code"] == "locked"
        refused = self.steps.refused(message, is_final=is_final)
        if refused is not None:
            self.is_waiting = self.is_waiting or not refused
            return
        entry = next((each for each in self.queue if each.id == message["id"]), None)
        if entry is None:
            return
        if not is_final:
            entry.tries += message["code"] != "storage_unavailable"
            if entry.tries < MOST_TRIES:
                self.is_waiting = True
                self.effects.append(Moved(entry.id, "retrying"))
                self.effects.append(Wait(entry.tries, message.get("retry_after_ms")))
                return
        if entry.answered is not None or entry.accepted is not None:
            self._end_accepted(entry)
        elif not is_final:
            self.refuse(entry, Reason.of(message), "failed")
        elif message["code"] == "unknown_version" and self._renewed(entry):
            return
        else:
            self.refuse(entry, Reason.of(message), "refused")
        self.catch_up(Info(True, "edit"))

    def closed(self, code: int) -> None:
        """The connection has ended. Its requests are sent again over the next one."""
        sent = next((each for each in self.queue if each.id == self.in_flight), None)
        self.is_online, self.is_held, self.is_waiting = False, False, False
        self.in_flight = ""
        if sent is None or sent.answered is not None:
            return
        if code == 1009:
            self.refuse(sent, Reason("too_large", _TOO_BIG), "failed")
        else:
            self.effects.append(Moved(sent.id, "retrying"))

    def hold(self, is_held: bool) -> None:
        """Send no patch while the server asks for it."""
        self.is_held = is_held

    def retry(self) -> None:
        """The time of the next retry has come."""
        self.is_waiting = False

    def fail_all(self, reason: Reason) -> None:
        """End every waiting change: the connection will not come back."""
        value = self.mine
        for entry in self.queue:
            value = self._with(value, [entry])
            if entry.accepted is not None:
                self._end_accepted(entry)
            elif entry.answered is None:
                self.end(entry, reason, "failed", value)
        self.queue = []
        self.steps.fail(reason)
        if self.frame.epoch is not None:
            self.move_to([], Info(True, "failed"))

    # --- answers ----------------------------------------------------------------------------

    def _forget_flight(self, acks: list[Message]) -> None:
        if any(ack.get("id") == self.in_flight for ack in acks):
            self.in_flight = ""

    def _answered(self, ack: Message) -> bool:
        """End the entry that a message answers. Return whether there is one."""
        entry = next((each for each in self.queue if each.id == ack.get("id")), None)
        if entry is None:
            return False
        self.queue = [each for each in self.queue if each is not entry]
        self.own.append(entry)
        self.mine = self._with(self.mine, [entry])
        if entry.answered is not None:
            return True
        entry.answered = ack["version"]
        self.steps.knows({})
        merged = [*entry.merged, *ack.get("merged", ())]
        conflicts = [
            {**each, "by": self._author(each["path"], ack["version"])}
            for each in ack.get("conflicts", ())
        ]
        result = Result(ack["version"], merged, conflicts)
        state: ChangeState = "durable"
        if conflicts or merged:
            state = "overwritten" if conflicts else "merged"
        self.effects.append(Ended(entry.id, state, result))
        return True

    def _end_accepted(self, entry: Entry) -> None:
        """End an entry that the server has accepted before, and whose answer will not come."""
        self._answered({"id": entry.id, "version": entry.answered or entry.accepted})

    def _author(self, path: str, upto: int) -> Author | None:
        """Return the author of the newest known change of others at, above or below a pointer."""
        for version, by, paths in reversed(self.others):
            if version <= upto and any(covers(each, path) or covers(path, each) for each in paths):
                return by
        return None

    def _renewed(self, entry: Entry) -> bool:
        """Make an entry whose base is too old on the newest value; False when not certain."""
        if entry is not self.queue[0]:
            return False
        start, end = self.mine, self.confirmed.value
        if self.rebase_all([entry], start, end) is None:
            return False
        rebased = self.rebase_or_refuse(self.queue, start, end, overwrite=False)
        self.move_to(rebased, Info(False, "edit"))
        return True

    def _leave_history(self) -> None:
        """A new history has begun. No entry fits it."""
        value = self.mine
        for entry in self.queue:
            value = self._with(value, [entry])
            if entry.answered is None:
                self.end(entry, Reason("unknown_version", _NEW_HISTORY), "refused", value)
        self.queue = []

    # --- sending ----------------------------------------------------------------------------

    def _send_next(self) -> None:
        """Send the next request when none is in flight. Requests keep the order of the user."""
        if not self.is_online or self.is_held or self.is_waiting or self.in_flight:
            return
        entry = self.queue[0] if self.queue else None
        ask = self.steps.next()
        if ask is not None:
            self.in_flight = ask.id
            self.effects.append(Send(ask.message))
        elif entry is not None:
            entry.sent = True
            self.in_flight, self.steps.sent_step = entry.id, entry.step
            if entry.answered is None:
                self.effects.append(Moved(entry.id, "sending"))
            self.effects.append(Send(_patch(entry)))


def _patch(entry: Entry) -> Message:
    optional = {"step": entry.step, "fence": entry.fence}
    given = {name: value for name, value in optional.items() if value is not None}
    base = {"type": "patch", "id": entry.id, "base": entry.base, "ops": entry.ops, "after": ""}
    return {**base, **given}
