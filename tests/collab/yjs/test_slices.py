"""Rules G21 and G23: an update that may take yrs long is integrated in slices or pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Text

from collab.errors import Rejected
from collab.structs.guard import GuardBounds, StructIndex, check, inspect
from collab.yjs import slices as module
from collab.yjs.slices import LARGEST_PIECE, Slices, pieces_of, slices_of, walked
from collab.yjs.update import Id, Struct
from tests.collab.yjs.sessions import session
from tests.collab.yjs.updates import NULL, gc, plain, shared, string, update

pytestmark = pytest.mark.thorough

KNOWN, AUTHOR = 1, 2**31
LONG, STEPS = 2_000, 5_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a tenth of the real limit. At the real limit, yrs would take seconds in these tests."""
    monkeypatch.setattr(module, "STEPS", STEPS)


def chain(client: int, count: int) -> bytes:
    """A list of blocks that were appended one by one."""
    behind = [shared(1, origin=(client, clock)) for clock in range(count - 1)]
    return update((client, 0, [shared(1, root="l"), *behind]))


class Timer:
    """A clock that each slice moves forward by a fixed time."""

    def __init__(self, seconds_a_slice: float = 0.0) -> None:
        self.now, self.a_slice = 0.0, seconds_a_slice

    def __call__(self) -> float:
        return self.now


def cut(basis: bytes, sent: bytes, timer: Timer | None = None) -> Slices | None:
    index = StructIndex.of(basis) if basis else StructIndex()
    inspected = inspect(sent)
    leases = dict.fromkeys(index.clocks, "ada")
    checked = check(inspected, index.clocks, leases=leases, user="ada", index=index)
    clock = timer or Timer()
    return slices_of(sent, inspected, checked.fresh, index.clocks, index.blocks, clock)


def taken(slices: Slices, timer: Timer) -> list[bytes]:
    """The slices that are handed out when each of them takes its time."""
    out = []
    for one in slices:
        out.append(one)
        timer.now += timer.a_slice
    return out


def state(updates: Iterable[bytes]) -> bytes:
    doc: Doc[Any] = Doc(client_id=9)
    with doc.transaction():
        for one in updates:
            doc.apply_update(one)
    return doc.get_update()


def structs_of(sent: bytes) -> list[tuple[int, Struct]]:
    return [(client, one) for client, own in inspect(sent).sections.items() for one in own]


WALKED: dict[str, bytes] = {
    "one client, anywhere": update(
        (AUTHOR, 0, [plain(NULL, origin=(KNOWN, clock)) for clock in range(60)])
    ),
    "one client, before anything": update(
        (AUTHOR, 0, [plain(NULL, right=(KNOWN, LONG - 1 - n)) for n in range(60)])
    ),
    "many clients, one place": update(
        *((AUTHOR + n, 0, [plain(NULL, origin=(KNOWN, 0))]) for n in range(50))
    ),
    "the beginning of the list": update((AUTHOR, 0, [plain(NULL, root="l")] * 60)),
}


@pytest.mark.parametrize("attack", WALKED)
def test_g21_a_short_update_with_long_walks_comes_in_slices(attack: str) -> None:
    slices = cut(chain(KNOWN, LONG), WALKED[attack])
    assert slices is not None
    handed_out = taken(slices, Timer())
    assert slices.rest == []
    assert max(len(structs_of(one)) for one in handed_out) * LONG <= STEPS
    whole = state([chain(KNOWN, LONG), WALKED[attack]])
    assert state([chain(KNOWN, LONG), *handed_out]) == whole


def test_g21_an_update_with_its_own_long_list_comes_in_slices() -> None:
    """Into an empty document, 50 KB took yrs 0.6 s, and 200 KB took sixteen times as long."""
    count = 500
    along = [shared(1, origin=(AUTHOR, clock)) for clock in range(count)]
    among = [plain(NULL, origin=(AUTHOR, 0), right=(AUTHOR, count - n)) for n in range(count)]
    slices = cut(b"", update((AUTHOR, 0, [shared(1, root="l"), *along, *among])))
    assert slices is not None
    first, *others = taken(slices, Timer())
    assert len(structs_of(first)) > count, "an append needs no walk"
    assert max(len(structs_of(one)) for one in others) * 2 * count <= STEPS


