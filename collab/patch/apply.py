"""JSON Patch (RFC 6902) on plain values: atomic, bounded, by path-copying.

Values are shared between versions. An op copies the containers on its way down and nothing else;
what a patch has copied once it may change in place, as long as nobody else holds it. A refusal
drops the copies, so a patch lands whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.patch.bounds import JUDGED, UNBOUNDED, Bounds
from collab.patch.draft import Draft, key_of
from collab.patch.equality import same
from collab.patch.pointer import Tokens, child, index_of, lookup, not_found, render
from collab.patch.utf16 import splice, stretch
from collab.patch.values import FORBIDDEN_KEYS


class Applied(Struct, frozen=True):
    """What a patch did.

    Invariant: `ops` give `value` from the value before, and `inverse` gives that back from
    `value`. `ops` are exact: no `test`, no `splice`, no index `-`, nothing that changes nothing,
    `add` and `move` never overwrite, and each op that was exact already is the one that was sent.
    `spliced` says of a text op, by the number of its exact op, which code points gave way to which.
    A Struct, because a frozen dataclass takes half a microsecond more to make.
    """

    value: Any
    ops: list[Op]
    inverse: list[Op]
    size: int
    spliced: dict[int, tuple[int, int, str]] = {}


def apply(
    value: Any,
    ops: Sequence[Any],
    *,
    size: int = 0,
    bounds: Bounds = UNBOUNDED,
    splices: bool = False,
    tests: bool = True,
) -> Applied:
    """Apply a patch to a value of `size` JSON bytes (0: only growth counts), or raise `Rejected`.

    `splices` allows the text op; with `tests` off, `test` ops are passed over.
    """
    if bounds.max_ops and len(ops) > bounds.max_ops:
        raise Rejected(Code.TOO_LARGE, f"a patch holds at most {bounds.max_ops} ops")
    run = _Run(value, size, bounds, splices, tests)
    done = 0
    try:
        for op in ops:
            run.step(op)
            done += 1
    except Rejected as error:
        raise _located(error, done, ops[done]) from None
    run.inverse.reverse()
    return Applied(run.root, run.ops, run.inverse, run.size, run.spliced)


def replay(value: Any, ops: Sequence[Op]) -> Any:
    """The value after exact ops out of the log, which were bounded when they were accepted."""
    return apply(value, ops, bounds=JUDGED).value


def _located(error: Rejected, index: int, op: Any) -> Rejected:
    refusal = error.refusal
    path = op.get("path") if isinstance(op, dict) else None
    sound = isinstance(path, str) and not any("\ud800" <= unit <= "\udfff" for unit in path)
    extra = {**refusal.extra, "op": index, "path": path if sound else ""}
    return Rejected(refusal.code, refusal.message, **extra)


class _Run(Draft):
    """One patch under way: `ops` are the exact ops so far, `inverse` leads back from them."""

    __slots__ = ("inverse", "ops", "spliced", "splices", "tests")

    def __init__(self, value: Any, size: int, bounds: Bounds, splices: bool, tests: bool) -> None:
        super().__init__(value, size, bounds)
        self.splices = splices
        self.tests = tests
        self.ops: list[Op] = []
        self.inverse: list[Op] = []
        self.spliced: dict[int, tuple[int, int, str]] = {}

    def step(self, op: Any) -> None:
        if type(op) is not dict:
            raise Rejected(Code.INVALID_PATCH, "an op must be an object")
        kind = op.get("op")
        tokens = self.tokens(op, "path")
        if kind == "replace":
            self._replace(op, tokens, _member(op, "value"))
        elif kind == "add":
            self._add(op, tokens, _member(op, "value"))
        elif kind == "remove":
            self._remove(op, tokens)
        elif kind == "move":
            self._move(op, tokens, self.tokens(op, "from"))
        elif kind == "copy":
            self._copy(op, tokens, self.tokens(op, "from"))
        elif kind == "test":
            self._test(tokens, _member(op, "value"))
        elif kind == "splice" and self.splices:
            self._splice(op, tokens)
        else:
            raise Rejected(Code.INVALID_PATCH, "an op must be one of RFC 6902's six")

    # --- the ops ----------------------------------------------------------------------------

    def _replace(self, op: Op, tokens: Tokens, value: Any) -> None:
        added = self.measure(value, len(tokens))
        self._put_over(op, tokens, value, added)

    def _put_over(self, op: Op, tokens: Tokens, value: Any, added: int) -> None:
        """Set what exists; nothing where it is the same value already."""
        old = lookup(self.root, tokens)
        if same(old, value):
            return
        self.resize(added - self.spend(self.weigh(old)))
        if tokens:
            parent = self.open(tokens)
            parent[key_of(parent, tokens[-1])] = value
        else:
            self.root = value
        path = op["path"]
        self.inverse.append({"op": "replace", "path": path, "value": old})
        if op.get("op") == "replace" and len(op) == 3 and op["value"] is value:
            self.ops.append(op)
        else:
            self.ops.append({"op": "replace", "path": path, "value": value})

    def _add(self, op: Op, tokens: Tokens, value: Any) -> None:
        added = self.measure(value, len(tokens))
        if not tokens:
            self._put_over(op, tokens, value, added)
            return
        parent = lookup(self.root, tokens[:-1])
        if type(parent) is dict and tokens[-1] in parent:
            self._put_over(op, tokens, value, added)
            return
        path = self._insert(op, parent, tokens, value, added)
        self.inverse.append({"op": "remove", "path": path})
        exact = len(op) == 3 and path is op["path"]
        self.ops.append(op if exact else {"op": "add", "path": path, "value": value})

    def _insert(self, op: Op, parent: Any, tokens: Tokens, value: Any, added: int) -> str:
        """Put a value where there is none, its size already measured; the path it got."""
        token = tokens[-1]
        comma = 1 if parent else 0
        if type(parent) is dict:
            _allow(token)
            self.resize(added + self.weigh(token) + 1 + comma)
            self.open(tokens)[token] = value
        elif type(parent) is list:
            index = len(parent) if token == "-" else index_of(token)
            if index is None or index > len(parent):
                raise not_found(tokens)
            self.resize(added + comma)
            self.open(tokens).insert(index, value)
            if token == "-":
                return render((*tokens[:-1], index))
        else:
            raise not_found(tokens)
        path: str = op["path"]
        return path

    def _remove(self, op: Op, tokens: Tokens) -> None:
        if not tokens:
            raise Rejected(Code.INVALID_PATCH, "the whole document cannot be removed")
        old = lookup(self.root, tokens)
        self._cut(tokens, self.spend(self.weigh(old)))
        path = op["path"]
        self.inverse.append({"op": "add", "path": path, "value": old})
        self.ops.append(op if len(op) == 2 else {"op": "remove", "path": path})

    def _cut(self, tokens: Tokens, removed: int) -> None:
        """Take out what exists, `removed` bytes of it."""
        parent = self.open(tokens)
        key = key_of(parent, tokens[-1])
        if type(parent) is dict:
            removed += self.weigh(key) + 1
        del parent[key]
        self.resize(-removed - (1 if parent else 0))

    def _move(self, op: Op, tokens: Tokens, source: Tokens) -> None:
        value = lookup(self.root, source)
        if tokens == source:
            return
        if tokens[: len(source)] == source:
            raise Rejected(Code.INVALID_PATCH, "a value cannot be moved into itself")
        if source[: len(tokens)] == tokens and not self._inserts(tokens):
            # What is replaced holds what replaces it, and the inverse will hold both.
            self.owned.clear()
            self._put_over(op, tokens, value, self.spend(self.weigh(value)))
            return
        if source[: len(tokens)] == tokens:
            self._lift(op, tokens, source, value)
            return
        self.check_height(value, len(source), len(tokens))
        self._clear(self._before_cut(tokens, source))
        self._cut(source, 0)
        parent = lookup(self.root, tokens[:-1])
        path = self._insert(op, parent, tokens, value, 0)
        if path == op["from"]:
            return
        self.inverse.append({"op": "move", "from": path, "path": op["from"]})
        exact = len(op) == 3 and path is op["path"]
        self.ops.append(op if exact else {"op": "move", "from": op["from"], "path": path})

    def _copy(self, op: Op, tokens: Tokens, source: Tokens) -> None:
        value = lookup(self.root, source)
        # The root's size is known: measuring it anew at each doubling is what a bomb would cost.
        added = self.spend(self.weigh(value) if source or not self.exact else self.size)
        self.check_height(value, len(source), len(tokens))
        # From here on two places share what this run may have made itself.
        self.owned.clear()
        if not tokens or source[: len(tokens)] == tokens or tokens[: len(source)] == source:
            self._place(op, tokens, value, added)
            return
        self._clear(tokens)
        path = self._insert(op, lookup(self.root, tokens[:-1]), tokens, value, added)
        self.inverse.append({"op": "remove", "path": path})
        exact = len(op) == 3 and path is op["path"]
        self.ops.append(op if exact else {"op": "copy", "from": op["from"], "path": path})

    def _place(self, op: Op, tokens: Tokens, value: Any, added: int) -> None:
        """Between a value and what it lies in: stated by its value, not by its source."""
        parent = lookup(self.root, tokens[:-1]) if tokens else None
        if not tokens or (type(parent) is dict and tokens[-1] in parent):
            self._put_over(op, tokens, value, added)
            return
        path = self._insert(op, parent, tokens, value, added)
        self.inverse.append({"op": "remove", "path": path})
        self.ops.append({"op": "add", "path": path, "value": value})

    def _lift(self, op: Op, tokens: Tokens, source: Tokens, value: Any) -> None:
        """A move to before what the value lies in: its way back would be one into itself."""
        self._remove({"op": "remove", "path": op["from"]}, source)
        self.owned.clear()
        self._place(op, tokens, value, self.spend(self.weigh(value)))

    def _inserts(self, tokens: Tokens) -> bool:
        """Whether an add there would insert into a list."""
        return bool(tokens) and type(lookup(self.root, tokens[:-1])) is list

    def _before_cut(self, tokens: Tokens, source: Tokens) -> Tokens:
        """Where a place that is meant for after the source's removal is before it."""
        last = len(source) - 1
        if len(tokens) <= len(source) or tokens[:last] != source[:last]:
            return tokens
        parent = lookup(self.root, source[:-1])
        index = index_of(tokens[last])
        if type(parent) is not list or index is None or index < key_of(parent, source[-1]):
            return tokens
        return (*tokens[:last], str(index + 1), *tokens[last + 1 :])

    def _clear(self, tokens: Tokens) -> None:
        """Make place where a move or a copy would overwrite a member of an object."""
        parent = self.root
        for token in tokens[:-1]:
            parent = child(parent, token)
        if type(parent) is dict and tokens[-1] in parent:
            self._remove({"op": "remove", "path": render(tokens)}, tokens)

    def _test(self, tokens: Tokens, expected: Any) -> None:
        self.count(expected, 0)
        if self.tests and not same(lookup(self.root, tokens), expected):
            raise Rejected(Code.TEST_FAILED, "the value is not the one that the test expects")

    def _splice(self, op: Op, tokens: Tokens) -> None:
        old = lookup(self.root, tokens)
        if type(old) is not str:
            raise Rejected(Code.INVALID_PATCH, "only text can be spliced")
        insert = op.get("insert", "")
        self.count(insert, 0)
        self.spend(len(old))
        offset: Any = op.get("offset")
        delete = op.get("delete", 0)
        text = splice(old, offset, delete, insert)
        number = len(self.ops)
        self._put_over(op, tokens, text, self.spend(self.weigh(text)))
        if len(self.ops) > number:
            self.spliced[number] = (*stretch(old, offset, delete), insert)


def _member(op: Op, name: str) -> Any:
    if name not in op:
        raise Rejected(Code.INVALID_PATCH, f"the op lacks {name!r}")
    return op[name]


def _allow(key: str) -> None:
    if key in FORBIDDEN_KEYS:
        raise Rejected(Code.INVALID_PATCH, f"the key {key!r} is not allowed")
