"""The rules of the guard, one by one, with updates made by hand."""

from __future__ import annotations

import struct
from contextlib import nullcontext
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.errors import Code, Rejected
from collab.structs.guard import (
    STORED_BOUNDS,
    Checked,
    GuardBounds,
    StructIndex,
    check,
    check_state_vector,
    inspect,
    inspect_state_vector,
)
from tests.collab.yjs.updates import (
    NULL,
    gc,
    item,
    plain,
    shared,
    skip,
    string,
    text,
    uint,
    update,
)

HELLO = update((1, 0, [string("hello", root="t")]))
ADA = {1: "ada"}


def refusal(raw: bytes, bounds: GuardBounds = GuardBounds()) -> Code:  # noqa: B008
    with pytest.raises(Rejected) as refused:
        inspect(raw, bounds)
    return refused.value.refusal.code


def judge(raw: bytes, after: bytes = HELLO, *, user: str = "ada", **given: Any) -> Checked:
    """Check an update against the document that `after` makes. All its structs are Ada's."""
    index = StructIndex.of(after)
    leases = given.pop("leases", dict.fromkeys(index.clocks, "ada"))
    inspected = inspect(raw, given.pop("bounds", GuardBounds()))
    return check(inspected, index.clocks, leases=leases, user=user, index=index, **given)


def judgement(raw: bytes, after: bytes = HELLO, **given: Any) -> Code:
    with pytest.raises(Rejected) as refused:
        judge(raw, after, **given)
    return refused.value.refusal.code


def nested(depth: int, close: bytes = NULL) -> bytes:
    return update((1, 0, [plain(b"\x75\x01" * depth + close, root="content", key="k")]))


# --- G6: what is read at all ------------------------------------------------------------------


def test_g6_an_empty_update_is_empty() -> None:
    empty = inspect(b"\0\0")
    assert not empty.sections
    assert not empty.deletes


@pytest.mark.parametrize("raw", ["ffffff7f", "00ffffff7f", "01ffffff7f0100", "", "00", "000000"])
def test_g6_a_count_beyond_the_end_is_malformed(raw: str) -> None:
    assert refusal(bytes.fromhex(raw)) is Code.MALFORMED


def test_g6_an_update_cut_anywhere_is_malformed() -> None:
    doc: Doc[Any] = Doc()
    doc.get("content", type=Map)["headline"] = Text("Hi \U0001f600")
    doc.get("content", type=Map)["n"] = [1, 2.5, {"a": None}]
    del doc.get("content", type=Map)["n"]
    raw = doc.get_update()
    for size in range(len(raw)):
        assert refusal(raw[:size]) is Code.MALFORMED


def test_g6_bytes_after_the_end_are_malformed() -> None:
    assert refusal(HELLO + b"\0") is Code.MALFORMED


@pytest.mark.parametrize(
    "raw",
    [
        "00000000000000010000000000",
        "000000000000010001010000000101000102000e0868656c6c6f74657874050101010002010000000005",
        "0000030100000004010102000c0974657874776f726c6404050101000000000001010000",
    ],
)
def test_g6_a_v2_update_is_malformed(raw: str) -> None:
    assert refusal(bytes.fromhex(raw)) is Code.MALFORMED


def test_g6_an_update_of_too_many_bytes_is_too_large() -> None:
    assert refusal(HELLO, GuardBounds(update_bytes=len(HELLO) - 1)) is Code.TOO_LARGE


# --- G7: structs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        update((1, 0, [])),
        update((1, 0, [gc(0)])),
        update((1, 0, [skip(0)])),
        update((1, 0, [string("", root="t")])),
        update((1, 0, [plain(root="l")])),
        update((1, 0, [item(1, uint(0), root="t")])),
        update((1, 0, [gc(1)]), (1, 1, [gc(1)])),
        update(deletes={1: []}),
        update(deletes={1: [(0, 0)]}),
        update(deletes={1: [(3, 2), (0, 1)]}),
        update(deletes={1: [(0, 2), (1, 1)]}),
    ],
)
def test_g7_an_empty_double_or_unordered_part_is_malformed(raw: bytes) -> None:
    assert refusal(raw) is Code.MALFORMED


