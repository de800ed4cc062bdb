"""The server works with only the rights that the unit of systemd and the image give it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Confined:
    """A server that was used with limits, and has stopped: its folder, and its system calls."""

    data: Path
    is_user: bool  # it ran as the user of the image, and could write into its folder only
    is_denied: bool  # it could make no memory executable that it had written
    trace: Path | None


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Confined:
    """A server with all the limits that this machine can set. It was used, and has stopped."""
    home = tmp_path_factory.mktemp("confined")
    data = home / "data"
    data.mkdir()
    made = Confined(
        data,
        is_user=os.geteuid() == 0 and has("unshare", "setpriv"),
        is_denied=can_deny(),
        trace=data / "trace" if has("strace") else None,
    )
    if made.is_user:
        os.chown(data, UID, UID)
    prefix = ["unshare", "--mount", "sh", "-c", READ_ONLY, str(data), *AS_USER]
    prefix = prefix if made.is_user else []
    if made.trace:
        prefix += ["strace", "-f", "-qq", "-o", str(made.trace)]
    if made.is_denied:
        prefix += [sys.executable, "-c", DENIES]
    server = RunningServer(
        home,
        database=f"sqlite+aiosqlite:///{data}/weft.db",
        env={"TMPDIR": str(data), "HOME": str(data), "PYTHONDONTWRITEBYTECODE": "1"},
        prefix=tuple(prefix),
    )
    with server:
        asyncio.run(use(server))
        assert server.process is not None
        # strace has the exit code of the server.
        own = psutil.Process(server.process.pid)
        (own.children()[0] if made.trace else own).terminate()
        assert server.process.wait(PATIENCE) == 0, server.log()
    return made


def has(*programs: str) -> bool:
    return all(shutil.which(program) for program in programs)


def can_deny() -> bool:
    tried = subprocess.run([sys.executable, "-c", DENIES, "/bin/true"], check=False)
    return tried.returncode == 0


def test_the_server_writes_only_into_its_folder(confined: Confined) -> None:
    if not confined.is_user:
        pytest.skip("only root may become another user, with unshare and setpriv")
    assert (confined.data / "weft.db").is_file()
    assert {path.stat().st_uid for path in confined.data.rglob("*")} == {UID}


def test_the_server_needs_no_memory_that_it_writes_and_executes(confined: Confined) -> None:
    assert "MemoryDenyWriteExecute=yes" in UNIT
    if not confined.is_denied:
        pytest.skip("this kernel cannot deny it: Linux 6.3 can")
    assert (confined.data / "weft.db").is_file()


def test_the_server_makes_only_system_calls_that_the_unit_allows(confined: Confined) -> None:
    if confined.trace is None or not has("systemd-analyze"):
        pytest.skip("strace or systemd-analyze is not installed")
    made = set(CALL.findall(confined.trace.read_text(errors="replace")))
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
