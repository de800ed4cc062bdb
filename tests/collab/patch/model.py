"""A model of the wire contract: a server, and clients that pipeline patches over slow links.

The server uses this project's rebase and pipeline. A client follows the contract alone: it applies
changes and acks to its confirmed value, and rebases its own unanswered patches.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collab.entry import Author, Op
from collab.errors import Rejected
from collab.patch.apply import apply, replay
from collab.patch.pointer import lookup, parse
from collab.patch.relocate import AppliedChange
from collab.patch.values import same
from collab.rebase.conflicts import Rebased
from collab.rebase.edits import edits_of
from collab.rebase.pending import Patches, exact_ops, normalize, rebase_over, rebase_over_answer
from collab.rebase.pipeline import Pipeline, Since


def value_seen(pipeline: Pipeline, since: Since, head: Any) -> Any:
    """Return the value that the client sees: at its base, with its unanswered patches."""
    changes = since(pipeline.base)
    value = changes[0].before if changes else head
    for pending in pipeline.pending:
        _, value = edits_of(value, pending.ops)
    return value


@dataclass
class Sent:
    """A patch on its way to the server.

    `round` counts the rejections that its author knew of. `after` is not empty when the author
    lacked an answer.
    """

    round: int
    after: str
    base: int
    ops: list[Op]
    view: Any


@dataclass
class Answer:
    """A message to a client: a change by another client, or an ack or a rejection of its own."""

    kind: str
    version: int = 0
    ops: list[Op] | None = None


@dataclass
class Client:
    """Follows the contract. `confirmed` is the value at `version`."""

    confirmed: Any
    version: int = 0
    round: int = 0
    waiting: deque[Sent] = field(default_factory=deque)
    carried: list[Sequence[Op]] = field(default_factory=list)
    dropped: bool = False

    @property
    def view(self) -> Any:
        value = self.confirmed
        for ops in self.carried:
            value = replay(value, exact_ops(value, ops))
        return value

    def send(self, ops: list[Op]) -> Sent:
        after = "unanswered" if self.waiting else ""
        sent = Sent(self.round, after, self.version, ops, self.view)
        self.waiting.append(sent)
        if not self.dropped:
            self.carried.append(normalize(self.view, ops))
        return sent

    def hear(self, answer: Answer) -> None:
        if answer.kind == "reject":
            self._rejected()
        elif answer.kind == "ack":
            self._acked(answer)
        else:
            assert answer.ops is not None
            change = AppliedChange(answer.version, Author("other"), answer.ops, self.confirmed)
            self._keep(rebase_over(self.carried, change), len(self.carried))
            self.confirmed = change.after
            self.version = answer.version

    def _rejected(self) -> None:
        """Drop the refused patch and the patches that build on it: these will be refused too."""
        if self.waiting.popleft().round == self.round:
            self.round += 1
            self.carried.clear()
            self.dropped = False

    def _acked(self, answer: Answer) -> None:
        sent = self.waiting.popleft()
        ops = sent.ops if answer.ops is None else answer.ops
        applied = exact_ops(self.confirmed, ops)
        self._keep(rebase_over_answer(self.carried, self.confirmed, applied), len(self.carried) - 1)
        self.confirmed = replay(self.confirmed, applied)
        self.version = max(self.version, answer.version)

    def _keep(self, carried: Patches, wanted: int) -> None:
        self.dropped = self.dropped or len(carried) < wanted
        self.carried = list(carried)


class Server:
    """One document. After a refusal, it refuses what the author sent before the refusal came."""

    def __init__(self, value: Any, clients: int) -> None:
        self.first = value
        self.value = value
        self.changes: list[AppliedChange] = []
        self.pipelines = [Pipeline(0) for _ in range(clients)]
        self.rounds = [0] * clients
        self.refused = 0
        self.unclear = 0  # refused, because the answers that the client had are unclear
        self.conflicts: list[Any] = []
        self.merged = 0

    def since(self, version: int) -> list[AppliedChange]:
        return self.changes[version:]

    def take(self, who: int, sent: Sent) -> tuple[Answer, Answer | None]:
        """The answer to the author, and the change for the other clients."""
        if sent.round < self.rounds[who]:
            return Answer("reject"), None
        pipeline = self.pipelines[who]
        try:
            pipeline.advance(sent.base, self.since, sent.after)
        except Rejected:
            self.unclear += 1
            return self._reject(who)
        assert same(value_seen(pipeline, self.since, self.value), sent.view)
        try:
            rebased = pipeline.submit(sent.base, sent.ops, self.since, self.value, splices=True)
            done = apply(self.value, rebased.ops, splices=True)
        except Rejected:
            return self._reject(who)
        check_named(self.value, done.value, sent.view, rebased)
        check_written(done.value, sent.view, sent.ops)
        check_merged(self.value, done.value, rebased)
        self.conflicts += rebased.conflicts
        self.merged += len(rebased.merged)
        if done.ops:
            applied = AppliedChange(len(self.changes) + 1, Author(str(who)), done.ops, self.value)
            self.changes.append(applied)
            self.value = done.value
        pipeline.applied_as(len(self.changes), sent.ops, made_version=bool(done.ops))
        version = len(self.changes)
        ops = None if done.ops == sent.ops else done.ops
        change = Answer("change", version, done.ops) if done.ops else None
        return Answer("ack", version, ops), change

    def _reject(self, who: int) -> tuple[Answer, None]:
        self.rounds[who] += 1
        self.refused += 1
        return Answer("reject"), None


def check_named(before: Any, after: Any, view: Any, rebased: Rebased) -> None:
    """Check: when a patch removes letters that its author never saw, a conflict names them."""
    named = letters([each.theirs for each in rebased.conflicts])
    lost = letters(before) - letters(after) - letters(view)
    assert lost <= named, (lost, rebased)


def check_written(after: Any, view: Any, sent: Sequence[Op]) -> None:
    """Check: every letter that the author of a patch writes is in the document."""
    written = letters(apply(view, sent, splices=True).value) - letters(view)
    assert written <= letters(after), (written, sent)


def check_merged(before: Any, after: Any, rebased: Rebased) -> None:
    """Check: the pointers in `merged` lead to texts, and no conflict has one of them."""
    overwritten = {each.path for each in rebased.conflicts}
    assert {each.resolution for each in rebased.conflicts} <= {"yours"}
    assert len(set(rebased.merged)) == len(rebased.merged)
    for pointer in rebased.merged:
        assert pointer not in overwritten
        assert isinstance(lookup(after, parse(pointer)), str)


def letters(value: Any) -> set[str]:
    """The stamp letters in the texts of a value. Only one stamp has each of them."""
    if isinstance(value, str):
        return {letter for letter in value if letter >= FIRST_LETTER}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {letter for item in items for letter in letters(item)}


FIRST_LETTER = "\u4e00"
START: dict[str, Any] = {
    "title": "Buy now and save",
    "home": [{"id": name, "t": f"text of {name} here", "tags": ["x", "y"]} for name in "abcd"],
    "more": [{"id": name, "t": f"text of {name} there"} for name in "ef"],
    "pages": {"404": {"t": "not found"}, "500": {"t": "broken"}},
}


KINDS = ["text"] * 4 + ["splice", "add", "remove", "move", "move", "tag", "key", "whole", "copy"]


class Editor:
    """Makes random edits of a view. Each text that it writes has a stamp of its own.

    With `deletes`, it splices more often, and its edits of texts remove letters and words.
    """

    def __init__(self, chance: random.Random, *, deletes: bool = False) -> None:
        self.chance = chance
        self.deletes = deletes
        self.kinds = KINDS + ["splice"] * 4 if deletes else KINDS
        self.count = 0

    def stamp(self) -> str:
        """A word that begins like all stamps. No other stamp has its other letters."""
        self.count += 1
        first = ord(FIRST_LETTER) + 4 * self.count
        return "u" + "".join(chr(first + n) for n, _ in enumerate(str(self.count)))

    def patch(self, view: Any) -> list[Op]:
        ops: list[Op] = []
        for _ in range(self.chance.choice([1, 1, 1, 2, 3])):
            op = self.op(view)
            ops.append(op)
            view = apply(view, [op], splices=True).value
        return ops

    def op(self, view: Any) -> Op:
        made: Op | None = getattr(self, f"_{self.chance.choice(self.kinds)}")(view)
        return made or {"op": "add", "path": "/title", "value": f"title {self.stamp()}"}

    def _texts(self, view: Any) -> list[str]:
        found = ["/title"]
        for name in ("home", "more"):
            found += [f"/{name}/{n}/t" for n, item in enumerate(view[name]) if "t" in item]
        return found + [f"/pages/{key}/t" for key in view["pages"]]

    def _text(self, view: Any) -> Op:
        path = self.chance.choice(self._texts(view))
        now = _at(view, path).split()
        at = self.chance.randrange(len(now) or 1)
        if self.deletes:
            del now[at : at + 1]
        now.insert(self.chance.randrange(len(now) + 1), self.stamp())
        if len(now) > 4:
            now.pop(self.chance.randrange(len(now)))
        return {"op": "replace", "path": path, "value": " ".join(now)}

    def _splice(self, view: Any) -> Op:
        path = self.chance.choice(self._texts(view))
        text = _at(view, path)
        at = self.chance.randrange(len(text) + 1)
        delete = self.chance.randrange(min(8, len(text) - at + 1)) if self.deletes else 0
        insert = f" {self.stamp()} "
        return {"op": "splice", "path": path, "offset": at, "delete": delete, "insert": insert}

    def _list(self, view: Any) -> tuple[str, list[Any]]:
        name = self.chance.choice(["home", "home", "more"])
        return name, view[name]

    def _add(self, view: Any) -> Op:
        name, items = self._list(view)
        at = self.chance.choice([str(self.chance.randrange(len(items) + 1)), "-"])
        value = {"id": self.stamp(), "t": f"new {self.stamp()}", "tags": []}
        return {"op": "add", "path": f"/{name}/{at}", "value": value}

    def _remove(self, view: Any) -> Op | None:
        name, items = self._list(view)
        if not items:
            return None
        return {"op": "remove", "path": f"/{name}/{self.chance.randrange(len(items))}"}

    def _move(self, view: Any) -> Op | None:
        name, items = self._list(view)
        if not items:
            return None
        other = self.chance.choice([name, "home", "more"])
        room = len(view[other]) - (1 if other == name else 0)
        source = f"/{name}/{self.chance.randrange(len(items))}"
        return {"op": "move", "from": source, "path": f"/{other}/{self.chance.randrange(room + 1)}"}

    def _tag(self, view: Any) -> Op | None:
        homes = [n for n, item in enumerate(view["home"]) if "tags" in item]
        if not homes:
            return None
        at = self.chance.choice(homes)
        tags = view["home"][at]["tags"]
        if tags and self.chance.random() < 0.5:
            kind = self.chance.choice(["remove", "replace"])
            op: Op = {"op": kind, "path": f"/home/{at}/tags/{self.chance.randrange(len(tags))}"}
            return {**op, "value": self.stamp()} if kind == "replace" else op
        path = f"/home/{at}/tags/{self.chance.randrange(len(tags) + 1)}"
        return {"op": "add", "path": path, "value": self.stamp()}

    def _key(self, view: Any) -> Op:
        key = self.chance.choice(["404", "500", "501", "7"])
        if key in view["pages"] and self.chance.random() < 0.5:
            return {"op": "remove", "path": f"/pages/{key}"}
        return {"op": "add", "path": f"/pages/{key}", "value": {"t": f"page {self.stamp()}"}}

    def _whole(self, view: Any) -> Op | None:
        name, items = self._list(view)
        if not items:
            return None
        at = self.chance.randrange(len(items))
        value = {"id": items[at]["id"], "t": f"whole {self.stamp()}", "tags": ["x", self.stamp()]}
        return {"op": "replace", "path": f"/{name}/{at}", "value": value}

    def _copy(self, view: Any) -> Op | None:
        name, items = self._list(view)
        if not items:
            return None
        source = f"/{name}/{self.chance.randrange(len(items))}"
        return {"op": "copy", "from": source, "path": f"/{name}/0"}


def _at(view: Any, path: str) -> Any:
    for token in path.split("/")[1:]:
        view = view[int(token)] if isinstance(view, list) else view[token]
    return view


def run(seed: int, *, clients: int, steps: int, deletes: bool = False) -> Server:
    """Run at random until all patches are answered. Check that all end with the same value."""
    chance = random.Random(seed)
    editor = Editor(chance, deletes=deletes)
    server = Server(START, clients)
    people = [Client(START) for _ in range(clients)]
    up: list[deque[Sent]] = [deque() for _ in people]
    down: list[deque[Answer]] = [deque() for _ in people]

    def serve(who: int) -> None:
        answer, change = server.take(who, up[who].popleft())
        for other, queue in enumerate(down):
            if other == who:
                queue.append(answer)
            elif change is not None:
                queue.append(change)

    for _ in range(steps):
        who = chance.randrange(clients)
        action = chance.choice(["edit", "edit", "serve", "serve", "hear", "hear", "hear"])
        if action == "edit":
            if not people[who].dropped:
                up[who].append(people[who].send(editor.patch(people[who].view)))
        elif action == "serve" and up[who]:
            serve(who)
        elif action == "hear" and down[who]:
            people[who].hear(down[who].popleft())
    for who in range(clients):
        while up[who]:
            serve(who)
    for who, person in enumerate(people):
        while down[who]:
            person.hear(down[who].popleft())
    finish(server, people)
    return server


def finish(server: Server, people: list[Client]) -> None:
    value = server.first
    for change in server.changes:
        value = replay(value, change.ops)
    assert same(value, server.value)
    for person in people:
        assert not person.waiting
        assert not person.carried
        assert person.version == len(server.changes)
        assert same(person.confirmed, server.value)
