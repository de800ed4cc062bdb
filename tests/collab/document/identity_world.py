"""A simulated world for undo: users on both lanes, restarts and purges, checked by a ledger."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from pycrdt import Doc, Map, Text

from collab.document.change import Change
from collab.document.document import Document
from collab.document.steps import MadeBy
from collab.entry import Author, Entry, Kind
from collab.errors import Rejected
from collab.ports.store import Snapshot
from tests.collab.document.identity_oracle import (
    LISTS,
    ROOTS,
    Char,
    Number,
    Oracle,
    Picture,
    Place,
    Seen,
    Wanted,
)

USERS = ("ada", "bo", "cy", "di")
# Every character is written once. Words use letters, some from scripts without spaces. Marks
# separate words.
ASCII = [chr(code) for code in range(48, 123) if chr(code).isalnum()]
LATIN = [chr(code) for code in range(0xC0, 0x1680) if chr(code).isalnum()]
HAN = [chr(code) for code in (*range(0x4E00, 0x5400), *range(0x20000, 0x20600))]
MARKS = [chr(code) for code in (*range(0x1F300, 0x1F700), *range(0x2500, 0x2B00))]
MARKS = [char for char in MARKS if not char.isalnum()]

Op: TypeAlias = dict[str, Any]


class Letters:
    """Gives out characters that were never used before."""

    def __init__(self, rng: random.Random, ascii_first: bool) -> None:
        self._random = rng
        latin, han, marks = LATIN.copy(), HAN.copy(), MARKS.copy()
        for letters in (latin, han, marks):
            rng.shuffle(letters)
        if ascii_first:
            latin += ASCII
        self._pools = {"latin": latin, "han": han, "mark": marks}

    def take(self, kind: str) -> str:
        return self._pools[kind].pop()

    def some(self, most: int = 6) -> str:
        """Return a few words, sometimes with separators."""
        made = ""
        for _ in range(self._random.choice((1, 1, 2, 3))):
            kind = self._random.choice(("latin", "latin", "latin", "han"))
            made += "".join(self.take(kind) for _ in range(self._random.randint(1, most)))
            if self._random.random() < 0.4:
                made += self.take("mark")
        return made


class World:
    """One document with several users.

    Invariant: after every step the document shows the same as the oracle's picture.
    """

    def __init__(self, seed: int, users: int = 0) -> None:
        self.random = random.Random(seed)
        self.users = USERS[: users or self.random.randint(2, 4)]
        self.letters = Letters(self.random, seed % 3 == 0)
        self.oracle = Oracle()
        self.document = Document.create(1)
        self.entries: list[Entry] = []
        self.snapshot: Snapshot | None = None
        self.version = self.now = self.marks = self.values = 0
        self.log: list[str] = []
        self.gone: list[str] = []  # texts that were removed in one piece
        self.ids: list[str] = []
        self.counts: dict[str, int] = {}
        self.touched: set[Place] = set()  # places changed by the current patch
        self.renamed: dict[Place, Place] = {}
        self.peers: dict[str, Doc[Any]] = {}
        self.offline: dict[str, Offline] = {}
        for number, user in enumerate(self.users):
            self.peers[user] = Doc(client_id=1_000 + number)
            self.peers[user].get("content", type=Map)
        self.begin()

    def begin(self) -> None:
        after = Picture()
        value: dict[str, Any] = {"deep": {}}
        for name in ROOTS[:2]:
            value[name] = self.write(after, name, "root")
        for name in ("a", "b"):
            marks = after.lists[name] = []
            elements = [self.element(after, "root", marks, 0) for _ in range(2)]
            (value["deep"] if name == "b" else value)[name] = elements[::-1]
        ops = [{"op": "add", "path": f"/{key}", "value": inner} for key, inner in value.items()]
        self.patch("root", ops, after)

    def close(self) -> None:
        self.document.close()

    # --- one step ---------------------------------------------------------------------------

    def step(self) -> None:
        user = self.random.choice(self.users)
        self.now += self.random.choice((200, 700, 1_500, 3_000, 5_000))
        roll = self.random.random()
        if roll < 0.36:
            self.edit(user)
        elif roll < 0.52:
            self.type(user)
        elif roll < 0.58:
            self.go_offline(user)
        elif roll < 0.93:
            self.revert(user)
        else:
            self.restart()

    def check(self) -> None:
        value = self.document.value
        assert self.document.read() == value
        if self.random.random() < 0.3:
            fresh = Document.open(self.snapshot, self.entries, self.random.choice((1, 7)))
            assert fresh.value == value
            assert fresh._undo.stacks == self.document._undo.stacks
            fresh.close()

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def accept(self, change: Change, user: str, kind: Kind) -> None:
        self.version += 1
        self.entries.append(
            Entry(
                self.version,
                Author(user=user),
                self.now,
                kind,
                change.ops,
                change.update,
                inverse=change.inverse,
            )
        )

    # --- what is written --------------------------------------------------------------------

    def chars(self, text: str, user: str) -> list[Char]:
        return [Char(point, user) for point in text]

    def write(self, after: Picture, place: Place, user: str) -> str:
        text = self.letters.some() if self.random.random() < 0.9 else ""
        after.texts[place] = self.chars(text, user)
        return text

    def element(self, after: Picture, user: str, marks: list[int], index: int) -> dict[str, Any]:
        """Return a new element, sometimes with the id of an earlier one."""
        self.marks += 1
        fresh = f"s{self.marks}"
        reuse = self.ids and self.random.random() < 0.3
        own = self.random.choice(self.ids) if reuse else fresh
        self.ids.append(own)
        marks.insert(index, self.marks)
        self.touched.add(self.marks)
        number = after.numbers[self.marks] = self.number()
        title = self.write(after, self.marks, user)
        return {"id": own, "mark": self.marks, "n": number.value, "title": title}

    def number(self) -> Number:
        self.values += 1
        return Number(self.values)

    # --- the patch lane ---------------------------------------------------------------------

    def edit(self, user: str) -> None:
        after = self.oracle.now.copy()
        shifted: set[int] = set()
        self.touched = set()
        self.renamed = {}
        ops: list[Op] = []
        for _ in range(self.random.choice((1, 1, 1, 1, 2, 3))):
            kind = self.random.choices(
                ("splice", "replace", "element", "number", "root"), (9, 5, 7, 2, 1)
            )[0]
            self.count(kind)
            ops += getattr(self, f"_{kind}")(user, after, shifted)
        if ops:
            self.patch(user, ops, after, shifted)

    def patch(
        self, user: str, ops: list[Op], after: Picture, shifted: set[int] | None = None
    ) -> None:
        kind: Kind = "edit"
        if self.version and len(self.users) > 1 and self.random.random() < 0.06:
            kind = self.random.choice(("import", "restore"))
        self.log.append(f"{kind} {user} at {self.now} {json.dumps(ops, ensure_ascii=False)}")
        change = self.document.patch(
            ops,
            version=self.version + 1,
            user=user,
            at=self.now,
            kind=kind,
            splices=True,
            made_by=MadeBy(splices=all(op["op"] == "splice" for op in ops)),
        )
        assert change is not None or Seen.of(self.document.value).texts == after.strings()
        if change is not None:
            self.accept(change, user, kind)
            spliced = kind == "edit" and all(op["op"] == "splice" for op in ops)
            source = "patch" if spliced else ""
            self._edited(user, after, shifted or set(), kind != "import", source=source)

    def _edited(
        self,
        user: str,
        after: Picture,
        shifted: set[int],
        is_step: bool = True,
        whole: set[Place] | None = None,
        source: str = "yjs",
    ) -> None:
        self.oracle.edited(
            user if is_step else "import",
            after,
            self.document.value,
            version=self.version,
            at=self.now,
            shifted=shifted,
            whole=whole or set(),
            renamed=self.renamed,
            is_step=is_step,
            source=source,
        )

    def _splice(self, user: str, after: Picture, _: set[int]) -> list[Op]:
        place = self._settled_text(after)
        if place is None:
            return []
        text = after.texts[place]
        start, end, insert = self._cut(place, text)
        units = [len(char.point.encode("utf-16-le")) // 2 for char in text]
        text[start:end] = self.chars(insert, user)
        self.touched.add(place)
        return [
            {
                "op": "splice",
                "path": after.pointer(place),
                "offset": sum(units[:start]),
                "delete": sum(units[start:end]),
                "insert": insert,
            }
        ]

    def _settled_text(self, after: Picture) -> Place | None:
        """Return a text that the current patch has not added."""
        there = self.oracle.now.texts
        places = [one for one in after.texts if one in there]
        return self.random.choice(places) if places else None

    def _cut(self, place: Place, text: list[Char]) -> tuple[int, int, str]:
        """Choose a part of a text and its replacement, which is sometimes a removed text."""
        start = self.random.randint(0, len(text))
        end = min(len(text), start + self.random.choice((0, 0, 0, 1, 2, 5, 50)))
        insert = self.letters.some(3) if end == start or self.random.random() < 0.4 else ""
        moved = place in self.oracle.transferred
        if self.gone and not moved and self.random.random() < 0.15:
            again = self.random.choice(self.gone)
            if not self._is_there(again):
                insert = again
        if end > start:
            self.gone.append("".join(char.point for char in text[start:end]))
        return start, end, insert

    def _is_there(self, text: str) -> bool:
        there = {char.point for char in self.oracle.now.chars} | set(self.oracle.blurred)
        pending = {char.point for offline in self.offline.values() for char in offline.typed} | {
            char.point for char in self.oracle.late_typed
        }
        return bool((there | pending) & set(text))

    def _replace(self, user: str, after: Picture, _: set[int]) -> list[Op]:
        place = self._settled_text(after)
        if place is None:
            return []
        text = after.texts[place]
        how = self.random.choice((self._whole, self._one_word, self._within_a_word))
        how(user, text, place in self.oracle.transferred)
        self.touched.add(place)
        string = "".join(char.point for char in text)
        return [{"op": "replace", "path": after.pointer(place), "value": string}]

    def _whole(self, user: str, text: list[Char], moved: bool) -> None:
        """Write other words. Separators may be kept, but then belong to the user."""
        self.gone.append("".join(char.point for char in text))
        marks = [char.point for char in text if not char.point.isalnum()]
        made = self.letters.some(4)
        if marks and any(char.point.isalnum() for char in text) and self.random.random() < 0.5:
            made = self.letters.take("latin") + self.random.choice(marks) + self.letters.take("han")
        if not any(map(str.isalnum, made)):
            made += self.letters.take("latin")
        kept = [char for char in text if char.point in made]
        own = {char.point: char for char in self._taken_over(kept, user, moved)}
        text[:] = [own.get(point) or Char(point, user) for point in made]

    def _one_word(self, user: str, text: list[Char], moved: bool) -> None:
        """Insert one more word, with a separator."""
        spots = [at for at in range(1, len(text)) if not text[at - 1].point.isalnum()]
        at = self.random.choice((0, *spots))
        word = "".join(self.letters.take("latin") for _ in range(self.random.randint(1, 4)))
        text[at:at] = self.chars(word + self.letters.take("mark"), user)

    def _within_a_word(self, user: str, text: list[Char], moved: bool) -> None:
        """Add a letter to a word's end. Then the whole word belongs to the user."""
        word = next(self._words(text), None)
        if word is None:
            self._one_word(user, text, moved)
            return
        start, end = word
        if not any(char.point.isalnum() for char in (*text[:start], *text[end:])):
            # No old word stays: then the whole text belongs to the user.
            taken = self._taken_over(text, user, moved)
            text[:] = [*taken[:end], *self.chars(self.letters.take("latin"), user), *taken[end:]]
            return
        text[start:end] = self._taken_over(text[start:end], user, moved)
        text[end:end] = self.chars(self.letters.take("latin"), user)

    def _taken_over(self, old: list[Char], user: str, moved: bool) -> list[Char]:
        """Return the same letters as new characters of the user."""
        if moved or any(user in (char.writer, *char.returned) for char in old):
            # Whether a step still names them depends on the stack's depth. A text that moved to
            # another list has other characters, which the ledger cannot identify. What the user's
            # own undo brought back counts as written by the user while a step names it.
            for char in old:
                self.oracle.blurred.setdefault(char.point, Char(char.point, "?"))
            return [self.oracle.blurred[char.point] for char in old]
        return self.chars("".join(char.point for char in old), user)

    def _words(self, text: list[Char]) -> Iterator[tuple[int, int]]:
        start = 0
        for at in range(len(text) + 1):
            if at == len(text) or not text[at].point.isalnum():
                letters = [char.point for char in text[start:at]]
                if letters and all(letter < "\u2e80" for letter in letters):
                    yield start, at
                start = at + 1

    def _element(self, user: str, after: Picture, shifted: set[int]) -> list[Op]:
        lists = [name for name in after.lists if name not in self.touched]
        if not lists:
            return []
        name = self.random.choice(lists)
        marks, path = after.lists[name], "/" + "/".join(LISTS[name])
        roll = self.random.random()
        if not marks or roll < 0.3:
            index = self.random.randint(0, len(marks))
            value = self.element(after, user, marks, index)
            return [{"op": "add", "path": f"{path}/{index}", "value": value}]
        index = self.random.randrange(len(marks))
        if marks[index] in self.touched:
            return []
        self.touched.add(marks[index])
        if roll < 0.5:
            after.texts.pop(marks.pop(index))
            return [{"op": "remove", "path": f"{path}/{index}"}]
        if roll < 0.6:
            after.texts.pop(marks.pop(index))
            value = self.element(after, user, marks, index)
            value["id"] = f"x{self.marks}"
            return [{"op": "replace", "path": f"{path}/{index}", "value": value}]
        target = name if roll < 0.75 else self.random.choice(lists)
        mark = marks.pop(index)
        at = self.random.randint(0, len(after.lists[target]))
        after.lists[target].insert(at, mark)
        if (target, at) != (name, index):
            shifted.add(mark)
        there = f"/{'/'.join(LISTS[target])}/{at}"
        return [{"op": "move", "from": f"{path}/{index}", "path": there}]

    def _number(self, user: str, after: Picture, _: set[int]) -> list[Op]:
        marks = [mark for mark in after.marks if mark not in self.touched]
        if not marks:
            return []
        mark = self.random.choice(marks)
        self.touched.add(mark)
        number = after.numbers[mark] = self.number()
        path = after.pointer(mark).removesuffix("title") + "n"
        return [{"op": "replace", "path": path, "value": number.value}]

    def _root(self, user: str, after: Picture, _: set[int]) -> list[Op]:
        """Add, remove or rename a root text or a whole list."""
        here = [name for name in ROOTS if name in after.texts]
        free = [name for name in ROOTS if name not in {*after.texts, *self.touched}]
        roll = self.random.random()
        if roll < 0.25:
            return self._whole_list(user, after)
        if free and (not here or roll < 0.5):
            name = self.random.choice(free)
            self.touched.add(name)
            return [{"op": "add", "path": f"/{name}", "value": self.write(after, name, user)}]
        name = self.random.choice(here)
        if name in self.touched:
            return []
        self.touched.add(name)
        if free and roll < 0.7 and after.texts[name]:
            other = self.random.choice(free)
            self.touched.add(other)
            after.texts[other] = after.texts.pop(name)
            self.renamed[name] = other
            return [{"op": "move", "from": f"/{name}", "path": f"/{other}"}]
        after.texts.pop(name)
        return [{"op": "remove", "path": f"/{name}"}]

    def _whole_list(self, user: str, after: Picture) -> list[Op]:
        name = self.random.choice(list(LISTS))
        path = "/" + "/".join(LISTS[name])
        if name in after.lists:
            if self.touched & {name, *after.lists[name]}:
                return []
            for mark in after.lists.pop(name):
                del after.texts[mark]
            self.touched.add(name)
            return [{"op": "remove", "path": path}]
        self.touched.add(name)
        marks = after.lists[name] = []
        made = [self.element(after, user, marks, 0) for _ in range(self.random.randint(0, 2))]
        return [{"op": "add", "path": path, "value": made[::-1]}]

    # --- the Yjs lane -----------------------------------------------------------------------

    def pull(self, user: str) -> Any:
        peer = self.peers[user]
        peer.apply_update(self.document.update_since(peer.get_state()))
        return peer.get("content", type=Map)

    def push(self, user: str, judge: Callable[..., Any] | None = None) -> Change | None:
        update = self.peers[user].get_update(self.document.encode_state_vector())
        change = self.document.integrate(
            update, version=self.version + 1, user=user, at=self.now, correct=judge
        )
        if change is not None:
            self.accept(change, user, "edit")
        return change

    def type(self, user: str) -> None:
        """Edit as a peer that has seen everything."""
        if user in self.offline:
            self.come_back(user)
        self.renamed = {}
        content = self.pull(user)
        before, after = self.oracle.now, self.oracle.now.copy()
        shifted: set[int] = set()
        whole: set[Place] = set()
        judged = self.random.random() < 0.07
        if self.random.random() < 0.3:
            whole.add("")  # a text may be set as a value: no other edit may then join the step
            self.now += 2_000
        with self.peers[user].transaction():
            for number in range(self.random.choice((1, 1, 1, 2, 3))):
                done = self._yjs(user, content, after, whole, alone=not number)
                self.log.append(f"type {user} at {self.now}{' judged' * judged} {done}")
        change = self.push(user, (lambda was, applied: was) if judged else None)
        if change is None or not change.ops:
            assert Seen.of(self.document.value).texts == before.strings()
            self.oracle.came_back_at_once(before.lists.keys() - after.lists.keys(), self.version)
            return
        self._edited(user, after, shifted, whole=whole)
        if "" in whole:
            self.now += 2_000

    def _yjs(self, user: str, content: Any, after: Picture, whole: set[Place], alone: bool) -> str:
        roll = self.random.random()
        marks = list(after.marks)
        if marks and roll < 0.2:
            return self._yjs_element(user, content, after, whole, alone)
        if roll < 0.25 and "" in whole:
            name = self.random.choice([name for name in ROOTS if name != "t3"])
            written = self.write(after, name, user)
            content[name] = Text(written)
            whole.add(name)
            return f"set {name} {written}"
        if roll < 0.28 and len(self.users) > 1:  # a removed list also loses its hidden elements
            return self._yjs_list(content, after)
        if not after.texts:
            return "nothing"
        place = self.random.choice(list(after.texts))
        text = after.texts[place]
        start, end, insert = self._cut(place, text)
        held = content[place] if isinstance(place, str) else _held(content, place)[2]["title"]
        _write(held, text, start, end, insert)
        text[start:end] = self.chars(insert, user)
        return f"{place!r} {start} {end} {insert}"

    def _yjs_element(
        self, user: str, content: Any, after: Picture, whole: set[Place], alone: bool
    ) -> str:
        mark = self.random.choice(list(after.marks))
        array, key, element = _held(content, mark)
        name = after.marks[mark]
        roll = self.random.random()
        if roll < 0.3:
            number = after.numbers[mark] = self.number()
            element["n"] = number.value
            return f"number {mark} {number.value}"
        if roll < 0.5:
            elements = [array[one] for one in array if one != "@array"]
            orders = [one["@order"] for one in elements if isinstance(one, Map)]
            made = self.element(after, user, after.lists[name], len(after.lists[name]))
            made["title"] = Text(made["title"])
            made["@order"] = max(orders) + "V"
            array[f"y{self.marks}"] = Map(made)
            return f"add {self.marks}"
        after.lists[name].remove(mark)
        del after.texts[mark]
        if roll < 0.8 and alone:
            element["@deleted"] = True
            return f"hide {mark}"
        del array[key]
        whole.add(mark)
        return f"del {mark}"

    def _yjs_list(self, content: Any, after: Picture) -> str:
        name = self.random.choice(list(after.lists) or ["a"])
        if name not in after.lists:
            return "nothing"
        *above, last = LISTS[name]
        held = content
        for key in above:
            held = held[key]
        del held[last]
        for mark in after.lists.pop(name):
            del after.texts[mark]
        return f"del list {name}"

    # --- offline ----------------------------------------------------------------------------

    def go_offline(self, user: str) -> None:
        """Edit as a peer that is offline. The document gets the edits later."""
        offline = self.offline.get(user)
        if offline is None:
            content = self.pull(user)
            offline = self.offline[user] = Offline(self.oracle.now.copy())
        elif self.random.random() < 0.4:
            self.come_back(user)
            return
        content = self.peers[user].get("content", type=Map)
        view = offline.view
        if not view.texts:
            return
        place = self.random.choice(list(view.texts))
        text = view.texts[place]
        start = self.random.randint(0, len(text))
        end = min(len(text), start + self.random.choice((0, 0, 1, 3)))
        insert = self.letters.some(3)
        held = content[place] if isinstance(place, str) else _held(content, place)[2]["title"]
        self.log.append(f"offline {user} {place!r} {start} {end} {insert}")
        _write(held, text, start, end, insert)
        offline.cut |= set(text[start:end])
        made = self.chars(insert, user)
        offline.typed |= set(made)
        text[start:end] = made

    def come_back(self, user: str) -> None:
        offline = self.offline.pop(user)
        self.renamed = {}
        self.log.append(f"back {user} at {self.now}")
        oracle = self.oracle
        change = self.push(user)
        seen = Seen.of(self.document.value)
        oracle.blur()
        before = oracle.now.chars
        kept = before - offline.cut
        wanted = Wanted(oracle, kept, offline.cut & before, offline.typed)
        after = oracle.resolve(seen, wanted)
        after.numbers = dict(oracle.now.numbers)
        now = after.chars
        lost = {char for char in kept - now if char.point not in oracle.blurred}
        assert not lost, f"the offline edits of {user} removed {lost}"
        oracle.late_typed |= offline.typed - now
        oracle.late_cut |= (offline.cut - before) | (offline.cut & now)
        if change is None:
            return
        if change.ops:
            self._edited(user, after, set())

    # --- undo, restarts ---------------------------------------------------------------------

    def revert(self, user: str) -> None:
        for _ in range(self.random.choice((1, 1, 2, 4))):
            one: Kind = self.random.choice(("undo", "undo", "redo"))
            was = self.document.value
            if not self.take(user, one):
                return
            if self.random.random() < 0.3:
                self.there_and_back(user, "redo" if one == "undo" else "undo", was)

    def take(self, user: str, kind: Kind) -> bool:
        """Undo or redo. Return whether it did anything. The dry run must give the same ops."""
        told: list[list[Op]] = []
        check = (lambda value, ops: told.append(ops)) if self.random.random() < 0.7 else None
        take = self.document.undo if kind == "undo" else self.document.redo
        self.log.append(f"{kind} {user}")
        self.count(kind)
        state = self.document.snapshot() if self.random.random() < 0.1 else b""
        try:
            undone = take(user, version=self.version + 1, at=self.now, check=check)
        except Rejected:
            self.log[-1] += ": nothing"
            self.count("nothing")
            assert not state or state == self.document.snapshot()
            self.oracle.refused(user, kind)
            return False
        self.log[-1] += f": {undone.reverts}, skipped {undone.skipped}"
        self.count("skipped" if undone.skipped else "whole")
        self.accept(undone.change, user, kind)
        assert not told or told[0] == undone.change.ops, f"the dry run gave {told[0]}"
        self.oracle.took(
            user,
            kind,
            undone.reverts,
            undone.skipped,
            self.document.value,
            version=self.version,
            at=self.now,
        )
        return True

    def there_and_back(self, user: str, back: Kind, was: Any) -> None:
        """Reverse the last undo or redo at once, and check that the old value is back."""
        unseen = not self.entries[-1].ops  # a moved hidden element may be purged
        assert self.take(user, back) or unseen, f"version {self.version} cannot be taken back"
        assert self.document.value == was, f"{self.document.value} instead of {was}"

    def restart(self) -> None:
        roll = self.random.random()
        if roll < 0.4:
            self.log.append(f"marked {self.document.mark_unneeded()}")
            return
        if roll < 0.8:
            self.snapshot, self.entries = self.document.snapshot(), []
        epoch = self.random.choice((1, 1, 7, 100 + self.version))
        self.log.append(f"restart as {epoch}")
        self.document.close()
        self.document = Document.open(self.snapshot, self.entries, epoch)


