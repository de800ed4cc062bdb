"""The pictures of the user guide can be made again, each from the editor as it is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.browser.guide import main
from tests.house import ROOT

NAMED = set(re.findall(r"\(guide/(.*?\.png)\)", (ROOT / "docs/user-guide.md").read_text("utf-8")))


def test_the_guide_shows_each_picture_that_is_there() -> None:
    assert {path.name for path in (ROOT / "docs/guide").iterdir()} == NAMED


def test_no_picture_is_there_under_two_names() -> None:
    made = [path.read_bytes() for path in (ROOT / "docs/guide").iterdir()]
    assert len(set(made)) == len(made)


@pytest.mark.real
@pytest.mark.long
def test_each_picture_is_made(tmp_path: Path) -> None:
    asyncio.run(main(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == NAMED
