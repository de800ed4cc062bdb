"""A page loads one served file, or the modules when one of them has changed."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.http import page_scripts
from server.http.page_scripts import (
    FOLDERS,
    LIST_SCREENS,
    SCREENS,
    html_of,
    is_served,
    later_files,
    scripts_of,
)
from server.http.static_files import HOME, MODULES

TOOLS = ("documents", "editor")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of `static/` that a test may change."""
    copy = tmp_path / "static"
    folders = {folder for page in TOOLS for folder in FOLDERS[page]}
    folders |= {"served", "style", *SCREENS, *LIST_SCREENS}
    for folder in folders:
        shutil.copytree(HOME / folder, copy / folder)
    monkeypatch.setattr(page_scripts, "HOME", copy)
    monkeypatch.setattr(page_scripts, "SERVED", copy / "served")
    cached = (scripts_of, html_of, later_files)
    for each in cached:
        each.cache_clear()
    yield copy
    for each in cached:
        each.cache_clear()


@pytest.mark.parametrize("page", TOOLS)
def test_a_page_has_one_script(page: str) -> None:
    assert scripts_of(page) == (f"served/{page}.js",), "run make sdk"


@pytest.mark.parametrize("page", TOOLS)
def test_a_changed_module_is_loaded_itself(home: Path, page: str) -> None:
    with (home / "ui" / "toast.js").open("a") as file:
        file.write("// another line\n")
    *others, start = scripts_of(page)
    assert start == f"{page}/{page}.js"
    assert "ui/toast.js" in others
    assert len(others) > 20


@pytest.mark.parametrize(
    "gone", ["served/sources.json", "served/editor.js", "served/editor.css", "ui/toast.js"]
)
def test_without_one_of_the_files_the_modules_are_loaded(home: Path, gone: str) -> None:
    assert is_served("editor")
    (home / gone).unlink()
    assert not is_served("editor")


@pytest.mark.parametrize("page", TOOLS)
def test_a_page_has_one_style_sheet_beside_the_canvas(page: str) -> None:
    links = [line.strip() for line in html_of(page).splitlines() if "stylesheet" in line]
    own = [link for link in links if "canvas.css" not in link]
    assert own == [f'<link rel="stylesheet" href="/modules/{{version}}/served/{page}.css" />']


def test_a_changed_style_sheet_is_loaded_itself(home: Path) -> None:
    with (home / "ui" / "ui.css").open("a") as file:
        file.write("p { color: red }")
    assert "/modules/{version}/ui/ui.css" in html_of("editor")
    assert "/static/style/tokens.css" in html_of("editor")
    assert "served" not in html_of("editor")


def test_a_screen_is_a_file_of_its_own_and_belongs_to_the_editor(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_scripts, "SCREENS", ("another",))
    (home / "another").mkdir()
    for kind in ("js", "css"):
        (home / "another" / f"another.{kind}").write_text("/* a screen */")
    assert not is_served("editor"), "its file is missing"
    assert later_files("editor") == ("another/another.css", "another/another.js")
    for kind in ("js", "css"):
        (home / "served" / f"another.{kind}").write_text("/* a screen */")
    scripts_of.cache_clear()
    later_files.cache_clear()
    assert later_files("editor") == ("served/another.js", "served/another.css")
    assert scripts_of("editor") == ("served/editor.js",)


def test_the_list_of_pages_has_a_screen_too() -> None:
    assert later_files("documents") == ("served/new_page.js", "served/new_page.css"), "run make sdk"
    assert later_files("preview") == ()


@pytest.mark.parametrize(("screen", "most"), [("gallery", 8), ("new_page", 18)])
def test_the_templates_have_a_limit_and_come_later(screen: str, most: int) -> None:
    """The limits are in KB, with gzip."""
    served = {kind: (HOME / f"served/{screen}.{kind}").read_bytes() for kind in ("js", "css")}
    assert sum(len(gzip.compress(each, 9)) for each in served.values()) <= most * 1024
    for page in TOOLS:
        first = (HOME / f"served/{page}.js").read_text("utf-8")
        assert "Hearth & Rye" not in first
        assert "Hero in the centre" not in first


def test_a_preview_has_its_modules() -> None:
    assert scripts_of("preview")[-1] == "preview/preview.js"


def test_all_folders_are_served() -> None:
    assert {folder for folders in FOLDERS.values() for folder in folders} <= set(MODULES)
    assert {*SCREENS, *LIST_SCREENS} <= set(MODULES)
