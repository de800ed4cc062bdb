"""A room that gets all kinds of values on both lanes; accepted values must stay readable."""

from __future__ import annotations

import random
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment

from collab.document.document import Document
from collab.document.opening import Opening
from collab.document.snapshot_format import decode_value
from collab.entry import Author, Entry
from collab.errors import Code
from collab.ids import DocKey
from collab.patch.pointer import render
from collab.patch.values import FORBIDDEN_KEYS, same
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import (
    Answer,
    Create,
    PatchRequest,
    Replace,
    Request,
    RestoreVersion,
    Round,
    UndoRequest,
    Update,
)
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.schema.check import Schema
from collab.structs.guard import GuardBounds, StructIndex, check, inspect
from collab.tree.tree import LARGE

KEY = DocKey("demo", "page")
ANY_SIZE = GuardBounds(update_bytes=0, new_clients=10_000)
SCHEMA = b'{"properties": {"checked": {"type": "number"}}}'
# Ids and keys with a special meaning for a parser or for the layout.
WORDS = (*sorted(FORBIDDEN_KEYS), "@order", "@array", "@@value", "@deleted", "__proto", "toString")


class ReadableRoom:
    """One room, its users, and a Yjs peer for each user, all from one seed.

    Invariant: after each accepted request the document can be saved, opened, cut, indexed and
    edited.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.room = Room(KEY, Absent(), RoomBounds(), Schema.compile(SCHEMA))
        self.entries: list[Entry] = []
        self.values: list[Any] = [{}]
        self.log: list[str] = []
        self.peers: dict[str, Doc[Any]] = {}
        self.refused: list[Code] = []
        self.ask("ada", Create({"checked": 1, "free": {}, "list": []}))

    def close(self) -> None:
        self.room.close()

    def member(self, user: str) -> Member:
        # The room corrects bo's writes outside /free, and all writes that break the schema.
        sections = ("/free",) if user == "bo" else None
        return Member(Author(user), Rights(Role.ADMIN, 2**53, sections=sections), "yjs")

    def ask(self, user: str, request: Request) -> Answer:
        self.log.append(f"{user} {request}")
        answer = self.room.apply(self.member(user), request, Round(len(self.entries) * 5_000))
        self.room.pending()
        for entry in self.room.commit()[0]:
            self.entries.append(entry)
            self.values.append(self.room.value)
        if answer.refusal is not None:
            self.refused.append(answer.refusal.code)
        return answer

    # --- one step ---------------------------------------------------------------------------

    def step(self) -> None:
        user = self.random.choice(("ada", "bo"))
        roll = self.random.random()
        if roll < 0.35:
            self.ask("ada", PatchRequest("", None, [self.op() for _ in range(2)]))
        elif roll < 0.40:
            self.ask("ada", Replace({**self.value(2, dict), "checked": 1}, None))
        elif roll < 0.55:
            self.ask(user, UndoRequest("", redo=self.random.random() < 0.4))
        elif roll < 0.60:
            version = self.random.randrange(1, len(self.values))
            self.ask("ada", RestoreVersion(version, self.values[version]))
        else:
            self.push(user)

    def op(self) -> dict[str, Any]:
        places = list(_containers(self.room.document.value, ()))
        tokens, held = self.random.choice(places)
        token = "-" if isinstance(held, list) else self.key()
        present = len(held) if isinstance(held, list) else sorted(held)
        if present and self.random.random() < 0.4:
            if isinstance(held, list):
                token = str(self.random.randrange(len(held)))
            else:
                token = self.random.choice(sorted(held))
            kind = self.random.choice(("remove", "replace", "copy"))
        else:
            kind = "add"
        if kind == "copy":
            source, _ = self.random.choice(places)
            return {"op": "copy", "from": render(source), "path": render((*tokens, token))}
        op = {"op": kind, "path": render((*tokens, token))}
        if kind == "remove":
            return op
        value = self.value(3)
        if isinstance(held, list) and isinstance(value, dict):
            value["id"] = self.random.choice((*sorted(FORBIDDEN_KEYS), "@order", "s1"))
        return {**op, "value": value}

    def key(self) -> str:
        return self.random.choice((*WORDS, "free", "list", "checked", "id", "a", "é", "x" * 2000))

    # --- values -----------------------------------------------------------------------------

    def number(self) -> float:
        """Return any double: of every magnitude, and near the limits of integer types."""
        roll = self.random.random()
        sign = self.random.choice((1, -1))
        if roll < 0.5:
            near = 2.0 ** self.random.choice((31, 53, 54, 60, 63, 64, 66))
            return sign * near * self.random.choice((1, 1 + 2**-52, 1 - 2**-53, 1.5))
        if roll < 0.8:
            return sign * self.random.random() * 10.0 ** self.random.randint(-30, 300)
        return self.random.choice((0.0, -0.0, 1, 2**53 - 1, 1 - 2**53, 2**53, 2**63, 10**20))

    def value(self, depth: int, kind: Any = None) -> Any:
        roll = self.random.random()
        if kind is dict or (depth and roll < 0.4):
            made = {
                self.random.choice(("a", "b", "@value", "é")): self.value(depth - 1)
                for _ in range(self.random.randint(0, 3))
            }
            if self.random.random() < 0.6:
                made["id"] = self.random.choice((*WORDS, "s1", "s2", "é" * 128, "", "\0", "😀"))
            return made
        if depth and roll < 0.65:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
        if roll < 0.9:
            return self.number()
        return self.random.choice(("", "words", "😀", "\0", "￿", True, None))

    # --- the Yjs lane -----------------------------------------------------------------------

    def push(self, user: str) -> None:
        """Send a client's update; a refused client reloads the document, as real clients do."""
        peer = self.peers.get(user)
        if peer is None:
            peer = self.peers[user] = Doc()
            peer.get("content", type=Map)
        peer.apply_update(self.room.document.update_since(peer.get_state()))
        before = peer.get_state()
        with peer.transaction():
            self.edit(peer)
        answer = self.ask(user, Update(peer.get_update(before)))
        if answer.refusal is not None:
            del self.peers[user]

    def edit(self, peer: Doc[Any]) -> None:
        content = peer.get("content", type=Map)
        roll = self.random.random()
        key = self.random.choice(("free", "k1", "checked", "list", self.key()))
        held: Any = content.get(key, None)
        if isinstance(held, Map) and roll < 0.6:
            held[self.key()] = self.shared()
        elif roll < 0.7:
            text = peer.get("prose", type=Text)
            text.insert_embed(0, {"n": float(self.number()), self.key(): 1})
        elif roll < 0.8:
            text = peer.get("prose", type=Text)
            text.insert(0, "w", {"size": float(self.number())})
        elif roll < 0.9:
            rich = peer.get("rich", type=XmlFragment)
            rich.children.append(XmlElement("p", {"n": "1"}))
        else:
            content[key] = self.shared()

    def shared(self) -> Any:
        roll = self.random.random()
        if roll < 0.3:
            return Map({self.key(): _fits_i64(self.value(1)), "@order": "a0"})
        if roll < 0.5:
            return Array([_fits_i64(self.value(1))])
        if roll < 0.6:
            return Text("typed 😀")
        if roll < 0.65:
            return float("nan")
        return _fits_i64(self.value(3))

    # --- the invariant ----------------------------------------------------------------------

    def check(self) -> None:
        room = self.room
        state = room.document.update_since(b"\0")
        # The guard accepts the server's own state as an update of a client.
        inspected = inspect(state, ANY_SIZE)
        without_owner = dict.fromkeys(inspected.sections, "")
        check(inspected, {}, leases=without_owner, user="", index=StructIndex())
        assert StructIndex.of(state).clocks == room.document.state_vector()
        if self.entries:
            inspect(self.entries[-1].update, ANY_SIZE)
        assert same(decode_value(room.document_to_save().snapshot().body), room.value)
        self.check_opening(Opening.of(room.document_to_save().snapshot(), [], room.epoch))
        cut = Opening.of(room.document_to_save().snapshot(), [], room.epoch)
        cut.cut_state()
        cut.loader.size = LARGE + 1  # a large document is read type by type
        self.check_opening(cut)

    def check_opening(self, opening: Opening) -> None:
        assert opening.apply_some(lambda: 0.0, 1.0)
        document = Document(opening)
        assert same(document.value, self.room.value)
        assert same(document.read(), self.room.value)
        document.close()

    def check_that_it_is_edited(self) -> None:
        """Check that both lanes accept a new edit."""
        patch = PatchRequest(
            "", None, [{"op": "add", "path": "/probe", "value": str(self.log)[:9]}]
        )
        assert self.ask("ada", patch).refusal is None
        peer: Doc[Any] = Doc()
        content = peer.get("content", type=Map)
        peer.apply_update(self.room.document.update_since(peer.get_state()))
        before = peer.get_state()
        content["probe"] = "typed"
        answer = self.ask("ada", Update(peer.get_update(before)))
        assert answer.refusal is None, answer.refusal
        assert self.room.value["probe"] == "typed"  # type: ignore[call-overload,index]


def run(seed: int, steps: int) -> ReadableRoom:
    """Run a room; the error of a failed assertion names the seed."""
    made = ReadableRoom(seed)
    try:
        for number in range(steps):
            made.step()
            made.check()
            if number % 10 == 9:
                made.check_that_it_is_edited()
    except BaseException as error:
        error.add_note(f"seed {seed}, {len(made.entries)} versions:\n" + "\n".join(made.log[-4:]))
        raise
    return made


def _containers(value: Any, tokens: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        yield tokens, value
        for key, inner in sorted(value.items()):
            yield from _containers(inner, (*tokens, key))
    elif isinstance(value, list):
        yield tokens, value
        for index, inner in enumerate(value):
            yield from _containers(inner, (*tokens, str(index)))


def _fits_i64(value: Any) -> Any:
    """Return the value with floats for integers: pycrdt panics on integers beyond 64 bits."""
    if isinstance(value, dict):
        return {key: _fits_i64(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fits_i64(inner) for inner in value]
    return float(value) if type(value) is int else value