@pytest.mark.parametrize(
    ("basis", "sent"),
    [
        (chain(KNOWN, LONG), update((AUTHOR, 0, [string("x", origin=(KNOWN, LONG - 1))]))),
        (b"", chain(AUTHOR, 6_000)),
        (
            b"",
            update(
                (AUTHOR, 0, [shared(1, root="l")]),
                (
                    AUTHOR + 1,
                    0,
                    [plain(NULL, parent=(AUTHOR, 0), key=f"k{n}") for n in range(6_000)],
                ),
            ),
        ),
    ],
)
def test_g21_a_keystroke_and_an_import_stay_whole(basis: bytes, sent: bytes) -> None:
    assert cut(basis, sent) is None


def test_g21_slices_and_the_rest_give_the_same_document() -> None:
    basis = chain(KNOWN, LONG)
    gone = [(2 * n, 1) for n in range(1_000)]
    sent = update(
        (AUTHOR, 0, [plain(NULL, origin=(KNOWN, n)) for n in range(1_900)]), deletes={KNOWN: gone}
    )
    timer = Timer(seconds_a_slice=0.011)
    slices = cut(basis, sent, timer)
    assert slices is not None
    first = taken(slices, timer)
    assert len(first) == 2
    rest = slices.rest
    assert [len(structs_of(one)) for one in rest] == [1_000, 898, 0]
    assert state([basis, *first, *rest]) == state([basis, sent])


def test_g21_each_turn_hands_out_at_least_one_slice() -> None:
    basis, left = chain(KNOWN, LONG), WALKED["one client, anywhere"]
    applied = [basis]
    for turn in range(31):
        timer = Timer(seconds_a_slice=100.0)
        slices = cut(state(applied), left, timer)
        if slices is None:
            break
        applied += taken(slices, timer)
        [left] = slices.rest
        assert len(structs_of(left)) == 60 - 2 * (turn + 1)
    assert state([*applied, left]) == state([basis, WALKED["one client, anywhere"]])


def test_g21_a_section_and_its_fields_are_in_one_slice() -> None:
    """Otherwise a section without its required fields would be undone, and the fields lost."""
    sections = [
        [
            shared(1, origin=(KNOWN, number)),
            *(plain(NULL, parent=(AUTHOR, 4 * number), key=key) for key in "abc"),
        ]
        for number in range(600)
    ]
    sent = update((AUTHOR, 0, [struct for section in sections for struct in section]))
    timer = Timer(seconds_a_slice=0.1)
    slices = cut(chain(KNOWN, LONG), sent, timer)
    assert slices is not None
    parts = [*taken(slices, timer), *slices.rest]
    assert len(parts) > 2
    assert [one.clock % 4 for one in (structs_of(part)[0][1] for part in parts)] == [0] * len(parts)
    assert sum(len(structs_of(part)) for part in parts) == 4 * 600


def test_g21_many_deletions_come_in_slices() -> None:
    basis = update((KNOWN, 0, [string("x" * 10_000, root="t")]))
    sent = update(deletes={KNOWN: [(2 * n, 1) for n in range(5_000)]})
    slices = cut(basis, sent)
    assert slices is not None
    handed_out = taken(slices, Timer())
    assert len(handed_out) == 5
    assert state([basis, *handed_out]) == state([basis, sent])