@pytest.mark.parametrize(
    "raw",
    [
        update((1, 2**31 - 1, [gc(1)])),
        update((1, 0, [gc(2**31)])),
        update((1, 0, [skip(2**31)])),
        update((1, 2**31 - 2, [string("ab", root="t")])),
        update(deletes={1: [(2**31 - 1, 1)]}),
    ],
)
def test_g7_no_clock_is_longer_than_31_bits(raw: bytes) -> None:
    assert refusal(raw) is Code.MALFORMED


def test_g7_a_huge_new_run_is_too_large() -> None:
    assert judgement(update((1, 5, [gc(2**24 + 1)]))) is Code.TOO_LARGE
    assert judgement(update((1, 5, [item(1, uint(2**30), root="t")]))) is Code.TOO_LARGE
    assert judge(update((1, 5, [gc(2**24)]))).clocks == {1: 5 + 2**24}


@pytest.mark.parametrize("kind", [2, 9, 10, 11, 15, 16, 31])
def test_g7_contents_that_yrs_misreads_are_malformed(kind: int) -> None:
    raw = update((1, 0, [item(kind, uint(1) + text("1"), root="t")]))
    assert refusal(raw) is Code.MALFORMED


@pytest.mark.parametrize("ref", [5, 7, 8, 9, 15, 127, 128])
def test_g7_types_that_yrs_misreads_are_malformed(ref: int) -> None:
    assert refusal(update((1, 0, [shared(ref, root="t")]))) is Code.MALFORMED


@pytest.mark.parametrize("key", ["__proto__", "constructor", "prototype"])
def test_g7_a_key_that_changes_prototypes_is_malformed(key: str) -> None:
    value = b"\x76\x01" + text(key) + NULL
    for raw in (
        plain(NULL, root="content", key=key),
        plain(value, root="content", key="k"),
        string("a", root=key),
        item(6, text(key) + text("true"), root="t"),
        item(5, text(f'{{"{key}":1}}'), root="t"),
        item(7, b"\3" + text(key), root="x"),
    ):
        assert refusal(update((1, 0, [raw]))) is Code.MALFORMED


