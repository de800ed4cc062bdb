"""The configurations of the proxies: the proxy accepts them, and they fit Weft's own limits."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.runtime.settings import Settings
from tests.deploy.shipped import KINDS, Place
from tests.house import ROOT

PAGE = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
HAPROXY, NGINX, CADDY = (KINDS[name].text for name in ("haproxy", "nginx", "caddy"))
SECONDS = {"s": 1, "m": 60, "h": 3600}
# docs/operations.md: on every WebSocket, Weft sends something more often than this.
SILENCE = 60


@pytest.mark.real
@pytest.mark.parametrize("name", KINDS)
def test_the_proxy_accepts_its_file(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    kind, place = KINDS[name], Place(tmp_path, 18443, 18080, (8081, 8082))
    done = subprocess.run(
        list(kind.check(kind.write(place))),
        env=kind.variables(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert not re.search("warn", done.stdout, re.IGNORECASE), done.stdout


def seconds(pattern: str, text: str) -> list[int]:
    found = re.findall(rf"{pattern} (\d+)([smh])\b", text)
    assert found, pattern
    return [int(number) * SECONDS[unit] for number, unit in found]


@pytest.mark.parametrize(
    ("text", "timeout"),
    [
        (HAPROXY, "timeout tunnel"),
        (HAPROXY, "timeout client"),
        (HAPROXY, "timeout server"),
        (NGINX, "proxy_read_timeout"),
        (NGINX, "proxy_send_timeout"),
    ],
)
def test_a_timeout_is_longer_than_the_silence_of_a_socket(text: str, timeout: str) -> None:
    assert Settings().ping_seconds < SILENCE < min(seconds(timeout, text))


def test_an_idle_connection_to_an_instance_ends_before_weft_ends_it() -> None:
    # uvicorn's default, which Weft keeps.
    assert max(seconds("keepalive_timeout", NGINX) + seconds("keepalive", CADDY)) < 5


def test_the_largest_body_is_that_of_weft() -> None:
    assert Settings().max_import == 64 << 20
    assert f"content-length) gt {64 << 20} " in HAPROXY
    assert "client_max_body_size 64m;" in NGINX
    assert "max_size 64MiB" in CADDY


def test_a_client_cannot_forge_its_address() -> None:
    assert "http-request set-header X-Forwarded-For %[src]" in HAPROXY
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert "trusted_proxies" not in CADDY  # without it, Caddy overwrites the header


def test_weft_compresses_and_the_proxy_does_not() -> None:
    assert "compression" not in HAPROXY
    assert "gzip off;" in NGINX
    assert not re.search(r"^\s*encode\b", CADDY, re.MULTILINE)


# --- docs/deploying.md ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxy", "text"), [("Caddy", CADDY), ("HAProxy", HAPROXY), ("nginx", NGINX)]
)
def test_the_line_for_a_customer_is_that_of_the_file(proxy: str, text: str) -> None:
    (line,) = re.findall(rf"^\| {proxy} \| `([^`]+)`", PAGE, re.MULTILINE)
    assert line in text


def test_the_documented_command_names_the_site() -> None:
    (command,) = re.findall(r"^sed .+ deploy/Caddyfile(?= >)", PAGE, re.MULTILINE)
    renamed = command.replace("/weft.example/", "/pages.test/")
    done = subprocess.run(renamed, shell=True, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "\npages.test {\n" in done.stdout
    assert "CADDY_SITE:" not in done.stdout
