"""The unit of systemd: systemd accepts it, and gives the service few rights."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.cli.main import _parser
from server.runtime.settings import Settings
from server.workers.supervisor import _LATE_SECONDS
from tests.deploy.shipped import DEPLOY
from tests.running import WEFT

UNIT = (DEPLOY / "weft.service").read_text(encoding="utf-8")
PROGRAM = "/opt/weft/bin/weft"
# From 0, no risk, to 10. What is left: the network, and files that every user may read.
MOST_EXPOSURE = 1.5


def value(name: str) -> str:
    (found,) = re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)
    return str(found)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with the program of this test, because systemd checks that the program exists."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    assert PROGRAM in UNIT
    path = tmp_path / "weft.service"
    path.write_text(UNIT.replace(PROGRAM, str(WEFT)), encoding="utf-8")
    return path


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.real
def test_systemd_accepts_the_unit(unit: Path) -> None:
    assert analyze("verify", str(unit)) == ""


@pytest.mark.real
def test_the_service_has_few_rights(unit: Path) -> None:
    told = analyze("security", "--offline=true", "--no-pager", str(unit))
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert exposure is not None, told
    assert float(exposure[1]) <= MOST_EXPOSURE, told


def test_the_unit_starts_the_server() -> None:
    program, *arguments = value("ExecStart").split()
    assert program == PROGRAM
    assert _parser().parse_args(arguments).command == "serve"


def test_systemd_does_not_kill_the_server_before_it_has_stopped() -> None:
    assert int(value("TimeoutStopSec")) > Settings().drain_seconds + _LATE_SECONDS


def test_the_server_may_write_where_it_must() -> None:
    home = Path("/var/lib/weft")
    assert Path(value("WorkingDirectory")) == home
    folders = {str(Path("/var/lib") / each) for each in value("StateDirectory").split()}
    assert folders == {str(home), value("Environment").removeprefix("TMPDIR=")}
