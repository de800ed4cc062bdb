"""Steps: the effects of exact ops on locations.

Relocation (`collab.patch.relocate`) uses steps: it finds where an element is after a step.
`collab.patch.apply.Applied` explains exact ops. A JSON Pointer does not show whether a number is a
key or an index: `/pages/404` can name the member `404` of an object, or the element 404 of a list.
An insertion can move the element of a list to another index, but never the member of an object. So
the path of a step shows the difference: indexes of lists are integers, keys of objects are strings.
An undo step is something else (`collab.document.steps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from collab.entry import Op, TextChanges
from collab.errors import Rejected
from collab.patch.apply import too_many_ops, with_op
from collab.patch.bounds import TRUSTED, Bounds
from collab.patch.diff import diff
from collab.patch.pointer import Tokens, covers, exists, index_of, lookup, parse
from collab.patch.run import PatchRun
from collab.patch.text_changes import NO_TEXTS

Path = tuple[str | int, ...]


class Step(Struct, frozen=True, eq=False, gc=False):
    """One exact op.

    The collector does not visit it: the tail may have hundreds of thousands.

    - `path` is the changed location. For a move, it is the target's location after the removal of
      the source (RFC 6902).
    - `source` is set for a move and for a copy. A copy is an `add` of the copied value.
    - `old` is the removed or replaced value.
    - `changes` are the exact changes of a text, when its author stated them.

    An op may move an element to the place of the member that contains it: from `/a/0` to `/a`. Then
    its exact op is a `replace`. Its step here is a `replace` too. `collab.rebase.edits.edit_of`
    recognizes this step and makes it a move.

    An op may also move a value out of a list element, to the place before the element. Its exact
    ops are a `remove` and an `add`. `edit_of` makes one move of the two steps.
    """

    kind: Literal["add", "remove", "replace", "move"]
    path: Path
    source: Path = ()
    value: Any = None
    old: Any = None
    changes: TextChanges | None = None

    @property
    def structural(self) -> bool:
        """Whether the step can affect locations other than its own."""
        return self.kind != "replace" or is_container(self.old) or is_container(self.value)

    @property
    def replaces_holder(self) -> bool:
        """Whether the step moves an element over the member that contains it."""
        inserts = bool(self.path) and type(self.path[-1]) is int
        return self.kind == "move" and not inserts and self._ascends

    @property
    def moves_before_holder(self) -> bool:
        """Whether the step moves a value out of a list element, to the place before the element."""
        inserts = bool(self.path) and type(self.path[-1]) is int
        return self.kind == "move" and inserts and self._ascends

    @property
    def _ascends(self) -> bool:
        return len(self.path) < len(self.source) and covers(self.path, self.source)


def is_container(value: Any) -> bool:
    return type(value) is dict or type(value) is list


def to_path(value: Any, tokens: Tokens) -> Path:
    """The path of a location. Its parent must exist; its last token may be new."""
    path: list[str | int] = []
    last = len(tokens) - 1
    for position, token in enumerate(tokens):
        if type(value) is list:
            index = len(value) if token == "-" else index_of(token)
            key: str | int = token if index is None else index
        else:
            key = token
        path.append(key)
        if position < last:
            value = lookup(value, (token,))
    return tuple(path)


def to_tokens(path: Path) -> Tokens:
    return tuple([str(token) for token in path])


class TracedRun(PatchRun):
    """Applies ops to one `Draft`, and keeps the step of each exact op.

    Invariant: later ops never change a value in `steps` in place.
    """

    __slots__ = ("_source", "steps", "tested")

    def __init__(
        self,
        value: Any,
        bounds: Bounds = TRUSTED,
        *,
        splices: bool = False,
        tests: bool = True,
    ) -> None:
        super().__init__(value, 0, bounds, splices, tests)
        self.steps: list[Step] = []
        # For each `test`: its location and the value there; None when the location has no value.
        self.tested: list[Step | None] = []
        self._source: Path = ()

    def perform(self, ops: Sequence[Any]) -> list[range]:
        """Apply a patch as `collab.patch.apply.apply` does.

        For each op, return the range of the indexes of its exact ops in `self.ops`.

        A refusal names the refused op. The changes of the earlier ops remain.
        """
        if len(ops) > self.bounds.max_ops > 0:
            raise too_many_ops(self.bounds)
        parts: list[range] = []
        for index, op in enumerate(ops):
            start = len(self.ops)
            try:
                self.apply(op)
            except Rejected as error:
                raise with_op(error, index, op) from None
            parts.append(range(start, len(self.ops)))
        return parts

    def record(self, op: Op, inverse: Op) -> None:
        super().record(op, inverse)
        kind = op["op"]
        tokens = parse(op["path"])
        path = to_path(self.root, tokens)
        if kind == "replace":
            changes = self.texts.get(len(self.ops) - 1)
            step = Step("replace", path, value=op["value"], old=inverse["value"], changes=changes)
        elif kind == "remove":
            step = Step("remove", path, old=inverse["value"])
        elif kind == "add":
            step = Step("add", path, value=op["value"])
        else:
            value = lookup(self.root, tokens)
            self.mark_shared(value)
            step = Step("move" if kind == "move" else "add", path, self._source, value)
        self.steps.append(step)

    def _move(self, op: Op, tokens: Tokens, source: Tokens) -> None:
        self._source = to_path(self.root, source)
        super()._move(op, tokens, source)

    def _copy(self, op: Op, tokens: Tokens, source: Tokens) -> None:
        self._source = to_path(self.root, source)
        super()._copy(op, tokens, source)

    def _test(self, tokens: Tokens, expected: Any) -> None:
        super()._test(tokens, expected)
        if not exists(self.root, tokens):
            self.tested.append(None)
            return
        value = lookup(self.root, tokens)
        self.mark_shared(value)
        self.tested.append(Step("replace", to_path(self.root, tokens), old=value))


def trace(
    value: Any,
    ops: Sequence[Op],
    texts: Mapping[int, TextChanges] = NO_TEXTS,
    *,
    expand: bool = False,
) -> tuple[list[Step], Any]:
    """The steps of exact ops, and the value after them.

    `texts` has the exact changes of a text, by the number of its op.

    With `expand`, a `replace` of an object by an object, or of an array by an array, becomes
    smaller steps. They change only the parts that differ. So equal parts keep their locations.
    """
    trail = TracedRun(value)
    trail.texts.update(texts)
    for op in ops:
        trail.apply(op)
    if not expand:
        return trail.steps, trail.root
    return [each for step in trail.steps for each in _expanded(step)], trail.root


def _expanded(step: Step) -> Iterable[Step]:
    old, new = step.old, step.value
    if step.kind != "replace" or not is_container(old) or type(old) is not type(new):
        return (step,)
    inner, _ = trace(old, diff(old, new))
    return [
        replace(each, path=step.path + each.path, source=step.path + each.source)
        if each.kind == "move"
        else replace(each, path=step.path + each.path)
        for each in inner
    ]
