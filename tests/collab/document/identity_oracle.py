"""The expected results of undo, from a ledger of who wrote what. It shares no code with the undo.

A character is identified by its code point. Each code point is written once, so the ledger sees in
a text which characters are there. When a user writes code points that were there before, or
replaces a whole word, these are new characters. An element is identified by its `mark`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

ROOTS = ("t0", "t1", "t2", "t3")
LISTS = {"a": ("a",), "b": ("deep", "b"), "c": ("c",)}
JOINED_MS = 1_000
MOST_PARTS = 200
DEPTH = 100
LONGEST = 100  # characters of a string that is set as one value and still counts as a text edit

NOTHING: Final[Mapping[Any, Any]] = {}
Place: TypeAlias = "str | int"  # a root text by name, or the title of the element with this mark


@dataclass(eq=False, slots=True)
class Char:
    """One character that a user wrote once. Undos of the users in `returned` brought it back."""

    point: str
    writer: str
    returned: set[str] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"{self.point!r} by {self.writer}"


@dataclass(eq=False, slots=True)
class Number:
    """One value of an element's number, as one user set it once."""

    value: int


@dataclass(slots=True)
class Picture:
    """The visible content of a document."""

    texts: dict[Place, list[Char]] = field(default_factory=dict)
    lists: dict[str, list[int]] = field(default_factory=dict)
    numbers: dict[int, Number] = field(default_factory=dict)

    def copy(self) -> Picture:
        texts = {place: list(text) for place, text in self.texts.items()}
        lists = {name: list(marks) for name, marks in self.lists.items()}
        return Picture(texts, lists, dict(self.numbers))

    @property
    def chars(self) -> set[Char]:
        return {char for text in self.texts.values() for char in text}

    @property
    def marks(self) -> dict[int, str]:
        return {mark: name for name, marks in self.lists.items() for mark in marks}

    @property
    def slots(self) -> set[str]:
        return {*self.lists, *(place for place in self.texts if isinstance(place, str))}

    def place_of(self, char: Char) -> Place | None:
        return next((place for place, text in self.texts.items() if char in text), None)

    def pointer(self, place: Place) -> str:
        """Return a text's pointer, or "" when the text is not visible."""
        if isinstance(place, str):
            return "/" + place
        for name, marks in self.lists.items():
            if place in marks:
                return f"/{'/'.join(LISTS[name])}/{marks.index(place)}/title"
        return ""

    def strings(self) -> dict[Place, str]:
        return {place: "".join(char.point for char in text) for place, text in self.texts.items()}


@dataclass(slots=True)
class Seen:
    """The parts of a document's value."""

    texts: dict[Place, str]
    lists: dict[str, list[int]]
    numbers: dict[int, int]
    ids: dict[int, str]

    @classmethod
    def of(cls, value: Any) -> Seen:
        seen = cls({name: value[name] for name in ROOTS if name in value}, {}, {}, {})
        for name, path in LISTS.items():
            held = value
            for key in path:
                held = held.get(key) if isinstance(held, dict) else None
            if held is None:
                continue
            seen.lists[name] = [element["mark"] for element in held]
            for element in held:
                mark = element["mark"]
                assert mark not in seen.texts, f"element {mark} is there twice"
                seen.texts[mark], seen.numbers[mark] = element["title"], element["n"]
                seen.ids[mark] = element["id"]
        return seen


