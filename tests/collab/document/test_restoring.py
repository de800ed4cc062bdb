"""Restoring a part of an older version puts it into its place in the current document."""

from __future__ import annotations

from typing import Any

import pytest

from collab.document.restoring import restore_ops
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import replay


def page(*sections: Any, **more: Any) -> dict[str, Any]:
    return {"sections": list(sections), **more}


HERO = {"id": "hero", "text": "old"}
FAQ = {"id": "faq", "text": "questions"}


def test_the_whole_document_is_restored() -> None:
    assert replay(page(FAQ), restore_ops(page(HERO), page(FAQ), "")[1]) == page(HERO)


def test_a_moved_section_is_found_by_its_id() -> None:
    now = page(FAQ, {"id": "hero", "text": "new"})
    place, ops = restore_ops(page(HERO, FAQ), now, "/sections/0")
    assert place == ("sections", "1")
    assert ops == [{"op": "replace", "path": "/sections/1/text", "value": "old"}]


def test_a_removed_section_is_inserted_near_its_old_index() -> None:
    assert replay(page(FAQ), restore_ops(page(HERO, FAQ), page(FAQ), "/sections/0")[1]) == page(
        HERO, FAQ
    )
    assert replay(page(), restore_ops(page(FAQ, HERO), page(), "/sections/1")[1]) == page(HERO)


def test_a_field_of_a_removed_section_has_no_place() -> None:
    with pytest.raises(Rejected, match="path_not_found"):
        restore_ops(page(HERO), page(FAQ), "/sections/0/text")


def test_a_value_that_never_existed_cannot_be_restored() -> None:
    with pytest.raises(Rejected, match="path_not_found"):
        restore_ops(page(HERO), page(HERO), "/sections/3")


def test_a_removed_key_is_added_again() -> None:
    ops = [{"op": "add", "path": "/seo", "value": 1}]
    assert restore_ops(page(seo=1), page(), "/seo") == (("seo",), ops)


@pytest.mark.parametrize(("old", "now"), [({"x": 1}, ["y"]), ({"x": 1}, "text"), (["y"], {"x": 1})])
def test_a_parent_of_another_type_is_not_a_place(old: Json, now: Json) -> None:
    pointer = "/a/x" if isinstance(old, dict) else "/a/0"
    with pytest.raises(Rejected) as refused:
        restore_ops({"a": old}, {"a": now}, pointer)
    assert refused.value.refusal.code is Code.PATH_NOT_FOUND
