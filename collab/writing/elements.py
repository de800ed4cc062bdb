"""Writes the elements of keyed arrays: adds, hides, shows, moves and replaces them."""

from __future__ import annotations

from typing import Any

from collab.ids import Json
from collab.patch.diff import MAX_MOVES
from collab.patch.pointer import render
from collab.types.build import Builder, Layouts
from collab.types.handles import Txn, get_or_none, is_map, raw_of
from collab.types.layout import DELETED, ORDER, VALUE, ArrayNode, order_of, read_element, sortable
from collab.types.order_keys import REBALANCE_LENGTH, between, spread, step_down, step_up
from collab.types.place import Place, Slot
from collab.types.records import Absent, Exactly, MovedRecord, SetRecord, ShownRecord, fingerprint
from collab.writing.journal import Journal
from collab.writing.members import MemberWriter
from collab.writing.texts import TextWriter

LAST = sortable(None)  # the sort key of an element without a valid order key


class ElementWriter:
    """Writes keyed arrays.

    A removed element is only hidden. So undo can show it again, with the changes that other users
    made inside it.
    """

    def __init__(
        self,
        journal: Journal,
        layouts: Layouts,
        build: Builder,
        texts: TextWriter,
        members: MemberWriter,
    ) -> None:
        self._journal = journal
        self._layouts = layouts
        self._build = build
        self._texts = texts
        self._members = members
        self.moves_left = MAX_MOVES  # how many more moves the comparisons of this patch may make
        self._last: str | None = None  # the newest order key

    @property
    def _txn(self) -> Txn:
        return self._journal.open.txn

    def insert(self, place: Place, index: int, value: Json) -> None:
        """Add an element. When a hidden element has the same `id`, the new one gets another key."""
        order = self._order_at(place, index)
        key = self._layouts.key(value, lambda key: self._is_taken(place, key))
        self.create(place, key, self._layouts.element(value, order))

    def _is_taken(self, place: Place, key: str) -> bool:
        """Whether an element has this key, or an undo step may bring back an element with it."""
        return place.handle.has(self._txn, key) or self._journal.identity.is_asked_for(
            (*place.path, key)
        )

    def create(self, place: Place, key: str, raw: Any) -> None:
        """Write a new element from its layout."""
        self._journal.note(ShownRecord(place.path, key, True, born=True))
        self._put(place, array_node(place), key, raw)

    def put_back(self, place: Place, record: SetRecord, raw: Any, token: int) -> None:
        """Write the value that an element had before a record, in place of its present value."""
        node, key = array_node(place), record.key
        held = get_or_none(self._txn, place.handle, key)
        before: Absent | Exactly = Absent()
        removed = self._texts.removed(held, (*place.path, key))
        if key in node.orders:
            before = Exactly(raw_of(self._txn, held))
            self._journal.emit("remove", (*place.tokens, str(node.hide(key))))
        holder, value = self._put(place, node, key, raw)
        self._journal.note(SetRecord(place.path, key, before, fingerprint(value), removed, token))
        self._texts.restore_identity(get_or_none(self._txn, holder, key), record.texts)

    def _put(self, place: Place, node: ArrayNode, key: str, raw: Any) -> tuple[Any, Json]:
        """Write an element that is not visible yet. Return the array's handle, and the value.

        The handle of `place` is not used again, because the document may have been loaded again.
        """
        tokens = (*place.tokens, str(node.show(key, order_of(raw))))
        value, inner = read_element(raw)
        self._keep_node(node, key, inner)
        self._journal.emit("add", tokens, value)
        holder = self._journal.clear(place.handle, place.path, key)
        self._build.put(holder, key, raw, tokens)
        return holder, value

    def remove(self, place: Place, key: str, token: int | None = None) -> Place:
        """Hide an element. An element that is not a Y.Map is deleted instead.

        Return the place, which may have a new handle. The earlier handle is not used again.
        """
        held = get_or_none(self._txn, place.handle, key)
        if is_map(held):
            held.insert(self._txn, DELETED, True)
            self._journal.note(ShownRecord(place.path, key, False, token=token))
            self._journal.open.spend()
        else:
            before = Exactly(raw_of(self._txn, held))
            place = place._replace(handle=self._journal.remove_entry(place.handle, place.path, key))
            self._journal.note(SetRecord(place.path, key, before, Absent(), token=token))
        index = array_node(place).hide(key)
        self._journal.emit("remove", (*place.tokens, str(index)))
        return place

    def show(self, place: Place, key: str, token: int | None = None) -> Json:
        """Show a hidden element again, with its present content. Return its value."""
        held = get_or_none(self._txn, place.handle, key)
        held.remove(self._txn, DELETED)
        raw = raw_of(self._txn, held)
        node = array_node(place)
        index = node.show(key, order_of(raw))
        value, inner = read_element(raw)
        self._keep_node(node, key, inner)
        self._journal.note(ShownRecord(place.path, key, True, token=token))
        self._journal.emit("add", (*place.tokens, str(index)), value)
        self._journal.open.spend()
        return value

    def move(self, place: Place, source: int, target: int) -> None:
        """Move an element within its array, from index `source` to index `target`."""
        self.moves_left = max(0, self.moves_left - 1)
        node = array_node(place)
        _, key = node.order[source]
        # The new order key is between the keys of two other elements.
        order = self._order_at(place, target if target < source else target + 1)
        before = node.orders[key]
        self.reorder(place, key, order)
        self._journal.note(MovedRecord(place.path, key, before, order))

    def reorder(self, place: Place, key: str, order: str) -> None:
        """Give a visible element another order key."""
        node = array_node(place)
        inner = node.children.get(key)
        self._write_order(place, key, order, node.index(key))
        source, target = node.hide(key), node.show(key, order)
        self._keep_node(node, key, inner)
        if source != target:
            paths = [render((*place.tokens, index)) for index in (source, target)]
            self._journal.ops.append({"op": "move", "from": paths[0], "path": paths[1]})

    def reorder_hidden(self, place: Place, key: str, order: str) -> None:
        """Give a hidden element an order key. The key takes effect when the element is shown."""
        get_or_none(self._txn, place.handle, key).insert(self._txn, ORDER, order)

    def replace(self, place: Place, key: str, value: Json) -> None:
        """Replace an element by another value."""
        node = array_node(place)
        held = get_or_none(self._txn, place.handle, key)
        index = node.index(key)
        if is_map(held) and held.has(self._txn, VALUE) and not isinstance(value, dict):
            raw = self._layouts.layout(value)
            tokens = (*place.tokens, str(index))
            path = (*place.path, key)
            self._members.set_slot(Slot(held, VALUE, path, tokens, node.children, key), raw)
            return
        self.insert(self.remove(place, key), index, value)

    def _keep_node(self, node: ArrayNode, key: str, inner: Any) -> None:
        if inner is None:
            node.children.pop(key, None)
        else:
            node.children[key] = inner

    # --- order ------------------------------------------------------------------------------

    def _order_at(self, place: Place, index: int) -> str:
        """Return an order key for a new element in front of the element at `index`."""
        order = self._gap(place, index)
        if len(order) > REBALANCE_LENGTH:
            self._make_room(place, index)
            order = self._gap(place, index)
        self._last = order
        return order

    def _make_room(self, place: Place, index: int) -> None:
        """Give new, short order keys to elements around an index, and to as few as possible.

        The new keys have at most half of `REBALANCE_LENGTH`. So the keys around this index can grow
        by a few dozen characters before elements here need new keys again.
        """
        pairs = array_node(place).order
        reach = 8
        while True:
            start, end = max(0, index - reach), min(len(pairs), index + reach)
            low = pairs[start - 1][0] if start else None
            high = pairs[end][0] if end < len(pairs) and pairs[end][0] != LAST else None
            if low is None and high is None:
                break
            if low is None or high is None or low < high:
                longest = max(map(len, spread(low, high, end - start)))
                if longest <= REBALANCE_LENGTH // 2:
                    break
            reach *= 2
        self._rekey(place, start, end, low, high)

    def _gap(self, place: Place, index: int) -> str:
        pairs = array_node(place).order
        if index and pairs[index - 1][0] == LAST:
            first = next(at for at, (order, _) in enumerate(pairs) if order == LAST)
            self._rekey(place, first, index, pairs[first - 1][0] if first else None, None)
        low = pairs[index - 1][0] if index else None
        high = pairs[index][0] if index < len(pairs) else None
        if high == LAST:
            high = None
        if low is not None and low == high:
            high = self._untie(place, index, low)
        if low is None or high is None:
            return between(low, high)
        # When elements are added one after another at one place, use a key next to the newest key.
        if low == self._last:
            return step_up(low, high)
        return step_down(low, high) if high == self._last else between(low, high)

    def _untie(self, place: Place, index: int, low: str) -> str:
        """Give new order keys to the elements from `index` onwards that also have the key `low`.

        Return the new order key of the element at `index`.
        """
        pairs = array_node(place).order
        end = index
        while end < len(pairs) and pairs[end][0] == low:
            end += 1
        high = pairs[end][0] if end < len(pairs) and pairs[end][0] != LAST else None
        self._rekey(place, index, end, low, high)
        return pairs[index][0]

    def _rekey(self, place: Place, start: int, end: int, low: str | None, high: str | None) -> None:
        node = array_node(place)
        for at, order in zip(range(start, end), spread(low, high, end - start), strict=True):
            key = node.order[at][1]
            self._write_order(place, key, order, at)
            node.order[at] = (order, key)
            node.orders[key] = order

    def _write_order(self, place: Place, key: str, order: str, index: int) -> None:
        held = get_or_none(self._txn, place.handle, key)
        if is_map(held):
            held.insert(self._txn, ORDER, order)
            self._journal.open.spend()
            return
        was = raw_of(self._txn, held)
        raw = {**(was if isinstance(was, dict) else {VALUE: was}), ORDER: order}
        tokens = (*place.tokens, str(index))
        self._build.put(place.handle, key, raw, tokens)
        self._keep_node(array_node(place), key, read_element(raw)[1])


def array_node(place: Place) -> ArrayNode:
    assert type(place.node) is ArrayNode
    return place.node
