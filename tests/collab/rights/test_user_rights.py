"""Rights: the order of roles, documents by glob, sections by pointer, and expiry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Code, Rejected
from collab.rights.user_rights import Rights, Role, is_pointer

ROLES = list(Role)
KEYS = st.sampled_from(["", "a", "b", "ab", "0", "1", "-", "a/b", "~", "~1", "m~n", "é"])
PATHS = st.lists(KEYS, max_size=4)


def pointer(path: list[str]) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def rights(
    role: Role = Role.EDITOR,
    docs: tuple[str, ...] | None = None,
    sections: tuple[str, ...] | None = None,
) -> Rights:
    return Rights(role, 1000, docs, sections)


def test_a_role_from_editor_up_may_write() -> None:
    assert [role for role in ROLES if rights(role).can_write()] == [
        Role.EDITOR,
        Role.PUBLISHER,
        Role.ADMIN,
    ]


@given(st.sampled_from(ROLES), st.sampled_from(ROLES))
def test_roles_are_in_one_order(a: Role, b: Role) -> None:
    assert a.reaches(b) == (ROLES.index(a) >= ROLES.index(b))


@pytest.mark.parametrize(
    ("globs", "doc", "seen"),
    [
        (None, "home", True),
        ((), "home", False),
        (("home",), "home", True),
        (("home",), "Home", False),
        (("home",), "home2", False),
        (("blog-*",), "blog-1", True),
        (("blog-*",), "my-blog-1", False),
        (("a.b",), "axb", False),
        (("a?",), "ab", True),
        (("[ab]1",), "b1", True),
        (("[!ab]1",), "b1", False),
        (("x", "home"), "home", True),
        (("*",), "home", True),
        (("home",), "home\n", False),
    ],
)
def test_the_globs_decide_which_documents_a_user_sees(
    globs: tuple[str, ...] | None, doc: str, seen: bool
) -> None:
    assert rights(docs=globs).may_see(doc) is seen


def test_a_glob_made_of_stars_is_matched_without_backtracking() -> None:
    # With backtracking, 64 stars would take 128!/64! steps.
    assert not rights(docs=("*a" * 64 + "b",)).may_see("a" * 128)


def test_no_sections_member_allows_all_and_an_empty_one_nothing() -> None:
    assert rights().sections_of({"a": 1}) is None
    none = rights(sections=()).sections_of({"a": 1})
    assert none is not None
    assert not none.covers(())


@pytest.mark.parametrize("sections", [(), ("",), ("/a",)])
def test_no_section_covers_the_document_itself(sections: tuple[str, ...]) -> None:
    rights(Role.ADMIN).require_whole_document()
    with pytest.raises(Rejected, match="forbidden"):
        rights(Role.ADMIN, sections=sections).require_whole_document()


@pytest.mark.parametrize(
    ("role", "now", "code"),
    [
        (Role.EDITOR, 999, None),
        (Role.ADMIN, 999, None),
        (Role.VIEWER, 999, Code.FORBIDDEN),
        (Role.EDITOR, 1000, Code.UNAUTHENTICATED),
        (Role.VIEWER, 1001, Code.UNAUTHENTICATED),
    ],
)
def test_a_user_may_write_with_the_role_until_the_token_expires(
    role: Role, now: int, code: Code | None
) -> None:
    if code is None:
        rights(role).require_writer(now)
    else:
        with pytest.raises(Rejected) as refused:
            rights(role).require_writer(now)
        assert refused.value.refusal.code is code


@given(PATHS)
def test_a_rendered_path_is_a_pointer(path: list[str]) -> None:
    assert is_pointer(pointer(path))


@pytest.mark.parametrize("text", ["a", "/~", "/~2", "/a~", "#/a", " /a", "a/b"])
def test_an_invalid_pointer_is_detected(text: str) -> None:
    assert not is_pointer(text)