@pytest.mark.parametrize("raw", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80"])
def test_g7_text_that_is_not_utf_8_is_malformed(raw: bytes) -> None:
    assert refusal(update((1, 0, [item(4, text(raw), root="t")]))) is Code.MALFORMED
    assert refusal(update((1, 0, [plain(b"\x77" + text(raw), root="l")]))) is Code.MALFORMED


@pytest.mark.parametrize("raw", ["", "{", "NaN", "1e999", "9007199254740992", '"\\ud800"'])
def test_g7_an_embed_or_format_that_is_not_json_is_malformed(raw: str) -> None:
    assert refusal(update((1, 0, [item(5, text(raw), root="t")]))) is Code.MALFORMED
    assert refusal(update((1, 0, [item(6, text("b") + text(raw), root="t")]))) is Code.MALFORMED


# --- G8: plain values -------------------------------------------------------------------------


def test_g8_a_value_nested_20_000_deep_is_malformed() -> None:
    assert refusal(nested(20_000)) is Code.MALFORMED
    assert refusal(nested(65)) is Code.MALFORMED


def test_g8_a_value_nested_64_deep_is_read() -> None:
    [struct] = inspect(nested(64)).sections[1]
    assert (struct.clock, struct.end) == (0, 1)


@pytest.mark.parametrize(
    "value",
    [
        b"\x7b" + struct.pack(">d", float("nan")),
        b"\x7b" + struct.pack(">d", float("inf")),
        b"\x7c" + struct.pack(">f", float("-inf")),
        b"\x7d" + bytes.fromhex("80808080808080808001"),
        b"\x7a" + bytes(8),
        b"\x73",
        b"\x75\xff\xff\xff\x7f",
        b"\x76\xff\xff\xff\x7f",
        b"\x74\x05ab",
    ],
)
def test_g8_a_forbidden_number_or_a_broken_value_is_malformed(value: bytes) -> None:
    assert refusal(update((1, 0, [plain(value, root="l")]))) is Code.MALFORMED


@pytest.mark.parametrize(
    "number", [2.0**53, -1e16, 2.0**60 + 2.0**10, 2.0**63, 1e19, 1e300, 5e-324]
)
def test_g8_every_finite_double_is_read(number: float) -> None:
    inspect(update((1, 0, [plain(b"\x7b" + struct.pack(">d", number), root="l")])))


@pytest.mark.parametrize("number", ["1e16", "-9007199254740992.0", "9.1e18"])
def test_g8_json_that_yrs_writes_with_wrong_digits_is_malformed(
    number: str,
) -> None:
    assert refusal(update((1, 0, [item(5, text(f'{{"a":{number}}}'), root="t")]))) is Code.MALFORMED
    assert refusal(update((1, 0, [item(6, text("b") + text(number), root="t")]))) is Code.MALFORMED


def test_g8_a_stored_document_is_read_without_value_checks() -> None:
    """Earlier versions accepted these values, and a document that holds them must open."""
    value = b"\x76\x01" + text("__proto__") + NULL
    for raw in (
        plain(NULL, root="content", key="__proto__"),
        plain(value, root="content", key="k"),
        plain(b"\x7a" + bytes(8), root="l"),
        plain(b"\x7b" + struct.pack(">d", float("nan")), root="l"),
        item(5, text('{"a":9007199254740993}'), root="t"),
    ):
        assert refusal(update((1, 0, [raw]))) is Code.MALFORMED
        inspect(update((1, 0, [raw])), STORED_BOUNDS)


# --- G9: state vectors ------------------------------------------------------------------------


def test_g9_a_state_vector_is_read() -> None:
    assert inspect_state_vector(b"\x02\x01\x05\x07\x00") == {1: 5, 7: 0}


@pytest.mark.parametrize(
    "raw", ["", "ffffff7f", "01", "0101", "02010101", "0201010102", "010101ff", "0101ffffffff0f"]
)
def test_g9_a_broken_state_vector_is_malformed(raw: str) -> None:
    with pytest.raises(Rejected) as refused:
        inspect_state_vector(bytes.fromhex(raw))
    assert refused.value.refusal.code is Code.MALFORMED


# --- G10, G11: dependencies -------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        update((1, 6, [string("x", origin=(1, 4))])),
        update((1, 5, [string("x", origin=(1, 5))])),
        update((1, 5, [string("x", origin=(1, 9))])),
        update((2, 0, [string("x", origin=(3, 0))])),
        update((2, 0, [string("x", right=(1, 5))])),
        update((2, 0, [plain(NULL, parent=(3, 0), key="k")])),
        update((2, 1, [plain(NULL, root="content", key="k")])),
        update((1, 5, [skip(1), string("x", origin=(1, 4))])),
        update((2, 0, [string("x", origin=(3, 0))]), (3, 0, [string("y", origin=(2, 0))])),
        update(deletes={1: [(0, 6)]}),
        update(deletes={2: [(0, 1)]}),
    ],
)
def test_g10_a_dependency_that_the_server_lacks_is_refused(raw: bytes) -> None:
    assert judgement(raw) is Code.MISSING_DEPENDENCY


def test_g10_clients_in_one_update_may_depend_on_each_other() -> None:
    raw = update(
        (3, 0, [string("a", origin=(1, 4)), string("c", origin=(2, 0))]),
        (2, 0, [string("b", origin=(3, 0))]),
        deletes={3: [(1, 1)]},
    )
    assert judge(raw).clocks == {2: 1, 3: 2}


def test_g10_a_known_struct_needs_no_dependency() -> None:
    assert not judge(HELLO).has_effect
    assert not judge(update((1, 2, [string("zz", origin=(7, 9))]))).has_effect


# --- G12: client ids --------------------------------------------------------------------------


def test_g12_a_new_client_id_is_leased_to_its_first_user() -> None:
    assert judge(update((2, 0, [string("x", origin=(1, 4))])), user="bo").new_clients == [2]


def test_g12_new_structs_under_an_id_of_others_are_stale() -> None:
    assert judgement(update((1, 5, [gc(1)])), user="bo") is Code.STALE_DOCUMENT
    assert judgement(update((1, 5, [gc(1)])), leases={}) is Code.STALE_DOCUMENT
    assert judgement(update((9, 0, [gc(1)])), reserved={9}) is Code.STALE_DOCUMENT


