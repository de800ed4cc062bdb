"""Three users edit one text. An oracle knows who wrote and who deleted each character.

Every character of a world is used once. So the oracle finds it in the text by itself, and shares
no code with the undo.
"""

from __future__ import annotations

import random
from typing import Any

from pycrdt import Doc, Map, Text

from collab.document.change import Change
from collab.document.document import Document
from collab.entry import Author, Entry, Kind, Op
from collab.errors import Rejected
from collab.patch.utf16 import length
from collab.ports.store import Snapshot

USERS = ("ada", "bo", "cy")
# The scripts of new characters: three or four bytes in UTF-8, one or two units in UTF-16.
SCRIPTS = (0x1000, 0x4E00, 0xA000, 0x20000)


class CharactersWorld:
    """One document with three users.

    Invariant: `text` is the document's text. `writer` and `deleters` describe its characters.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.document = Document.create(1)
        self.version = self.now = self.made = 0
        self.entries: list[Entry] = []
        self.snapshot: Snapshot | None = None
        self.text = "stair"
        self.writer = dict.fromkeys(self.text, "root")
        self.deleter: dict[str, str] = {}  # the last user who deleted a character
        self.deleters: set[tuple[str, str]] = set()
        self.log: list[str] = []
        self._patch("root", [{"op": "add", "path": "/x", "value": self.text}], "create")

    def step(self) -> None:
        self.now += self.random.choice((10, 300, 5_000, 5_000))
        user, roll = self.random.choice(USERS), self.random.random()
        if roll < 0.45:
            self._edit(user)
        elif roll < 0.5:
            self._replace(user)
        elif roll < 0.9:
            self._revert(user)
        elif roll < 0.96:
            self._reload()
        else:
            self.document.mark_unneeded()
        assert self.document.value == self.document.read() == {"x": self.text}

    # --- edits ------------------------------------------------------------------------------

    def _fresh(self, user: str, count: int) -> str:
        made = ""
        for _ in range(count):
            self.made += 1
            made += chr(self.random.choice(SCRIPTS) + self.made)
            self.writer[made[-1]] = user
        return made

    def _edit(self, user: str) -> None:
        start = self.random.randint(0, len(self.text))
        end = min(len(self.text), start + self.random.choice((0, 0, 1, 2, 5)))
        made = self._fresh(user, self.random.choice((0, 1, 1, 2, 4)))
        if start == end and not made:
            return
        self.log.append(f"{user} splices {start} to {end}: {made}")
        before, gone = self.text[:start], self.text[start:end]
        if self.random.random() < 0.5:
            splice: Op = {"op": "splice", "path": "/x", "insert": made}
            splice |= {"offset": length(before), "delete": length(gone)}
            self._patch(user, [splice], "edit")
        else:
            self._type(user, before, gone, made)
        self._lose(user, gone)
        self.text = before + made + self.text[end:]

    def _type(self, user: str, before: str, gone: str, made: str) -> None:
        """Make the same edit on the Yjs lane, from a new tab."""
        peer: Doc[Map[Text]] = Doc(client_id=self.random.randint(100, 2**31))
        content = peer.get("content", type=Map)
        peer.apply_update(self.document.update_since(b"\x00"))
        known = peer.get_state()
        text, at = content["x"], len(before.encode())
        with peer.transaction():
            if gone:
                del text[at : at + len(gone.encode())]
            if made:
                text.insert(at, made)
        update = peer.get_update(known)
        change = self.document.integrate(update, version=self.version + 1, user=user, at=self.now)
        self._enter(change, user, "edit")

    def _replace(self, user: str) -> None:
        """Replace the whole text."""
        made = self._fresh(user, self.random.randint(1, 6))
        self.log.append(f"{user} replaces all by {made}")
        self._patch(user, [{"op": "replace", "path": "/x", "value": made}], "edit")
        self._lose(user, self.text)
        self.text = made

    def _lose(self, user: str, gone: str) -> None:
        for character in gone:
            self.deleter[character] = user
            self.deleters.add((user, character))

    def _patch(self, user: str, ops: list[Op], kind: Kind) -> None:
        version = self.version + 1
        change = self.document.patch(
            ops, version=version, user=user, at=self.now, kind=kind, splices=True
        )
        self._enter(change, user, kind)

    def _enter(self, change: Change | None, user: str, kind: Kind) -> None:
        assert change is not None
        self.version += 1
        author, ops, update = Author(user), change.ops, change.update
        entry = Entry(self.version, author, self.now, kind, ops, update, inverse=change.inverse)
        self.entries.append(entry)

    def _reload(self) -> None:
        if self.random.random() < 0.5:
            self.snapshot, self.entries = self.document.snapshot(), []
        self.document.close()
        self.document = Document.open(self.snapshot, self.entries, 1)

    # --- undo and redo ----------------------------------------------------------------------

    def _revert(self, user: str) -> None:
        kind: Kind = self.random.choice(("undo", "undo", "redo"))
        foreseen: list[Any] = []
        check = None
        if self.random.random() < 0.5:
            check = lambda value, ops: foreseen.append(ops)  # noqa: E731  # it is shorter
        take = self.document.undo if kind == "undo" else self.document.redo
        try:
            done = take(user, version=self.version + 1, at=self.now, check=check)
        except Rejected:
            return
        assert foreseen in ([], [done.change.ops])
        self._enter(done.change, user, kind)
        assert isinstance(self.document.value, dict)
        after = str(self.document.value["x"])
        self.log.append(f"{user} {kind} {done.reverts}: {after}")
        self._judge(user, kind, self.text, after)
        self.text = after

    def _judge(self, user: str, kind: Kind, before: str, after: str) -> None:
        assert len(set(after)) == len(after), "a character is there twice"
        again = {one for one in before if kind == "redo" and (user, one) in self.deleters}
        others = [one for one in before if self.writer[one] != user]
        lost = [one for one in others if one not in after and one not in again]
        assert not lost, f"the undo by {user} removed {lost}"
        kept = [one for one in others if one in after]
        assert kept == [one for one in after if one in kept], (
            "the order of other users' characters changed"
        )
        for one in after:
            if one not in before:
                assert self.deleter[one] == user, f"{user} brought back another's deletion"
        self._lose(user, "".join(one for one in before if one not in after))


def run(seed: int, steps: int) -> None:
    """Run a world. A failing assertion names the seed."""
    world = CharactersWorld(seed)
    try:
        for number in range(steps):
            try:
                world.step()
            except BaseException as error:
                error.add_note(f"seed {seed}, step {number}:\n" + "\n".join(world.log[-8:]))
                raise
    finally:
        world.document.close()
