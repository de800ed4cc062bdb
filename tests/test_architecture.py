"""The rules for imports and files in docs/architecture.md."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.house import (
    PARTS,
    Source,
    covered,
    doors,
    floors,
    imports,
    is_at,
    parts,
    reaches,
    shape,
    sources,
)
from tests.test_scripts import scripts

# --- the rules, as functions of a file ------------------------------------------------------


def part_breaches(source: Source) -> Iterator[str]:
    law = parts()[source.part]
    if "*" in law.may and not law.never:
        return
    for line, module in imports(source):
        top = module.split(".", 1)[0]
        known = top == source.part or top in sys.stdlib_module_names
        if covered(module, law.never):
            yield f"{source.path}:{line} imports {module}, never in {source.part}/"
        elif not known and not covered(module, law.may):
            yield f"{source.path}:{line} imports {module}, which {source.part}/ may not"


def floor_breaches(source: Source) -> Iterator[str]:
    order = floors(source.part)
    here = _floor(source.module)
    if (
        not order
        or here is None
        or (source.module == f"{source.part}.{here}" and source.is_package)
    ):
        return
    if here not in order:
        yield f"{source.path} stands on no floor: give {here} a row in docs/architecture.md"
        return
    for line, module in imports(source):
        there = _floor(module) if module.startswith(f"{source.part}.") else None
        if there in order and order.index(there) > order.index(here):
            yield f"{source.path}:{line} reaches up from {here} to {there}"


def _floor(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def door_breaches(source: Source) -> Iterator[str]:
    if source.part in {"tests", "bench"}:
        return
    closed = {thing for thing, places in doors().items() if not is_at(source.path, places)}
    # `self.storage.put` is no module: look for a dotted thing only among attributes.
    dotted = {thing for thing in closed if "." in thing}
    for found, things in ((imports(source), closed), (reaches(source), dotted)):
        for line, name in found:
            for thing in covered(name, things):
                places = doors()[thing] or "no door"
                yield f"{source.path}:{line} uses {name}; that goes through {places}"


# --- the code keeps the rules ---------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_what_its_row_allows(part: str) -> None:
    assert [b for s in sources() if s.part == part for b in part_breaches(s)] == []


def test_a_floor_imports_only_what_lies_below() -> None:
    assert [b for s in sources() for b in floor_breaches(s)] == []


def test_only_the_listed_modules_import_a_library() -> None:
    assert [b for s in sources() for b in door_breaches(s)] == []


def test_no_file_is_too_long() -> None:
    longest = int(shape("longest file")[0])
    lengths = {s.path: s.text.count("\n") for s in sources() if s.part not in {"tests", "bench"}}
    assert {path: lines for path, lines in lengths.items() if lines > longest} == {}


def test_no_module_has_a_name_without_meaning() -> None:
    vague = set(shape("names"))
    paths = [PurePosixPath(path) for path in (*(s.path for s in sources()), *scripts())]
    assert [str(path) for path in paths if {path.stem, *path.parts} & vague] == []


def test_no_todo_is_left_in_the_code() -> None:
    words = re.compile(rf"\b({'|'.join(shape('words'))})\b")
    texts = {s.path: s.text for s in sources()} | scripts()
    assert [path for path, text in texts.items() if words.search(text)] == []


def test_no_test_sleeps() -> None:
    sleeps = re.compile(r"\bsleep\((?!0\))|\bimport sleep\b")
    found = [s.path for s in sources() if s.part == "tests" and sleeps.search(s.text)]
    assert [path for path in found if path != "tests/test_architecture.py"] == []


# --- each rule finds its breaches -----------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("collab/x.py", "import asyncio"),
        ("collab/x.py", "def f():\n    from time import monotonic"),
        ("collab/x.py", "from server import app"),
        ("collab/room/x.py", "from ...storage import store"),
        ("collab/x.py", "import importlib\nimportlib.import_module('storage.store')"),
        ("collab/x.py", "def f(path):\n    return open(path)"),
        ("collab/x.py", "import pathlib"),
        ("storage/x.py", "from collab.messages import Open"),
        ("storage/x.py", "from collab import document"),
        ("server/x.py", "import pycrdt"),
        ("bench/x.py", "from tests import conftest"),
    ],
)
def test_a_forbidden_import_is_found(path: str, text: str) -> None:
    assert list(part_breaches(Source(path, text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("collab/patch/x.py", "from collab.document import Document"),
        ("collab/patch/x.py", "from collab import room"),
        ("collab/ids.py", "from . import errors"),
        ("collab/ids.py", "import collab\nx = collab.errors.Close"),
        ("collab/ids.py", "from importlib import import_module\nimport_module('collab.errors')"),
        ("collab/attic.py", ""),
        ("server/documents/x.py", "from server.handling import requests"),
        ("server/attic/x.py", ""),
        ("storage/dialect.py", "from storage.sql import schema"),
        ("storage/attic.py", ""),
    ],
)
def test_an_import_of_a_higher_floor_is_found(path: str, text: str) -> None:
    assert list(floor_breaches(Source(path, text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("collab/room/x.py", "from pycrdt import Doc"),
        ("server/documents/hub.py", "def f():\n    from storage.store import SqlStore"),
        ("server/documents/hub.py", "import os\nlevel = os.environ['X']"),
        ("server/documents/hub.py", "import time"),
        ("server/documents/hub.py", "import datetime\nnow = datetime.datetime.now()"),
        ("server/documents/hub.py", "from datetime import datetime as d\nnow = d.now()"),
        ("server/documents/hub.py", "import os as system\nsystem.environ['X']"),
        ("server/documents/hub.py", "import os\ngetattr(os, 'environ')['X']"),
        ("server/documents/hub.py", "import server.services as s\nx: s.Services"),
        ("server/documents/hub.py", "from .. import services"),
        ("server/documents/hub.py", "import server\nx: server.services.Services"),
        ("server/documents/hub.py", "import importlib\nimportlib.import_module(f'server.{x}')"),
        ("server/documents/hub.py", "from importlib import import_module as load"),
        ("server/documents/hub.py", "__import__(name)"),
        ("server/documents/hub.py", "import sys\nsys.modules['server.services']"),
        ("server/documents/hub.py", "setattr(room, name, 1)"),
        ("server/documents/hub.py", "object.__setattr__(room, 'seconds', 1)"),
        ("server/documents/hub.py", "exec(text)"),
    ],
)
def test_an_import_outside_the_listed_modules_is_found(path: str, text: str) -> None:
    assert list(door_breaches(Source(path, text)))


def test_an_allowed_import_is_not_reported() -> None:
    assert not list(part_breaches(Source("collab/x.py", "import re, msgspec, collab.ids")))
    assert not list(floor_breaches(Source("collab/room/x.py", "from collab import ids")))
    assert not list(door_breaches(Source("server/app.py", "from storage.store import S")))
