"""The programs of docs/python-client.md do what the page says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import weft
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.snippets import snippet

pytestmark = pytest.mark.real
PAGE = "docs/python-client.md"
START = {"title": "", "pages": {"home": {"title": "buy our chairs", "reviewed": False}}}


def run(program: str, server: RunningServer, token: str) -> list[str]:
    """Run a program of the page, and return the lines that it prints."""
    env = {**os.environ, "SERVER": server.http, "TOKEN": token}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(
        command, check=False, env=env, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def value(server: RunningServer, token: str) -> Any:
    return call("GET", f"{server.http}/v1/docs/home", token=token).body


def test_the_first_program_creates_and_edits_a_document(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = server.token("agent")
        printed = run(snippet("docs/python-client.md", "first"), server, token)
        assert printed == ["Hello from Python"]
        assert value(server, token) == {"title": "Hello from Python"}


def test_the_agent_rewrites_a_headline_and_takes_it_back_on_a_refusal(tmp_path: Path) -> None:
    agent = snippet("docs/python-client.md", "agent")
    assert len([line for line in agent.splitlines() if line.strip()]) <= 20
    with RunningServer(tmp_path) as server:
        token, bo = server.token("agent"), server.token("bo")
        url = f"{server.http}/v1/docs/home"
        call("PUT", url, START, token=bo)
        assert run(agent, server, token) == ["Buy our chairs"]
        home = {"title": "Buy our chairs", "reviewed": True}
        assert value(server, token)["pages"]["home"] == home
        ops = [{"op": "replace", "path": "/pages", "value": START["pages"]}]
        call("PATCH", url, ops, token=bo)
        call("POST", f"{url}/locks", {"scope": "/pages/home/reviewed"}, token=bo)
        refused, shown = run(agent, server, token)
        assert refused.startswith("refused: ")
        assert shown == "buy our chairs"
        assert value(server, token) == START


def test_the_notebook_edits_without_await(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = server.token("ada")
        call("PUT", f"{server.http}/v1/docs/home", START, token=token)
        printed = run(snippet("docs/python-client.md", "notebook"), server, token)
        assert printed == ["Hello from a notebook", ""]


def test_the_page_names_every_public_error() -> None:
    page = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
    errors = [name for name in weft.__all__ if name.endswith(("Error", "Refusal"))]
    assert [name for name in errors if name not in page] == []