@dataclass(slots=True)
class Step:
    """The net effect of one step: what was added (`plus`), removed (`minus`), moved or set."""

    versions: set[int]
    at: int
    made: int  # the version of its first part
    text: Place | None = None  # the only text that the step edits
    source: str = ""  # the lane of a step that may continue: splices, or Yjs edits
    parts: int = 1
    plus: set[Char] = field(default_factory=set)
    minus: set[Char] = field(default_factory=set)
    plus_marks: set[int] = field(default_factory=set)
    minus_marks: dict[int, Number] = field(default_factory=dict)
    plus_slots: set[str] = field(default_factory=set)
    minus_slots: set[str] = field(default_factory=set)
    lists: dict[int, tuple[str, str]] = field(default_factory=dict)
    # The list of each removed element, and the versions when a moved element came to its lists.
    left: dict[int, str] = field(default_factory=dict)
    came: dict[int, tuple[int, int]] = field(default_factory=dict)
    shifted: set[int] = field(default_factory=set)
    numbers: dict[int, tuple[Number, Number]] = field(default_factory=dict)
    renamed: dict[Place, Place] = field(default_factory=dict)
    sides: dict[Char, tuple[Char | None, Char | None]] = field(default_factory=dict)
    # Characters written as one value. When another user edits the value, it becomes theirs.
    whole: set[Char] = field(default_factory=set)
    overwritten: set[Char] = field(default_factory=set)

    @classmethod
    def between(
        cls,
        before: Picture,
        after: Picture,
        version: int,
        at: int,
        shifted: Iterable[int] = (),
    ) -> Step:
        """Return the step from one picture to another. `shifted` are moves that neither shows."""
        step = cls({version}, at, version, shifted=set(shifted))
        was, now = before.chars, after.chars
        step.plus, step.minus = now - was, was - now
        old, new = before.marks, after.marks
        step.plus_marks = new.keys() - old.keys()
        step.minus_marks = {mark: before.numbers[mark] for mark in old.keys() - new.keys()}
        step.left = {mark: old[mark] for mark in step.minus_marks}
        step.plus_slots = after.slots - before.slots
        step.minus_slots = before.slots - after.slots
        both = old.keys() & new.keys()
        step.lists = {mark: (old[mark], new[mark]) for mark in both if old[mark] != new[mark]}
        step.numbers = {
            mark: (before.numbers[mark], after.numbers[mark])
            for mark in both
            if before.numbers[mark] is not after.numbers[mark]
        }
        step.text = step._only_text(before, after)
        step.sides = dict(_sides(before, step.minus))
        added: set[Place] = {*step.plus_slots}
        added |= {mark for slot in step.plus_slots for mark in after.lists.get(slot, ())}
        step.whole = {char for place in added for char in after.texts.get(place, ())}
        return step

    def _only_text(self, before: Picture, after: Picture) -> Place | None:
        """Return the only text that was edited in place, or None when the step did more."""
        if self.is_harm_beside_texts or self.plus_marks or self.plus_slots:
            return None
        changed = [place for place, text in after.texts.items() if text != before.texts.get(place)]
        return changed[0] if len(changed) == 1 else None

    @property
    def is_harm_beside_texts(self) -> bool:
        there = (self.minus_marks, self.minus_slots, self.lists, self.shifted, self.numbers)
        return any(there) or bool(self.renamed)

    @property
    def is_harm(self) -> bool:
        """Whether it removed or changed anything, instead of only adding."""
        return bool(self.minus) or self.is_harm_beside_texts

    def join(self, part: Step) -> None:
        """Add a part that was made right after this step, in the same text."""
        self.versions |= part.versions
        self.at = part.at
        self.parts += 1
        self.minus = (self.minus | part.minus) - self.plus
        self.plus |= part.plus
        self.sides |= part.sides
        self.whole |= part.whole
        self.overwritten |= part.overwritten


def _sides(before: Picture, gone: set[Char]) -> Iterator[tuple[Char, Any]]:
    """Yield each removed character with its nearest neighbours that stay."""
    for text in before.texts.values():
        for at, char in enumerate(text):
            if char in gone:
                left = next((one for one in reversed(text[:at]) if one not in gone), None)
                right = next((one for one in text[at + 1 :] if one not in gone), None)
                yield char, (left, right)


@dataclass(slots=True)
class Stack:
    undo: list[Step] = field(default_factory=list)
    redo: list[Step] = field(default_factory=list)


