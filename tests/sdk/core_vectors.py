"""Vectors of the state machine that the Python client and the browser SDK share.

Each vector is one client: events, and after each event what it sends, ends and shows.
`python -m tests.sdk.core_vectors` writes core/core_vectors.json again.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.weft.core.model_server import ModelClient, ModelServer
from weft.core.effects import Asked, Effect, Ended, Reload, Send, Wait
from weft.core.machine import Machine
from weft.core.steps import Ask
from weft.errors import PatchError

FILE = Path(__file__).with_name("core") / "core_vectors.json"
RANDOM = 15
START = {"a": 1, "b": 2, "t": "Hello", "list": [{"id": "x"}, {"id": "y"}], "log": []}
BO = {"user": "bo", "name": "Bo"}
TAKEN = {"version": 1, "pointers": ["/a"]}  # in `undone`

Event = dict[str, Any]
Step = dict[str, Any]


def put(path: str, value: Any) -> Event:
    return {"op": "replace", "path": path, "value": value}


def add(path: str, value: Any) -> Event:
    return {"op": "add", "path": path, "value": value}


def splice(offset: int, delete: int, insert: str) -> Event:
    return {"op": "splice", "path": "/t", "offset": offset, "delete": delete, "insert": insert}


# --- events ---------------------------------------------------------------------------------------


def opened(version: int = 1, value: Any = START, epoch: int = 1, **more: Any) -> Event:
    message = {"epoch": epoch, "version": version, "value": value, **more}
    return {"type": "opened", "message": message}


def resumed(version: int, *changes: Event, **more: Any) -> Event:
    messages = [each["message"] for each in changes]
    message = {"epoch": 1, "version": version, "changes": messages, **more}
    return {"type": "opened", "message": message}


def edit(id: str, *ops: Event, now: int, **more: Any) -> Event:
    return {"type": "edit", "id": id, "ops": list(ops), "now": now, **more}


def change(version: int, *ops: Event, **more: Any) -> Event:
    message = {"version": version, "kind": "edit", "by": BO, "ops": list(ops), **more}
    return {"type": "change", "message": message}


def ack(id: str, version: int, **more: Any) -> Event:
    return {"type": "ack", "message": {"id": id, "version": version, **more}}


def reject(id: str, code: str, **more: Any) -> Event:
    message = {"id": id, "code": code, "message": code, "retryable": False, **more}
    return {"type": "reject", "message": message}


def undo(id: str, *, redo: bool = False, **more: Any) -> Event:
    return {"type": "undo", "id": id, "redo": redo, "now": 900_000, **more}


def closed(code: int = 1006) -> Event:
    return {"type": "closed", "code": code}


def hold(is_held: bool) -> Event:
    return {"type": "hold", "isHeld": is_held}


RETRY: Event = {"type": "retry"}
CONFLICT = {"path": "/a", "base": 1, "theirs": 9, "yours": 5, "resolution": "yours"}
BY_HAND: dict[str, list[Event]] = {
    "one patch is in flight, and later edits of a gesture are joined": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", put("/b", 6), now=1000),
        edit("e3", put("/b", 7), now=1500),
        edit("e4", add("/c", 1), now=1520),
        edit("e5", put("/a", 8), now=9000),
        ack("e1", 2),
        ack("e2", 3),
        ack("e5", 4),
    ],
    "edits of one step are joined, and others are not": [
        opened(),
        edit("e1", put("/a", 5), now=0, step="s"),
        edit("e2", put("/a", 6), now=5000, step="s"),
        edit("e3", put("/b", 6), now=9000, step="s"),
        edit("e4", put("/b", 7), now=9001),
        edit("e5", put("/b", 8), now=9002, fence=7),
        ack("e1", 2),
        ack("e2", 3),
        ack("e4", 4),
    ],
    "an answer that overwrites others is told with their name": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        change(2, put("/a", 9)),
        ack("e1", 3, conflicts=[CONFLICT]),
    ],
    "an unsent edit follows its element": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", add("/list/1/name", "Y"), now=9000),
        change(2, add("/list/0", {"id": "new"})),
        ack("e1", 3),
        ack("e2", 4),
    ],
    "an edit that cannot be rebased keeps its base": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", put("/b", 7), now=9000),
        change(2, put("/b", 9)),
        ack("e1", 3),
        ack("e2", 4),
    ],
    "typing moves behind the text of another author": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", splice(5, 0, "!"), now=9000),
        change(2, splice(0, 0, "Oh ")),
        ack("e1", 3),
        ack("e2", 4),
    ],
    "a refused edit takes the edits with it that build on it": [
        opened(),
        edit("e1", add("/n", {}), now=0),
        edit("e2", add("/n/x", 1), now=9000),
        edit("e3", put("/a", 5), now=18_000),
        reject("e1", "forbidden"),
        ack("e3", 2),
    ],
    "a refusal for now is tried again, eight times": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        *[reject("e1", "rate_limited", retryable=True, retry_after_ms=10), RETRY] * 3,
        *[reject("e1", "storage_unavailable", retryable=True), RETRY] * 2,
        *[reject("e1", "rate_limited", retryable=True), RETRY] * 5,
    ],
    "a locked edit ends at once": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        reject("e1", "locked", retryable=True, lock={"id": "l-1", "holder": BO}),
    ],
    "the same request is sent again after the connection was lost": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        closed(),
        edit("e2", put("/b", 6), now=9000),
        resumed(2, change(2, put("/t", "Bo"))),
        ack("e1", 3),
        ack("e2", 4),
    ],
    "an own edit that comes as a change is sent again for its answer": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        closed(1012),
        edit("e2", put("/b", 6), now=9000),
        resumed(2, change(2, put("/a", 5), id="e1")),
        ack("e1", 2, duplicate=True),
        ack("e2", 3),
    ],
    "an overwrite is told, also when its answer was lost": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        closed(),
        resumed(
            4,
            change(2, put("/a", 9)),
            change(3, put("/a", 5), id="e1"),
            change(4, put("/a", 7), by={"user": "cy", "name": "Cy"}),
        ),
        ack("e1", 3, duplicate=True, conflicts=[CONFLICT]),
    ],
    "an accepted edit has not failed when the server refuses it the second time": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        closed(),
        resumed(2, change(2, put("/a", 5), id="e1")),
        reject("e1", "rate_limited", retryable=True, retry_after_ms=10),
        RETRY,
        reject("e1", "read_only"),
    ],
    "an answered edit that is refused the second time ends once": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", put("/b", 6), now=9000),
        change(2, put("/b", 9)),
        ack("e1", 3),
        closed(),
        resumed(3),
        reject("e1", "forbidden"),
        ack("e2", 4, conflicts=[{**CONFLICT, "path": "/b"}]),
    ],
    "joined edits have no more operations than the server takes": [
        opened(limits={"max_ops": 2}),
        hold(True),
        *[edit(f"e{n}", add(f"/k{n}", n), now=n) for n in range(5)],
        hold(False),
        ack("e0", 2),
        ack("e2", 3),
        ack("e4", 4),
    ],
    "joined edits have no more bytes than the server takes": [
        opened(limits={"max_frame": 2000}),
        hold(True),
        edit("e1", put("/a", "y" * 400), now=0),
        edit("e2", put("/b", "y" * 400), now=1),
        edit("e3", put("/b", "ü" * 270), now=2),
        edit("e4", put("/b", "z" * 300), now=3),
        edit("e5", add("/c", [0] * 9), now=4),
        hold(False),
        ack("e1", 2),
        ack("e3", 3),
        ack("e5", 4),
    ],
    "a step of several patches is undone and made again": [
        opened(limits={"max_ops": 2}),
        hold(True),
        *[edit(f"e{n}", add(f"/k{n}", n), now=n, step="s") for n in range(3)],
        undo("u1"),
        undo("r1", redo=True),
        hold(False),
        ack("r1.r", 2),
        ack("r1.r1", 3),
    ],
    "a merged change has the answers of own edits": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", put("/b", 6), now=9000),
        change(4, put("/a", 5), put("/t", "x"), **{"from": 2}, acks=[{"id": "e1", "version": 3}]),
        ack("e2", 5),
    ],
    "a duplicate answer does not move the version": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        closed(),
        opened(3, {**START, "a": 5, "b": 9}),
        ack("e1", 2, duplicate=True),
    ],
    "a missing version loads the whole value": [opened(), change(3, put("/a", 3))],
    "a patch that does not fit loads the whole value": [opened(), change(2, put("/z/z", 3))],
    "a change that is known already has no effect": [opened(3), change(2, put("/a", 3))],
    "an edit with a base that is too old is made again": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        change(2, put("/b", 9)),
        reject("e1", "unknown_version"),
        ack("e1", 3),
    ],
    "an edit with a base that is too old is refused when it is not certain": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        change(2, put("/a", 9)),
        reject("e1", "unknown_version"),
    ],
    "a new history refuses every edit": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", put("/b", 5), now=9000),
        closed(),
        opened(1, {"a": 0}, epoch=2),
    ],
    "a frame that was too large fails its edit": [
        opened(),
        edit("e1", put("/a", "long"), now=0),
        edit("e2", put("/b", 6), now=9000),
        closed(1009),
        resumed(1),
        ack("e2", 2),
    ],
    "no patch is sent while the server asks for none": [
        opened(),
        hold(True),
        edit("e1", put("/a", 5), now=0),
        hold(False),
        ack("e1", 2),
    ],
    "an unsent edit is undone and redone here": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        edit("e2", put("/b", 6), now=9000),
        undo("u1"),
        undo("r1", redo=True),
        ack("e1", 2),
        ack("r1.r", 3),
    ],
    "a sent edit is undone by the server, after its answer": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        undo("u1"),
        ack("e1", 2),
        ack("u1", 3, ops=[put("/a", 1)], undone=[{"version": 2, "pointers": ["/a"]}], skipped=[]),
        undo("r1", redo=True),
        reject("r1", "nothing_to_undo"),
    ],
    "an undo waits for its retry, and is refused": [
        opened(),
        undo("u1"),
        reject("u1", "rate_limited", retryable=True, retry_after_ms=10),
        RETRY,
        reject("u1", "forbidden"),
    ],
    "an undo without a connection has no effect": [opened(), closed(), undo("u1")],
    "an undo with a version asks the server": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        ack("e1", 2),
        undo("u1", version=2),
        undo("u2", scope="/a"),
        reject("u1", "nothing_to_undo"),
    ],
    "an undo is asked again after the connection was lost": [
        opened(),
        undo("u1"),
        closed(),
        resumed(1),
        ack("u1", 2, ops=[put("/a", 0)], undone=[TAKEN], skipped=[]),
    ],
    "an undo whose answer was lost is asked again, because only its answer tells what it skipped": [
        opened(can_undo=True, can_redo=False),
        undo("u1"),
        closed(),
        resumed(2, change(2, put("/a", 0), id="u1", kind="undo"), can_undo=False, can_redo=True),
        ack("u1", 2, duplicate=True, undone=[TAKEN], skipped=["/b"], can_undo=True),
        undo("r1", redo=True),
    ],
    "an undo that was accepted is not refused the second time": [
        opened(),
        undo("u1"),
        closed(),
        resumed(2, change(2, put("/a", 0), id="u1", kind="undo"), can_undo=False, can_redo=True),
        reject("u1", "rate_limited", retryable=True, retry_after_ms=10),
        RETRY,
        reject("u1", "forbidden"),
    ],
    "the server says what can be undone, until the next edit": [
        opened(can_undo=False, can_redo=True),
        change(2, put("/b", 9)),
        edit("e1", put("/a", 5), now=0),
        ack("e1", 3),
        undo("u1"),
        ack("u1", 4, ops=[put("/a", 1)], undone=[TAKEN], skipped=[], can_undo=False, can_redo=True),
        change(5, put("/a", 8), id="other-tab"),
        closed(),
        edit("e2", put("/a", 6), now=9000),
    ],
    "the newest step is made again first, wherever it was taken back": [
        opened(),
        edit("e1", put("/a", 5), now=0),
        ack("e1", 2),
        hold(True),
        edit("e2", put("/b", 6), now=9000),
        undo("u1"),
        undo("u2"),
        hold(False),
        ack("u2", 3, ops=[put("/a", 1)], undone=[TAKEN], skipped=[], can_undo=False, can_redo=True),
        undo("r1", redo=True),
        ack("r1", 4, ops=[put("/a", 5)], undone=[TAKEN], skipped=[]),
        undo("r2", redo=True),
    ],
}


# --- what the client does -------------------------------------------------------------------------


def outcome(effects: list[Effect], machine: Machine) -> Step:
    """Return what an event has made the client do, and what it shows then."""
    found: Step = {"sent": [], "ended": [], "asked": [], "waits": [], "reloads": 0}
    for effect in effects:
        match effect:
            case Send():
                found["sent"].append(effect.message)
            case Ended():
                code = effect.reason.code if effect.reason else None
                conflicts = effect.result.conflicts if effect.result else []
                names = [(each.get("by") or {}).get("name") for each in conflicts]
                found["ended"].append([effect.id, effect.state, code, names])
            case Asked():
                undone = effect.result.undone if effect.result else []
                pointers = [pointer for each in undone for pointer in each["pointers"]]
                code = effect.reason.code if effect.reason else None
                skipped = effect.result.skipped if effect.result else []
                found["asked"].append([effect.id, pointers, skipped, code])
            case Wait():
                found["waits"].append([effect.tries, effect.ms])
            case Reload():
                found["reloads"] += 1
    can = [machine.steps.has(kind, is_online=machine.is_online) for kind in ("undo", "redo")]
    return {**found, "value": machine.value, "pending": machine.pending, "can": can}


def perform(machine: Machine, event: Event) -> None:
    match event["type"]:
        case "opened" | "change" | "ack" | "reject":
            getattr(machine, event["type"])(event["message"])
        case "edit":
            optional: dict[str, Any] = {name: event.get(name) for name in ("step", "fence")}
            machine.edit(event["id"], event["ops"], event["now"] / 1000, **optional)
        case "undo":
            ask = Ask(event["id"], event["redo"], event.get("scope"), event.get("version"))
            machine.undo(ask, event["now"] / 1000)
        case "closed":
            machine.closed(event["code"])
        case "hold":
            machine.hold(event["isHeld"])
        case "retry":
            machine.retry()


def replay(events: list[Event]) -> list[Step]:
    """Give events to a new machine, and return what it has done after each."""
    machine, steps = Machine(), []
    for event in events:
        perform(machine, event)
        steps.append(outcome(machine.take_effects(), machine))
    return steps


class Recorded(ModelClient):
    """A client of the model server that notes its events."""

    def __init__(self, server: ModelServer) -> None:
        super().__init__(server, "ada")
        self.events: list[Event] = []

    def deliver_down(self) -> None:
        assert self.line is not None
        message = self.line.down[0]
        self.events.append({"type": message["type"], "message": message})
        super().deliver_down()

    def cut(self) -> None:
        self.events.append(closed())
        super().cut()

    def take(self, event: Event) -> None:
        try:
            perform(self.machine, event)
        except PatchError:
            return
        self.events.append(event)
        self.perform()


def walk(seed: int) -> list[Event]:
    """Return the events of a client that edits beside another one, over a bad connection."""
    dice = random.Random(seed)
    server = ModelServer(START)
    client, other = Recorded(server), ModelClient(server, "bo")
    for each in (client, other):
        each.connect()
        each.deliver_down()
    now = 0
    for number in range(60):
        now += dice.choice((7, 300, 5000))
        kind, id = dice.random(), f"e{number}"
        if kind < 0.35:
            client.take(edit(id, random_op(dice, id), now=now))
        elif kind < 0.5:
            try:
                other.machine.edit(f"b{number}", [random_op(dice, f"b{number}")], now / 1000)
            except PatchError:
                continue
            other.perform()
        elif kind < 0.53:
            client.take({**undo(f"u{number}", redo=dice.random() < 0.4), "now": now})
        elif client.line is None or client.must_reload:
            if client.line is not None:
                client.cut()
            client.connect(resync=dice.random() < 0.2)
        elif kind < 0.56:
            client.cut()
        else:
            for each in (other, client):
                if each.line is not None and each.line.up:
                    each.deliver_up()
                elif each.line is not None and each.line.down and not each.must_reload:
                    each.deliver_down()
    return client.events


def random_op(dice: random.Random, mark: str) -> Event:
    return dice.choice(
        [
            add("/log/-", mark),
            put("/a", mark),
            put(f"/list/{dice.randrange(3)}", {"id": mark}),
            add(f"/list/{dice.randrange(3)}", {"id": mark}),
            add("/list/0/name", mark),
            {"op": "remove", "path": f"/list/{dice.randrange(3)}"},
            {"op": "move", "from": "/list/1", "path": "/list/0"},
            splice(dice.randrange(4), dice.randrange(2), mark[-1]),
        ]
    )


def render() -> str:
    scripts = {**BY_HAND, **{f"at random {seed}": walk(seed) for seed in range(RANDOM)}}
    vectors = [
        {"name": name, "events": events, "steps": replay(events)}
        for name, events in scripts.items()
    ]
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
