"""`make demo` without a display: it plays all scenes, and makes a picture of each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.demo import GAP, HEIGHT, WIDTH, main, write_index
from tests.house import ROOT
from tests.patience import PATIENCE

pytestmark = pytest.mark.real


async def test_two_people_are_shown_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "01-of-an-earlier-show.png").touch()
    show = await main(tmp_path, has_display=False)
    assert len(show.scenes) >= 8
    text = write_index(show, tmp_path).read_text("utf-8")
    for file, words in show.scenes:
        assert words in text
        with Image.open(tmp_path / file) as picture:
            assert picture.size == (2 * WIDTH + GAP, HEIGHT)
    shown = {"index.html", *(file for file, _ in show.scenes)}
    assert set(os.listdir(tmp_path)) == shown, "the earlier picture is gone"


def processes_of(folder: Path) -> list[str]:
    """The commands of all processes that name a folder."""
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended
            continue
    return [each for each in commands if str(folder) in each]


@pytest.mark.parametrize(
    "is_to_all",
    [
        pytest.param(True, id="ctrl-c"),
        pytest.param(False, id="kill", marks=pytest.mark.long),
    ],
)
def test_a_stopped_demo_leaves_nothing(tmp_path: Path, is_to_all: bool) -> None:
    temporary, pictures = tmp_path / "temporary", tmp_path / "pictures"
    temporary.mkdir()
    kept = {name: each for name, each in os.environ.items() if not name.endswith("DISPLAY")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.demo", str(pictures)],
        cwd=ROOT,
        env={**kept, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        next(line for line in output if line.startswith("  1."))
        assert processes_of(temporary) != []
        # A terminal sends it to all processes of the show.
        if is_to_all:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        said = output.read()
    assert process.wait(PATIENCE) == 130
    assert said.splitlines()[-1] == "The demo was stopped.", said
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
    assert processes_of(temporary) == []
    assert not pictures.exists()
