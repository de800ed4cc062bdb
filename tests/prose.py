"""Every sentence of the documentation, the docstrings, the comments and the texts for users.

`python -m tests.prose docs server` lists the sentences that break a rule.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from tests.house import ROOT, Source, nodes, sources, syntax

TOPS: Final = (
    *("README.md", "CHANGELOG.md", "docs", "collab", "server", "storage", "static"),
    *("weft", "examples", "bench", "tests"),
)
# Words in one sentence. The aim is 20; some facts need a few more.
MOST_WORDS: Final = 25

# Words that hide who acts, or what is meant: say the client, the user, the server, the version.
_WORDS: Final = (
    *("whoever", "whomever", "whichever", "whatsoever", "somebody", "nobody", "everybody"),
    *("anybody", "someone", "everyone", "anyone", "those (?:who|that|which)", "he who"),
    *("ones? (?:that|who|which)", "that which", "anew", "(?:stands?|stood|standing) (?:up)?on"),
    *("but for", "goodbyes?", "nothing stands", "thereof", "hitherto", "henceforth", "lest"),
    *("hangs? on", "told of"),
)
VAGUE: Final = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_SKIPPED: Final = {"node_modules", "__pycache__"}
_COMMENT: Final = re.compile(r"(?:\s*|.*?\s\s)#[! ]*(.*)")
_CODE: Final = re.compile(r"`[^`]*`|\*\*|https?://\S+")
_END: Final = re.compile(r"(?<=[.!?;:])\s+|\n\s*\n|\s\|\s")
_WORD: Final = re.compile(r"[A-Za-z0-9][\w'’./-]*")


class Sentence(NamedTuple):
    path: Path
    line: int
    text: str

    @property
    def words(self) -> int:
        return len(_WORD.findall(_CODE.sub("code", self.text)))

    def __str__(self) -> str:
        return f"{os.path.relpath(self.path, ROOT)}:{self.line}: {' '.join(self.text.split())}"


def sentences(path: Path) -> Iterator[Sentence]:
    """Every sentence that a file has for its reader."""
    read = _markdown if path.suffix == ".md" else _python
    for line, text in read(path):
        at = 0
        for end in [*_END.finditer(text), None]:
            stop = len(text) if end is None else end.start()
            part = text[at:stop]
            if part.strip():
                yield Sentence(path, line + text.count("\n", 0, at), part.strip())
            at = stop if end is None else end.end()


def _markdown(path: Path) -> Iterator[tuple[int, str]]:
    """Paragraphs, items and cells outside code blocks."""
    begun, lines, in_code = 0, list[str](), False
    for number, line in enumerate([*path.read_text().splitlines(), ""], 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
            continue
        is_own = line.lstrip().startswith(("- ", "* ", "#", "|", ">")) or re.match(
            r"\s*\d+\. ", line
        )
        if (not line.strip() or is_own or in_code) and lines:
            yield begun, "\n".join(lines)
            lines = []
        if line.strip() and not in_code:
            if not lines:
                begun = number
            lines.append(line)


def _python(path: Path) -> Iterator[tuple[int, str]]:
    """Docstrings, texts for users, and comments that follow one another."""
    source = path.read_text()
    read = _read_already().get(path)
    for node in nodes(read) if read else syntax(source, without=(ast.Name, ast.Constant)):
        if isinstance(node, ast.Call):
            yield from _texts_for_users(node)
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text
    yield from _comments(source)


@cache
def _read_already() -> dict[Path, Source]:
    """The files whose syntax the rules of the house need too: all but the tests."""
    return {ROOT / source.path: source for source in sources() if source.part != "tests"}


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Comments; those on lines of their own that follow one another are one text."""
    begun, lines = 0, list[str]()
    for row, line in enumerate([*source.splitlines(), ""], 1):
        comment = _COMMENT.match(line) if "#" in line else None
        if lines and not (comment and line.lstrip().startswith("#")):
            yield begun, "\n".join(lines)
            lines = []
        if comment is None:
            continue
        if not line.lstrip().startswith("#"):
            yield row, comment[1]
        else:
            begun = begun if lines else row
            lines.append(comment[1])


def _texts_for_users(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Sentences among the arguments: of errors, log lines, settings and descriptions."""
    for part in (*call.args, *(keyword.value for keyword in call.keywords)):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            text = part.value
        elif isinstance(part, ast.JoinedStr):
            text = "".join(
                str(one.value) if isinstance(one, ast.Constant) else "value" for one in part.values
            )
        else:
            continue
        if len(text.split()) > 3 and not text.lstrip().startswith(("{", "<", "SELECT", "function")):
            yield part.lineno, text


def files(top: Path) -> Iterator[Path]:
    """The files with text for people at a place."""
    if top.is_file():
        yield top
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(set(folders) - _SKIPPED)
        for name in sorted(names):
            if name.endswith((".md", ".py")):
                yield Path(folder, name)


def vague(sentence: Sentence) -> str:
    """The vague words of a sentence, if any."""
    found = VAGUE.findall(_CODE.sub("code", sentence.text))
    return ", ".join(sorted({word.lower() for word in found}))


def broken_rules(sentence: Sentence) -> str:
    """What is wrong with a sentence, as far as a test can say; empty when nothing is."""
    found = vague(sentence)
    if found:
        return f"vague: {found}"
    return f"{sentence.words} words" if sentence.words > MOST_WORDS else ""


def main(tops: list[str]) -> None:
    for path in (path for top in TOPS for path in files(ROOT / top)):
        if not tops or str(path.relative_to(ROOT)).startswith(tuple(tops)):
            for sentence in sentences(path):
                if broken_rules(sentence):
                    print(f"{sentence}  ({broken_rules(sentence)})")


if __name__ == "__main__":
    main(sys.argv[1:])
