"""The generated files of the SDK: the bundle, its size, the types, the package."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.yjs_peer import NODE, has_node

SDK = ROOT / "static" / "sdk"
# All that a page loads for `connect`, `set`, `text`, presence, locks, history and undo, gzipped.
# The aim is 18 KB: lower this number with the size.
MOST_BYTES = 22_000

needs_node = pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.real
@needs_node
def test_the_generated_files_are_those_of_the_modules() -> None:
    run("node", "build_sdk.mjs", cwd=NODE)


def test_the_sdk_is_small() -> None:
    bundle = (SDK / "weft.min.js").read_bytes()
    assert len(gzip.compress(bundle, 6, mtime=0)) <= MOST_BYTES
    # What a page needs only sometimes is loaded then.
    rare = {b"./adopt.js", b"./alive.js", b"./caret.js", b"./documents.js"}
    assert set(re.findall(rb'import\("([^"]+)"\)', bundle)) == rare


def test_no_module_of_the_sdk_is_too_long() -> None:
    lengths = {path.name: path.read_text().count("\n") for path in SDK.glob("*.js")}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}


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
