"""A document's JSON Schema: check each change at the locations that it touches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jsonschema_rs
import msgspec

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.patch.bounds import nesting
from collab.patch.pointer import Tokens, index_of, parse, render
from collab.patch.pointer import child as child_of
from collab.patch.relocate import element_after_steps
from collab.patch.steps import Path, to_tokens, trace
from collab.patch.values import named_atomic
from collab.schema.cost import check_cost
from collab.schema.named import name_in, named_schema
from collab.schema.pieces import MAX_MESSAGE, MOST_VALUES, check_itself, pieces, shallow_copy
from collab.schema.walk import SchemaNode, SchemaTree

MAX_BYTES = 256 * 1024
MAX_DEPTH = 100
MAX_NODES = 20_000


class Schema:
    """Checks values against one compiled schema.

    Invariant: when a valid value is changed by ops that `check` accepts, the new value is valid.
    `check` looks at what the ops touched. It looks at more only when the schema requires it.

    `unknown_name` is empty, unless a document names a schema that this server does not have.
    """

    def __init__(self, root: dict[str, Any], unknown_name: str = "") -> None:
        self.unknown_name = unknown_name
        self._tree = SchemaTree(root)
        node = self._tree.at("")
        assert node is not None
        self._root = node

    @classmethod
    def compile(cls, raw: bytes) -> Schema:
        """Return the schema of a JSON text, or raise `malformed` or `invalid_document`."""
        return cls.stored(raw).require_known()

    @classmethod
    def stored(cls, raw: bytes) -> Schema:
        """Return the schema of a stored document, or raise as `compile` does.

        A newer server may have set a schema by a name that this server does not know. The document
        opens, and takes no edits (`Working.require_writer`).
        """
        root = _decoded(raw)
        name = name_in(root)
        if name is not None:
            known = named_schema(name)
            if known is None:
                return cls({}, name)
            root = _decoded(known)
        depth, nodes = nesting(root)
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise Rejected(
                Code.INVALID_DOCUMENT,
                f"a schema may have at most {MAX_DEPTH} levels and {MAX_NODES} JSON values",
            )
        try:
            # The whole schema is checked first: the validator of one sub-schema accepts invalid
            # sub-schemas.
            jsonschema_rs.meta.validate(root)
            check_cost(root)
            return cls(root)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            message = str(getattr(error, "message", error))[:MAX_MESSAGE]
            raise Rejected(Code.INVALID_DOCUMENT, f"the schema is not valid: {message}") from None

    def require_known(self) -> Schema:
        """Return this schema; raise `invalid_document` when the server does not have it."""
        if self.unknown_name:
            message = f"there is no schema `weft:{self.unknown_name[:64]}`"
            raise Rejected(Code.INVALID_DOCUMENT, message)
        return self

    def check(self, value: Any, ops: Sequence[Op] | None = None, before: Any = None) -> None:
        """Raise `invalid_document`, with the pointer as `path`, when a value breaks the schema.

        `ops` are the exact ops (`collab.patch.apply.Applied`) that made the value from the valid
        value `before`. Without `ops`, the whole value is checked. Without `before`, a list that
        several ops shift is checked as a whole.
        """
        if ops is None:
            self._check_whole(self._root, value, ())
            return
        for tokens, whole in _touched(ops, before):
            self._check_at(value, tokens, whole)

    def is_atomic(self, tokens: Tokens, value: Any) -> bool:
        """Whether the string at a location of `value` is an atom: it is never merged."""
        if named_atomic(tokens, value):
            return True
        nodes: Iterable[SchemaNode] = [self._root]
        for token in tokens:
            nodes = [
                child for node in _applied(nodes, value) for child in node.children(token, value)
            ]
            value = child_of(value, token)
        return any(node.atomic for node in _applied(nodes, value))

    def _check_at(self, value: Any, tokens: Tokens, whole: bool) -> None:
        """Check the value at a location: the `whole` value, or only its keys or its length."""
        nodes = [self._root]
        at: tuple[str, ...] = ()
        for token in tokens:
            applied = self._open(nodes, value, at)
            child = child_of(value, token)
            if child is None and not _has(value, token):
                self._check_shallow(applied, value, at)
                return
            nodes = [each for node in applied for each in node.children(token, value)]
            value, at = child, (*at, token)
        if whole:
            for node in nodes:
                self._check_whole(node, value, at)
        else:
            self._check_shallow(self._open(nodes, value, at), value, at)

    def _open(self, nodes: Iterable[SchemaNode], value: Any, at: Tokens) -> list[SchemaNode]:
        """All nodes that apply to a value, without opaque nodes (`collab.schema.walk`).

        An opaque node checks the whole value at once.
        """
        found: list[SchemaNode] = []
        for node in nodes:
            applied = node.applied(value)
            if applied is None:
                self._check_whole(node, value, at)
            else:
                found += applied
        return found

    def _check_shallow(self, nodes: Iterable[SchemaNode], value: Any, at: Tokens) -> None:
        stand_in = shallow_copy(value)
        for node in nodes:
            if node.shallow is not None and not node.shallow.is_valid(stand_in):
                self._check_whole(node, value, at)

    def _check_whole(self, node: SchemaNode, value: Any, at: Tokens) -> None:
        """Check a value with a node. Check a large value in pieces when the node allows it."""
        if type(value) in (dict, list) and nesting(value, MOST_VALUES)[1] > MOST_VALUES:
            applied = node.applied_in_pieces(value)
            if applied is not None:
                for each in applied:
                    for part, inner, below in pieces(each, value):
                        self._check_whole(part, inner, (*at, *below))
                for each in applied:
                    check_itself(each, value, at)
                return
        if node.validator.is_valid(value):
            return
        try:
            node.validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            raise self._refusal(node, value, at, error) from None

    def _refusal(
        self, node: SchemaNode, value: Any, at: Tokens, error: jsonschema_rs.ValidationError
    ) -> Rejected:
        """The refusal with the deepest pointer.

        In a `oneOf` or `anyOf`, the pointer is inside the branch that the value's `type` chooses.
        """
        inner = [str(token) for token in error.instance_path]
        path: tuple[str, ...] = (*at, *inner)
        for token in inner:
            value = child_of(value, token)
        chosen = self._choice(error)
        branch = chosen[0].branch(chosen[1], value) if chosen else None
        if branch is not None and branch is not node:
            try:
                branch.validator.validate(value)
            except jsonschema_rs.ValidationError as deeper:
                return self._refusal(branch, value, path, deeper)
        message = error.message[:MAX_MESSAGE]
        return Rejected(Code.INVALID_DOCUMENT, message, path=render(path))

    def _choice(self, error: jsonschema_rs.ValidationError) -> tuple[SchemaNode, str] | None:
        location = [str(token) for token in error.schema_path]
        if not location or location[-1] not in ("oneOf", "anyOf"):
            return None
        node = self._tree.at(render(tuple(location[:-1])))
        return (node, location[-1]) if node is not None and location[-1] in node.schema else None


def _applied(nodes: Iterable[SchemaNode], value: Any) -> list[SchemaNode]:
    """The nodes that apply to a value. For an opaque node, it is only this node."""
    return [each for node in nodes for each in (node.applied(value) or [node])]


def compiled_text(raw: bytes) -> bytes:
    """Return the JSON that `Schema.stored` compiles for a stored text, or raise as it does.

    It has no white space, unless it is the schema that the text names.
    """
    root = _decoded(raw)
    name = name_in(root)
    known = named_schema(name) if name is not None else None
    return msgspec.json.encode(root) if known is None else known


def _decoded(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise Rejected(Code.INVALID_DOCUMENT, f"a schema may have at most {MAX_BYTES} bytes")
    try:
        root = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Rejected(Code.MALFORMED, "the schema is not JSON") from None
    if type(root) is not dict:
        raise Rejected(Code.INVALID_DOCUMENT, "the schema must be a JSON object", path="")
    return root


def _touched(ops: Sequence[Op], before: Any) -> list[tuple[Tokens, bool]]:
    """The changed locations, after the ops. True: check the whole value; False: keys or length."""
    if len(ops) == 1:
        return _touched_by(ops[0])
    if before is not None:
        return _touched_in_steps(ops, before)
    touched = [each for op in ops for each in _touched_by(op)]
    lists = [
        parse(op[key])[:-1]
        for op in ops
        for key in ("path", "from")
        if op["op"] != "replace" and key in op and index_of(parse(op[key])[-1]) is not None
    ]
    shortened: list[tuple[Tokens, bool]] = []
    for tokens, whole in touched:
        shifted = [each for each in lists if tokens[: len(each)] == each]
        shortened.append((min(shifted, key=len), True) if shifted else (tokens, whole))
    return list(dict.fromkeys(shortened))


def _touched_by(op: Op) -> list[tuple[Tokens, bool]]:
    tokens = parse(op["path"])
    if op["op"] == "replace":
        # `type` may choose the sub-schema of its object, so the whole object is checked.
        return [(tokens[:-1] if tokens and tokens[-1] == "type" else tokens, True)]
    touched: list[tuple[Tokens, bool]] = [(tokens[:-1], tokens[-1] == "type")]
    if op["op"] != "remove":
        touched.append((tokens, True))
    if op["op"] == "move":
        source = parse(op["from"])
        touched.append((source[:-1], source[-1] == "type"))
    return touched


def _touched_in_steps(ops: Sequence[Op], before: Any) -> list[tuple[Tokens, bool]]:
    """The locations that each op changes, relocated through the ops after it."""
    steps = trace(before, ops)[0]
    touched: dict[tuple[Tokens, bool], None] = {}
    for index, step in enumerate(steps):
        paths: list[tuple[Path, bool]] = []
        if step.kind in ("add", "replace", "move"):
            of_type = step.kind == "replace" and step.path[-1:] == ("type",)
            paths.append((step.path[:-1] if of_type else step.path, True))
        if step.kind != "replace":
            paths.append((step.path[:-1], step.path[-1] == "type"))
        if step.kind == "move":
            source = element_after_steps(step.source[:-1], (step,))
            paths += [(source, step.source[-1] == "type")] if source is not None else []
        for path, whole in paths:
            now = element_after_steps(path, steps[index + 1 :])
            if now is not None:
                touched[to_tokens(now), whole] = None
    return list(touched)


def _has(value: Any, token: str) -> bool:
    if type(value) is dict:
        return token in value
    index = index_of(token)
    return type(value) is list and index is not None and index < len(value)
