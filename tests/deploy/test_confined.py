"""The server works with only the rights that the unit of systemd and the image give it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from collab.rights.user_rights import Role
from tests.deploy.test_unit import UNIT
from tests.live.http_client import call
from tests.live.test_publishing import PAGE
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import RunningServer

pytestmark = pytest.mark.real

UID = 10_001  # the user of the image
# Runs a program as this user. It may read files that only root may read, because Python itself may
# lie there.
READS = "+dac_read_search"
AS_USER = (
    *("setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", "--no-new-privs"),
    *("--bounding-set", f"-all,{READS}", "--inh-caps", READS, "--ambient-caps", READS),
)
# Runs a program while the file system is read-only, except one folder.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec "$@"'
# Runs a program that can make no memory executable that it has written (MemoryDenyWriteExecute).
DENIES = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
"""
CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)", re.MULTILINE)


async def use(server: RunningServer) -> None:
    """Use all parts of the server that need something of the system."""
    token = await server.mint("pia", Role.PUBLISHER)
    url = f"{server.http}/v1/docs/home"
    assert call("PUT", url, PAGE, token=token).status == 201
    client = await PatchClient.connect(server.ws, "home", token)
    assert (await client.set("/site/name", "Weft"))["type"] == "ack"
    await client.close()
    assert call("POST", f"{url}/publish", {}, token=token).status == 200
    assert call("GET", f"{server.http}/p/demo/home", Accept_Encoding="br").status == 200
    out = BytesIO()
    Image.new("RGB", (800, 600), "navy").save(out, "PNG")
    made = call("POST", f"{server.http}/v1/assets", raw=out.getvalue(), token=token)
    assert made.status == 201, made.raw
    assert call("GET", server.http + made.body["url"]).status == 200
    assert call("GET", f"{server.http}/metrics").status == 200


def needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that belongs to the user."""
    needs("unshare", "setpriv")
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, UID, UID)
    return folder


def server_as_user(data: Path, *prefix: str) -> RunningServer:
    return RunningServer(
        data.parent,
        database=f"sqlite+aiosqlite:///{data}/weft.db",
        env={"TMPDIR": str(data), "HOME": str(data), "PYTHONDONTWRITEBYTECODE": "1"},
        prefix=prefix,
    )


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in folder.rglob("*")}


async def test_the_server_writes_only_into_its_folder(data: Path) -> None:
    confined = ("unshare", "--mount", "sh", "-c", READ_ONLY, str(data), *AS_USER)
    with server_as_user(data, *confined) as server:
        await use(server)
        assert server.stop() == 0, server.log()
    assert (data / "weft.db").is_file()
    assert owners(data) == {UID}


def can_deny() -> bool:
    tried = subprocess.run([sys.executable, "-c", DENIES, "/bin/true"], check=False)
    return tried.returncode == 0


async def test_the_server_needs_no_memory_that_it_writes_and_executes(tmp_path: Path) -> None:
    assert "MemoryDenyWriteExecute=yes" in UNIT
    if not can_deny():
        pytest.skip("this kernel cannot deny it: Linux 6.3 can")
    with RunningServer(tmp_path, prefix=(sys.executable, "-c", DENIES)) as server:
        await use(server)
        assert server.stop() == 0, server.log()


async def test_the_server_makes_only_system_calls_that_the_unit_allows(data: Path) -> None:
    needs("strace", "systemd-analyze")
    trace = data / "trace"
    traced = (*AS_USER, "strace", "-f", "-qq", "-o", str(trace))
    with server_as_user(data, *traced) as server:
        await use(server)
        assert server.process is not None
        (child,) = psutil.Process(server.process.pid).children()
        child.terminate()  # strace has the exit code of the server
        assert server.process.wait(PATIENCE) == 0, server.log()
    made = set(CALL.findall(trace.read_text(errors="replace")))
    assert {"fdatasync", "epoll_wait"} & made, "the trace has the server's calls"
    assert made - allowed() == set()


def allowed() -> set[str]:
    """Return the system calls of the unit's filters."""
    calls: set[str] = set()
    for given in re.findall(r"^SystemCallFilter=(.+)$", UNIT, re.MULTILINE):
        listed = set().union(*(expand(name) for name in given.lstrip("~").split()))
        calls = calls - listed if given.startswith("~") else calls | listed
    return calls


def expand(name: str) -> set[str]:
    """Return the system calls of a set of systemd, such as `@system-service`."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True
    )
    lines = [line.strip() for line in done.stdout.splitlines()[1:]]
    return set().union(*(expand(line) for line in lines if line and not line.startswith("#")))
