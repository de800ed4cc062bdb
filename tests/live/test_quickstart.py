"""Follows docs/quickstart.md from top to bottom in a folder like a clone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.actions import type_at_end
from tests.browser.chromium_contexts import Contexts, find, started
from tests.house import ROOT
from tests.live.http_client import call
from tests.running import WEFT, free_port
from tests.snippets import run, snippet
from tests.yjs_peer import NODE, has_node

PAGE = "docs/quickstart.md"
CLONED = ("Makefile", "pyproject.toml", "constraints.txt")


def without_websocket() -> str:
    """Return the flag that removes the built-in WebSocket of a newer Node, to act like Node 20."""
    if not has_node():
        return ""
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return "--no-experimental-websocket" if int(said[1:].split(".")[0]) >= 22 else ""


class Clone:
    """A folder with the files for `make run`; the page's ports are replaced by free ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.page_port = free_port(), free_port()
        for name in CLONED:
            shutil.copy(ROOT / name, folder)
            os.utime(folder / name, (0, 0))  # older than the environment, so make installs nothing
        (folder / ".venv").symlink_to(WEFT.parent.parent)
        self.token = ""

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def here(self, text: str) -> str:
        return text.replace("8000", str(self.page_port)).replace("8080", str(self.port))

    def run(self, text: str) -> str:
        return run(self.here(text), self.folder, TOKEN=self.token)

    @contextmanager
    def started(self, text: str, until: str, *, cwd: str = ".") -> Iterator[Lines]:
        """Start a snippet that runs until it is stopped. Wait for its first line."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
        process = subprocess.Popen(
            # A shell's background job ignores Ctrl-C, and so do its children.
            ["env", "--default-signal=INT", "bash", "-euo", "pipefail", "-c", self.here(text)],
            cwd=self.folder / cwd,
            env={
                **inherited,
                "PYTHONUNBUFFERED": "1",
                "NODE_OPTIONS": without_websocket(),
                "WEFT_PORT": str(self.port),
                "TOKEN": self.token,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the whole process group
        )
        lines = Lines(process)
        try:
            lines.until(until)
            yield lines
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=30)


class Lines:
    """The lines that a process prints. `found` is the last line that `until` returned."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.found = ""

    def until(self, text: str) -> str:
        """Wait for the next line that contains a text, or fail with all lines so far."""
        assert self._process.stdout is not None
        passed = []
        for line in self._process.stdout:
            if text in line:
                self.found = line
                return line
            passed.append(line)
        raise AssertionError(f"{text!r} was not said, but\n{''.join(passed)}")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone whose server runs, after the page's first edits."""
    clone = Clone(tmp_path_factory.mktemp("clone"))
    with clone.started(snippet(PAGE, "start"), "Weft serves"):
        reading = snippet(PAGE, "read")
        said = clone.run(f'{reading}\necho; echo "$TOKEN"')
        clone.token = said.splitlines()[-1]
        assert '"doc":"home"' in said
        assert "HTTP/1.1 200" in said
        yield clone


def test_an_edit_over_http_makes_the_next_version(clone: Clone) -> None:
    before = call("GET", f"{clone.http}/v1/docs/home", token=clone.token)
    said = json.loads(clone.run(snippet(PAGE, "edit")))
    after = call("GET", f"{clone.http}/v1/docs/home", token=clone.token)
    assert before.body["site"]["name"] != after.body["site"]["name"] == "Larkfield Gardens"
    assert said["version"] == 2


@pytest.fixture(scope="module")
def hello(clone: Clone) -> Any:
    made = json.loads(clone.run(snippet(PAGE, "make")))
    assert made == {"version": 1}
    (clone.folder / "watch.py").write_text(clone.here(snippet(PAGE, "watch")))
    return made


WATCH = "exec .venv/bin/python -u watch.py"


@pytest.mark.usefixtures("hello")
def test_two_programs_see_each_other_s_edits(clone: Clone) -> None:
    with clone.started(WATCH, '"type":"ack"') as first, clone.started(WATCH, '"type":"ack"'):
        change = json.loads(first.until('"type":"change"'))
        assert change["ops"][0]["path"].startswith("/seen-by-")


@pytest.mark.usefixtures("hello")
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_a_yjs_client_in_node_sees_them_too(clone: Clone) -> None:
    install = snippet(PAGE, "install-yjs").splitlines()
    there = json.loads((NODE / "package.json").read_text())["dependencies"]
    wanted = install.pop().removeprefix("npm install ").split()
    assert set(wanted) <= set(there), "what is installed here is what the page installs"
    clone.run("\n".join(install))
    (clone.folder / "yjs-client" / "node_modules").symlink_to(NODE / "node_modules")
    program = clone.here(snippet(PAGE, "yjs"))
    (clone.folder / "yjs-client" / "watch.mjs").write_text(program)
    with clone.started("exec node watch.mjs", '"pages"', cwd="yjs-client") as client:
        patch = [{"op": "add", "path": "/title", "value": "Hello"}]
        assert call("PATCH", f"{clone.http}/v1/docs/hello", patch, token=clone.token).status == 200
        assert '"title":"Hello"' in client.until('"title"')


@pytest.mark.skipif(find() is None, reason="no Chromium")
async def test_two_tabs_edit_a_page_of_another_origin(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    start, serve = snippet(PAGE, "start-for-a-page"), snippet(PAGE, "serve-a-page")
    folder = tmp_path / "my-page"
    folder.mkdir()
    (folder / "page.html").write_text(clone.here(snippet(PAGE, "page")))
    with clone.started(start, "Weft serves"):
        pass  # it makes the database that `weft token` needs
    with clone.started(serve, "page.html#token=") as serving:
        address = serving.found.strip()
        serving.until("Serving HTTP")
        async with started() as browser:
            context = await Contexts(browser).new()
            with clone.started(start, "Weft serves"):
                tabs = [await context.new_page(), await context.new_page()]
                titles = [tab.locator("#title") for tab in tabs]
                for tab, title in zip(tabs, titles, strict=True):
                    await tab.goto(address)
                    await expect(title).to_have_value("Hello")
                await type_at_end(titles[0], "!")
                await expect(titles[1]).to_have_value("Hello!")
            await type_at_end(titles[0], "?")
            saved = tabs[0].locator("#saved")
            await expect(saved).to_have_text("offline, unsaved")
            with clone.started(start, "Weft serves"):
                await expect(saved).to_have_text("online, saved")
                await expect(titles[1]).to_have_value("Hello!?")


def test_without_demo_mode_guests_are_refused(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    with clone.started(snippet(PAGE, "serve"), "Weft serves"):
        assert call("GET", f"{clone.http}/status.json").status == 401
