"""Reads the snippets of README.md and docs/, and runs shell snippets.

The line above a code fence is an HTML comment, which readers do not see. `<!-- snippet NAME -->`
names the snippet for the test that runs it. `<!-- not run: REASON -->` says why no test runs it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.house import ROOT
from tests.running import WEFT

# The language of text that is no code: diagrams, and the output of programs.
TEXT = "text"
# The languages of messages in docs/wire.md: tests/test_wire_documented.py reads them.
MESSAGES = frozenset({"json client", "json server", "json op"})

_FENCE = re.compile(
    r"^(?P<above>[^\n]*)\n(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_NAMED = re.compile(r" *<!-- snippet ([a-z0-9-]+) -->")
_NOT_RUN = re.compile(r" *<!-- not run: \S.{10,} -->")


class Snippet(NamedTuple):
    page: str
    line: int
    language: str
    text: str
    name: str
    has_reason: bool

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page.relative_to(ROOT).as_posix() for page in found]


def read(page: str, text: str) -> Iterator[Snippet]:
    """Yield the snippets of a page. A page begins with its title, so each has a line above it."""
    for found in _FENCE.finditer(text):
        above, indent = found["above"], found["indent"]
        named = _NAMED.fullmatch(above)
        yield Snippet(
            page,
            text.count("\n", 0, found.start()) + 2,
            found["language"],
            re.sub(f"^{indent}", "", found["text"], flags=re.MULTILINE),
            named[1] if named else "",
            _NOT_RUN.fullmatch(above) is not None,
        )


def snippets(page: str) -> list[Snippet]:
    return list(read(page, (ROOT / page).read_text(encoding="utf-8")))


def snippet(page: str, name: str) -> str:
    """Return the text of the snippet with this name."""
    (found,) = [each for each in snippets(page) if each.name == name]
    return found.text


def run(text: str, cwd: Path, **variables: str) -> str:
    """Run a shell snippet with `weft` on its PATH, and return its output.

    When a command of the snippet fails, the test fails.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
    path = f"{WEFT.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=cwd,
        env={**inherited, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout
