"""Apply one patch op by op (RFC 6902), and collect its exact ops and their inverse.

`collab.patch.apply.Applied` explains exact ops. The holder of a value is the container that
contains it.
"""

from __future__ import annotations

from typing import Any

from collab.entry import Op, TextChanges
from collab.errors import Code, Rejected
from collab.patch.bounds import Bounds
from collab.patch.draft import Draft, key_of
from collab.patch.pointer import Tokens, child, index_of, lookup, not_found, render
from collab.patch.utf16 import splice
from collab.patch.values import FORBIDDEN_KEYS, same

_WITH_VALUE = ("replace", "add", "test")  # these ops need the member `value`


class PatchRun(Draft):
    """Applies the ops of one patch, one after another.

    Invariant: `ops` are the exact ops so far. `inverse` has the op that undoes each of them.
    `texts` has the exact changes of a text, by the number of its op.
    """

    __slots__ = ("inverse", "ops", "splices", "tests", "texts")

    def __init__(self, value: Any, size: int, bounds: Bounds, splices: bool, tests: bool) -> None:
        super().__init__(value, size, bounds)
        self.splices = splices
        self.tests = tests
        self.ops: list[Op] = []
        self.inverse: list[Op] = []
        self.texts: dict[int, TextChanges] = {}

    def apply(self, op: Any) -> None:
        if type(op) is not dict:
            raise Rejected(Code.INVALID_PATCH, "an operation must be a JSON object")
        kind = op.get("op")
        tokens = self.tokens(op, "path")
        if kind == "remove":
            self._remove(op, tokens)
        elif kind in _WITH_VALUE and "value" not in op:
            raise Rejected(Code.INVALID_PATCH, "the operation needs the member 'value'")
        elif kind == "replace":
            value = op["value"]
            self._replace(op, tokens, value, self.measure(value, len(tokens)))
        elif kind == "add":
            self._add(op, tokens, op["value"])
        elif kind == "move":
            self._move(op, tokens, self.tokens(op, "from"))
        elif kind == "copy":
            self._copy(op, tokens, self.tokens(op, "from"))
        elif kind == "test":
            self._test(tokens, op["value"])
        elif kind == "splice" and self.splices:
            self._splice(op, tokens)
        else:
            raise Rejected(
                Code.INVALID_PATCH,
                "`op` must be `add`, `remove`, `replace`, `move`, `copy` or `test`; "
                "`splice` is allowed only when `open` lists it in `accept`",
            )

    def record(self, op: Op, inverse: Op) -> None:
        """Keep an exact op that was just applied, and its inverse."""
        self.ops.append(op)
        self.inverse.append(inverse)

    # --- the ops ----------------------------------------------------------------------------

    def _replace(self, op: Op, tokens: Tokens, value: Any, added: int) -> None:
        """Replace an existing value. When both values are equal, do nothing."""
        old = lookup(self.root, tokens)
        if same(old, value):
            return
        self.resize(added - self.spend(self.size_of(old)))
        if tokens:
            parent, key = self.writable(tokens)
            parent[key] = value
        else:
            self.root = value
        path = op["path"]
        exact = op.get("op") == "replace" and len(op) == 3 and op["value"] is value
        self.record(
            op if exact else {"op": "replace", "path": path, "value": value},
            {"op": "replace", "path": path, "value": old},
        )

    def _add(self, op: Op, tokens: Tokens, value: Any) -> None:
        added = self.measure(value, len(tokens))
        if not tokens:
            self._replace(op, tokens, value, added)
            return
        parent = lookup(self.root, tokens[:-1])
        if type(parent) is dict and tokens[-1] in parent:
            self._replace(op, tokens, value, added)
            return
        path = self._insert(op, parent, tokens, value, added)
        exact = len(op) == 3 and path is op["path"]
        self.record(
            op if exact else {"op": "add", "path": path, "value": value},
            {"op": "remove", "path": path},
        )

    def _insert(self, op: Op, parent: Any, tokens: Tokens, value: Any, added: int) -> str:
        """Insert a value at a new location, and return its pointer.

        `added` is the size of the value in JSON bytes.
        """
        token = tokens[-1]
        comma = 1 if parent else 0
        if type(parent) is dict:
            _check_key(token)
            self.resize(added + self.size_of(token) + 1 + comma)
            self.writable(tokens)[0][token] = value
        elif type(parent) is list:
            index = len(parent) if token == "-" else index_of(token)
            if index is None or index > len(parent):
                raise not_found(tokens)
            self.resize(added + comma)
            self.writable(tokens)[0].insert(index, value)
            if token == "-":
                return render((*tokens[:-1], index))
        else:
            raise not_found(tokens)
        path: str = op["path"]
        return path

    def _remove(self, op: Op, tokens: Tokens) -> None:
        if not tokens:
            raise Rejected(
                Code.INVALID_PATCH, "the whole document cannot be removed; replace it instead"
            )
        old = lookup(self.root, tokens)
        self._cut(tokens, self.spend(self.size_of(old)))
        path = op["path"]
        self.record(
            op if len(op) == 2 else {"op": "remove", "path": path},
            {"op": "add", "path": path, "value": old},
        )

    def _cut(self, tokens: Tokens, removed: int) -> None:
        """Remove an existing value from its container. `removed` is its size in JSON bytes."""
        parent, key = self.writable(tokens)
        if type(parent) is dict:
            removed += self.size_of(key) + 1
        del parent[key]
        self.resize(-removed - (1 if parent else 0))

    def _move(self, op: Op, tokens: Tokens, source: Tokens) -> None:
        value = lookup(self.root, source)
        if tokens == source:
            return
        if tokens[: len(source)] == source:
            raise Rejected(
                Code.INVALID_PATCH, "a value cannot be moved into itself: `path` lies under `from`"
            )
        if source[:-1] != tokens[:-1] or type(lookup(self.root, source[:-1])) is dict:
            self.check_copy(value, len(source), len(tokens))
        if source[: len(tokens)] == tokens and not self._inserts(tokens):
            # The replaced value contains the moved value, and the inverse keeps the replaced value.
            # So later ops must not change either of them in place.
            self.mark_shared(lookup(self.root, tokens))
            self._replace(op, tokens, value, self.spend(self.size_of(value)))
            return
        if source[: len(tokens)] == tokens:
            self._move_before_holder(op, tokens, source, value)
            return
        self._remove_overwritten(self._before_removal(tokens, source))
        self._cut(source, 0)
        parent = lookup(self.root, tokens[:-1])
        path = self._insert(op, parent, tokens, value, 0)
        if path == op["from"]:
            return
        exact = len(op) == 3 and path is op["path"]
        self.record(
            op if exact else {"op": "move", "from": op["from"], "path": path},
            {"op": "move", "from": path, "path": op["from"]},
        )

    def _copy(self, op: Op, tokens: Tokens, source: Tokens) -> None:
        value = lookup(self.root, source)
        # When `self.exact` is true, `self.size` is the size of the whole document. So a copy of the
        # whole document does not measure it again.
        added = self.spend(self.size_of(value) if source or not self.exact else self.size)
        self.check_copy(value, len(source), len(tokens))
        # After the copy, two locations share the value. So no op may change it in place.
        self.mark_shared(value)
        if not tokens or source[: len(tokens)] == tokens or tokens[: len(source)] == source:
            self._add_value(op, tokens, value, added)
            return
        if self._has_equal_member(tokens, value):
            return
        self._remove_overwritten(tokens)
        path = self._insert(op, lookup(self.root, tokens[:-1]), tokens, value, added)
        exact = len(op) == 3 and path is op["path"]
        self.record(
            op if exact else {"op": "copy", "from": op["from"], "path": path},
            {"op": "remove", "path": path},
        )

    def _add_value(self, op: Op, tokens: Tokens, value: Any, added: int) -> None:
        """Write a value. The exact op has the value instead of the source.

        A copy uses this when its source contains its target, or its target contains its source.
        `_move_before_holder` uses it too.
        """
        parent = lookup(self.root, tokens[:-1]) if tokens else None
        if not tokens or (type(parent) is dict and tokens[-1] in parent):
            self._replace(op, tokens, value, added)
            return
        path = self._insert(op, parent, tokens, value, added)
        self.record({"op": "add", "path": path, "value": value}, {"op": "remove", "path": path})

    def _move_before_holder(self, op: Op, tokens: Tokens, source: Tokens, value: Any) -> None:
        """Move a value out of a list element, to the place directly before this list element.

        The exact ops are a `remove` and an `add`, not one `move`. Example: a `move` from `/2/x` to
        `/2`. Its inverse would move `/2` into `/2/x`, and no value can be moved into itself.
        """
        self._remove({"op": "remove", "path": op["from"]}, source)
        self.mark_shared(value)
        self._add_value(op, tokens, value, self.spend(self.size_of(value)))

    def _inserts(self, tokens: Tokens) -> bool:
        """Whether an `add` at this location would insert into a list."""
        return bool(tokens) and type(lookup(self.root, tokens[:-1])) is list

    def _before_removal(self, tokens: Tokens, source: Tokens) -> Tokens:
        """Return the target's location before the removal of the source.

        `tokens` is the target's location after the removal.
        """
        last = len(source) - 1
        if len(tokens) <= len(source) or tokens[:last] != source[:last]:
            return tokens
        parent = lookup(self.root, source[:-1])
        index = index_of(tokens[last])
        if type(parent) is not list or index is None or index < key_of(parent, source[-1]):
            return tokens
        return (*tokens[:last], str(index + 1), *tokens[last + 1 :])

    def _remove_overwritten(self, tokens: Tokens) -> None:
        """Remove the member of an object that a move or a copy would overwrite."""
        parent = self._holder(tokens)
        if type(parent) is dict and tokens[-1] in parent:
            self._remove({"op": "remove", "path": render(tokens)}, tokens)

    def _has_equal_member(self, tokens: Tokens, value: Any) -> bool:
        """Whether a location is a member of an object and has an equal value already."""
        parent = self._holder(tokens)
        return type(parent) is dict and tokens[-1] in parent and same(parent[tokens[-1]], value)

    def _holder(self, tokens: Tokens) -> Any:
        """The container of a location; None when the container does not exist."""
        holder = self.root
        for token in tokens[:-1]:
            holder = child(holder, token)
        return holder

    def _test(self, tokens: Tokens, expected: Any) -> None:
        self.count(expected, 0)
        if self.tests and not same(lookup(self.root, tokens), expected):
            raise Rejected(Code.TEST_FAILED, "the value at `path` differs from the `test`")

    def _splice(self, op: Op, tokens: Tokens) -> None:
        old = lookup(self.root, tokens)
        if type(old) is not str:
            raise Rejected(Code.INVALID_PATCH, "a `splice` needs a string at this JSON Pointer")
        insert = op.get("insert", "")
        self.count(insert, 0)
        self.spend(len(old))
        offset: Any = op.get("offset")
        delete = op.get("delete", 0)
        text = splice(old, offset, delete, insert)
        number = len(self.ops)
        self.texts[number] = ((offset, offset + delete, insert),)
        self._replace(op, tokens, text, self.spend(self.size_of(text)))
        if len(self.ops) == number:
            del self.texts[number]


def _check_key(key: str) -> None:
    if key in FORBIDDEN_KEYS:
        raise Rejected(Code.INVALID_PATCH, f"the key {key!r} is not allowed; use another one")
