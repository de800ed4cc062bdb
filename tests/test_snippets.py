"""Every snippet of README.md and docs/ is run by a test, or says why not."""

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
    """Page and name of each snippet that a test takes out of its page."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        page = re.search(r'^PAGE = "([^"]+)"$', text, re.MULTILINE)
        for named, name in ASKED_FOR.findall(text):
            found.add((named or (page[1] if page else ""), name))
    return found


def fault(each: Snippet) -> str:
    """What is to be done about a snippet; empty where nothing is."""
    if each.language in MESSAGES and each.page == "docs/wire.md":
        return ""
    if not each.language:
        return "name its language; `text` is for what is no code"
    if each.language == TEXT or each.has_reason:
        return ""
    if not each.name:
        return "name it (<!-- snippet NAME -->) and run it, or say <!-- not run: REASON -->"
    return "" if (each.page, each.name) in asked_for() else f"no test runs {each.name}"


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.place)
def test_a_snippet_is_run_or_says_why_not(each: Snippet) -> None:
    assert fault(each) == ""


def test_a_page_calls_no_two_snippets_the_same() -> None:
    names = [(each.page, each.name) for each in EVERY if each.name]
    assert len(set(names)) == len(names)


def test_no_fence_is_overlooked() -> None:
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
def test_a_new_snippet_that_nothing_runs_is_found(above: str, language: str, told: str) -> None:
    page = f"# Title\n\n{above}\n```{language}\necho\n```\n"
    (one,) = read("docs/new.md", page)
    assert fault(one).startswith(told)
    assert bool(fault(one)) is bool(told)


# --- those that need no server --------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [snippet("README.md", "make"), snippet("docs/performance.md", "make")]
)
def test_what_make_is_asked_for_is_there(text: str) -> None:
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
def test_a_measurement_that_a_decision_rests_on_can_be_repeated(text: str, said: str) -> None:
    assert said in run(text.replace(".venv/bin/python", sys.executable), ROOT)
