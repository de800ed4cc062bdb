"""Elements of keyed arrays: the cost of inserting an element between two others."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from collab.document.document import Document
from collab.document.steps import UndoBounds
from collab.entry import Op
from collab.patch.diff import MAX_MOVES
from collab.types.layout import ArrayNode
from collab.types.place import Place
from collab.writing.elements import ElementWriter

pytestmark = pytest.mark.thorough


class Array:
    """A document with one array. `rekeyed` counts new order keys of elements already in it."""

    def __init__(self, size: int) -> None:
        self.document = Document.create(1)
        self.rekeyed = 0
        self._version = 0
        self.patch([{"op": "add", "path": "/l", "value": list(range(size))}])

    @property
    def orders(self) -> dict[str, str]:
        node = self.document._tree.root.children["l"]
        assert type(node) is ArrayNode
        return node.orders

    def patch(self, ops: list[Op]) -> None:
        before = dict(self.orders) if self._version else {}
        self._version += 1
        self.document.patch(ops, version=self._version, user="ada", at=0)
        moved = sum(op["op"] == "move" for op in ops)
        changed = sum(key in before and before[key] != now for key, now in self.orders.items())
        self.rekeyed += changed - moved

    def longest(self) -> int:
        assert self.document.read() == self.document.value
        return max(map(len, self.orders.values()))


def add(index: int, value: int = 0) -> Op:
    return {"op": "add", "path": f"/l/{index}", "value": value}


@pytest.mark.parametrize("step", [0, 1])
def test_d4_a_thousand_insertions_at_one_place_rekey_no_element(step: int) -> None:
    array = Array(1_000)
    for _ in range(3):
        array.patch([add(500 + step * count) for count in range(1_000)])
    assert array.rekeyed == 0
    assert array.longest() <= 20


def zigzag(count: int, _: random.Random) -> int:
    """Insert between the last two elements each time. The gap between two keys runs out fast."""
    return 200 + count // 2


def scattered(_: int, chance: random.Random) -> int:
    return chance.randrange(200, 204)


def one_by_one(_: int, __: random.Random) -> int:
    return 200


@pytest.mark.parametrize("place", [zigzag, scattered, one_by_one])
def test_d4_insertions_in_separate_patches_rekey_few_elements(
    place: Callable[[int, random.Random], int],
) -> None:
    array, chance = Array(400), random.Random(3)
    array.document._undo.bounds = UndoBounds(1)
    for count in range(800):
        array.patch([add(place(count, chance))])
    assert array.rekeyed <= 4 * 800
    assert array.longest() <= 60


def test_d4_a_reversed_array_keeps_short_keys() -> None:
    array = Array(400)
    array.patch([{"op": "move", "from": "/l/399", "path": f"/l/{to}"} for to in range(399)])
    assert array.document.value == {"l": list(range(400))[::-1]}
    assert array.rekeyed == 0
    assert array.longest() <= 8


@pytest.mark.parametrize(("arrays", "length"), [(8, 300), (30, 60), (3, 900)])
def test_p9_a_patch_that_reverses_many_arrays_has_bounded_moves(
    monkeypatch: pytest.MonkeyPatch, arrays: int, length: int
) -> None:
    moved = 0
    move = ElementWriter.move

    def counting(elements: ElementWriter, place: Place, source: int, target: int) -> None:
        nonlocal moved
        moved += 1
        move(elements, place, source, target)

    document = Document.create(1)
    value = {f"a{number}": list(range(length)) for number in range(arrays)}
    document.patch([{"op": "replace", "path": "", "value": value}], version=1, user="ada", at=0)
    monkeypatch.setattr(ElementWriter, "move", counting)
    ops = [
        {"op": "replace", "path": f"/{key}", "value": list(range(length))[::-1]} for key in value
    ]
    document.patch(ops, version=2, user="ada", at=0)
    assert 0 < moved <= MAX_MOVES
    assert document.read() == document.value == {key: value[key][::-1] for key in value}
    document.undo("ada", version=3, at=5_000)
    assert document.read() == document.value == value
