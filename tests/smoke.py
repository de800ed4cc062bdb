"""`make smoke` checks that Weft runs on this machine.

It starts Weft on a free port with a new database. It makes one edit over the patch lane, reads it
back over HTTP, and stops the server.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

WEFT = Path(sys.executable).with_name("weft")
HEADLINE = "/pages/home/sections/0/content/headline"
FIRST = {
    "pages": {
        "home": {
            "sections": [{"id": "hero-1", "type": "hero", "content": {"headline": "It starts"}}]
        }
    }
}
PATIENCE = 20.0


class SmokeError(Exception):
    """A step failed; the message says which."""


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "weft.log")
        try:
            version = edit_and_read(directory, log)
        except (SmokeError, OSError, WebSocketException, subprocess.SubprocessError) as problem:
            print(f"smoke: failed: {problem}")
            print(log.read_text(encoding="utf-8", errors="replace")[-4000:] if log.exists() else "")
            return 1
    print(f"smoke: ok, one edit committed as version {version} and read back")
    return 0


def edit_and_read(directory: str, log: Path) -> int:
    port = free_port()
    env = os.environ | {"WEFT_DATABASE": f"sqlite+aiosqlite:///{directory}/smoke.db"}
    with server(port, env, log) as process:
        wait_ready(process, port)
        token = make_token(env)
        version = edit(port, token)
        value = read(port, token)
        headline = value["pages"]["home"]["sections"][0]["content"]["headline"]
        if headline != "It runs":
            raise SmokeError(f"read back {headline!r}")
        stop(process)
    return version


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(port: int, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(WEFT), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def wait_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        try:
            raise SmokeError(f"weft serve ended with exit code {process.wait(timeout=0.05)}")
        except subprocess.TimeoutExpired:
            continue
    raise SmokeError(f"/readyz did not answer 200 within {PATIENCE:.0f} s")


def make_token(env: dict[str, str]) -> str:
    command = [str(WEFT), "token", "--user", "smoke", "--role", "editor"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SmokeError(
            f"weft token ended with exit code {done.returncode}: {done.stderr.strip()}"
        )
    return done.stdout.strip()


def edit(port: int, token: str) -> int:
    address = f"ws://127.0.0.1:{port}/v1/docs/smoke/live"
    with connect(address, subprotocols=[Subprotocol("weft.v1")], open_timeout=PATIENCE) as lane:
        lane.send(json.dumps({"type": "open", "token": token, "client": "smoke", "create": FIRST}))
        opened = await_message(lane, "opened")
        patch = {
            "type": "patch",
            "id": "smoke.1",
            "base": opened["version"],
            "ops": [{"op": "replace", "path": HEADLINE, "value": "It runs"}],
        }
        lane.send(json.dumps(patch))
        version: int = await_message(lane, "ack")["version"]
        if version != opened["version"] + 1:
            raise SmokeError(f"the edit on version {opened['version']} made version {version}")
        return version


def await_message(lane: ClientConnection, wanted: str) -> dict[str, Any]:
    """Return the next message of this type; fail at a refusal or a timeout."""
    deadline = time.monotonic() + PATIENCE
    while True:
        frame = json.loads(lane.recv(timeout=max(0.0, deadline - time.monotonic())))
        for message in frame if isinstance(frame, list) else [frame]:
            if message["type"] == wanted:
                found: dict[str, Any] = message
                return found
            if message["type"] in {"reject", "error", "disconnect_notice"}:
                raise SmokeError(f"waited for {wanted}, but received {message}")


def read(port: int, token: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/docs/smoke", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        value: dict[str, Any] = json.load(response)
        return value


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    status = process.wait(timeout=PATIENCE)
    if status not in (0, -signal.SIGTERM):
        raise SmokeError(f"after SIGTERM, weft serve ended with exit code {status}")


if __name__ == "__main__":
    sys.exit(main())
