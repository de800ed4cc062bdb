"""Two rooms with the same Yjs clients: one gets each update alone, the other gets them joined."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.room.requests import ReadState, Round, UndoRequest, Update
from collab.room.room import Room
from collab.room.yjs_rules import joined, may_join
from tests.collab.room.rooms import commit, done, member, opened

_NOW: Final = Round(0)
PAGE: Final = {
    "t": "some words",
    "n": 0,
    "list": [{"id": "a", "t": "one"}, {"id": "b", "t": "two"}, {"id": "c", "t": "three"}],
}
USERS: Final = ("ada", "bo")
ASCII: Final = ("a", "b c", "d")
LETTERS: Final = ("a", "b c", "ä", "😀", "x😀y")
PLAIN: Final = (None, True, 1.5, -7, "word", {"in": [1, {"d": 2}]}, [1, "a"], b"\1\2")
NAMES: Final = ("i", "b", "link")


class Step(NamedTuple):
    """What a user does, and three numbers that choose where and how."""

    what: str
    user: str
    numbers: tuple[int, int, int]


# What an undo takes back in full, when no other user is there.
UNDOABLE: Final = ("type",) * 4 + ("erase", "erase", "set", "unset", "send")
EDITS: Final = ("type",) * 5 + ("erase",) * 2 + ("set", "unset", "order", "hide", "show", "array")
MORE: Final = ("mark", "nest", "xml", "cut", "replace", "twice")
REST: Final = ("send",) * 4 + ("sync", "sync")


def program(
    choose: random.Random,
    kinds: tuple[tuple[str, ...], ...] = (EDITS, MORE, EDITS, REST),
    users: tuple[str, ...] = USERS,
) -> list[Step]:
    """Return random steps."""
    return [
        Step(
            choose.choice(choose.choice(kinds)),
            choose.choice(users),
            (choose.randrange(1000), choose.randrange(1000), choose.randrange(1000)),
        )
        for _ in range(choose.randint(3, 50))
    ]


class Typist:
    """A Yjs client. It keeps an update for each of its edits until they are sent."""

    def __init__(
        self, room: Room, user: str, client_id: int, letters: tuple[str, ...] = LETTERS
    ) -> None:
        self._letters = letters
        self.member = member(user, lane="yjs")
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self._room = room
        self.sync()
        self.content = self.doc.get("content", type=Map)
        self.waiting: list[bytes] = []
        self._is_own = False
        self.doc.observe(self._note)

    def _note(self, event: Any) -> None:
        if self._is_own:
            self.waiting.append(event.update)

    def sync(self) -> None:
        """Take what the room has and this client lacks."""
        state = done(self._room, ReadState(self.doc.get_state()), self.member).state
        self.doc.apply_update(state)

    def sees(self) -> str:
        """Return what this client sees, except XML, which has no Python value."""
        content = {
            key: held.to_py() if isinstance(held, Map | Text | Array) else held
            for key, held in self.content.items()
            if not isinstance(held, XmlFragment)
        }
        return json.dumps(content, sort_keys=True, default=str)

    def edit(self, step: Step) -> None:
        """Change the client's own copy."""
        self._is_own = True
        try:
            _EDITS[step.what](self, *step.numbers)
        finally:
            self._is_own = False

    # --- edits ------------------------------------------------------------------------------

    def _texts(self) -> list[Text]:
        held = [self.content, *(self._element(key) for key in ("a", "b", "c"))]
        texts = [one["t"] for one in held if one is not None and "t" in one]
        return [one for one in texts if isinstance(one, Text)]

    def _element(self, key: str) -> Map[Any] | None:
        array = self.content.get("list")
        element = array.get(key) if isinstance(array, Map) else None
        return element if isinstance(element, Map) else None

    def _key_of(self, number: int) -> str:
        return f"k{number % 3}"

    def _place(self, text: Any, number: int) -> tuple[int, int]:
        """Return the bytes before a character, and the bytes of the character."""
        characters = [one.encode() for one in str(text)]
        if not characters:
            return 0, 0
        at = number % len(characters)
        return len(b"".join(characters[:at])), len(characters[at])

    def type(self, which: int, where: int, what: int) -> None:
        if texts := self._texts():
            text = texts[which % len(texts)]
            start, size = self._place(text, where)
            text.insert(start + size * (what % 2), self._letters[what % len(self._letters)])

    def erase(self, which: int, where: int, count: int) -> None:
        if texts := self._texts():
            text = texts[which % len(texts)]
            for _ in range(1 + count % 3):
                start, size = self._place(text, where)
                if size:
                    del text[start : start + size]

    def mark(self, which: int, where: int, name: int) -> None:
        if texts := self._texts():
            text = texts[which % len(texts)]
            start, size = self._place(text, where)
            if size:
                text.format(start, start + size, {NAMES[name % 3]: [True, None, "red"][name % 2]})

    def set(self, key: int, value: int, _: int) -> None:
        made = PLAIN[value % len(PLAIN)]
        if self._key_of(key) not in self.content or self.content[self._key_of(key)] != made:
            self.content[self._key_of(key)] = made

    def unset(self, key: int, _: int, __: int) -> None:
        if self._key_of(key) in self.content:
            del self.content[self._key_of(key)]

    def nest(self, key: int, value: int, _: int) -> None:
        made = (Map({"t": Text("new"), "n": 1}), Array([1, Map({"x": 2})]), Text("t"))
        self.content[self._key_of(key)] = made[value % 3]

    def twice(self, key: int, value: int, other: int) -> None:
        """Set a key, fill it and remove it again, in several transactions."""
        self.nest(key, value, 0)
        self.set(key + 1, other, 0)
        self.unset(key, 0, 0)

    def replace(self, which: int, _: int, __: int) -> None:
        self.content["t"] = Text("again" + "!" * (which % 3))

    def order(self, key: int, value: int, _: int) -> None:
        element = self._element("abc"[key % 3])
        if element is not None and element.get("@order") != f"a{value % 5}":
            element["@order"] = f"a{value % 5}"

    def hide(self, key: int, _: int, __: int) -> None:
        element = self._element("abc"[key % 3])
        if element is not None:
            element["@deleted"] = True

    def show(self, key: int, _: int, __: int) -> None:
        element = self._element("abc"[key % 3])
        if element is not None and "@deleted" in element:
            del element["@deleted"]

    def cut(self, key: int, _: int, __: int) -> None:
        """Remove an element for good."""
        array = self.content.get("list")
        if isinstance(array, Map) and "abc"[key % 3] in array:
            del array["abc"[key % 3]]

    def array(self, where: int, what: int, value: int) -> None:
        array = self.content.get("array")
        if not isinstance(array, Array):
            self.content["array"] = Array([1, 2, 3])
        elif len(array) > 1 and what % 3 == 0:
            del array[where % len(array)]
        elif what % 3 == 1 and len(array) > 2:  # a move, as clients make it
            item = (array.to_py() or [])[where % len(array)]
            del array[where % len(array)]
            array.insert(value % (len(array) + 1), item)
        else:
            made = (value, "word", Map({"x": value}), Text("in"))
            array.insert(where % (len(array) + 1), made[value % 4])

    def xml(self, what: int, where: int, name: int) -> None:
        root = self.content.get("xml")
        if not isinstance(root, XmlFragment):
            made = XmlElement("p", {"class": "x"}, [XmlText("words here")])
            self.content["xml"] = XmlFragment([made])
            return
        first = next(iter(root.children), None)
        if not isinstance(first, XmlElement):
            return
        text = next(iter(first.children), None)
        if what % 3 == 0:
            first.attributes["n"] = str(name)
        elif isinstance(text, XmlText) and what % 3 == 1:
            text.insert(where % (len(text) + 1), "z")
        elif isinstance(text, XmlText) and len(text) > 1:
            start = where % (len(text) - 1)
            text.format(start, start + 1, {NAMES[name % 3]: {"v": "1"}})


