"""Stale patches: rebased to the head, merged, or refused with the author of the earlier change."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from collab.rebase.conflicts import Rebased
from collab.rebase.rebase import rebase

BASE: dict[str, Any] = {
    "title": "Buy now and save",
    "n": 1,
    "s": [{"id": name, "t": f"text {name}", "tags": ["x", "y"]} for name in "abcd"],
    "more": [{"id": "z", "t": "text z"}],
    "pages": {"404": {"t": "x"}},
}
BO = Author("bo", name="Bo")


def stale(mine: list[Op], *theirs: list[Op]) -> tuple[Rebased, Any]:
    """My patch, made for the base, rebased over others' patches; and the value after it."""
    now, changes = BASE, []
    for version, patch in enumerate(theirs, 8):
        done = apply(now, patch)
        changes.append(AppliedChange(version, BO, done.ops, now))
        now = done.value
    rebased = rebase(mine, changes, now, splices=True)
    return rebased, apply(now, rebased.ops, splices=True).value


def conflict(path: str, base: Any, theirs: Any, yours: Any, resolution: Any) -> Conflict:
    return Conflict(path=path, base=base, theirs=theirs, yours=yours, resolution=resolution)


def replaced(path: str, value: Any) -> Op:
    return {"op": "replace", "path": path, "value": value}


def removed(path: str) -> Op:
    return {"op": "remove", "path": path}


def added(path: str, value: Any) -> Op:
    return {"op": "add", "path": path, "value": value}


def moved(source: str, path: str) -> Op:
    return {"op": "move", "from": source, "path": path}


def names(items: list[Any]) -> str:
    return "".join(item["id"] for item in items)


def test_r2_an_edit_follows_its_section() -> None:
    mine = [replaced("/s/2/t", "mine")]
    for theirs, path in (
        (added("/s/0", {"id": "n"}), "/s/3/t"),
        (removed("/s/0"), "/s/1/t"),
        (moved("/s/2", "/s/0"), "/s/0/t"),
        (moved("/s/2", "/more/0"), "/more/0/t"),
        (replaced("/s/1/t", "theirs"), "/s/2/t"),
    ):
        rebased, _ = stale(mine, [theirs])
        assert rebased == Rebased([replaced(path, "mine")])


def test_r2_the_ops_of_one_patch_build_on_each_other() -> None:
    mine = [added("/s/0", {"id": "m", "t": ""}), replaced("/s/0/t", "new"), removed("/s/2")]
    _, after = stale(mine, [added("/s/0", {"id": "n"})], [moved("/s/2", "/s/4")])
    assert names(after["s"]) == "nmacd"
    assert after["s"][1]["t"] == "new"


def test_r3_the_earlier_of_two_insertions_stays_first() -> None:
    for at in ("/s/1", "/s/4", "/s/-"):
        _, after = stale([added(at, {"id": "m"})], [added(at, {"id": "n"})])
        assert "nm" in names(after["s"])


def test_r3_two_own_insertions_keep_their_order() -> None:
    theirs = [added("/s/1", {"id": "n"})]
    _, after = stale([added("/s/1", {"id": "p"}), added("/s/1", {"id": "q"})], theirs)
    assert names(after["s"]) == "anqpbcd"
    _, after = stale([added("/s/1", {"id": "p"}), added("/s/2", {"id": "q"})], theirs)
    assert names(after["s"]) == "anpqbcd"


def test_r3_the_moves_of_two_authors_both_take_effect() -> None:
    _, after = stale([moved("/s/0", "/s/3")], [moved("/s/3", "/s/0")])
    assert names(after["s"]) == "dbca"
    _, after = stale([moved("/s/1", "/s/2")], [removed("/s/0")])
    assert names(after["s"]) == "cbd"


