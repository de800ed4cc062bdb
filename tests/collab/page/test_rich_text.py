"""Rich text: which marks a text field may have, and what a mark without its partner is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.page import rich_text
from collab.page.markup import paragraphs, rich
from collab.page.rich_text import Inline, parse, plain
from tests.line_count import lines_run


def shown(found: Sequence[Inline]) -> str:
    """Return inline text with its marks as tags, so that a test can compare it."""
    return "".join(
        each
        if isinstance(each, str)
        else f"<{each.kind}{each.address and ' ' + each.address}>{shown(each.inside)}</{each.kind}>"
        for each in found
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("**a** *b* c", "<strong>a</strong> <em>b</em> c"),
        ("***a***", "<strong><em>a</em></strong>"),
        ("***a* b**", "<strong><em>a</em> b</strong>"),
        ("*a **b** c*", "<em>a <strong>b</strong> c</em>"),
        ("[a **b**](/c)", "<a /c>a <strong>b</strong></a>"),
        ("**[a](/b)**", "<strong><a /b>a</a></strong>"),
        ("un*believ*able", "un<em>believ</em>able"),
    ],
)
def test_marks_nest(words: str, expected: str) -> None:
    assert shown(parse(words)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("**a", "**a"),
        ("* a*", "* a*"),
        ("*a *", "*a *"),
        ("a****b", "a****b"),
        ("**a *b**", "<strong>a *b</strong>"),
        ("*a **b*", "<em>a **b</em>"),
        ("*a**", "<em>a</em>*"),
        ("**a [b** c](d)", "<strong>a [b</strong> c](d)"),
        ("[a] (b)", "[a] (b)"),
        ("[a](b", "[a](b"),
        ("[a](b c)", "[a](b c)"),
        ("[a [b](c) d](e)", "[a <a c>b</a> d](e)"),
        ("a_b_ `c` # d", "a_b_ `c` # d"),
    ],
)
def test_a_mark_without_its_partner_is_text(words: str, expected: str) -> None:
    assert shown(parse(words)) == expected


def test_a_backslash_makes_a_mark_a_character() -> None:
    assert shown(parse(r"\*a\* \[b\](c) \\ \d")) == r"*a* [b](c) \ \d"


@given(st.text(alphabet="ab*[]()\\ \n"))
def test_no_character_but_marks_is_lost(words: str) -> None:
    letters = [letter for letter in words if letter in "ab \n"]
    told = plain(words) + "".join(each.address for each in marks(parse(words)))
    assert sorted(letters) == sorted(letter for letter in told if letter in "ab \n")


def marks(found: Sequence[Inline]) -> list[rich_text.Mark]:
    own = [each for each in found if not isinstance(each, str)]
    return own + [inner for each in own for inner in marks(each.inside)]


@pytest.mark.parametrize(
    "unit", ["[", "](", "*a", "[a](", "**a*b", "[*", "[**a *b ", "[*a", "*] ", "\\*"]
)
def test_the_work_grows_with_the_length_only(unit: str) -> None:
    short, long = unit * 100, unit * 800
    most = 9 * lines_run(lambda: parse(short), rich_text)
    assert lines_run(lambda: parse(long), rich_text) < most


def test_a_link_that_a_page_may_not_have_shows_its_words() -> None:
    def href(address: str) -> str:
        return address if address.startswith("/") else ""

    assert rich("[a](/b) [c](javascript:1)", href) == '<a href="/b">a</a> c'
    assert (
        paragraphs("*a\nb*\n\nc", href, "k") == '<p class="k"><em>a<br>b</em></p><p class="k">c</p>'
    )


def test_markup_in_a_text_stays_text() -> None:
    assert rich("**<b>**", str) == "<strong>&lt;b&gt;</strong>"
    assert rich('[x](/"><script>)', str) == '<a href="/&quot;&gt;&lt;script&gt;">x</a>'


def test_neighbours_become_one_text_without_a_copy_for_each() -> None:
    copies: list[int] = []

    class Words(str):
        def __add__(self, other: str) -> Words:
            copies.append(len(self))
            return Words(str(self) + other)

    pieces = [rich_text._Piece(Words("*a ")) for _ in range(1000)]
    assert rich_text._built(pieces) == ["*a " * 1000]
    assert copies == []


def test_many_marks_without_partners_are_one_text() -> None:
    assert parse("a *b" * 50_000 + " *") == ["a *b" * 50_000 + " *"]