_EDITS: Final[dict[str, Callable[..., None]]] = {
    name: getattr(Typist, name) for name in {*EDITS, *MORE}
}


class World:
    """A room with a typist for each user. With `joins`, the updates that wait are joined."""

    def __init__(self, *, joins: bool, letters: tuple[str, ...] = LETTERS) -> None:
        self.joins = joins
        self.room = opened(PAGE)
        self.typists = {
            user: Typist(self.room, user, 100 + number, letters)
            for number, user in enumerate(USERS)
        }
        self._undos = 0

    def play(self, step: Step) -> None:
        typist = self.typists[step.user]
        if step.what in _EDITS:
            typist.edit(step)
            return
        self._send(typist)
        if step.what == "sync":
            typist.sync()

    def _send(self, typist: Typist) -> None:
        updates, typist.waiting = typist.waiting, []
        if self.joins and len(updates) > 1:
            assert may_join(self.room.working, typist.member)
            update = joined(updates)
            assert update is not None
            updates = [update]
        for update in updates:
            done(self.room, Update(update), typist.member)
            commit(self.room)

    def undo_all(self, typist: Typist, *, redo: bool) -> None:
        """Undo, or redo, until nothing is left. A step has as many edits as it happens to have."""
        while True:
            self._undos += 1
            request = UndoRequest(f"u-{self._undos}", redo=redo)
            answer = self.room.apply(typist.member, request, _NOW)
            commit(self.room)
            if answer.refusal is not None:
                assert answer.refusal.code.value == "nothing_to_undo"
                return

    def finish(self) -> list[str]:
        """Send all that waits. Return what each client sees then, and what a new client sees."""
        for typist in self.typists.values():
            self._send(typist)
        for typist in self.typists.values():
            typist.sync()
        fresh = Typist(self.room, "cy", 200)
        return [one.sees() for one in (*self.typists.values(), fresh)]
