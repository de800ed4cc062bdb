"""The rules of docs/architecture.md for the JavaScript in static/."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import pytest

from server.http import static_files
from tests.house import ROOT, floors, shape
from tests.test_house import circles, crowded

SDK = "static/sdk"
# Where the server has the SDK: our pages load the same files as other people's pages.
ENTRANCES = tuple(f"/sdk/{name}.js" for name in static_files.ENTRANCES)
# Made by `make sdk`, or types only.
GENERATED = ("static/sdk/served/", "static/sdk/types/", "static/served/")
IMPORT = re.compile(
    r"""(?:^|[;\s])(?:import|export)\b[^'"();]*?\bfrom\s*['"]([^'"]+)['"]"""
    r"""|(?:^|[;\s])import\s*['"]([^'"]+)['"]"""
    r"""|\bimport\s*\(\s*['"]([^'"]+)['"]""",
    re.MULTILINE,
)


def scripts() -> dict[str, str]:
    """The text of each script that a person wrote, by its path."""
    paths = sorted(path for kind in ("*.js", "*.mjs") for path in (ROOT / "static").rglob(kind))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}
    return {path: text for path, text in texts.items() if not path.startswith(GENERATED)}


# --- the rules, as functions of a file ------------------------------------------------------


def wanted(text: str) -> Iterator[str]:
    """What a script imports, also by `import()` and in the types of its comments."""
    for match in IMPORT.finditer(text):
        yield next(group for group in match.groups() if group)


def target(path: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))


def breaches(path: str, text: str) -> Iterator[str]:
    for each in wanted(text):
        if each in ENTRANCES and not path.startswith(f"{SDK}/"):
            continue
        if not each.startswith(("./", "../")):
            yield f"{path} imports {each}: only relative modules, and the SDK by its address"
        elif path.startswith(f"{SDK}/") and not target(path, each).startswith(f"{SDK}/"):
            yield f"{path} imports {each}, outside {SDK}/"


def floor_breaches(path: str, text: str) -> Iterator[str]:
    order = floors(SDK)
    here = folder(path)
    if here not in order:
        yield f"{path} stands on no floor: give {here} a row in docs/architecture.md"
        return
    for each in wanted(text):
        there = folder(target(path, each))
        if there in order and order.index(there) > order.index(here):
            yield f"{path} reaches up from {here} to {there}"


def folder(path: str) -> str:
    """The floor of a module of the SDK: its folder, or `*.js` for the modules at the top."""
    inside = PurePosixPath(path).relative_to(SDK).parts
    return inside[0] if len(inside) > 1 else "*.js"


def arrows(texts: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        path: sorted({target(path, each) for each in wanted(texts[path]) if each not in ENTRANCES})
        for path in texts
    }


# --- the scripts keep the rules -------------------------------------------------------------


def test_scripts_import_relative_modules_and_the_sdk_never_the_pages() -> None:
    assert [b for path, text in scripts().items() for b in breaches(path, text)] == []


def test_a_module_of_the_sdk_imports_only_what_lies_below() -> None:
    found = [(path, text) for path, text in scripts().items() if path.startswith(f"{SDK}/")]
    assert [b for path, text in found for b in floor_breaches(path, text)] == []


def test_every_floor_of_the_sdk_has_modules() -> None:
    assert set(floors(SDK)) == {folder(path) for path in scripts() if path.startswith(f"{SDK}/")}


def test_there_are_no_import_circles() -> None:
    assert circles(arrows(scripts())) == []


def test_every_import_names_a_script() -> None:
    texts = scripts()
    missing = {each for all_of in arrows(texts).values() for each in all_of} - set(texts)
    assert missing == set()


def test_no_folder_is_too_large() -> None:
    counted = Counter(posixpath.dirname(path) for path in scripts())
    most = int(shape("most modules in a package")[0])
    assert crowded(counted, most, most) == {}


def test_no_script_is_too_long() -> None:
    longest = int(shape("longest file")[0])
    lengths = {path: text.count("\n") for path, text in scripts().items()}
    assert {path: lines for path, lines in lengths.items() if lines > longest} == {}


# --- each rule finds its breaches -----------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("static/editor/a.js", "import { html } from 'https://cdn.example/lit.js';"),
        ("static/editor/a.js", 'const m = await import("yjs");'),
        ("static/editor/a.js", 'import "/sdk/core.js";'),
        ("static/sdk/a.js", 'import "/sdk/weft.js";'),
        ("static/sdk/a.js", "export { x } from '../editor/b.js';"),
        ("static/sdk/a.js", "import {\n  x,\n  y,\n} from '../editor/b.js';"),
        ("static/sdk/text/a.js", "import { x } from '../../editor/b.js';"),
    ],
)
def test_a_forbidden_import_is_found(path: str, text: str) -> None:
    assert list(breaches(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("static/sdk/patch/a.js", 'import { x } from "../core/b.js";'),
        ("static/sdk/patch/a.js", 'import { x } from "../weft.js";'),
        ("static/sdk/core/a.js", 'const m = await import("../session/b.js");'),
        ("static/sdk/core/a.js", '/** @typedef {import("../page/page.js").Page} Page */'),
        ("static/sdk/attic/a.js", ""),
    ],
)
def test_an_import_of_a_higher_floor_is_found(path: str, text: str) -> None:
    assert list(floor_breaches(path, text))


def test_a_circle_is_found() -> None:
    texts = {
        "static/a/x.js": "import '../b/y.js'",
        "static/b/y.js": '/** @type {import("../a/x.js").X} */',
    }
    assert circles(arrows(texts)) == [["static/a/x.js", "static/b/y.js"]]


def test_an_allowed_import_is_not_reported() -> None:
    assert not list(breaches("static/sdk/a.js", "import './b.js';"))
    assert not list(breaches("static/sdk/text/a.js", "import '../patch/b.js';"))
    assert not list(floor_breaches("static/sdk/text/a.js", "import '../patch/b.js';"))
    assert not list(floor_breaches("static/sdk/a.js", "import './patch/b.js';"))