class Oracle:
    """The expected state: what the document shows, and each user's stacks.

    Invariant: `now` is what the document shows, and the stacks hold what each user did.

    `blurred` are code points that were in a document twice, so they do not identify a character.
    `late_typed` and `late_cut` are characters that peers typed or removed inside content that other
    users had already removed.
    """

    def __init__(self) -> None:
        self.now = Picture()
        self.stacks: dict[str, Stack] = {}
        self.blurred: dict[str, Char] = {}
        self.late_typed: set[Char] = set()
        self.late_cut: set[Char] = set()
        self.transferred: set[Place] = set()
        # Steps that removed or changed something, by version: the author and the texts.
        self.harm: dict[int, tuple[str, set[Place]]] = {}
        # Pointers of replaced values that an undo could not restore, because another user wrote in
        # the new value. What earlier steps did in the old value stays lost.
        self.not_restored: set[str] = set()
        # Several elements may have one id. Of each element, the version that brought it to its
        # list; of each list, the newest version that removed it.
        self.ids: dict[int, str] = {}
        self.came: dict[int, int] = {}
        self.lost: dict[str, int] = {}

    # --- edits ------------------------------------------------------------------------------

    def edited(
        self,
        user: str,
        after: Picture,
        value: Any,
        *,
        version: int,
        at: int,
        shifted: Iterable[int] = (),
        whole: Iterable[Place] = (),
        renamed: Mapping[Place, Place] = NOTHING,
        is_step: bool = True,
        source: str = "",
    ) -> None:
        """Apply an edit to the ledger, and check that it led to the picture `after`."""
        seen = Seen.of(value)
        assert seen.texts == after.strings(), f"{seen.texts} instead of {after.strings()}"
        assert seen.lists == after.lists, f"{seen.lists} instead of {after.lists}"
        assert seen.numbers == {mark: after.numbers[mark].value for mark in after.marks}
        step = Step.between(self.now, after, version, at, shifted)
        step.renamed |= renamed
        self.ids |= seen.ids
        step.came = {mark: (self.came[mark], version) for mark in step.lists}
        self.came |= dict.fromkeys((*step.plus_marks, *step.lists), version)
        step.whole |= {char for place in whole for char in after.texts.get(place, ())}
        step.overwritten = {char for place in whole for char in self.now.texts.get(place, ())}
        if any(len(after.texts.get(place, ())) > LONGEST for place in whole):
            step.text = None
        self._follow(user, step, after)
        if not is_step:
            return
        stack = self.stacks.setdefault(user, Stack())
        stack.redo.clear()
        last = stack.undo[-1] if stack.undo else None
        if (
            last is not None
            and step.text is not None
            and step.text == last.text
            and 0 <= at - last.at <= JOINED_MS
            and last.parts < MOST_PARTS
            and source == last.source != ""
        ):
            last.join(step)
            return
        if last is not None:
            last.source = ""
        step.source = source
        stack.undo.append(step)
        del stack.undo[:-DEPTH]

    def _follow(self, user: str, step: Step, after: Picture) -> None:
        # When one of two blurred characters is removed, the other one is still there.
        shorter = any(
            len(after.texts.get(place, ())) < len(text) for place, text in self.now.texts.items()
        )
        if step.is_harm or step.whole or shorter:
            about = {self.now.place_of(char) for char in step.minus}
            self.harm[step.made] = user, {place for place in about if place is not None}
            if step.is_harm_beside_texts:
                self.harm[step.made][1].add("")
            if step.minus_slots & LISTS.keys():
                # The hidden elements of a removed list are lost for every user.
                self.harm[step.made] = "", {""}
        self.lost |= dict.fromkeys(step.minus_slots & LISTS.keys(), step.made)
        self.transferred |= step.lists.keys() | step.renamed.keys() | set(step.renamed.values())
        self.now = after

    def came_back_at_once(self, names: Iterable[str], version: int) -> None:
        """Note that lists were removed and came back in one version, without hidden elements."""
        self.harm[version] = "", {""}
        self.lost |= dict.fromkeys(names, version)

    def blur(self) -> None:
        """Replace blurred characters in the picture by their unknown character."""
        for text in self.now.texts.values():
            text[:] = [self.blurred.get(char.point, char) for char in text]

    def resolve(self, seen: Seen, wanted: Wanted) -> Picture:
        """Return the picture of a document: match each code point with a possible character."""
        after = Picture({}, seen.lists, {})
        for place, string in seen.texts.items():
            after.texts[place] = [wanted.take(point, place) for point in string]
        return after

    # --- undo and redo ----------------------------------------------------------------------

    def refused(self, user: str, kind: str) -> None:
        """Check a refused undo: characters that the steps added must not still be there.

        A refused call names no places. So this checks only characters that undo must find.
        """
        stack = self.stacks.get(user, Stack())
        for step in stack.undo if kind == "undo" else stack.redo:
            for char in step.plus & self.now.chars:
                place = self.now.place_of(char)
                known = char.point not in self.blurred and char not in step.whole
                assert not known or place in self.transferred, f"{char} was left"
            self.check_left_elements(step, self.now, self.now)

    def check_left_elements(self, step: Step, now: Picture, after: Picture) -> set[str]:
        """Check that only elements stayed away whose list shows a newer one with the same id.

        `now` is when the step was taken back, and `after` is the end of the undo. Return the
        pointers that `skipped` has. When a list is removed, what was hidden in it is lost.
        """
        pointers: set[str] = set()
        for mark, name in step.left.items():
            if mark not in now.marks and self.lost.get(name, 0) < step.made:
                newer = self.newer(mark, name, step.made, now)
                assert newer, f"element {mark} did not come back to {name}"
                pointers.add("/" + "/".join(LISTS[name]))
        for mark, (was, to) in step.lists.items():
            is_there = now.marks.get(mark) == to and self.came[mark] == step.came[mark][1]
            if is_there and max(self.lost.get(name, 0) for name in (was, to)) < step.made:
                newer = self.newer(mark, was, step.made, now)
                assert newer, f"element {mark} was not moved back to {was}"
                pointers.add(after.pointer(mark).removesuffix("/title"))
        return pointers

    def newer(self, mark: int, name: str, since: int, now: Picture) -> list[int]:
        """Return the list's other elements with the mark's id that came since a version."""
        others = (one for one in now.lists.get(name, ()) if one != mark)
        own = self.ids[mark]
        return [one for one in others if self.ids[one] == own and self.came[one] >= since]

    def took(
        self,
        user: str,
        kind: str,
        reverts: list[int],
        skipped: list[str],
        value: Any,
        *,
        version: int,
        at: int,
    ) -> None:
        """Check an undo or a redo, and apply it to the ledger."""
        stack = self.stacks[user]
        here, there = (stack.undo, stack.redo) if kind == "undo" else (stack.redo, stack.undo)
        passed: list[Step] = []
        while not here[-1].versions & set(reverts):
            passed.append(here.pop())
            assert here, f"{user} has no step with {reverts}"
        step = here.pop()
        assert set(reverts) <= step.versions
        check = Taking(self, user, step, passed, Seen.of(value), skipped)
        after = check.run()
        back = Step.between(self.now, after, version, at)
        back.versions, back.text = step.versions, None
        for char in back.plus:
            char.returned.add(user)
        self.came |= {mark: step.came[mark][0] for mark in back.lists}
        back.came = {mark: (to, was) for mark, (was, to) in step.came.items()}
        back.shifted = set(step.shifted)  # also elements that are hidden now
        back.renamed = {now: was for was, now in step.renamed.items()}
        back.whole |= back.plus & step.overwritten
        back.overwritten = back.minus & step.whole
        self._follow(user, back, after)
        for one in stack.undo:
            one.source = ""
        there.append(back)
        del there[:-DEPTH]


