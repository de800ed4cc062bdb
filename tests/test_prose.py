"""Every sentence in the repository says who acts, and is short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import ROOT
from tests.prose import MOST_WORDS, TOPS, broken_rules, files, sentences


@pytest.mark.parametrize(
    "top",
    [pytest.param(one, marks=pytest.mark.thorough) if one == "tests" else one for one in TOPS],
)
def test_every_sentence_names_its_actor_and_is_short(top: str) -> None:
    broken = [
        f"{sentence} ({rule})"
        for path in files(ROOT / top)
        for sentence in sentences(path)
        if (rule := broken_rules(sentence))
    ]
    assert not broken, "\n".join(broken)


def found(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return [rule for sentence in sentences(path) if (rule := broken_rules(sentence))]


def test_a_vague_word_is_found_in_each_kind_of_text(tmp_path: Path) -> None:
    for name, text in {
        "docstring.py": '"""Nobody waits."""\n',
        "comment.py": "a = 1\t\t# nobody waits\n",
        "error.py": 'raise ValueError("here is nobody who waits")\n',
        "described.py": 'setting(help=f"{a} waits for somebody else")\n',
        "page.md": "# Title\n\nA client waits.\n\n- Nobody waits.\n",
    }.items():
        assert found(tmp_path / name, text) != [], name


def test_code_is_no_sentence(tmp_path: Path) -> None:
    assert found(tmp_path / "page.md", "The `nobody` flag.\n\n```python\nnobody = 1\n```\n") == []
    assert found(tmp_path / "names.py", "nobody = somebody('x')\n") == []


def test_a_long_sentence_is_found_over_several_lines(tmp_path: Path) -> None:
    words = ["word"] * MOST_WORDS
    half = len(words) // 2
    text = " ".join(words[:half]) + "\n" + " ".join(words[half:])
    assert found(tmp_path / "short.md", f"{text}.\n") == []
    assert found(tmp_path / "long.md", f"{text} more.\n") == [f"{MOST_WORDS + 1} words"]


def test_comments_that_follow_one_another_are_one_text(tmp_path: Path) -> None:
    half = " ".join(["word"] * (MOST_WORDS // 2 + 1))
    assert found(tmp_path / "one.py", f"# {half}\n# {half}\n") != []
    assert found(tmp_path / "two.py", f"a = 1  # {half}\nb = 2  # {half}\n") == []