class Offline:
    """An offline peer: its view of the document, and what it has typed and removed."""

    def __init__(self, view: Picture) -> None:
        self.view = view
        self.typed: set[Char] = set()
        self.cut: set[Char] = set()


def _held(content: Any, mark: int) -> tuple[Any, str, Any]:
    """Return the array, key and map of a visible element."""
    for path in LISTS.values():
        array = content
        for key in path:
            array = array[key] if array is not None and key in array else None
        for key in [] if array is None else list(array):
            element = array[key]
            is_it = isinstance(element, Map) and element.get("mark") == mark
            if is_it and element.get("@deleted") is not True:
                return array, key, element
    raise AssertionError(f"the peer has no element {mark}")


def _write(held: Text, text: list[Char], start: int, end: int, insert: str) -> None:
    """Write into a peer's text, whose offsets count UTF-8 bytes."""
    assert str(held) == "".join(char.point for char in text)
    sizes = [len(char.point.encode()) for char in text]
    low, high = sum(sizes[:start]), sum(sizes[:end])
    if low < high:
        del held[low:high]
    if insert:
        held.insert(low, insert)


def run(seed: int, steps: int) -> World:
    """Run a world. A failing assertion names the seed and the last steps."""
    world = World(seed)
    try:
        for number in range(steps):
            try:
                world.step()
                world.check()
            except BaseException as error:
                error.add_note(f"seed {seed}, step {number}:\n" + "\n".join(world.log[-12:]))
                raise
    finally:
        world.close()
    return world


def alone(seed: int, edits: int) -> None:
    """Test one user alone: undo and redo of every step must lead through all earlier values."""
    world = World(seed, users=1)
    user = world.users[0]
    values = [world.document.value]
    try:
        while len(values) <= edits:
            world.now += 5_000
            if world.random.random() < 0.3:
                world.type(user)
            else:
                world.edit(user)
            steps = world.oracle.stacks.get(user)
            if steps is not None and len(steps.undo) == len(values):
                values.append(world.document.value)
        kinds: tuple[tuple[Kind, list[Any]], ...] = (("undo", values[-2::-1]), ("redo", values[1:]))
        for kind, wanted in kinds:
            for value in wanted:
                world.now += 5_000
                assert world.take(user, kind)
                assert world.document.value == value
            world.restart()
    except BaseException as error:
        error.add_note(f"seed {seed}:\n" + "\n".join(world.log[-12:]))
        raise
    finally:
        world.close()
