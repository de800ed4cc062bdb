"""A draft: a value that one patch changes by path-copying, within limits on size and work.

Path-copying: a change copies only the containers that lead to its location. So the value before the
patch stays as it was.
"""

from __future__ import annotations

from typing import Any

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.patch.bounds import TRUSTED, Bounds, check, json_size, nesting, too_many_values
from collab.patch.pointer import Tokens, index_of, not_found, parse

_NO_LIMIT = 1 << 30
# Bytes for each value in a copied object, and in a copied list (measured).
_IN_OBJECT, _IN_LIST = 24, 8


class Draft:
    """Changes a value by path-copying, and counts the cost of the changes.

    Invariant: `root` is the value so far, and `size` is its length in JSON bytes. When the draft
    starts with size 0, `size` is only the growth. The draft itself has made each container in
    `owned`, and only one path leads to it from `root`. So the draft may change it in place.
    `copied` is about how many bytes of memory these containers take, without the values in them.
    """

    __slots__ = (
        "bounds",
        "copied",
        "depth",
        "exact",
        "owned",
        "root",
        "size",
        "size_of",
        "values_left",
        "work",
    )

    def __init__(self, value: Any, size: int, bounds: Bounds) -> None:
        self.root = value
        self.size = size
        self.exact = size > 0
        self.bounds = bounds
        self.depth = bounds.max_depth or _NO_LIMIT
        self.values_left = bounds.max_nodes or _NO_LIMIT
        self.work = self.copied = 0
        self.size_of = json_size if bounds is not TRUSTED else _unmeasured
        self.owned: dict[int, Any] = {}

    # --- measures ---------------------------------------------------------------------------

    def tokens(self, op: Op, name: str) -> Tokens:
        tokens = parse(op.get(name), max_bytes=self.bounds.max_pointer)
        if len(tokens) > self.depth:
            raise Rejected(Code.INVALID_PATCH, "a JSON Pointer has too many tokens")
        return tokens

    def count(self, value: Any, at: int) -> None:
        self.values_left -= check(value, room=self.values_left, depth=self.depth - at)

    def measure(self, value: Any, at: int) -> int:
        """Check a value that an op adds at depth `at`, and return its length in JSON bytes."""
        if self.bounds is TRUSTED:
            return 0
        if type(value) is str and self.values_left > 0 and value.isascii():
            # Most ops have an ASCII string as value. `count` would take half a microsecond longer.
            self.values_left -= 1
        else:
            self.count(value, at)
        return self.spend(self.size_of(value))

    def check_copy(self, value: Any, was: int, is_: int) -> None:
        """Count the values that a copy, or a move into another container, writes.

        Refuse it when its value would nest too deeply: it was at depth `was`, and is then at `is_`.
        """
        if self.bounds is TRUSTED:
            return
        levels, nodes = nesting(value, self.values_left)
        self.values_left -= nodes
        if self.values_left < 0:
            raise too_many_values()
        if is_ > was and levels:
            self.spend(nodes)
            if is_ + levels > self.depth:
                raise Rejected(Code.INVALID_PATCH, "the value would nest too deeply at `path`")

    def spend(self, size: int) -> int:
        self.work += size
        if self.work > self.bounds.max_work > 0:
            raise Rejected(
                Code.TOO_LARGE,
                "the patch adds, copies and removes too many bytes; send smaller patches",
            )
        return size

    def resize(self, growth: int) -> None:
        size = self.size + growth
        if growth > 0 and size > self.bounds.max_bytes > 0:
            raise Rejected(
                Code.TOO_LARGE,
                f"the document would have {size} bytes, but {self.bounds.max_bytes} are allowed",
            )
        self.size = size

    # --- path-copying -----------------------------------------------------------------------

    def writable(self, tokens: Tokens) -> tuple[Any, Any]:
        """Return the container of a location below the root, and the location's key in it.

        The caller may change the container in place. It and all containers above it are copies that
        this draft owns. The key of a list is None when the token is not an index.
        """
        owned = self.owned
        top: list[Any] = [self.root]
        holder: Any = top
        key: Any = 0
        for token in tokens:
            node = holder[key]
            kind = type(node)
            if id(node) not in owned:
                if kind is not dict and kind is not list:
                    raise not_found(tokens)
                holder[key] = node = node.copy()
                self.work += len(node)
                self.copied += len(node) * (_IN_OBJECT if kind is dict else _IN_LIST)
                owned[id(node)] = node
            holder, key = node, token if kind is dict else index_of(token)
        self.root = top[0]
        return holder, key

    def mark_shared(self, value: Any) -> None:
        """Note that another value shares this value. The next change of it copies it first.

        Owned containers are only in owned containers. So the search ignores all other containers.
        """
        owned = self.owned
        rest = [value]
        while rest:
            node = rest.pop()
            if owned.pop(id(node), None) is not None:
                rest += node.values() if type(node) is dict else node


def _unmeasured(_: Any) -> int:
    return 0


def key_of(node: Any, token: str) -> Any:
    """The key of an existing child: a string in an object, an integer in a list."""
    if type(node) is dict:
        return token
    index = index_of(token)
    if index is None or index >= len(node):
        raise not_found((token,))
    return index
