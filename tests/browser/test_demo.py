"""`make demo` without a display: it plays all scenes, and makes a picture of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.browser.demo import GAP, HEIGHT, WIDTH, main, write_index

pytestmark = pytest.mark.real


async def test_two_people_are_shown_side_by_side(tmp_path: Path) -> None:
    show = await main(tmp_path, has_display=False)
    assert len(show.scenes) >= 8
    text = write_index(show, tmp_path).read_text("utf-8")
    for file, words in show.scenes:
        assert words in text
        with Image.open(tmp_path / file) as picture:
            assert picture.size == (2 * WIDTH + GAP, HEIGHT)
