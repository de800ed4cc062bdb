"""Committed files name no registry host and no path of the author's machine."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.house import ROOT

LOCKS = ("constraints.txt", "tests/node/package-lock.json", "tests/node/.npmrc")
REGISTRIES = ("pypi.org", "pythonhosted.org", "npmjs.org", "yarnpkg.com")
HOMES = tuple(f"/{folder}/" for folder in ("home", "Users", "root"))
OWN = re.compile(r"(?<![\w./])/(?:(?:home|Users)/[a-z][\w-]*|root)/")


def committed() -> Iterator[tuple[str, str]]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if listing.returncode != 0:
        pytest.skip("this is not a git checkout")
    for name in listing.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            yield name, path.read_text(encoding="utf-8", errors="replace")


def registry_hosts() -> set[str]:
    """The hosts that this machine's pip and npm are told to download from."""
    addresses = [value for name, value in os.environ.items() if _names_a_registry(name.lower())]
    for file in (
        Path("/etc/pip.conf"),
        Path.home() / ".pip/pip.conf",
        Path(sys.prefix, "pip.conf"),
    ):
        addresses += _pip_addresses(file)
    addresses += _pip_addresses(Path.home() / ".config/pip/pip.conf")
    npmrc = Path.home() / ".npmrc"
    if npmrc.is_file():
        addresses += re.findall(r"registry\s*=\s*(\S+)", npmrc.read_text(encoding="utf-8"))
    hosts = {urlsplit(word).hostname for address in addresses for word in address.split()}
    return {host for host in hosts if host and not host.endswith(REGISTRIES)}


def _names_a_registry(variable: str) -> bool:
    return variable.endswith(("index_url", "registry", "find_links"))


def _pip_addresses(file: Path) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(file, encoding="utf-8")
    names = ("index-url", "extra-index-url", "find-links")
    return [
        parser[section][name] for section in parser for name in names if name in parser[section]
    ]


def machine_paths() -> set[str]:
    """The paths of the checkout and of the home directory, unless they are too general."""
    places = {ROOT, ROOT.parent, Path.home()}
    return {f"{place}/" for place in places if place not in {Path("/"), Path("/tmp"), Path("/var")}}


def test_lock_files_name_versions_without_download_hosts() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert [host for host in REGISTRIES if host in text] == []
        if name.endswith((".txt", ".npmrc")):
            assert "://" not in text
    lock = json.loads((ROOT / "tests/node/package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_no_registry_host_is_committed() -> None:
    hosts = registry_hosts()
    found = [(name, host) for name, text in committed() for host in hosts if host in text]
    assert found == []


def test_no_path_of_the_authors_machine_is_committed() -> None:
    own = machine_paths()
    assert [name for name, text in committed() if names_one_of(own, text)] == []


def names_one_of(own: set[str], text: str) -> bool:
    if any(home in text for home in HOMES) and OWN.search(text):
        return True
    return any(p in text and re.search(rf"(?<![\w.]){re.escape(p)}", text) for p in own)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("in @home/ada/weft", True),
        ("in @Users/ada/weft", True),
        ("@root/x", True),
        ("@srv/weft/x", True),
        ("https://weft.example@home/ada/", False),
        ("GET /v1@root/x", False),
        ("@home/", False),
        ("x@srv/weft/", False),
    ],
)
def test_a_path_of_a_machine_is_found(text: str, is_found: bool) -> None:
    """Each "@" stands for a slash: this file names no path of a machine either."""
    assert names_one_of({"/srv/weft/"}, text.replace("@", "/")) == is_found


def test_every_package_of_the_project_is_pinned() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {_plain(line) for line in pins.splitlines() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted += extra
    assert {_plain(requirement) for requirement in wanted} <= pinned


def _plain(requirement: str) -> str:
    name = re.split(r"[=\[;<>! ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()