class Wanted:
    """The characters that each code point may be, the most likely one first."""

    def __init__(self, oracle: Oracle, *kinds: Iterable[Char]) -> None:
        self._blurred = oracle.blurred
        self.left: dict[str, list[Char]] = {}
        for kind in kinds:
            for char in kind:
                self.left.setdefault(char.point, []).append(char)

    def take(self, point: str, place: Place) -> Char:
        if point in self._blurred:
            return self._blurred[point]
        left = self.left.get(point)
        assert left, f"{point!r} is in {place!r} and must not be"
        return left.pop(0)


class Taking:
    """One undo or redo: what it may do, what it must do, and what it must name."""

    def __init__(
        self,
        oracle: Oracle,
        user: str,
        step: Step,
        passed: list[Step],
        seen: Seen,
        skipped: list[str],
    ) -> None:
        self.oracle, self.user, self.step, self.passed = oracle, user, step, passed
        self.seen, self.skipped = seen, skipped
        self.before = oracle.now
        self.after = Picture()

    def run(self) -> Picture:
        self._blur_doubles()
        before, step = self.before.chars, self.step
        kept = before - step.plus - self._inside(step.plus_marks, step.plus_slots)
        mine = before - kept
        back = step.minus - before
        late = self.oracle.late_typed - before
        self.after = self.oracle.resolve(self.seen, Wanted(self.oracle, kept, back, late, mine))
        self._check_others(kept)
        self._check_elements()
        self._check_numbers()
        self._check_done(back)
        self._check_passed()
        return self.after

    def _inside(self, marks: set[int], slots: set[str]) -> set[Char]:
        """Return the characters inside elements, texts and lists that the step added."""
        marks = marks | {mark for slot in slots for mark in self.before.lists.get(slot, ())}
        places = {*marks, *slots}
        return {char for at, text in self.before.texts.items() if at in places for char in text}

    def _blur_doubles(self) -> None:
        """Blur a code point that is there and also comes back: it will be there twice."""
        here: dict[str, Char] = {}
        for char in (*self.before.chars, *self.step.minus):
            other = here.setdefault(char.point, char)
            if other is not char and char.point not in self.oracle.blurred:
                swapped = {char, other} & self.step.plus and {char, other} & self.step.minus
                if not swapped or self.skipped:
                    self.oracle.blurred[char.point] = Char(char.point, "?")

    def _is_blurred(self, char: Char) -> bool:
        return char.point in self.oracle.blurred

    def _check_others(self, kept: set[Char]) -> None:
        now = self.after.chars
        lost = {char for char in kept - now if not self._is_blurred(char)}
        assert not lost, f"{self.user} took {lost} away"
        for place, text in self.after.texts.items():
            was = [char for char in self.before.texts.get(place, ()) if char in set(text)]
            stayed = [char for char in text if char in set(was)]
            known = not any(map(self._is_blurred, stayed)) and place not in self.oracle.transferred
            if known:
                assert stayed == was, f"{place!r}: {stayed} was in the order {was}"
        places = {char: place for place, text in self.before.texts.items() for char in text}
        for place, text in self.after.texts.items():
            for char in text:
                was_at = places.get(char, place)
                if was_at != place and not self._is_blurred(char):
                    assert self.step.renamed.get(place) == was_at, f"{char} was in {was_at!r}"

    def _check_elements(self) -> None:
        step, old, new = self.step, self.before.marks, self.after.marks
        inside = {mark for slot in step.plus_slots for mark in self.before.lists.get(slot, ())}
        gone = old.keys() - new.keys() - step.plus_marks - inside
        assert not gone, f"{self.user} took the elements {gone} away"
        assert new.keys() - old.keys() <= step.minus_marks.keys(), "an element came back"
        for mark in old.keys() & new.keys():
            if old[mark] != new[mark]:
                assert step.lists.get(mark) == (new[mark], old[mark]), f"{mark} was moved"
        for mark, name in new.items():
            if old.get(mark) != name:
                newer = self.oracle.newer(mark, name, step.made + 1, self.after)
                assert not newer, f"{mark} came back to {name} beside {newer}, which are newer"
        loose = step.shifted | step.lists.keys()
        for name, marks in self.after.lists.items():
            was = [mark for mark in self.before.lists.get(name, ()) if mark in marks]
            stayed = [mark for mark in marks if mark in was]
            fixed = [mark for mark in was if mark not in loose]
            assert [mark for mark in stayed if mark not in loose] == fixed, f"{name}: {stayed}"
        assert self.before.slots - self.after.slots <= step.plus_slots
        assert self.after.slots - self.before.slots <= step.minus_slots

    def _check_numbers(self) -> None:
        for mark, value in self.seen.numbers.items():
            now = self.before.numbers.get(mark) if mark in self.before.marks else None
            if now is None:
                now = self.step.minus_marks[mark]
            elif mark in self.step.numbers:
                was, set_to = self.step.numbers[mark]
                if now is set_to and value == was.value:
                    now = was
                else:
                    moved = mark in self.oracle.transferred
                    pointer = "" if moved else self.after.pointer(mark)
                    self._must_be_named(pointer, f"the number of {mark} was left")
            assert value == now.value, f"the number of {mark} is {value}, not {now.value}"
            self.after.numbers[mark] = now

    def _check_done(self, back: set[Char]) -> None:
        """Check that every change that was left is named in `skipped`, and for a reason."""
        step, now = self.step, self.after.chars
        for char in step.plus & now:
            place = self.after.place_of(char)
            assert place is not None
            if not self._is_blurred(char):
                if place in self.oracle.transferred:
                    continue  # a text that moved to another list has other characters
                self._must_be_named(self.after.pointer(place), f"{char} was left")
                assert char in step.whole, f"{char} was not found"
        for char in back - now - self.oracle.late_cut:
            if not self._is_blurred(char):
                self._must_be_named("", f"{char} did not come back")
        for mark in step.plus_marks & self.after.marks.keys():
            self._must_be_named("", f"{mark} was left")
        for mark in step.minus_marks.keys() - self.after.marks.keys():
            self._must_be_named("", f"{mark} did not come back")
        for mark, (was, to) in step.lists.items():
            if self.after.marks.get(mark) == to != was:
                self._must_be_named(self.after.pointer(mark), f"{mark} was not moved back")
        again = self.oracle.check_left_elements(step, self.after, self.after)
        for one in self.passed:
            again |= self.oracle.check_left_elements(one, self.before, self.after)
        as_a_value = any(
            one.whole or one.overwritten or one.plus_slots or one.minus_slots
            for one in (step, *self.passed)
        )
        if as_a_value:
            self.oracle.not_restored |= set(self.skipped)
        elif not self._was_harmed():
            moved = {self.after.pointer(place) for place in self.oracle.transferred}
            left = set(self.skipped) - moved - self.oracle.not_restored - again
            assert not left, f"{left} was left, but no other user changed it"
        self._check_places(back)

    def _was_harmed(self) -> bool:
        newest = min(step.made for step in (self.step, *self.passed))
        return any(
            version > newest and user != self.user
            for version, (user, _) in self.oracle.harm.items()
        ) or bool(self.oracle.late_cut)

    def _check_places(self, back: set[Char]) -> None:
        """Check that characters come back between their former neighbours, if both are there."""
        before = self.before.chars
        for text in self.after.texts.values():
            if self.step.plus & before:
                return  # they come back in the place of the removed characters
            at = {char: index for index, char in enumerate(text)}
            for char in back & at.keys():
                left, right = self.step.sides.get(char, (None, None))
                if left is None or right is None or not {left, right} <= at.keys() & before:
                    continue
                in_order = at[left] < at[right]  # characters that came back may be swapped
                if in_order and not any(map(self._is_blurred, (left, char, right))):
                    assert at[left] < at[char] < at[right], f"{char} came to another place"

    def _check_passed(self) -> None:
        now = self.after.chars
        for step in self.passed:
            for char in step.plus & now:
                place = self.after.place_of(char)
                is_known = not self._is_blurred(char) and char not in self.step.minus | step.whole
                assert not is_known or place in self.oracle.transferred, f"{char} was passed over"

    def _must_be_named(self, pointer: str, what: str) -> None:
        """Check that `skipped` names the place or its container. Any place, if not visible."""
        assert self.skipped, f"{what}, but skipped is empty"
        if pointer:
            assert any(
                (pointer + "/").startswith(one + "/") or (one + "/").startswith(pointer + "/")
                for one in self.skipped
            ) or any(pointer.rpartition("/")[0] + "/" in one + "/" for one in self.skipped), (
                f"{what} at {pointer}, but is not in {self.skipped}"
            )
