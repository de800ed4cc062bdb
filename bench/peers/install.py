"""Installs the other servers: npm packages beside their scripts, PyPI packages in the cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

from bench.cache import CACHE

NODE = Path(__file__).parent / "node"
PYTHON = Path(__file__).parent / "python"
TARGET = CACHE / "python"
# The packages of the tests have Node for each kind of machine. Hocuspocus needs version 22.
NODES = Path(__file__).parent.parent.parent / "tests" / "node" / "node_modules"


class NotInstalled(RuntimeError):
    """A server that this machine cannot run, with the reason."""


@cache
def node() -> str:
    """Install the packages of npm when they are missing or old; return the path of Node."""
    npm, stamp = shutil.which("npm"), NODE / "node_modules" / ".weft-lock"
    lock = _digest(NODE / "package-lock.json")
    if not stamp.is_file() or stamp.read_text() != lock:
        if npm is None:
            raise NotInstalled("npm is missing (Debian: npm)")
        _run([npm, "ci", "--silent", "--ignore-scripts"], NODE)
        stamp.write_text(lock)
    found = [str(path) for path in NODES.glob("node-linux-*/bin/node") if _runs(str(path))]
    found += [path for path in [shutil.which("node")] if path]
    if not found:
        raise NotInstalled("Node is missing (Debian: nodejs)")
    return found[0]


@cache
def python_packages() -> Path:
    """Install the packages of PyPI in a folder of their own when they are missing or old."""
    requirements, stamp = PYTHON / "requirements.txt", TARGET / ".weft-lock"
    lock = _digest(requirements)
    if not stamp.is_file() or stamp.read_text() != lock:
        shutil.rmtree(TARGET, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        _run([*pip, "--target", str(TARGET), "-r", str(requirements)], PYTHON)
        stamp.write_text(lock)
    return TARGET


def npm_version(package: str) -> str:
    found = json.loads((NODE / "node_modules" / package / "package.json").read_text("utf-8"))
    return str(found["version"])


def pypi_version(package: str) -> str:
    folder = next(TARGET.glob(f"{package.replace('-', '_')}-*.dist-info"))
    return folder.name.removesuffix(".dist-info").rpartition("-")[2]


@cache
def node_version() -> str:
    told = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True)
    return told.stdout.strip().removeprefix("v")


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _runs(command: str) -> bool:
    try:
        return (
            subprocess.run([command, "--version"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalled(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-300:]}")