def test_g12_a_lease_does_not_open_an_id_of_the_server() -> None:
    raw = update((9, 0, [gc(1)]))
    assert judgement(raw, leases={9: "ada"}, reserved={9}) is Code.STALE_DOCUMENT


@pytest.mark.parametrize(
    ("vector", "is_stale"),
    [
        ({}, False),
        ({1: 5}, False),
        ({1: 6}, False),  # ada's own edits, on their way
        ({7: 3}, False),  # a new id
        ({2: 4, 3: 2}, False),
        ({2: 5}, True),  # bo's edits: only bo's own client can have made them
        ({3: 3}, True),  # edits of the server in an earlier epoch
        ({9: 1}, True),  # edits of the server in an epoch that this document never had
    ],
)
def test_g24_a_state_vector_with_lost_edits_of_others_is_stale(
    vector: dict[int, int], is_stale: bool
) -> None:
    known, leases = {1: 5, 2: 4, 3: 2}, {1: "ada", 2: "bo"}
    expected = pytest.raises(Rejected, match="stale_document") if is_stale else nullcontext()
    with expected:
        check_state_vector(vector, known, leases=leases, user="ada", reserved={9})


def test_g12_known_structs_may_come_from_any_user() -> None:
    raw = update((1, 0, [string("hello", root="t")]), (2, 0, [string("x", origin=(1, 4))]))
    assert judge(raw, user="bo").new_clients == [2]


def test_g12_an_update_of_too_many_new_ids_is_too_large() -> None:
    raw = update(*((client, 0, [gc(1)]) for client in range(2, 67)))
    assert judgement(raw) is Code.TOO_LARGE


def test_g12_a_document_has_a_largest_number_of_ids() -> None:
    bounds = GuardBounds(document_clients=3)
    new = [(client, 0, [gc(1)]) for client in (4, 3, 2)]
    assert judge(update(*new[1:]), bounds=bounds).new_clients == [2, 3]
    assert judgement(update(*new), bounds=bounds) is Code.TOO_LARGE
    assert judge(update((1, 5, [gc(1)])), bounds=GuardBounds(document_clients=0)).has_effect


def test_g12_a_user_has_a_largest_number_of_ids_in_a_document() -> None:
    bounds, leases = GuardBounds(user_clients=2), {1: "ada", 5: "bo", 6: "bo"}
    one, two = update((2, 0, [gc(1)])), update((3, 0, [gc(1)]), (2, 0, [gc(1)]))
    assert judge(one, bounds=bounds, leases=leases).new_clients == [2]
    assert judgement(two, bounds=bounds, leases=leases) is Code.TOO_LARGE
    assert judgement(one, bounds=bounds, leases=leases, user="bo") is Code.TOO_LARGE
    assert judge(two, bounds=bounds, leases=leases, user="cy").new_clients == [2, 3]


def test_g12_a_client_can_send_a_state_vector_with_all_ids_of_a_document() -> None:
    bounds = GuardBounds()
    assert bounds.document_clients + bounds.new_clients < bounds.clients
    assert bounds.user_clients < bounds.document_clients


# --- G13 to G16: lists ------------------------------------------------------------------------

TREE = update(
    (
        1,
        0,
        [
            string("a\U0001f600b", root="t"),
            shared(1, root="content", key="m"),
            plain(NULL, parent=(1, 4), key="k"),
            shared(0, root="content", key="l"),
        ],
    )
)


def test_g13_a_parent_is_a_shared_type() -> None:
    raw = update((2, 0, [plain(NULL, parent=(1, 4), key="z")]))
    assert judge(raw, TREE).has_effect
    assert judgement(update((2, 0, [plain(NULL, parent=(1, 0), key="z")])), TREE) is Code.MALFORMED


def test_g14_the_neighbours_of_a_struct_are_in_one_list() -> None:
    raw = update((2, 0, [string("x", root="u"), string("y", origin=(1, 0), right=(2, 0))]))
    assert judgement(raw, TREE) is Code.MALFORMED
    rest = update((1, 0, [string("a\U0001f600bc", root="u")]))
    assert judgement(rest, update((1, 0, [string("a", root="t")]))) is Code.MALFORMED


