"""What the process that reads a picture may use. Each test sets the limits in a process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.house import ROOT

pytestmark = pytest.mark.thorough

START = """
import os, resource, signal, socket, sys
from server.assets.limits import end_with_parent, limit_this_process
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + code], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "forbidden", ["open('/etc/passwd')", "os.pipe()", "socket.socket()", "os.dup(0)"]
)
def test_nothing_can_be_opened(forbidden: str) -> None:
    done = run(
        f"limit_this_process(2**30, 5)\n"
        f"try:\n    {forbidden}\nexcept OSError as error:\n    os.write(1, b'no')\n"
    )
    assert done.stdout == "no"


def test_a_file_that_is_open_already_cannot_grow() -> None:
    done = run(
        "import tempfile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with tempfile.TemporaryFile(buffering=0) as file:\n"
        "    limit_this_process(2**30, 5)\n"
        "    try:\n        file.write(b'x')\n    except OSError:\n        os.write(1, b'no')\n"
    )
    assert done.stdout == "no"


def test_memory_is_limited() -> None:
    done = run(
        "limit_this_process(2**30, 5)\n"
        "try:\n    bytearray(2**30)\nexcept MemoryError:\n    os.write(1, b'no')\n"
    )
    assert done.stdout == "no"


def test_time_is_limited() -> None:
    done = run("limit_this_process(2**30, 0.1)\nwhile True: pass")
    assert done.returncode == -signal.SIGXCPU


def test_limits_cannot_be_raised_again() -> None:
    done = run(
        "limit_this_process(2**30, 5)\n"
        "os.write(1, str([resource.getrlimit(kind)[1] for kind in "
        "(resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_AS)]).encode())\n"
    )
    assert done.stdout == f"[0, 0, {2**30}]"


def test_a_process_without_its_parent_ends_at_once() -> None:
    assert run("end_with_parent(os.getppid())\nos.write(1, b'lives')").stdout == "lives"
    done = run("end_with_parent(1 if os.getppid() > 1 else 2)\nos.write(1, b'lives')")
    assert (done.stdout, done.returncode) == ("", 1)
