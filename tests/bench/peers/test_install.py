"""The other servers have exact versions, and their lock names no registry."""

from __future__ import annotations

import json
import re

import pytest

from bench.peers import __main__ as command
from bench.peers.install import NODE, PYTHON


def test_the_packages_of_npm_are_pinned() -> None:
    package = json.loads((NODE / "package.json").read_text("utf-8"))
    lock = json.loads((NODE / "package-lock.json").read_text("utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", each) for each in package["dependencies"].values())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    assert not [name for name, each in lock["packages"].items() if "resolved" in each]


def test_the_packages_of_pypi_are_pinned() -> None:
    lines = (PYTHON / "requirements.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z-]+==[\d.]+", line) for line in lines)


def test_an_unknown_group_is_refused_with_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["no_such_group"]) == 2
    told = capsys.readouterr().out
    assert "no_such_group" in told
    assert "saturation, fixed, patch, others, connections" in told