def test_g14_the_rest_of_a_struct_follows_its_known_beginning() -> None:
    known = update((1, 0, [shared(0, root="content", key="l"), plain(NULL, parent=(1, 0))]))
    raw = update((1, 1, [string("ab", root="t")]))
    assert judgement(raw, known) is Code.MALFORMED
    raw = update((2, 0, [string("x", root="t")]), (1, 1, [string("ab", origin=(2, 0))]))
    assert judgement(raw, known) is Code.MALFORMED


def test_g14_nothing_is_inserted_before_the_value_of_a_key() -> None:
    raw = update((2, 0, [plain(NULL, right=(1, 5))]))
    assert judgement(raw, TREE) is Code.MALFORMED


def test_g14_a_text_in_an_array_or_a_map_is_malformed() -> None:
    assert judgement(update((2, 0, [string("x", parent=(1, 6))])), TREE) is Code.MALFORMED
    assert judgement(update((2, 0, [string("x", origin=(1, 5))])), TREE) is Code.MALFORMED


@pytest.mark.parametrize("place", [{"parent": (1, 6)}, {"parent": (1, 4)}, {"origin": (1, 5)}])
def test_g14_a_format_in_an_array_or_a_map_is_malformed(place: dict[str, Any]) -> None:
    """Y.Array does not count a format as an item, but its events do."""
    bold = item(6, text("bold") + text("true"), **place)
    assert judgement(update((2, 0, [bold])), TREE) is Code.MALFORMED
    assert judge(update((2, 0, [item(6, text("bold") + text("true"), root="t")])), TREE).has_effect


@pytest.mark.parametrize(
    "raw",
    [
        update((2, 0, [string("x", origin=(1, 1))])),
        update((2, 0, [string("x", right=(1, 2))])),
        update(deletes={1: [(0, 2)]}),
        update(deletes={1: [(2, 1)]}),
        update((2, 0, [string("\U0001f600", root="t"), string("x", origin=(2, 0))])),
        update((2, 0, [string("\U0001f600", root="t")]), deletes={2: [(1, 1)]}),
    ],
)
def test_g15_no_surrogate_pair_is_split(raw: bytes) -> None:
    assert judgement(raw, TREE) is Code.MALFORMED


def test_g15_a_known_beginning_splits_no_surrogate_pair() -> None:
    known = update((1, 0, [string("ab", root="t")]))
    raw = update((1, 0, [string("a\U0001f600", root="t")]))
    assert judgement(raw, known) is Code.MALFORMED


def test_g16_types_added_one_by_one_have_bounded_depth() -> None:
    index = StructIndex()
    index.add(inspect(update((1, 0, [shared(1, root="content", key="k")]))))
    for clock in range(1, 256):
        raw = inspect(update((1, clock, [shared(1, parent=(1, clock - 1), key="k")])))
        assert check(raw, index.clocks, leases=ADA, user="ada", index=index).has_effect
        index.add(raw)
    raw = inspect(update((1, 256, [shared(1, parent=(1, 255), key="k")])))
    with pytest.raises(Rejected) as refused:
        check(raw, index.clocks, leases=ADA, user="ada", index=index)
    assert refused.value.refusal.code is Code.TOO_LARGE


def test_g16_types_in_one_update_have_bounded_depth() -> None:
    chain = [shared(1, parent=(1, n), key="k") for n in range(20_000)]
    raw = update((1, 0, [shared(1, root="content", key="k"), *chain]))
    with pytest.raises(Rejected) as refused:
        check(inspect(raw), {}, leases={}, user="ada")
    assert refused.value.refusal.code is Code.TOO_LARGE


# --- G17: an update that has no effect ----------------------------------------------------------


def test_g17_a_deletion_has_an_effect_once() -> None:
    deletion = update(deletes={1: [(1, 2)]})
    index = StructIndex.of(HELLO)

    def has_effect(raw: bytes) -> bool:
        return check(inspect(raw), index.clocks, leases=ADA, user="bo", index=index).has_effect

    assert has_effect(deletion)
    index.add(inspect(deletion))
    assert not has_effect(deletion)
    assert not has_effect(update(deletes={1: [(2, 1)]}))
    assert has_effect(update(deletes={1: [(2, 2)]}))
    index.add(inspect(update(deletes={1: [(0, 1), (3, 2)]})))
    assert not has_effect(update(deletes={1: [(0, 5)]}))
