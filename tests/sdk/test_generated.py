"""The generated files of the SDK: what the server sends, its size, the types, the package."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from bench.sdk import LOADED, SERVED, zipped
from tests.house import ROOT
from tests.yjs_peer import NODE, has_node

SDK = ROOT / "static" / "sdk"
# The most bytes of all that a page ever loads for `connect`, `set`, `text`, presence, locks,
# history and undo. The server sends them with gzip. When a change makes them larger,
# `make sdk-search` finds shorter names.
MOST_BYTES = 18_432

needs_node = pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.real
@needs_node
def test_the_generated_files_are_those_of_the_modules() -> None:
    run("node", "build_sdk.mjs", cwd=NODE)


@pytest.mark.real
@needs_node
def test_the_served_scripts_of_the_pages_are_those_of_the_modules() -> None:
    run("node", "build_tools.mjs", cwd=NODE)


def test_the_sdk_is_small() -> None:
    assert sum(map(zipped, LOADED)) <= MOST_BYTES


def test_the_documented_sizes_are_those_of_the_files() -> None:
    sizes = {path.name: f"{zipped(path.name):,}" for path in SERVED.glob("*.js")}
    brotli = f"{(SERVED / 'weft.js.br').stat().st_size:,}"
    page = (ROOT / "docs" / "performance.md").read_text()
    decision = (ROOT / "docs" / "decisions" / "browser-sdk.md").read_text()
    assert dict(re.findall(r"^\| `(\w+\.js)` \| ([\d,]+) \|", page, re.MULTILINE)) == sizes
    for text in (page, decision):
        [said] = re.findall(r"load ([\d,]+) bytes with gzip, and ([\d,]+) with brotli", text)
        assert said == (sizes["weft.js"], brotli)


def test_every_other_file_that_a_page_can_load_is_counted() -> None:
    later = {"weft.js"}
    for name in LOADED:
        text = (SERVED / name).read_text()
        later |= set(re.findall(r"""\b(?:import|from)\s*\(?["']\./([^"']+)""", text))
    assert later - set(LOADED) == {"assets.js", "documents.js", "publishing.js"}


def test_the_package_has_the_version_of_the_server() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert json.loads((SDK / "package.json").read_text())["version"] == project["version"]


@pytest.mark.real
@needs_node
def test_an_application_compiles_strictly_with_the_installed_package(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "sample" / "app.ts", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", str(SDK), cwd=tmp_path)
    options = [
        "--strict",
        "--noEmit",
        "--target",
        "es2023",
        "--lib",
        "es2023,dom",
        "--module",
        "nodenext",
    ]
    run("node", str(NODE / "node_modules/typescript/bin/tsc"), *options, "app.ts", cwd=tmp_path)
    run("node", "-e", "import('weft-sdk').then(({ connect }) => connect.name)", cwd=tmp_path)