def test_r3_a_move_into_an_element_that_others_moved_finds_it() -> None:
    mine = moved("/s/1", "/s/0/sub")
    _, after = stale([mine], [moved("/s/0", "/s/3")])
    assert after["s"][-1]["sub"]["id"] == "b"
    assert names(after["s"]) == "cda"
    _, after = stale([moved("/s/2", "/s/1/sub")], [moved("/s/1", "/s/2")])
    assert (names(after["s"]), after["s"][1]["sub"]["id"]) == ("abd", "c")


def test_r4_a_conflict_names_the_author_who_removed_the_target() -> None:
    mine = [replaced("/s/1/t", "mine")]
    for theirs in ([removed("/s/1")], [removed("/s")], [replaced("/s/1", "x")]):
        with pytest.raises(Rejected) as caught:
            stale([replaced("/n", 2), *mine], [replaced("/title", "x")], theirs)
        refusal = caught.value.refusal
        assert refusal.code == Code.CONFLICT
        assert refusal.extra["removed_by"] == BO
        assert (refusal.extra["op"], refusal.extra["path"]) == (1, "/s/1/t")
        assert "Bo" in refusal.message
        assert "version 9" in refusal.message
        assert refusal.extra["conflicts"] == [conflict("/s/1/t", "text b", None, "mine", "theirs")]


def test_r4_adding_to_or_moving_a_removed_element_is_a_conflict() -> None:
    for mine in (
        added("/s/1/tags/0", "m"),
        moved("/s/1", "/s/0"),
        moved("/s/1/t", "/s/0/sub"),
        moved("/s/0", "/s/1/sub") | {"from": "/n"},
        removed("/s/1"),
    ):
        with pytest.raises(Rejected) as caught:
            stale([mine], [removed("/s/1")])
        assert caught.value.refusal.code == Code.CONFLICT


def test_r5_a_later_write_wins_and_names_what_it_overwrote() -> None:
    rebased, after = stale([replaced("/n", 3)], [replaced("/n", 2)])
    assert after["n"] == 3
    assert rebased.conflicts == [conflict("/n", 1, 2, 3, "yours")]


def test_r5_the_same_change_twice_is_no_conflict() -> None:
    rebased, after = stale([replaced("/n", 2)], [replaced("/n", 2)])
    assert (rebased.conflicts, after["n"]) == ([], 2)


def test_r5_a_removed_or_replaced_section_names_the_edits_in_it() -> None:
    theirs = [replaced("/s/1/t", "theirs"), added("/s/0", {"id": "n"})]
    edited = {"id": "b", "t": "theirs", "tags": ["x", "y"]}
    rebased, _ = stale([removed("/s/1")], theirs)
    assert rebased.conflicts == [conflict("/s/2", BASE["s"][1], edited, None, "yours")]
    rebased, _ = stale([replaced("/s/1", {"id": "b"})], theirs)
    assert rebased.conflicts == [conflict("/s/2", BASE["s"][1], edited, {"id": "b"}, "yours")]


def test_r5_two_adds_of_one_key_name_the_first() -> None:
    rebased, after = stale([added("/pages/a", 1)], [added("/pages/a", 2)])
    assert after["pages"]["a"] == 1
    assert rebased.conflicts == [conflict("/pages/a", None, 2, 1, "yours")]


def test_r5_an_add_over_a_member_does_not_need_the_member() -> None:
    _, after = stale([added("/n", 5)], [removed("/n")])
    assert after["n"] == 5


def test_r5_two_moves_of_one_section_name_the_first() -> None:
    rebased, after = stale([moved("/s/0", "/s/3")], [moved("/s/0", "/more/0")])
    assert names(after["s"]) == "bcda"
    assert rebased.conflicts == [conflict("/s/3", "/s/0", "/more/0", "/s/3", "yours")]


def test_r6_two_edits_of_one_text_are_merged_and_reported() -> None:
    rebased, after = stale(
        [replaced("/title", "Get now and save")], [replaced("/title", "Buy now and smile")]
    )
    assert after["title"] == "Get now and smile"
    assert (rebased.conflicts, rebased.merged) == ([], ["/title"])