@pytest.mark.parametrize("seed", range(30))
def test_g21_slices_give_the_document_of_the_whole_update(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEPS", 40)
    monkeypatch.setattr(module, "RANGES", 3)
    one, two, *_ = session(seed, 25)
    basis, sent = one.doc.get_update(), two.doc.get_update()
    slices = cut(basis, sent)
    handed_out = [sent] if slices is None else taken(slices, Timer())
    assert state([basis, *handed_out]) == state([basis, sent])


class Yata:
    """Places structs of length 1 as yrs does, and counts the steps."""

    def __init__(self) -> None:
        self.lists: dict[str | Id, list[Id]] = {}
        self.structs: dict[Id, Struct] = {}
        self.list_of: dict[Id, str | Id] = {}

    def integrate(self, at: Id, struct: Struct) -> int:
        beside = struct.origin or struct.right
        name = self.list_of[beside] if beside is not None else struct.parent
        assert name is not None
        items = self.lists.setdefault(name, [])
        begin = items.index(struct.origin) + 1 if struct.origin is not None else 0
        end = items.index(struct.right) if struct.right is not None else len(items)
        place, steps = self._resolve(at, struct, items[begin:end])
        items.insert(begin + place, at)
        self.structs[at], self.list_of[at] = struct, name
        return steps

    def _resolve(self, at: Id, struct: Struct, between: Sequence[Id]) -> tuple[int, int]:
        place = 0
        before: set[Id] = set()
        conflicting: set[Id] = set()
        for step, other in enumerate(between, 1):
            before.add(other)
            conflicting.add(other)
            met = self.structs[other]
            if met.origin == struct.origin:
                if other[0] < at[0]:
                    place = step
                    conflicting.clear()
                elif met.right == struct.right:
                    return place, step
            elif met.origin in before:
                if met.origin not in conflicting:
                    place = step
                    conflicting.clear()
            else:
                return place, step
        return place, len(between)


def some_structs(rng: Random, yata: Yata, client: int, count: int) -> list[tuple[int, Struct]]:
    """Make and integrate structs: between any two items of a list, or in a new type.

    The neighbours that a struct names may be false.
    """
    made = []
    for clock in range(count):
        roll = rng.random()
        lists = list(yata.lists.values())
        if roll < 0.1 or not lists:
            struct = Struct(clock, clock + 1, 7, parent="l")
        elif roll < 0.25:
            struct = Struct(clock, clock + 1, 7, parent=rng.choice(list(yata.structs)))
        else:
            items = rng.choice(lists)
            begin = len(items) - 1 if roll < 0.6 else rng.randrange(-1, len(items))
            end = rng.randrange(begin + 1, len(items) + 1)
            origin = items[begin] if begin >= 0 else None
            right = items[end] if end < len(items) else None
            if origin is None and right is None:
                continue_at = items[-1]
                origin = continue_at
            struct = Struct(clock, clock + 1, 7, origin, right)
        made.append((client, struct))
        yata.integrate((client, clock), struct)
    return made


@pytest.mark.parametrize("seed", range(200))
def test_g21_a_struct_that_is_not_counted_takes_yrs_one_step(seed: int) -> None:
    rng = Random(seed)
    yata = Yata()
    some_structs(rng, yata, 5, 20)
    known = {5: 20}
    seen = dict(yata.structs), {name: list(items) for name, items in yata.lists.items()}
    fresh = some_structs(rng, yata, rng.choice([1, 9]), 40)
    again = Yata()
    again.structs, again.lists = seen
    again.list_of = {at: name for name, items in again.lists.items() for at in items}
    flags = walked(fresh, known)
    steps = [again.integrate((client, one.clock), one) for client, one in fresh]
    assert [count for count, flag in zip(steps, flags, strict=True) if not flag and count > 1] == []
    assert False in flags


def test_g23_the_pieces_of_an_update_give_the_same_document() -> None:
    count = 2 * LARGEST_PIECE
    pile: Doc[Any] = Doc(client_id=AUTHOR)
    pile.apply_update(chain(KNOWN, 10))
    blocks = pile.get("l", type=Array)
    for number in range(count):
        blocks.insert(number % 7, Text(str(number)))
    del blocks[3:9]
    sent = pile.get_update()
    pieces = pieces_of(sent, {KNOWN: 10})
    assert len(pieces) > 3
    assert all(len(inspect(one).sections.get(AUTHOR, ())) <= LARGEST_PIECE for one in pieces)
    merged: Doc[Any] = Doc()
    merged.apply_update(chain(KNOWN, 10))
    for one in pieces:
        merged.apply_update(one)
    assert merged.get_state() == pile.get_state()
    assert merged.get("l", type=Array).to_py() == blocks.to_py()


def test_g23_a_group_of_structs_that_is_too_large_is_cut() -> None:
    pieces = pieces_of(chain(AUTHOR, 3 * LARGEST_PIECE), {})
    assert [len(inspect(one).sections[AUTHOR]) for one in pieces] == [LARGEST_PIECE] * 3


def test_g23_known_structs_are_in_no_piece() -> None:
    assert pieces_of(chain(AUTHOR, 10), {AUTHOR: 10}) == []
    with pytest.raises(Rejected, match="does not have"):
        pieces_of(update((AUTHOR, 5, [plain(NULL, origin=(AUTHOR, 4))])), {AUTHOR: 3})


def test_g23_the_structs_of_a_large_update_are_bounded() -> None:
    few = GuardBounds(update_bytes=0, structs=1_000)
    assert pieces_of(update((AUTHOR, 0, [gc(1)] * 1_000)), {}, few)
    with pytest.raises(Rejected, match="more than 1000 structs"):
        pieces_of(update((AUTHOR, 0, [gc(1)] * 800), (KNOWN, 0, [gc(1)] * 201)), {}, few)
