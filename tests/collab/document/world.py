"""A simulated world: patch clients, Yjs peers, undo and reloads, all from one seed."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonpatch
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.document.change import Change
from collab.document.document import Document
from collab.document.steps import UndoBounds
from collab.entry import Author, Entry, Kind
from collab.errors import Rejected
from collab.patch.apply import Applied
from collab.patch.bounds import json_size
from collab.patch.pointer import render
from collab.ports.store import Snapshot
from collab.types.merging import merge_updates
from collab.yjs.update import decode_state_vector
from server.loading.state_in_child import encode_here

USERS = ("ada", "bo", "cy")
KEYS = ("a", "b", "c", "id", "@order", "@@value", "é/~", "type", "__proto__")
RESERVED = ("@order", "@deleted", "@value", "@array")
WORDS = ("", "x", "Buy now", "héllo wörld", "😀 smile", "lorem ipsum dolor", "Try", "a b c")
NO_STATE = b"\x00"


class World:
    """One document with patch clients and Yjs peers.

    Invariant: after every step, opening the document from its entries gives an equal document.
    """

    def __init__(self, seed: int, peers: int = 3) -> None:
        self.random = random.Random(seed)
        self.document = Document.create(1)
        self.oracle: Any = {}
        self.version = 0
        self.now = 0
        self.snapshot: Snapshot | None = None
        self.entries: list[Entry] = []
        self.log: list[str] = []
        self.peers: list[Any] = []
        for index in range(peers):
            peer: Doc[Any] = Doc(client_id=1_000 + index)
            peer.get("content", type=Map)
            self.peers.append(peer)

    def close(self) -> None:
        self.document.close()

    def step(self) -> None:
        roll = self.random.random()
        self.now += self.random.choice((1, 300, 2_000))
        if roll < 0.40:
            self.patch()
        elif roll < 0.62:
            self.edit_peer()
        elif roll < 0.78:
            self.push()
        elif roll < 0.84:
            self.pull(self.random.choice(self.peers))
        elif roll < 0.96:
            self.revert()
        else:
            self.reload()

    # --- the patch lane ---------------------------------------------------------------------

    def patch(self) -> None:
        ops = [self.op() for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
        self.log.append(f"patch {json.dumps(ops)}")
        user = self.random.choice(USERS)
        try:
            change = self.document.patch(ops, version=self.version + 1, user=user, at=self.now)
        except Rejected as refused:
            self.log.append(f"  refused {refused}")
            assert self.document.value == self.oracle
            return
        self.accept(change, user, "edit")

    def op(self) -> dict[str, Any]:
        places = list(self.places(self.document.value, ()))
        tokens, value = self.random.choice(places)
        kind = self.random.choice(
            ("add", "add", "add", "replace", "replace", "remove", "move", "copy")
        )
        if json_size(self.document.value) > 3_000:
            kind = "remove"
        if kind == "add" or not tokens:
            containers = [place for place in places if isinstance(place[1], dict | list)]
            tokens, value = self.random.choice(containers)
            return {
                "op": "add",
                "path": render((*tokens, self.new_token(value))),
                "value": self.value(),
            }
        if kind in ("move", "copy"):
            target, container = self.target(places, tokens)
            path = render((*target, self.new_token(container)))
            return {"op": kind, "from": render(tokens), "path": path}
        if kind == "remove":
            return {"op": "remove", "path": render(tokens)}
        return {"op": "replace", "path": render(tokens), "value": self.instead(value)}

    def target(self, places: list[Any], source: tuple[Any, ...]) -> Any:
        """Choose the target of a move: mostly the same array."""
        containers = {at: value for at, value in places if isinstance(value, dict | list)}
        if self.random.random() < 0.7 and source[:-1] in containers:
            return source[:-1], containers[source[:-1]]
        return self.random.choice(list(containers.items()))

    def new_token(self, container: Any) -> Any:
        if isinstance(container, list):
            return self.random.choice(("-", self.random.randint(0, len(container))))
        return self.random.choice(KEYS)

    def instead(self, old: Any) -> Any:
        """Return a replacement that is often similar to the old value."""
        if isinstance(old, str) and self.random.random() < 0.8:
            return self.edited(old)
        if isinstance(old, dict) and self.random.random() < 0.6:
            new = dict(old)
            new[self.random.choice(KEYS[:5])] = self.value(1)
            if len(new) > 1 and self.random.random() < 0.5:
                new.pop(self.random.choice(sorted(new)))
            return new
        if isinstance(old, list) and self.random.random() < 0.6:
            new_list = list(old)
            self.random.shuffle(new_list)
            return [*new_list[: self.random.randint(0, 5)], self.value(1)]
        return self.value()

    def edited(self, text: str) -> str:
        at = self.random.randint(0, len(text))
        end = min(len(text), at + self.random.choice((0, 0, 1, 4)))
        return text[:at] + self.random.choice(WORDS) + text[end:]

    def value(self, depth: int = 3) -> Any:
        roll = self.random.random()
        if depth and roll < 0.25:
            keys = self.random.sample(KEYS[:-1], self.random.randint(0, 3))
            made = {key: self.value(depth - 1) for key in keys}
            if self.random.random() < 0.4:
                made["id"] = f"s{self.random.randint(0, 6)}"
            return made
        if depth and roll < 0.45:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 4))]
        if roll < 0.8:
            return self.random.choice(WORDS)
        return self.random.choice((0, 1, -7, 2.5, 3.0, -0.0, 1e20, True, False, None, 2**53 - 1))

    def places(self, value: Any, tokens: tuple[Any, ...]) -> Any:
        yield tokens, value
        if isinstance(value, dict):
            for key, inner in sorted(value.items()):
                yield from self.places(inner, (*tokens, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from self.places(inner, (*tokens, index))

    # --- the Yjs lane -----------------------------------------------------------------------

    def edit_peer(self) -> None:
        index = self.random.randrange(len(self.peers))
        peer = self.peers[index]
        content = peer.get("content", type=Map)
        with peer.transaction():
            for _ in range(self.random.choice((1, 1, 2, 4))):
                self.log.append(f"peer {index} {self.edit_type(content, 0)}")
            if self.random.random() < 0.05:
                other = peer.get("default", type=XmlFragment)
                other.children.append(XmlElement("p"))
        if self.random.random() < 0.3:
            self.push(index)

    def edit_type(self, target: Any, depth: int) -> str:
        if isinstance(target, Map):
            return self.edit_map(target, depth)
        if isinstance(target, Array):
            return self.edit_array(target, depth)
        if isinstance(target, Text):
            return self.edit_text(target)
        if isinstance(target, XmlFragment):
            target.children.append(self.random.choice((XmlElement("b", {"c": "1"}), XmlText("hi"))))
            return "xml append"
        return "nothing"

    def edit_map(self, target: Map[Any], depth: int) -> str:
        keys = sorted(target.keys())
        if keys and self.random.random() < 0.65 and depth < 8:
            key = self.random.choice(keys)
            inner = target[key]
            if isinstance(inner, Map | Array | Text | XmlFragment):
                return f"{key}/" + self.edit_type(inner, depth + 1)
        roll = self.random.random()
        if "@array" in keys and roll < 0.7:
            return self.edit_keyed(target, [key for key in keys if key != "@array"])
        if keys and (roll < 0.25 or len(keys) > 8):
            key = self.random.choice(keys)
            del target[key]
            return f"del {key}"
        if roll < 0.30:
            key = self.random.choice(RESERVED)
            target[key] = self.random.choice((True, False, "a0", "Zz", "", "a1V", 7, Map({"x": 1})))
            return f"garbage {key}"
        key = self.random.choice((*KEYS, f"k{self.random.randint(0, 3)}"))
        made = self.shared()
        target[key] = made
        return f"set {key} {type(made).__name__}"

    def edit_keyed(self, target: Map[Any], keys: list[str]) -> str:
        """Edit as a client that knows the layout: reorder, hide, show or add elements."""
        roll = self.random.random()
        order = self.random.choice(("a0", "a1", "a0V", "Zz", "a5", "~~", None))
        key = self.random.choice(keys) if keys else ""
        held = target[key] if key else None
        if isinstance(held, Map) and roll < 0.4 and order:
            held["@order"] = order
            return f"order {key} {order}"
        if isinstance(held, Map) and roll < 0.6:
            held["@deleted"] = self.random.choice((True, True, False, 1))
            return f"deleted {key}"
        if key and roll < 0.7:
            del target[key]
            return f"drop {key}"
        key = self.random.choice(("s1", "s2", "s3", f"n{self.random.randint(0, 99)}"))
        made: dict[str, Any] = {} if order is None else {"@order": order}
        made["@value" if self.random.random() < 0.4 else "t"] = self.shared(1)
        target[key] = Map(made) if self.random.random() < 0.9 else self.shared(1)
        return f"element {key}"

    def edit_array(self, target: Array[Any], depth: int) -> str:
        length = len(target)
        if length and self.random.random() < 0.6 and depth < 8:
            index = self.random.randrange(length)
            inner = target[index]
            if isinstance(inner, Map | Array | Text | XmlFragment):
                return f"{index}/" + self.edit_type(inner, depth + 1)
        if length and (self.random.random() < 0.4 or length > 6):
            index = self.random.randrange(length)
            del target[index]
            return f"del {index}"
        index = self.random.randint(0, length)
        target.insert(index, self.shared(1))
        return f"insert {index}"

    def edit_text(self, target: Text) -> str:
        # Texts of these worlds are cut between characters only. An embed counts as one character.
        text = str(target)
        at = self.random.randint(0, len(text))
        index = len(text[:at].encode())
        roll = self.random.random()
        if roll < 0.1:
            target.insert_embed(0, {"image": "x"})
            return "embed"
        if roll < 0.4 and len(text) == len(text.encode()) == len(target):
            del target[index : min(len(text), index + 3)]
            return f"cut {index}"
        if len(text.encode()) == len(target):
            target.insert(index, self.random.choice(WORDS))
        else:
            target += self.random.choice(WORDS)
        return f"type {index}"

    def shared(self, depth: int = 2) -> Any:
        roll = self.random.random()
        if depth and roll < 0.2:
            keys = self.random.sample((*KEYS, *RESERVED), 2)
            return Map({key: self.shared(depth - 1) for key in keys})
        if depth and roll < 0.35:
            made = {"@array": True}
            for index in range(self.random.randint(0, 3)):
                made[f"e{index}"] = Map({"@order": f"a{index}", "@value": self.shared(depth - 1)})  # type: ignore[assignment]  # a mixed map
            return Map(made)
        if depth and roll < 0.5:
            return Array([self.shared(depth - 1) for _ in range(self.random.randint(0, 3))])
        if roll < 0.7:
            return Text(self.random.choice(WORDS))
        if depth and roll < 0.77:
            return XmlFragment([XmlElement("p", {"a": "1"}, [XmlText("hi")])])
        if roll < 0.85:
            return self.plain()
        return self.random.choice((*WORDS, 1, 2.5, True, None, float("nan"), 2**60, b"\x00\xff"))

    def plain(self) -> Any:
        return self.random.choice(
            (
                {"a": [1, {"b": "x"}], "c": None},
                [1, "two", [3.5]],
                {"@array": True, "p": {"@value": 1}, "q": {"@value": "z", "@order": "a0"}},
                {"@value": 5},
                {},
                [],
            )
        )

    def push(self, index: int | None = None) -> None:
        """Send a peer's updates to the document: all that it lacks, sometimes merged with more."""
        if index is None:
            index = self.random.randrange(len(self.peers))
        peer = self.peers[index]
        update = peer.get_update(self.document.encode_state_vector())
        if self.random.random() < 0.1:
            self.pull(peer)
        if self.random.random() < 0.1:
            update = merge_updates([update, peer.get_update(NO_STATE)])
        self.log.append(f"push {index}")
        judge = self.judge if self.random.random() < 0.1 else None
        user = USERS[index % len(USERS)]
        version = self.version + 1
        change = self.document.integrate(
            update, version=version, user=user, at=self.now, correct=judge
        )
        self.accept(change, user, "edit")

    def judge(self, before: Any, applied: Applied) -> Any:
        assert json.dumps(before, sort_keys=True) == json.dumps(self.oracle, sort_keys=True)
        self.log.append("  judged")
        if self.random.random() < 0.5:
            return before
        return {
            key: value for key, value in sorted(applied.value.items()) if self.random.random() < 0.7
        }

    def pull(self, peer: Doc[Any]) -> None:
        peer.apply_update(self.document.update_since(peer.get_state()))

    # --- undo, reloads ----------------------------------------------------------------------

    def revert(self) -> None:
        user = self.random.choice(USERS)
        kind: Kind = self.random.choice(("undo", "undo", "redo"))
        scope: tuple[Any, ...] = ()
        if self.random.random() < 0.3:
            scope = self.random.choice(list(self.places(self.document.value, ())))[0]
        self.log.append(f"{kind} {user} {render(scope)}")
        take = self.document.undo if kind == "undo" else self.document.redo
        before = self.document.snapshot()
        try:
            undone = take(user, render(scope), version=self.version + 1, at=self.now)
        except Rejected:
            assert self.document.snapshot() == before
            return
        self.accept(undone.change, user, kind)

    def reload(self) -> None:
        if self.random.random() < 0.5:
            self.log.append(f"marked {self.document.mark_unneeded()}")
            return
        self.log.append("reload")
        if self.random.random() < 0.5:
            self.save()
        self.document.close()
        self.document = Document.open(self.snapshot, self.entries, 1)

    def accept(self, change: Change | None, user: str, kind: Kind) -> None:
        if change is None:
            return
        self.version += 1
        author = Author(user=user)
        entry = Entry(
            self.version, author, self.now, kind, change.ops, change.update, inverse=change.inverse
        )
        self.entries.append(entry)
        # Copy through JSON text: ops may share values, but the patched value must not share them.
        patch = jsonpatch.JsonPatch(json.loads(json.dumps(change.ops)))
        self.oracle = json.loads(json.dumps(patch.apply(self.oracle)))

    # --- what must hold ---------------------------------------------------------------------

    def check(self) -> None:
        document = self.document
        assert document.version == self.version
        expected = json.dumps(self.oracle, sort_keys=True)
        assert json.dumps(document.value, sort_keys=True) == expected
        assert json.dumps(document.read(), sort_keys=True) == expected
        assert document.size == json_size(document.value)
        fresh = Document.open(self.snapshot, self.entries, 1)
        assert json.dumps(fresh.value, sort_keys=True) == expected
        assert fresh._tree.root == document._tree.root
        assert fresh._undo.stacks == document._undo.stacks
        assert fresh.state_vector() == document.state_vector()
        assert fresh.version == document.version
        fresh.close()
        if len(self.entries) > 20:
            self.save()

    def save(self) -> None:
        """Save a snapshot; sometimes with a state that the updates make in another document."""
        if self.random.random() < 0.5:
            self.snapshot, self.entries = self.document.snapshot(), []
            return
        draft = self.document.draft()
        made = encode_here(draft.updates)
        assert decode_state_vector(made.state_vector) == self.document.state_vector()
        self.document.updates.replace(draft.updates, made.state, made.blocks)
        self.snapshot, self.entries = draft.with_state(made.state), []


