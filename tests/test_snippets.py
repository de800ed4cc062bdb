"""A test runs every snippet of README.md and docs/, or a comment says why not."""

from __future__ import annotations

import re
import sys
from functools import cache

import pytest

from tests.house import ROOT
from tests.snippets import MESSAGES, TEXT, Snippet, pages, read, run, snippet, snippets

EVERY = [each for page in pages() for each in snippets(page)]
ASKED_FOR = re.compile(r"""snippet\(\s*(?:"([^"]+)"|PAGE), ["']([a-z0-9-]+)["']\s*\)""")


@cache
def asked_for() -> set[tuple[str, str]]:
    """Return the page and name of each snippet that a test reads from its page."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        page = re.search(r'^PAGE = "([^"]+)"$', text, re.MULTILINE)
        for named, name in ASKED_FOR.findall(text):
            found.add((named or (page[1] if page else ""), name))
    return found


def fault(each: Snippet) -> str:
    """Return what is missing at a snippet; an empty text when it is complete."""
    if each.language in MESSAGES and each.page == "docs/wire.md":
        return ""
    if not each.language:
        return "name its language; use `text` for text that is no code"
    if each.language == TEXT or each.has_reason:
        return ""
    if not each.name:
        return "name it (<!-- snippet NAME -->) and run it, or say <!-- not run: REASON -->"
    return "" if (each.page, each.name) in asked_for() else f"no test runs {each.name}"


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.place)
def test_a_test_runs_each_snippet_or_a_comment_says_why_not(each: Snippet) -> None:
    assert fault(each) == ""


def test_snippet_names_are_unique_within_a_page() -> None:
    names = [(each.page, each.name) for each in EVERY if each.name]
    assert len(set(names)) == len(names)


def test_every_code_fence_is_read_as_a_snippet() -> None:
    for page in pages():
        fences = re.findall(r"^ *```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(snippets(page)), page


@pytest.mark.parametrize(
    ("above", "language", "told"),
    [
        ("", "sh", "name it"),
        ("", "", "name its language"),
        ("<!-- not run: -->", "sh", "name it"),
        ("<!-- not run: it takes an hour -->", "sh", ""),
        ("<!-- snippet which-no-test-asks-for -->", "sh", "no test runs"),
        ("", "text", ""),
        ("", "json client", "name it"),
    ],
)
def test_a_new_snippet_without_a_test_is_reported(above: str, language: str, told: str) -> None:
    page = f"# Title\n\n{above}\n```{language}\necho\n```\n"
    (one,) = read("docs/new.md", page)
    assert fault(one).startswith(told)
    assert bool(fault(one)) is bool(told)


# --- snippets that need no server -----------------------------------------------------------


@pytest.mark.parametrize(
    "text", [snippet("README.md", "make"), snippet("docs/performance.md", "make")]
)
def test_each_documented_make_command_exists(text: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    there = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    asked = re.findall(r"^make ([a-z-]+)(?: ONLY=name)? +#", text, re.MULTILINE)
    assert len(asked) == len(text.splitlines())
    assert set(asked) <= there


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (snippet("docs/decisions/http-parsing.md", "timing"), "µs"),
        (snippet("docs/decisions/messages.md", "timing"), "loops"),
        (snippet("docs/decisions/patches.md", "growing"), "bytes in"),
    ],
    ids=["http parsing", "messages", "patches"],
)
def test_the_measurement_of_a_decision_can_be_repeated(text: str, said: str) -> None:
    assert said in run(text.replace(".venv/bin/python", sys.executable), ROOT)
