"""A JSON Schema as a tree. A check goes down the schema and a value together.

The check goes from a value to one of its children only when the child's validity depends on the
child alone. A sub-schema with other rules is opaque: the check then validates the whole value. Such
rules are `not`, `if`, `contains`, `uniqueItems`, and choices that `type` does not decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote
from weakref import ref

import jsonschema_rs

from collab.errors import Rejected
from collab.patch.pointer import parse, render
from collab.schema.cost import sub_schemas
from collab.schema.keywords import ATOMIC_FORMATS, SHALLOW, TRANSPARENT, UNIQUE, WHOLE

# Validators of names, each with the node of the values under these names.
Patterns = list[tuple[jsonschema_rs.Validator, "SchemaNode"]]

_MAX_PLANS = 100
# The URI with which sub-schemas refer to the whole schema. It has a path, because a relative `$id`
# needs one.
_ROOT: Final = "weft:///schema"

OPTIONS: dict[str, Any] = {
    # A `$ref` reads no network and no file. Patterns have no look-around and no back-references, so
    # they run in linear time. The message does not repeat the refused value.
    "offline": True,
    "pattern_options": jsonschema_rs.RegexOptions(),
    "mask": "the value",
}


class SchemaNode:
    """Checks values against one sub-schema.

    Invariant: `validator` checks a whole value. When `opaque` is false, a child is valid if it is
    valid for the nodes that `children` returns for it. `shallow` checks a container's own keys and
    length. A node keeps no other node and not its tree alive. So a schema of several megabytes is
    freed with its last reference, and waits for no full garbage collection.
    """

    def __init__(self, tree: SchemaTree, pointer: str, schema: Any) -> None:
        self._tree_of = ref(tree)
        self.pointer = pointer
        self.schema: dict[str, Any] = schema if type(schema) is dict else {}
        if tree.reference_alone and "$ref" in self.schema:
            self.schema = {"$ref": self.schema["$ref"]}

    @property
    def _tree(self) -> SchemaTree:
        tree = self._tree_of()
        assert tree is not None, "the schema of this node is gone"
        return tree

    @cached_property
    def validator(self) -> jsonschema_rs.Validator:
        return self._tree.validator(self.pointer)

    @cached_property
    def opaque(self) -> bool:
        return not self._is_transparent(set())

    def _is_transparent(self, also: set[str]) -> bool:
        if self._tree.opaque or not self.schema.keys() - also <= TRANSPARENT:
            return False
        reference = self.schema.get("$ref", "#")
        if not reference.startswith("#") or self._tree.at(reference[1:]) is None:
            return False
        return type(self.schema.get("items", {})) is not list

    @cached_property
    def has_pieces(self) -> bool:
        """Whether a value is valid when its children are valid and `check_itself` passes."""
        return self._is_transparent({UNIQUE})

    @cached_property
    def items(self) -> jsonschema_rs.Validator:
        """A validator of the items of a list. It ignores all other rules about the list."""
        return self._tree.validator_of_items(f"{self.pointer}/items")

    @cached_property
    def atomic(self) -> bool:
        schema = self.schema
        if not WHOLE.isdisjoint(schema) or schema.get("x-weft") == "atomic":
            return True
        return schema.get("format") in ATOMIC_FORMATS

    @cached_property
    def shallow(self) -> jsonschema_rs.Validator | None:
        """A validator of the container's own keys or length.

        It checks a stand-in: the container with null in place of each child.
        """
        said = {key: self.schema[key] for key in SHALLOW if key in self.schema}
        if self.schema.get("additionalProperties") is False:
            said["additionalProperties"] = False
            said["properties"] = dict.fromkeys(self.schema.get("properties", ()), True)
            said["patternProperties"] = dict.fromkeys(
                self.schema.get("patternProperties", ()), True
            )
        if "propertyNames" in said and "$ref" in str(said["propertyNames"]):
            said["$defs"] = self._tree.root.get("$defs", {})
            said["definitions"] = self._tree.root.get("definitions", {})
        return self._tree.compile(said) if said else None

    def _patterns(self) -> Patterns:
        names = self.schema.get("patternProperties")
        if not names:
            return []
        tree = self._tree
        if self not in tree.patterns:
            tree.patterns[self] = [
                (tree.compile({"pattern": name}), self._sub("patternProperties", name))
                for name in names
            ]
        return tree.patterns[self]

    def children(self, token: str, container: Any) -> Iterator[SchemaNode]:
        """The nodes that the child under a token must satisfy."""
        schema = self.schema
        if type(container) is list:
            if "items" in schema:
                yield self._sub("items")
            return
        known = token in schema.get("properties", ())
        if known:
            yield self._sub("properties", token)
        for pattern, node in self._patterns():
            if pattern.is_valid(token):
                known = True
                yield node
        if not known and "additionalProperties" in schema:
            yield self._sub("additionalProperties")

    def applied(self, value: Any) -> list[SchemaNode] | None:
        """This node and all nodes that apply to the same value; None when one of them is opaque."""
        name = value.get("type") if type(value) is dict else None
        name = name if type(name) is str else None
        plans = self._tree.plans.setdefault(self, {})
        if name in plans:
            return plans[name]
        plan = self._plan(value)
        # A document may have any `type`. Types that the schema does not know must not fill memory.
        if len(plans) < _MAX_PLANS:
            plans[name] = plan
        return plan

    def applied_in_pieces(self, value: Any) -> list[SchemaNode] | None:
        """Return the same as `applied`, but a node with `uniqueItems` does not count as opaque."""
        return self._plan(value, in_pieces=True)

    def _plan(self, value: Any, *, in_pieces: bool = False) -> list[SchemaNode] | None:
        found: list[SchemaNode] = []
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            if not (node.has_pieces if in_pieces else not node.opaque) or len(found) > 100:
                return None
            found.append(node)
            branches = [node.branch(key, value) for key in ("oneOf", "anyOf") if key in node.schema]
            if None in branches:
                return None
            waiting += [branch for branch in branches if branch is not None]
            waiting += [
                node._sub("allOf", str(n)) for n in range(len(node.schema.get("allOf", ())))
            ]
            if "$ref" in node.schema:
                target = self._tree.at(node.schema["$ref"][1:])
                waiting += [target] if target else []
        return found

    def branch(self, key: str, value: Any) -> SchemaNode | None:
        """The branch of `oneOf` or `anyOf` for a value's `type`; None when none is known."""
        name = value.get("type") if type(value) is dict else None
        return self._switch(key).get(name) if type(name) is str else None

    def _switch(self, key: str) -> dict[str, SchemaNode]:
        """The branches by the `type` that they require; empty unless each requires its own."""
        switches = self._tree.switches
        if (self, key) not in switches:
            branches = [self._sub(key, str(n)) for n in range(len(self.schema[key]))]
            names = [branch.discriminator for branch in branches]
            sound = len(set(names)) == len(names) and None not in names
            pairs = zip(names, branches, strict=True)
            switches[self, key] = {name: node for name, node in pairs if name} if sound else {}
        return switches[self, key]

    @cached_property
    def discriminator(self) -> str | None:
        """The constant that this node requires as `type`; None when it requires none."""
        node: SchemaNode | None = self
        for _ in range(10):
            if node is None:
                return None
            kind = node.schema.get("properties", {}).get("type", {})
            if type(kind) is dict and type(kind.get("const")) is str:
                name: str = kind["const"]
                return name if "type" in node.schema.get("required", ()) else None
            reference = node.schema.get("$ref", "")
            node = self._tree.at(reference[1:]) if reference.startswith("#") else None
        return None

    def _sub(self, *tokens: str) -> SchemaNode:
        node = self._tree.at(self.pointer + render(tokens))
        return node if node is not None else self