def run(seed: int, steps: int) -> int:
    """Run a world and return its number of versions. A failing assertion names the seed."""
    world = World(seed)
    try:
        for number in range(steps):
            try:
                world.step()
                world.check()
            except BaseException as error:
                error.add_note(f"seed {seed}, step {number}:\n" + "\n".join(world.log[-6:]))
                raise
    finally:
        world.close()
    return world.version


def back_and_forth(seed: int, edits: int) -> None:
    """Test one user alone: undo and redo of every step must lead through all earlier values."""
    world = World(seed, peers=0)
    world.document._undo.bounds = UndoBounds(edits)
    values = [world.document.value]
    for _ in range(edits):
        world.now += 5_000
        ops = [world.op() for _ in range(world.random.choice((1, 2)))]
        version = world.version + 1
        try:
            change = world.document.patch(ops, version=version, user="ada", at=world.now)
        except Rejected:
            continue
        world.accept(change, "ada", "edit")
        if change is not None:
            values.append(world.document.value)
    for kind, wanted in (("undo", values[-2::-1]), ("redo", values[1:])):
        for value in wanted:
            world.now += 5_000
            take = world.document.undo if kind == "undo" else world.document.redo
            undone = take("ada", version=world.version + 1, at=world.now)
            world.accept(undone.change, "ada", "undo" if kind == "undo" else "redo")
            same = json.dumps(world.document.value, sort_keys=True)
            assert same == json.dumps(value, sort_keys=True), f"seed {seed}"
        world.check()
    world.close()