def test_r6_of_overlapping_edits_of_a_text_the_later_wins() -> None:
    rebased, after = stale(
        [replaced("/title", "Get now and save")], [replaced("/title", "Try now and smile")]
    )
    assert after["title"] == "Get now and smile"
    assert rebased.conflicts[0].resolution == "yours"
    assert rebased.merged == []


def test_r6_a_splice_in_a_replaced_word_loses_no_letter() -> None:
    mine: Op = {"op": "splice", "path": "/title", "offset": 5, "delete": 0, "insert": " or "}
    rebased, after = stale([mine], [replaced("/title", "Buy nine and save")])
    assert after["title"] == "Buy n or ine and save"
    assert (rebased.conflicts, rebased.merged) == ([], ["/title"])


def test_r6_a_merged_text_is_named_once_at_its_final_location() -> None:
    theirs = [replaced("/s/0/t", "text a, theirs"), replaced("/s/1/t", "text b, theirs")]
    mine = [
        replaced("/s/0/t", "my text a"),
        moved("/s/0", "/s/2"),
        replaced("/s/2/t", "my old text a"),
        replaced("/s/0/t", "my text b"),
        removed("/s/0"),
    ]
    rebased, after = stale(mine, theirs)
    assert after["s"][1]["t"] == "my old text a, theirs"
    assert rebased.merged == ["/s/1/t"]
    assert [each.path for each in rebased.conflicts] == ["/s/0"]


def test_r6_an_atomic_string_is_never_merged() -> None:
    rebased, after = stale([replaced("/s/0/id", "a b c")], [replaced("/s/0/id", "a d")])
    assert after["s"][0]["id"] == "a b c"
    assert rebased.conflicts[0].resolution == "yours"


def test_r7_a_test_checks_the_head_at_the_relocated_location() -> None:
    theirs = [moved("/s/2", "/s/0"), replaced("/n", 2)]
    test: Op = {"op": "test", "path": "/s/2/id", "value": "c"}
    rebased, _ = stale([test, replaced("/s/2/t", "mine")], theirs)
    assert rebased.ops == [replaced("/s/0/t", "mine")]
    with pytest.raises(Rejected) as caught:
        stale([replaced("/title", "x"), {"op": "test", "path": "/n", "value": 1}], theirs)
    assert caught.value.refusal.code == Code.TEST_FAILED
    assert caught.value.refusal.extra == {"op": 1, "path": "/n"}


def test_r7_a_test_of_a_removed_value_is_a_conflict_with_the_value_that_its_author_saw() -> None:
    test: Op = {"op": "test", "path": "/s/2/id", "value": "x"}
    with pytest.raises(Rejected) as caught:
        stale([test], [removed("/s/2")])
    assert caught.value.refusal.code == Code.CONFLICT
    expected = conflict("/s/2/id", "c", None, "x", "theirs")
    assert caught.value.refusal.extra["conflicts"] == [expected]


def test_r8_a_copy_has_the_value_that_its_author_saw() -> None:
    mine: Op = {"op": "copy", "from": "/s/0", "path": "/s/4"}
    _, after = stale([mine], [replaced("/s/0/t", "theirs")])
    assert after["s"][4]["t"] == "text a"
    rebased, _ = stale([mine], [added("/s/0", {"id": "n"})])
    assert rebased.ops == [{"op": "copy", "from": "/s/1", "path": "/s/5"}]


def test_r9_a_patch_that_was_invalid_for_its_author_is_refused() -> None:
    with pytest.raises(Rejected) as caught:
        stale([replaced("/n", 2), replaced("/nowhere", 1)], [replaced("/n", 3)])
    assert caught.value.refusal.code == Code.PATH_NOT_FOUND
    assert caught.value.refusal.extra == {"op": 1, "path": "/nowhere"}


def test_r9_a_patch_too_long_to_be_rebased_is_a_conflict() -> None:
    mine = [added("/s/0", number) for number in range(1_000)]
    with pytest.raises(Rejected) as caught:
        stale(mine, [removed("/s/0")])
    assert caught.value.refusal.code == Code.CONFLICT
