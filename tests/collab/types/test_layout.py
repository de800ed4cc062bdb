"""Reading a layout: everything in `content` has a JSON value."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.patch.values import named_atomic
from collab.tree.tree import Tree
from collab.types.build import Layouts
from collab.types.layout import ArrayNode, escape, read, unescape, write_layout
from collab.types.order_keys import spread

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab@/~é", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("a", "id", "@order", "@@value", "@array", "@deleted", "@", "é/~")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_d1_a_layout_reads_as_its_original_value(value: Any) -> None:
    read_back, node = read(Layouts("k").layout(value))
    assert read_back == value
    assert read(write_layout(read_back, node)) == (read_back, node)


@given(st.text("@arydeltvuo", max_size=12) | st.sampled_from(("@order", "@@array", "@@@value")))
def test_d2_unescape_reverses_escape(key: str) -> None:
    assert unescape(escape(key)) == key


def value_of(made: Any) -> Any:
    """Return the JSON value of a shared type that is stored under a key of the root."""
    doc: Doc[Any] = Doc()
    content: Any = doc.get("content", type=Map)
    content["it"] = made
    tree = Tree(1, [doc.get_update()], named_atomic)
    tree.close()
    return tree.initial.get("it")


def element(order: Any, **rest: Any) -> Map[Any]:
    return Map({"@order": order, **rest})


@pytest.mark.parametrize(
    ("made", "value"),
    [
        (lambda: Array([1, Map({"a": Text("x")}), [2]]), [1, {"a": "x"}, [2]]),
        (lambda: XmlFragment([XmlElement("p", {"a": "1"}, [XmlText("hi")])]), '<p a="1">hi</p>'),
        (lambda: {"a": [1.0, {"b": 2.5}]}, {"a": [1, {"b": 2.5}]}),
        (lambda: b"\x00\xff", [0, 255]),
        (lambda: float("nan"), None),
        (lambda: float("inf"), None),
        (lambda: 2**60, float(2**60)),
        (lambda: Map({"@order": "a0", "@deleted": 1, "@value": 2, "x": 3}), {"x": 3}),
        (lambda: Map({"@array": 1, "x": 3}), {"x": 3}),
    ],
)
def test_d3_every_yjs_shape_has_a_json_value(made: Any, value: Any) -> None:
    assert value_of(made()) == value


def test_d3_a_text_reads_without_embeds_and_formats() -> None:
    doc: Doc[Any] = Doc()
    content: Any = doc.get("content", type=Map)
    content["it"] = Text("abc")
    content["it"].insert_embed(1, {"image": "x"})
    content["it"].format(0, 1, {"bold": True})
    tree = Tree(1, [doc.get_update()], named_atomic)
    tree.close()
    assert tree.initial == {"it": "abc"}


def test_d4_elements_sort_by_order_then_key_without_order_last() -> None:
    array = Map(
        {
            "@array": True,
            "z": element("a0", n=1),
            "b": element("a1", n=3),
            "a": element("a1", n=2),
            "none": Map({"n": 6}),
            "garbage": element("!!", n=5),
            "bare": "bare",
            "hidden": element("a0", n=0, **{"@deleted": True}),
            "wrapped": element("a2", **{"@value": [4]}),
        }
    )
    assert value_of(array) == [
        {"n": 1},
        {"n": 2},
        {"n": 3},
        [4],
        "bare",
        {"n": 5},
        {"n": 6},
    ]


@pytest.mark.parametrize("count", [4_999, 5_000, 5_001, 12_000])
def test_a_long_array_reads_sorted_by_order_key(count: int) -> None:
    orders = spread(None, None, count)
    keys = list(range(count))
    random.Random(count).shuffle(keys)
    raw = {"@array": True} | {f"k{at}": {"@order": orders[at], "@value": at} for at in keys}
    value, node = read(raw)
    assert value == list(range(count))
    assert isinstance(node, ArrayNode)
    assert [node.index(f"k{at}") for at in (0, count // 2, count - 1)] == [0, count // 2, count - 1]