class SchemaTree:
    """Keeps a compiled schema and its nodes. A pointer always gives the same node."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        # Up to draft 7, JSON Schema ignores the other rules beside a `$ref`.
        self.reference_alone = "draft-0" in str(root.get("$schema", ""))
        self._whole = self.compile(root)
        self._registry = jsonschema_rs.Registry([(_ROOT, root)])
        self.opaque = _embeds(root)
        # What the nodes have found out. It is here, because a node keeps no other node alive.
        self.switches: dict[tuple[SchemaNode, str], dict[str, SchemaNode]] = {}
        self.plans: dict[SchemaNode, dict[str | None, list[SchemaNode] | None]] = {}
        self.patterns: dict[SchemaNode, Patterns] = {}
        self._nodes: dict[str, SchemaNode | None] = {}

    def at(self, pointer: str) -> SchemaNode | None:
        """The node at a pointer; None when there is none."""
        if pointer not in self._nodes:
            self._nodes[pointer] = self._find(pointer)
        return self._nodes[pointer]

    def compile(self, schema: dict[str, Any]) -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for({**self._dialect(), **schema}, **OPTIONS)

    def validator(self, pointer: str) -> jsonschema_rs.Validator:
        """The validator of a sub-schema, compiled on demand.

        One native call that compiles all of them takes 60 ms for 2,500 properties.
        """
        if not pointer:
            return self._whole
        schema = {**self._dialect(), "$ref": f"{_ROOT}#{quote(pointer)}"}
        return jsonschema_rs.validator_for(schema, registry=self._registry, **OPTIONS)

    def validator_of_items(self, pointer: str) -> jsonschema_rs.Validator:
        """A validator of a list: the sub-schema at the pointer checks each item."""
        schema = {**self._dialect(), "items": {"$ref": f"{_ROOT}#{quote(pointer)}"}}
        return jsonschema_rs.validator_for(schema, registry=self._registry, **OPTIONS)

    def _dialect(self) -> dict[str, Any]:
        return {"$schema": self.root["$schema"]} if "$schema" in self.root else {}

    def _find(self, pointer: str) -> SchemaNode | None:
        schema: Any = self.root
        try:
            tokens = parse(pointer)
        except Rejected:
            return None
        for token in tokens:
            if type(schema) is dict and token in schema:
                schema = schema[token]
            elif type(schema) is list and token.isdigit() and int(token) < len(schema):
                schema = schema[int(token)]
            else:
                return None
        return SchemaNode(self, pointer, schema)


def _embeds(root: dict[str, Any]) -> bool:
    """Whether a sub-schema has its own `$id`, which makes it the root of its references."""
    return any("$id" in schema and schema is not root for schema in sub_schemas(root))
