"""The proxy configurations of deploy/, with the addresses of a test instead of the examples."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.house import ROOT

DEPLOY = ROOT / "deploy"
OWN_DOMAIN = "www.bakery.example"
CUSTOMER = f"{OWN_DOMAIN} bakery home"
LOG = "proxy.log"


@dataclass(frozen=True)
class Place:
    """Where a proxy of a test runs, and the ports of the instances behind it.

    `folder` has its certificates, logs and temporary files. With `impatient`, the proxy ends a
    WebSocket that is idle for three seconds, and Caddy looks for an instance for one second.
    """

    folder: Path
    port: int
    spare_port: int
    instances: tuple[int, int]
    impatient: bool = False


@dataclass(frozen=True)
class Kind:
    """A proxy: its file in deploy/, how a test changes it, and the commands that use it."""

    file: str
    scheme: str
    placed: Callable[[str, Place], str]
    check: Callable[[Path], Sequence[str]]
    run: Callable[[Path], Sequence[str]]
    environment: Callable[[Place], Mapping[str, str]] = lambda _: {}

    @property
    def text(self) -> str:
        return (DEPLOY / self.file).read_text(encoding="utf-8")

    def write(self, place: Place) -> Path:
        """Write the configuration for a place, and return its path."""
        make_certificate(place.folder)
        path = place.folder / self.file
        path.write_text(self.placed(self.text, place), encoding="utf-8")
        return path

    def variables(self, place: Place) -> dict[str, str]:
        """Return the environment of the proxy's process."""
        folder = str(place.folder)
        homes = {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        return {**os.environ, **homes, **self.environment(place)}


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """Return the text with each change. The text must contain what is changed."""
    for old, new in changes.items():
        assert old in text, f"the shipped file no longer has: {old}"
        text = text.replace(old, new)
    return text


def make_certificate(folder: Path) -> Path:
    """Make a certificate for the addresses of the tests, in a folder for HAProxy and nginx."""
    certificates = folder / "certificates"
    certificates.mkdir(exist_ok=True)
    key, chain = certificates / "key", certificates / "chain"
    names = f"subjectAltName=IP:127.0.0.1,DNS:weft.example,DNS:{OWN_DOMAIN}"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=weft.example"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", names]
    command += ["-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    both = folder / "haproxy"
    both.mkdir(exist_ok=True)
    (both / "weft.pem").write_bytes(chain.read_bytes() + key.read_bytes())
    return chain


def _nginx(text: str, place: Place) -> str:
    one, two = place.instances
    certificates = place.folder / "certificates"
    changes = {
        "/run/nginx.pid": f"{place.folder}/nginx.pid",
        "/var/log/nginx/error.log": f"{place.folder}/{LOG}",
        "/var/log/nginx/access.log": f"{place.folder}/{LOG}",
        "worker_processes auto": "worker_processes 1",
        "worker_connections 20000": "worker_connections 200",
        "worker_rlimit_nofile 65536": "worker_rlimit_nofile 400",
        "listen 80 ": f"listen 127.0.0.1:{place.spare_port} ",
        "listen 443 ": f"listen 127.0.0.1:{place.port} ",
        "127.0.0.1:8081": f"127.0.0.1:{one}",
        "127.0.0.1:8082": f"127.0.0.1:{two}",
    }
    for name in ("weft.example", "customers"):
        live = f"/etc/letsencrypt/live/{name}"
        changes |= {f"{live}/fullchain.pem": f"{certificates}/chain"}
        changes |= {f"{live}/privkey.pem": f"{certificates}/key"}
    if place.impatient:
        changes |= {"proxy_read_timeout 5m": "proxy_read_timeout 3s"}
        changes |= {"proxy_send_timeout 5m": "proxy_send_timeout 3s"}
    return replaced(text, changes)


def _haproxy(text: str, place: Place) -> str:
    one, two = place.instances
    changes = {
        "maxconn 20000": "maxconn 200",
        "bind :80\n": f"bind 127.0.0.1:{place.spare_port}\n",
        "bind :443 ": f"bind 127.0.0.1:{place.port} ",
        "/etc/haproxy/certs/": f"{place.folder}/haproxy/",
        "127.0.0.1:8081": f"127.0.0.1:{one}",
        "127.0.0.1:8082": f"127.0.0.1:{two}",
    }
    if place.impatient:
        changes |= {"timeout tunnel 5m": "timeout tunnel 3s"}
    return replaced(text, changes)


def _caddy(text: str, place: Place) -> str:
    customer = f"import customer http://{OWN_DOMAIN}:{place.port} bakery home"
    changes = {
        f"# import customer {CUSTOMER}": customer,
        "{\n\t# Yjs clients": "{\n\tadmin off\n\t# Yjs clients",
    }
    if place.impatient:
        changes |= {"lb_try_duration 5s": "lb_try_duration 1s"}
    return replaced(text, changes)


def _caddy_variables(place: Place) -> dict[str, str]:
    instances = " ".join(f"127.0.0.1:{port}" for port in place.instances)
    return {"CADDY_SITE": f":{place.port}", "CADDY_INSTANCES": instances}


KINDS = {
    "haproxy": Kind(
        "haproxy.cfg",
        "https",
        _haproxy,
        check=lambda path: ["haproxy", "-c", "-f", str(path)],
        run=lambda path: ["haproxy", "-db", "-f", str(path)],
    ),
    "nginx": Kind(
        "nginx.conf",
        "https",
        _nginx,
        check=lambda path: ["nginx", "-t", "-p", str(path.parent), "-c", str(path)],
        run=lambda path: ["nginx", "-p", str(path.parent), "-c", str(path), "-g", "daemon off;"],
    ),
    "caddy": Kind(
        "Caddyfile",
        "http",
        _caddy,
        check=lambda path: ["caddy", "validate", "--adapter", "caddyfile", "--config", str(path)],
        run=lambda path: ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)],
        environment=_caddy_variables,
    ),
}
